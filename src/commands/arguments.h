// SPDX-License-Identifier: Apache-2.0
// Reading the arguments of a command: integers and ranges, with Redis' errors. Called by the functions
// of src/commands/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "shards/status.h"

namespace stave {

// A strict 64-bit integer, see parse_integer().
Result<std::int64_t> integer_argument(std::string_view text);
// The number of a database, from 0 to `databases` - 1.
Result<int> database_argument(std::string_view text, int databases);

// Elements begin <= i < end of a sequence.
struct IndexRange {
  std::size_t begin = 0;
  std::size_t end = 0;

  bool empty() const { return begin == end; }
};

// What the inclusive positions `first` and `last` mean in a sequence of `size` elements, cut to it. Negative
// ones count from the end; those before the beginning, `last` too, mean element 0.
IndexRange clamp_range(std::int64_t first, std::int64_t last, std::size_t size);

// The same where, as in GETRANGE and BITCOUNT, two negative positions in the wrong order mean nothing at all.
IndexRange clamp_ordered_range(std::int64_t first, std::int64_t last, std::size_t size);

}  // namespace stave
