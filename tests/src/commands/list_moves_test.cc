// SPDX-License-Identifier: Apache-2.0
// LPOP, RPOP, LMOVE, RPOPLPUSH, LMPOP over a fake keyspace: replies in both protocols, errors and their
// order.
#include <doctest/doctest.h>

#include <vector>

#include "tests/src/collection_tester.h"

namespace stave {
namespace {

using testing::bulk;
using testing::bulks;

constexpr const char* kNull = "$-1\r\n";
constexpr const char* kNullArray = "*-1\r\n";
constexpr const char* kZero = ":0\r\n";
constexpr const char* kNothing = "*0\r\n";
constexpr const char* kSyntaxError = "-ERR syntax error\r\n";
constexpr const char* kPositiveError = "-ERR value is out of range, must be positive\r\n";
constexpr const char* kCountError = "-ERR count should be greater than 0\r\n";
constexpr const char* kNumkeysError = "-ERR numkeys should be greater than 0\r\n";
constexpr const char* kWrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";

struct Fixture : testing::CollectionTester {
  std::string all(const std::string& name) { return run("lrange " + name + " 0 -1"); }
};

TEST_CASE_FIXTURE(Fixture, "LPOP, RPOP; a list without elements goes") {
  in_both_forms([&] {
    run("rpush l a b c d e f");
    CHECK(run("lpop l") == bulk("a"));
    CHECK(run("rpop l") == bulk("f"));
    CHECK(run("lpop l 2") == bulks({"b", "c"}));
    CHECK(run("lpop l 0") == kNothing);
    CHECK(run("rpop l 9223372036854775807") == bulks({"e", "d"}));
    CHECK(run("exists l") == kZero);
    run("rpush l a");
    CHECK(run("rpop l") == bulk("a"));
    CHECK(run("exists l") == kZero);
  });
  for (const int number : {2, 3}) {
    protocol = number;
    CHECK(run("lpop none") == (number == 2 ? kNull : "_\r\n"));
    CHECK(run("rpop none 0") == (number == 2 ? kNullArray : "_\r\n"));
    CHECK(run("lpop none 1") == (number == 2 ? kNullArray : "_\r\n"));
  }
}

TEST_CASE_FIXTURE(Fixture, "LPOP: the count is looked at before the key") {
  run("set s x");
  for (const char* line : {"lpop s -1", "rpop s x", "lpop none -1", "lpop none 1.5"}) {
    CAPTURE(line);
    CHECK(run(line) == kPositiveError);
  }
  CHECK(run("lpop s 0") == kWrongType);
  CHECK(run("lpop s 1 2") == "-ERR wrong number of arguments for 'lpop' command\r\n");
  CHECK(run("rpop s 1 2") == "-ERR wrong number of arguments for 'rpop' command\r\n");
}

TEST_CASE_FIXTURE(Fixture, "LMOVE, RPOPLPUSH") {
  in_both_forms([&] {
    run("rpush a 1 2 3 4 5");
    CHECK(run("lmove a b left right") == bulk("1"));
    CHECK(run("lmove a b LEFT LEFT") == bulk("2"));
    CHECK(run("lmove a b right right") == bulk("5"));
    CHECK(run("rpoplpush a b") == bulk("4"));
    CHECK(all("a") == bulks({"3"}));
    CHECK(all("b") == bulks({"4", "2", "1", "5"}));
    CHECK(run("rpoplpush a b") == bulk("3"));
    CHECK(run("exists a") == kZero);
    CHECK(run("rpoplpush a b") == kNull);
    CHECK(run("lmove a b left left") == kNull);
  });
}

TEST_CASE_FIXTURE(Fixture, "LMOVE within one list") {
  in_both_forms([&] {
    run("rpush l a b c");
    CHECK(run("lmove l l left right") == bulk("a"));
    CHECK(all("l") == bulks({"b", "c", "a"}));
    CHECK(run("rpoplpush l l") == bulk("a"));
    CHECK(all("l") == bulks({"a", "b", "c"}));
    const int changes = keys.changes;
    CHECK(run("lmove l l left left") == bulk("a"));
    CHECK(run("lmove l l right right") == bulk("c"));
    run("ltrim l 0 0");
    CHECK(run("rpoplpush l l") == bulk("a"));
    CHECK(all("l") == bulks({"a"}));
    CHECK(keys.changes == changes + 1);
  });
}

TEST_CASE_FIXTURE(Fixture, "LMOVE: words, then the source, then the destination") {
  run("set s x");
  run("rpush l a");
  CHECK(run("lmove s s foo left") == kSyntaxError);
  CHECK(run("lmove s s left foo") == kSyntaxError);
  CHECK(run("lmove none s left left") == kNull);
  CHECK(run("lmove s none left left") == kWrongType);
  CHECK(run("lmove l s left left") == kWrongType);
  CHECK(run("rpoplpush l s") == kWrongType);
  CHECK(all("l") == bulks({"a"}));
}

TEST_CASE_FIXTURE(Fixture, "LMPOP") {
  in_both_forms([&] {
    run("rpush l a b c d e");
    CHECK(run("lmpop 1 l left") == "*2\r\n" + bulk("l") + bulks({"a"}));
    CHECK(run("lmpop 2 none l RIGHT COUNT 2") == "*2\r\n" + bulk("l") + bulks({"e", "d"}));
    CHECK(run("lmpop 2 l s left count 9223372036854775807") == "*2\r\n" + bulk("l") + bulks({"b", "c"}));
    CHECK(run("exists l") == kZero);
    CHECK(run("lmpop 1 l left") == kNullArray);
  });
  run("set s x");
  run("rpush l a b");
  CHECK(run("lmpop 3 none s l left") == kWrongType);
  CHECK(run("lmpop 2 l s left") == "*2\r\n" + bulk("l") + bulks({"a"}));
  protocol = 3;
  CHECK(run("lmpop 1 none left") == "_\r\n");
}

TEST_CASE_FIXTURE(Fixture, "LMPOP: errors") {
  run("set s x");
  for (const char* line : {"lmpop 0 s left", "lmpop -1 s left", "lmpop x s left", "lmpop '' s left"})
    CHECK(run(line) == kNumkeysError);
  for (const char* line :
       {"lmpop 1 s foo", "lmpop 2 s left", "lmpop 9223372036854775807 s left", "lmpop 1 s left count",
        "lmpop 1 s left foo 1", "lmpop 1 s left count 1 count 1", "lmpop 1 s left count 1 x"}) {
    CAPTURE(line);
    CHECK(run(line) == kSyntaxError);
  }
  for (const char* line : {"lmpop 1 s left count 0", "lmpop 1 s left count x", "lmpop 1 s left count -1 foo"})
    CHECK(run(line) == kCountError);
  CHECK(run("lmpop 1 s left count 1") == kWrongType);
}

TEST_CASE_FIXTURE(Fixture, "the keys of LMPOP are where their number says") {
  const auto keys_of = [](const std::vector<std::string_view>& call) {
    std::vector<int> positions{99};
    find_keys(*find_command(call), call, positions);
    return positions;
  };
  CHECK(keys_of({"lmpop", "2", "a", "b", "left", "count", "1"}) == std::vector{2, 3});
  CHECK(keys_of({"lmpop", "9", "a", "left"}).empty());
  CHECK(keys_of({"lmpop", "x", "a", "left"}).empty());
  CHECK(keys_of({"lmove", "a", "b", "left", "left"}) == std::vector{1, 2});
}

}  // namespace
}  // namespace stave
