// SPDX-License-Identifier: Apache-2.0
#include "src/sizes.h"

#include <fmt/format.h>

#include <array>
#include <limits>

#include "src/ascii.h"

namespace stave {

namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

struct Unit {
  std::string_view name;
  int64_t bytes;
};

// The binary ones last and ascending: format_bytes takes the largest that divides.
constexpr std::array<Unit, 8> kUnits = {{{"", 1},
                                         {"b", 1},
                                         {"k", 1000},
                                         {"m", 1000 * 1000},
                                         {"g", 1000 * 1000 * 1000},
                                         {"kb", 1LL << 10},
                                         {"mb", 1LL << 20},
                                         {"gb", 1LL << 30}}};
constexpr std::size_t kFirstBinaryUnit = 5;

}  // namespace

std::optional<int64_t> parse_bytes(std::string_view text) {
  int64_t number = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    int digit = text.front() - '0';
    if (number > (kMax - digit) / 10) return std::nullopt;
    number = number * 10 + digit;
    text.remove_prefix(1);
  }
  for (const Unit& unit : kUnits) {
    if (!ascii::equal(text, unit.name)) continue;
    if (number > kMax / unit.bytes) return std::nullopt;
    return number * unit.bytes;
  }
  return std::nullopt;
}

std::string format_bytes(int64_t bytes) {
  for (std::size_t i = kUnits.size(); i-- > kFirstBinaryUnit;) {
    if (bytes != 0 && bytes % kUnits[i].bytes == 0) {
      return fmt::format("{}{}", bytes / kUnits[i].bytes, kUnits[i].name);
    }
  }
  return std::to_string(bytes);
}

std::string format_bytes_human(int64_t bytes) {
  constexpr std::string_view kLetters = "KMGTP";
  if (bytes < 1024) return fmt::format("{}B", bytes);
  double number = static_cast<double>(bytes) / 1024;
  std::size_t letter = 0;
  for (; number >= 1024 && letter + 1 < kLetters.size(); ++letter) number /= 1024;
  return fmt::format("{:.2f}{}", number, kLetters[letter]);
}

}  // namespace stave
