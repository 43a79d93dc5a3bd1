// SPDX-License-Identifier: Apache-2.0
// Numbers as Redis reads them from arguments and values, and as it writes them into values. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stave {

// "-9223372036854775808".
constexpr std::size_t kIntegerTextBytesMax = 20;

// Only the form that integer_text() writes: no plus sign, no leading zeros, no "-0", no blanks.
std::optional<std::int64_t> parse_integer(std::string_view text);
// The text of `number`, in `buffer`.
std::string_view integer_text(std::int64_t number, char (&buffer)[kIntegerTextBytesMax]);

// What strtod() and strtold() take, hexadecimal and "inf" included, but not NaN, no blanks around it, and
// nothing that over- or underflows.
std::optional<double> parse_double(std::string_view text);
std::optional<long double> parse_long_double(std::string_view text);
// Without exponent, at most 17 digits behind the point, no zeros at its end, never "-0": how INCRBYFLOAT
// stores its result.
std::string long_double_text(long double number);

}  // namespace stave
