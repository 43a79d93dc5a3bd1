// SPDX-License-Identifier: Apache-2.0
// Expiry commands: units, conditions, overflow, and times that have passed.
#include <doctest/doctest.h>

#include "tests/src/command_tester.h"

namespace stave {
namespace {

struct Fixture : testing::CommandTester {
  Fixture() : CommandTester{string_commands(), key_commands()} { run("set k v"); }

  std::int64_t expiry_ms() const { return keys.stored.at({0, "k"}).expiry_ms; }
};

TEST_CASE_FIXTURE(Fixture, "four forms of time") {
  CHECK(run("expire k 10") == ":1\r\n");
  CHECK(expiry_ms() == keys.now_ms + 10'000);
  CHECK(run("pexpire k 10") == ":1\r\n");
  CHECK(expiry_ms() == keys.now_ms + 10);
  CHECK(run("expireat k 1800000000") == ":1\r\n");
  CHECK(expiry_ms() == 1'800'000'000'000);
  CHECK(run("pexpireat k 1800000000499") == ":1\r\n");
  CHECK(expiry_ms() == 1'800'000'000'499);
  CHECK(run("pexpiretime k") == ":1800000000499\r\n");
  CHECK(run("expiretime k") == ":1800000000\r\n");
  CHECK(run("pexpireat k 1800000000500") == ":1\r\n");
  CHECK(run("expiretime k") == ":1800000001\r\n");
  CHECK(run("expire nothing 10") == ":0\r\n");
}

TEST_CASE_FIXTURE(Fixture, "TTL and PERSIST") {
  CHECK(run("ttl nothing") == ":-2\r\n");
  CHECK(run("pttl k") == ":-1\r\n");
  CHECK(run("persist k") == ":0\r\n");
  run("pexpire k 1500");
  CHECK(run("pttl k") == ":1500\r\n");
  CHECK(run("ttl k") == ":2\r\n");
  CHECK(run("persist k") == ":1\r\n");
  CHECK(run("ttl k") == ":-1\r\n");
  run("pexpireat k 9223372036854775807");
  CHECK(run("expiretime k") == ":9223372036854776\r\n");
  keys.now_ms = 9223372036854775000;
  CHECK(run("exists k") == ":1\r\n");
}

TEST_CASE_FIXTURE(Fixture, "a time that has passed removes the key") {
  for (const char* line : {"expire k 0", "pexpire k -1", "expireat k 0", "pexpireat k 1700000000000",
                           "expire k -9223372036854775", "pexpire k -9223372036854775808"}) {
    CAPTURE(line);
    run("set k v");
    CHECK(run(line) == ":1\r\n");
    CHECK(value("k") == "(absent)");
  }
}

TEST_CASE_FIXTURE(Fixture, "conditions") {
  CHECK(run("expire k 10 xx") == ":0\r\n");
  CHECK(run("expire k 10 gt") == ":0\r\n");
  CHECK(run("expire k 10 lt") == ":1\r\n");
  CHECK(run("expire k 10 nx") == ":0\r\n");
  CHECK(run("expire k 10 gt") == ":0\r\n");
  CHECK(run("expire k 10 lt") == ":0\r\n");
  CHECK(run("expire k 11 gt xx") == ":1\r\n");
  CHECK(run("expire k 9 LT XX") == ":1\r\n");
  CHECK(run("persist k") == ":1\r\n");
  CHECK(run("expire k 9 nx nx") == ":1\r\n");
}

TEST_CASE_FIXTURE(Fixture, "errors, in Redis' order") {
  const std::string nx = "-ERR NX and XX, GT or LT options at the same time are not compatible\r\n";
  CHECK(run("expire k x nx gt") == nx);
  CHECK(run("expire k 1 nx xx") == nx);
  CHECK(run("expire k 1 gt lt") == "-ERR GT and LT options at the same time are not compatible\r\n");
  CHECK(run("expire k x Zz") == "-ERR Unsupported option Zz\r\n");
  CHECK(run("expire nothing x") == "-ERR value is not an integer or out of range\r\n");
  CHECK(run("expire nothing 9223372036854775807") == "-ERR invalid expire time in 'expire' command\r\n");
  CHECK(run("expire k -9223372036854776") == "-ERR invalid expire time in 'expire' command\r\n");
  CHECK(run("pexpire k 9223372036854775807") == "-ERR invalid expire time in 'pexpire' command\r\n");
  CHECK(run("expireat k 9223372036854776") == "-ERR invalid expire time in 'expireat' command\r\n");
  CHECK(run("expire k") == "-ERR wrong number of arguments for 'expire' command\r\n");
}

TEST_CASE_FIXTURE(Fixture, "cold values and failing changes") {
  for (const char* line : {"expire k 10", "persist k"}) {
    CAPTURE(line);
    keys.make_cold();
    stagings = 0;
    CHECK(run(line) == ":1\r\n");
    CHECK(stagings == 1);
  }
  run("expire k 10");
  keys.make_cold();
  stagings = 0;
  for (const char* line :
       {"ttl k", "pttl k", "expiretime k", "pexpiretime k", "exists k", "type k", "touch k"})
    run(line);
  CHECK(stagings == 0);
  keys.failure = "ERR disk full";
  for (const char* line : {"expire k 10", "expire k 0", "persist k"}) {
    CAPTURE(line);
    CHECK(run(line) == "-ERR disk full\r\n");
  }
}

}  // namespace
}  // namespace stave
