// SPDX-License-Identifier: Apache-2.0
// BITFIELD: integers at any bit, overflow in its three forms, arguments.
#include <doctest/doctest.h>

#include <random>

#include "src/commands/bitfield_integer.h"
#include "src/commands/bits.h"
#include "tests/src/command_tester.h"

namespace stave {
namespace {

using bitfield::IntegerType;
using bitfield::Overflow;

struct Fixture : testing::CommandTester {
  Fixture() : CommandTester{string_commands(), bitmap_commands()} {}
};

TEST_CASE("write changes its bits only, and read gives the number back") {
  std::mt19937_64 random(5);
  for (int round = 0; round < 2000; ++round) {
    const bool is_signed = random() % 2 == 0;
    const IntegerType type{is_signed, 1 + static_cast<int>(random() % (is_signed ? 64 : 63))};
    std::string bytes(24, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    const std::string before = bytes;
    const std::size_t offset = random() % (8 * bytes.size() - static_cast<std::size_t>(type.bits) + 1);
    const std::int64_t number =
        *bitfield::convert(static_cast<std::int64_t>(random()), type, Overflow::kWrap);
    bitfield::write(bytes, offset, type, number);
    CAPTURE(round);
    CHECK(bitfield::read(bytes, offset, type) == number);
    const std::size_t end = offset + static_cast<std::size_t>(type.bits);
    std::size_t changed_outside = 0;
    for (std::size_t i = 0; i < 8 * bytes.size(); ++i) {
      if ((i < offset || i >= end) && bits::get(bytes, i) != bits::get(before, i)) ++changed_outside;
    }
    CHECK(changed_outside == 0);
  }
  CHECK(bitfield::read("\xff", 4, {false, 8}) == 0xf0);
  CHECK(bitfield::read("", 100, {true, 64}) == 0);
}

TEST_CASE_FIXTURE(Fixture, "overflow") {
  CHECK(run("bitfield k set u8 0 255 incrby u8 0 10") == "*2\r\n:0\r\n:9\r\n");
  CHECK(run("bitfield k overflow sat incrby u8 0 255 incrby u8 0 -300") == "*2\r\n:255\r\n:0\r\n");
  CHECK(run("bitfield k overflow fail incrby u8 0 -1 overflow wrap incrby u8 0 -1") ==
        "*2\r\n$-1\r\n:255\r\n");
  CHECK(run("bitfield k set i8 0 127 incrby i8 0 1") == "*2\r\n:-1\r\n:-128\r\n");
  CHECK(run("bitfield k overflow sat incrby i8 0 -1 set i8 0 1000 get i8 0") ==
        "*3\r\n:-128\r\n:-128\r\n:127\r\n");
  CHECK(run("bitfield k set i64 0 9223372036854775807 incrby i64 0 1") ==
        "*2\r\n:9151314442816847872\r\n:-9223372036854775808\r\n");
  CHECK(run("bitfield k overflow sat set u63 0 -1 get u63 0") ==
        "*2\r\n:4611686018427387904\r\n:9223372036854775807\r\n");
  CHECK(run("bitfield k overflow sat set i8 0 -200 get i8 0") == "*2\r\n:-1\r\n:-128\r\n");
  // Redis' own quirk.
  CHECK(run("bitfield k overflow sat set i8 0 -9223372036854775808 get i8 0") == "*2\r\n:-128\r\n:127\r\n");
  protocol = 3;
  CHECK(run("bitfield k overflow fail set u1 0 2") == "*1\r\n_\r\n");
}

TEST_CASE_FIXTURE(Fixture, "reading creates nothing, a failed write does") {
  CHECK(run("bitfield k") == "*0\r\n");
  CHECK(run("bitfield k get u4 100") == "*1\r\n:0\r\n");
  CHECK(run("bitfield_ro k get u4 100") == "*1\r\n:0\r\n");
  CHECK(value("k") == "(absent)");
  CHECK(run("bitfield k overflow fail set u4 8 16") == "*1\r\n$-1\r\n");
  CHECK(value("k") == std::string(2, '\0'));
  CHECK(run("bitfield k set u4 #2 5") == "*1\r\n:0\r\n");
  CHECK(value("k") == std::string("\0\x50", 2));
}

TEST_CASE_FIXTURE(Fixture, "errors") {
  const std::string type =
      "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.\r\n";
  for (const char* text : {"u64", "i65", "u0", "x8", "U8", "i", "i08"}) {
    CAPTURE(text);
    CHECK(run(std::string("bitfield k get ") + text + " 0") == type);
  }
  CHECK(run("bitfield k get u8") == "-ERR syntax error\r\n");
  CHECK(run("bitfield k set u8 0") == "-ERR syntax error\r\n");
  CHECK(run("bitfield k overflow up") == "-ERR Invalid OVERFLOW type specified\r\n");
  CHECK(run("bitfield k get u8 -1") == "-ERR bit offset is not an integer or out of range\r\n");
  CHECK(run("bitfield k get u8 #9223372036854775807") ==
        "-ERR bit offset is not an integer or out of range\r\n");
  CHECK(run("bitfield k set u8 0 x") == "-ERR value is not an integer or out of range\r\n");
  CHECK(run("bitfield_ro k set u8 0 1") == "-ERR BITFIELD_RO only supports the GET subcommand\r\n");
}

}  // namespace
}  // namespace stave
