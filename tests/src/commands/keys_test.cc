// SPDX-License-Identifier: Apache-2.0
// Commands on keys of any type: what they count, and that RENAME, COPY and MOVE take value, expiry and
// encoding along.
#include <doctest/doctest.h>

#include "tests/src/command_tester.h"

namespace stave {
namespace {

using testing::FakeKeyspace;

struct Fixture : testing::CommandTester {
  Fixture() : CommandTester{string_commands(), key_commands()} {}

  void add(std::string_view name, const FakeKeyspace::Stored& stored) {
    keys.stored[{db, std::string(name)}] = stored;
  }
  FakeKeyspace::Stored& at(const std::string& name, int database = 0) {
    return keys.stored.at({database, name});
  }
};

TEST_CASE_FIXTURE(Fixture, "DEL, EXISTS, TOUCH count") {
  run("mset a 1 b 2 c 3");
  CHECK(run("exists a a nothing b") == ":3\r\n");
  CHECK(run("touch a nothing") == ":1\r\n");
  CHECK(run("del a a nothing") == ":1\r\n");
  CHECK(run("unlink b c") == ":2\r\n");
  CHECK(keys.stored.empty());
}

TEST_CASE_FIXTURE(Fixture, "TYPE") {
  CHECK(run("type k") == "+none\r\n");
  run("set k 1");
  CHECK(run("type k") == "+string\r\n");
  at("k").type = Type::kZset;
  CHECK(run("type k") == "+zset\r\n");
}

TEST_CASE_FIXTURE(Fixture, "RENAME takes everything along") {
  const std::int64_t expiry_ms = keys.now_ms + 10;
  add("a", {"12", expiry_ms, true});
  run("set b old");
  CHECK(run("rename a b") == "+OK\r\n");
  CHECK(value("a") == "(absent)");
  CHECK(at("b").value == "12");
  CHECK(at("b").expiry_ms == expiry_ms);
  CHECK(at("b").raw_encoding);
  CHECK(run("rename b b") == "+OK\r\n");
  CHECK(run("rename a a") == "-ERR no such key\r\n");
  CHECK(run("rename a b") == "-ERR no such key\r\n");
}

TEST_CASE_FIXTURE(Fixture, "RENAMENX") {
  run("mset a 1 b 2");
  CHECK(run("renamenx a b") == ":0\r\n");
  CHECK(run("renamenx a a") == ":0\r\n");
  CHECK(run("renamenx a c") == ":1\r\n");
  CHECK(value("c") == "1");
  CHECK(run("renamenx a c") == "-ERR no such key\r\n");
}

TEST_CASE_FIXTURE(Fixture, "COPY") {
  const std::int64_t expiry_ms = keys.now_ms + 10;
  add("a", {"12", expiry_ms, true});
  CHECK(run("copy a b") == ":1\r\n");
  CHECK(at("b").expiry_ms == expiry_ms);
  CHECK(at("b").raw_encoding);
  run("set a 13");
  CHECK(run("copy a b") == ":0\r\n");
  CHECK(run("copy a b replace") == ":1\r\n");
  CHECK(at("b").value == "13");
  CHECK(at("b").expiry_ms == 0);
  CHECK(run("copy a a DB 3") == ":1\r\n");
  CHECK(at("a", 3).value == "13");
  CHECK(run("copy nothing b") == ":0\r\n");
  CHECK(run("copy a a") == "-ERR source and destination objects are the same\r\n");
  CHECK(run("copy a b db 16") == "-ERR DB index is out of range\r\n");
  CHECK(run("copy a b db") == "-ERR syntax error\r\n");
  CHECK(run("copy a b db x") == "-ERR value is not an integer or out of range\r\n");
  CHECK(run("copy a b db 2147483648") ==
        "-ERR value is out of range, value must between -2147483648 and 2147483647\r\n");
}

TEST_CASE_FIXTURE(Fixture, "MOVE") {
  add("a", {"12", keys.now_ms + 10, true});
  CHECK(run("move a 5") == ":1\r\n");
  CHECK(value("a") == "(absent)");
  CHECK(at("a", 5).expiry_ms == keys.now_ms + 10);
  CHECK(at("a", 5).raw_encoding);
  run("set a 1");
  CHECK(run("move a 5") == ":0\r\n");
  CHECK(run("move nothing 5") == ":0\r\n");
  CHECK(run("move a 0") == "-ERR source and destination objects are the same\r\n");
  CHECK(run("move a -1") == "-ERR DB index is out of range\r\n");
}

TEST_CASE_FIXTURE(Fixture, "cold values and failing changes") {
  run("mset a 1 b 2");
  for (const char* line : {"rename a c", "copy c a", "move c 1", "object encoding a", "object refcount a"}) {
    CAPTURE(line);
    keys.make_cold();
    stagings = 0;
    CHECK(run(line)[0] != '-');
    CHECK(stagings == 1);
  }
  run("mset a 1 b 2");
  keys.failure = "ERR disk full";
  for (const char* line : {"rename a c", "renamenx a c", "copy a c", "move a 2", "del a"}) {
    CAPTURE(line);
    CHECK(run(line) == "-ERR disk full\r\n");
  }
}

TEST_CASE_FIXTURE(Fixture, "OBJECT") {
  CHECK(run("object encoding k") == "$-1\r\n");
  CHECK(run("object freq k") == "$-1\r\n");
  run("set k 9223372036854775807");
  CHECK(run("object encoding k") == "$3\r\nint\r\n");
  run("set k 9223372036854775808");
  CHECK(run("object encoding k") == "$6\r\nembstr\r\n");
  run("set k " + std::string(44, 'x'));
  CHECK(run("object encoding k") == "$6\r\nembstr\r\n");
  run("append k y");
  CHECK(run("object encoding k") == "$3\r\nraw\r\n");
  add("k", {"1", 0, true});
  CHECK(run("object encoding k") == "$3\r\nraw\r\n");
  CHECK(run("object refcount k") == ":1\r\n");
  run("set k 9999");
  CHECK(run("object refcount k") == ":2147483647\r\n");
  CHECK(run("object idletime k") == ":0\r\n");
  CHECK(run("object freq k").starts_with("-ERR An LFU maxmemory policy is not selected"));
  CHECK(run("object help").starts_with("*11\r\n+OBJECT <subcommand>"));
}

}  // namespace
}  // namespace stave
