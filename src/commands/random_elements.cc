// SPDX-License-Identifier: Apache-2.0
#include "src/commands/random_elements.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "shards/hash.h"
#include "shards/set.h"
#include "shards/zset.h"
#include "src/commands/arguments.h"
#include "src/commands/name_table.h"
#include "src/random.h"

namespace stave {
namespace {

using List = std::vector<Element>;
using Visit = std::function<void(const Element&)>;
using VisitWhile = std::function<bool(const Element&)>;  // false: enough

// Up to so many elements are listed rather than looked for one by one.
constexpr std::size_t kListedMax = 1024;

// As much as the longest string may have. The least that an element takes in a reply is "$0\r\n\r\n".
constexpr std::size_t kDrawnBytesMax = 512u << 20;
constexpr std::size_t kElementBytesMin = 6;

List all_of(const ElementSource& source) {
  List elements;
  elements.reserve(source.size);
  source.for_each([&](const Element& element) { elements.push_back(element); });
  return elements;
}

// The first steps of a shuffle. REQUIRES: count <= elements.size().
void draw_from_list(List elements, std::size_t count, const Visit& visit) {
  for (std::size_t i = 0; i < count; ++i) {
    std::swap(elements[i], elements[i + random_number() % (elements.size() - i)]);
    visit(elements[i]);
  }
}

// REQUIRES: count is well below the size, so that most of what is drawn is new.
void draw_one_by_one(const ElementSource& source, std::size_t count, const Visit& visit) {
  NameTable drawn;
  while (drawn.size() < count) {
    const Element element = source.random(random_number());
    if (drawn.insert(element.name).second) visit(element);
  }
}

void draw_with_repetitions(const ElementSource& source, std::size_t count, const VisitWhile& visit) {
  List listed;
  if (source.size <= kListedMax && count > 1) listed = all_of(source);
  for (bool more = true; more && count > 0; --count) {
    const std::uint64_t random = random_number();
    more = visit(listed.empty() ? source.random(random) : listed[random % listed.size()]);
  }
}

}  // namespace

ElementSource::ElementSource(const HashView& hash)
    : size(hash.size()),
      for_each([&hash](const Visit& visit) {
        hash.for_each([&](std::string_view field, std::string_view value) { visit({field, value}); });
      }),
      random([&hash](std::uint64_t number) {
        const auto [field, value] = hash.random(number);
        return Element{field, value};
      }) {}

ElementSource::ElementSource(const SetView& set)
    : size(set.size()),
      for_each([&set](const Visit& visit) {
        set.for_each([&](std::string_view member) { visit({member, {}}); });
      }),
      random([&set](std::uint64_t number) {
        return Element{set.random(number), {}};
      }) {}

ElementSource::ElementSource(const ZsetView& zset)
    : size(zset.size()),
      for_each([&zset](const Visit& visit) {
        zset.walk(0, false, [&](std::string_view member, double score) {
          visit({member, {}, score});
          return true;
        });
      }),
      random([&zset](std::uint64_t number) {
        const ScoredMember element = zset.random(number);
        return Element{element.member, {}, element.score};
      }) {}

Result<std::int64_t> random_count_argument(std::string_view text) {
  constexpr Error kNoNegation{
      "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"};
  auto count = integer_argument(text);
  if (count.ok() && *count == std::numeric_limits<std::int64_t>::min()) return kNoNegation;
  return count;
}

std::size_t drawn_count(std::size_t size, std::int64_t count) {
  if (size == 0) return 0;
  return count < 0 ? static_cast<std::size_t>(-count) : std::min(size, static_cast<std::size_t>(count));
}

void draw_different(const ElementSource& source, std::size_t count, const Visit& visit) {
  if (count >= source.size) return source.for_each(visit);
  if (source.size <= kListedMax || count > source.size / 3)
    return draw_from_list(all_of(source), count, visit);
  draw_one_by_one(source, count, visit);
}

Status reply_drawn(resp::ReplyWriter& reply, const ElementSource& source, std::int64_t count,
                   const Visit& write) {
  if (source.size == 0) return {};
  if (count >= 0) {
    draw_different(source, static_cast<std::size_t>(count), write);
    return {};
  }
  const std::size_t begin = reply.output().size();
  const auto fits = [&] { return reply.output().size() - begin <= kDrawnBytesMax; };
  const auto repetitions = static_cast<std::size_t>(-count);
  if (repetitions > kDrawnBytesMax / kElementBytesMin) return Error{"ERR value is out of range"};
  draw_with_repetitions(source, repetitions, [&](const Element& element) {
    write(element);
    return fits();
  });
  return fits() ? Status() : Error{"ERR value is out of range"};
}

}  // namespace stave
