// SPDX-License-Identifier: Apache-2.0
// Sorted sets.
#include "src/command_docs_parts.h"

namespace stave {
namespace {

using namespace docs;

constexpr Argument kMember[] = {key(), string("member")};
constexpr Argument kMembers[] = {key(), string("member").multiple()};
constexpr Argument kZaddArguments[] = {
    key(),
    one_of("condition", 2).since("3.0.2").optional(),
    token("nx", "NX"),
    token("xx", "XX"),
    one_of("comparison", 2).since("6.2.0").optional(),
    token("gt", "GT"),
    token("lt", "LT"),
    token("change", "CH").since("3.0.2").optional(),
    token("increment", "INCR").since("3.0.2").optional(),
    block("score_member", 2).multiple(),
    real("score"),
    string("member"),
};
constexpr Argument kZincrbyArguments[] = {key(), integer("increment"), string("member")};
constexpr Argument kRankArguments[] = {key(), string("member"),
                                       token("withscore", "WITHSCORE").since("7.2.0").optional()};
constexpr Argument kScores[] = {key(), real("min"), real("max")};
constexpr Argument kBounds[] = {key(), string("min"), string("max")};
constexpr Argument kRanks[] = {key(), integer("start"), integer("stop")};
constexpr Argument kWithScores = token("withscores", "WITHSCORES").optional();
constexpr Argument kLimit = block("offset_count", 2, "LIMIT").optional();
constexpr Argument kZrangeArguments[] = {
    key(),
    string("start"),
    string("stop"),
    one_of("sortby", 2).since("6.2.0").optional(),
    token("byscore", "BYSCORE"),
    token("bylex", "BYLEX"),
    token("rev", "REV").since("6.2.0").optional(),
    kLimit.since("6.2.0"),
    integer("offset"),
    integer("count"),
    kWithScores,
};
constexpr Argument kZrangestoreArguments[] = {
    key("dst"),
    key("src", 1),
    string("min"),
    string("max"),
    one_of("sortby", 2).optional(),
    token("byscore", "BYSCORE"),
    token("bylex", "BYLEX"),
    token("rev", "REV").optional(),
    kLimit,
    integer("offset"),
    integer("count"),
};
constexpr Argument kZrevrangeArguments[] = {key(), integer("start"), integer("stop"), kWithScores};
constexpr Argument kByScoreArguments[] = {
    key(), real("min"), real("max"), kWithScores.since("2.0.0"), kLimit, integer("offset"), integer("count"),
};
constexpr Argument kRevByScoreArguments[] = {
    key(), real("max"), real("min"), kWithScores, kLimit, integer("offset"), integer("count"),
};
constexpr Argument kByLexArguments[] = {
    key(), string("min"), string("max"), kLimit, integer("offset"), integer("count"),
};
constexpr Argument kRevByLexArguments[] = {
    key(), string("max"), string("min"), kLimit, integer("offset"), integer("count"),
};
constexpr Argument kPopArguments[] = {key(), integer("count").optional()};
constexpr Argument kZmpopArguments[] = {
    integer("numkeys"),  key().multiple(),    one_of("where", 2),
    token("min", "MIN"), token("max", "MAX"), integer("count", "COUNT").optional(),
};
constexpr Argument kBlockingPopArguments[] = {key().multiple(), real("timeout")};
constexpr Argument kBzmpopArguments[] = {
    real("timeout"),
    integer("numkeys"),
    key().multiple(),
    one_of("where", 2),
    token("min", "MIN"),
    token("max", "MAX"),
    integer("count", "COUNT").optional(),
};
constexpr Argument kZrandmemberArguments[] = {key(), block("options", 2).optional(), integer("count"),
                                              kWithScores};
constexpr Argument kZscanArguments[] = {
    key(),
    integer("cursor"),
    pattern("pattern", "MATCH").optional(),
    integer("count", "COUNT").optional(),
};
constexpr Argument kWeights = integer("weight", "WEIGHTS").optional().multiple();
constexpr Argument kAggregate = one_of("aggregate", 3, "AGGREGATE").optional();
constexpr Argument kCombineArguments[] = {
    integer("numkeys"),  key().multiple(),    kWeights,    kAggregate, token("sum", "SUM"),
    token("min", "MIN"), token("max", "MAX"), kWithScores,
};
constexpr Argument kZdiffArguments[] = {integer("numkeys"), key().multiple(), kWithScores};
constexpr Argument kZintercardArguments[] = {
    integer("numkeys"),
    key().multiple(),
    integer("limit", "LIMIT").optional(),
};
constexpr Argument kStoreArguments[] = {
    key("destination"), integer("numkeys"),  key("key", 1).multiple(), kWeights,
    kAggregate,         token("sum", "SUM"), token("min", "MIN"),      token("max", "MAX"),
};
constexpr Argument kZdiffstoreArguments[] = {key("destination"), integer("numkeys"),
                                             key("key", 1).multiple()};

constexpr KeySpec kDeletesFrom[] = {key_at(1, kKeyChanges | kKeyDelete)};
constexpr KeySpec kZrangestoreSpec[] = {key_at(1, kKeyOverwrites | kKeyUpdate),
                                        key_at(2, kKeyReads | kKeyAccess)};
constexpr KeySpec kZmpopSpec[] = {counted_keys(1, kKeyChanges | kKeyAccess | kKeyDelete)};
constexpr KeySpec kBzmpopSpec[] = {counted_keys(2, kKeyChanges | kKeyAccess | kKeyDelete)};
constexpr KeySpec kReadsCounted[] = {counted_keys(1, kKeyReads | kKeyAccess)};
constexpr KeySpec kStoreSpec[] = {key_at(1, kKeyOverwrites | kKeyUpdate),
                                  counted_keys(2, kKeyReads | kKeyAccess)};

constexpr Change kZaddHistory[] = {{"2.4.0", "More than one member."},
                                   {"3.0.2", "Options XX, NX, CH and INCR."},
                                   {"6.2.0", "Options GT and LT."}};
constexpr Change kMembersHistory[] = {{"2.4.0", "More than one member."}};
constexpr Change kRankHistory[] = {{"7.2.0", "Option WITHSCORE."}};
constexpr Change kZrangeHistory[] = {{"6.2.0", "Options REV, BYSCORE, BYLEX and LIMIT."}};
constexpr Change kByScoreHistory[] = {{"2.0.0", "Option WITHSCORES."}};
constexpr Change kRevByScoreHistory[] = {{"2.1.6", "Bounds can be excluded."}};

constexpr std::string_view kOneTime = "O(log(N)) with N members in the sorted set";
constexpr std::string_view kRangeTime =
    "O(log(N)+M) with N members in the sorted set, M of them in the range";
constexpr std::string_view kUnionTime =
    "O(N)+O(M*log(M)) with N members in all inputs together and M in the result";
constexpr std::string_view kIntersectionTime =
    "O(N*K)+O(M*log(M)) at worst, for the smallest of K inputs with N members, and M in the result";
constexpr std::string_view kDifferenceTime =
    "O(N*K)+O(M*log(M)) at worst, for K inputs, the first with N members, and M in the result";

constexpr CommandDocs kDocs[] = {
    {.name = "zadd",
     .since = "1.2.0",
     .summary = "Adds members with scores to a sorted set, or gives those that it has other scores.",
     .complexity = "O(log(N)) for each member given, with N members in the sorted set",
     .arguments = kZaddArguments,
     .key_specs = kUpdates,
     .history = kZaddHistory},
    {.name = "zincrby",
     .since = "1.2.0",
     .summary = "Adds a number to the score of a member, and replies the sum.",
     .complexity = kOneTime,
     .arguments = kZincrbyArguments,
     .key_specs = kReadsAndUpdates},
    {.name = "zrem",
     .since = "1.2.0",
     .summary = "Removes members from a sorted set; one that has none left is deleted.",
     .complexity = "O(M*log(N)) with N members in the sorted set and M members given",
     .arguments = kMembers,
     .key_specs = kDeletesFrom,
     .history = kMembersHistory},
    {.name = "zscore",
     .since = "1.2.0",
     .summary = "Replies the score of a member.",
     .complexity = "O(1)",
     .arguments = kMember,
     .key_specs = kReads},
    {.name = "zmscore",
     .since = "6.2.0",
     .summary = "Replies the scores of several members.",
     .complexity = "O(N) in the number of members given",
     .arguments = kMembers,
     .key_specs = kReads},
    {.name = "zcard",
     .since = "1.2.0",
     .summary = "Replies how many members a sorted set has.",
     .complexity = "O(1)",
     .arguments = kKey,
     .key_specs = kLooks},
    {.name = "zcount",
     .since = "2.0.0",
     .summary = "Counts the members with scores between two bounds.",
     .complexity = kOneTime,
     .arguments = kScores,
     .key_specs = kReads},
    {.name = "zlexcount",
     .since = "2.8.9",
     .summary = "Counts the members that are between two others in the order of their bytes.",
     .complexity = kOneTime,
     .arguments = kBounds,
     .key_specs = kReads},
    {.name = "zrank",
     .since = "2.0.0",
     .summary = "Replies how many members have a place in front of this one.",
     .complexity = kOneTime,
     .arguments = kRankArguments,
     .key_specs = kReads,
     .history = kRankHistory},
    {.name = "zrevrank",
     .since = "2.0.0",
     .summary = "Replies how many members have a place behind this one.",
     .complexity = kOneTime,
     .arguments = kRankArguments,
     .key_specs = kReads,
     .history = kRankHistory},
    {.name = "zrange",
     .since = "1.2.0",
     .summary = "Replies the members of a range of ranks, of scores, or of the members' bytes.",
     .complexity = kRangeTime,
     .arguments = kZrangeArguments,
     .key_specs = kReads,
     .history = kZrangeHistory},
    {.name = "zrevrange",
     .since = "1.2.0",
     .summary = "Replies the members of a range of ranks, counted from the highest score.",
     .complexity = kRangeTime,
     .arguments = kZrevrangeArguments,
     .key_specs = kReads,
     .deprecated_since = "6.2.0",
     .replaced_by = "`ZRANGE` with the `REV` argument"},
    {.name = "zrangebyscore",
     .since = "1.0.5",
     .summary = "Replies the members with scores between two bounds.",
     .complexity = kRangeTime,
     .arguments = kByScoreArguments,
     .key_specs = kReads,
     .history = kByScoreHistory,
     .deprecated_since = "6.2.0",
     .replaced_by = "`ZRANGE` with the `BYSCORE` argument"},
    {.name = "zrevrangebyscore",
     .since = "2.2.0",
     .summary = "Replies the members with scores between two bounds, the highest first.",
     .complexity = kRangeTime,
     .arguments = kRevByScoreArguments,
     .key_specs = kReads,
     .history = kRevByScoreHistory,
     .deprecated_since = "6.2.0",
     .replaced_by = "`ZRANGE` with the `REV` and `BYSCORE` arguments"},
    {.name = "zrangebylex",
     .since = "2.8.9",
     .summary = "Replies the members that are between two others in the order of their bytes.",
     .complexity = kRangeTime,
     .arguments = kByLexArguments,
     .key_specs = kReads,
     .deprecated_since = "6.2.0",
     .replaced_by = "`ZRANGE` with the `BYLEX` argument"},
    {.name = "zrevrangebylex",
     .since = "2.8.9",
     .summary =
         "Replies the members that are between two others in the order of their bytes, the last first.",
     .complexity = kRangeTime,
     .arguments = kRevByLexArguments,
     .key_specs = kReads,
     .deprecated_since = "6.2.0",
     .replaced_by = "`ZRANGE` with the `REV` and `BYLEX` arguments"},
    {.name = "zrangestore",
     .since = "6.2.0",
     .summary = "Stores a range of members of a sorted set as another one.",
     .complexity = kRangeTime,
     .arguments = kZrangestoreArguments,
     .key_specs = kZrangestoreSpec},
    {.name = "zpopmin",
     .since = "5.0.0",
     .summary = "Removes the members with the lowest scores, and replies them.",
     .complexity = "O(M*log(N)) with N members in the sorted set, M of them removed",
     .arguments = kPopArguments,
     .key_specs = kReadsAndDeletes},
    {.name = "zpopmax",
     .since = "5.0.0",
     .summary = "Removes the members with the highest scores, and replies them.",
     .complexity = "O(M*log(N)) with N members in the sorted set, M of them removed",
     .arguments = kPopArguments,
     .key_specs = kReadsAndDeletes},
    {.name = "zmpop",
     .since = "7.0.0",
     .summary = "Removes members from one end of the first sorted set that has any, and replies them.",
     .complexity = "O(K)+O(M*log(N)) for K keys, with N members in the sorted set, M of them removed",
     .arguments = kZmpopArguments,
     .key_specs = kZmpopSpec},
    {.name = "bzpopmin",
     .since = "5.0.0",
     .summary =
         "Removes the member with the lowest score from the first of several sorted sets that has any, "
         "and waits when none has.",
     .complexity = "O(log(N)) with N members in the sorted set",
     .arguments = kBlockingPopArguments,
     .key_specs = kPopsBeforeTimeout,
     .history = kTimeoutHistory},
    {.name = "bzpopmax",
     .since = "5.0.0",
     .summary =
         "Removes the member with the highest score from the first of several sorted sets that has any, "
         "and waits when none has.",
     .complexity = "O(log(N)) with N members in the sorted set",
     .arguments = kBlockingPopArguments,
     .key_specs = kPopsBeforeTimeout,
     .history = kTimeoutHistory},
    {.name = "bzmpop",
     .since = "7.0.0",
     .summary = "Removes members from one end of the first sorted set that has any, and waits when none has.",
     .complexity = "O(K)+O(M*log(N)) for K keys, with N members in the sorted set, M of them removed",
     .arguments = kBzmpopArguments,
     .key_specs = kBzmpopSpec},
    {.name = "zrandmember",
     .since = "6.2.0",
     .summary = "Replies one member of a sorted set drawn at random, or several.",
     .complexity = "O(log(N)), with a count O(M*log(N)) in its absolute value M",
     .arguments = kZrandmemberArguments,
     .key_specs = kReads,
     .tips = kVaries},
    {.name = "zscan",
     .since = "2.8.0",
     .summary = "Walks over the members and scores of a sorted set, some with each call.",
     .complexity = "O(1) for a call, O(N) for a whole walk over N members",
     .arguments = kZscanArguments,
     .key_specs = kReads,
     .tips = kVaries},
    {.name = "zunion",
     .since = "6.2.0",
     .summary = "Replies the members that any of several sorted sets has, with combined scores.",
     .complexity = kUnionTime,
     .arguments = kCombineArguments,
     .key_specs = kReadsCounted},
    {.name = "zinter",
     .since = "6.2.0",
     .summary = "Replies the members that several sorted sets have in common, with combined scores.",
     .complexity = kIntersectionTime,
     .arguments = kCombineArguments,
     .key_specs = kReadsCounted},
    {.name = "zdiff",
     .since = "6.2.0",
     .summary = "Replies the members that the first sorted set has and none of the others.",
     .complexity = kDifferenceTime,
     .arguments = kZdiffArguments,
     .key_specs = kReadsCounted},
    {.name = "zintercard",
     .since = "7.0.0",
     .summary = "Counts the members that several sorted sets have in common, up to a limit.",
     .complexity = "O(N*K) at worst, for the smallest of K inputs with N members",
     .arguments = kZintercardArguments,
     .key_specs = kReadsCounted},
    {.name = "zunionstore",
     .since = "2.0.0",
     .summary = "Stores the members that any of several sorted sets has, with combined scores.",
     .complexity = kUnionTime,
     .arguments = kStoreArguments,
     .key_specs = kStoreSpec},
    {.name = "zinterstore",
     .since = "2.0.0",
     .summary = "Stores the members that several sorted sets have in common, with combined scores.",
     .complexity = kIntersectionTime,
     .arguments = kStoreArguments,
     .key_specs = kStoreSpec},
    {.name = "zdiffstore",
     .since = "6.2.0",
     .summary = "Stores the members that the first sorted set has and none of the others.",
     .complexity = kDifferenceTime,
     .arguments = kZdiffstoreArguments,
     .key_specs = kStoreSpec},
    {.name = "zremrangebyrank",
     .since = "2.0.0",
     .summary = "Removes the members of a range of ranks.",
     .complexity = kRangeTime,
     .arguments = kRanks,
     .key_specs = kDeletesFrom},
    {.name = "zremrangebyscore",
     .since = "1.2.0",
     .summary = "Removes the members with scores between two bounds.",
     .complexity = kRangeTime,
     .arguments = kScores,
     .key_specs = kDeletesFrom},
    {.name = "zremrangebylex",
     .since = "2.8.9",
     .summary = "Removes the members that are between two others in the order of their bytes.",
     .complexity = kRangeTime,
     .arguments = kBounds,
     .key_specs = kDeletesFrom},
};

}  // namespace

std::span<const CommandDocs> zset_docs() {
  return kDocs;
}

}  // namespace stave
