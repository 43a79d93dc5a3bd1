// SPDX-License-Identifier: Apache-2.0
#include "src/commands/blocking.h"

#include <cmath>
#include <limits>

#include "src/commands/sets.h"
#include "src/numbers.h"

namespace stave {

Result<std::int64_t> timeout_argument(std::string_view text, std::int64_t now_ms) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  constexpr Error kOutOfRange{"ERR timeout is out of range"};
  const auto seconds = parse_long_double(text);
  if (!seconds) return Error{"ERR timeout is not a float or out of range"};
  const long double milliseconds = std::ceil(*seconds * 1000);
  if (milliseconds > static_cast<long double>(kMost)) return kOutOfRange;
  if (milliseconds < 0) return Error{"ERR timeout is negative"};
  const auto whole = static_cast<std::int64_t>(milliseconds);
  if (whole > kMost - now_ms) return kOutOfRange;
  return whole;
}

Result<std::int64_t> blocking_timeout(const Command& command, Args args, std::int64_t now_ms) {
  return timeout_argument(command.find_keys == find_keys_behind_timeout ? args[1] : args.back(), now_ms);
}

void find_keys_behind_timeout(Args args, std::vector<int>& positions) {
  find_counted_keys(args.subspan(1), positions);
  for (int& position : positions) ++position;
}

}  // namespace stave
