// SPDX-License-Identifier: Apache-2.0
// What the EXPIRE family, for keys, and the HEXPIRE family, for fields of hashes, have in common. Times
// inside are Unix times in ms, 0: never.
#pragma once

#include <cstdint>
#include <string_view>

namespace stave {

// How a command means its number.
struct TimeForm {
  std::string_view command;
  std::int64_t unit_ms;  // 1 or 1000
  bool relative;
};

// How a command of the TTL kind gives its number.
enum class TimeUnit { kSeconds, kMilliseconds };

struct ExpiryConditions {
  bool nx = false;  // only if it does not expire yet
  bool xx = false;  // only if it does
  bool gt = false;  // only to a later time; never is the latest
  bool lt = false;  // only to an earlier one

  // False when the word is none of the four.
  bool take(std::string_view word);
  bool allow(std::int64_t present_ms, std::int64_t time_ms) const;
};

}  // namespace stave
