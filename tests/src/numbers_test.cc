// SPDX-License-Identifier: Apache-2.0
// Number texts: what Redis takes as an integer or a float and what it does not, and how it writes them.
#include "src/numbers.h"

#include <doctest/doctest.h>

#include <limits>

namespace stave {
namespace {

TEST_CASE("integers: only the canonical text is one") {
  CHECK(parse_integer("0") == 0);
  CHECK(parse_integer("-1") == -1);
  CHECK(parse_integer("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
  CHECK(parse_integer("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
  for (const char* text : {"", "-", "+1", "01", "-0", "-01", " 1", "1 ", "1.0", "0x1", "9223372036854775808",
                           "-9223372036854775809", "99999999999999999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_integer(text).has_value());
  }
  CHECK_FALSE(parse_integer({"1\0", 2}).has_value());
  char buffer[kIntegerTextBytesMax];
  CHECK(integer_text(std::numeric_limits<std::int64_t>::min(), buffer) == "-9223372036854775808");
  CHECK(integer_text(0, buffer) == "0");
}

TEST_CASE("floats") {
  CHECK(parse_long_double("1.5") == 1.5L);
  CHECK(parse_long_double("+1e3") == 1000.0L);
  CHECK(parse_long_double("0x10") == 16.0L);
  CHECK(parse_long_double("-inf") == -std::numeric_limits<long double>::infinity());
  CHECK(parse_double("2.25") == 2.25);
  for (const char* text : {"", " 1", "1 ", "abc", "nan", "1e5000", "1e-5000", "1.5x"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_long_double(text).has_value());
  }
  CHECK_FALSE(parse_double("1e400").has_value());
  CHECK_FALSE(parse_long_double(std::string(6000, '0')).has_value());
}

TEST_CASE("text of a long double") {
  CHECK(long_double_text(0.0L) == "0");
  CHECK(long_double_text(-0.0L) == "0");
  CHECK(long_double_text(100) == "100");
  CHECK(long_double_text(-3.5L) == "-3.5");
  CHECK(long_double_text(1e20L) == "100000000000000000000");
  CHECK(long_double_text(-1e-30L) == "0");
}

}  // namespace
}  // namespace stave
