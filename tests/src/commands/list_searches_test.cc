// SPDX-License-Identifier: Apache-2.0
// LINSERT, LREM, LPOS over a fake keyspace: replies, errors and their order.
#include <doctest/doctest.h>

#include <initializer_list>

#include "tests/src/collection_tester.h"

namespace stave {
namespace {

using testing::bulk;
using testing::bulks;

constexpr const char* kNull = "$-1\r\n";
constexpr const char* kZero = ":0\r\n";
constexpr const char* kOne = ":1\r\n";
constexpr const char* kNothing = "*0\r\n";
constexpr const char* kSyntaxError = "-ERR syntax error\r\n";
constexpr const char* kIntegerError = "-ERR value is not an integer or out of range\r\n";
constexpr const char* kWrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";

std::string integers(std::initializer_list<int> numbers) {
  std::string reply = "*" + std::to_string(numbers.size()) + "\r\n";
  for (const int number : numbers) reply += ":" + std::to_string(number) + "\r\n";
  return reply;
}

struct Fixture : testing::CollectionTester {
  std::string all(const std::string& name) { return run("lrange " + name + " 0 -1"); }
};

TEST_CASE_FIXTURE(Fixture, "LINSERT") {
  in_both_forms([&] {
    run("rpush l b d b");
    CHECK(run("linsert l before b a") == ":4\r\n");
    CHECK(run("linsert l AFTER b c") == ":5\r\n");
    CHECK(run("linsert l after d ''") == ":6\r\n");
    CHECK(all("l") == bulks({"a", "b", "c", "d", "", "b"}));
    run("rpop l");
    CHECK(run("linsert l after '' z") == ":6\r\n");
    CHECK(all("l") == bulks({"a", "b", "c", "d", "", "z"}));
    CHECK(run("linsert l before none x") == ":-1\r\n");
    CHECK(run("llen l") == ":6\r\n");
  });
  CHECK(run("linsert none before a b") == kZero);
  CHECK(run("linsert none foo a b") == kSyntaxError);
  CHECK(run("exists none") == kZero);
}

TEST_CASE_FIXTURE(Fixture, "LREM removes the first, the last, or all") {
  struct Try {
    const char* count;
    const char* reply;
    std::initializer_list<const char*> left;
  };
  const Try tries[] = {
      {"0", ":5\r\n", {"b", "c"}},
      {"1", ":1\r\n", {"a", "b", "a", "a", "c", "a"}},
      {"2", ":2\r\n", {"b", "a", "a", "c", "a"}},
      {"3", ":3\r\n", {"b", "a", "c", "a"}},
      {"-1", ":1\r\n", {"a", "a", "b", "a", "a", "c"}},
      {"-2", ":2\r\n", {"a", "a", "b", "a", "c"}},
      {"-4", ":4\r\n", {"a", "b", "c"}},
      {"9223372036854775807", ":5\r\n", {"b", "c"}},
      {"-9223372036854775808", ":5\r\n", {"b", "c"}},
  };
  in_both_forms([&] {
    for (const Try& one : tries) {
      CAPTURE(one.count);
      run("del l");
      run("rpush l a a b a a c a");
      CHECK(run("lrem l " + std::string(one.count) + " a") == one.reply);
      CHECK(all("l") == bulks(one.left));
    }
    CHECK(run("lrem l 0 none") == kZero);
    run("lrem l 0 b");
    CHECK(run("lrem l -5 c") == kOne);
    CHECK(run("exists l") == kZero);
  });
  CHECK(run("lrem none 0 a") == kZero);
  CHECK(run("lrem none x a") == kIntegerError);
}

TEST_CASE_FIXTURE(Fixture, "LREM in a long list") {
  in_both_forms([&] {
    std::string line = "rpush l";
    for (int i = 0; i < 1000; ++i) line += i % 3 == 0 ? " x" : " " + std::to_string(i);
    run(line);
    CHECK(run("lrem l -100 x") == ":100\r\n");
    CHECK(run("lpos l x rank -1") == ":699\r\n");
    CHECK(run("lrem l 0 x") == ":234\r\n");
    CHECK(run("llen l") == ":666\r\n");
    CHECK(run("lindex l 0") == bulk("1"));
    CHECK(run("lindex l 665") == bulk("998"));
    CHECK(run("lindex l 400") == bulk("601"));
  });
}

TEST_CASE_FIXTURE(Fixture, "LPOS") {
  in_both_forms([&] {
    run("rpush l a b a c a a");
    CHECK(run("lpos l a") == kZero);
    CHECK(run("lpos l none") == kNull);
    CHECK(run("lpos l a rank 2") == ":2\r\n");
    CHECK(run("lpos l a rank -1") == ":5\r\n");
    CHECK(run("lpos l a rank 5") == kNull);
    CHECK(run("lpos l a count 0") == integers({0, 2, 4, 5}));
    CHECK(run("lpos l a count 2") == integers({0, 2}));
    CHECK(run("lpos l a COUNT 2 RANK 3") == integers({4, 5}));
    CHECK(run("lpos l a count 2 rank -2") == integers({4, 2}));
    CHECK(run("lpos l a count 0 maxlen 3") == integers({0, 2}));
    CHECK(run("lpos l a count 0 maxlen 3 rank -1") == integers({5, 4}));
    CHECK(run("lpos l a maxlen 9223372036854775807 count 9223372036854775807") == integers({0, 2, 4, 5}));
    CHECK(run("lpos l c maxlen 3") == kNull);
    CHECK(run("lpos l c maxlen 4") == ":3\r\n");
    CHECK(run("lpos l a rank 9223372036854775807 count 0") == kNothing);
    CHECK(run("lpos l a rank -9223372036854775807") == kNull);
    CHECK(run("lpos l none count 1") == kNothing);
  });
  CHECK(run("lpos none a") == kNull);
  CHECK(run("lpos none a count 1") == kNothing);
}

TEST_CASE_FIXTURE(Fixture, "LPOS: the options are looked at before the key") {
  run("set s x");
  CHECK(run("lpos s a rank 0") ==
        "-ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative "
        "to "
        "start from the end of the list\r\n");
  CHECK(run("lpos s a rank x") == kIntegerError);
  CHECK(run("lpos s a rank -9223372036854775808") ==
        "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807\r\n");
  CHECK(run("lpos s a count -1") == "-ERR COUNT can't be negative\r\n");
  CHECK(run("lpos s a count x") == "-ERR COUNT can't be negative\r\n");
  CHECK(run("lpos s a maxlen -1") == "-ERR MAXLEN can't be negative\r\n");
  CHECK(run("lpos s a rank") == kSyntaxError);
  CHECK(run("lpos s a foo 1") == kSyntaxError);
  CHECK(run("lpos s a rank 0 foo 1").starts_with("-ERR RANK"));
  CHECK(run("lpos s a rank 1") == kWrongType);
}

}  // namespace
}  // namespace stave
