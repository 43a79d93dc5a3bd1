// SPDX-License-Identifier: Apache-2.0
// Keyspace: keys and values as commands see them, synchronous and in memory. Two things implement it: a Shard
// (its own keys, changed in place and logged) and a transaction's view (keys of several shards, changes
// collected and applied at the end by each owner). A command cannot tell them apart.
//
// Every change either happens and is logged, or returns an error and has changed nothing.
#pragma once

#include <cstdint>
#include <string_view>

#include "shards/edits.h"
#include "shards/entry.h"
#include "shards/hash_key.h"
#include "shards/status.h"

namespace stave {

class Collection;

// A key of one of the 16 databases. It is hashed once, when it is made.
struct Key {
  int db = 0;
  std::string_view name;
  std::uint64_t hash = 0;

  Key() = default;  // none
  Key(int database, std::string_view text) : Key(database, text, hash_key(text)) {}
  // REQUIRES: hash_of_text is hash_key(text).
  Key(int database, std::string_view text, std::uint64_t hash_of_text)
      : db(database), name(text), hash(hash_of_text) {}
};

// What is known of a key. `exists` is false for absent and for expired keys, and then nothing else means
// anything.
struct Found {
  bool exists = false;
  bool resident = false;  // false: the value is cold and `value` is empty
  Type type = Type::kString;
  bool raw_encoding = false;
  std::uint8_t clock = 0;         // of its slot: the cache's use counter
  std::uint32_t value_bytes = 0;  // known for cold values too; of a collection: in the log
  std::int64_t expiry_ms = 0;     // Unix time; 0 = never
  // Good until the next change of any key of this Keyspace. Of a collection: its packed form (packed.h), or
  // empty when it has outgrown that; `collection` is the value then.
  std::string_view value;
  const Collection* collection = nullptr;
};

// A value to store. `expiry_ms` is Unix time, 0 = never.
struct NewValue {
  std::string_view value;  // a string's bytes, or a collection's packed form with at least one element
  std::int64_t expiry_ms = 0;
  bool raw_encoding = false;  // what OBJECT ENCODING calls raw, however short
  Type type = Type::kString;
};

// A value is one record in the log, and so are the changes of a collection that one command makes.
inline constexpr Error kValueTooLarge{
    "ERR the value would be larger than 512 MB, the limit of what is written as a whole"};

class Keyspace {
 public:
  virtual ~Keyspace() = default;

  // `touch`: counts as a use of the value for the cache.
  virtual Found find(Key key, bool touch) = 0;
  // Marks a cold value as wanted. The command returns kCold after this, the value is staged, and the command
  // runs again.
  virtual void want(Key key) = 0;
  // What the key takes in RAM; 0 when it is absent.
  virtual std::size_t memory_bytes(Key key) = 0;

  // Creates or replaces. `value.value` may point into the value that it replaces.
  virtual Status set_value(Key key, const NewValue& value) = 0;
  // Changes a collection, or creates it; one without elements goes. What has no effect is not logged.
  // REQUIRES: the key is absent, or a resident value of this type; `edits` point into no value of this
  // Keyspace.
  virtual Status edit(Key key, Type type, std::string_view edits, EditResult& result) = 0;
  // REQUIRES: the key exists.
  virtual Status remove(Key key) = 0;
  // REQUIRES: the key exists and its value is resident. 0 = never expires.
  virtual Status set_expiry(Key key, std::int64_t expiry_ms) = 0;
};

}  // namespace stave
