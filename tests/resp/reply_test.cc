// SPDX-License-Identifier: Apache-2.0
// Shows every reply type in RESP2 and RESP3, byte by byte, and how doubles are written.
#include "resp/reply.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <string_view>

#include "resp/number_text.h"
#include "tests/resp/seed.h"

namespace stave::resp::test {
namespace {

using namespace std::string_literals;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

template <typename Write>
std::string written(int protocol, Write write) {
  std::string output;
  ReplyWriter writer(output, protocol);
  write(writer);
  return output;
}

template <typename Write>
void check_reply(std::string_view resp2, std::string_view resp3, Write write) {
  CHECK(written(2, write) == resp2);
  CHECK(written(3, write) == resp3);
}

template <typename Write>
void check_reply(std::string_view both, Write write) {
  check_reply(both, both, write);
}

std::string text_of(double number) {
  char buffer[kDoubleTextBytesMax];
  return std::string(double_text(number, buffer));
}

}  // namespace

TEST_CASE("simple strings") {
  check_reply("+OK\r\n", [](ReplyWriter& w) { w.ok(); });
  check_reply("+PONG\r\n", [](ReplyWriter& w) { w.simple("PONG"); });
  check_reply("+\r\n", [](ReplyWriter& w) { w.simple(""); });
}

TEST_CASE("doubles that the command has written itself") {
  check_reply("$19\r\n13.3613893389701843\r\n", ",13.3613893389701843\r\n",
              [](ReplyWriter& w) { w.double_text("13.3613893389701843"); });
}

TEST_CASE("errors stay on one line") {
  check_reply("-ERR syntax error\r\n", [](ReplyWriter& w) { w.error("ERR syntax error"); });
  check_reply("-ERR a  b c\r\n", [](ReplyWriter& w) { w.error("ERR a\r\nb\nc\r\n"); });
  check_reply("-ERR\r\n", [](ReplyWriter& w) { w.error("\r\nERR"); });
  check_reply("-\r\n", [](ReplyWriter& w) { w.error("\r\n\n"); });
  check_reply("-\r\n", [](ReplyWriter& w) { w.error(""); });
}

TEST_CASE("integers") {
  for (const std::int64_t number : {std::int64_t{0}, std::int64_t{1}, std::int64_t{9}, std::int64_t{10},
                                    std::int64_t{-1}, std::int64_t{123456789}, INT64_MAX, INT64_MIN}) {
    check_reply(":" + std::to_string(number) + "\r\n", [&](ReplyWriter& w) { w.integer(number); });
  }
}

TEST_CASE("bulks") {
  check_reply("$0\r\n\r\n", [](ReplyWriter& w) { w.bulk(""); });
  check_reply("$3\r\nabc\r\n", [](ReplyWriter& w) { w.bulk("abc"); });
  check_reply("$4\r\n\r\n\0x\r\n"s, [](ReplyWriter& w) { w.bulk("\r\n\0x"s); });
  const std::string large(123456, 'x');
  check_reply("$123456\r\n" + large + "\r\n", [&](ReplyWriter& w) { w.bulk(large); });
}

TEST_CASE("nulls") {
  check_reply("$-1\r\n", "_\r\n", [](ReplyWriter& w) { w.null(); });
  check_reply("*-1\r\n", "_\r\n", [](ReplyWriter& w) { w.null_array(); });
}

TEST_CASE("aggregates") {
  check_reply("*0\r\n", [](ReplyWriter& w) { w.array(0); });
  check_reply("*9\r\n", [](ReplyWriter& w) { w.array(9); });
  check_reply("*10\r\n", [](ReplyWriter& w) { w.array(10); });
  check_reply("*1048576\r\n", [](ReplyWriter& w) { w.array(1048576); });
  check_reply("*4\r\n", "%2\r\n", [](ReplyWriter& w) { w.map(2); });
  check_reply("*10\r\n", "%5\r\n", [](ReplyWriter& w) { w.map(5); });
  check_reply("*24\r\n", "%12\r\n", [](ReplyWriter& w) { w.map(12); });
  check_reply("*3\r\n", "~3\r\n", [](ReplyWriter& w) { w.set(3); });
  check_reply("*3\r\n", ">3\r\n", [](ReplyWriter& w) { w.push(3); });
}

TEST_CASE("booleans, big numbers, verbatim strings, raw bytes") {
  check_reply(":1\r\n", "#t\r\n", [](ReplyWriter& w) { w.boolean(true); });
  check_reply(":0\r\n", "#f\r\n", [](ReplyWriter& w) { w.boolean(false); });
  check_reply("$5\r\n12345\r\n", "(12345\r\n", [](ReplyWriter& w) { w.big_number("12345"); });
  check_reply("$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n", [](ReplyWriter& w) { w.verbatim("hi", "txt"); });
  check_reply("$0\r\n\r\n", "=4\r\nm  :\r\n", [](ReplyWriter& w) { w.verbatim("", "m"); });
  check_reply(":1\r\n+x\r\n", [](ReplyWriter& w) { w.raw(":1\r\n+x\r\n"); });
}

TEST_CASE("doubles") {
  check_reply("$3\r\n3.5\r\n", ",3.5\r\n", [](ReplyWriter& w) { w.double_number(3.5); });
  check_reply("$3\r\ninf\r\n", ",inf\r\n", [](ReplyWriter& w) { w.double_number(kInfinity); });
  check_reply("$4\r\n-inf\r\n", ",-inf\r\n", [](ReplyWriter& w) { w.double_number(-kInfinity); });
  check_reply("$3\r\nnan\r\n", ",nan\r\n", [](ReplyWriter& w) { w.double_number(kNan); });
}

TEST_CASE("the protocol can change between replies") {
  std::string output;
  ReplyWriter writer(output);
  writer.null();
  writer.set_protocol(3);
  writer.null();
  CHECK(writer.protocol() == 3);
  CHECK(output == "$-1\r\n_\r\n");
}

TEST_CASE("whole doubles are written out up to 2^62") {
  CHECK(text_of(0.0) == "0");
  CHECK(text_of(-0.0) == "-0");
  CHECK(text_of(-kNan) == "nan");
  CHECK(text_of(1) == "1");
  CHECK(text_of(-17) == "-17");
  CHECK(text_of(9007199254740993.0) == "9007199254740992");
  CHECK(text_of(1e18) == "1000000000000000000");
  CHECK(text_of(4611686018427387904.0) == "4611686018427387904");
  CHECK(text_of(1e19) == "1e+19");
  CHECK(text_of(-1e300) == "-1e+300");
  CHECK(text_of(12345678901234567e3) == "12345678901234567000");
}

TEST_CASE("other doubles have the fewest digits, and an exponent where Redis 7.2 writes one") {
  CHECK(text_of(0.1) == "0.1");
  CHECK(text_of(-3.14) == "-3.14");
  CHECK(text_of(0.1 + 0.2) == "0.30000000000000004");
  CHECK(text_of(1234.5678) == "1234.5678");
  CHECK(text_of(9999.123456789) == "9999.123456789");
  CHECK(text_of(123456.789012) == "123456.789012");
  CHECK(text_of(123456.7890123) == "1.234567890123e+5");
  CHECK(text_of(0.000001) == "0.000001");
  CHECK(text_of(0.0000001) == "1e-7");
  CHECK(text_of(0.00001234) == "1.234e-5");
  CHECK(text_of(-0.00123456) == "-0.00123456");
  CHECK(text_of(-0.000123456) == "-1.23456e-4");
  CHECK(text_of(5e-324) == "5e-324");
  CHECK(text_of(-1.7976931348623157e308) == "-1.7976931348623157e+308");
}

TEST_CASE("random doubles read back as themselves") {
  std::mt19937_64 random(pick_seed());
  for (int round = 0; round < 20000; ++round) {
    // Half of them of everyday size, half with any exponent.
    const double small =
        static_cast<double>(static_cast<std::int64_t>(random() % 2000000000000) - 1000000000000) /
        std::pow(10, static_cast<int>(random() % 13));
    const double any = std::ldexp(static_cast<double>(random()), static_cast<int>(random() % 2000) - 1060);
    for (const double number : {small, any}) {
      const std::string text = text_of(number);
      CAPTURE(text);
      REQUIRE(text.size() <= kDoubleTextBytesMax);
      REQUIRE(std::strtod(text.c_str(), nullptr) == number);
    }
  }
}

}  // namespace stave::resp::test
