// SPDX-License-Identifier: Apache-2.0
// SORT and SORT_RO over a fake keyspace: every option, patterns, errors and their order, cold values and
// failing changes, for values that have outgrown their packed form, too. That replies equal Redis' for random
// arguments is shown by the differential test.
#include <doctest/doctest.h>

#include "tests/src/collection_tester.h"

namespace stave {
namespace {

using namespace std::string_literals;
using testing::bulk;
using testing::bulks;

constexpr const char* kSyntaxError = "-ERR syntax error\r\n";
constexpr const char* kNotAnInteger = "-ERR value is not an integer or out of range\r\n";
constexpr const char* kNotAScore = "-ERR One or more scores can't be converted into double\r\n";
constexpr const char* kWrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";
constexpr const char* kNothing = "*0\r\n";

struct Fixture : testing::CollectionTester {
  std::vector<std::string> keys_of(std::vector<std::string_view> call) {
    std::vector<int> positions;
    find_keys(*find_command(call), call, positions);
    std::vector<std::string> names;
    for (const int position : positions) names.emplace_back(call[static_cast<std::size_t>(position)]);
    return names;
  }
};

TEST_CASE_FIXTURE(Fixture, "numbers and texts, up and down, of every type") {
  in_both_forms([&] {
    run("rpush list 3 10 -1 2.5 10");
    run("sadd set 3 10 -1 2.5");
    run("zadd zset 1 3 2 10 3 -1 4 2.5");
    CHECK(joined("sort list") == "-1 2.5 3 10 10");
    CHECK(joined("sort list DESC") == "10 10 3 2.5 -1");
    CHECK(joined("sort list desc Asc") == "-1 2.5 3 10 10");
    CHECK(joined("sort list alpha") == "-1 10 10 2.5 3");
    CHECK(joined("sort list alpha desc") == "3 2.5 10 10 -1");
    for (const std::string name : {"set", "zset"}) {
      CHECK(joined("sort " + name) == "-1 2.5 3 10");
      CHECK(joined("sort_ro " + name + " desc") == "10 3 2.5 -1");
      CHECK(joined("sort " + name + " alpha") == "-1 10 2.5 3");
    }
  });
  CHECK(run("sort none") == kNothing);
  CHECK(run("sort none by w_* get x_* limit 0 10") == kNothing);
  protocol = 3;
  CHECK(run("sort list limit 0 1") == "*1\r\n" + bulk("-1"));
  CHECK(run("sort list limit 0 1 get none_*") == "*1\r\n_\r\n");
}

TEST_CASE_FIXTURE(Fixture, "LIMIT with any numbers") {
  run("rpush list 5 3 1 4 2");
  CHECK(joined("sort list limit 1 2") == "2 3");
  CHECK(joined("sort list limit 3 100") == "4 5");
  CHECK(joined("sort list limit 0 -1") == "1 2 3 4 5");
  CHECK(joined("sort list limit 3 -5") == "4 5");
  CHECK(joined("sort list limit -3 2") == "1 2");
  CHECK(joined("sort list limit 0 1 limit 1 1") == "2");
  for (const char* line : {"sort list limit 5 1", "sort list limit 100 -1", "sort list limit 0 0",
                           "sort list limit 9223372036854775807 9223372036854775807"})
    CHECK(run(line) == kNothing);
  CHECK(joined("sort list limit 2 9223372036854775807") == "3 4 5");
}

TEST_CASE_FIXTURE(Fixture, "BY a key and by a field") {
  in_both_forms([&] {
    run("rpush list a b c");
    run("mset w_a 3 w_b 1 w_c 2 x_a_y z");
    run("hset h_a f 1 g x");
    run("hset h_b f 3");
    run("hset h_c f 2 g a");
    CHECK(joined("sort list by w_*") == "b c a");
    CHECK(joined("sort list by w_* desc limit 0 2") == "a c");
    CHECK(joined("sort list by h_*->f") == "a c b");
    CHECK(joined("sort list by h_*->g alpha") == "b c a");  // what is not there is first
    CHECK(joined("sort list by none_* desc") == "c b a");   // equal scores: by the element
    CHECK(joined("sort list by none_* alpha desc") == "a b c");
    CHECK(joined("sort list by h_* desc") == "c b a");  // a hash is no string
    CHECK(joined("sort list by w_*->f desc") == "c b a");
    CHECK(run("sort list by h_*->g") == kNotAScore);
  });
}

TEST_CASE_FIXTURE(Fixture, "BY without a star leaves the order as it is") {
  in_both_forms([&] {
    run("rpush list 3 1 2");
    run("zadd zset 1 x 2 b 3 a 4 y");
    run("sadd set c a b");
    CHECK(joined("sort list by nosort") == "3 1 2");
    CHECK(joined("sort list by nosort desc") == "2 1 3");
    CHECK(joined("sort list by nosort desc limit 1 5") == "1 3");
    CHECK(joined("sort zset by nosort") == "x b a y");
    CHECK(joined("sort zset by nosort desc") == "y a b x");
    CHECK(joined("sort zset by nosort limit 1 2") == "b a");
    CHECK(joined("sort zset by nosort desc limit 1 2") == "a b");
    CHECK(run("sort zset by nosort limit 4 2") == kNothing);
    CHECK(run("sort zset by nosort limit 1 0") == kNothing);
    CHECK(members("sort set by nosort") == testing::Names{"a", "b", "c"});
    CHECK(joined("sort zset by nosort by w_*") == "x b a y");
    CHECK(run("sort set by nosort store to") == ":3\r\n");
    CHECK(joined("lrange to 0 -1") == "a b c");
    CHECK(run("sort set by nosort desc limit 0 2 store to") == ":2\r\n");
    CHECK(joined("lrange to 0 -1") == "c b");
  });
}

TEST_CASE_FIXTURE(Fixture, "GET, several and of everything") {
  run("rpush list 2 1");
  run("mset v_1 one v_2 two *1 star ->1 arrow x1-> tail");
  run("hset h1 f uno -> odd");
  run("rpush l1 x");
  CHECK(joined("sort list get v_*") == "one two");
  CHECK(joined("sort list get # get v_* get #") == "1 one 1 2 two 2");
  CHECK(run("sort list get h*->f get l* get v_") ==
        "*6\r\n" + bulk("uno") + "$-1\r\n$-1\r\n$-1\r\n$-1\r\n$-1\r\n");
  CHECK(run("sort list limit 0 1 get **") == "*1\r\n$-1\r\n");
  CHECK(run("sort list limit 0 1 get ->*") == "*1\r\n" + bulk("arrow"));  // an arrow in front of the star
  CHECK(run("sort list limit 0 1 get x*->") == "*1\r\n" + bulk("tail"));  // nothing behind the arrow
  CHECK(run("sort list limit 0 1 get h*->->") == "*1\r\n" + bulk("odd"));
  CHECK(run_args({"sort", "list", "limit", "0", "1", "get", "v\0_*"s}) == "*1\r\n$-1\r\n");
  CHECK(run_args({"sort", "list", "limit", "0", "1", "get", "#\0x"s}) == "*1\r\n" + bulk("1"));
}

TEST_CASE_FIXTURE(Fixture, "what counts as a score") {
  const auto sorts = [&](std::string_view element) {
    run("del list");
    run_args({"rpush", "list", element});
    return run("sort list") == "*1\r\n" + bulk(std::string(element));
  };
  for (const char* number : {"", " 1", "\t\n-1", "1e3", "0x10", "inf", "-Infinity", ".5", "5.", "+3"})
    CHECK(sorts(number));
  CHECK(sorts("1\0abc"s));
  for (const char* text : {"a", "1x", "1 ", "nan", "1e999", "4.9e-324", "--1", " "}) CHECK_FALSE(sorts(text));
  CHECK(run("sort list") == kNotAScore);
  CHECK(run("sort list by nosort") != kNotAScore);
}

TEST_CASE_FIXTURE(Fixture, "ALPHA compares up to a NUL, and whole texts where it stores") {
  run_args({"rpush", "list", "a\0z"s, "a\0b"s});
  CHECK(run("sort list alpha") == "*2\r\n" + bulk("a\0z"s) + bulk("a\0b"s));
  CHECK(run("sort list alpha store to") == ":2\r\n");
  CHECK(run("lrange to 0 -1") == "*2\r\n" + bulk("a\0b"s) + bulk("a\0z"s));
  run("del list");
  run_args({"rpush", "list", "\xff", "a", "Z"});
  CHECK(run("sort list alpha") == bulks({"Z", "a", "\xff"}));
}

TEST_CASE_FIXTURE(Fixture, "STORE replaces anything, with what GET gives") {
  in_both_forms([&] {
    run("sadd set 3 1 2");
    run("set v_2 two");
    run("set to text px 1000");
    CHECK(run("sort set store to") == ":3\r\n");
    CHECK(joined("lrange to 0 -1") == "1 2 3");
    CHECK(run("ttl to") == ":-1\r\n");
    CHECK(run("object encoding to") == bulk("listpack"));
    CHECK(run("sort set get v_* get # store to") == ":6\r\n");
    CHECK(run("lrange to 0 -1") == bulks({"", "1", "two", "2", "", "3"}));
    CHECK(run("sort set desc store set") == ":3\r\n");  // itself
    CHECK(joined("lrange set 0 -1") == "3 2 1");
    CHECK(run("sort none store to") == ":0\r\n");
    CHECK(run("exists to") == ":0\r\n");
    CHECK(run("sort set limit 5 1 store to") == ":0\r\n");
    CHECK(run("sort set store x store to") == ":3\r\n");
    CHECK(run("exists x to") == ":1\r\n");
  });
  run("rpush long " + std::string(5000, 'x') + " " + std::string(5000, 'y'));
  CHECK(run("sort long alpha store to") == ":2\r\n");
  CHECK(run("object encoding to") == bulk("quicklist"));
}

TEST_CASE_FIXTURE(Fixture, "errors, in Redis' order") {
  run("set string 1");
  run("hset hash f 1");
  run("rpush list a");
  CHECK(run("sort") == "-ERR wrong number of arguments for 'sort' command\r\n");
  for (const char* line :
       {"sort list foo", "sort list by", "sort list get", "sort list limit 1", "sort list store",
        "sort_ro list store to", "sort_ro list alpha store to", "sort string nonsense", "sort list limit"})
    CHECK(run(line) == kSyntaxError);
  CHECK(run("sort list limit x 1 foo") == kNotAnInteger);
  CHECK(run("sort list limit 1 1.5") == kNotAnInteger);
  CHECK(run("sort string") == kWrongType);
  CHECK(run("sort hash alpha store to") == kWrongType);
  CHECK(run("sort list") == kNotAScore);
  CHECK(run("sort list store to") == kNotAScore);
  CHECK(run("exists to") == ":0\r\n");
  keys.failure = "MISCONF no room";
  CHECK(run("sort list alpha store to") == "-MISCONF no room\r\n");
}

TEST_CASE_FIXTURE(Fixture, "cold values are staged together") {
  in_both_forms([&] {
    run("rpush list 1 2 3 4 5");
    for (const std::string number : {"1", "2", "3", "4", "5"}) {
      run("set w_" + number + " " + std::to_string(10 - std::stoi(number)));
      run("hset h_" + number + " f v" + number);
    }
    keys.make_cold();
    stagings = 0;
    CHECK(joined("sort list by w_* get # get h_*->f limit 0 2") == "5 v5 4 v4");
    CHECK(stagings == 3);  // the list, what is sorted by, what is replied
    CHECK_FALSE(keys.stored.at({0, "h_3"}).resident);
    keys.make_cold();
    stagings = 0;
    CHECK(run("sort list by nosort get h_*->f get w_* store to") == ":10\r\n");
    CHECK(stagings == 2);
    run("del list to");
  });
}

TEST_CASE_FIXTURE(Fixture, "keys among the arguments") {
  using Keys = std::vector<std::string>;
  CHECK(keys_of({"sort", "k", "by", "store", "get", "store", "limit", "store", "store"}) == Keys{"k"});
  CHECK(keys_of({"sort", "k", "store", "a", "alpha", "STORE", "b"}) == Keys{"k", "b"});
  CHECK(keys_of({"sort", "k", "store"}) == Keys{"k"});
  CHECK(keys_of({"sort", "k", "store", "by", "store", "z"}) == Keys{"k", "z"});
  CHECK(keys_of({"sort_ro", "k", "store", "a"}) == Keys{"k"});
}

}  // namespace
}  // namespace stave
