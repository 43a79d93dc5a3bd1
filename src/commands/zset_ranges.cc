// SPDX-License-Identifier: Apache-2.0
#include "src/commands/zset_ranges.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>

namespace stave {
namespace {

std::optional<ScoreBound> parse_score_bound(std::string_view text) {
  ScoreBound bound;
  bound.excluded = text.starts_with('(');
  if (bound.excluded) text.remove_prefix(1);
  const std::string terminated(text);
  char* end = nullptr;
  bound.score = std::strtod(terminated.c_str(), &end);
  if (*end != '\0' || std::isnan(bound.score)) return std::nullopt;
  return bound;
}

std::optional<MemberBound> parse_member_bound(std::string_view text) {
  using At = MemberBound::At;
  if (text.empty()) return std::nullopt;
  const std::string_view rest = text.substr(1);
  const bool alone = rest.empty() || rest[0] == '\0';
  switch (text[0]) {
    case '-':
      return alone ? std::optional(MemberBound{At::kBeginning, {}, true}) : std::nullopt;
    case '+':
      return alone ? std::optional(MemberBound{At::kEnd, {}, true}) : std::nullopt;
    case '[':
      return MemberBound{At::kMember, rest, false};
    case '(':
      return MemberBound{At::kMember, rest, true};
    default:
      return std::nullopt;
  }
}

Result<ZsetRange> parse_ranks(std::string_view first, std::string_view last) {
  auto from = integer_argument(first);
  if (!from.ok()) return from.take_status();
  auto to = integer_argument(last);
  if (!to.ok()) return to.take_status();
  return ZsetRange(RankRange{*from, *to});
}

Result<ZsetRange> parse_scores(std::string_view min, std::string_view max) {
  const auto from = parse_score_bound(min);
  const auto to = parse_score_bound(max);
  if (!from || !to) return Error{"ERR min or max is not a float"};
  return ZsetRange(ScoreRange{*from, *to});
}

Result<ZsetRange> parse_members(std::string_view min, std::string_view max) {
  const auto from = parse_member_bound(min);
  const auto to = parse_member_bound(max);
  if (!from || !to) return Error{"ERR min or max not valid string range item"};
  return ZsetRange(MemberRange{*from, *to});
}

IndexRange ranks(std::size_t begin, std::size_t end) {
  return begin < end ? IndexRange{begin, end} : IndexRange{};
}

// How many elements are in front of the bound.
std::size_t rank_at(const ZsetView& zset, const MemberBound& bound, bool itself) {
  switch (bound.at) {
    case MemberBound::At::kBeginning:
      return 0;
    case MemberBound::At::kEnd:
      return zset.size();
    case MemberBound::At::kMember:
      break;
  }
  return itself ? zset.first_above(bound.member) : zset.first_from(bound.member);
}

std::size_t rank_at(const ZsetView& zset, const ScoreBound& bound, bool itself) {
  return itself ? zset.first_above(bound.score) : zset.first_from(bound.score);
}

template <typename Range>
IndexRange find_ranks(const ZsetView& zset, const Range& range) {
  return ranks(rank_at(zset, range.min, range.min.excluded), rank_at(zset, range.max, !range.max.excluded));
}

// Unlike a string's positions, a last rank before the first one means that nothing is left.
IndexRange find_ranks(const ZsetView& zset, const RankRange& range) {
  const auto size = static_cast<std::int64_t>(zset.size());
  const std::int64_t first = std::max<std::int64_t>(range.first < 0 ? range.first + size : range.first, 0);
  const std::int64_t last = std::min(range.last < 0 ? range.last + size : range.last, size - 1);
  if (first > last) return {};
  return {static_cast<std::size_t>(first), static_cast<std::size_t>(last) + 1};
}

}  // namespace

Result<ZsetRange> parse_zset_range(RangeBy by, std::string_view min, std::string_view max) {
  switch (by) {
    case RangeBy::kRank:
      return parse_ranks(min, max);
    case RangeBy::kScore:
      return parse_scores(min, max);
    case RangeBy::kMember:
      break;
  }
  return parse_members(min, max);
}

IndexRange ranks_in(const ZsetView& zset, const ZsetRange& range) {
  return std::visit([&](const auto& bounds) { return find_ranks(zset, bounds); }, range);
}

}  // namespace stave
