// SPDX-License-Identifier: Apache-2.0
// Hashes.
#include <array>

#include "src/command_docs_parts.h"

namespace stave {
namespace {

using namespace docs;

// An argument inside another is indented.
// clang-format off
constexpr Argument kField[] = {key(), string("field")};
constexpr Argument kFields[] = {key(), string("field").multiple()};
constexpr Argument kFieldAndValue[] = {key(), string("field"), string("value")};
constexpr Argument kFieldsAndValues[] = {
    key(),
    block("data", 2).multiple(),
      string("field"),
      string("value"),
};
constexpr Argument kHincrbyArguments[] = {key(), string("field"), integer("increment")};
constexpr Argument kHincrbyfloatArguments[] = {key(), string("field"), real("increment")};
constexpr Argument kHrandfieldArguments[] = {
    key(),
    block("options", 2).optional(),
      integer("count"),
      token("withvalues", "WITHVALUES").optional(),
};
constexpr Argument kHscanArguments[] = {
    key(),
    integer("cursor"),
    pattern("pattern", "MATCH").optional(),
    integer("count", "COUNT").optional(),
};
constexpr auto expire_arguments(Argument time) {
  return std::to_array<Argument>({
    key(),
    time,
    one_of("condition", 4).optional(),
      token("nx", "NX"),
      token("xx", "XX"),
      token("gt", "GT"),
      token("lt", "LT"),
    block("fields", 2, "FIELDS"),
      integer("numfields"),
      string("field").multiple(),
  });
}
constexpr auto kHexpireArguments = expire_arguments(integer("seconds"));
constexpr auto kHpexpireArguments = expire_arguments(integer("milliseconds"));
constexpr auto kHexpireatArguments = expire_arguments(unix_time("unix-time-seconds"));
constexpr auto kHpexpireatArguments = expire_arguments(unix_time("unix-time-milliseconds"));
constexpr Argument kCountedFields[] = {
    key(),
    block("fields", 2, "FIELDS"),
      integer("numfields"),
      string("field").multiple(),
};
// clang-format on

constexpr KeySpec kDeletesFrom[] = {key_at(1, kKeyChanges | kKeyDelete)};
constexpr Change kHsetHistory[] = {{"4.0.0", "More than one field with its value."}};
constexpr Change kHdelHistory[] = {{"2.4.0", "More than one field."}};

constexpr CommandDocs kDocs[] = {
    {.name = "hset",
     .since = "2.0.0",
     .summary = "Sets fields of a hash to values, and replies how many of the fields are new.",
     .complexity = "O(N) in the number of fields given",
     .arguments = kFieldsAndValues,
     .key_specs = kUpdates,
     .history = kHsetHistory},
    {.name = "hsetnx",
     .since = "2.0.0",
     .summary = "Sets a field of a hash unless the hash has that field.",
     .complexity = "O(1)",
     .arguments = kFieldAndValue,
     .key_specs = kInserts},
    {.name = "hmset",
     .since = "2.0.0",
     .summary = "Sets several fields of a hash to values.",
     .complexity = "O(N) in the number of fields given",
     .arguments = kFieldsAndValues,
     .key_specs = kUpdates,
     .deprecated_since = "4.0.0",
     .replaced_by = "HSET with several fields"},
    {.name = "hget",
     .since = "2.0.0",
     .summary = "Replies the value of a field of a hash.",
     .complexity = "O(1)",
     .arguments = kField,
     .key_specs = kReads},
    {.name = "hmget",
     .since = "2.0.0",
     .summary = "Replies the values of several fields of a hash, null for those that it lacks.",
     .complexity = "O(N) in the number of fields given",
     .arguments = kFields,
     .key_specs = kReads},
    {.name = "hgetall",
     .since = "2.0.0",
     .summary = "Replies all fields of a hash with their values.",
     .complexity = "O(N) in the number of fields of the hash",
     .arguments = kKey,
     .key_specs = kReads,
     .tips = kVariesInOrder},
    {.name = "hdel",
     .since = "2.0.0",
     .summary = "Removes fields from a hash; a hash that has none left is deleted.",
     .complexity = "O(N) in the number of fields given",
     .arguments = kFields,
     .key_specs = kDeletesFrom,
     .history = kHdelHistory},
    {.name = "hexists",
     .since = "2.0.0",
     .summary = "Says whether a hash has a field.",
     .complexity = "O(1)",
     .arguments = kField,
     .key_specs = kLooks},
    {.name = "hlen",
     .since = "2.0.0",
     .summary = "Replies how many fields a hash has.",
     .complexity = "O(1)",
     .arguments = kKey,
     .key_specs = kLooks},
    {.name = "hkeys",
     .since = "2.0.0",
     .summary = "Replies the names of all fields of a hash.",
     .complexity = "O(N) in the number of fields of the hash",
     .arguments = kKey,
     .key_specs = kReads,
     .tips = kVariesInOrder},
    {.name = "hvals",
     .since = "2.0.0",
     .summary = "Replies the values of all fields of a hash.",
     .complexity = "O(N) in the number of fields of the hash",
     .arguments = kKey,
     .key_specs = kReads,
     .tips = kVariesInOrder},
    {.name = "hincrby",
     .since = "2.0.0",
     .summary = "Adds a number to the integer in a field of a hash; an absent field counts as 0.",
     .complexity = "O(1)",
     .arguments = kHincrbyArguments,
     .key_specs = kReadsAndUpdates},
    {.name = "hincrbyfloat",
     .since = "2.6.0",
     .summary =
         "Adds a floating-point number to the number in a field of a hash; an absent field counts as 0.",
     .complexity = "O(1)",
     .arguments = kHincrbyfloatArguments,
     .key_specs = kReadsAndUpdates},
    {.name = "hstrlen",
     .since = "3.2.0",
     .summary = "Replies the length in bytes of the value of a field of a hash.",
     .complexity = "O(1)",
     .arguments = kField,
     .key_specs = kLooks},
    {.name = "hrandfield",
     .since = "6.2.0",
     .summary = "Replies one field of a hash drawn at random, or several, on request with their values.",
     .complexity = "O(N) in the number of fields replied",
     .arguments = kHrandfieldArguments,
     .key_specs = kReads,
     .tips = kVaries},
    {.name = "hexpire",
     .since = "7.4.0",
     .summary = "Has fields of a hash expire after some seconds.",
     .complexity = "O(N) in the number of fields given",
     .arguments = kHexpireArguments,
     .key_specs = kUpdates},
    {.name = "hpexpire",
     .since = "7.4.0",
     .summary = "Has fields of a hash expire after some milliseconds.",
     .complexity = "O(N) in the number of fields given",
     .arguments = kHpexpireArguments,
     .key_specs = kUpdates},
    {.name = "hexpireat",
     .since = "7.4.0",
     .summary = "Has fields of a hash expire at a Unix time in seconds.",
     .complexity = "O(N) in the number of fields given",
     .arguments = kHexpireatArguments,
     .key_specs = kUpdates},
    {.name = "hpexpireat",
     .since = "7.4.0",
     .summary = "Has fields of a hash expire at a Unix time in milliseconds.",
     .complexity = "O(N) in the number of fields given",
     .arguments = kHpexpireatArguments,
     .key_specs = kUpdates},
    {.name = "httl",
     .since = "7.4.0",
     .summary = "Replies in how many seconds fields of a hash expire.",
     .complexity = "O(N) in the number of fields given",
     .arguments = kCountedFields,
     .key_specs = kReads,
     .tips = kVaries},
    {.name = "hpttl",
     .since = "7.4.0",
     .summary = "Replies in how many milliseconds fields of a hash expire.",
     .complexity = "O(N) in the number of fields given",
     .arguments = kCountedFields,
     .key_specs = kReads,
     .tips = kVaries},
    {.name = "hexpiretime",
     .since = "7.4.0",
     .summary = "Replies the Unix times in seconds at which fields of a hash expire.",
     .complexity = "O(N) in the number of fields given",
     .arguments = kCountedFields,
     .key_specs = kReads},
    {.name = "hpexpiretime",
     .since = "7.4.0",
     .summary = "Replies the Unix times in milliseconds at which fields of a hash expire.",
     .complexity = "O(N) in the number of fields given",
     .arguments = kCountedFields,
     .key_specs = kReads},
    {.name = "hpersist",
     .since = "7.4.0",
     .summary = "Takes their expiry from fields of a hash.",
     .complexity = "O(N) in the number of fields given",
     .arguments = kCountedFields,
     .key_specs = kUpdates},
    {.name = "hscan",
     .since = "2.8.0",
     .summary = "Walks over the fields of a hash and their values, some with each call.",
     .complexity = "O(1) for a call, O(N) for a whole walk over N fields",
     .arguments = kHscanArguments,
     .key_specs = kReads,
     .tips = kVaries},
};

}  // namespace

std::span<const CommandDocs> hash_docs() {
  return kDocs;
}

}  // namespace stave
