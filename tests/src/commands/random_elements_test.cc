// SPDX-License-Identifier: Apache-2.0
// HRANDFIELD and SRANDMEMBER over a fake keyspace: how many elements come, that any of them does, and which
// counts are refused.
#include <doctest/doctest.h>

#include "tests/src/collection_tester.h"

namespace stave {
namespace {

using testing::bulk;
using testing::Names;
using testing::Words;

constexpr const char* kNull = "$-1\r\n";
constexpr const char* kNothing = "*0\r\n";
constexpr const char* kSyntaxError = "-ERR syntax error\r\n";
constexpr const char* kIntegerError = "-ERR value is not an integer or out of range\r\n";
constexpr const char* kRangeError = "-ERR value is out of range\r\n";
constexpr const char* kWrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";

struct Fixture : testing::CollectionTester {};

TEST_CASE_FIXTURE(Fixture, "HRANDFIELD: how many, and which") {
  in_both_forms([&] {
    run("hset h a 1 b 2 c 3");
    CHECK(Words{"a", "b", "c"}.contains(*words("hrandfield h").begin()));
    CHECK(run("hrandfield h 0") == kNothing);
    CHECK(words("hrandfield h 3") == Words{"a", "b", "c"});
    CHECK(words("hrandfield h 9223372036854775807") == Words{"a", "b", "c"});
    CHECK(words("hrandfield h 7 WITHVALUES") == Words{"1", "2", "3", "a", "b", "c"});
    CHECK(run("hrandfield h -20").starts_with("*20\r\n"));
    CHECK(run("hrandfield h -20 withvalues").starts_with("*40\r\n"));
    for (int i = 0; i < 50; ++i) {
      const Words two = words("hrandfield h 2");
      CHECK(two.size() == 2);
      CHECK(Names(two.begin(), two.end()).size() == 2);
    }
  });
  CHECK(run("hrandfield none") == kNull);
  CHECK(run("hrandfield none -5") == kNothing);
  CHECK(run("hrandfield none 5 withvalues") == kNothing);
}

TEST_CASE_FIXTURE(Fixture, "HRANDFIELD: any field comes, each with its value") {
  in_both_forms([&] {
    run("hset h a a b b c c");
    Names seen;
    for (int i = 0; i < 200; ++i) {
      for (const char* line : {"hrandfield h 1 withvalues", "hrandfield h -1 withvalues"}) {
        const Words pair = words(line);
        CHECK(pair.size() == 2);
        CHECK(*pair.begin() == *pair.rbegin());
        seen.insert(*pair.begin());
      }
    }
    CHECK(seen.size() == 3);
  });
}

TEST_CASE_FIXTURE(Fixture, "HRANDFIELD: pairs in RESP3") {
  run("hset h a 1");
  protocol = 3;
  CHECK(run("hrandfield h 5 withvalues") == "*1\r\n*2\r\n" + bulk("a") + bulk("1"));
  CHECK(run("hrandfield h -2 withvalues") ==
        "*2\r\n*2\r\n" + bulk("a") + bulk("1") + "*2\r\n" + bulk("a") + bulk("1"));
  CHECK(run("hrandfield none") == "_\r\n");
}

TEST_CASE_FIXTURE(Fixture, "HRANDFIELD: wrong arguments") {
  run("hset h a 1");
  run("set s x");
  CHECK(run("hrandfield h abc") == kIntegerError);
  CHECK(run("hrandfield h abc foo") == kIntegerError);
  CHECK(run("hrandfield h 1 foo") == kSyntaxError);
  CHECK(run("hrandfield none 1 foo") == kSyntaxError);
  CHECK(run("hrandfield h 1 withvalues foo") == kSyntaxError);
  CHECK(run("hrandfield h -9223372036854775808") ==
        "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807\r\n");
  CHECK(run("hrandfield h 9223372036854775807 withvalues") == kRangeError);
  CHECK(run("hrandfield h -9223372036854775807 withvalues") == kRangeError);
  CHECK(run("hrandfield s") == kWrongType);
  CHECK(run("hrandfield s 1") == kWrongType);
}

TEST_CASE_FIXTURE(Fixture, "HRANDFIELD: no count makes a reply that no memory holds") {
  run("hset h a 1");
  CHECK(run("hrandfield h -9223372036854775807") == kRangeError);
  const std::string large(64u << 20, 'x');
  run_args({"hset", "h", "a", large});
  CHECK(run("hrandfield h -20 withvalues") == kRangeError);
}

TEST_CASE_FIXTURE(Fixture, "HRANDFIELD: few fields of a large hash") {
  keys.natively = true;
  std::vector<std::string> fields;
  for (int i = 0; i < 5000; ++i) fields.push_back("field:" + std::to_string(i));
  std::vector<std::string_view> args{"hset", "h"};
  for (const std::string& field : fields) args.insert(args.end(), {field, field});
  run_args(args);
  for (const char* line : {"hrandfield h 10", "hrandfield h 1500", "hrandfield h 4000"}) {
    const Words drawn = words(line);
    CAPTURE(line);
    CHECK(Names(drawn.begin(), drawn.end()).size() == drawn.size());
    CHECK(std::to_string(drawn.size()) == std::string_view(line).substr(13));
  }
  CHECK(words("hrandfield h -3000").size() == 3000);
}

TEST_CASE_FIXTURE(Fixture, "SRANDMEMBER") {
  in_both_forms([&] {
    run("sadd s a b c");
    const Names all{"a", "b", "c"};
    Names seen;
    for (int i = 0; i < 100; ++i) seen.insert(run("srandmember s").substr(4, 1));
    CHECK(seen == all);
    CHECK(members("srandmember s 3") == all);
    CHECK(members("srandmember s 100") == all);
    CHECK(members("srandmember s 2").size() == 2);
    CHECK(run("srandmember s 0") == kNothing);
    CHECK(run("srandmember s -10").starts_with("*10\r\n"));
    CHECK(members("smembers s") == all);
  });
  CHECK(run("srandmember none") == kNull);
  CHECK(run("srandmember none -3") == kNothing);
  CHECK(run("srandmember s abc") == kIntegerError);
  CHECK(run("srandmember s 1 2") == kSyntaxError);
  CHECK(run("srandmember s -9223372036854775807") == "-ERR value is out of range\r\n");
  CHECK(run("srandmember s -9223372036854775808") ==
        "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807\r\n");
}

}  // namespace
}  // namespace stave
