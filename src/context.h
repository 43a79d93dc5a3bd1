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
};

// Of one shard's owner thread; summed over workers by INFO.
struct KeyspaceCounters {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
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
  bool touch = true;    // false: CLIENT NO-TOUCH, or a command that must not count as a use
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
  // The same for collections. One that is absent has no elements.
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

  Status set_string(std::string_view name, const NewValue& string) {
    return keys.set_value(key(name), string);
  }
  // Keyspace::edit(): changes or creates a collection.
  Status edit(std::string_view name, Type type, const Edits& edits, EditResult& result) {
    return keys.edit(key(name), type, edits.bytes(), result);
  }
  Status remove(std::string_view name) { return keys.remove(key(name)); }
  Status set_expiry(std::string_view name, std::int64_t expiry_ms) {
    return keys.set_expiry(key(name), expiry_ms);
  }

 private:
  // A resident value of this type, or none.
  Result<Found> read(std::string_view name, Type type);
  Result<Found> read_counted(std::string_view name, Type type);
};

}  // namespace stave
