// SPDX-License-Identifier: Apache-2.0
#include "src/context.h"

namespace stave {

Result<std::optional<std::string_view>> Context::string(std::string_view name) {
  const Key wanted = key(name);
  const Found found = keys.find(wanted, touch);
  if (!found.exists) {
    ++counters.misses;
    return std::optional<std::string_view>();
  }
  if (found.type != Type::kString) return errors::kWrongType;
  if (!found.resident) {
    keys.want(wanted);
    return kCold;
  }
  ++counters.hits;
  return std::optional<std::string_view>(found.value);
}

Result<Found> Context::string_to_change(std::string_view name) {
  const Key wanted = key(name);
  Found found = keys.find(wanted, touch);
  if (!found.exists) return found;
  if (found.type != Type::kString) return errors::kWrongType;
  if (found.resident) return found;
  keys.want(wanted);
  return kCold;
}

Found Context::find(std::string_view name) {
  const Found found = keys.find(key(name), touch);
  ++(found.exists ? counters.hits : counters.misses);
  return found;
}

Found Context::peek(std::string_view name, int database) {
  return keys.find(database < 0 ? key(name) : Key(database, name), touch);
}

Result<Found> Context::value(std::string_view name, int database) {
  const Key wanted = database < 0 ? key(name) : Key(database, name);
  Found found = keys.find(wanted, touch);
  if (!found.exists || found.resident) return found;
  keys.want(wanted);
  return kCold;
}

}  // namespace stave
