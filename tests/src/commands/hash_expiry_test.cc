// SPDX-License-Identifier: Apache-2.0
// The commands on the expiry of fields, and what all others on hashes do with fields that expire, over a fake
// keyspace: replies, errors and their order as in Redis 7.4, events, small and large hashes.
#include <doctest/doctest.h>

#include <string>

#include "tests/src/collection_tester.h"

namespace stave {
namespace {

using testing::bulk;
using testing::bulks;
using testing::Words;

constexpr const char* kNull = "$-1\r\n";
constexpr const char* kZero = ":0\r\n";
constexpr const char* kOne = ":1\r\n";
constexpr const char* kWrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";

std::string numbers(std::initializer_list<std::int64_t> list) {
  std::string reply = "*" + std::to_string(list.size()) + "\r\n";
  for (const std::int64_t number : list) reply += ":" + std::to_string(number) + "\r\n";
  return reply;
}

struct Fixture : testing::CollectionTester {
  Fixture() { limits.events = *parse_event_classes("KEA"); }

  std::string events_of(const std::string& line) {
    events.take();
    run(line);
    std::string text;
    for (const KeyspaceEvent& event : events.take()) text.append(event.event).append(" ");
    return text;
  }
  std::string at(std::int64_t after_ms) const { return std::to_string(keys.now_ms + after_ms); }
};

TEST_CASE_FIXTURE(Fixture, "HEXPIRE and its kin set expiries, HTTL and its kin tell them") {
  in_both_forms([&] {
    run("hset h a 1 b 2 c 3 d 4 e 5");
    CHECK(run("hexpire h 10 fields 3 a none b") == numbers({1, -2, 1}));
    CHECK(run("HPEXPIRE h 1500 FIELDS 1 c") == numbers({1}));
    CHECK(run("hexpireat h 2000000000 fields 1 d") == numbers({1}));
    CHECK(run("hpexpireat h 2000000000001 fields 1 d") == numbers({1}));
    CHECK(run("httl h fields 5 a c d e none") ==
          numbers({10, 2, (2'000'000'000'001 - keys.now_ms + 999) / 1000, -1, -2}));
    CHECK(run("hpttl h fields 4 a c d e") == numbers({10'000, 1500, 2'000'000'000'001 - keys.now_ms, -1}));
    CHECK(run("hexpiretime h fields 3 d e none") == numbers({2'000'000'001, -1, -2}));
    CHECK(run("hpexpiretime h fields 2 d a") == numbers({2'000'000'000'001, keys.now_ms + 10'000}));
    CHECK(run("hpersist h fields 5 a a e none b") == numbers({1, -1, -1, -2, 1}));
    CHECK(run("httl h fields 2 a b") == numbers({-1, -1}));
  });
  CHECK(run("hexpire none 10 fields 2 a b") == numbers({-2, -2}));
  CHECK(run("httl none fields 1 a") == numbers({-2}));
  CHECK(run("hpersist none fields 1 a") == numbers({-2}));
}

TEST_CASE_FIXTURE(Fixture, "conditions") {
  in_both_forms([&] {
    run("hset h a 1 b 2");
    CHECK(run("hpexpire h 1000 xx fields 1 a") == numbers({0}));
    CHECK(run("hpexpire h 1000 gt fields 1 a") == numbers({0}));
    CHECK(run("hpexpire h 1000 lt fields 1 a") == numbers({1}));
    CHECK(run("hpexpire h 1000 nx fields 2 a b") == numbers({0, 1}));
    CHECK(run("hpexpire h 1000 gt fields 1 a") == numbers({0}));
    CHECK(run("hpexpire h 1000 lt fields 1 a") == numbers({0}));
    CHECK(run("hpexpire h 1001 gt fields 1 a") == numbers({1}));
    CHECK(run("hpexpire h 1000 LT fields 1 a") == numbers({1}));
    CHECK(run("hpexpire h 3000 XX fields 2 a b") == numbers({1, 1}));
    CHECK(run("hpttl h fields 2 a b") == numbers({3000, 3000}));
    CHECK(run("hset h c 3") == kOne);
    CHECK(run("hpexpire h 1000 nx fields 2 c c") == numbers({1, 0}));
  });
}

TEST_CASE_FIXTURE(Fixture, "a time that has passed removes the field, and the hash with its last") {
  in_both_forms([&] {
    run("hset h a 1 b 2 c 3");
    CHECK(run("hexpireat h 1 fields 3 a a none") == numbers({2, -2, -2}));
    CHECK(run("hpexpire h 0 xx fields 1 b") == numbers({0}));
    CHECK(run("hlen h") == ":2\r\n");
    CHECK(run("hpexpire h 0 fields 2 b c") == numbers({2, 2}));
    CHECK(run("exists h") == kZero);
  });
}

TEST_CASE_FIXTURE(Fixture, "errors") {
  run("hset h a 1");
  run("set s x");
  const std::string expire = "hexpire h 10 ";
  CHECK(run(expire + "10 fields 1 a") ==
        "-ERR Mandatory argument FIELDS is missing or not at the right position\r\n");
  CHECK(run(expire + "nx xx fields 1 a") ==
        "-ERR Mandatory argument FIELDS is missing or not at the right position\r\n");
  for (const char* count : {"0", "-1", "x", "9999999999999999999"}) {
    CHECK(run(expire + "fields " + count + " a") ==
          "-ERR Parameter `numFields` should be greater than 0\r\n");
    CHECK(run(std::string("httl h fields ") + count + " a") ==
          "-ERR Number of fields must be a positive integer\r\n");
    CHECK(run(std::string("hpersist h fields ") + count + " a") ==
          "-ERR Number of fields must be a positive integer\r\n");
  }
  for (const char* rest : {"fields 2 a", "fields 1 a b", "nx fields 1"})
    CHECK(run(expire + rest) == "-ERR The `numfields` parameter must match the number of arguments\r\n");
  CHECK(run("hexpire h x fields 1 a") == "-ERR value is not an integer or out of range\r\n");
  CHECK(run("hexpire h -1 fields 1 a") == "-ERR invalid expire time, must be >= 0\r\n");
  for (const char* command : {"hexpire", "hpexpire", "hexpireat", "hpexpireat"}) {
    CHECK(run(std::string(command) + " h 70368744177664 fields 1 a") ==
          "-ERR invalid expire time in '" + std::string(command) + "' command\r\n");
    CHECK(run(std::string(command) + " s x y 1 a") == kWrongType);
    CHECK(run(std::string(command) + " h 10 fields 1") ==
          "-ERR wrong number of arguments for '" + std::string(command) + "' command\r\n");
  }
  CHECK(run("hpexpireat h 70368744177663 fields 1 a") == numbers({1}));
  CHECK(run("hpexpire h 70368744177663 fields 1 a") == "-ERR invalid expire time in 'hpexpire' command\r\n");
  for (const char* command : {"httl", "hpttl", "hexpiretime", "hpexpiretime", "hpersist"}) {
    CHECK(run(std::string(command) + " s x 1 a") == kWrongType);
    CHECK(run(std::string(command) + " h field 1 a") ==
          "-ERR Mandatory argument FIELDS is missing or not at the right position\r\n");
  }
}

TEST_CASE_FIXTURE(Fixture, "what writes a field takes its expiry, what changes its number keeps it") {
  in_both_forms([&] {
    run("hset h a 1 b 2 c 3 d 4 e 5");
    run("hexpire h 10 fields 5 a b c d e");
    run("hset h a 1");
    run("hmset h b 3");
    run("hsetnx h c 4");
    run("hincrby h d 2");
    run("hincrbyfloat h e 0.5");
    CHECK(run("httl h fields 5 a b c d e") == numbers({-1, -1, 10, 10, 10}));
    CHECK(run("hmget h c d e") == bulks({"3", "6", "5.5"}));
  });
}

TEST_CASE_FIXTURE(Fixture, "no command sees what has expired") {
  in_both_forms([&] {
    const auto prepare = [&] {
      keys.stored.clear();
      run("hset h a 1 b 2 c 3");
      run("hpexpire h 5 fields 2 a b");
      keys.now_ms += 5;
    };
    prepare();
    CHECK(run("hget h a") == kNull);
    CHECK(run("hmget h a c") == std::string("*2\r\n") + kNull + bulk("3"));
    CHECK(words("hgetall h") == Words{"c", "3"});
    CHECK(words("hkeys h") == Words{"c"});
    CHECK(words("hvals h") == Words{"3"});
    CHECK(run("hlen h") == kOne);
    CHECK(run("hexists h a") == kZero);
    CHECK(run("hstrlen h a") == kZero);
    CHECK(run("hrandfield h") == bulk("c"));
    CHECK(words("hrandfield h 3 withvalues") == Words{"c", "3"});
    CHECK(words("hrandfield h -2") == Words{"c", "c"});
    CHECK(words("hscan h 0") == Words{"0", "c", "3"});
    CHECK(run("httl h fields 1 a") == numbers({-2}));
    run("rpush list a c");
    CHECK(run("sort list by nosort get h->*") == "*2\r\n" + std::string(kNull) + kNull);
    CHECK(run("hset h a 4") == kOne);
    prepare();
    CHECK(run("hsetnx h a 4") == kOne);
    CHECK(run("httl h fields 1 a") == numbers({-1}));
    prepare();
    CHECK(run("hdel h a c") == kOne);
    CHECK(run("exists h") == kZero);
    prepare();
    CHECK(run("hincrby h a 10") == ":10\r\n");
    CHECK(run("hincrbyfloat h b 10") == bulk("10"));
    CHECK(run("httl h fields 2 a b") == numbers({-1, -1}));
    prepare();
    CHECK(run("hexpire h 1 fields 2 a c") == numbers({-2, 1}));
    prepare();
    CHECK(run("hpersist h fields 1 b") == numbers({-2}));
  });
}

TEST_CASE_FIXTURE(Fixture, "SORT looks into fields that have not expired") {
  run("rpush list 1 2");
  run("hset h1 w 1");
  run("hset h2 w 2");
  run("hpexpire h1 5 fields 1 w");
  CHECK(run("sort list by nosort get h*->w") == bulks({"1", "2"}));
  keys.now_ms += 5;
  CHECK(run("sort list by nosort get h*->w") == "*2\r\n" + std::string(kNull) + bulk("2"));
}

TEST_CASE_FIXTURE(Fixture, "COPY and RENAME keep expiries, and the encoding") {
  in_both_forms([&] {
    run("hset h a 1 b 2");
    run("hpexpire h 500 fields 1 a");
    CHECK(run("object encoding h") == bulk("listpackex"));
    run("copy h copied");
    run("rename h renamed");
    for (const char* key : {"copied", "renamed"}) {
      CHECK(run(std::string("hpttl ") + key + " fields 2 a b") == numbers({500, -1}));
      CHECK(run(std::string("object encoding ") + key) == bulk("listpackex"));
    }
    run("hset copied c " + std::string(65, 'c'));
    CHECK(run("object encoding copied") == bulk("hashtable"));
    CHECK(run("hpttl copied fields 1 a") == numbers({500}));
  });
}

TEST_CASE_FIXTURE(Fixture, "DUMP and RESTORE keep expiries") {
  in_both_forms([&] {
    for (const std::string& value : {std::string("v"), std::string(65, 'v')}) {
      run("hset h a 1 b " + value + " c 3");
      run("hpexpire h 500 fields 1 a");
      run("hpexpire h 400 fields 1 b");
      const std::string reply = run("dump h");
      const std::size_t begin = reply.find("\r\n") + 2;
      const std::string payload = reply.substr(begin, reply.size() - begin - 2);
      CHECK(payload[0] == (value.size() == 1 ? 25 : 24));
      CHECK(payload[payload.size() - 10] == 12);
      CHECK(run_args({"restore", "there", "0", payload, "replace"}) == "+OK\r\n");
      CHECK(run("hpttl there fields 3 a b c") == numbers({500, 400, -1}));
      CHECK(run("hmget there a b c") == "*3\r\n" + bulk("1") + bulk(value) + bulk("3"));
      CHECK(run("object encoding there") == bulk(value.size() == 1 ? "listpackex" : "hashtable"));
      for (std::size_t cut = 0; cut < payload.size(); ++cut)
        CHECK(run_args({"restore", "bad", "0", payload.substr(0, cut)})[0] == '-');
      run("hpersist h fields 2 a b");
      const std::string without = run("dump h");
      CHECK(without[without.find("\r\n") + 2] == (value.size() == 1 ? 25 : 4));
      run("del h there");
    }
  });
}

TEST_CASE_FIXTURE(Fixture, "events") {
  in_both_forms([&] {
    run("hset h a 1 b 2 c 3");
    CHECK(events_of("hpexpire h 5 fields 2 a b") == "hexpire ");
    CHECK(events_of("hpexpire h 5 nx fields 1 a") == "");
    CHECK(events_of("hpersist h fields 1 b") == "hpersist ");
    CHECK(events_of("hpersist h fields 1 b") == "");
    keys.now_ms += 5;
    CHECK(events_of("hset h b 3") == "hexpired hset ");
    CHECK(events_of("hpexpire h 0 fields 1 b") == "hdel ");
    CHECK(events_of("hpexpire h 0 fields 1 c") == "hdel del ");
    run("hset h a 1");
    run("hpexpire h 5 fields 1 a");
    keys.now_ms += 5;
    // The command fails, and the fields are gone.
    CHECK(run("hset h a x") == kOne);
    run("hpexpire h 5 fields 1 a");
    keys.now_ms += 5;
    CHECK(events_of("hincrby h a 1") == "hexpired del hincrby ");
    run("hset h a x b 1");
    run("hpexpire h 5 fields 1 b");
    keys.now_ms += 5;
    CHECK(events_of("hincrby h a 1") == "hexpired ");
  });
}

TEST_CASE_FIXTURE(Fixture, "cold hashes are read first, and a change that fails changes nothing") {
  run("hset h a 1");
  keys.make_cold();
  CHECK(run("hexpire h 10 fields 1 a") == numbers({1}));
  keys.make_cold();
  CHECK(run("httl h fields 1 a") == numbers({10}));
  CHECK(stagings == 2);
  keys.failure = "ERR no";
  CHECK(run("hpersist h fields 1 a") == "-ERR no\r\n");
  CHECK(run("hexpire h 20 fields 1 a") == "-ERR no\r\n");
  keys.now_ms += 10'000;
  CHECK(run("hset h b 1") == "-ERR no\r\n");
  CHECK(run("hlen h") == kZero);
}

}  // namespace
}  // namespace stave
