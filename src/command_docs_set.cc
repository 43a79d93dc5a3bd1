// SPDX-License-Identifier: Apache-2.0
// Sets.
#include "src/command_docs_parts.h"

namespace stave {
namespace {

using namespace docs;

constexpr Argument kMember[] = {key(), string("member")};
constexpr Argument kMembers[] = {key(), string("member").multiple()};
constexpr Argument kSpopArguments[] = {key(), integer("count").since("3.2.0").optional()};
constexpr Argument kSrandmemberArguments[] = {key(), integer("count").since("2.6.0").optional()};
constexpr Argument kSmoveArguments[] = {key("source"), key("destination", 1), string("member")};
constexpr Argument kSscanArguments[] = {
    key(),
    integer("cursor"),
    pattern("pattern", "MATCH").optional(),
    integer("count", "COUNT").optional(),
};
constexpr Argument kSintercardArguments[] = {
    integer("numkeys"),
    key().multiple(),
    integer("limit", "LIMIT").optional(),
};
constexpr Argument kStoreArguments[] = {key("destination"), key("key", 1).multiple()};

constexpr KeySpec kDeletesFrom[] = {key_at(1, kKeyChanges | kKeyDelete)};
constexpr KeySpec kSmoveSpec[] = {key_at(1, kKeyChanges | kKeyAccess | kKeyDelete),
                                  key_at(2, kKeyChanges | kKeyInsert)};
constexpr KeySpec kSintercardSpec[] = {counted_keys(1, kKeyReads | kKeyAccess)};
// Redis says so, although the old value does not matter here either.
constexpr KeySpec kSinterstoreSpec[] = {key_at(1, kKeyChanges | kKeyUpdate),
                                        keys_from(2, kKeyReads | kKeyAccess)};
constexpr KeySpec kStoreSpec[] = {key_at(1, kKeyOverwrites | kKeyUpdate),
                                  keys_from(2, kKeyReads | kKeyAccess)};
constexpr Change kMembersHistory[] = {{"2.4.0", "More than one member."}};
constexpr Change kSpopHistory[] = {{"3.2.0", "Argument count."}};
constexpr Change kSrandmemberHistory[] = {{"2.6.0", "Argument count."}};

constexpr std::string_view kIntersectionTime = "O(N*M) at worst, for the smallest of M sets with N members";
constexpr std::string_view kTotalTime = "O(N) in the number of members of all sets together";

constexpr CommandDocs kDocs[] = {
    {.name = "sadd",
     .since = "1.0.0",
     .summary = "Adds members to a set, and replies how many of them are new.",
     .complexity = "O(N) in the number of members given",
     .arguments = kMembers,
     .key_specs = kInserts,
     .history = kMembersHistory},
    {.name = "srem",
     .since = "1.0.0",
     .summary = "Removes members from a set; a set that has none left is deleted.",
     .complexity = "O(N) in the number of members given",
     .arguments = kMembers,
     .key_specs = kDeletesFrom,
     .history = kMembersHistory},
    {.name = "smembers",
     .since = "1.0.0",
     .summary = "Replies all members of a set.",
     .complexity = "O(N) in the number of members of the set",
     .arguments = kKey,
     .key_specs = kReads,
     .tips = kVariesInOrder},
    {.name = "sismember",
     .since = "1.0.0",
     .summary = "Says whether a set has a member.",
     .complexity = "O(1)",
     .arguments = kMember,
     .key_specs = kLooks},
    {.name = "smismember",
     .since = "6.2.0",
     .summary = "Says of each of several members whether a set has it.",
     .complexity = "O(N) in the number of members given",
     .arguments = kMembers,
     .key_specs = kReads},
    {.name = "scard",
     .since = "1.0.0",
     .summary = "Replies how many members a set has.",
     .complexity = "O(1)",
     .arguments = kKey,
     .key_specs = kLooks},
    {.name = "spop",
     .since = "1.0.0",
     .summary = "Removes one member drawn at random from a set, or several, and replies them.",
     .complexity = "O(1), with a count O(N) in it",
     .arguments = kSpopArguments,
     .key_specs = kReadsAndDeletes,
     .tips = kVaries,
     .history = kSpopHistory},
    {.name = "srandmember",
     .since = "1.0.0",
     .summary = "Replies one member of a set drawn at random, or several.",
     .complexity = "O(1), with a count O(N) in its absolute value",
     .arguments = kSrandmemberArguments,
     .key_specs = kReads,
     .tips = kVaries,
     .history = kSrandmemberHistory},
    {.name = "smove",
     .since = "1.0.0",
     .summary = "Moves a member from one set to another.",
     .complexity = "O(1)",
     .arguments = kSmoveArguments,
     .key_specs = kSmoveSpec},
    {.name = "sscan",
     .since = "2.8.0",
     .summary = "Walks over the members of a set, some with each call.",
     .complexity = "O(1) for a call, O(N) for a whole walk over N members",
     .arguments = kSscanArguments,
     .key_specs = kReads,
     .tips = kVaries},
    {.name = "sinter",
     .since = "1.0.0",
     .summary = "Replies the members that several sets have in common.",
     .complexity = kIntersectionTime,
     .arguments = kKeys,
     .key_specs = kReadsAll,
     .tips = kVariesInOrder},
    {.name = "sintercard",
     .since = "7.0.0",
     .summary = "Counts the members that several sets have in common, up to a limit.",
     .complexity = kIntersectionTime,
     .arguments = kSintercardArguments,
     .key_specs = kSintercardSpec},
    {.name = "sinterstore",
     .since = "1.0.0",
     .summary = "Stores the members that several sets have in common as a set.",
     .complexity = kIntersectionTime,
     .arguments = kStoreArguments,
     .key_specs = kSinterstoreSpec},
    {.name = "sunion",
     .since = "1.0.0",
     .summary = "Replies the members that any of several sets has.",
     .complexity = kTotalTime,
     .arguments = kKeys,
     .key_specs = kReadsAll,
     .tips = kVariesInOrder},
    {.name = "sunionstore",
     .since = "1.0.0",
     .summary = "Stores the members that any of several sets has as a set.",
     .complexity = kTotalTime,
     .arguments = kStoreArguments,
     .key_specs = kStoreSpec},
    {.name = "sdiff",
     .since = "1.0.0",
     .summary = "Replies the members that the first set has and none of the others.",
     .complexity = kTotalTime,
     .arguments = kKeys,
     .key_specs = kReadsAll,
     .tips = kVariesInOrder},
    {.name = "sdiffstore",
     .since = "1.0.0",
     .summary = "Stores the members that the first set has and none of the others as a set.",
     .complexity = kTotalTime,
     .arguments = kStoreArguments,
     .key_specs = kStoreSpec},
};

}  // namespace

std::span<const CommandDocs> set_docs() {
  return kDocs;
}

}  // namespace stave
