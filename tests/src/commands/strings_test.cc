// SPDX-License-Identifier: Apache-2.0
// The string commands over a fake keyspace: options, errors and their order, cold values, failing changes.
// That replies equal Redis' for random arguments is shown by the differential test.
#include <doctest/doctest.h>

#include "tests/src/command_tester.h"

namespace stave {
namespace {

using testing::CommandTester;

constexpr const char* kOk = "+OK\r\n";
constexpr const char* kNull = "$-1\r\n";
constexpr const char* kSyntaxError = "-ERR syntax error\r\n";
constexpr const char* kIntegerError = "-ERR value is not an integer or out of range\r\n";

struct Fixture : CommandTester {
  Fixture() : CommandTester{string_commands()} {}
};

std::string bulk(const std::string& text) {
  return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

TEST_CASE_FIXTURE(Fixture, "SET: conditions and GET") {
  CHECK(run("set k 1 xx") == kNull);
  CHECK(value("k") == "(absent)");
  CHECK(run("set k 1 nx") == kOk);
  CHECK(run("set k 2 NX") == kNull);
  CHECK(run("set k 2 xx get") == bulk("1"));
  CHECK(run("set k 3 nx get") == bulk("2"));
  CHECK(value("k") == "2");
  CHECK(run("set fresh 1 get") == kNull);
  CHECK(value("fresh") == "1");
}

TEST_CASE_FIXTURE(Fixture, "SET: options that exclude each other") {
  for (const char* line : {"set k v nx xx", "set k v ex 1 px 1", "set k v ex 1 keepttl",
                           "set k v keepttl exat 5", "set k v ex", "set k v persist", "set k v 5"}) {
    CAPTURE(line);
    CHECK(run(line) == kSyntaxError);
  }
  CHECK(run("set k v ex 5 ex 10") == kOk);
  CHECK(keys.stored[{0, "k"}].expiry_ms == keys.now_ms + 10'000);
}

TEST_CASE_FIXTURE(Fixture, "SET: expiry") {
  const std::string invalid = "-ERR invalid expire time in 'set' command\r\n";
  CHECK(run("set k v ex 0") == invalid);
  CHECK(run("set k v px -1") == invalid);
  CHECK(run("set k v ex 9223372036854775807") == invalid);
  CHECK(run("set k v px 9223372036854775807") == invalid);
  CHECK(run("set k v ex 1.5") == kIntegerError);
  CHECK(run("set k v px 100") == kOk);
  CHECK(keys.stored[{0, "k"}].expiry_ms == keys.now_ms + 100);
  CHECK(run("set k w keepttl") == kOk);
  CHECK(keys.stored[{0, "k"}].expiry_ms == keys.now_ms + 100);
  CHECK(run("set k w") == kOk);
  CHECK(keys.stored[{0, "k"}].expiry_ms == 0);
  CHECK(run("set absent w keepttl") == kOk);
  CHECK(keys.stored[{0, "absent"}].expiry_ms == 0);
  CHECK(run("set k w pxat 5") == kOk);
  CHECK(value("k") == "(absent)");
}

TEST_CASE_FIXTURE(Fixture, "SETEX and PSETEX") {
  CHECK(run("setex k 10 v") == kOk);
  CHECK(keys.stored[{0, "k"}].expiry_ms == keys.now_ms + 10'000);
  CHECK(run("psetex k 10 v") == kOk);
  CHECK(keys.stored[{0, "k"}].expiry_ms == keys.now_ms + 10);
  CHECK(run("setex k 0 v") == "-ERR invalid expire time in 'setex' command\r\n");
  CHECK(run("psetex k x v") == kIntegerError);
}

TEST_CASE_FIXTURE(Fixture, "GETEX looks at the time only when there is a key") {
  CHECK(run("getex k ex abc") == kNull);
  CHECK(run("getex k ex 1 persist") == kSyntaxError);
  CHECK(run("set k v") == kOk);
  CHECK(run("getex k ex abc") == kIntegerError);
  CHECK(run("getex k ex 0") == "-ERR invalid expire time in 'getex' command\r\n");
  CHECK(run("getex k ex 10") == bulk("v"));
  CHECK(keys.stored[{0, "k"}].expiry_ms == keys.now_ms + 10'000);
  CHECK(run("getex k persist") == bulk("v"));
  CHECK(keys.stored[{0, "k"}].expiry_ms == 0);
  CHECK(run("getex k pxat 1") == bulk("v"));
  CHECK(value("k") == "(absent)");
}

TEST_CASE_FIXTURE(Fixture, "several keys") {
  CHECK(run("mset a 1 b 2") == kOk);
  CHECK(run("mset a 1 b") == "-ERR wrong number of arguments for 'mset' command\r\n");
  CHECK(run("msetnx c 3 a 9") == ":0\r\n");
  CHECK(value("c") == "(absent)");
  CHECK(run("msetnx c 3 d 4") == ":1\r\n");
  keys.stored[{0, "list"}].type = Type::kList;
  CHECK(run("mget a nothing list d") == "*4\r\n" + bulk("1") + kNull + kNull + bulk("4"));
  CHECK(run("get list") == "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n");
  CHECK(run("set list 1 get") == "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n");
}

TEST_CASE_FIXTURE(Fixture, "a cold value is staged and the command runs again") {
  run("mset a 1 b hello");
  for (const char* line :
       {"get a", "mget a b", "getset a 1", "getex a", "incr a", "incrbyfloat a 1", "append b x",
        "setrange b 0 y", "getrange b 0 1", "lcs a b", "set a 1 get", "getdel a"}) {
    CAPTURE(line);
    keys.make_cold();
    stagings = 0;
    CHECK(run(line)[0] != '-');
    CHECK(stagings >= 1);
  }
  run("mset a 1 b hello");
  for (const char* line :
       {"strlen a", "setnx a 1", "set a 2 xx", "set a 2 nx", "msetnx a 1 b 1", "set a 1"}) {
    CAPTURE(line);
    keys.make_cold();
    stagings = 0;
    run(line);
    CHECK(stagings == 0);
  }
}

TEST_CASE_FIXTURE(Fixture, "a change that fails is the reply") {
  run("mset a 1 b hello");
  keys.failure = "ERR disk full";
  for (const char* line :
       {"set a 1", "set a 1 get", "getset a 1", "getdel a", "getex a ex 5", "mset a 1", "msetnx c 1",
        "setnx c 1", "setex a 1 1", "append b x", "setrange b 0 x", "incr a", "incrbyfloat a 1"}) {
    CAPTURE(line);
    CHECK(run(line) == "-ERR disk full\r\n");
  }
  CHECK(run("get a") == bulk("1"));
}

TEST_CASE_FIXTURE(Fixture, "APPEND and SETRANGE: lengths, gaps, limit, encoding, expiry") {
  limits.string_bytes_max = 10;
  CHECK(run("append k 12") == ":2\r\n");
  CHECK_FALSE(keys.stored[{0, "k"}].raw_encoding);
  keys.stored[{0, "k"}].expiry_ms = keys.now_ms + 1;
  CHECK(run("append k 34") == ":4\r\n");
  CHECK(keys.stored[{0, "k"}].raw_encoding);
  CHECK(keys.stored[{0, "k"}].expiry_ms == keys.now_ms + 1);
  const std::string too_long = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n";
  CHECK(run("append k 1234567") == too_long);
  CHECK(run("setrange k 9 ab") == too_long);
  CHECK(run("setrange k 9223372036854775807 ab") == too_long);
  CHECK(run("setrange k -1 ab") == "-ERR offset is out of range\r\n");
  CHECK(run("setrange k 6 x") == ":7\r\n");
  CHECK(value("k") == std::string("1234\0\0x", 7));
  CHECK(keys.stored[{0, "k"}].expiry_ms == keys.now_ms + 1);
  CHECK(run("setrange k 1 ab") == ":7\r\n");
  CHECK(value("k") == std::string("1ab4\0\0x", 7));
  CHECK(run("setrange absent 3 ''") == ":0\r\n");
  CHECK(value("absent") == "(absent)");
  CHECK(run("setrange k 30 ''") == ":7\r\n");
}

TEST_CASE_FIXTURE(Fixture, "GETRANGE") {
  run("set k abcdef");
  CHECK(run("getrange k 1 2") == bulk("bc"));
  CHECK(run("substr k -3 -1") == bulk("def"));
  CHECK(run("getrange k 4 100") == bulk("ef"));
  CHECK(run("getrange k -1 -3") == bulk(""));
  CHECK(run("getrange k 0 -100") == bulk("a"));
  CHECK(run("getrange k 6 7") == bulk(""));
  CHECK(run("getrange absent 0 -1") == bulk(""));
  CHECK(run("getrange k 0 x") == kIntegerError);
  CHECK(run("getrange k -9223372036854775808 9223372036854775807") == bulk("abcdef"));
}

TEST_CASE_FIXTURE(Fixture, "counters") {
  CHECK(run("incr n") == ":1\r\n");
  CHECK(run("decrby n 3") == ":-2\r\n");
  keys.stored[{0, "n"}].expiry_ms = keys.now_ms + 5;
  CHECK(run("incrby n 9223372036854775807") == ":9223372036854775805\r\n");
  CHECK(keys.stored[{0, "n"}].expiry_ms == keys.now_ms + 5);
  CHECK(run("incrby n 3") == "-ERR increment or decrement would overflow\r\n");
  CHECK(run("decrby n -9223372036854775808") == "-ERR decrement would overflow\r\n");
  CHECK(run("incrby n +1") == kIntegerError);
  for (const char* text : {"007", "-0", "1.0", "''", "9223372036854775808"}) {
    CAPTURE(text);
    run(std::string("set t ") + text);
    CHECK(run("incr t") == kIntegerError);
  }
}

TEST_CASE_FIXTURE(Fixture, "INCRBYFLOAT") {
  CHECK(run("incrbyfloat f 10.50") == bulk("10.5"));
  CHECK(run("incrbyfloat f 0.1") == bulk("10.6"));
  CHECK(run("incrbyfloat f -5e0") == bulk("5.6"));
  CHECK(run("incrbyfloat f -5.6") == bulk("0"));
  CHECK(run("incrbyfloat f 5.0e3") == bulk("5000"));
  CHECK(run("incrbyfloat f inf") == "-ERR increment would produce NaN or Infinity\r\n");
  CHECK(run("incrbyfloat f abc") == "-ERR value is not a valid float\r\n");
  CHECK(run("incrbyfloat f 1e5000") == "-ERR value is not a valid float\r\n");
}

}  // namespace
}  // namespace stave
