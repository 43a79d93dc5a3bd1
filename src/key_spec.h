// SPDX-License-Identifier: Apache-2.0
// KeySpec: where a command's keys stand among its arguments and what happens to them, as COMMAND INFO reports
// it (https://redis.io/docs/reference/key-specs/). A proxy or an ACL reads this; our own routing uses
// KeyRange (command.h), which a test holds against it. Constant data, any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "src/context.h"

namespace stave {

// What the command does with the key (one of the first four) and with its value.
enum KeyFlag : std::uint16_t {
  kKeyReads = 1u << 0,       // RO
  kKeyChanges = 1u << 1,     // RW: what it becomes depends on what it was
  kKeyOverwrites = 1u << 2,  // OW: the old value does not matter
  kKeyRemoves = 1u << 3,     // RM
  kKeyAccess = 1u << 4,      // the caller learns something of the value
  kKeyUpdate = 1u << 5,
  kKeyInsert = 1u << 6,
  kKeyDelete = 1u << 7,
  kKeyNotKey = 1u << 8,         // looks like a key, for routing only
  kKeyIncomplete = 1u << 9,     // there may be keys that the specification misses
  kKeyVariableFlags = 1u << 10  // the flags depend on the arguments
};
using KeyFlags = std::uint16_t;

struct KeySpec {
  enum class Begin : std::uint8_t { kIndex, kKeyword, kUnknown };
  enum class Find : std::uint8_t { kRange, kKeyCount, kUnknown };

  KeyFlags flags = 0;
  // kIndex: position of the first argument concerned. kKeyword: that argument follows `keyword`, which is
  // looked for from position `index` on (negative: from that many before the end, backwards).
  Begin begin = Begin::kIndex;
  int index = 1;
  std::string_view keyword = {};
  // kRange: keys up to `last`, counted from the first (negative: from the end of all arguments, and then only
  // the first `limit`-th part of them, where 0 and 1 mean all). kKeyCount: `last` and `limit` are, counted
  // from the first argument concerned, where the number of keys stands and where they begin.
  Find find = Find::kRange;
  int last = 0;
  int step = 1;
  int limit = 0;
  std::string_view notes = {};
};

// One key at that position; `count` keys side by side; keys from there to the end of the arguments.
constexpr KeySpec key_at(int index, int flags, std::string_view notes = {}) {
  KeySpec spec;
  spec.notes = notes;
  spec.flags = static_cast<KeyFlags>(flags);
  spec.index = index;
  return spec;
}
constexpr KeySpec keys_at(int index, int count, int flags) {
  KeySpec spec = key_at(index, flags);
  spec.last = count - 1;
  return spec;
}
constexpr KeySpec keys_from(int index, int flags, int step = 1) {
  KeySpec spec = key_at(index, flags);
  spec.last = -1;
  spec.step = step;
  return spec;
}
// Up to `last`, which is negative and counts from the end.
constexpr KeySpec keys_up_to(int index, int last, int flags) {
  KeySpec spec = key_at(index, flags);
  spec.last = last;
  return spec;
}
// The number of keys at that position, and behind it the keys.
constexpr KeySpec counted_keys(int index, int flags) {
  KeySpec spec = key_at(index, flags);
  spec.find = KeySpec::Find::kKeyCount;
  spec.limit = 1;
  return spec;
}

// Appends the positions of the keys that `spec` finds in `args`; false when the arguments do not fit it, or
// when only the command knows.
[[nodiscard]] bool find_keys(const KeySpec& spec, Args args, std::vector<int>& positions);

}  // namespace stave
