// SPDX-License-Identifier: Apache-2.0
// The list commands over a fake keyspace: replies, errors and their order; of all of them, cold values,
// failing changes, and that it is the same for lists that have outgrown their packed form. That replies equal
// Redis' for random arguments is shown by the differential test.
#include <doctest/doctest.h>

#include "tests/src/collection_tester.h"

namespace stave {
namespace {

using testing::bulk;
using testing::bulks;

constexpr const char* kOk = "+OK\r\n";
constexpr const char* kNull = "$-1\r\n";
constexpr const char* kZero = ":0\r\n";
constexpr const char* kNothing = "*0\r\n";
constexpr const char* kIntegerError = "-ERR value is not an integer or out of range\r\n";
constexpr const char* kWrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";

struct Fixture : testing::CollectionTester {
  std::string all(const std::string& name) { return run("lrange " + name + " 0 -1"); }
};

TEST_CASE_FIXTURE(Fixture, "LPUSH, RPUSH, LPUSHX, RPUSHX, LLEN") {
  in_both_forms([&] {
    CHECK(run("lpushx l a") == kZero);
    CHECK(run("rpushx l a b") == kZero);
    CHECK(run("exists l") == kZero);
    CHECK(run("rpush l c d") == ":2\r\n");
    CHECK(run("lpush l b ''") == ":4\r\n");
    CHECK(run("rpushx l e f") == ":6\r\n");
    CHECK(run("lpushx l x y") == ":8\r\n");
    CHECK(run("llen l") == ":8\r\n");
    CHECK(all("l") == bulks({"y", "x", "", "b", "c", "d", "e", "f"}));
  });
  CHECK(run("llen none") == kZero);
}

TEST_CASE_FIXTURE(Fixture, "LRANGE") {
  in_both_forms([&] {
    run("rpush l a b c d");
    CHECK(run("lrange l 1 2") == bulks({"b", "c"}));
    CHECK(run("lrange l -2 -1") == bulks({"c", "d"}));
    CHECK(run("lrange l -100 100") == bulks({"a", "b", "c", "d"}));
    CHECK(run("lrange l 3 3") == bulks({"d"}));
    for (const char* line : {"lrange l 2 1", "lrange l 4 9", "lrange l 0 -5", "lrange l -9 -5",
                             "lrange none 0 -1", "lrange l 9223372036854775807 -9223372036854775808"}) {
      CAPTURE(line);
      CHECK(run(line) == kNothing);
    }
    CHECK(run("lrange l -9223372036854775808 9223372036854775807") == all("l"));
  });
  CHECK(run("lrange none x 1") == kIntegerError);
  CHECK(run("lrange none 1 x") == kIntegerError);
}

TEST_CASE_FIXTURE(Fixture, "LINDEX, LSET") {
  in_both_forms([&] {
    run("rpush l a b c");
    CHECK(run("lindex l 0") == bulk("a"));
    CHECK(run("lindex l -1") == bulk("c"));
    CHECK(run("lindex l 3") == kNull);
    CHECK(run("lindex l -4") == kNull);
    CHECK(run("lindex l x") == kIntegerError);
    CHECK(run("lset l 1 B") == kOk);
    CHECK(run("lset l -3 ''") == kOk);
    CHECK(all("l") == bulks({"", "B", "c"}));
    CHECK(run("lset l 3 x") == "-ERR index out of range\r\n");
    CHECK(run("lset l -4 x") == "-ERR index out of range\r\n");
    CHECK(run("lset l x x") == kIntegerError);
  });
  CHECK(run("lindex none x") == kNull);
  CHECK(run("lset none x x") == "-ERR no such key\r\n");
}

TEST_CASE_FIXTURE(Fixture, "LTRIM") {
  in_both_forms([&] {
    run("rpush l a b c d e f");
    CHECK(run("ltrim l 0 -1") == kOk);
    CHECK(all("l") == bulks({"a", "b", "c", "d", "e", "f"}));
    CHECK(run("ltrim l 1 -2") == kOk);
    CHECK(all("l") == bulks({"b", "c", "d", "e"}));
    CHECK(run("ltrim l 0 2") == kOk);
    CHECK(run("ltrim l 1 100") == kOk);
    CHECK(all("l") == bulks({"c", "d"}));
    CHECK(run("ltrim l 2 3") == kOk);
    CHECK(run("exists l") == kZero);
    run("rpush l a b");
    CHECK(run("ltrim l 0 -3") == kOk);
    CHECK(run("exists l") == kZero);
  });
  CHECK(run("ltrim none 0 1") == kOk);
  CHECK(run("ltrim none 0 x") == kIntegerError);
}

TEST_CASE_FIXTURE(Fixture, "a key of another type") {
  run("set s x");
  run("rpush l a");
  for (const char* line : {"lpush s a",
                           "rpush s a",
                           "lpushx s a",
                           "rpushx s a",
                           "lpop s",
                           "rpop s 1",
                           "llen s",
                           "lrange s 0 1",
                           "lindex s x",
                           "lset s x x",
                           "linsert s before a b",
                           "lrem s 0 a",
                           "ltrim s 0 1",
                           "lpos s a",
                           "get l",
                           "append l x",
                           "hset l a 1",
                           "sadd l a",
                           "hget l a",
                           "smembers l",
                           "smove l s a",
                           "strlen l"}) {
    CAPTURE(line);
    CHECK(run(line) == kWrongType);
  }
  CHECK(run("set l x") == kOk);
  CHECK(run("get l") == bulk("x"));
}

TEST_CASE_FIXTURE(Fixture, "cold lists are staged before anything is changed or replied") {
  for (const char* line : {"lpush l x", "rpush l x", "lpushx l x", "rpushx l x", "lpop l", "rpop l 2",
                           "llen l", "lrange l 0 -1", "lindex l 0", "lset l 0 x", "linsert l before b x",
                           "lrem l 0 a", "ltrim l 1 1", "lpos l b", "lmove l none left left", "rpoplpush l l",
                           "lmpop 2 none l left", "object encoding l", "rename l l2"}) {
    CAPTURE(line);
    keys.stored.clear();
    run("rpush l a b c");
    const auto stored = keys.stored;
    const std::string expected = run(line);
    keys.stored = stored;
    keys.make_cold();
    stagings = 0;
    CHECK(run(line) == expected);
    CHECK(stagings == 1);
  }
  keys.stored.clear();
  run("rpush a 1 2");
  run("rpush b 3");
  keys.make_cold();
  stagings = 0;
  CHECK(run("lmove a b left left") == bulk("1"));
  CHECK(stagings == 2);
}

TEST_CASE_FIXTURE(Fixture, "what has no effect is no change; a failing change is the reply") {
  run("rpush l a b c");
  const int changes = keys.changes;
  for (const char* line :
       {"lpushx none a", "lpop l 0", "lpop none", "ltrim l 0 -1", "ltrim none 0 0", "lrem l 0 z",
        "linsert l before z x", "linsert none before a x", "lset l 0 a", "lset l 9 x"})
    run(line);
  CHECK(keys.changes == changes);
  keys.failure = "OOM no";
  for (const char* line :
       {"lpush l x", "rpush l x", "rpushx l x", "lpop l", "lpop l 2", "lset l 0 x", "linsert l after c x",
        "lrem l 0 a", "ltrim l 1 1", "lmove l m left left", "lmove l l left right", "lmpop 1 l left"}) {
    CAPTURE(line);
    CHECK(run(line) == "-OOM no\r\n");
  }
}

TEST_CASE_FIXTURE(Fixture, "changes keep the expiry; TYPE and OBJECT ENCODING") {
  in_both_forms([&] {
    run("rpush l a b c");
    run("pexpire l 1000");
    for (const char* line : {"lpush l x", "lpop l", "lset l 0 y", "linsert l before c z", "lrem l 0 z",
                             "ltrim l 0 1", "rpoplpush l l", "lmpop 1 l left"}) {
      run(line);
      CHECK(keys.stored.at({0, "l"}).expiry_ms == keys.now_ms + 1000);
    }
    CHECK(run("type l") == "+list\r\n");
    CHECK(run("object encoding l") == bulk("listpack"));
    run("rpush l " + std::string(9000, 'x'));
    CHECK(run("object encoding l") == bulk("quicklist"));
    run("rpop l");
    CHECK(run("object encoding l") == bulk("listpack"));
  });
}

}  // namespace
}  // namespace stave
