// SPDX-License-Identifier: Apache-2.0
// SINTER, SUNION, SDIFF and their relatives. All sets are read before anything is made of them; members are
// views of the sets until they are replied or packed.
#include <algorithm>
#include <cassert>
#include <numeric>
#include <string>

#include "shards/collection.h"
#include "shards/set.h"
#include "src/ascii.h"
#include "src/commands/name_table.h"
#include "src/commands/sets.h"
#include "src/key_spec.h"
#include "src/numbers.h"

namespace stave {
namespace {

using Sets = std::vector<SetView>;
using Members = std::vector<std::string_view>;

constexpr std::size_t kNoLimit = ~std::size_t{0};

// One that is absent has no members; one of another type is an error, wherever it stands.
Result<Sets> read_sets(Context& context, Args names) {
  Sets sets;
  sets.reserve(names.size());
  for (const std::string_view name : names) {
    auto set = context.set(name);
    if (!set.ok()) return set.take_status();
    sets.push_back(*set);
  }
  return sets;
}

// As many as `limit`. Looks for the members of the smallest set in the others.
Members intersection(Sets sets, std::size_t limit) {
  std::sort(sets.begin(), sets.end(), [](const SetView& a, const SetView& b) { return a.size() < b.size(); });
  const auto others = std::span(sets).subspan(1);
  Members members;
  sets.front().for_each_while([&](std::string_view member) {
    const bool common = std::all_of(others.begin(), others.end(),
                                    [member](const SetView& other) { return other.contains(member); });
    if (common) members.push_back(member);
    return members.size() < limit;
  });
  return members;
}

Members union_of(const Sets& sets) {
  NameTable seen;
  Members members;
  for (const SetView& set : sets) {
    set.for_each([&](std::string_view member) {
      if (seen.insert(member).second) members.push_back(member);
    });
  }
  return members;
}

// Looks for the members of the first set in a table of all others', or, when these are many, in each of them.
Members difference(const Sets& sets) {
  const SetView& first = sets.front();
  const auto others = std::span(sets).subspan(1);
  const std::size_t other_members =
      std::accumulate(others.begin(), others.end(), std::size_t{0},
                      [](std::size_t sum, const SetView& set) { return sum + set.size(); });
  const bool tabled = other_members <= first.size();
  NameTable table;
  if (tabled) {
    for (const SetView& set : others) set.for_each([&](std::string_view member) { table.insert(member); });
  }
  const auto is_elsewhere = [&](std::string_view member) {
    if (tabled) return table.contains(member);
    return std::any_of(others.begin(), others.end(),
                       [member](const SetView& set) { return set.contains(member); });
  };
  Members members;
  first.for_each([&](std::string_view member) {
    if (!is_elsewhere(member)) members.push_back(member);
  });
  return members;
}

Members intersection_of(const Sets& sets) {
  return intersection(sets, kNoLimit);
}

using Operation = Members (*)(const Sets& sets);

// The same encoding as if they were added. Natively, because adding to the packed form takes time in
// proportion to its size.
std::string pack(const Members& members, const CollectionLimits& limits) {
  Edits edits;
  for (const std::string_view member : members) edits.add(member);
  std::string packed = empty_packed(Type::kSet);
  const auto set = unpack(Type::kSet, packed);
  EditResult result;
  [[maybe_unused]] const Status status = set->apply(edits.bytes(), limits, result);
  assert(status.ok());
  set->pack(packed);
  return packed;
}

Status reply_operation(Context& context, Args args, Operation operation) {
  auto sets = read_sets(context, args.subspan(1));
  if (!sets.ok()) return sets.take_status();
  const Members members = operation(*sets);
  context.reply.set(members.size());
  for (const std::string_view member : members) context.reply.bulk(member);
  return {};
}

// The destination is replaced, whatever it was; a result without members removes it.
Status store_operation(Context& context, Args args, Operation operation, std::string_view event) {
  auto sets = read_sets(context, args.subspan(2));
  if (!sets.ok()) return sets.take_status();
  const Members members = operation(*sets);
  Status status;
  if (!members.empty()) {
    const std::string packed = pack(members, context.limits.collections);
    status = context.set_value(args[1], {.value = packed, .type = Type::kSet});
    context.notify(kSetEvents, event, args[1]);
  } else if (context.peek(args[1]).exists) {
    status = context.remove(args[1]);
    context.notify(kGenericEvents, "del", args[1]);
  }
  if (!status.ok()) return status;
  context.reply.integer(static_cast<std::int64_t>(members.size()));
  return {};
}

// [LIMIT limit], where 0 means none.
Result<std::size_t> parse_limit(Args words) {
  std::size_t limit = 0;
  for (std::size_t at = 0; at < words.size(); at += 2) {
    if (!ascii::equal(words[at], "limit") || at + 1 == words.size()) return errors::kSyntax;
    const auto number = parse_integer(words[at + 1]);
    if (!number || *number < 0) return Error{"ERR LIMIT can't be negative"};
    limit = static_cast<std::size_t>(*number);
  }
  return limit == 0 ? kNoLimit : limit;
}

}  // namespace

Status sinter(Context& context, Args args) {
  return reply_operation(context, args, intersection_of);
}
Status sunion(Context& context, Args args) {
  return reply_operation(context, args, union_of);
}
Status sdiff(Context& context, Args args) {
  return reply_operation(context, args, difference);
}

Status sinterstore(Context& context, Args args) {
  return store_operation(context, args, intersection_of, "sinterstore");
}
Status sunionstore(Context& context, Args args) {
  return store_operation(context, args, union_of, "sunionstore");
}
Status sdiffstore(Context& context, Args args) {
  return store_operation(context, args, difference, "sdiffstore");
}

// SINTERCARD numkeys key [key ...] [LIMIT limit]
Status sintercard(Context& context, Args args) {
  const auto count = parse_integer(args[1]);
  if (!count || *count < 1) return Error{"ERR numkeys should be greater than 0"};
  const Args rest = args.subspan(2);
  if (static_cast<std::uint64_t>(*count) > rest.size())
    return Error{"ERR Number of keys can't be greater than number of args"};
  const auto keys = static_cast<std::size_t>(*count);
  auto limit = parse_limit(rest.subspan(keys));
  if (!limit.ok()) return limit.take_status();
  auto sets = read_sets(context, rest.first(keys));
  if (!sets.ok()) return sets.take_status();
  context.reply.integer(static_cast<std::int64_t>(intersection(*std::move(sets), *limit).size()));
  return {};
}

void find_counted_keys(Args args, std::vector<int>& positions) {
  // Arguments that do not fit have no keys; the command says what is wrong with them.
  if (!find_keys(counted_keys(1, 0), args, positions)) positions.clear();
}

}  // namespace stave
