// SPDX-License-Identifier: Apache-2.0
#include "src/context.h"

#include "shards/hash.h"
#include "shards/list.h"
#include "shards/set.h"
#include "shards/zset.h"

namespace stave {

namespace {

template <typename View>
Result<View> view_of(Result<Found> found) {
  if (!found.ok()) return found.take_status();
  return View(*found);
}

}  // namespace

Result<Found> Context::read(std::string_view name, Type type) {
  const Key wanted = key(name);
  Found found = keys.find(wanted, touch);
  if (!found.exists) return found;
  if (found.type != type) return errors::kWrongType;
  if (found.resident) return found;
  keys.want(wanted);
  return kCold;
}

Result<Found> Context::read_counted(std::string_view name, Type type) {
  auto found = read(name, type);
  if (found.ok()) count(name, found->exists);
  return found;
}

Result<std::optional<std::string_view>> Context::string(std::string_view name) {
  auto found = read_counted(name, Type::kString);
  if (!found.ok()) return found.take_status();
  if (!found->exists) return std::optional<std::string_view>();
  return std::optional<std::string_view>(found->value);
}

Result<Found> Context::string_to_change(std::string_view name) {
  return read(name, Type::kString);
}

Result<HashView> Context::hash(std::string_view name) {
  auto found = read_counted(name, Type::kHash);
  if (!found.ok()) return found.take_status();
  return HashView(*found, now_ms);
}

Result<HashView> Context::hash_to_change(std::string_view name) {
  for (;;) {
    auto found = read(name, Type::kHash);
    if (!found.ok()) return found.take_status();
    const HashView hash(*found);
    const std::int64_t next_ms = hash.next_expiry_ms();
    if (next_ms == 0 || next_ms > now_ms) return hash;
    if (Status status = expire_fields(name, hash); !status.ok()) return status;
  }
}

// Some of those that are due, at least one. Events, as all that expires, last if the command fails.
Status Context::expire_fields(std::string_view name, const HashView& hash) {
  constexpr std::size_t kFieldsAtOnce = 4096;
  const Edits removals = hash.removals_due(now_ms, kFieldsAtOnce);
  EditResult result;
  if (Status status = keys.edit(key(name), Type::kHash, removals.bytes(), result); !status.ok())
    return status;
  counters.expired_fields += result.removed;
  const auto notify_lasting = [&](EventClass event_class, std::string_view event) {
    if (limits.events.has(event_class) && events != nullptr)
      events->add_lasting(event_class, event, db, name);
  };
  notify_lasting(kHashEvents, "hexpired");
  if (!keys.find(key(name), false).exists) notify_lasting(kGenericEvents, "del");
  return {};
}

Result<SetView> Context::set(std::string_view name) {
  return view_of<SetView>(read_counted(name, Type::kSet));
}

Result<SetView> Context::set_to_change(std::string_view name) {
  return view_of<SetView>(read(name, Type::kSet));
}

Result<ListView> Context::list(std::string_view name) {
  return view_of<ListView>(read_counted(name, Type::kList));
}

Result<ListView> Context::list_to_change(std::string_view name) {
  return view_of<ListView>(read(name, Type::kList));
}

Result<ZsetView> Context::zset(std::string_view name) {
  return view_of<ZsetView>(read_counted(name, Type::kZset));
}

Result<ZsetView> Context::zset_to_change(std::string_view name) {
  return view_of<ZsetView>(read(name, Type::kZset));
}

Found Context::find(std::string_view name) {
  const Found found = keys.find(key(name), touch);
  count(name, found.exists);
  return found;
}

void Context::count(std::string_view name, bool found) {
  ++(found ? counters.hits : counters.misses);
  if (!found) notify(kKeyMissEvents, "keymiss", name);
}

void Context::add_event(EventClass event_class, std::string_view event, std::string_view name, int database) {
  if (events != nullptr) events->add(event_class, event, database < 0 ? db : database, name);
}

void Context::add_taken(EventClass event_class, std::string_view event, std::string_view name) {
  notify(event_class, event, name);
  if (!keys.find(key(name), false).exists) notify(kGenericEvents, "del", name);
}

void Context::notify_if_new(std::string_view name) {
  if (!keys.find(key(name), false).exists) notify(kNewKeyEvents, "new", name);
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
