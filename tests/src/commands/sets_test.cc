// SPDX-License-Identifier: Apache-2.0
// The set commands over a fake keyspace: replies in both protocols, errors and their order, cold values,
// failing changes, and that it is the same for sets that have outgrown their packed form. That replies equal
// Redis' for random arguments is shown by the differential test.
#include <doctest/doctest.h>

#include "tests/src/collection_tester.h"

namespace stave {
namespace {

using testing::bulk;
using testing::Names;

constexpr const char* kNull = "$-1\r\n";
constexpr const char* kZero = ":0\r\n";
constexpr const char* kOne = ":1\r\n";
constexpr const char* kNothing = "*0\r\n";
constexpr const char* kSyntaxError = "-ERR syntax error\r\n";
constexpr const char* kPositiveError = "-ERR value is out of range, must be positive\r\n";
constexpr const char* kWrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";
constexpr const char* kNothingScanned = "*2\r\n$1\r\n0\r\n*0\r\n";

struct Fixture : testing::CollectionTester {};

TEST_CASE_FIXTURE(Fixture, "SADD, SREM, SCARD, SISMEMBER, SMISMEMBER, SMEMBERS") {
  in_both_forms([&] {
    CHECK(run("sadd s a b a ''") == ":3\r\n");
    CHECK(run("sadd s a c") == kOne);
    CHECK(run("scard s") == ":4\r\n");
    CHECK(run("sismember s ''") == kOne);
    CHECK(run("sismember s z") == kZero);
    CHECK(run("smismember s a z c") == "*3\r\n:1\r\n:0\r\n:1\r\n");
    CHECK(members("smembers s") == Names{"", "a", "b", "c"});
    CHECK(run("srem s a a z") == kOne);
    CHECK(run("srem s '' b c") == ":3\r\n");
    CHECK(run("exists s") == kZero);
  });
  CHECK(run("srem none a") == kZero);
  CHECK(run("scard none") == kZero);
  CHECK(run("sismember none a") == kZero);
  CHECK(run("smismember none a b") == "*2\r\n:0\r\n:0\r\n");
  CHECK(run("smembers none") == kNothing);
}

TEST_CASE_FIXTURE(Fixture, "which replies are sets in RESP3") {
  run("sadd s a");
  protocol = 3;
  const std::string set = "~1\r\n" + bulk("a");
  for (const char* line : {"smembers s", "sinter s", "sunion s none", "sdiff s none"})
    CHECK(run(line) == set);
  CHECK(run("smembers none") == "~0\r\n");
  CHECK(run("srandmember s 3") == "*1\r\n" + bulk("a"));
  CHECK(run("srandmember none 3") == kNothing);
  CHECK(run("srandmember none") == "_\r\n");
  CHECK(run("spop s 0") == "~0\r\n");
  CHECK(run("spop s 3") == set);
  CHECK(run("spop none 3") == "~0\r\n");
  CHECK(run("spop none") == "_\r\n");
}

TEST_CASE_FIXTURE(Fixture, "SPOP") {
  in_both_forms([&] {
    run("sadd s a b c d e");
    Names left = members("smembers s");
    const std::string reply = run("spop s");
    CHECK(left.erase(reply.substr(4, 1)) == 1);
    CHECK(members("smembers s") == left);
    for (const std::string& member : members("spop s 2")) CHECK(left.erase(member) == 1);
    CHECK(left.size() == 2);
    CHECK(members("smembers s") == left);
    CHECK(run("spop s 0") == kNothing);
    CHECK(members("spop s 9223372036854775807") == left);
    CHECK(run("exists s") == kZero);
    run("sadd s a");
    CHECK(run("spop s") == bulk("a"));
    CHECK(run("exists s") == kZero);
  });
  CHECK(run("spop none") == kNull);
  CHECK(run("spop none 2") == kNothing);
}

TEST_CASE_FIXTURE(Fixture, "SPOP: wrong arguments") {
  run("set string x");
  run("sadd s a");
  for (const char* line : {"spop s -1", "spop s abc", "spop s 1.5", "spop string -1"})
    CHECK(run(line) == kPositiveError);
  CHECK(run("spop s 1 2") == kSyntaxError);
  CHECK(run("spop string") == kWrongType);
  CHECK(run("spop string 0") == kWrongType);
}

TEST_CASE_FIXTURE(Fixture, "SMOVE") {
  in_both_forms([&] {
    run("sadd s a b");
    run("sadd t b");
    CHECK(run("smove s t z") == kZero);
    CHECK(run("smove s t b") == kOne);
    CHECK(run("smove s s a") == kOne);
    CHECK(run("smove s s z") == kZero);
    CHECK(run("smove s fresh z") == kZero);
    CHECK(run("exists fresh") == kZero);
    CHECK(run("smove s fresh a") == kOne);
    CHECK(run("exists s") == kZero);
    CHECK(members("smembers fresh") == Names{"a"});
    CHECK(members("smembers t") == Names{"b"});
    CHECK(run("smove none t a") == kZero);
    run("set string x");
    CHECK(run("smove none string a") == kZero);
    CHECK(run("smove t string z") == kWrongType);
    CHECK(run("smove string t b") == kWrongType);
    CHECK(run("smove string none b") == kWrongType);
  });
}

TEST_CASE_FIXTURE(Fixture, "a key of another type is an error wherever it stands") {
  run("set string x");
  run("sadd s a");
  for (const char* line :
       {"sadd string a", "srem string a", "smembers string", "sismember string a", "smismember string a",
        "scard string", "srandmember string", "srandmember string 1", "sinter none string",
        "sinter string none", "sunion s string", "sdiff none string", "sinterstore s none string",
        "sunionstore s string", "sdiffstore s s string", "sintercard 2 none string", "get s", "append s x",
        "incr s"}) {
    CAPTURE(line);
    CHECK(run(line) == kWrongType);
  }
  CHECK(members("smembers s") == Names{"a"});
}

TEST_CASE_FIXTURE(Fixture, "SSCAN") {
  in_both_forms([&] {
    run("sadd s aa ab b");
    CHECK(run("sscan s 0").starts_with("*2\r\n$1\r\n0\r\n*3\r\n"));
    CHECK(run("sscan s 0 match b").ends_with("*1\r\n" + bulk("b")));
    CHECK(run("sscan s 0 MATCH a* COUNT 1000").starts_with("*2\r\n$1\r\n0\r\n*2\r\n"));
  });
  CHECK(run("sscan none x") == "-ERR invalid cursor\r\n");
  CHECK(run("sscan none 0 foo") == kNothingScanned);
  CHECK(run("sscan s 0 foo bar") == kSyntaxError);
  CHECK(run("sscan s 0 type set") == kSyntaxError);
}

TEST_CASE_FIXTURE(Fixture, "cold sets are staged before anything is changed or replied") {
  for (const char* line : {"sadd s z",          "srem s a",          "smembers s",       "sismember s a",
                           "smismember s a",    "scard s",           "spop s",           "spop s 1",
                           "spop s 9",          "srandmember s",     "srandmember s 1",  "smove s u a",
                           "sscan s 0",         "sinter s t",        "sunion s t",       "sdiff s t",
                           "sinterstore u s t", "sunionstore u s t", "sdiffstore u s t", "sintercard 2 s t",
                           "object encoding s"}) {
    CAPTURE(line);
    keys.stored.clear();
    run("sadd s a b");
    run("sadd t a c");
    run("sadd u x");
    keys.make_cold();
    stagings = 0;
    CHECK_FALSE(run(line).starts_with('-'));
    CHECK(stagings >= 1);
  }
}

TEST_CASE_FIXTURE(Fixture, "a failing change is the reply") {
  run("sadd s a b");
  run("sadd t a");
  keys.failure = "OOM no";
  for (const char* line :
       {"sadd s z", "srem s a", "spop s", "spop s 1", "spop s 9", "smove s t b", "sinterstore u s t",
        "sdiffstore u t s x", "sunionstore u s", "sinterstore s none t"}) {
    CAPTURE(line);
    CHECK(run(line) == (std::string_view(line).starts_with("sdiffstore") ? kZero : "-OOM no\r\n"));
  }
}

TEST_CASE_FIXTURE(Fixture, "OBJECT ENCODING, also of what is stored") {
  in_both_forms([&] {
    run("sadd ints 1 2 3");
    run("sadd words a b");
    run("sadd long " + std::string(65, 'x'));
    run("sunionstore both ints words");
    run("sinterstore none ints words");
    run("sunionstore ints2 ints");
    run("sunionstore long2 long ints");
    CHECK(run("object encoding ints") == bulk("intset"));
    CHECK(run("object encoding words") == bulk("listpack"));
    CHECK(run("object encoding long") == bulk("hashtable"));
    CHECK(run("object encoding both") == bulk("listpack"));
    CHECK(run("object encoding ints2") == bulk("intset"));
    CHECK(run("object encoding long2") == bulk("hashtable"));
    CHECK(run("type both") == "+set\r\n");
    CHECK(run("copy ints ints3") == kOne);
    CHECK(run("object encoding ints3") == bulk("intset"));
  });
}

}  // namespace
}  // namespace stave
