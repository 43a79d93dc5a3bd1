// SPDX-License-Identifier: Apache-2.0
// The hash commands over a fake keyspace: replies in both protocols, errors and their order, cold values,
// failing changes, and that it is the same for hashes that have outgrown their packed form. That replies
// equal Redis' for random arguments is shown by the differential test.
#include <doctest/doctest.h>

#include <set>

#include "tests/src/collection_tester.h"

namespace stave {
namespace {

using testing::bulk;
using testing::Words;

constexpr const char* kOk = "+OK\r\n";
constexpr const char* kNull = "$-1\r\n";
constexpr const char* kZero = ":0\r\n";
constexpr const char* kOne = ":1\r\n";
constexpr const char* kNothing = "*0\r\n";
constexpr const char* kSyntaxError = "-ERR syntax error\r\n";
constexpr const char* kIntegerError = "-ERR value is not an integer or out of range\r\n";
constexpr const char* kWrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";
constexpr const char* kNothingScanned = "*2\r\n$1\r\n0\r\n*0\r\n";

struct Fixture : testing::CollectionTester {};

TEST_CASE_FIXTURE(Fixture, "HSET, HMSET, HGET, HMGET") {
  in_both_forms([&] {
    CHECK(run("hset h a 1 b 2") == ":2\r\n");
    CHECK(run("hset h a 3 c 4 c 5") == kOne);
    CHECK(run("hget h a") == bulk("3"));
    CHECK(run("hget h c") == bulk("5"));
    CHECK(run("hget h none") == kNull);
    CHECK(run("hget none a") == kNull);
    CHECK(run("hmset h d 6 e ''") == kOk);
    CHECK(run("hmget h d none e") == "*3\r\n" + bulk("6") + kNull + bulk(""));
    CHECK(run("hmget none a b") == std::string("*2\r\n") + kNull + kNull);
  });
}

TEST_CASE_FIXTURE(Fixture, "HSET and HMSET need whole pairs, whatever the key is") {
  run("set s x");
  for (const char* line : {"hset h a", "hset h a 1 b", "hset s a 1 b"})
    CHECK(run(line) == "-ERR wrong number of arguments for 'hset' command\r\n");
  CHECK(run("hmset h a 1 b") == "-ERR wrong number of arguments for 'hmset' command\r\n");
  CHECK(value("h") == "(absent)");
}

TEST_CASE_FIXTURE(Fixture, "HSETNX") {
  in_both_forms([&] {
    CHECK(run("hsetnx h a 1") == kOne);
    CHECK(run("hsetnx h a 2") == kZero);
    CHECK(run("hsetnx h b 2") == kOne);
    CHECK(run("hmget h a b") == "*2\r\n" + bulk("1") + bulk("2"));
  });
}

TEST_CASE_FIXTURE(Fixture, "HGETALL, HKEYS, HVALS, HLEN, HEXISTS, HSTRLEN") {
  in_both_forms([&] {
    run("hset h a 1 b 22");
    CHECK(words("hgetall h") == Words{"a", "1", "b", "22"});
    CHECK(words("hkeys h") == Words{"a", "b"});
    CHECK(words("hvals h") == Words{"1", "22"});
    CHECK(run("hlen h") == ":2\r\n");
    CHECK(run("hexists h a") == kOne);
    CHECK(run("hexists h c") == kZero);
    CHECK(run("hstrlen h b") == ":2\r\n");
    CHECK(run("hstrlen h c") == kZero);
  });
  CHECK(run("hgetall none") == kNothing);
  CHECK(run("hkeys none") == kNothing);
  CHECK(run("hlen none") == kZero);
  CHECK(run("hexists none a") == kZero);
  CHECK(run("hstrlen none a") == kZero);
}

TEST_CASE_FIXTURE(Fixture, "HGETALL is a map in RESP3") {
  run("hset h a 1");
  protocol = 3;
  CHECK(run("hgetall h") == "%1\r\n" + bulk("a") + bulk("1"));
  CHECK(run("hgetall none") == "%0\r\n");
  CHECK(run("hkeys h") == "*1\r\n" + bulk("a"));
  CHECK(run("hget h none") == "_\r\n");
}

TEST_CASE_FIXTURE(Fixture, "HDEL; a hash without fields goes") {
  in_both_forms([&] {
    run("hset h a 1 b 2 c 3");
    CHECK(run("hdel h a a none") == kOne);
    CHECK(run("hdel none a") == kZero);
    CHECK(run("hdel h none") == kZero);
    CHECK(run("exists h") == kOne);
    CHECK(run("hdel h b c") == ":2\r\n");
    CHECK(run("exists h") == kZero);
  });
}

TEST_CASE_FIXTURE(Fixture, "changes keep the expiry") {
  run("hset h a 1");
  run("pexpire h 1000");
  const std::int64_t expiry_ms = keys.now_ms + 1000;
  for (const char* line :
       {"hset h a 2 b 3", "hincrby h a 1", "hincrbyfloat h a 1", "hdel h b", "hsetnx h c 1"}) {
    run(line);
    CHECK(keys.stored.at({0, "h"}).expiry_ms == expiry_ms);
  }
}

TEST_CASE_FIXTURE(Fixture, "HINCRBY") {
  in_both_forms([&] {
    CHECK(run("hincrby h n 5") == ":5\r\n");
    CHECK(run("hincrby h n -7") == ":-2\r\n");
    CHECK(run("hget h n") == bulk("-2"));
    CHECK(run("hincrby h n 1.5") == kIntegerError);
    run("hset h text abc empty '' most 9223372036854775807");
    CHECK(run("hincrby h text 1") == "-ERR hash value is not an integer\r\n");
    CHECK(run("hincrby h empty 1") == "-ERR hash value is not an integer\r\n");
    CHECK(run("hincrby h most 1") == "-ERR increment or decrement would overflow\r\n");
    CHECK(run("hincrby h most 0") == ":9223372036854775807\r\n");
  });
}

TEST_CASE_FIXTURE(Fixture, "HINCRBYFLOAT") {
  in_both_forms([&] {
    CHECK(run("hincrbyfloat h n 0.1") == bulk("0.1"));
    CHECK(run("hincrbyfloat h n 0.2") == bulk("0.3"));
    CHECK(run("hincrbyfloat h m 5.0e3") == bulk("5000"));
    CHECK(run("hincrbyfloat h n abc") == "-ERR value is not a valid float\r\n");
    CHECK(run("hincrbyfloat h n nan") == "-ERR value is not a valid float\r\n");
    CHECK(run("hincrbyfloat h n -inf") == "-ERR value is NaN or Infinity\r\n");
    run("hset h text abc empty '' inf inf");
    CHECK(run("hincrbyfloat h text 1") == "-ERR hash value is not a float\r\n");
    CHECK(run("hincrbyfloat h empty 1") == "-ERR hash value is not a float\r\n");
    CHECK(run("hincrbyfloat h inf 1") == "-ERR increment would produce NaN or Infinity\r\n");
  });
}

TEST_CASE_FIXTURE(Fixture, "the increment is looked at before the key") {
  run("set s x");
  CHECK(run("hincrby s f abc") == kIntegerError);
  CHECK(run("hincrby s f 1") == kWrongType);
  CHECK(run("hincrbyfloat s f abc") == "-ERR value is not a valid float\r\n");
  CHECK(run("hincrbyfloat s f inf") == "-ERR value is NaN or Infinity\r\n");
  CHECK(run("hincrbyfloat s f 1") == kWrongType);
}

TEST_CASE_FIXTURE(Fixture, "HSCAN") {
  in_both_forms([&] {
    run("hset h aa 1 ab 2 b 3");
    CHECK(words("hscan h 0") == Words{"0", "1", "2", "3", "aa", "ab", "b"});
    CHECK(words("hscan h 0 match a* count 100") == Words{"0", "1", "2", "aa", "ab"});
    CHECK(words("hscan h 0 COUNT 9223372036854775807").size() == 7);
    CHECK(run("hscan h 0 match x") == kNothingScanned);
  });
  CHECK(run("hscan h abc") == "-ERR invalid cursor\r\n");
  CHECK(run("hscan none abc") == "-ERR invalid cursor\r\n");
  CHECK(run("hscan h 18446744073709551616") == "-ERR invalid cursor\r\n");
  CHECK(run("hscan h 0 count 0") == kSyntaxError);
  CHECK(run("hscan h 0 count x") == kIntegerError);
  CHECK(run("hscan h 0 count") == kSyntaxError);
  CHECK(run("hscan h 0 type hash") == kSyntaxError);
  CHECK(run("hscan none 0 foo") == kNothingScanned);
  run("set s x");
  CHECK(run("hscan s abc") == "-ERR invalid cursor\r\n");
  CHECK(run("hscan s 0 foo") == kWrongType);
}

TEST_CASE_FIXTURE(Fixture, "HSCAN walks over a large hash in steps") {
  keys.natively = true;
  for (int i = 0; i < 300; ++i) run("hset h field:" + std::to_string(i) + " v");
  std::set<std::string> seen;
  std::string cursor = "0";
  int steps = 0;
  do {
    const std::string reply = run("hscan h " + cursor + " count 10");
    const std::size_t begin = reply.find("\r\n", 4) + 2;
    cursor = reply.substr(begin, reply.find("\r\n", begin) - begin);
    for (std::size_t at = reply.find("field:"); at != std::string::npos; at = reply.find("field:", at + 1))
      seen.insert(reply.substr(at, reply.find("\r\n", at) - at));
    REQUIRE(++steps < 1000);
  } while (cursor != "0");
  CHECK(seen.size() == 300);
  CHECK(steps > 5);
}

TEST_CASE_FIXTURE(Fixture, "a key of another type") {
  run("set s x");
  run("hset h a 1");
  for (const char* line :
       {"hset s a 1",  "hmset s a 1",    "hsetnx s a 1", "hget s a",   "hmget s a",
        "hgetall s",   "hkeys s",        "hvals s",      "hlen s",     "hdel s a",
        "hexists s a", "hstrlen s a",    "get h",        "append h x", "incr h",
        "getset h x",  "setrange h 1 x", "strlen h",     "getdel h",   "getex h persist"}) {
    CAPTURE(line);
    CHECK(run(line) == kWrongType);
  }
  CHECK(run("mget h s") == std::string("*2\r\n") + kNull + bulk("x"));
  CHECK(run("setnx h x") == kZero);
  CHECK(run("set h x") == kOk);
  CHECK(run("get h") == bulk("x"));
}

TEST_CASE_FIXTURE(Fixture, "cold hashes are staged before anything is changed or replied") {
  for (const char* line : {"hset h a 2",         "hsetnx h z 1", "hget h a",       "hmget h a",
                           "hgetall h",          "hkeys h",      "hvals h",        "hlen h",
                           "hdel h b",           "hexists h a",  "hstrlen h a",    "hincrby h a 1",
                           "hincrbyfloat h a 1", "hrandfield h", "hrandfield h 2", "hscan h 0",
                           "object encoding h",  "rename h h2",  "copy h h3",      "pexpire h 1000"}) {
    CAPTURE(line);
    keys.stored.clear();
    run("hset h a 1 b 2");
    const std::string expected = [&] {
      const auto stored = keys.stored;
      const std::string reply = run(line);
      keys.stored = stored;
      return reply;
    }();
    keys.make_cold();
    stagings = 0;
    const std::string reply = run(line);
    CHECK(stagings == 1);
    if (std::string_view(line).find("hrandfield") == std::string_view::npos) CHECK(reply == expected);
  }
}

TEST_CASE_FIXTURE(Fixture, "what has no effect is no change; a failing change is the reply") {
  run("hset h a 1");
  const int changes = keys.changes;
  CHECK(run("hset h a 1") == kZero);
  CHECK(run("hdel h z") == kZero);
  CHECK(keys.changes == changes);
  keys.failure = "OOM no";
  for (const char* line : {"hset h b 1", "hmset h b 1", "hsetnx h b 1", "hdel h a", "hincrby h a 1",
                           "hincrbyfloat h a 1", "rename h i", "copy h i"}) {
    CAPTURE(line);
    CHECK(run(line) == "-OOM no\r\n");
  }
}

TEST_CASE_FIXTURE(Fixture, "OBJECT ENCODING, REFCOUNT and TYPE") {
  in_both_forms([&] {
    run("hset h a 1");
    CHECK(run("type h") == "+hash\r\n");
    CHECK(run("object encoding h") == bulk("listpack"));
    CHECK(run("object refcount h") == kOne);
    run("hset h a " + std::string(65, 'x'));
    CHECK(run("object encoding h") == bulk("hashtable"));
    run("hset h a 1");
    CHECK(run("object encoding h") == bulk("hashtable"));
  });
  keys.make_cold();
  stagings = 0;
  CHECK(run("object refcount h") == kOne);
  CHECK(stagings == 0);
}

TEST_CASE_FIXTURE(Fixture, "RENAME, COPY and MOVE take a hash along, its encoding too") {
  in_both_forms([&] {
    run("hset h a " + std::string(65, 'x'));
    run("hset h a 1");
    run("pexpire h 1000");
    CHECK(run("rename h i") == kOk);
    CHECK(run("exists h") == kZero);
    CHECK(run("copy i j") == kOne);
    CHECK(run("move i 1") == kOne);
    CHECK(run("hgetall j") == "*2\r\n" + bulk("a") + bulk("1"));
    CHECK(run("object encoding j") == bulk("hashtable"));
    CHECK(run("pttl j") == ":1000\r\n");
    CHECK(keys.stored.at({1, "i"}).type == Type::kHash);
    CHECK(keys.stored.at({1, "i"}).expiry_ms == keys.now_ms + 1000);
    run("set s x");
    CHECK(run("rename s j") == kOk);
    CHECK(run("get j") == bulk("x"));
  });
}

}  // namespace
}  // namespace stave
