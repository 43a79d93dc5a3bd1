// SPDX-License-Identifier: Apache-2.0
// SINTER, SUNION, SDIFF and their relatives over a fake keyspace, packed and outgrown, and in random order
// against a model.
#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <random>

#include "tests/src/collection_tester.h"

namespace stave {
namespace {

using testing::Names;

constexpr const char* kZero = ":0\r\n";
constexpr const char* kOne = ":1\r\n";
constexpr const char* kSyntaxError = "-ERR syntax error\r\n";

struct Fixture : testing::CollectionTester {};

TEST_CASE_FIXTURE(Fixture, "SINTER, SUNION, SDIFF") {
  in_both_forms([&] {
    run("sadd s a b c d");
    run("sadd t b c e");
    run("sadd u c");
    CHECK(members("sinter s") == Names{"a", "b", "c", "d"});
    CHECK(members("sinter s t") == Names{"b", "c"});
    CHECK(members("sinter s t u") == Names{"c"});
    CHECK(members("sinter s t t none").empty());
    CHECK(members("sunion s t none") == Names{"a", "b", "c", "d", "e"});
    CHECK(members("sunion none").empty());
    CHECK(members("sdiff s t") == Names{"a", "d"});
    CHECK(members("sdiff s u none") == Names{"a", "b", "d"});
    CHECK(members("sdiff u s t") == Names{});
    CHECK(members("sdiff none s").empty());
    CHECK(members("sdiff s s").empty());
  });
}

TEST_CASE_FIXTURE(Fixture, "the STORE commands replace the destination") {
  in_both_forms([&] {
    run("sadd s a b c");
    run("sadd t b c d");
    run("set string x");
    run("pexpire string 1000");
    CHECK(run("sinterstore string s t") == ":2\r\n");
    CHECK(members("smembers string") == Names{"b", "c"});
    CHECK(run("pttl string") == ":-1\r\n");
    CHECK(run("sunionstore s s t") == ":4\r\n");
    CHECK(members("smembers s") == Names{"a", "b", "c", "d"});
    CHECK(run("sdiffstore t s t") == kOne);
    CHECK(members("smembers t") == Names{"a"});
    CHECK(run("sdiffstore t t s") == kZero);
    CHECK(run("exists t") == kZero);
    run("set string x");
    CHECK(run("sinterstore string s none") == kZero);
    CHECK(run("exists string") == kZero);
    CHECK(run("sunionstore none none2") == kZero);
  });
}

TEST_CASE_FIXTURE(Fixture, "SINTERCARD") {
  run("sadd s a b c");
  run("sadd t a b c d");
  CHECK(run("sintercard 2 s t") == ":3\r\n");
  CHECK(run("sintercard 2 s t limit 2") == ":2\r\n");
  CHECK(run("sintercard 2 s t LIMIT 0") == ":3\r\n");
  CHECK(run("sintercard 2 s t limit 1 limit 9") == ":3\r\n");
  CHECK(run("sintercard 2 s none") == kZero);
  for (const char* line :
       {"sintercard 0 s", "sintercard -1 s", "sintercard abc s", "sintercard 9223372036854775808 s"})
    CHECK(run(line) == "-ERR numkeys should be greater than 0\r\n");
  for (const char* line : {"sintercard 3 s t", "sintercard 9223372036854775807 s t"})
    CHECK(run(line) == "-ERR Number of keys can't be greater than number of args\r\n");
  for (const char* line : {"sintercard 1 s t", "sintercard 2 s t limit", "sintercard 1 s foo 3"})
    CHECK(run(line) == kSyntaxError);
  for (const char* line : {"sintercard 2 s t limit -1", "sintercard 2 s t limit x"})
    CHECK(run(line) == "-ERR LIMIT can't be negative\r\n");
}

TEST_CASE("SINTERCARD's keys are as many as it says") {
  const auto keys_of = [](const std::vector<std::string_view>& call) {
    std::vector<int> positions{99};
    find_keys(*find_command(call), call, positions);
    return positions;
  };
  CHECK(keys_of({"sintercard", "2", "a", "b"}) == std::vector{2, 3});
  CHECK(keys_of({"sintercard", "1", "a", "limit", "5"}) == std::vector{2});
  for (const char* count : {"3", "0", "-1", "abc", "", "99999999999"})
    CHECK(keys_of({"sintercard", count, "a", "b"}).empty());
}

// A model of sets as std::set, and random commands against it.
TEST_CASE_FIXTURE(Fixture, "random changes and operations agree with a model") {
  std::mt19937 random(7);
  in_both_forms([&] {
    std::map<std::string, Names> model;
    const auto key = [&] { return std::string(1, static_cast<char>('p' + random() % 4)); };
    for (int i = 0; i < 2000; ++i) {
      const std::string a = key();
      const std::string b = key();
      const std::string to = key();
      const std::string member = std::to_string(random() % 40);
      Names result;
      switch (random() % 7) {
        case 0:
        case 1:
          CHECK(run("sadd " + a + " " + member) == (model[a].insert(member).second ? kOne : kZero));
          break;
        case 2:
          CHECK(run("srem " + a + " " + member) == (model[a].erase(member) == 1 ? kOne : kZero));
          break;
        case 3: {
          const bool moved = model[a].contains(member);
          CHECK(run("smove " + a + " " + to + " " + member) == (moved ? kOne : kZero));
          if (moved) {
            model[a].erase(member);
            model[to].insert(member);
          }
          break;
        }
        case 4:
          std::set_intersection(model[a].begin(), model[a].end(), model[b].begin(), model[b].end(),
                                std::inserter(result, result.end()));
          CHECK(members("sinter " + a + " " + b) == result);
          break;
        case 5:
          std::set_difference(model[a].begin(), model[a].end(), model[b].begin(), model[b].end(),
                              std::inserter(result, result.end()));
          CHECK(run("sdiffstore " + to + " " + a + " " + b) == ":" + std::to_string(result.size()) + "\r\n");
          model[to] = result;
          break;
        default:
          result = model[a];
          result.insert(model[b].begin(), model[b].end());
          CHECK(members("sunion " + a + " " + b) == result);
      }
      CHECK(members("smembers " + a) == model[a]);
      CHECK((run("exists " + to) == kOne) == !model[to].empty());
    }
  });
}

}  // namespace
}  // namespace stave
