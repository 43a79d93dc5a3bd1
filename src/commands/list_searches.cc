// SPDX-License-Identifier: Apache-2.0
// List commands that look for elements: LPOS, LREM, LINSERT.
#include <functional>
#include <limits>
#include <optional>
#include <vector>

#include "src/ascii.h"
#include "src/commands/arguments.h"
#include "src/commands/lists.h"
#include "src/numbers.h"

namespace stave {
namespace {

constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();

// A walk over a list from one of its ends, for elements equal to one.
struct Search {
  std::string_view element;
  bool backwards = false;
  std::uint64_t visits_max = kAll;
  std::uint64_t skipped = 0;  // matches at its beginning that do not count
  std::uint64_t matches_max = kAll;
};

// Calls `found` with the index of each match.
template <typename Function>
void find_matches(const ListView& list, const Search& search, Function found) {
  if (list.size() == 0) return;
  std::size_t index = search.backwards ? list.size() - 1 : 0;
  std::uint64_t visits = 0;
  std::uint64_t matches = 0;
  const auto visit = [&](std::string_view element) {
    if (element == search.element && ++matches > search.skipped) found(index);
    search.backwards ? --index : ++index;
    const bool enough = matches > search.skipped && matches - search.skipped >= search.matches_max;
    return !enough && ++visits < search.visits_max;
  };
  // By reference: a copy of it would need memory of its own.
  list.for_each_while(index, search.backwards, std::ref(visit));
}

// Of a negative number, too, how large it is.
std::uint64_t magnitude(std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(number);
  return number < 0 ? 0 - bits : bits;
}

struct PositionOptions {
  std::int64_t rank = 1;
  std::optional<std::uint64_t> count;  // 0: all
  std::uint64_t visits_max = 0;        // 0: all
};

Status parse_rank(std::string_view text, PositionOptions& options) {
  auto rank = integer_argument(text);
  if (!rank.ok()) return rank.take_status();
  if (*rank == std::numeric_limits<std::int64_t>::min())
    return Error{
        "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"};
  if (*rank == 0) {
    return Error{
        "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative "
        "to start from the end of the list"};
  }
  options.rank = *rank;
  return {};
}

Result<std::uint64_t> natural_argument(std::string_view text, Error negative) {
  const auto number = parse_integer(text);
  if (!number || *number < 0) return negative;
  return static_cast<std::uint64_t>(*number);
}

// One option with its value.
Status parse_option(std::string_view name, std::string_view value, PositionOptions& options) {
  if (ascii::equal(name, "rank")) return parse_rank(value, options);
  const bool is_count = ascii::equal(name, "count");
  if (!is_count && !ascii::equal(name, "maxlen")) return errors::kSyntax;
  auto number = natural_argument(
      value, is_count ? Error{"ERR COUNT can't be negative"} : Error{"ERR MAXLEN can't be negative"});
  if (!number.ok()) return number.take_status();
  if (is_count)
    options.count = *number;
  else
    options.visits_max = *number;
  return {};
}

// [RANK rank] [COUNT num-matches] [MAXLEN len]
Result<PositionOptions> parse_position_options(Args words) {
  PositionOptions options;
  for (std::size_t at = 0; at < words.size(); at += 2) {
    if (at + 1 == words.size()) return errors::kSyntax;
    if (Status status = parse_option(words[at], words[at + 1], options); !status.ok()) return status;
  }
  return options;
}

Search search_of(const PositionOptions& options, std::string_view element) {
  Search search{.element = element, .backwards = options.rank < 0};
  search.skipped = magnitude(options.rank) - 1;
  if (options.visits_max > 0) search.visits_max = options.visits_max;
  const std::uint64_t count = options.count.value_or(1);
  if (count > 0) search.matches_max = count;
  return search;
}

void reply_one(resp::ReplyWriter& reply, const std::vector<std::size_t>& indexes) {
  indexes.empty() ? reply.null() : reply.integer(static_cast<std::int64_t>(indexes.front()));
}

void reply_all(resp::ReplyWriter& reply, const std::vector<std::size_t>& indexes) {
  reply.array(indexes.size());
  for (const std::size_t index : indexes) reply.integer(static_cast<std::int64_t>(index));
}

struct Run {
  std::size_t index = 0;
  std::size_t count = 0;
};

// Matches that stand side by side are one run; runs in the order of the search.
std::vector<Run> find_runs(const ListView& list, const Search& search) {
  std::vector<Run> runs;
  find_matches(list, search, [&](std::size_t index) {
    if (!runs.empty() && index == runs.back().index + runs.back().count) {
      ++runs.back().count;
    } else if (!runs.empty() && index + 1 == runs.back().index) {
      runs.back() = {index, runs.back().count + 1};
    } else {
      runs.push_back({index, 1});
    }
  });
  return runs;
}

// That nearest to the tail goes first, so that the indexes of the others stay right.
Edits erasure_of(const std::vector<Run>& runs, bool backwards) {
  Edits edits;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const Run& run = backwards ? runs[i] : runs[runs.size() - 1 - i];
    edits.erase_at(run.index, run.count);
  }
  return edits;
}

// Whether it is AFTER; neither is an error.
Result<bool> after_argument(std::string_view word) {
  if (ascii::equal(word, "after")) return true;
  if (ascii::equal(word, "before")) return false;
  return errors::kSyntax;
}

std::optional<std::size_t> first_index(const ListView& list, std::string_view element) {
  std::optional<std::size_t> first;
  find_matches(list, {.element = element, .matches_max = 1}, [&](std::size_t index) { first = index; });
  return first;
}

}  // namespace

// LPOS key element [RANK rank] [COUNT num-matches] [MAXLEN len]
Status lpos(Context& context, Args args) {
  auto options = parse_position_options(args.subspan(3));
  if (!options.ok()) return options.take_status();
  auto list = context.list(args[1]);
  if (!list.ok()) return list.take_status();
  std::vector<std::size_t> indexes;
  find_matches(*list, search_of(*options, args[2]), [&](std::size_t index) { indexes.push_back(index); });
  options->count ? reply_all(context.reply, indexes) : reply_one(context.reply, indexes);
  return {};
}

// LREM key count element: the first `count` matches, or the last ones for a negative count; 0 means all.
Status lrem(Context& context, Args args) {
  auto count = integer_argument(args[2]);
  if (!count.ok()) return count.take_status();
  auto list = context.list_to_change(args[1]);
  if (!list.ok()) return list.take_status();
  Search search{.element = args[3], .backwards = *count < 0};
  if (*count != 0) search.matches_max = magnitude(*count);
  const Edits edits = erasure_of(find_runs(*list, search), search.backwards);
  EditResult result;
  if (!edits.empty()) {
    if (Status status = context.edit(args[1], Type::kList, edits, result); !status.ok()) return status;
    context.notify_taken(kListEvents, "lrem", args[1]);
  }
  context.reply.integer(static_cast<std::int64_t>(result.removed));
  return {};
}

// LINSERT key BEFORE|AFTER pivot element. Replies 0 without a list, -1 without the pivot.
Status linsert(Context& context, Args args) {
  auto after = after_argument(args[2]);
  if (!after.ok()) return after.take_status();
  auto list = context.list_to_change(args[1]);
  if (!list.ok()) return list.take_status();
  const auto size = static_cast<std::int64_t>(list->size());
  const auto pivot = first_index(*list, args[3]);
  if (!pivot) {
    context.reply.integer(size == 0 ? 0 : -1);
    return {};
  }
  Edits edits;
  edits.insert_at(*pivot + (*after ? 1 : 0), args[4]);
  EditResult result;
  if (Status status = context.edit(args[1], Type::kList, edits, result); !status.ok()) return status;
  context.notify(kListEvents, "linsert", args[1]);
  context.reply.integer(size + 1);
  return {};
}

}  // namespace stave
