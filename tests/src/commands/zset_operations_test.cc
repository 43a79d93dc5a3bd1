// SPDX-License-Identifier: Apache-2.0
// ZUNION, ZINTER, ZDIFF and their relatives over a fake keyspace, packed and outgrown: weights, aggregates,
// sets among the inputs, infinite scores, and the order of errors.
#include <doctest/doctest.h>

#include "src/key_spec.h"
#include "tests/src/collection_tester.h"

namespace stave {
namespace {

using testing::bulk;

constexpr const char* kZero = ":0\r\n";
constexpr const char* kSyntaxError = "-ERR syntax error\r\n";
constexpr const char* kIntegerError = "-ERR value is not an integer or out of range\r\n";
constexpr const char* kWrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";

struct Fixture : testing::CollectionTester {
  // "a 1 b 2".
  std::string list(const std::string& line) { return joined(line); }
};

TEST_CASE_FIXTURE(Fixture, "ZUNION, ZINTER, ZDIFF, ZINTERCARD") {
  in_both_forms([&] {
    run("zadd x 1 a 2 b 3 c");
    run("zadd y 10 b 20 c 5 d");
    run("sadd s c d e");
    CHECK(list("zunion 2 x y withscores") == "a 1 d 5 b 12 c 23");
    CHECK(list("zunion 3 x y none") == "a d b c");
    CHECK(list("zunion 2 s x withscores") == "a 1 d 1 e 1 b 2 c 4");
    CHECK(list("zinter 2 x y withscores") == "b 12 c 23");
    CHECK(list("zinter 3 x s y withscores") == "c 24");
    CHECK(list("zinter 2 x none") == "");
    CHECK(list("zdiff 2 x y withscores") == "a 1");
    CHECK(list("zdiff 3 s y none withscores") == "e 1");
    CHECK(list("zdiff 2 x s withscores") == "a 1 b 2");
    CHECK(list("zdiff 2 none x") == "");
    CHECK(list("zunion 2 x x withscores") == "a 2 b 4 c 6");
    CHECK(list("zinter 2 x x withscores weights 1 2") == "a 3 b 6 c 9");
    CHECK(run("zintercard 2 x y") == ":2\r\n");
    CHECK(run("zintercard 2 x y limit 1") == ":1\r\n");
    CHECK(run("zintercard 2 x y LIMIT 0") == ":2\r\n");
    CHECK(run("zintercard 2 x none") == kZero);
    protocol = 3;
    CHECK(run("zdiff 2 x y withscores") == "*1\r\n*2\r\n" + bulk("a") + ",1\r\n");
    CHECK(run("zdiff 2 x y") == "*1\r\n" + bulk("a"));
    protocol = 2;
  });
}

TEST_CASE_FIXTURE(Fixture, "WEIGHTS and AGGREGATE") {
  in_both_forms([&] {
    run("zadd x 1 a 2 b 3 c");
    run("zadd y 10 b -5 c");
    CHECK(list("zunion 2 x y weights 2 0.5 withscores") == "a 2 c 3.5 b 9");
    CHECK(list("zunion 2 x y aggregate min withscores") == "c -5 a 1 b 2");
    CHECK(list("zinter 2 x y WITHSCORES AGGREGATE MAX WEIGHTS 1 -1") == "b 2 c 5");
    CHECK(list("zunion 2 x y aggregate max aggregate sum withscores weights 1 1 weights 1 2") ==
          "c -7 a 1 b 22");
  });
}

TEST_CASE_FIXTURE(Fixture, "what is no number counts as 0") {
  in_both_forms([&] {
    run("zadd x inf a inf b");
    run("zadd y -inf a");
    CHECK(list("zunion 2 x y withscores") == "a 0 b inf");
    CHECK(list("zinter 2 x y withscores aggregate min") == "a -inf");
    CHECK(list("zunion 1 x weights 0 withscores") == "a 0 b 0");
    CHECK(list("zinter 1 x weights 0 withscores") == "a 0 b 0");
  });
}

TEST_CASE_FIXTURE(Fixture, "the STORE commands replace the destination") {
  in_both_forms([&] {
    run("zadd x 1 a 2 b");
    run("zadd y 5 b 6 c");
    run("set string x");
    run("pexpire string 1000");
    CHECK(run("zunionstore string 2 x y weights 1 10") == ":3\r\n");
    CHECK(list("zrange string 0 -1 withscores") == "a 1 b 52 c 60");
    CHECK(run("pttl string") == ":-1\r\n");
    CHECK(run("zinterstore x 2 x y aggregate max") == ":1\r\n");
    CHECK(list("zrange x 0 -1 withscores") == "b 5");
    CHECK(run("zdiffstore y 2 y x") == ":1\r\n");
    CHECK(list("zrange y 0 -1 withscores") == "c 6");
    CHECK(run("zdiffstore y 2 y y") == kZero);
    CHECK(run("exists y") == kZero);
    run("set string x");
    CHECK(run("zinterstore string 2 x none") == kZero);
    CHECK(run("exists string") == kZero);
  });
}

TEST_CASE_FIXTURE(Fixture, "errors: the number of keys, then their types, then the options") {
  run("set string x");
  run("zadd x 1 a");
  for (const char* line : {"zunion a string foo", "zinterstore x 1.5 string", "zintercard '' x"})
    CHECK(run(line) == kIntegerError);
  CHECK(run("zunion 0 x") == "-ERR at least 1 input key is needed for 'zunion' command\r\n");
  CHECK(run("zdiffstore y -1 x") == "-ERR at least 1 input key is needed for 'zdiffstore' command\r\n");
  CHECK(run("zintercard 0 x") == "-ERR at least 1 input key is needed for 'zintercard' command\r\n");
  for (const char* line : {"zunion 2 string", "zunion 9223372036854775807 string", "zunionstore y 3 x x"})
    CHECK(run(line) == kSyntaxError);
  for (const char* line :
       {"zunion 2 x string foo", "zdiff 2 none string", "zinterstore y 1 string weights a"})
    CHECK(run(line) == kWrongType);
  for (const char* line : {"zunion 1 x foo", "zunion 1 x weights", "zunion 2 x x weights 1",
                           "zunion 1 x aggregate", "zunion 1 x aggregate foo", "zunionstore y 1 x withscores",
                           "zdiff 1 x weights 1", "zdiff 1 x aggregate sum", "zdiffstore y 1 x withscores",
                           "zintercard 1 x limit", "zintercard 1 x weights 1", "zinter 1 x limit 1"}) {
    CAPTURE(line);
    CHECK(run(line) == kSyntaxError);
  }
  for (const char* line : {"zunion 1 x weights a", "zunion 1 x weights nan", "zinterstore y 1 x weights ''"})
    CHECK(run(line) == "-ERR weight value is not a float\r\n");
  for (const char* line : {"zintercard 1 x limit -1", "zintercard 1 x limit a"})
    CHECK(run(line) == "-ERR LIMIT can't be negative\r\n");
}

TEST_CASE("the keys of ZUNION, ZMPOP and ZUNIONSTORE") {
  const auto keys_of = [](const std::vector<std::string_view>& words) {
    std::vector<int> positions;
    find_keys(*find_command(words), words, positions);
    return positions;
  };
  CHECK(keys_of({"zunion", "2", "a", "b", "weights", "1", "2"}) == std::vector{2, 3});
  CHECK(keys_of({"zmpop", "1", "a", "min"}) == std::vector{2});
  CHECK(keys_of({"zunionstore", "d", "2", "a", "b", "aggregate", "sum"}) == std::vector{1, 3, 4});
  CHECK(keys_of({"zdiffstore", "d", "1", "a"}) == std::vector{1, 3});
  CHECK(keys_of({"zunionstore", "d", "5", "a"}).empty());
  CHECK(keys_of({"zinter", "x", "a"}).empty());
}

}  // namespace
}  // namespace stave
