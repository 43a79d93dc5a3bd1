// SPDX-License-Identifier: Apache-2.0
// Commands that wait for elements, where they do not wait: what they take, what they reply when there is
// nothing, errors and their order, and which arguments are keys.
#include "src/commands/blocking.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/src/collection_tester.h"

namespace stave {
namespace {

using testing::bulk;
using testing::bulks;

constexpr const char* kNullArray = "*-1\r\n";
constexpr const char* kNull = "$-1\r\n";
constexpr const char* kZero = ":0\r\n";
constexpr const char* kSyntaxError = "-ERR syntax error\r\n";
constexpr const char* kNumkeysError = "-ERR numkeys should be greater than 0\r\n";
constexpr const char* kCountError = "-ERR count should be greater than 0\r\n";
constexpr const char* kFloatError = "-ERR timeout is not a float or out of range\r\n";
constexpr const char* kWrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";

struct Fixture : testing::CollectionTester {};

TEST_CASE_FIXTURE(Fixture, "BLPOP, BRPOP, BLMPOP take from the first list that has elements") {
  in_both_forms([&] {
    run("rpush l a b c d e f");
    CHECK(run("blpop none l 0") == bulks({"l", "a"}));
    CHECK(run("brpop l none 0") == bulks({"l", "f"}));
    CHECK(run("blmpop 0 2 none l left") == "*2\r\n" + bulk("l") + bulks({"b"}));
    CHECK(run("blmpop 0 1 l right count 2") == "*2\r\n" + bulk("l") + bulks({"e", "d"}));
    CHECK(run("blpop l 1.5") == bulks({"l", "c"}));
    CHECK(run("exists l") == kZero);
  });
}

TEST_CASE_FIXTURE(Fixture, "BLMOVE, BRPOPLPUSH") {
  in_both_forms([&] {
    run("rpush a 1 2 3 4");
    CHECK(run("blmove a b left right 0") == bulk("1"));
    CHECK(run("brpoplpush a b 0") == bulk("4"));
    CHECK(run("blmove a a right left 0.5") == bulk("3"));
    CHECK(run("lrange a 0 -1") == bulks({"3", "2"}));
    CHECK(run("lrange b 0 -1") == bulks({"4", "1"}));
  });
}

TEST_CASE_FIXTURE(Fixture, "BZPOPMIN, BZPOPMAX, BZMPOP") {
  in_both_forms([&] {
    run("zadd z 1 a 2.5 b 3 c 4 d 5 e");
    CHECK(run("bzpopmin none z 0") == bulks({"z", "a", "1"}));
    CHECK(run("bzpopmax z none 0") == bulks({"z", "e", "5"}));
    CHECK(run("bzmpop 0 2 none z max") == "*2\r\n" + bulk("z") + "*1\r\n" + bulks({"d", "4"}));
    protocol = 3;
    CHECK(run("bzpopmin z 0") == "*3\r\n" + bulk("z") + bulk("b") + ",2.5\r\n");
    CHECK(run("bzmpop 0 1 z min count 9") == "*2\r\n" + bulk("z") + "*1\r\n*2\r\n" + bulk("c") + ",3\r\n");
    protocol = 2;
    CHECK(run("exists z") == kZero);
  });
}

TEST_CASE_FIXTURE(Fixture, "where nothing is, the reply is that of a timeout, or of LMOVE") {
  for (const char* line : {"blpop a b 0", "brpop a 0", "blmpop 0 2 a b left", "bzpopmin a 0",
                           "bzpopmax a b 0", "bzmpop 0 1 a min count 3"}) {
    CAPTURE(line);
    protocol = 2;
    CHECK(run(line) == kNullArray);
    protocol = 3;
    CHECK(run(line) == "_\r\n");
  }
  protocol = 2;
  CHECK(run("blmove a b left left 0") == kNull);
  CHECK(run("brpoplpush a b 0") == kNull);
  CHECK(keys.changes == 0);
}

TEST_CASE_FIXTURE(Fixture, "only a key that is looked at can be of a wrong type") {
  run("set s x");
  run("rpush l a b c d");
  run("zadd z 1 m");
  for (const char* line : {"blpop s l 0", "brpop none s 0", "blmove s l left left 0", "brpoplpush s l 0",
                           "blmpop 0 2 none s left", "bzpopmin s z 0", "bzpopmax l 0", "bzmpop 0 1 l min",
                           "blmove l s left left 0", "brpoplpush l z 0"}) {
    CAPTURE(line);
    CHECK(run(line) == kWrongType);
  }
  CHECK(run("blpop l s 0") == bulks({"l", "a"}));
  CHECK(run("blmpop 0 2 l s left") == "*2\r\n" + bulk("l") + bulks({"b"}));
  CHECK(run("blmove none s left left 0") == kNull);
  CHECK(run("bzpopmin z s 0") == bulks({"z", "m", "1"}));
}

TEST_CASE_FIXTURE(Fixture, "errors, and which comes first") {
  run("set s x");
  for (const char* line : {"blpop s x", "brpop s ''", "blmove s s left left nan", "brpoplpush s s 1s",
                           "blmpop x 1 s left", "bzpopmin s x", "bzpopmax s x", "bzmpop x 1 s min"}) {
    CAPTURE(line);
    CHECK(run(line) == kFloatError);
  }
  CHECK(run("blmove s s up left x") == kSyntaxError);
  CHECK(run("blmove s s left up x") == kSyntaxError);
  CHECK(run("blmpop x 0 s left") == kNumkeysError);
  CHECK(run("blmpop x 1 s up") == kSyntaxError);
  CHECK(run("blmpop x 2 s left") == kSyntaxError);
  CHECK(run("blmpop x 1 s left count 0") == kCountError);
  CHECK(run("blmpop x 1 s left count") == kSyntaxError);
  CHECK(run("bzmpop x a s min") == kNumkeysError);
  CHECK(run("bzmpop x 1 s left") == kSyntaxError);
  CHECK(run("bzmpop x 1 s min count -1") == kCountError);
  CHECK(run("bzmpop -1 1 s min") == "-ERR timeout is negative\r\n");
  CHECK(run("blpop s") == "-ERR wrong number of arguments for 'blpop' command\r\n");
  CHECK(run("blmove a b left left") == "-ERR wrong number of arguments for 'blmove' command\r\n");
  CHECK(run("bzmpop 0 1 a") == "-ERR wrong number of arguments for 'bzmpop' command\r\n");
}

TEST_CASE("a timeout is in seconds, with a fraction that is rounded up to milliseconds") {
  constexpr std::int64_t kNow = 1'700'000'000'000;
  const auto milliseconds = [](std::string_view text) {
    auto timeout = timeout_argument(text, kNow);
    REQUIRE(timeout.ok());
    return *timeout;
  };
  CHECK(milliseconds("0") == 0);
  CHECK(milliseconds("-0") == 0);
  CHECK(milliseconds("1") == 1000);
  CHECK(milliseconds("1.5") == 1500);
  CHECK(milliseconds("1e-9") == 1);
  CHECK(milliseconds("0x10") == 16'000);
  CHECK(milliseconds("9223370336854775") == 9'223'370'336'854'775'000);
  for (const char* text : {"inf", "1e300", "9223372036854775", "9223372036854776"}) {
    CAPTURE(text);
    CHECK(timeout_argument(text, kNow).message() == "ERR timeout is out of range");
  }
  for (const char* text : {"-1", "-inf", "-0.002"}) {
    CAPTURE(text);
    CHECK(timeout_argument(text, kNow).message() == "ERR timeout is negative");
  }
  for (const char* text : {"", " 1", "1 ", "x", "nan", "1e99999"}) {
    CAPTURE(text);
    CHECK(timeout_argument(text, kNow).message() == "ERR timeout is not a float or out of range");
  }
}

TEST_CASE("the keys and the timeout among the arguments") {
  using Words = std::vector<std::string_view>;
  const auto keys_of = [](const Words& words) {
    std::vector<int> positions;
    find_keys(*find_command(words), words, positions);
    return positions;
  };
  const auto timeout_of = [](const Words& words) {
    auto timeout = blocking_timeout(*find_command(words), words, 0);
    return timeout.ok() ? *timeout : -1;
  };
  using Positions = std::vector<int>;
  CHECK(keys_of({"blpop", "a", "b", "3"}) == Positions{1, 2});
  CHECK(keys_of({"bzpopmax", "a", "3"}) == Positions{1});
  CHECK(keys_of({"blmove", "a", "b", "left", "left", "3"}) == Positions{1, 2});
  CHECK(keys_of({"brpoplpush", "a", "b", "3"}) == Positions{1, 2});
  CHECK(keys_of({"blmpop", "3", "2", "a", "b", "left"}) == Positions{3, 4});
  CHECK(keys_of({"bzmpop", "3", "1", "a", "min", "count", "1"}) == Positions{3});
  CHECK(keys_of({"bzmpop", "3", "9", "a", "min"}).empty());
  CHECK(timeout_of({"blpop", "a", "b", "3"}) == 3000);
  CHECK(timeout_of({"blmove", "a", "b", "left", "left", "2"}) == 2000);
  CHECK(timeout_of({"blmpop", "1", "2", "a", "b", "left"}) == 1000);
  CHECK(timeout_of({"bzmpop", "x", "1", "a", "min"}) == -1);
}

}  // namespace
}  // namespace stave
