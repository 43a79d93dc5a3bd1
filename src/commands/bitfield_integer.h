// SPDX-License-Identifier: Apache-2.0
// Integers of 1 to 64 bits at any bit of a string, for BITFIELD. Pure functions. Unsigned ones have at most
// 63 bits, so that every value fits in an int64_t.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stave::bitfield {

struct IntegerType {
  bool is_signed = false;
  int bits = 0;

  std::int64_t max() const;
  std::int64_t min() const;
};

// What happens to a number outside of the type.
enum class Overflow { kWrap, kSaturate, kFail };

// "i8", "u63"; nullopt when it is no type.
std::optional<IntegerType> parse_type(std::string_view text);

// The integer at bit `offset`. Behind the end there are zeros.
std::int64_t read(std::string_view bytes, std::size_t offset, IntegerType type);
// REQUIRES: it lies within `bytes`.
void write(std::string& bytes, std::size_t offset, IntegerType type, std::int64_t number);

// `number` as that type; nullopt where it does not fit and `overflow` is kFail.
std::optional<std::int64_t> convert(std::int64_t number, IntegerType type, Overflow overflow);
// The same for the sum. REQUIRES: `number` fits.
std::optional<std::int64_t> add(std::int64_t number, std::int64_t increment, IntegerType type,
                                Overflow overflow);

}  // namespace stave::bitfield
