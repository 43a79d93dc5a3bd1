// SPDX-License-Identifier: Apache-2.0
// Commands on one set, and the table of all set commands.
#include "src/commands/sets.h"

#include "shards/set.h"
#include "src/command.h"
#include "src/commands/arguments.h"
#include "src/commands/element_scan.h"
#include "src/commands/random_elements.h"
#include "src/numbers.h"
#include "src/random.h"

namespace stave {
namespace {

Status sadd(Context& context, Args args) {
  if (auto set = context.set_to_change(args[1]); !set.ok()) return set.take_status();
  Edits edits;
  for (const std::string_view member : args.subspan(2)) edits.add(member);
  EditResult result;
  if (Status status = context.edit(args[1], Type::kSet, edits, result); !status.ok()) return status;
  if (result.added > 0) context.notify(kSetEvents, "sadd", args[1]);
  context.reply.integer(static_cast<std::int64_t>(result.added));
  return {};
}

Status srem(Context& context, Args args) {
  auto set = context.set_to_change(args[1]);
  if (!set.ok()) return set.take_status();
  EditResult result;
  if (set->size() > 0) {
    Edits edits;
    for (const std::string_view member : args.subspan(2)) edits.remove(member);
    if (Status status = context.edit(args[1], Type::kSet, edits, result); !status.ok()) return status;
    if (result.removed > 0) context.notify_taken(kSetEvents, "srem", args[1]);
  }
  context.reply.integer(static_cast<std::int64_t>(result.removed));
  return {};
}

Status smembers(Context& context, Args args) {
  auto set = context.set(args[1]);
  if (!set.ok()) return set.take_status();
  context.reply.set(set->size());
  set->for_each([&](std::string_view member) { context.reply.bulk(member); });
  return {};
}

Status sismember(Context& context, Args args) {
  auto set = context.set(args[1]);
  if (!set.ok()) return set.take_status();
  context.reply.integer(set->contains(args[2]) ? 1 : 0);
  return {};
}

Status smismember(Context& context, Args args) {
  auto set = context.set(args[1]);
  if (!set.ok()) return set.take_status();
  const Args members = args.subspan(2);
  context.reply.array(members.size());
  for (const std::string_view member : members) context.reply.integer(set->contains(member) ? 1 : 0);
  return {};
}

Status scard(Context& context, Args args) {
  auto set = context.set(args[1]);
  if (!set.ok()) return set.take_status();
  context.reply.integer(static_cast<std::int64_t>(set->size()));
  return {};
}

Status pop_one(Context& context, std::string_view name) {
  auto set = context.set_to_change(name);
  if (!set.ok()) return set.take_status();
  if (set->size() == 0) {
    context.reply.null();
    return {};
  }
  const std::string_view member = set->random(random_number());
  context.reply.bulk(member);
  Edits edits;
  edits.remove(member);
  EditResult result;
  if (Status status = context.edit(name, Type::kSet, edits, result); !status.ok()) return status;
  context.notify_taken(kSetEvents, "spop", name);
  return {};
}

Status pop_several(Context& context, std::string_view name, std::size_t count) {
  auto set = context.set_to_change(name);
  if (!set.ok()) return set.take_status();
  const bool all = count >= set->size();
  const std::size_t popped = all ? set->size() : count;
  context.reply.set(popped);
  if (popped == 0) return {};
  Edits edits;
  draw_different(ElementSource(*set), popped, [&](const Element& element) {
    context.reply.bulk(element.name);
    if (!all) edits.remove(element.name);
  });
  EditResult result;
  if (Status status = all ? context.remove(name) : context.edit(name, Type::kSet, edits, result);
      !status.ok())
    return status;
  context.notify_taken(kSetEvents, "spop", name);
  return {};
}

// SPOP key [count]
Status spop(Context& context, Args args) {
  if (args.size() > 3) return errors::kSyntax;
  if (args.size() == 2) return pop_one(context, args[1]);
  const auto count = parse_integer(args[2]);
  if (!count || *count < 0) return Error{"ERR value is out of range, must be positive"};
  return pop_several(context, args[1], static_cast<std::size_t>(*count));
}

Status random_members(Context& context, Args args) {
  auto count = random_count_argument(args[2]);
  if (!count.ok()) return count.take_status();
  auto set = context.set(args[1]);
  if (!set.ok()) return set.take_status();
  context.reply.array(drawn_count(set->size(), *count));
  return reply_drawn(context.reply, ElementSource(*set), *count,
                     [&](const Element& element) { context.reply.bulk(element.name); });
}

// SRANDMEMBER key [count]
Status srandmember(Context& context, Args args) {
  if (args.size() > 3) return errors::kSyntax;
  if (args.size() == 3) return random_members(context, args);
  auto set = context.set(args[1]);
  if (!set.ok()) return set.take_status();
  set->size() > 0 ? context.reply.bulk(set->random(random_number())) : context.reply.null();
  return {};
}

Status move_member(Context& context, std::string_view from, std::string_view to, std::string_view member) {
  Edits addition;
  addition.add(member);
  EditResult added;
  const bool is_new = context.limits.events.has(kNewKeyEvents) && !context.peek(to).exists;
  // First into the other set: after an error it is in both rather than in none.
  const Key other = context.key(to);
  if (Status status = context.keys.edit(other, Type::kSet, addition.bytes(), added); !status.ok())
    return status;
  Edits removal;
  removal.remove(member);
  EditResult removed;
  if (Status status = context.edit(from, Type::kSet, removal, removed); !status.ok()) return status;
  // Told in Redis' order.
  context.notify_taken(kSetEvents, "srem", from);
  if (is_new) context.notify(kNewKeyEvents, "new", to);
  if (added.added > 0) context.notify(kSetEvents, "sadd", to);
  return {};
}

// SMOVE source destination member. What the destination is matters only when there is a source.
Status smove(Context& context, Args args) {
  auto source = context.set_to_change(args[1]);
  if (!source.ok()) return source.take_status();
  bool moved = source->size() > 0;
  if (moved) {
    if (auto destination = context.set_to_change(args[2]); !destination.ok())
      return destination.take_status();
    moved = source->contains(args[3]);
  }
  if (moved && args[1] != args[2]) {
    if (Status status = move_member(context, args[1], args[2], args[3]); !status.ok()) return status;
  }
  context.reply.integer(moved ? 1 : 0);
  return {};
}

// SSCAN key cursor [MATCH pattern] [COUNT count]
Status sscan(Context& context, Args args) {
  auto cursor = cursor_argument(args[2]);
  if (!cursor.ok()) return cursor.take_status();
  auto set = context.set(args[1]);
  if (!set.ok()) return set.take_status();
  std::vector<std::string_view> members;
  if (set->size() == 0) {  // whatever the options are
    reply_scanned(context.reply, 0, members);
    return {};
  }
  auto options = parse_element_scan(args.subspan(3));
  if (!options.ok()) return options.take_status();
  const std::uint64_t next = set->scan(*cursor, options->count, [&](std::string_view member) {
    if (options->match(member)) members.push_back(member);
  });
  reply_scanned(context.reply, next, members);
  return {};
}

// The keys of SINTERCARD begin at 2, behind their number; this is for routing, and find_keys says which.
constexpr Command counted_keys_command(std::string_view name, DataFunction function, int arity,
                                       std::uint32_t flags) {
  Command command = data_command(name, function, arity, flags | kMovableKeys, {2, -1, 1}, "set");
  command.find_keys = find_counted_keys;
  return command;
}

constexpr KeyRange kFirst{1, 1, 1};
constexpr KeyRange kAll{1, -1, 1};

constexpr Command kSetCommands[] = {
    data_command("sadd", sadd, -3, kWrite | kDenyOom | kFast, kFirst, "set"),
    data_command("scard", scard, 2, kReadOnly | kFast, kFirst, "set"),
    data_command("sdiff", sdiff, -2, kReadOnly, kAll, "set"),
    data_command("sdiffstore", sdiffstore, -3, kWrite | kDenyOom | kOneChange, kAll, "set"),
    data_command("sinter", sinter, -2, kReadOnly, kAll, "set"),
    counted_keys_command("sintercard", sintercard, -3, kReadOnly),
    data_command("sinterstore", sinterstore, -3, kWrite | kDenyOom | kOneChange, kAll, "set"),
    data_command("sismember", sismember, 3, kReadOnly | kFast, kFirst, "set"),
    data_command("smembers", smembers, 2, kReadOnly, kFirst, "set"),
    data_command("smismember", smismember, -3, kReadOnly | kFast, kFirst, "set"),
    data_command("smove", smove, 4, kWrite | kFast | kEdits, {1, 2, 1}, "set"),
    data_command("spop", spop, -2, kWrite | kFast, kFirst, "set"),
    data_command("srandmember", srandmember, -2, kReadOnly, kFirst, "set"),
    data_command("srem", srem, -3, kWrite | kFast, kFirst, "set"),
    data_command("sscan", sscan, -3, kReadOnly, kFirst, "set"),
    data_command("sunion", sunion, -2, kReadOnly, kAll, "set"),
    data_command("sunionstore", sunionstore, -3, kWrite | kDenyOom | kOneChange, kAll, "set"),
};

}  // namespace

std::span<const Command> set_commands() {
  return kSetCommands;
}

}  // namespace stave
