// SPDX-License-Identifier: Apache-2.0
// List commands that push, or reach elements by index, and the table of all list commands.
#include "src/commands/lists.h"

#include <algorithm>
#include <optional>

#include "src/command.h"
#include "src/commands/arguments.h"
#include "src/commands/blocking.h"
#include "src/commands/sets.h"

namespace stave {
namespace {

enum class When : std::uint8_t { kAlways, kOnlyIfExists };

Status push(Context& context, Args args, ListEnd end, When when) {
  auto list = context.list_to_change(args[1]);
  if (!list.ok()) return list.take_status();
  std::size_t size = list->size();
  if (size > 0 || when == When::kAlways) {
    const Args elements = args.subspan(2);
    Edits edits;
    for (const std::string_view element : elements) add_push(edits, end, element);
    EditResult result;
    if (Status status = context.edit(args[1], Type::kList, edits, result); !status.ok()) return status;
    context.notify(kListEvents, push_event(end), args[1]);
    size += elements.size();
  }
  context.reply.integer(static_cast<std::int64_t>(size));
  return {};
}

Status lpush(Context& context, Args args) {
  return push(context, args, ListEnd::kHead, When::kAlways);
}
Status rpush(Context& context, Args args) {
  return push(context, args, ListEnd::kTail, When::kAlways);
}
Status lpushx(Context& context, Args args) {
  return push(context, args, ListEnd::kHead, When::kOnlyIfExists);
}
Status rpushx(Context& context, Args args) {
  return push(context, args, ListEnd::kTail, When::kOnlyIfExists);
}

Status llen(Context& context, Args args) {
  auto list = context.list(args[1]);
  if (!list.ok()) return list.take_status();
  context.reply.integer(static_cast<std::int64_t>(list->size()));
  return {};
}

// The inclusive positions of LRANGE and LTRIM as they stand there: negative ones count from the tail.
struct Positions {
  std::int64_t first = 0;
  std::int64_t last = 0;

  // Unlike clamp_range(), where a `last` before the head means the first element, this has nothing then.
  IndexRange within(std::size_t size) const {
    const auto count = static_cast<std::int64_t>(size);
    const std::int64_t begin = first < 0 ? std::max<std::int64_t>(first + count, 0) : first;
    const std::int64_t end = std::min(last < 0 ? last + count : last, count - 1) + 1;
    if (begin >= end) return {};
    return {static_cast<std::size_t>(begin), static_cast<std::size_t>(end)};
  }
};

Result<Positions> positions_argument(std::string_view first, std::string_view last) {
  auto from = integer_argument(first);
  if (!from.ok()) return from.take_status();
  auto to = integer_argument(last);
  if (!to.ok()) return to.take_status();
  return Positions{*from, *to};
}

// Nothing when it is outside the list.
std::optional<std::size_t> index_of(std::int64_t position, std::size_t size) {
  if (position < 0) position += static_cast<std::int64_t>(size);
  if (position < 0 || position >= static_cast<std::int64_t>(size)) return std::nullopt;
  return static_cast<std::size_t>(position);
}

Status lrange(Context& context, Args args) {
  auto positions = positions_argument(args[2], args[3]);
  if (!positions.ok()) return positions.take_status();
  auto list = context.list(args[1]);
  if (!list.ok()) return list.take_status();
  const IndexRange range = positions->within(list->size());
  reply_elements(context.reply, *list, range.begin, range.end - range.begin, false);
  return {};
}

Status ltrim(Context& context, Args args) {
  auto positions = positions_argument(args[2], args[3]);
  if (!positions.ok()) return positions.take_status();
  auto list = context.list_to_change(args[1]);
  if (!list.ok()) return list.take_status();
  const std::size_t size = list->size();
  const IndexRange kept = positions->within(size);
  Edits edits;
  if (kept.end < size) edits.pop_tail(size - kept.end);
  if (kept.begin > 0) edits.pop_head(kept.begin);
  if (!edits.empty()) {
    EditResult result;
    if (Status status = context.edit(args[1], Type::kList, edits, result); !status.ok()) return status;
  }
  if (size > 0) context.notify_taken(kListEvents, "ltrim", args[1]);
  context.reply.ok();
  return {};
}

// What stands for the index matters only when there is a list.
Status lindex(Context& context, Args args) {
  auto list = context.list(args[1]);
  if (!list.ok()) return list.take_status();
  if (list->size() == 0) {
    context.reply.null();
    return {};
  }
  auto position = integer_argument(args[2]);
  if (!position.ok()) return position.take_status();
  const auto index = index_of(*position, list->size());
  index ? context.reply.bulk(*list->at(*index)) : context.reply.null();
  return {};
}

Status lset(Context& context, Args args) {
  auto list = context.list_to_change(args[1]);
  if (!list.ok()) return list.take_status();
  if (list->size() == 0) return errors::kNoSuchKey;
  auto position = integer_argument(args[2]);
  if (!position.ok()) return position.take_status();
  const auto index = index_of(*position, list->size());
  if (!index) return Error{"ERR index out of range"};
  Edits edits;
  edits.set_at(*index, args[3]);
  EditResult result;
  if (Status status = context.edit(args[1], Type::kList, edits, result); !status.ok()) return status;
  context.notify(kListEvents, "lset", args[1]);
  context.reply.ok();
  return {};
}

// The keys of LMPOP begin at 2, behind their number; this is for routing, and find_keys says which.
constexpr Command counted_keys_command(std::string_view name, DataFunction function, int arity,
                                       std::uint32_t flags) {
  Command command = data_command(name, function, arity, flags | kMovableKeys, {2, -1, 1}, "list");
  command.find_keys = find_counted_keys;
  return command;
}

constexpr KeyRange kFirst{1, 1, 1};
constexpr KeyRange kFirstTwo{1, 2, 1};

constexpr Command kListCommands[] = {
    data_command("blmove", blmove, 6, kBlocks | kDenyOom, kFirstTwo, "list"),
    blocking_counted_command("blmpop", blmpop, "list"),
    blocking_command("blpop", blpop, 0, "list"),
    blocking_command("brpop", brpop, 0, "list"),
    data_command("brpoplpush", brpoplpush, 4, kBlocks | kDenyOom, kFirstTwo, "list"),
    data_command("lindex", lindex, 3, kReadOnly, kFirst, "list"),
    data_command("linsert", linsert, 5, kWrite | kDenyOom, kFirst, "list"),
    data_command("llen", llen, 2, kReadOnly | kFast, kFirst, "list"),
    data_command("lmove", lmove, 5, kWrite | kDenyOom | kEdits, kFirstTwo, "list"),
    counted_keys_command("lmpop", lmpop, -4, kWrite | kOneChange),
    data_command("lpop", lpop, -2, kWrite | kFast, kFirst, "list"),
    data_command("lpos", lpos, -3, kReadOnly, kFirst, "list"),
    data_command("lpush", lpush, -3, kWrite | kDenyOom | kFast, kFirst, "list"),
    data_command("lpushx", lpushx, -3, kWrite | kDenyOom | kFast, kFirst, "list"),
    data_command("lrange", lrange, 4, kReadOnly, kFirst, "list"),
    data_command("lrem", lrem, 4, kWrite, kFirst, "list"),
    data_command("lset", lset, 4, kWrite | kDenyOom, kFirst, "list"),
    data_command("ltrim", ltrim, 4, kWrite, kFirst, "list"),
    data_command("rpop", rpop, -2, kWrite | kFast, kFirst, "list"),
    data_command("rpoplpush", rpoplpush, 3, kWrite | kDenyOom | kEdits, kFirstTwo, "list"),
    data_command("rpush", rpush, -3, kWrite | kDenyOom | kFast, kFirst, "list"),
    data_command("rpushx", rpushx, -3, kWrite | kDenyOom | kFast, kFirst, "list"),
};

}  // namespace

void reply_elements(resp::ReplyWriter& reply, const ListView& list, std::size_t index, std::size_t count,
                    bool backwards) {
  reply.array(count);
  if (count == 0) return;
  list.for_each_while(index, backwards, [&reply, &count](std::string_view element) {
    reply.bulk(element);
    return --count > 0;
  });
}

std::span<const Command> list_commands() {
  return kListCommands;
}

}  // namespace stave
