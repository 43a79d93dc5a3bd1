// SPDX-License-Identifier: Apache-2.0
// Draws random elements of a collection: HRANDFIELD, SRANDMEMBER, SPOP, ZRANDMEMBER. The views drawn are
// those of the collection, good until the next change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "src/context.h"

namespace stave {

struct Element {
  std::string_view name;
  std::string_view value;  // of a hash
  double score = 0;        // of a sorted set
};

// What is drawn from. The view outlives it.
struct ElementSource {
  explicit ElementSource(const HashView& hash);
  explicit ElementSource(const SetView& set);
  explicit ElementSource(const ZsetView& zset);

  std::size_t size = 0;
  std::function<void(const std::function<void(const Element&)>& visit)> for_each;
  std::function<Element(std::uint64_t random)> random;  // REQUIRES: size > 0
};

// A count that says "so many different elements", or, negative, "exactly so many, repetitions allowed".
Result<std::int64_t> random_count_argument(std::string_view text);

// How many elements reply_drawn() writes.
std::size_t drawn_count(std::size_t size, std::int64_t count);

// Draws different ones, as many as there are at most.
void draw_different(const ElementSource& source, std::size_t count,
                    const std::function<void(const Element&)>& visit);

// Draws as the count says; `write` appends an element to the reply. An error if that would be too large for
// any memory, which a negative count can ask for.
Status reply_drawn(resp::ReplyWriter& reply, const ElementSource& source, std::int64_t count,
                   const std::function<void(const Element&)>& write);

}  // namespace stave
