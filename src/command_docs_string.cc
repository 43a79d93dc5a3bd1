// SPDX-License-Identifier: Apache-2.0
// Strings.
#include <algorithm>

#include "src/ascii.h"
#include "src/command_docs_parts.h"

namespace stave {
namespace {

using namespace docs;

// An argument inside another is indented.
// clang-format off
constexpr Argument kSetArguments[] = {
    key(),
    string("value"),
    one_of("condition", 2).since("2.6.12").optional(),
      token("nx", "NX"),
      token("xx", "XX"),
    token("get", "GET").since("6.2.0").optional(),
    one_of("expiration", 5).optional(),
      integer("seconds", "EX").since("2.6.12"),
      integer("milliseconds", "PX").since("2.6.12"),
      unix_time("unix-time-seconds", "EXAT").since("6.2.0"),
      unix_time("unix-time-milliseconds", "PXAT").since("6.2.0"),
      token("keepttl", "KEEPTTL").since("6.0.0"),
};
constexpr Argument kGetexArguments[] = {
    key(),
    one_of("expiration", 5).optional(),
      integer("seconds", "EX"),
      integer("milliseconds", "PX"),
      unix_time("unix-time-seconds", "EXAT"),
      unix_time("unix-time-milliseconds", "PXAT"),
      token("persist", "PERSIST"),
};
constexpr Argument kMsetArguments[] = {
    block("data", 2).multiple(),
      key(),
      string("value"),
};
constexpr Argument kSetexArguments[] = {key(), integer("seconds"), string("value")};
constexpr Argument kPsetexArguments[] = {key(), integer("milliseconds"), string("value")};
constexpr Argument kGetrangeArguments[] = {key(), integer("start"), integer("end")};
constexpr Argument kSetrangeArguments[] = {key(), integer("offset"), string("value")};
constexpr Argument kIncrbyArguments[] = {key(), integer("increment")};
constexpr Argument kDecrbyArguments[] = {key(), integer("decrement")};
constexpr Argument kIncrbyfloatArguments[] = {key(), real("increment")};
constexpr Argument kLcsArguments[] = {
    key("key1"),
    key("key2"),
    token("len", "LEN").optional(),
    token("idx", "IDX").optional(),
    integer("min-match-len", "MINMATCHLEN").optional(),
    token("withmatchlen", "WITHMATCHLEN").optional(),
};
// clang-format on

constexpr KeySpec kSetSpec[] = {
    key_at(1, kKeyChanges | kKeyAccess | kKeyUpdate | kKeyVariableFlags, "Reads only with GET.")};
constexpr Change kSetHistory[] = {{"2.6.12", "Options EX, PX, NX and XX."},
                                  {"6.0.0", "Option KEEPTTL."},
                                  {"6.2.0", "Options GET, EXAT and PXAT."},
                                  {"7.0.0", "NX and GET may be combined."}};
constexpr KeySpec kGetexSpec[] = {
    key_at(1, kKeyChanges | kKeyAccess | kKeyUpdate, "Changes nothing but the expiry.")};
constexpr KeySpec kLcsSpec[] = {keys_at(1, 2, kKeyReads | kKeyAccess)};

// Without GET the old value does not matter.
KeyFlags set_key_flags(Args args) {
  const auto options = args.subspan(std::min<std::size_t>(args.size(), 3));
  const bool gets =
      std::any_of(options.begin(), options.end(), [](auto word) { return ascii::equal(word, "get"); });
  return gets ? kKeyChanges | kKeyAccess | kKeyUpdate : kKeyOverwrites | kKeyUpdate;
}

constexpr CommandDocs kDocs[] = {
    {.name = "set",
     .since = "1.0.0",
     .summary =
         "Gives a key a string value, whatever it held before, optionally with a condition or an expiry.",
     .complexity = "O(1)",
     .arguments = kSetArguments,
     .key_specs = kSetSpec,
     .history = kSetHistory,
     .key_flags = set_key_flags},
    {.name = "get",
     .since = "1.0.0",
     .summary = "Replies the string that a key holds.",
     .complexity = "O(1)",
     .arguments = kKey,
     .key_specs = kReads},
    {.name = "getset",
     .since = "1.0.0",
     .summary = "Replaces the string value of a key and replies the old one.",
     .complexity = "O(1)",
     .arguments = kKeyAndValue,
     .key_specs = kReadsAndUpdates,
     .deprecated_since = "6.2.0",
     .replaced_by = "SET with GET"},
    {.name = "getdel",
     .since = "6.2.0",
     .summary = "Replies the string that a key holds, and deletes the key.",
     .complexity = "O(1)",
     .arguments = kKey,
     .key_specs = kReadsAndDeletes},
    {.name = "getex",
     .since = "6.2.0",
     .summary = "Replies the string that a key holds, and changes or removes its expiry.",
     .complexity = "O(1)",
     .arguments = kGetexArguments,
     .key_specs = kGetexSpec},
    {.name = "mget",
     .since = "1.0.0",
     .summary = "Reads the string values of several keys at one moment.",
     .complexity = "O(N) in the number of keys",
     .arguments = kKeys,
     .key_specs = kReadsAll,
     .tips = kManyShards},
    {.name = "mset",
     .since = "1.0.1",
     .summary = "Sets the string values of several keys, all at once.",
     .complexity = "O(N) in the number of keys",
     .arguments = kMsetArguments,
     .key_specs = kOverwritesPairs,
     .tips = kManyShardsAllSucceed},
    {.name = "msetnx",
     .since = "1.0.1",
     .summary = "Sets the string values of several keys, all of them or, if any exists, none.",
     .complexity = "O(N) in the number of keys",
     .arguments = kMsetArguments,
     .key_specs = kCreatesPairs},
    {.name = "setnx",
     .since = "1.0.0",
     .summary = "Creates a key with a string value; an existing key is left as it is.",
     .complexity = "O(1)",
     .arguments = kKeyAndValue,
     .key_specs = kCreates,
     .deprecated_since = "2.6.12",
     .replaced_by = "SET with NX"},
    {.name = "setex",
     .since = "2.0.0",
     .summary = "Sets the string value of a key with an expiry in seconds.",
     .complexity = "O(1)",
     .arguments = kSetexArguments,
     .key_specs = kOverwrites,
     .deprecated_since = "2.6.12",
     .replaced_by = "SET with EX"},
    {.name = "psetex",
     .since = "2.6.0",
     .summary = "Sets the string value of a key with an expiry in milliseconds.",
     .complexity = "O(1)",
     .arguments = kPsetexArguments,
     .key_specs = kOverwrites,
     .deprecated_since = "2.6.12",
     .replaced_by = "SET with PX"},
    {.name = "append",
     .since = "2.0.0",
     .summary = "Adds bytes to the end of a string; an absent key counts as empty.",
     .complexity = "O(N) in the length of the resulting string",
     .arguments = kKeyAndValue,
     .key_specs = kInserts},
    {.name = "strlen",
     .since = "2.2.0",
     .summary = "Replies the length of a string in bytes.",
     .complexity = "O(1)",
     .arguments = kKey,
     .key_specs = kLooks},
    {.name = "getrange",
     .since = "2.4.0",
     .summary = "Reads the bytes of a string between two offsets.",
     .complexity = "O(N) in the number of bytes replied",
     .arguments = kGetrangeArguments,
     .key_specs = kReads},
    {.name = "substr",
     .since = "1.0.0",
     .summary = "Reads the bytes of a string between two offsets: the former name of GETRANGE.",
     .complexity = "O(N) in the number of bytes replied",
     .arguments = kGetrangeArguments,
     .key_specs = kReads,
     .deprecated_since = "2.0.0",
     .replaced_by = "GETRANGE"},
    {.name = "setrange",
     .since = "2.2.0",
     .summary = "Overwrites a string from an offset on; what lies before it is filled with zero bytes.",
     .complexity = "O(N) in the length of the resulting string",
     .arguments = kSetrangeArguments,
     .key_specs = kUpdates},
    {.name = "incr",
     .since = "1.0.0",
     .summary = "Adds one to the integer at a key; an absent key counts as 0.",
     .complexity = "O(1)",
     .arguments = kKey,
     .key_specs = kReadsAndUpdates},
    {.name = "decr",
     .since = "1.0.0",
     .summary = "Subtracts one from the integer at a key; an absent key counts as 0.",
     .complexity = "O(1)",
     .arguments = kKey,
     .key_specs = kReadsAndUpdates},
    {.name = "incrby",
     .since = "1.0.0",
     .summary = "Adds a number to the integer at a key; an absent key counts as 0.",
     .complexity = "O(1)",
     .arguments = kIncrbyArguments,
     .key_specs = kReadsAndUpdates},
    {.name = "decrby",
     .since = "1.0.0",
     .summary = "Subtracts a number from the integer at a key; an absent key counts as 0.",
     .complexity = "O(1)",
     .arguments = kDecrbyArguments,
     .key_specs = kReadsAndUpdates},
    {.name = "incrbyfloat",
     .since = "2.6.0",
     .summary = "Adds a floating-point number to the number at a key; an absent key counts as 0.",
     .complexity = "O(1)",
     .arguments = kIncrbyfloatArguments,
     .key_specs = kReadsAndUpdates},
    {.name = "lcs",
     .since = "7.0.0",
     .summary = "Finds the longest common subsequence of two strings, its length, or where it matches.",
     .complexity = "O(N*M) for strings of N and M bytes",
     .arguments = kLcsArguments,
     .key_specs = kLcsSpec},
};

}  // namespace

std::span<const CommandDocs> string_docs() {
  return kDocs;
}

}  // namespace stave
