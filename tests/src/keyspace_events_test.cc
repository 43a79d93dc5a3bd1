// SPDX-License-Identifier: Apache-2.0
// Shows how classes of keyspace events are read and written, and which events commands note, in which order.
// tests/integration/events.py compares them with redis-server's.
#include "src/keyspace_events.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/shards/shard_testing.h"
#include "tests/src/command_tester.h"
#include "tests/src/config_testing.h"

namespace stave {
namespace {

std::string normal(std::string_view text) {
  const auto classes = parse_event_classes(text);
  return classes ? format_event_classes(*classes) : "(none)";
}

// "db:class-less event key" of all, in order.
std::string taken(KeyspaceEvents& events) {
  std::string text;
  for (const KeyspaceEvent& event : events.take()) {
    if (!text.empty()) text += ' ';
    if (event.db != 0) text += std::to_string(event.db) + ':';
    text.append(event.event).append(".").append(event.key);
  }
  return text;
}

struct EventTester : testing::CommandTester {
  EventTester()
      : CommandTester({string_commands(), key_commands(), hash_commands(), list_commands(), set_commands(),
                       zset_commands()}) {
    limits.events = *parse_event_classes("KEAnm");
  }
  std::string events_of(std::string_view line) {
    run(line);
    return taken(events);
  }
};

TEST_CASE("classes are printed in Redis' order, and A stands for most of them") {
  CHECK(normal("") == "");
  CHECK(normal("EK") == "KE");
  CHECK(normal("zhsgl$") == "g$lshz");
  CHECK(normal("mKx") == "xKm");
  CHECK(normal("g$lshzxetd") == "A");
  CHECK(normal("KEAm") == "AKEm");
  CHECK(normal("nK") == "nK");
  CHECK(normal("KEA n") == "(none)");
  CHECK(normal("q") == "(none)");
}

TEST_CASE("what Redis hides in its reply is not lost in the file") {
  const auto classes = parse_event_classes("KAn");
  CHECK(format_event_classes(*classes) == "AK");
  CHECK(format_event_classes_fully(*classes) == "AnK");
  CHECK(parse_event_classes("AnK") == classes);

  testing::ConfigFile file("notify-keyspace-events = \"K$\"\n");
  Settings settings;
  CHECK(testing::set_error(settings, {{"notify-keyspace-events", "KAn"}}) == "");
  CHECK(rewrite_settings(file.path(), settings).ok());
  CHECK(file.read().starts_with("notify-keyspace-events = \"AnK\"\n"));
}

TEST_CASE("nothing is sent without a kind of channel") {
  CHECK_FALSE(parse_event_classes("A")->any());
  CHECK(parse_event_classes("K")->any());
  CHECK(parse_event_classes("E")->any());
}

TEST_CASE("of a command that failed, what it did not find is left, and what is gone anyway") {
  KeyspaceEvents events;
  events.add(kStringEvents, "set", 0, "before");
  events.add(kKeyMissEvents, "keymiss", 0, "k");
  events.add(kNewKeyEvents, "new", 0, "k");
  events.add_lasting(kExpiredEvents, "expired", 0, "old");
  events.add(kGenericEvents, "del", 0, "k");
  events.drop_changes(1, true);
  CHECK(events.size() == 3);
  events.drop_changes(1, false);
  CHECK(taken(events) == "set.before expired.old");
  CHECK(events.empty());
}

TEST_CASE_FIXTURE(EventTester, "events of strings and keys") {
  CHECK(events_of("GET k") == "keymiss.k");
  CHECK(events_of("SET k v") == "new.k set.k");
  CHECK(events_of("SET k v EX 100") == "set.k expire.k");
  CHECK(events_of("SET k v NX") == "");
  CHECK(events_of("GETSET other v") == "keymiss.other new.other set.other");
  CHECK(events_of("APPEND k w") == "append.k");
  CHECK(events_of("INCR k") == "");
  CHECK(events_of("DECR n") == "new.n incrby.n");
  CHECK(events_of("INCRBYFLOAT n 1.5") == "incrbyfloat.n");
  CHECK(events_of("SETRANGE k 1 x") == "setrange.k");
  CHECK(events_of("GETEX k PERSIST") == "persist.k");
  CHECK(events_of("GETEX k PERSIST") == "");
  CHECK(events_of("GETEX k EX 100") == "expire.k");
  CHECK(events_of("PERSIST k") == "persist.k");
  CHECK(events_of("EXPIRE k 100") == "expire.k");
  CHECK(events_of("RENAME k k2") == "new.k2 rename_from.k rename_to.k2");
  CHECK(events_of("RENAME none k2") == "");
  CHECK(events_of("MOVE k2 1") == "1:new.k2 move_from.k2 1:move_to.k2");
  CHECK(events_of("COPY other k2 DB 1 REPLACE") == "1:new.k2 1:copy_to.k2");
  CHECK(events_of("COPY none k2") == "keymiss.none");
  CHECK(events_of("GETDEL other") == "del.other");
  CHECK(events_of("MSET a 1 b 2") == "new.a set.a new.b set.b");
  CHECK(events_of("DEL a none b") == "del.a del.b");
  CHECK(events_of("EXPIRE n -1") == "del.n");
  CHECK(events_of("OBJECT ENCODING none") == "");
}

TEST_CASE_FIXTURE(EventTester, "events of collections, and of the key that goes with the last element") {
  CHECK(events_of("HSET h f 1 g 2") == "new.h hset.h");
  CHECK(events_of("HINCRBY h f 1") == "hincrby.h");
  CHECK(events_of("HDEL h none") == "");
  CHECK(events_of("HDEL h f g") == "hdel.h del.h");
  CHECK(events_of("RPUSH l a b c d") == "new.l rpush.l");
  CHECK(events_of("LPUSHX l x") == "lpush.l");
  CHECK(events_of("LPUSHX none x") == "");
  CHECK(events_of("LTRIM l 0 -1") == "ltrim.l");
  CHECK(events_of("LMOVE l m LEFT RIGHT") == "new.m rpush.m lpop.l");
  CHECK(events_of("RPOPLPUSH m l") == "lpush.l rpop.m del.m");
  CHECK(events_of("LREM l 0 a") == "lrem.l");
  CHECK(events_of("LPOP l 10") == "lpop.l del.l");
  CHECK(events_of("RPUSH one a") == "new.one rpush.one");
  CHECK(events_of("LMOVE one one LEFT RIGHT") == "rpush.one lpop.one");
  CHECK(events_of("SADD s a b") == "new.s sadd.s");
  CHECK(events_of("SADD s a") == "");
  CHECK(events_of("SMOVE s t a") == "srem.s new.t sadd.t");
  CHECK(events_of("SMOVE s t b") == "srem.s del.s sadd.t");
  CHECK(events_of("SUNIONSTORE u t none") == "keymiss.none new.u sunionstore.u");
  CHECK(events_of("SINTERSTORE u t none") == "keymiss.none del.u");
  CHECK(events_of("SPOP t 5") == "spop.t del.t");
  CHECK(events_of("ZADD z 1 a 2 b") == "new.z zadd.z");
  CHECK(events_of("ZADD z 1 a") == "");
  CHECK(events_of("ZINCRBY z 1 a") == "zincr.z");
  CHECK(events_of("ZRANGESTORE y z 0 -1") == "new.y zrangestore.y");
  CHECK(events_of("ZPOPMAX y") == "zpopmax.y");
  CHECK(events_of("ZREMRANGEBYRANK y 0 -1") == "zremrangebyrank.y del.y");
  CHECK(events_of("ZREM z a b") == "zrem.z del.z");
}

TEST_CASE_FIXTURE(EventTester, "only the classes that are asked for") {
  limits.events = *parse_event_classes("Kl");
  CHECK(events_of("SET k v") == "");
  CHECK(events_of("RPUSH l a") == "rpush.l");
  CHECK(events_of("LPOP l") == "lpop.l");
  limits.events = {};
  CHECK(events_of("RPUSH l a") == "");
}

TEST_CASE("a shard tells what has expired, when it is due or when a command meets it") {
  const testing::TempDirectory directory;
  std::string gone;
  testing::ShardSetup setup;
  setup.gone = [&gone](Gone why, int db, std::string_view name) {
    gone.append(why == Gone::kExpired ? "expired " : "evicted ").append(std::to_string(db)).append(name) +=
        ' ';
  };
  testing::ShardUnderTest test(directory.path(), setup);
  test.shard().set_now(1000);
  test.put("due", "x", 1500);
  test.put("met", "x", 1500);
  test.put("stays", "x", 9000);
  test.shard().set_now(1500);
  CHECK_FALSE(test.get("met").has_value());
  CHECK(gone == "expired 0met ");
  test.shard().expire_due();
  CHECK(gone == "expired 0met expired 0due ");
  test.shard().set_eviction({Eviction::From::kAllKeys, Eviction::By::kChance, 5});
  test.shard().set_memory_bytes_max(1);
  while (test.shard().evict()) {
  }
  CHECK(gone == "expired 0met expired 0due evicted 0stays ");
}

}  // namespace
}  // namespace stave
