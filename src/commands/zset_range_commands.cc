// SPDX-License-Identifier: Apache-2.0
// ZRANGE and its relatives: what they reply, count, store or remove is a range of ranks in the end.
#include <algorithm>
#include <optional>
#include <vector>

#include "src/ascii.h"
#include "src/commands/zset_ranges.h"
#include "src/commands/zsets.h"

namespace stave {
namespace {

enum class Order { kForwards, kBackwards };

struct RangeOptions {
  RangeBy by = RangeBy::kRank;
  Order order = Order::kForwards;
  std::int64_t offset = 0;
  std::int64_t limit = -1;  // negative: none
  bool with_scores = false;
};

// What the command's name says already, no option may say.
struct RangeSyntax {
  std::optional<RangeBy> by = std::nullopt;
  std::optional<Order> order = std::nullopt;
  bool with_scores = true;  // may be asked for
};

Status parse_limit(Args words, RangeOptions& options) {
  auto offset = integer_argument(words[0]);
  if (!offset.ok()) return offset.take_status();
  auto limit = integer_argument(words[1]);
  if (!limit.ok()) return limit.take_status();
  options.offset = *offset;
  options.limit = *limit;
  return {};
}

// Takes a word that says by what, or in which order; false when it is none, or that has been said.
bool take_kind(std::string_view word, RangeSyntax& syntax) {
  if (!syntax.order && ascii::equal(word, "rev")) {
    syntax.order = Order::kBackwards;
  } else if (!syntax.by && ascii::equal(word, "byscore")) {
    syntax.by = RangeBy::kScore;
  } else if (!syntax.by && ascii::equal(word, "bylex")) {
    syntax.by = RangeBy::kMember;
  } else {
    return false;
  }
  return true;
}

// [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES], in any order
Result<RangeOptions> parse_range_options(Args words, RangeSyntax syntax) {
  RangeOptions options;
  while (!words.empty()) {
    if (syntax.with_scores && ascii::equal(words[0], "withscores")) {
      options.with_scores = true;
    } else if (words.size() >= 3 && ascii::equal(words[0], "limit")) {
      if (Status status = parse_limit(words.subspan(1), options); !status.ok()) return status;
      words = words.subspan(2);
    } else if (!take_kind(words[0], syntax)) {
      return errors::kSyntax;
    }
    words = words.subspan(1);
  }
  options.by = syntax.by.value_or(RangeBy::kRank);
  options.order = syntax.order.value_or(Order::kForwards);
  if (options.limit != -1 && options.by == RangeBy::kRank)
    return Error{"ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"};
  if (options.with_scores && options.by == RangeBy::kMember)
    return Error{"ERR syntax error, WITHSCORES not supported in combination with BYLEX"};
  return options;
}

// Backwards, the ends of a range change places; ranks are counted from the end instead.
Result<ZsetRange> parse_bounds(std::string_view first, std::string_view last, const RangeOptions& options) {
  const bool swapped = options.order == Order::kBackwards && options.by != RangeBy::kRank;
  return swapped ? parse_zset_range(options.by, last, first) : parse_zset_range(options.by, first, last);
}

// What OFFSET and LIMIT leave of the ranks.
IndexRange cut(IndexRange ranks, const RangeOptions& options) {
  const std::size_t size = ranks.end - ranks.begin;
  if (options.offset < 0 || static_cast<std::uint64_t>(options.offset) >= size) return {};
  const auto offset = static_cast<std::size_t>(options.offset);
  std::size_t count = size - offset;
  if (options.limit >= 0) count = std::min(count, static_cast<std::size_t>(options.limit));
  if (options.order == Order::kForwards) return {ranks.begin + offset, ranks.begin + offset + count};
  return {ranks.end - offset - count, ranks.end - offset};
}

IndexRange chosen_ranks(const ZsetView& zset, const ZsetRange& range, const RangeOptions& options) {
  const IndexRange ranks = ranks_in(zset, range);
  if (options.by != RangeBy::kRank) return cut(ranks, options);
  if (options.order == Order::kForwards || ranks.empty()) return ranks;
  return {zset.size() - ranks.end, zset.size() - ranks.begin};
}

template <typename Visit>
void walk(const ZsetView& zset, IndexRange ranks, Order order, Visit visit) {
  if (ranks.empty()) return;
  const bool backwards = order == Order::kBackwards;
  std::size_t rest = ranks.end - ranks.begin;
  zset.walk(backwards ? ranks.end - 1 : ranks.begin, backwards, [&](std::string_view member, double score) {
    visit(member, score);
    return --rest > 0;
  });
}

// command key first last [option ...]
Status reply_range(Context& context, Args args, RangeSyntax syntax) {
  auto options = parse_range_options(args.subspan(4), syntax);
  if (!options.ok()) return options.take_status();
  auto range = parse_bounds(args[2], args[3], *options);
  if (!range.ok()) return range.take_status();
  auto zset = context.zset(args[1]);
  if (!zset.ok()) return zset.take_status();
  const IndexRange ranks = chosen_ranks(*zset, *range, *options);
  const auto form = options->with_scores ? MembersReply::scored(context.reply) : MembersReply::Form::kNames;
  MembersReply reply(context.reply, ranks.end - ranks.begin, form);
  walk(*zset, ranks, options->order,
       [&](std::string_view member, double score) { reply.add(member, score); });
  return {};
}

Status reply_count(Context& context, Args args, RangeBy by) {
  auto range = parse_zset_range(by, args[2], args[3]);
  if (!range.ok()) return range.take_status();
  auto zset = context.zset(args[1]);
  if (!zset.ok()) return zset.take_status();
  const IndexRange ranks = ranks_in(*zset, *range);
  context.reply.integer(static_cast<std::int64_t>(ranks.end - ranks.begin));
  return {};
}

Status remove_range(Context& context, Args args, RangeBy by, std::string_view event) {
  auto range = parse_zset_range(by, args[2], args[3]);
  if (!range.ok()) return range.take_status();
  auto zset = context.zset_to_change(args[1]);
  if (!zset.ok()) return zset.take_status();
  const IndexRange ranks = ranks_in(*zset, *range);
  context.reply.integer(static_cast<std::int64_t>(ranks.end - ranks.begin));
  return ranks.empty() ? Status() : remove_ranks(context, args[1], *zset, ranks.begin, ranks.end, event);
}

}  // namespace

Status zrange(Context& context, Args args) {
  return reply_range(context, args, {});
}
Status zrevrange(Context& context, Args args) {
  return reply_range(context, args, {.by = RangeBy::kRank, .order = Order::kBackwards});
}
Status zrangebyscore(Context& context, Args args) {
  return reply_range(context, args, {.by = RangeBy::kScore, .order = Order::kForwards});
}
Status zrevrangebyscore(Context& context, Args args) {
  return reply_range(context, args, {.by = RangeBy::kScore, .order = Order::kBackwards});
}
Status zrangebylex(Context& context, Args args) {
  return reply_range(context, args, {.by = RangeBy::kMember, .order = Order::kForwards});
}
Status zrevrangebylex(Context& context, Args args) {
  return reply_range(context, args, {.by = RangeBy::kMember, .order = Order::kBackwards});
}

// ZRANGESTORE destination source first last [option ...]. The members are views of the source until they are
// packed.
Status zrangestore(Context& context, Args args) {
  auto options = parse_range_options(args.subspan(5), {.with_scores = false});
  if (!options.ok()) return options.take_status();
  auto range = parse_bounds(args[3], args[4], *options);
  if (!range.ok()) return range.take_status();
  auto zset = context.zset(args[2]);
  if (!zset.ok()) return zset.take_status();
  const IndexRange ranks = chosen_ranks(*zset, *range, *options);
  std::vector<ScoredMember> members;
  members.reserve(ranks.end - ranks.begin);
  walk(*zset, ranks, Order::kForwards, [&](std::string_view member, double score) {
    members.push_back({member, score});
  });
  return store_members(context, args[1], members, "zrangestore");
}

Status zcount(Context& context, Args args) {
  return reply_count(context, args, RangeBy::kScore);
}
Status zlexcount(Context& context, Args args) {
  return reply_count(context, args, RangeBy::kMember);
}

Status zremrangebyrank(Context& context, Args args) {
  return remove_range(context, args, RangeBy::kRank, "zremrangebyrank");
}
Status zremrangebyscore(Context& context, Args args) {
  return remove_range(context, args, RangeBy::kScore, "zremrangebyscore");
}
Status zremrangebylex(Context& context, Args args) {
  return remove_range(context, args, RangeBy::kMember, "zremrangebylex");
}

}  // namespace stave
