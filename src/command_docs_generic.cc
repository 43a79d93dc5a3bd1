// SPDX-License-Identifier: Apache-2.0
// Keys, whatever their type.
#include "src/command_docs_parts.h"

namespace stave {
namespace {

using namespace docs;

// An argument inside another is indented.
// clang-format off
constexpr Argument kRenameArguments[] = {key(), key("newkey", 1)};
constexpr Argument kCopyArguments[] = {
    key("source"),
    key("destination", 1),
    integer("destination-db", "DB").optional(),
    token("replace", "REPLACE").optional(),
};
constexpr Argument kRestoreArguments[] = {
    key(),
    integer("ttl"),
    string("serialized-value"),
    token("replace", "REPLACE").since("3.0.0").optional(),
    token("absttl", "ABSTTL").since("5.0.0").optional(),
    integer("seconds", "IDLETIME").since("5.0.0").optional(),
    integer("frequency", "FREQ").since("5.0.0").optional(),
};
constexpr Argument kSortArguments[] = {
    key(),
    pattern("by-pattern", "BY").shown_as("pattern").found_by(1).optional(),
    block("limit", 2, "LIMIT").optional(),
      integer("offset"),
      integer("count"),
    pattern("get-pattern", "GET").shown_as("pattern").found_by(1).optional().multiple_with_token(),
    one_of("order", 2).optional(),
      token("asc", "ASC"),
      token("desc", "DESC"),
    token("sorting", "ALPHA").optional(),
    argument(ArgumentType::kKey, "destination", "STORE").found_by(2).optional(),
};
constexpr Argument kMoveArguments[] = {key(), integer("db")};
constexpr Argument kKeysArguments[] = {pattern("pattern")};
constexpr Argument kScanArguments[] = {
    integer("cursor"),
    pattern("pattern", "MATCH").optional(),
    integer("count", "COUNT").optional(),
    string("type", "TYPE").since("6.0.0").optional(),
};
constexpr Argument kExpireArguments[] = {
    key(),
    integer("seconds"),
    one_of("condition", 4).since("7.0.0").optional(),
      token("nx", "NX"),
      token("xx", "XX"),
      token("gt", "GT"),
      token("lt", "LT"),
};
constexpr Argument kPexpireArguments[] = {
    key(),
    integer("milliseconds"),
    one_of("condition", 4).since("7.0.0").optional(),
      token("nx", "NX"),
      token("xx", "XX"),
      token("gt", "GT"),
      token("lt", "LT"),
};
constexpr Argument kExpireatArguments[] = {
    key(),
    unix_time("unix-time-seconds"),
    one_of("condition", 4).since("7.0.0").optional(),
      token("nx", "NX"),
      token("xx", "XX"),
      token("gt", "GT"),
      token("lt", "LT"),
};
constexpr Argument kPexpireatArguments[] = {
    key(),
    unix_time("unix-time-milliseconds"),
    one_of("condition", 4).since("7.0.0").optional(),
      token("nx", "NX"),
      token("xx", "XX"),
      token("gt", "GT"),
      token("lt", "LT"),
};
// clang-format on

constexpr Change kExistsHistory[] = {{"3.0.3", "More than one key."}};
constexpr KeySpec kRenameSpec[] = {key_at(1, kKeyChanges | kKeyAccess | kKeyDelete),
                                   key_at(2, kKeyOverwrites | kKeyUpdate)};
constexpr KeySpec kRenamenxSpec[] = {key_at(1, kKeyChanges | kKeyAccess | kKeyDelete),
                                     key_at(2, kKeyOverwrites | kKeyInsert)};
constexpr Change kRenamenxHistory[] = {{"3.2.0", "Both names may be the same."}};
constexpr KeySpec kCopySpec[] = {key_at(1, kKeyReads | kKeyAccess), key_at(2, kKeyOverwrites | kKeyUpdate)};
constexpr std::string_view kKeysTips[] = {"request_policy:all_shards", "nondeterministic_output_order"};
constexpr std::string_view kScanTips[] = {"nondeterministic_output", "request_policy:special",
                                          "response_policy:special"};
constexpr Change kScanHistory[] = {{"6.0.0", "Option TYPE."}};
constexpr std::string_view kRandomkeyTips[] = {"request_policy:all_shards", "response_policy:special",
                                               "nondeterministic_output"};
constexpr Change kRestoreHistory[] = {
    {"3.0.0", "Option REPLACE."}, {"5.0.0", "Option ABSTTL."}, {"5.0.0", "Options IDLETIME and FREQ."}};
constexpr KeySpec unknown_keys(int flags, std::string_view notes) {
  KeySpec spec = key_at(0, flags, notes);
  spec.begin = KeySpec::Begin::kUnknown;
  spec.find = KeySpec::Find::kUnknown;
  return spec;
}
constexpr KeySpec kSortSpec[] = {
    key_at(1, kKeyReads | kKeyAccess),
    unknown_keys(kKeyReads | kKeyAccess,
                 "The keys that BY and GET name depend on the elements that are sorted"),
    unknown_keys(kKeyOverwrites | kKeyUpdate,
                 "The key behind STORE, which may stand anywhere among the options"),
};
constexpr AclCategories kSortCategories = kAclSet | kAclSortedSet | kAclList | kAclDangerous;
constexpr auto kSortRoSpec = std::span(kSortSpec).first(2);
constexpr auto kSortRoArguments = std::span(kSortArguments).first(std::size(kSortArguments) - 1);
constexpr Change kExpireHistory[] = {{"7.0.0", "Options NX, XX, GT and LT."}};
constexpr Change kTtlHistory[] = {{"2.8.0", "-2 for a key that does not exist."}};

constexpr CommandDocs kDocs[] = {
    {.name = "del",
     .since = "1.0.0",
     .summary = "Deletes keys.",
     .complexity = "O(N) in the number of keys and, for collections, of their elements",
     .arguments = kKeys,
     .key_specs = kDeletesAll,
     .tips = kManyShardsSum},
    {.name = "unlink",
     .since = "4.0.0",
     .summary = "Deletes keys and leaves the freeing of large values for later.",
     .complexity = "O(1) for each key; freeing a collection later is O(N) in its elements",
     .arguments = kKeys,
     .key_specs = kDeletesAll,
     .tips = kManyShardsSum},
    {.name = "exists",
     .since = "1.0.0",
     .summary = "Counts how many of the keys exist; a key named twice counts twice.",
     .complexity = "O(N) in the number of keys",
     .arguments = kKeys,
     .key_specs = kLooksAll,
     .tips = kManyShardsSum,
     .history = kExistsHistory},
    {.name = "type",
     .since = "1.0.0",
     .summary = "Replies the type of the value at a key.",
     .complexity = "O(1)",
     .arguments = kKey,
     .key_specs = kLooks},
    {.name = "touch",
     .since = "3.2.1",
     .summary = "Marks keys as just used and counts those that exist.",
     .complexity = "O(N) in the number of keys",
     .arguments = kKeys,
     .key_specs = kLooksAll,
     .tips = kManyShardsSum},
    {.name = "rename",
     .since = "1.0.0",
     .summary = "Gives a key another name, replacing whatever has that name.",
     .complexity = "O(1), and O(N) in the size of a value that moves to another shard",
     .arguments = kRenameArguments,
     .key_specs = kRenameSpec},
    {.name = "renamenx",
     .since = "1.0.0",
     .summary = "Gives a key another name unless that name is taken.",
     .complexity = "O(1), and O(N) in the size of a value that moves to another shard",
     .arguments = kRenameArguments,
     .key_specs = kRenamenxSpec,
     .history = kRenamenxHistory},
    {.name = "copy",
     .since = "6.2.0",
     .summary = "Makes another key with the same value and expiry.",
     .complexity = "O(N) in the size of the value",
     .arguments = kCopyArguments,
     .key_specs = kCopySpec},
    {.name = "move",
     .since = "1.0.0",
     .summary = "Takes a key to another database, unless that has a key of its name.",
     .complexity = "O(1)",
     .arguments = kMoveArguments,
     .key_specs = kReadsAndUpdates},
    {.name = "dump",
     .since = "2.6.0",
     .summary = "Replies a value as bytes that RESTORE takes, here or in Redis.",
     .complexity = "O(N) in the size of the value",
     .arguments = kKey,
     .key_specs = kReads,
     .tips = kVaries},
    {.name = "restore",
     .since = "2.6.0",
     .summary = "Makes a key of what DUMP has replied.",
     .complexity = "O(N) in the size of the value, and O(N*log(N)) in the number of elements of a collection",
     .arguments = kRestoreArguments,
     .key_specs = kOverwrites,
     .history = kRestoreHistory,
     .more_categories = kAclDangerous},
    {.name = "sort",
     .since = "1.0.0",
     .summary = "Replies or stores the elements of a list, set or sorted set in order, by themselves or by "
                "other keys.",
     .complexity = "O(N+M*log(M)), N being the number of elements and M the number of those that are replied",
     .arguments = kSortArguments,
     .key_specs = kSortSpec,
     .more_categories = kSortCategories,
     .outside_group = true},
    {.name = "sort_ro",
     .since = "7.0.0",
     .summary = "Replies the elements of a list, set or sorted set in order, by themselves or by other keys.",
     .complexity = "O(N+M*log(M)), N being the number of elements and M the number of those that are replied",
     .arguments = kSortRoArguments,
     .key_specs = kSortRoSpec,
     .more_categories = kSortCategories,
     .outside_group = true},
    {.name = "keys",
     .since = "1.0.0",
     .summary = "Lists all keys whose names match a pattern. Meant for debugging: it looks at every key.",
     .complexity = "O(N) in the number of keys of the database",
     .arguments = kKeysArguments,
     .tips = kKeysTips,
     .more_categories = kAclDangerous},
    {.name = "scan",
     .since = "2.8.0",
     .summary = "Goes through the keys step by step with a cursor.",
     .complexity = "O(1) for each step, O(N) in the number of keys for the whole way",
     .arguments = kScanArguments,
     .tips = kScanTips,
     .history = kScanHistory},
    {.name = "randomkey",
     .since = "1.0.0",
     .summary = "Replies one key of the database, picked at random.",
     .complexity = "O(1)",
     .tips = kRandomkeyTips},
    {.name = "expire",
     .since = "1.0.0",
     .summary = "Lets a key expire after some seconds.",
     .complexity = "O(1)",
     .arguments = kExpireArguments,
     .key_specs = kUpdates,
     .history = kExpireHistory},
    {.name = "pexpire",
     .since = "2.6.0",
     .summary = "Lets a key expire after some milliseconds.",
     .complexity = "O(1)",
     .arguments = kPexpireArguments,
     .key_specs = kUpdates,
     .history = kExpireHistory},
    {.name = "expireat",
     .since = "1.2.0",
     .summary = "Lets a key expire at a Unix time in seconds.",
     .complexity = "O(1)",
     .arguments = kExpireatArguments,
     .key_specs = kUpdates,
     .history = kExpireHistory},
    {.name = "pexpireat",
     .since = "2.6.0",
     .summary = "Lets a key expire at a Unix time in milliseconds.",
     .complexity = "O(1)",
     .arguments = kPexpireatArguments,
     .key_specs = kUpdates,
     .history = kExpireHistory},
    {.name = "expiretime",
     .since = "7.0.0",
     .summary = "Replies the Unix time in seconds at which a key expires.",
     .complexity = "O(1)",
     .arguments = kKey,
     .key_specs = kReads},
    {.name = "pexpiretime",
     .since = "7.0.0",
     .summary = "Replies the Unix time in milliseconds at which a key expires.",
     .complexity = "O(1)",
     .arguments = kKey,
     .key_specs = kReads},
    {.name = "ttl",
     .since = "1.0.0",
     .summary = "Replies how many seconds a key has to live.",
     .complexity = "O(1)",
     .arguments = kKey,
     .key_specs = kReads,
     .tips = kVaries,
     .history = kTtlHistory},
    {.name = "pttl",
     .since = "2.6.0",
     .summary = "Replies how many milliseconds a key has to live.",
     .complexity = "O(1)",
     .arguments = kKey,
     .key_specs = kReads,
     .tips = kVaries,
     .history = kTtlHistory},
    {.name = "persist",
     .since = "2.2.0",
     .summary = "Takes the expiry from a key.",
     .complexity = "O(1)",
     .arguments = kKey,
     .key_specs = kUpdates},
    {.name = "object",
     .since = "2.2.3",
     .summary = "Looks at how a value is kept.",
     .complexity = kThatOfTheSubcommand},
    {.name = "object|encoding",
     .since = "2.2.3",
     .summary = "Names the internal form of a value.",
     .complexity = "O(1)",
     .arguments = kKey,
     .key_specs = kSubcommandLooks,
     .tips = kVaries},
    {.name = "object|freq",
     .since = "4.0.0",
     .summary = "Replies how often a key is used, on a logarithmic scale.",
     .complexity = "O(1)",
     .arguments = kKey,
     .key_specs = kSubcommandLooks,
     .tips = kVaries},
    {.name = "object|idletime",
     .since = "2.2.3",
     .summary = "Replies the seconds since a key was last used.",
     .complexity = "O(1)",
     .arguments = kKey,
     .key_specs = kSubcommandLooks,
     .tips = kVaries},
    {.name = "object|refcount",
     .since = "2.2.3",
     .summary = "Replies how many references to a value there are.",
     .complexity = "O(1)",
     .arguments = kKey,
     .key_specs = kSubcommandLooks,
     .tips = kVaries},
    {.name = "object|help", .since = "6.2.0", .summary = kListsSubcommands, .complexity = "O(1)"},
};

}  // namespace

std::span<const CommandDocs> generic_docs() {
  return kDocs;
}

}  // namespace stave
