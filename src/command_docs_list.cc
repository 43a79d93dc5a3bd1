// SPDX-License-Identifier: Apache-2.0
// Lists.
#include "src/command_docs_parts.h"

namespace stave {
namespace {

using namespace docs;

// An argument inside another is indented.
// clang-format off
constexpr Argument kElements[] = {key(), string("element").multiple()};
constexpr Argument kPopArguments[] = {key(), integer("count").since("6.2.0").optional()};
constexpr Argument kRange[] = {key(), integer("start"), integer("stop")};
constexpr Argument kIndex[] = {key(), integer("index")};
constexpr Argument kLsetArguments[] = {key(), integer("index"), string("element")};
constexpr Argument kLremArguments[] = {key(), integer("count"), string("element")};
constexpr Argument kLinsertArguments[] = {
    key(),
    one_of("where", 2),
      token("before", "BEFORE"),
      token("after", "AFTER"),
    string("pivot"),
    string("element"),
};
constexpr Argument kLposArguments[] = {
    key(),
    string("element"),
    integer("rank", "RANK").optional(),
    integer("num-matches", "COUNT").optional(),
    integer("len", "MAXLEN").optional(),
};
constexpr Argument kLmoveArguments[] = {
    key("source"),
    key("destination", 1),
    one_of("wherefrom", 2),
      token("left", "LEFT"),
      token("right", "RIGHT"),
    one_of("whereto", 2),
      token("left", "LEFT"),
      token("right", "RIGHT"),
};
constexpr Argument kRpoplpushArguments[] = {key("source"), key("destination", 1)};
constexpr Argument kLmpopArguments[] = {
    integer("numkeys"),
    key().multiple(),
    one_of("where", 2),
      token("left", "LEFT"),
      token("right", "RIGHT"),
    integer("count", "COUNT").optional(),
};
constexpr Argument kBlockingPopArguments[] = {key().multiple(), real("timeout")};
constexpr Argument kBlmoveArguments[] = {
    key("source"),
    key("destination", 1),
    one_of("wherefrom", 2),
      token("left", "LEFT"),
      token("right", "RIGHT"),
    one_of("whereto", 2),
      token("left", "LEFT"),
      token("right", "RIGHT"),
    real("timeout"),
};
constexpr Argument kBrpoplpushArguments[] = {key("source"), key("destination", 1), real("timeout")};
constexpr Argument kBlmpopArguments[] = {
    real("timeout"),
    integer("numkeys"),
    key().multiple(),
    one_of("where", 2),
      token("left", "LEFT"),
      token("right", "RIGHT"),
    integer("count", "COUNT").optional(),
};
// clang-format on

constexpr KeySpec kDeletesFrom[] = {key_at(1, kKeyChanges | kKeyDelete)};
constexpr KeySpec kMoveSpec[] = {key_at(1, kKeyChanges | kKeyAccess | kKeyDelete),
                                 key_at(2, kKeyChanges | kKeyInsert)};
constexpr KeySpec kLmpopSpec[] = {counted_keys(1, kKeyChanges | kKeyAccess | kKeyDelete)};
constexpr KeySpec kBlmpopSpec[] = {counted_keys(2, kKeyChanges | kKeyAccess | kKeyDelete)};
constexpr Change kPushHistory[] = {{"2.4.0", "More than one element."}};
constexpr Change kPushxHistory[] = {{"4.0.0", "More than one element."}};
constexpr Change kPopHistory[] = {{"6.2.0", "Argument count."}};

constexpr std::string_view kKeysTime = "O(N) in the number of keys given";
constexpr std::string_view kPushTime = "O(N) in the number of elements given";
constexpr std::string_view kIndexTime = "O(N) in the distance from the nearer end";

constexpr CommandDocs kDocs[] = {
    {.name = "lpush",
     .since = "1.0.0",
     .summary = "Puts elements in front of a list, one after the other, and replies its length.",
     .complexity = kPushTime,
     .arguments = kElements,
     .key_specs = kInserts,
     .history = kPushHistory},
    {.name = "rpush",
     .since = "1.0.0",
     .summary = "Puts elements at the end of a list, and replies its length.",
     .complexity = kPushTime,
     .arguments = kElements,
     .key_specs = kInserts,
     .history = kPushHistory},
    {.name = "lpushx",
     .since = "2.2.0",
     .summary = "Puts elements in front of a list, unless there is no such list.",
     .complexity = kPushTime,
     .arguments = kElements,
     .key_specs = kInserts,
     .history = kPushxHistory},
    {.name = "rpushx",
     .since = "2.2.0",
     .summary = "Puts elements at the end of a list, unless there is no such list.",
     .complexity = kPushTime,
     .arguments = kElements,
     .key_specs = kInserts,
     .history = kPushxHistory},
    {.name = "lpop",
     .since = "1.0.0",
     .summary = "Takes the first element of a list, or several, and replies what it took.",
     .complexity = "O(N) in the number of elements taken",
     .arguments = kPopArguments,
     .key_specs = kReadsAndDeletes,
     .history = kPopHistory},
    {.name = "rpop",
     .since = "1.0.0",
     .summary = "Takes the last element of a list, or several, and replies what it took.",
     .complexity = "O(N) in the number of elements taken",
     .arguments = kPopArguments,
     .key_specs = kReadsAndDeletes,
     .history = kPopHistory},
    {.name = "llen",
     .since = "1.0.0",
     .summary = "Replies how many elements a list has.",
     .complexity = "O(1)",
     .arguments = kKey,
     .key_specs = kLooks},
    {.name = "lrange",
     .since = "1.0.0",
     .summary = "Replies the elements of a list from one index to another.",
     .complexity = "O(S+N) for N elements that begin S elements away from the nearer end",
     .arguments = kRange,
     .key_specs = kReads},
    {.name = "lindex",
     .since = "1.0.0",
     .summary = "Replies the element of a list at an index.",
     .complexity = kIndexTime,
     .arguments = kIndex,
     .key_specs = kReads},
    {.name = "lset",
     .since = "1.0.0",
     .summary = "Replaces the element of a list at an index.",
     .complexity = kIndexTime,
     .arguments = kLsetArguments,
     .key_specs = kUpdates},
    {.name = "linsert",
     .since = "2.2.0",
     .summary = "Puts an element next to the first one in a list that equals a given one.",
     .complexity = "O(N) in the number of elements up to there",
     .arguments = kLinsertArguments,
     .key_specs = kInserts},
    {.name = "lrem",
     .since = "1.0.0",
     .summary = "Removes elements equal to a given one from a list, and replies how many there were.",
     .complexity = "O(N) in the number of elements of the list",
     .arguments = kLremArguments,
     .key_specs = kDeletesFrom},
    {.name = "ltrim",
     .since = "1.0.0",
     .summary = "Removes all elements of a list but those from one index to another.",
     .complexity = "O(N) in the number of elements removed",
     .arguments = kRange,
     .key_specs = kDeletesFrom},
    {.name = "lpos",
     .since = "6.0.6",
     .summary = "Replies at which indexes a list has elements equal to a given one.",
     .complexity = "O(N) in the number of elements looked at",
     .arguments = kLposArguments,
     .key_specs = kReads},
    {.name = "lmove",
     .since = "6.2.0",
     .summary = "Takes an element from an end of one list to an end of another or the same, and replies it.",
     .complexity = "O(1)",
     .arguments = kLmoveArguments,
     .key_specs = kMoveSpec},
    {.name = "rpoplpush",
     .since = "1.2.0",
     .summary = "Takes the last element of a list to the front of another or the same, and replies it.",
     .complexity = "O(1)",
     .arguments = kRpoplpushArguments,
     .key_specs = kMoveSpec,
     .deprecated_since = "6.2.0",
     .replaced_by = "LMOVE with RIGHT and LEFT"},
    {.name = "lmpop",
     .since = "7.0.0",
     .summary = "Takes elements from an end of the first of several lists that has any.",
     .complexity = "O(N+M) for M elements taken and N keys given",
     .arguments = kLmpopArguments,
     .key_specs = kLmpopSpec},
    {.name = "blpop",
     .since = "2.0.0",
     .summary =
         "Takes the first element of the first of several lists that has any, and waits when none has.",
     .complexity = kKeysTime,
     .arguments = kBlockingPopArguments,
     .key_specs = kPopsBeforeTimeout,
     .history = kTimeoutHistory},
    {.name = "brpop",
     .since = "2.0.0",
     .summary = "Takes the last element of the first of several lists that has any, and waits when none has.",
     .complexity = kKeysTime,
     .arguments = kBlockingPopArguments,
     .key_specs = kPopsBeforeTimeout,
     .history = kTimeoutHistory},
    {.name = "blmove",
     .since = "6.2.0",
     .summary =
         "Takes an element from an end of one list to an end of another, and waits until there is one.",
     .complexity = "O(1)",
     .arguments = kBlmoveArguments,
     .key_specs = kMoveSpec},
    {.name = "brpoplpush",
     .since = "2.2.0",
     .summary = "Takes the last element of a list to the front of another, and waits until there is one.",
     .complexity = "O(1)",
     .arguments = kBrpoplpushArguments,
     .key_specs = kMoveSpec,
     .history = kTimeoutHistory,
     .deprecated_since = "6.2.0",
     .replaced_by = "BLMOVE with RIGHT and LEFT"},
    {.name = "blmpop",
     .since = "7.0.0",
     .summary = "Takes elements from the first of several lists that has any, and waits when none has.",
     .complexity = "O(N+M) for M elements taken and N keys given",
     .arguments = kBlmpopArguments,
     .key_specs = kBlmpopSpec},
};

}  // namespace

std::span<const CommandDocs> list_docs() {
  return kDocs;
}

}  // namespace stave
