// SPDX-License-Identifier: Apache-2.0
// Keyspace: keys and values as commands see them, synchronous and in memory. Two things implement it: a Shard
// (its own keys, changed in place and logged) and a transaction's view (keys of several shards, changes
// collected and applied at the end by each owner). A command cannot tell them apart.
//
// Every change either happens and is logged, or returns an error and has changed nothing.
#pragma once

#include <cstdint>
#include <string_view>

#include "shards/entry.h"
#include "shards/hash_key.h"
#include "shards/status.h"

namespace stave {

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
  std::uint32_t value_bytes = 0;  // known for cold values too
  std::int64_t expiry_ms = 0;     // Unix time; 0 = never
  std::string_view value;         // good until the next change of any key of this Keyspace
};

// A string to store. `expiry_ms` is Unix time, 0 = never.
struct NewString {
  std::string_view value;
  std::int64_t expiry_ms = 0;
  bool raw_encoding = false;  // what OBJECT ENCODING calls raw, however short
};

class Keyspace {
 public:
  virtual ~Keyspace() = default;

  // `touch`: counts as a use of the value for the cache.
  virtual Found find(Key key, bool touch) = 0;
  // Marks a cold value as wanted. The command returns kCold after this, the value is staged, and the command
  // runs again.
  virtual void want(Key key) = 0;

  // Creates or replaces. `string.value` may point into the value that it replaces.
  virtual Status set_string(Key key, const NewString& string) = 0;
  // REQUIRES: the key exists.
  virtual Status remove(Key key) = 0;
  // REQUIRES: the key exists and its value is resident. 0 = never expires.
  virtual Status set_expiry(Key key, std::int64_t expiry_ms) = 0;
};

}  // namespace stave
