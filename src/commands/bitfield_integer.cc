// SPDX-License-Identifier: Apache-2.0
#include "src/commands/bitfield_integer.h"

#include <algorithm>

#include "src/numbers.h"

namespace stave::bitfield {
namespace {

constexpr std::uint64_t low_bits(int count) {
  return count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

// The lowest bits, as a number of that type.
std::int64_t wrap(std::uint64_t number, IntegerType type) {
  const std::uint64_t mask = low_bits(type.bits);
  const bool negative = type.is_signed && (number >> (type.bits - 1) & 1) != 0;
  return static_cast<std::int64_t>(negative ? number | ~mask : number & mask);
}

enum class Side { kInside, kAbove, kBelow };

std::optional<std::int64_t> resolve(Side side, std::uint64_t exact, IntegerType type, Overflow overflow) {
  if (side == Side::kInside || overflow == Overflow::kWrap) return wrap(exact, type);
  if (overflow == Overflow::kFail) return std::nullopt;
  return side == Side::kAbove ? type.max() : type.min();
}

Side side_of(std::int64_t number, IntegerType type) {
  if (number > type.max()) return Side::kAbove;
  return number < type.min() ? Side::kBelow : Side::kInside;
}

}  // namespace

std::int64_t IntegerType::max() const {
  return static_cast<std::int64_t>(low_bits(is_signed ? bits - 1 : bits));
}
std::int64_t IntegerType::min() const {
  return is_signed ? -max() - 1 : 0;
}

std::optional<IntegerType> parse_type(std::string_view text) {
  if (text.empty() || (text[0] != 'i' && text[0] != 'u')) return std::nullopt;
  const bool is_signed = text[0] == 'i';
  const auto bits = parse_integer(text.substr(1));
  if (!bits || *bits < 1 || *bits > (is_signed ? 64 : 63)) return std::nullopt;
  return IntegerType{is_signed, static_cast<int>(*bits)};
}

std::int64_t read(std::string_view bytes, std::size_t offset, IntegerType type) {
  const std::size_t end = offset + static_cast<std::size_t>(type.bits);
  std::uint64_t number = 0;
  for (std::size_t at = offset; at < end;) {
    const std::size_t taken = std::min(8 - at % 8, end - at);  // bits of this byte
    const unsigned byte = at / 8 < bytes.size() ? static_cast<unsigned char>(bytes[at / 8]) : 0;
    number = number << taken | (byte >> (8 - at % 8 - taken) & low_bits(static_cast<int>(taken)));
    at += taken;
  }
  return wrap(number, type);
}

void write(std::string& bytes, std::size_t offset, IntegerType type, std::int64_t number) {
  auto left = static_cast<std::uint64_t>(number);
  // From the last byte to the first.
  for (std::size_t end = offset + static_cast<std::size_t>(type.bits); end > offset;) {
    const std::size_t last = end - 1;
    const std::size_t taken = std::min(last % 8 + 1, end - offset);
    const std::size_t shift = 7 - last % 8;
    const std::uint64_t mask = low_bits(static_cast<int>(taken)) << shift;
    char& byte = bytes[last / 8];
    byte = static_cast<char>((static_cast<unsigned char>(byte) & ~mask) | (left << shift & mask));
    left >>= taken;
    end -= taken;
  }
}

std::optional<std::int64_t> convert(std::int64_t number, IntegerType type, Overflow overflow) {
  Side side = side_of(number, type);
  // Redis reads a number for an unsigned type as unsigned, so a negative one is a large one.
  if (!type.is_signed && number < 0) side = Side::kAbove;
  // Redis also takes for large what is so far below that the distance to the maximum overflows.
  std::int64_t distance = 0;
  if (type.bits < 64 && __builtin_sub_overflow(type.max(), number, &distance)) side = Side::kAbove;
  return resolve(side, static_cast<std::uint64_t>(number), type, overflow);
}

std::optional<std::int64_t> add(std::int64_t number, std::int64_t increment, IntegerType type,
                                Overflow overflow) {
  const std::uint64_t exact = static_cast<std::uint64_t>(number) + static_cast<std::uint64_t>(increment);
  std::int64_t sum = 0;
  if (__builtin_add_overflow(number, increment, &sum)) {
    return resolve(increment > 0 ? Side::kAbove : Side::kBelow, exact, type, overflow);
  }
  return resolve(side_of(sum, type), exact, type, overflow);
}

}  // namespace stave::bitfield
