// SPDX-License-Identifier: Apache-2.0
// ByteReader: takes numbers and bytes from the front of bytes that nobody has checked. What is not there is
// not taken: every function says whether it was.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace stave {

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  std::size_t left() const { return rest_.size(); }
  std::string_view rest() const { return rest_; }

  [[nodiscard]] bool take(std::uint64_t count, std::string_view& bytes) {
    if (count > rest_.size()) return false;
    bytes = rest_.substr(0, static_cast<std::size_t>(count));
    rest_.remove_prefix(static_cast<std::size_t>(count));
    return true;
  }
  [[nodiscard]] bool skip(std::uint64_t count) {
    std::string_view skipped;
    return take(count, skipped);
  }
  [[nodiscard]] bool take_byte(std::uint8_t& byte) { return take_little(byte); }

  // An integer of as many bytes as its type has, or `width`, little-endian. A signed one is extended.
  template <std::integral Number>
  [[nodiscard]] bool take_little(Number& number, unsigned width = sizeof(Number)) {
    std::string_view bytes;
    if (!take(width, bytes)) return false;
    std::uint64_t value = 0;
    for (unsigned i = width; i > 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i - 1]);
    const unsigned unused = 64 - 8 * width;
    if constexpr (std::signed_integral<Number>) {
      number = static_cast<Number>(static_cast<std::int64_t>(value << unused) >> unused);
    } else {
      number = static_cast<Number>(value);
    }
    return true;
  }
  template <std::unsigned_integral Number>
  [[nodiscard]] bool take_big(Number& number) {
    std::string_view bytes;
    if (!take(sizeof number, bytes)) return false;
    std::uint64_t value = 0;
    for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
    number = static_cast<Number>(value);
    return true;
  }

 private:
  std::string_view rest_;
};

}  // namespace stave
