// SPDX-License-Identifier: Apache-2.0
// SETBIT, GETBIT, BITCOUNT, BITPOS, BITOP: arguments, ends of strings, what they leave behind.
#include <doctest/doctest.h>

#include "tests/src/command_tester.h"

namespace stave {
namespace {

constexpr const char* kSyntaxError = "-ERR syntax error\r\n";
constexpr const char* kIntegerError = "-ERR value is not an integer or out of range\r\n";
constexpr const char* kOffsetError = "-ERR bit offset is not an integer or out of range\r\n";

struct Fixture : testing::CommandTester {
  Fixture() : CommandTester{string_commands(), bitmap_commands()} {}
};

TEST_CASE_FIXTURE(Fixture, "SETBIT and GETBIT") {
  CHECK(run("setbit k 7 1") == ":0\r\n");
  CHECK(value("k") == "\x01");
  CHECK(keys.stored.at({0, "k"}).raw_encoding);
  CHECK(run("setbit k 7 0") == ":1\r\n");
  CHECK(run("setbit k 17 0") == ":0\r\n");
  CHECK(value("k") == std::string(3, '\0'));
  CHECK(run("getbit k 1000") == ":0\r\n");
  CHECK(run("getbit nothing 0") == ":0\r\n");
  CHECK(run("setbit k -1 0") == kOffsetError);
  CHECK(run("setbit k #1 0") == kOffsetError);
  CHECK(run("setbit k 4294967296 0") == kOffsetError);
  CHECK(run("getbit k x") == kOffsetError);
  CHECK(run("setbit k 1 2") == "-ERR bit is not an integer or out of range\r\n");
}

TEST_CASE_FIXTURE(Fixture, "SETBIT keeps the expiry, and logs nothing when nothing changes") {
  run("set k 1 px 100");
  CHECK(run("setbit k 0 0") == ":0\r\n");
  CHECK(keys.stored.at({0, "k"}).raw_encoding);
  CHECK(keys.stored.at({0, "k"}).expiry_ms == keys.now_ms + 100);
  const int changes = keys.changes;
  CHECK(run("setbit k 0 0") == ":0\r\n");
  CHECK(keys.changes == changes);
}

TEST_CASE_FIXTURE(Fixture, "BITCOUNT") {
  run("set k foobar");
  CHECK(run("bitcount k") == ":26\r\n");
  CHECK(run("bitcount k 0 0") == ":4\r\n");
  CHECK(run("bitcount k 1 1 byte") == ":6\r\n");
  CHECK(run("bitcount k 5 30 BIT") == ":17\r\n");
  CHECK(run("bitcount k -1 -2") == ":0\r\n");
  CHECK(run("bitcount k -100 -90") == ":4\r\n");
  CHECK(run("bitcount nothing") == ":0\r\n");
  CHECK(run("bitcount k 0") == kSyntaxError);
  CHECK(run("bitcount k 0 1 word") == kSyntaxError);
  CHECK(run("bitcount nothing x 1") == kIntegerError);
}

TEST_CASE_FIXTURE(Fixture, "BITPOS") {
  run_args({"set", "ones", "\xff\xff\xff"});
  run_args({"set", "some", std::string_view("\0\x0f\0", 3)});
  run("set empty ''");
  CHECK(run("bitpos ones 0") == ":24\r\n");
  CHECK(run("bitpos ones 0 1") == ":24\r\n");
  CHECK(run("bitpos ones 0 0 -1") == ":-1\r\n");
  CHECK(run("bitpos ones 0 3") == ":-1\r\n");
  CHECK(run("bitpos some 1") == ":12\r\n");
  CHECK(run("bitpos some 1 2") == ":-1\r\n");
  CHECK(run("bitpos some 0 1 1") == ":8\r\n");
  CHECK(run("bitpos some 0 12 15 bit") == ":-1\r\n");
  CHECK(run("bitpos some 0 12 16 bit") == ":16\r\n");
  CHECK(run("bitpos empty 0") == ":-1\r\n");
  CHECK(run("bitpos nothing 0") == ":0\r\n");
  CHECK(run("bitpos nothing 1") == ":-1\r\n");
  CHECK(run("bitpos some 2") == "-ERR The bit argument must be 1 or 0.\r\n");
  CHECK(run("bitpos some 1 0 x word") == kSyntaxError);
  CHECK(run("bitpos some 1 0 x bit") == kIntegerError);
  CHECK(run("bitpos some 1 0 1 bit 5") == kSyntaxError);
}

TEST_CASE_FIXTURE(Fixture, "BITOP") {
  run("mset a abc b ab");
  CHECK(run("bitop and d a b") == ":3\r\n");
  CHECK(value("d") == std::string("ab\0", 3));
  CHECK(keys.stored.at({0, "d"}).raw_encoding);
  CHECK(run("bitop xor d a b nothing") == ":3\r\n");
  CHECK(value("d") == std::string("\0\0c", 3));
  CHECK(run("bitop or d nothing") == ":0\r\n");
  CHECK(value("d") == "(absent)");
  CHECK(run("bitop not a b") == ":2\r\n");
  CHECK(value("a") == "\x9e\x9d");
  CHECK(run("bitop not d a b") == "-ERR BITOP NOT must be called with a single source key.\r\n");
  CHECK(run("bitop nand d a b") == kSyntaxError);
}

TEST_CASE_FIXTURE(Fixture, "bitmaps: cold values and failing changes") {
  run("mset a abc b xyz");
  for (const char* line : {"setbit a 0 1", "getbit a 0", "bitcount a", "bitpos a 1", "bitop or d a b",
                           "bitfield a get u8 0", "bitfield a set u8 0 1", "bitfield_ro a get u8 0"}) {
    CAPTURE(line);
    keys.make_cold();
    stagings = 0;
    CHECK(run(line)[0] != '-');
    CHECK(stagings >= 1);
  }
  keys.failure = "ERR disk full";
  for (const char* line : {"setbit a 5 1", "bitop or d a b", "bitop or d nothing", "bitfield a set u8 0 7"}) {
    CAPTURE(line);
    CHECK(run(line) == "-ERR disk full\r\n");
  }
  keys.stored[{0, "list"}].type = Type::kList;
  for (const char* line :
       {"setbit list 5 1", "bitop or d list", "bitfield list", "bitcount list", "bitpos list 1"}) {
    CAPTURE(line);
    CHECK(run(line).starts_with("-WRONGTYPE"));
  }
}

}  // namespace
}  // namespace stave
