// SPDX-License-Identifier: Apache-2.0
// List commands that take elements from the ends of lists: LPOP, LMPOP, LMOVE and their relatives, also those
// that wait for elements.
#include <algorithm>

#include "src/ascii.h"
#include "src/commands/blocking.h"
#include "src/commands/lists.h"
#include "src/numbers.h"

namespace stave {
namespace {

// REQUIRES: the list has so many.
Status drop(Context& context, std::string_view name, ListEnd end, std::size_t count) {
  Edits edits;
  add_pop(edits, end, count);
  EditResult result;
  if (Status status = context.edit(name, Type::kList, edits, result); !status.ok()) return status;
  context.notify_taken(kListEvents, pop_event(end), name);
  return {};
}

// REQUIRES: the list has elements.
std::size_t index_of(ListEnd end, const ListView& list) {
  return end == ListEnd::kHead ? 0 : list.size() - 1;
}

Status pop_one(Context& context, std::string_view name, ListEnd end) {
  auto list = context.list_to_change(name);
  if (!list.ok()) return list.take_status();
  if (list->size() == 0) {
    context.reply.null();
    return {};
  }
  context.reply.bulk(*list->at(index_of(end, *list)));
  return drop(context, name, end, 1);
}

// Replies an array of the elements, that at the end first; fewer than `count` when the list has no more.
// REQUIRES: the list has elements.
Status pop_several(Context& context, std::string_view name, const ListView& list, ListEnd end,
                   std::uint64_t count) {
  const std::size_t popped = std::min<std::uint64_t>(count, list.size());
  reply_elements(context.reply, list, index_of(end, list), popped, end == ListEnd::kTail);
  return popped > 0 ? drop(context, name, end, popped) : Status();
}

Status pop_counted(Context& context, std::string_view name, ListEnd end, std::string_view count_text) {
  const auto count = parse_integer(count_text);
  if (!count || *count < 0) return Error{"ERR value is out of range, must be positive"};
  auto list = context.list_to_change(name);
  if (!list.ok()) return list.take_status();
  if (list->size() > 0) return pop_several(context, name, *list, end, static_cast<std::uint64_t>(*count));
  context.reply.null_array();
  return {};
}

// LPOP key [count]
Status pop(Context& context, Args args, ListEnd end, std::string_view command) {
  if (args.size() > 3) return errors::wrong_arity(command);
  return args.size() == 2 ? pop_one(context, args[1], end) : pop_counted(context, args[1], end, args[2]);
}

Result<ListEnd> end_argument(std::string_view word) {
  if (ascii::equal(word, "left")) return ListEnd::kHead;
  if (ascii::equal(word, "right")) return ListEnd::kTail;
  return errors::kSyntax;
}

// Takes the list's element at one end to its other end.
Status rotate(Context& context, std::string_view name, ListEnd from, std::string_view element) {
  Edits edits;
  add_pop(edits, from, 1);
  add_push(edits, from == ListEnd::kHead ? ListEnd::kTail : ListEnd::kHead, element);
  EditResult result;
  return context.edit(name, Type::kList, edits, result);
}

struct Move {
  std::string_view source;
  std::string_view destination;
  ListEnd from = ListEnd::kTail;
  ListEnd to = ListEnd::kHead;
};

// REQUIRES: the lists differ; `element` is that to be moved.
Status move_between(Context& context, const Move& move, std::string_view element) {
  Edits edits;
  add_push(edits, move.to, element);
  EditResult result;
  // First into the other list: after an error it is in both rather than in none.
  if (Status status = context.edit(move.destination, Type::kList, edits, result); !status.ok()) return status;
  context.notify(kListEvents, push_event(move.to), move.destination);
  return drop(context, move.source, move.from, 1);
}

// What the destination is matters only when there is a source.
Status move_element(Context& context, const Move& move) {
  auto source = context.list_to_change(move.source);
  if (!source.ok()) return source.take_status();
  if (source->size() == 0) {
    context.reply.null();
    return {};
  }
  if (auto destination = context.list_to_change(move.destination); !destination.ok())
    return destination.take_status();
  const std::string_view element = *source->at(index_of(move.from, *source));
  context.reply.bulk(element);
  if (move.source != move.destination) return move_between(context, move, element);
  const bool stays = move.from == move.to || source->size() == 1;
  if (Status status = stays ? Status() : rotate(context, move.source, move.from, element); !status.ok())
    return status;
  context.notify(kListEvents, push_event(move.to), move.source);
  context.notify(kListEvents, pop_event(move.from), move.source);
  return {};
}

Status move_or_wait(Context& context, const Move& move) {
  auto source = context.list_to_change(move.source);
  if (!source.ok()) return source.take_status();
  context.blocks = source->size() == 0;
  return move_element(context, move);
}

// BLPOP key [key ...] timeout
Status pop_or_wait(Context& context, Args args, ListEnd end) {
  if (auto timeout = timeout_argument(args.back(), context.now_ms); !timeout.ok())
    return timeout.take_status();
  for (const std::string_view name : args.subspan(1, args.size() - 2)) {
    auto list = context.list_to_change(name);
    if (!list.ok()) return list.take_status();
    if (list->size() == 0) continue;
    context.reply.array(2);
    context.reply.bulk(name);
    context.reply.bulk(*list->at(index_of(end, *list)));
    return drop(context, name, end, 1);
  }
  return wait_for_elements(context);
}

struct ManyPop {
  Args keys;
  ListEnd end = ListEnd::kHead;
  std::uint64_t count = 1;
};

// Nothing, or COUNT count.
Result<std::uint64_t> parse_count(Args words) {
  if (words.empty()) return std::uint64_t{1};
  if (!ascii::equal(words[0], "count") || words.size() == 1) return errors::kSyntax;
  const auto count = parse_integer(words[1]);
  if (!count || *count < 1) return Error{"ERR count should be greater than 0"};
  if (words.size() > 2) return errors::kSyntax;
  return static_cast<std::uint64_t>(*count);
}

// numkeys key [key ...] LEFT|RIGHT [COUNT count]
Result<ManyPop> parse_many_pop(Args words) {
  const auto number = parse_integer(words[0]);
  if (!number || *number < 1) return Error{"ERR numkeys should be greater than 0"};
  const Args rest = words.subspan(1);
  const auto keys = static_cast<std::uint64_t>(*number);
  if (keys >= rest.size()) return errors::kSyntax;
  auto end = end_argument(rest[keys]);
  if (!end.ok()) return end.take_status();
  auto count = parse_count(rest.subspan(keys + 1));
  if (!count.ok()) return count.take_status();
  return ManyPop{rest.first(keys), *end, *count};
}

// Keys behind the first list do not matter. `nothing` replies when there is none.
Status pop_from_first(Context& context, const ManyPop& options, Status (*nothing)(Context&)) {
  for (const std::string_view name : options.keys) {
    auto list = context.list_to_change(name);
    if (!list.ok()) return list.take_status();
    if (list->size() == 0) continue;
    context.reply.array(2);
    context.reply.bulk(name);
    return pop_several(context, name, *list, options.end, options.count);
  }
  return nothing(context);
}

Status reply_nothing(Context& context) {
  context.reply.null_array();
  return {};
}

}  // namespace

Status lpop(Context& context, Args args) {
  return pop(context, args, ListEnd::kHead, "lpop");
}
Status rpop(Context& context, Args args) {
  return pop(context, args, ListEnd::kTail, "rpop");
}

// LMOVE source destination LEFT|RIGHT LEFT|RIGHT
Status lmove(Context& context, Args args) {
  auto from = end_argument(args[3]);
  if (!from.ok()) return from.take_status();
  auto to = end_argument(args[4]);
  if (!to.ok()) return to.take_status();
  return move_element(context, {.source = args[1], .destination = args[2], .from = *from, .to = *to});
}

Status rpoplpush(Context& context, Args args) {
  return move_element(context, {.source = args[1], .destination = args[2]});
}

// BLMOVE source destination LEFT|RIGHT LEFT|RIGHT timeout
Status blmove(Context& context, Args args) {
  auto from = end_argument(args[3]);
  if (!from.ok()) return from.take_status();
  auto to = end_argument(args[4]);
  if (!to.ok()) return to.take_status();
  if (auto timeout = timeout_argument(args[5], context.now_ms); !timeout.ok()) return timeout.take_status();
  return move_or_wait(context, {.source = args[1], .destination = args[2], .from = *from, .to = *to});
}

// BRPOPLPUSH source destination timeout
Status brpoplpush(Context& context, Args args) {
  if (auto timeout = timeout_argument(args[3], context.now_ms); !timeout.ok()) return timeout.take_status();
  return move_or_wait(context, {.source = args[1], .destination = args[2]});
}

// LMPOP numkeys key [key ...] LEFT|RIGHT [COUNT count]
Status lmpop(Context& context, Args args) {
  auto options = parse_many_pop(args.subspan(1));
  if (!options.ok()) return options.take_status();
  return pop_from_first(context, *options, reply_nothing);
}

// BLMPOP timeout numkeys key [key ...] LEFT|RIGHT [COUNT count]
Status blmpop(Context& context, Args args) {
  auto options = parse_many_pop(args.subspan(2));
  if (!options.ok()) return options.take_status();
  if (auto timeout = timeout_argument(args[1], context.now_ms); !timeout.ok()) return timeout.take_status();
  return pop_from_first(context, *options, wait_for_elements);
}

Status blpop(Context& context, Args args) {
  return pop_or_wait(context, args, ListEnd::kHead);
}
Status brpop(Context& context, Args args) {
  return pop_or_wait(context, args, ListEnd::kTail);
}

}  // namespace stave
