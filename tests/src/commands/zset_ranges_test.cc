// SPDX-License-Identifier: Apache-2.0
// ZRANGE and its relatives over a fake keyspace, packed and outgrown: bounds, options and their errors, and
// scores in random order against a model.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "tests/src/collection_tester.h"

namespace stave {
namespace {

using testing::bulk;

constexpr const char* kZero = ":0\r\n";
constexpr const char* kTwo = ":2\r\n";
constexpr const char* kNothing = "*0\r\n";
constexpr const char* kSyntaxError = "-ERR syntax error\r\n";
constexpr const char* kIntegerError = "-ERR value is not an integer or out of range\r\n";
constexpr const char* kScoreError = "-ERR min or max is not a float\r\n";
constexpr const char* kMemberError = "-ERR min or max not valid string range item\r\n";

struct Fixture : testing::CollectionTester {
  // The bulks of a flat reply, with nothing between them.
  std::string list(const std::string& line) { return joined(line, ""); }
};

TEST_CASE_FIXTURE(Fixture, "ranks") {
  in_both_forms([&] {
    run("zadd z 1 a 2 b 3 c 4 d");
    CHECK(list("zrange z 0 -1") == "abcd");
    CHECK(list("zrange z 1 2") == "bc");
    CHECK(list("zrange z -2 100") == "cd");
    CHECK(list("zrange z -100 0") == "a");
    CHECK(list("zrange z 0 -100") == "");
    CHECK(list("zrange z 2 1") == "");
    CHECK(list("zrange z 4 9") == "");
    CHECK(list("zrange z -9223372036854775808 9223372036854775807") == "abcd");
    CHECK(list("zrange z 0 1 REV") == "dc");
    CHECK(list("zrevrange z 1 -1") == "cba");
    CHECK(list("zrevrange z -1 -1 withscores") == "a1");
    CHECK(run("zrange z 0 0 withscores") == "*2\r\n" + bulk("a") + bulk("1"));
    protocol = 3;
    CHECK(run("zrange z 0 0 withscores") == "*1\r\n*2\r\n" + bulk("a") + ",1\r\n");
    CHECK(run("zrange z 0 0") == "*1\r\n" + bulk("a"));
    protocol = 2;
  });
  CHECK(run("zrange none 0 -1") == kNothing);
  CHECK(run("zrange z 1.5 2") == kIntegerError);
  CHECK(run("zrange z (1 2") == kIntegerError);
}

TEST_CASE_FIXTURE(Fixture, "scores") {
  in_both_forms([&] {
    run("zadd z -inf a -1 b 0 c 0 d 2.5 e inf f");
    CHECK(list("zrangebyscore z -inf +inf") == "abcdef");
    CHECK(list("zrangebyscore z (-inf (inf") == "bcde");
    CHECK(list("zrangebyscore z 0 0") == "cd");
    CHECK(list("zrangebyscore z (0 0") == "");
    CHECK(list("zrangebyscore z 3 1") == "");
    CHECK(list("zrangebyscore z '' 1e999") == "cdef");
    CHECK(list("zrangebyscore z ( 3") == "e");
    CHECK(list("zrange z -1 (2.5 byscore withscores") == "b-1c0d0");
    CHECK(list("zrevrangebyscore z +inf (-1") == "fedc");
    CHECK(list("zrange z 2.5 -1 rev byscore") == "edcb");
    CHECK(list("zrange z -1 2.5 rev byscore") == "");
    CHECK(run("zcount z (-1 2.5") == ":3\r\n");
    CHECK(run("zcount z 3 1") == kZero);
  });
  CHECK(run("zcount none 0 1") == kZero);
  for (const char* line : {"zcount z a 1", "zcount z 1 nan", "zrangebyscore z ((1 2", "zrange z [1 2 byscore",
                           "zremrangebyscore z 1 1x"}) {
    CHECK(run(line) == kScoreError);
  }
}

TEST_CASE_FIXTURE(Fixture, "members") {
  in_both_forms([&] {
    run("zadd z 0 a 0 b 0 c 0 d 0 ''");
    CHECK(list("zrangebylex z - +") == "abcd");
    CHECK(list("zrangebylex z [ +") == "abcd");
    CHECK(run("zlexcount z [ +") == ":5\r\n");
    CHECK(run("zlexcount z ( +") == ":4\r\n");
    CHECK(list("zrangebylex z [b (d") == "bc");
    CHECK(list("zrangebylex z (b (b") == "");
    CHECK(list("zrangebylex z [bb [cc") == "c");
    CHECK(list("zrangebylex z + -") == "");
    CHECK(list("zrangebylex z - -") == "");
    CHECK(list("zrangebylex z + +") == "");
    CHECK(list("zrevrangebylex z [c [a") == "cba");
    CHECK(list("zrange z + (b bylex rev limit 1 5") == "c");
    CHECK(run("zlexcount z [d [a") == kZero);
  });
  for (const char* line : {"zlexcount z a [b", "zlexcount z '' +", "zrangebylex z -x +",
                           "zrange z 0 -1 bylex", "zrevrangebylex z ++ -", "zremrangebylex z [a b"}) {
    CHECK(run(line) == kMemberError);
  }
}

TEST_CASE_FIXTURE(Fixture, "LIMIT") {
  in_both_forms([&] {
    run("zadd z 1 a 2 b 3 c 4 d");
    CHECK(list("zrangebyscore z 2 9 limit 1 1") == "c");
    CHECK(list("zrangebyscore z 2 9 limit 0 -1") == "bcd");
    CHECK(list("zrangebyscore z 2 9 limit 1 -5") == "cd");
    CHECK(list("zrangebyscore z 2 9 limit -1 5") == "");
    CHECK(list("zrangebyscore z 2 9 limit 0 0") == "");
    CHECK(list("zrangebyscore z 2 9 limit 3 5") == "");
    CHECK(list("zrangebyscore z 2 9 limit 9223372036854775807 9223372036854775807") == "");
    CHECK(list("zrevrangebyscore z 3 1 withscores LIMIT 1 9") == "b2a1");
    CHECK(list("zrange z 0 1 limit 5 -1") == "ab");
  });
  CHECK(run("zrange z 0 1 limit 0 5") ==
        "-ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX\r\n");
  CHECK(run("zrangebyscore z 0 1 limit x 5") == kIntegerError);
}

TEST_CASE_FIXTURE(Fixture, "options that a command does not have, or has had") {
  for (const char* line :
       {"zrange z 0 1 rev rev", "zrange z 0 1 byscore bylex", "zrange z 0 1 bylex bylex", "zrange z 0 1 foo",
        "zrange z 0 1 byscore limit 1", "zrevrange z 0 1 rev", "zrevrange z 0 1 byscore",
        "zrangebyscore z 0 1 byscore", "zrangebyscore z 0 1 rev", "zrangestore y z 0 1 withscores"}) {
    CAPTURE(line);
    CHECK(run(line) == kSyntaxError);
  }
  for (const char* line : {"zrange z x y bylex withscores", "zrangebylex z x y withscores"})
    CHECK(run(line) == "-ERR syntax error, WITHSCORES not supported in combination with BYLEX\r\n");
}

TEST_CASE_FIXTURE(Fixture, "ZRANGESTORE replaces the destination") {
  in_both_forms([&] {
    run("zadd z 1 a 2 b 3 c");
    run("set y x");
    run("pexpire y 1000");
    CHECK(run("zrangestore y z 0 1 rev") == kTwo);
    CHECK(list("zrange y 0 -1 withscores") == "b2c3");
    CHECK(run("pttl y") == ":-1\r\n");
    CHECK(run("zrangestore z z (1 9 byscore limit 0 1") == ":1\r\n");
    CHECK(list("zrange z 0 -1 withscores") == "b2");
    CHECK(run("zrangestore y z 5 9") == kZero);
    CHECK(run("exists y") == kZero);
    CHECK(run("zrangestore z none 0 -1") == kZero);
    CHECK(run("exists z") == kZero);
  });
}

TEST_CASE_FIXTURE(Fixture, "ZREMRANGEBYRANK, ZREMRANGEBYSCORE, ZREMRANGEBYLEX") {
  in_both_forms([&] {
    run("zadd z 0 a 0 b 0 c 1 d 2 e 3 f");
    CHECK(run("zremrangebyrank z -2 -1") == kTwo);
    CHECK(run("zremrangebyrank z 9 10") == kZero);
    CHECK(run("zremrangebyscore z (0 +inf") == ":1\r\n");
    CHECK(run("zremrangebylex z [b (c") == ":1\r\n");
    CHECK(list("zrange z 0 -1") == "ac");
    CHECK(run("zremrangebyrank z 0 -1") == kTwo);
    CHECK(run("exists z") == kZero);
  });
  CHECK(run("zremrangebyrank none 0 1") == kZero);
  CHECK(run("zremrangebyrank z 0 x") == kIntegerError);
}

TEST_CASE_FIXTURE(Fixture, "ranges of random scores against a model") {
  std::mt19937 random(7);
  in_both_forms([&] {
    std::vector<std::pair<int, std::string>> model;
    for (int i = 0; i < 60; ++i) {
      const int score = static_cast<int>(random() % 12);
      model.emplace_back(score, "m" + std::to_string(i));
      run("zadd z " + std::to_string(score) + " m" + std::to_string(i));
    }
    std::sort(model.begin(), model.end());
    for (int round = 0; round < 100; ++round) {
      const int min = static_cast<int>(random() % 14) - 1;
      const int max = static_cast<int>(random() % 14) - 1;
      const std::size_t offset = random() % 4;
      const std::size_t limit = random() % 10;
      std::vector<std::string> expected;
      for (const auto& [score, member] : model) {
        if (score > min && score <= max) expected.push_back(member);
      }
      const bool reversed = round % 2 == 1;
      if (reversed) std::reverse(expected.begin(), expected.end());
      expected.erase(expected.begin(),
                     expected.begin() + static_cast<long>(std::min(offset, expected.size())));
      expected.resize(std::min(limit, expected.size()));
      std::string text;
      for (const std::string& member : expected) text += member;
      const std::string low = "(" + std::to_string(min);
      const std::string high = std::to_string(max);
      const std::string rest = " limit " + std::to_string(offset) + " " + std::to_string(limit);
      CHECK(list(reversed ? "zrevrangebyscore z " + high + " " + low + rest
                          : "zrangebyscore z " + low + " " + high + rest) == text);
    }
  });
}

}  // namespace
}  // namespace stave
