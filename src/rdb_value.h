// SPDX-License-Identifier: Apache-2.0
// Values in Redis' RDB format, as DUMP gives them away and RESTORE takes them: one byte for the type, then
// what that says. Called by commands/dump.cc. Pure functions: bytes to value and back, no I/O.
//
// Written is what Redis 7.2 writes for a value of the same content and encoding, or 7.4 for a hash with
// fields that expire. Read is what any version up to 7.4 wrote: all types but streams and modules. What is
// read may be anything. It is checked to the last byte, duplicates included, and no length is believed before
// the bytes for it are there: memory is bounded by the bytes given, those of LZF unpacked (at most 88 times
// as many, which is up to the format).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shards/collection_limits.h"
#include "shards/entry.h"
#include "shards/keyspace.h"
#include "shards/status.h"

namespace stave {

// Given by Redis: never renumber.
enum class RdbType : std::uint8_t {
  kString = 0,
  kList = 1,        // count | string *
  kSet = 2,         // count | string *
  kZset = 3,        // count | (string, text double) *
  kHash = 4,        // count | (string, string) *
  kZset2 = 5,       // count | (string, double) *
  kHashZipmap = 9,  // from here on: a string that is the form (rdb_packed.h)
  kListZiplist = 10,
  kSetIntset = 11,
  kZsetZiplist = 12,  // members and scores in turn
  kHashZiplist = 13,
  kListQuicklist = 14,  // count | ziplist *
  kHashListpack = 16,
  kZsetListpack = 17,
  kListQuicklist2 = 18,  // count | (1 and one element, or 2 and a listpack) *
  kSetListpack = 20,
  kHashExpiring = 24,          // first i64 | count | (length: 0 or expiry - first + 1, string, string) *
  kHashListpackExpiring = 25,  // first i64 | listpack: field, value and expiry or 0 in turn, by expiry
};

// Redis' number of the format, 7.2's and 7.4's.
inline constexpr std::uint16_t kRdbVersion = 11;
inline constexpr std::uint16_t kRdbVersionMax = 12;

// Of a Redis that reads what put_rdb_value() has written. REQUIRES: !bytes.empty().
inline std::uint16_t rdb_version(std::string_view bytes) {
  return static_cast<std::uint8_t>(bytes[0]) >= static_cast<std::uint8_t>(RdbType::kHashExpiring)
             ? kRdbVersionMax
             : kRdbVersion;
}

struct RdbValue {
  Type type = Type::kString;
  std::string bytes;  // of the string, or the collection's packed form
};

// Of a value that Redis would reject: errors::kBadDataFormat. kValueTooLarge, when no record could hold it.
Result<RdbValue> parse_rdb_value(std::string_view bytes, const CollectionLimits& limits);

// Appends the value. REQUIRES: it exists and is resident.
void put_rdb_value(std::string& out, const Found& found, const CollectionLimits& limits);

}  // namespace stave
