// SPDX-License-Identifier: Apache-2.0
// Context: what a data command sees while it runs. It lives on the stack of the thread that runs the command:
// the owner of the shard, or the worker of the connection for a transaction. A command is a plain synchronous
// function
//
//   Status get(Context& context, Args args);
//
// that parses its options, reads, then changes, then replies. An error Status becomes the reply, and what it
// had written to `reply` is dropped. A command must pass on the error of every read before its first change:
// a value that is cold makes the read return kCold, and then the command is run again from its start when the
// value is there.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "resp/reply.h"
#include "shards/collection_limits.h"
#include "shards/keyspace.h"
#include "src/errors.h"
#include "src/keyspace_events.h"

namespace stave {

class HashView;
class ListView;
class SetView;
class ZsetView;

using Args = std::span<const std::string_view>;

// Never reaches a client: the executor stages the value and runs the command again.
inline constexpr Error kCold{"-COLD value is not resident"};

// Limits and switches of the running configuration that data commands need.
struct CommandLimits {
  std::size_t string_bytes_max = 512u << 20;  // proto-max-bulk-len
  int databases = 16;
  bool counts_use = false;                  // maxmemory-policy is one of the LFU kind
  std::uint32_t shard_count = 1;            // for the cursors of SCAN
  std::size_t hll_sparse_bytes_max = 3000;  // hll-sparse-max-bytes
  CollectionLimits collections;             // the same that the shards have
  EventClasses events;                      // none unless there are channels for them
};

// Of one shard's owner thread; summed over workers by INFO.
struct KeyspaceCounters {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t expired_fields = 0;  // that commands have removed
};

class Context {
 public:
  Context(Keyspace& keyspace, resp::ReplyWriter& writer, int database, std::int64_t now)
      : keys(keyspace), reply(writer), db(database), now_ms(now) {}

  Keyspace& keys;
  resp::ReplyWriter& reply;
  const int db;               // the connection's selected database
  const std::int64_t now_ms;  // Unix time, one reading for the whole command
  CommandLimits limits;
  KeyspaceCounters counters;
  bool blocks = false;  // set by a command that has found nothing and would wait; its reply is that of a
                        // timeout, for those who cannot
  KeyspaceEvents* events = nullptr;  // null: nobody wants them
  bool touch = true;                 // false: CLIENT NO-TOUCH, or a command that must not count as a use
  Key first_key;  // the argument that is the command's first key, hashed already; its name is null when none
                  // is

  // A key of the selected database.
  Key key(std::string_view name) const {
    const bool first = name.data() == first_key.name.data() && name.size() == first_key.name.size();
    return first && name.data() != nullptr ? first_key : Key(db, name);
  }

  // The value of a string key for reading: nullopt when absent, WRONGTYPE or kCold as errors. Counts hits and
  // misses. The view is good until the next change.
  Result<std::optional<std::string_view>> string(std::string_view name);
  // The same for a write command: counts nothing, and also gives expiry and encoding. A Found that does not
  // exist for absent.
  Result<Found> string_to_change(std::string_view name);
  // The same for collections. One that is absent has no elements. Fields that have expired are not shown, and
  // before a change they are removed.
  Result<HashView> hash(std::string_view name);
  Result<HashView> hash_to_change(std::string_view name);
  Result<SetView> set(std::string_view name);
  Result<SetView> set_to_change(std::string_view name);
  Result<ZsetView> zset(std::string_view name);
  Result<ZsetView> zset_to_change(std::string_view name);
  Result<ListView> list(std::string_view name);
  Result<ListView> list_to_change(std::string_view name);
  // Metadata only; never cold. Counts hits and misses. For EXISTS, TTL, TYPE, STRLEN, ...
  Found find(std::string_view name);
  // Metadata without counting: for write commands (SET NX, DEL, ...). `database` -1 = the selected one.
  Found peek(std::string_view name, int database = -1);
  // Makes sure that the value of any type is resident (RENAME, COPY, EXPIRE, ...); kCold otherwise. Absent
  // keys are fine.
  Result<Found> value(std::string_view name, int database = -1);

  // These tell of a key that is new, and find out whether it has expired.
  Status set_value(std::string_view name, const NewValue& value) {
    if (limits.events.any()) notify_if_new(name);
    return keys.set_value(key(name), value);
  }
  Status set_string(std::string_view name, const NewValue& string) { return set_value(name, string); }
  // Keyspace::edit(): changes or creates a collection.
  Status edit(std::string_view name, Type type, const Edits& edits, EditResult& result) {
    if (limits.events.any()) notify_if_new(name);
    return keys.edit(key(name), type, edits.bytes(), result);
  }
  Status remove(std::string_view name) { return keys.remove(key(name)); }
  Status set_expiry(std::string_view name, std::int64_t expiry_ms) {
    return keys.set_expiry(key(name), expiry_ms);
  }

  // --- Keyspace events, after the change that they tell of. `event` is a constant; `database` -1 = the
  // selected one.
  void notify(EventClass event_class, std::string_view event, std::string_view name, int database = -1) {
    if (limits.events.has(event_class)) add_event(event_class, event, name, database);
  }
  // Of what has taken elements away; and that the key has gone with the last one.
  void notify_taken(EventClass event_class, std::string_view event, std::string_view name) {
    if (limits.events.any()) add_taken(event_class, event, name);
  }
  // That the next change creates the key, if it does.
  void notify_if_new(std::string_view name);
  // A read has found the key, or not.
  void count(std::string_view name, bool found);

 private:
  Status expire_fields(std::string_view name, const HashView& hash);
  void add_event(EventClass event_class, std::string_view event, std::string_view name, int database);
  void add_taken(EventClass event_class, std::string_view event, std::string_view name);
  // A resident value of this type, or none.
  Result<Found> read(std::string_view name, Type type);
  Result<Found> read_counted(std::string_view name, Type type);
};

}  // namespace stave
