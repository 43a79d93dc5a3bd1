// SPDX-License-Identifier: Apache-2.0
// Which elements of a sorted set a pair of bounds means: by rank, by score, or by the members' bytes. Parsed
// before a key is looked at, then turned into ranks. Pure functions.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "shards/zset.h"
#include "src/commands/arguments.h"

namespace stave {

// Inclusive; negative ranks count from the end.
struct RankRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

struct ScoreBound {
  double score = 0;
  bool excluded = false;
};
struct ScoreRange {
  ScoreBound min;
  ScoreBound max;
};

struct MemberBound {
  enum class At { kBeginning, kMember, kEnd };
  At at = At::kMember;
  std::string_view member;  // of kMember
  bool excluded = false;
};
// Means something only while all scores are equal.
struct MemberRange {
  MemberBound min;
  MemberBound max;
};

using ZsetRange = std::variant<RankRange, ScoreRange, MemberRange>;
enum class RangeBy { kRank, kScore, kMember };

// The texts of the bounds, the lower one first. Scores are what strtod() takes, blanks in front and nothing
// at all included, as in Redis; "(" in front excludes. A member has "[" or "(" in front, or is "-" or "+".
Result<ZsetRange> parse_zset_range(RangeBy by, std::string_view min, std::string_view max);

// The ranks of the elements that are meant.
IndexRange ranks_in(const ZsetView& zset, const ZsetRange& range);

}  // namespace stave
