// SPDX-License-Identifier: Apache-2.0
#include "src/context.h"

namespace stave {

Result<std::optional<std::string_view>> Context::string(std::string_view name) {
  const Found found = keys.find({db, name}, touch);
  if (!found.exists) {
    ++counters.misses;
    return std::optional<std::string_view>();
  }
  if (found.type != Type::kString) return errors::kWrongType;
  if (!found.resident) {
    keys.want({db, name});
    return kCold;
  }
  ++counters.hits;
  return std::optional<std::string_view>(found.value);
}

Result<Found> Context::string_to_change(std::string_view name) {
  Found found = keys.find({db, name}, touch);
  if (!found.exists) return found;
  if (found.type != Type::kString) return errors::kWrongType;
  if (found.resident) return found;
  keys.want({db, name});
  return kCold;
}

Found Context::find(std::string_view name) {
  const Found found = keys.find({db, name}, touch);
  ++(found.exists ? counters.hits : counters.misses);
  return found;
}

Found Context::peek(std::string_view name, int database) {
  return keys.find({database < 0 ? db : database, name}, touch);
}

Result<Found> Context::value(std::string_view name, int database) {
  const Key key{database < 0 ? db : database, name};
  Found found = keys.find(key, touch);
  if (!found.exists || found.resident) return found;
  keys.want(key);
  return kCold;
}

}  // namespace stave
