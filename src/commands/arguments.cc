// SPDX-License-Identifier: Apache-2.0
#include "src/commands/arguments.h"

#include <algorithm>
#include <limits>

#include "src/errors.h"
#include "src/numbers.h"

namespace stave {

Result<std::int64_t> integer_argument(std::string_view text) {
  const auto number = parse_integer(text);
  if (!number) return errors::kNotAnInteger;
  return *number;
}

Result<int> database_argument(std::string_view text, int databases) {
  const auto number = parse_integer(text);
  if (!number) return errors::kNotAnInteger;
  using Int = std::numeric_limits<int>;
  if (*number < Int::min() || *number > Int::max()) return errors::kNotAnInt;
  if (*number < 0 || *number >= databases) return errors::kIndexOutOfRange;
  return static_cast<int>(*number);
}

IndexRange clamp_range(std::int64_t first, std::int64_t last, std::size_t size) {
  const auto count = static_cast<std::int64_t>(size);
  if (first < 0) first = std::max<std::int64_t>(first + count, 0);
  if (last < 0) last = std::max<std::int64_t>(last + count, 0);
  last = std::min(last, count - 1);
  if (first > last) return {};
  return {static_cast<std::size_t>(first), static_cast<std::size_t>(last) + 1};
}

IndexRange clamp_ordered_range(std::int64_t first, std::int64_t last, std::size_t size) {
  if (first < 0 && last < 0 && first > last) return {};
  return clamp_range(first, last, size);
}

}  // namespace stave
