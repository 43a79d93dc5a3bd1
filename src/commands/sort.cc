// SPDX-License-Identifier: Apache-2.0
// SORT and SORT_RO. Everything is read before anything is stored: the elements, what BY names for all of
// them, what GET names for those that are replied. Elements and values are views until then.
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "shards/limits.h"
#include "shards/list.h"
#include "shards/packed.h"
#include "shards/set.h"
#include "shards/zset.h"
#include "src/ascii.h"
#include "src/commands/arguments.h"
#include "src/commands/keys.h"
#include "src/commands/sort_patterns.h"
#include "src/quicklist_nodes.h"

namespace stave {
namespace {

constexpr Error kNotAScore{"ERR One or more scores can't be converted into double"};

struct SortOptions {
  bool descending = false;
  bool alpha = false;
  bool unsorted = false;  // BY something without a '*'
  std::int64_t offset = 0;
  std::int64_t count = -1;
  std::optional<SortPattern> by;
  std::vector<SortPattern> gets;
  std::optional<std::string_view> destination;
};

// Takes LIMIT's numbers.
Status parse_limit(Args numbers, SortOptions& options) {
  auto offset = integer_argument(numbers[0]);
  if (!offset.ok()) return offset.take_status();
  auto count = integer_argument(numbers[1]);
  if (!count.ok()) return count.take_status();
  options.offset = *offset;
  options.count = *count;
  return {};
}

void parse_by(std::string_view text, SortOptions& options) {
  options.by.emplace(text);
  options.unsorted = options.unsorted || !options.by->names_keys();
}

// [BY pattern] [LIMIT offset count] [GET pattern ...] [ASC | DESC] [ALPHA] [STORE destination]
Result<SortOptions> parse_options(Args words, bool may_store) {
  SortOptions options;
  for (std::size_t at = 0; at < words.size(); ++at) {
    const std::string_view word = words[at];
    const std::size_t operands = words.size() - at - 1;
    if (ascii::equal(word, "asc") || ascii::equal(word, "desc")) {
      options.descending = ascii::equal(word, "desc");
    } else if (ascii::equal(word, "alpha")) {
      options.alpha = true;
    } else if (ascii::equal(word, "limit") && operands >= 2) {
      if (Status status = parse_limit(words.subspan(at + 1, 2), options); !status.ok()) return status;
      at += 2;
    } else if (ascii::equal(word, "store") && operands >= 1 && may_store) {
      options.destination = words[++at];
    } else if (ascii::equal(word, "by") && operands >= 1) {
      parse_by(words[++at], options);
    } else if (ascii::equal(word, "get") && operands >= 1) {
      options.gets.emplace_back(words[++at]);
    } else {
      return errors::kSyntax;
    }
  }
  return options;
}

// --- The elements.

struct Item {
  std::string_view element;
  double score = 0;
  std::optional<std::string_view> text;  // for ALPHA; an absent one is before all others
};

using Items = std::vector<Item>;

// The list, set or sorted set; kCold, or WRONGTYPE for other types.
Result<Found> find_source(Context& context, std::string_view name) {
  const Found found = context.find(name);
  if (!found.exists) return found;
  if (found.type != Type::kList && found.type != Type::kSet && found.type != Type::kZset)
    return errors::kWrongType;
  if (found.resident) return found;
  context.keys.want(context.key(name));
  return kCold;
}

std::size_t size_of(const Found& source) {
  if (!source.exists) return 0;
  if (source.type == Type::kSet) return SetView(source).size();
  return source.type == Type::kList ? ListView(source).size() : ZsetView(source).size();
}

// What LIMIT leaves of `size` elements.
IndexRange limited(const SortOptions& options, std::size_t size) {
  const std::uint64_t offset = options.offset < 0 ? 0 : static_cast<std::uint64_t>(options.offset);
  const std::size_t begin = std::min<std::uint64_t>(offset, size);
  if (options.count < 0) return {begin, size};
  return {begin, begin + std::min<std::uint64_t>(static_cast<std::uint64_t>(options.count), size - begin)};
}

Items all_of(const Found& source, std::size_t size) {
  Items items;
  if (size == 0) return items;
  items.reserve(size);
  const auto add = [&](std::string_view element) {
    items.push_back({element, 0, {}});
    return true;
  };
  if (source.type == Type::kSet) {
    SetView(source).for_each(add);
  } else if (source.type == Type::kList) {
    ListView(source).for_each_while(0, false, add);
  } else {
    ZsetView(source).walk(0, false, [&](std::string_view member, double) { return add(member); });
  }
  return items;
}

// Of a list or a sorted set in its own order, or the other way round.
Items range_of(const Found& source, std::size_t size, IndexRange range, bool backwards) {
  Items items;
  if (range.empty()) return items;
  const std::size_t first = backwards ? size - 1 - range.begin : range.begin;
  const auto add = [&](std::string_view element) {
    items.push_back({element, 0, {}});
    return items.size() < range.end - range.begin;
  };
  if (source.type == Type::kList) {
    ListView(source).for_each_while(first, backwards, add);
  } else {
    ZsetView(source).walk(first, backwards, [&](std::string_view member, double) { return add(member); });
  }
  return items;
}

// --- Sorting.

// As strtod() reads a C string: blanks in front and nothing at all are fine, what over- or underflows is not.
std::optional<double> parse_score(std::string_view text) {
  const std::string terminated(text.substr(0, text.find('\0')));
  char* end = nullptr;
  errno = 0;
  const double score = std::strtod(terminated.c_str(), &end);
  if (*end != '\0' || errno == ERANGE || std::isnan(score)) return std::nullopt;
  return score;
}

// Gives the items what they are compared by. One that BY finds nothing for has the score 0.
Status weigh(Context& context, const SortOptions& options, Items& items) {
  SortPatternReader reader(context);
  bool scores = true;
  for (Item& item : items) {
    const auto weight = options.by ? reader.value(*options.by, item.element) : std::optional(item.element);
    if (options.alpha) {
      item.text = weight;
    } else if (weight && scores) {
      const auto score = parse_score(*weight);
      item.score = score.value_or(0);
      scores = scores && score;
    }
  }
  if (Status status = reader.status(); !status.ok()) return status;
  return scores ? Status() : Status(kNotAScore);
}

std::string_view up_to_nul(std::string_view text) {
  return text.substr(0, text.find('\0'));
}

// Redis compares C strings, but where the result is stored, whole ones.
int compare_texts(const Item& a, const Item& b, bool whole) {
  if (!a.text || !b.text) return static_cast<int>(a.text.has_value()) - static_cast<int>(b.text.has_value());
  return whole ? a.text->compare(*b.text) : up_to_nul(*a.text).compare(up_to_nul(*b.text));
}

int compare_scores(const Item& a, const Item& b) {
  if (a.score != b.score) return a.score < b.score ? -1 : 1;
  return a.element.compare(b.element);
}

void sort_items(const SortOptions& options, Items& items) {
  const bool whole = options.destination.has_value();
  std::stable_sort(items.begin(), items.end(), [&](const Item& a, const Item& b) {
    const int order = options.alpha ? compare_texts(a, b, whole) : compare_scores(a, b);
    return options.descending ? order > 0 : order < 0;
  });
}

// The elements that are replied, in their order.
Result<Items> sorted_items(Context& context, const Found& source, const SortOptions& options) {
  const std::size_t size = size_of(source);
  const IndexRange range = limited(options, size);
  if (options.unsorted && size > 0 && source.type != Type::kSet)
    return range_of(source, size, range, options.descending);
  Items items = all_of(source, size);
  if (!options.unsorted) {
    if (Status status = weigh(context, options, items); !status.ok()) return status;
    sort_items(options, items);
  }
  items.resize(range.end);
  items.erase(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(range.begin));
  return items;
}

// --- The result.

using Rows = std::vector<std::optional<std::string_view>>;

Result<Rows> rows_of(Context& context, const SortOptions& options, const Items& items) {
  Rows rows;
  SortPatternReader reader(context);
  for (const Item& item : items) {
    if (options.gets.empty()) rows.emplace_back(item.element);
    for (const SortPattern& get : options.gets) rows.push_back(reader.value(get, item.element));
  }
  if (Status status = reader.status(); !status.ok()) return status;
  return rows;
}

Result<std::string> pack(const Rows& rows, const CollectionLimits& limits) {
  std::string packed = empty_packed(Type::kList);
  QuicklistNodes nodes(limits);
  for (const auto& row : rows) {
    const std::string_view element = row.value_or(std::string_view());
    if (packed.size() + item_bytes(element.size()) > limits::kValueBytesMax) return kValueTooLarge;
    put_item(packed, element);
    nodes.begins_one(element);
  }
  set_packed_count(packed, rows.size());
  if (!nodes.is_one_listpack()) set_packed_encoding(packed, Encoding::kQuicklist);
  return packed;
}

// The destination becomes a list, whatever it was; nothing to store removes it.
Status store(Context& context, std::string_view destination, const Rows& rows) {
  Status status;
  if (!rows.empty()) {
    auto packed = pack(rows, context.limits.collections);
    if (!packed.ok()) return packed.take_status();
    status = context.set_value(destination, {.value = *packed, .type = Type::kList});
    context.notify(kListEvents, "sortstore", destination);
  } else if (context.peek(destination).exists) {
    status = context.remove(destination);
    context.notify(kGenericEvents, "del", destination);
  }
  if (!status.ok()) return status;
  context.reply.integer(static_cast<std::int64_t>(rows.size()));
  return {};
}

Status sort_key(Context& context, Args args, bool may_store) {
  auto options = parse_options(args.subspan(2), may_store);
  if (!options.ok()) return options.take_status();
  auto source = find_source(context, args[1]);
  if (!source.ok()) return source.take_status();
  // A set has no order of its own that could be stored.
  if (options->unsorted && options->destination && source->exists && source->type == Type::kSet) {
    options->unsorted = false;
    options->alpha = true;
    options->by.reset();
  }
  auto items = sorted_items(context, *source, *options);
  if (!items.ok()) return items.take_status();
  auto rows = rows_of(context, *options, *items);
  if (!rows.ok()) return rows.take_status();
  if (options->destination) return store(context, *options->destination, *rows);
  context.reply.array(rows->size());
  for (const auto& row : *rows) row ? context.reply.bulk(*row) : context.reply.null();
  return {};
}

}  // namespace

Status sort(Context& context, Args args) {
  return sort_key(context, args, true);
}
Status sort_ro(Context& context, Args args) {
  return sort_key(context, args, false);
}

// The last STORE counts.
void find_sort_keys(Args args, std::vector<int>& positions) {
  positions.push_back(1);
  int destination = 0;
  for (std::size_t at = 2; at < args.size(); ++at) {
    if (ascii::equal(args[at], "limit")) {
      at += 2;
    } else if (ascii::equal(args[at], "by") || ascii::equal(args[at], "get")) {
      ++at;
    } else if (ascii::equal(args[at], "store") && at + 1 < args.size()) {
      destination = static_cast<int>(++at);
    }
  }
  if (destination > 0) positions.push_back(destination);
}

void find_sort_ro_keys(Args, std::vector<int>& positions) {
  positions.push_back(1);
}

}  // namespace stave
