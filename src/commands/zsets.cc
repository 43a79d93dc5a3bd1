// SPDX-License-Identifier: Apache-2.0
// Commands on one sorted set that need no range, and the table of all sorted set commands.
#include "src/commands/zsets.h"
#include "src/commands/blocking.h"

#include <cstdio>
#include <deque>
#include <limits>
#include <string>

#include "resp/number_text.h"
#include "src/ascii.h"
#include "src/command.h"
#include "src/commands/element_scan.h"
#include "src/commands/object.h"
#include "src/commands/random_elements.h"
#include "src/commands/sets.h"
#include "src/random.h"

namespace stave {
namespace {

void reply_score(resp::ReplyWriter& reply, std::optional<double> score) {
  score ? reply.double_number(*score) : reply.null();
}

Status zrem(Context& context, Args args) {
  auto zset = context.zset_to_change(args[1]);
  if (!zset.ok()) return zset.take_status();
  EditResult result;
  if (zset->size() > 0) {
    Edits edits;
    for (const std::string_view member : args.subspan(2)) edits.remove(member);
    if (Status status = context.edit(args[1], Type::kZset, edits, result); !status.ok()) return status;
    if (result.removed > 0) context.notify_taken(kZsetEvents, "zrem", args[1]);
  }
  context.reply.integer(static_cast<std::int64_t>(result.removed));
  return {};
}

Status zscore(Context& context, Args args) {
  auto zset = context.zset(args[1]);
  if (!zset.ok()) return zset.take_status();
  reply_score(context.reply, zset->score(args[2]));
  return {};
}

Status zmscore(Context& context, Args args) {
  auto zset = context.zset(args[1]);
  if (!zset.ok()) return zset.take_status();
  const Args members = args.subspan(2);
  context.reply.array(members.size());
  for (const std::string_view member : members) reply_score(context.reply, zset->score(member));
  return {};
}

Status zcard(Context& context, Args args) {
  auto zset = context.zset(args[1]);
  if (!zset.ok()) return zset.take_status();
  context.reply.integer(static_cast<std::int64_t>(zset->size()));
  return {};
}

void reply_rank(resp::ReplyWriter& reply, const ScoredMember& element, std::size_t rank, bool with_score) {
  if (with_score) reply.array(2);
  reply.integer(static_cast<std::int64_t>(rank));
  if (with_score) reply.double_number(element.score);
}

// ZRANK key member [WITHSCORE]
Status reply_rank_of(Context& context, Args args, std::string_view command, bool from_end) {
  if (args.size() > 4) return errors::wrong_arity(command);
  const bool with_score = args.size() == 4;
  if (with_score && !ascii::equal(args[3], "withscore")) return errors::kSyntax;
  auto zset = context.zset(args[1]);
  if (!zset.ok()) return zset.take_status();
  if (const auto rank = zset->rank(args[2])) {
    reply_rank(context.reply, zset->at(*rank), from_end ? zset->size() - 1 - *rank : *rank, with_score);
  } else {
    with_score ? context.reply.null_array() : context.reply.null();
  }
  return {};
}

Status zrank(Context& context, Args args) {
  return reply_rank_of(context, args, "zrank", false);
}
Status zrevrank(Context& context, Args args) {
  return reply_rank_of(context, args, "zrevrank", true);
}

Status random_members(Context& context, Args args) {
  auto count = random_count_argument(args[2]);
  if (!count.ok()) return count.take_status();
  const bool with_scores = args.size() == 4 && ascii::equal(args[3], "withscores");
  if (args.size() > 3 && !with_scores) return errors::kSyntax;
  constexpr std::int64_t kPairsMax = std::numeric_limits<std::int64_t>::max() / 2;
  if (with_scores && (*count > kPairsMax || *count < -kPairsMax)) return Error{"ERR value is out of range"};
  auto zset = context.zset(args[1]);
  if (!zset.ok()) return zset.take_status();
  const auto form = with_scores ? MembersReply::scored(context.reply) : MembersReply::Form::kNames;
  MembersReply reply(context.reply, drawn_count(zset->size(), *count), form);
  return reply_drawn(context.reply, ElementSource(*zset), *count,
                     [&](const Element& element) { reply.add(element.name, element.score); });
}

// ZRANDMEMBER key [count [WITHSCORES]]
Status zrandmember(Context& context, Args args) {
  if (args.size() > 2) return random_members(context, args);
  auto zset = context.zset(args[1]);
  if (!zset.ok()) return zset.take_status();
  zset->size() > 0 ? context.reply.bulk(zset->random(random_number()).member) : context.reply.null();
  return {};
}

// Redis scans a skiplist with 17 digits of each score, where other replies have as many as are needed.
std::string scanned_score(double score, bool skiplist) {
  char buffer[resp::kDoubleTextBytesMax];
  if (!skiplist) return std::string(resp::double_text(score, buffer));
  std::snprintf(buffer, sizeof buffer, "%.17g", score);
  return buffer;
}

// ZSCAN key cursor [MATCH pattern] [COUNT count]
Status zscan(Context& context, Args args) {
  auto cursor = cursor_argument(args[2]);
  if (!cursor.ok()) return cursor.take_status();
  auto zset = context.zset(args[1]);
  if (!zset.ok()) return zset.take_status();
  std::vector<std::string_view> elements;
  if (zset->size() == 0) {  // whatever the options are
    reply_scanned(context.reply, 0, elements);
    return {};
  }
  auto options = parse_element_scan(args.subspan(3));
  if (!options.ok()) return options.take_status();
  const bool skiplist = encoding_name(context.peek(args[1])) == "skiplist";
  std::deque<std::string> scores;
  const auto next = zset->scan(*cursor, options->count, [&](std::string_view member, double score) {
    if (!options->match(member)) return;
    elements.insert(elements.end(), {member, scores.emplace_back(scanned_score(score, skiplist))});
  });
  reply_scanned(context.reply, next, elements);
  return {};
}

// The range of the rows with counted keys is for routing, and find_keys says which they are. They begin at 2,
// behind their number, or at 1 with the destination.
constexpr Command counted_keys_command(std::string_view name, DataFunction function, int arity,
                                       std::uint32_t flags) {
  Command command = data_command(name, function, arity, flags | kMovableKeys, {2, -1, 1}, "sorted-set");
  command.find_keys = find_counted_keys;
  return command;
}
constexpr Command store_command(std::string_view name, DataFunction function) {
  constexpr std::uint32_t kFlags = kWrite | kDenyOom | kOneChange | kMovableKeys;
  Command command = data_command(name, function, -4, kFlags, {1, -1, 1}, "sorted-set");
  command.find_keys = find_stored_keys;
  return command;
}
constexpr Command one_key_command(std::string_view name, DataFunction function, int arity,
                                  std::uint32_t flags) {
  return data_command(name, function, arity, flags, {1, 1, 1}, "sorted-set");
}

constexpr Command kZsetCommands[] = {
    blocking_counted_command("bzmpop", bzmpop, "sorted-set"),
    blocking_command("bzpopmax", bzpopmax, kFast, "sorted-set"),
    blocking_command("bzpopmin", bzpopmin, kFast, "sorted-set"),
    one_key_command("zadd", zadd, -4, kWrite | kDenyOom | kFast),
    one_key_command("zcard", zcard, 2, kReadOnly | kFast),
    one_key_command("zcount", zcount, 4, kReadOnly | kFast),
    counted_keys_command("zdiff", zdiff, -3, kReadOnly),
    store_command("zdiffstore", zdiffstore),
    one_key_command("zincrby", zincrby, 4, kWrite | kDenyOom | kFast),
    counted_keys_command("zinter", zinter, -3, kReadOnly),
    counted_keys_command("zintercard", zintercard, -3, kReadOnly),
    store_command("zinterstore", zinterstore),
    one_key_command("zlexcount", zlexcount, 4, kReadOnly | kFast),
    counted_keys_command("zmpop", zmpop, -4, kWrite | kOneChange),
    one_key_command("zmscore", zmscore, -3, kReadOnly | kFast),
    one_key_command("zpopmax", zpopmax, -2, kWrite | kFast),
    one_key_command("zpopmin", zpopmin, -2, kWrite | kFast),
    one_key_command("zrandmember", zrandmember, -2, kReadOnly),
    one_key_command("zrange", zrange, -4, kReadOnly),
    one_key_command("zrangebylex", zrangebylex, -4, kReadOnly),
    one_key_command("zrangebyscore", zrangebyscore, -4, kReadOnly),
    data_command("zrangestore", zrangestore, -5, kWrite | kDenyOom | kOneChange, {1, 2, 1}, "sorted-set"),
    one_key_command("zrank", zrank, -3, kReadOnly | kFast),
    one_key_command("zrem", zrem, -3, kWrite | kFast),
    one_key_command("zremrangebylex", zremrangebylex, 4, kWrite),
    one_key_command("zremrangebyrank", zremrangebyrank, 4, kWrite),
    one_key_command("zremrangebyscore", zremrangebyscore, 4, kWrite),
    one_key_command("zrevrange", zrevrange, -4, kReadOnly),
    one_key_command("zrevrangebylex", zrevrangebylex, -4, kReadOnly),
    one_key_command("zrevrangebyscore", zrevrangebyscore, -4, kReadOnly),
    one_key_command("zrevrank", zrevrank, -3, kReadOnly | kFast),
    one_key_command("zscan", zscan, -3, kReadOnly),
    one_key_command("zscore", zscore, 3, kReadOnly | kFast),
    counted_keys_command("zunion", zunion, -3, kReadOnly),
    store_command("zunionstore", zunionstore),
};

}  // namespace

std::span<const Command> zset_commands() {
  return kZsetCommands;
}

}  // namespace stave
