// SPDX-License-Identifier: Apache-2.0
// ZPOPMIN, ZPOPMAX, ZMPOP, and their relatives that wait for members.
#include <algorithm>

#include "src/ascii.h"
#include "src/commands/blocking.h"
#include "src/commands/zsets.h"
#include "src/numbers.h"

namespace stave {
namespace {

enum class End { kMin, kMax };

// Replies the elements at this end, and removes them.
Status pop(Context& context, std::string_view name, const ZsetView& zset, End end, std::size_t count,
           MembersReply::Form form) {
  const std::size_t size = zset.size();
  const std::size_t popped = std::min(count, size);
  MembersReply reply(context.reply, popped, form);
  if (popped == 0) return {};
  std::size_t rest = popped;
  const bool backwards = end == End::kMax;
  zset.walk(backwards ? size - 1 : 0, backwards, [&](std::string_view member, double score) {
    reply.add(member, score);
    return --rest > 0;
  });
  return remove_ranks(context, name, zset, backwards ? size - popped : 0, backwards ? size : popped,
                      backwards ? "zpopmax" : "zpopmin");
}

// ZPOPMIN key [count]. Without a count the reply is flat in RESP3, too.
Status pop_from(Context& context, Args args, End end) {
  if (args.size() > 3) return errors::kSyntax;
  std::int64_t count = 1;
  MembersReply::Form form = MembersReply::Form::kFlat;
  if (args.size() == 3) {
    const auto number = parse_integer(args[2]);
    if (!number || *number < 0) return Error{"ERR value is out of range, must be positive"};
    count = *number;
    form = MembersReply::scored(context.reply);
  }
  auto zset = context.zset_to_change(args[1]);
  if (!zset.ok()) return zset.take_status();
  return pop(context, args[1], *zset, end, static_cast<std::size_t>(count), form);
}

// BZPOPMIN key [key ...] timeout
Status pop_or_wait(Context& context, Args args, End end) {
  if (auto timeout = timeout_argument(args.back(), context.now_ms); !timeout.ok())
    return timeout.take_status();
  for (const std::string_view name : args.subspan(1, args.size() - 2)) {
    auto zset = context.zset_to_change(name);
    if (!zset.ok()) return zset.take_status();
    if (zset->size() == 0) continue;
    const std::size_t rank = end == End::kMin ? 0 : zset->size() - 1;
    context.reply.array(3);
    context.reply.bulk(name);
    zset->walk(rank, false, [&](std::string_view member, double score) {
      context.reply.bulk(member);
      context.reply.double_number(score);
      return false;
    });
    return remove_ranks(context, name, *zset, rank, rank + 1, end == End::kMin ? "zpopmin" : "zpopmax");
  }
  return wait_for_elements(context);
}

struct PopOptions {
  Args keys;
  End end = End::kMin;
  std::size_t count = 1;
};

// [COUNT count], once
Result<std::size_t> parse_count(Args words) {
  if (words.empty()) return std::size_t{1};
  if (words.size() == 1 || !ascii::equal(words[0], "count")) return errors::kSyntax;
  const auto count = parse_integer(words[1]);
  if (!count || *count < 1) return Error{"ERR count should be greater than 0"};
  if (words.size() > 2) return errors::kSyntax;
  return static_cast<std::size_t>(*count);
}

// numkeys key [key ...] <MIN | MAX> [COUNT count]
Result<PopOptions> parse_pop_options(Args words) {
  const auto number = parse_integer(words[0]);
  if (!number || *number < 1) return Error{"ERR numkeys should be greater than 0"};
  words = words.subspan(1);
  if (static_cast<std::uint64_t>(*number) >= words.size()) return errors::kSyntax;
  const auto keys = static_cast<std::size_t>(*number);
  PopOptions options;
  options.keys = words.first(keys);
  if (ascii::equal(words[keys], "max")) {
    options.end = End::kMax;
  } else if (!ascii::equal(words[keys], "min")) {
    return errors::kSyntax;
  }
  auto count = parse_count(words.subspan(keys + 1));
  if (!count.ok()) return count.take_status();
  options.count = *count;
  return options;
}

// What the keys behind the first sorted set are does not matter. `nothing` replies when there is none.
Status pop_from_first(Context& context, const PopOptions& options, Status (*nothing)(Context&)) {
  for (const std::string_view name : options.keys) {
    auto zset = context.zset_to_change(name);
    if (!zset.ok()) return zset.take_status();
    if (zset->size() == 0) continue;
    context.reply.array(2);
    context.reply.bulk(name);
    return pop(context, name, *zset, options.end, options.count, MembersReply::Form::kPairs);
  }
  return nothing(context);
}

Status reply_nothing(Context& context) {
  context.reply.null_array();
  return {};
}

}  // namespace

Status zpopmin(Context& context, Args args) {
  return pop_from(context, args, End::kMin);
}
Status zpopmax(Context& context, Args args) {
  return pop_from(context, args, End::kMax);
}

Status zmpop(Context& context, Args args) {
  auto options = parse_pop_options(args.subspan(1));
  if (!options.ok()) return options.take_status();
  return pop_from_first(context, *options, reply_nothing);
}

// BZMPOP timeout numkeys key [key ...] <MIN | MAX> [COUNT count]
Status bzmpop(Context& context, Args args) {
  auto options = parse_pop_options(args.subspan(2));
  if (!options.ok()) return options.take_status();
  if (auto timeout = timeout_argument(args[1], context.now_ms); !timeout.ok()) return timeout.take_status();
  return pop_from_first(context, *options, wait_for_elements);
}

Status bzpopmin(Context& context, Args args) {
  return pop_or_wait(context, args, End::kMin);
}
Status bzpopmax(Context& context, Args args) {
  return pop_or_wait(context, args, End::kMax);
}

}  // namespace stave
