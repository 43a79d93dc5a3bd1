// SPDX-License-Identifier: Apache-2.0
#include "resp/number_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace stave::resp {
namespace {

// A finite number other than 0, without its sign: 0.d1 d2 ... dn times 10^point.
struct Decimal {
  char digits[20];
  int count;
  int point;
};

Decimal shortest_decimal(double number) {
  char text[kDoubleTextBytesMax];
  const char* const end =
      std::to_chars(text, text + sizeof text, std::fabs(number), std::chars_format::scientific).ptr;
  const char* const exponent = std::find(static_cast<const char*>(text), end, 'e');
  Decimal decimal{};
  for (const char* p = text; p < exponent; ++p) {
    if (*p != '.') decimal.digits[decimal.count++] = *p;
  }
  // from_chars takes no plus sign.
  std::from_chars(exponent + (exponent[1] == '+' ? 2 : 1), end, decimal.point);
  ++decimal.point;
  return decimal;
}

char* write(char* to, const char* from, int count) {
  std::memcpy(to, from, static_cast<std::size_t>(count));
  return to + count;
}

char* write_zeros(char* to, int count) {
  std::memset(to, '0', static_cast<std::size_t>(count));
  return to + count;
}

char* write_plain(char* to, const Decimal& decimal) {
  if (decimal.point >= decimal.count) {  // 12300
    to = write(to, decimal.digits, decimal.count);
    return write_zeros(to, decimal.point - decimal.count);
  }
  if (decimal.point > 0) {  // 12.3
    to = write(to, decimal.digits, decimal.point);
    *to++ = '.';
    return write(to, decimal.digits + decimal.point, decimal.count - decimal.point);
  }
  to = write(to, "0.", 2);  // 0.00123
  to = write_zeros(to, -decimal.point);
  return write(to, decimal.digits, decimal.count);
}

char* write_scientific(char* to, const Decimal& decimal) {
  *to++ = decimal.digits[0];
  if (decimal.count > 1) {
    *to++ = '.';
    to = write(to, decimal.digits + 1, decimal.count - 1);
  }
  const int exponent = decimal.point - 1;
  *to++ = 'e';
  *to++ = exponent < 0 ? '-' : '+';
  return std::to_chars(to, to + 3, std::abs(exponent)).ptr;
}

// Redis 7.2's choice, a little odd: what counts is the number of digits behind the point (or of zeros to add)
// rather than the size, so that 123456.7 is plain and 123456.7891234 is not.
bool is_plain(const Decimal& decimal) {
  const int zeros = decimal.point - decimal.count;
  const int exponent = std::abs(decimal.point - 1);
  return zeros >= 0 ? exponent < decimal.count + 7 : zeros > -7 || exponent < 4;
}

}  // namespace

std::string_view double_text(double number, char (&buffer)[kDoubleTextBytesMax]) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  if (number == 0) return std::signbit(number) ? "-0" : "0";

  constexpr double kWholeMax = 4611686018427387904.0;  // 2^62, where Redis stops to write them as integers
  if (number >= -kWholeMax && number <= kWholeMax) {
    const auto whole = static_cast<std::int64_t>(number);
    if (static_cast<double>(whole) == number) {
      const char* const end = std::to_chars(buffer, buffer + sizeof buffer, whole).ptr;
      return {buffer, static_cast<std::size_t>(end - buffer)};
    }
  }
  const Decimal decimal = shortest_decimal(number);
  char* p = buffer;
  if (number < 0) *p++ = '-';
  p = is_plain(decimal) ? write_plain(p, decimal) : write_scientific(p, decimal);
  return {buffer, static_cast<std::size_t>(p - buffer)};
}

}  // namespace stave::resp
