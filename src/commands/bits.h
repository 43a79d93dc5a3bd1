// SPDX-License-Identifier: Apache-2.0
// Strings seen as bits: counting, searching and combining, a word at a time. Pure functions. Bit 0 is the
// highest bit of the first byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace stave::bits {

// The bit at `position`; 0 behind the end.
inline bool get(std::string_view bytes, std::size_t position) {
  return position / 8 < bytes.size() && (bytes[position / 8] >> (7 - position % 8) & 1) != 0;
}
// REQUIRES: the position lies within.
inline void set(std::string& bytes, std::size_t position, bool bit) {
  const auto mask = static_cast<char>(1 << (7 - position % 8));
  char& byte = bytes[position / 8];
  byte = static_cast<char>(bit ? byte | mask : byte & ~mask);
}

// How many bits of [begin, end) are set. REQUIRES: begin <= end <= 8 * bytes.size().
std::size_t count(std::string_view bytes, std::size_t begin, std::size_t end);

// Position of the first bit of [begin, end) that is `bit`. REQUIRES: begin <= end <= 8 * bytes.size().
std::optional<std::size_t> find(std::string_view bytes, std::size_t begin, std::size_t end, bool bit);

enum class Operation { kAnd, kOr, kXor, kNot };

// As long as the longest source; shorter ones are continued with zeros. REQUIRES: at least one source, for
// kNot exactly one.
std::string combine(Operation operation, std::span<const std::string_view> sources);

}  // namespace stave::bits
