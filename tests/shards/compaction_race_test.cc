// SPDX-License-Identifier: Apache-2.0
// Shows that compaction and whatever goes on at the same time do not harm each other: writes, reads, the
// sealing of segments, transactions that are not complete yet, and the use of a victim's file again.
#include "tests/shards/compaction_testing.h"

namespace stave {
namespace {

using sim::Crash;
using testing::CompactedShard;
using Contents = CompactedShard::Contents;

constexpr int kKeys = 8;

std::string key(int i) {
  return "key:" + std::to_string(i);
}

// Two victims, and a segment before them that stays.
void fill(CompactedShard& test) {
  for (int i = 0; i < kKeys; ++i) test.put(key(i), "oldest");
  test.ballast("ballast");
  test.seal();
  for (int segment = 0; segment < 2; ++segment) {
    for (int i = segment; i < kKeys; i += 2) test.put(key(i), "old");
    test.waste();
    test.seal();
  }
}

// Goes so many jobs of compaction on, with a turn before each. False when the run is over before that.
bool advance(CompactedShard& test, int jobs) {
  for (int ended = 0; ended < jobs;) {
    test.turn();
    test.settle();
    if (!test.background().kept.empty()) {
      test.end_job();
      ++ended;
    } else if (!test.compaction().running()) {
      return false;
    }
  }
  return true;
}

void change_all(CompactedShard& test) {
  test.put(key(0), "newer");
  test.put(key(1), "new");  // as long as the old one: changed in place
  test.del(key(2));
  test.del(key(3));
  test.put(key(3), "back");
  test.put(key(4), "expires", test.now_ms() + 1);
  test.put(key(5), "expires later", test.now_ms() + 1'000'000'000);
  test.put("another", "new");
}

TEST_CASE("whatever is written while values are copied is not undone by their copies") {
  int moments = 0;
  for (bool running = true; running; ++moments) {
    CAPTURE(moments);
    CompactedShard test;
    fill(test);
    test.cool();
    test.background().keep = true;
    running = advance(test, moments);
    change_all(test);
    test.background().finish();
    test.compact();
    REQUIRE(test.counters().runs >= 1);
    Contents expected = {{key(0), "newer"}, {key(1), "new"}, {key(3), "back"},  {key(5), "expires later"},
                         {key(6), "old"},   {key(7), "old"}, {"another", "new"}};
    expected["ballast"] = std::string(20000, 'b');
    CHECK(test.contents() == expected);
    test.crash();
    CHECK(test.contents() == expected);
    test.crash(Crash::kPowerLoss);  // the start before has made all durable
    CHECK(test.contents() == expected);
  }
  CHECK(moments > 6);  // read, copy, seal, switch, repoint, release
}

TEST_CASE("a flush while values are copied is not undone by their copies") {
  int moments = 0;
  for (bool running = true; running; ++moments) {
    CAPTURE(moments);
    CompactedShard test;
    fill(test);
    test.background().keep = true;
    running = advance(test, moments);
    test.flush_db(0);
    test.put("after", "the flush");
    test.background().finish();
    test.compact();
    for (int start = 0; start < 2; ++start) {
      CHECK(test.contents() == Contents{{"after", "the flush"}});
      test.crash();
    }
  }
}

TEST_CASE("a read that began before the switch gets its value, and its segment stays until then") {
  CompactedShard test;
  test.put("k", std::string(500, 'v'));
  for (int i = 0; i < 4; ++i) test.waste();  // large enough for its file to be used again
  const std::uint64_t victim = test.seal();
  test.cool();
  testing::Waiter waiter;
  test.shard().stage({0, "k"}, &waiter);
  for (int i = 0; i < 50; ++i) test.turn();  // the read is not even started
  CHECK(test.compacted().size() == 1);
  REQUIRE(test.segment(victim) != nullptr);
  CHECK(test.disk().exists(test.segment(victim)->file->path()));
  CHECK(test.compaction().running());
  CHECK_FALSE(waiter.called);
  test.settle();
  CHECK(waiter.called);
  CHECK(waiter.error.empty());
  test.compact();
  CHECK(test.segment(victim) == nullptr);
  CHECK(test.contents() == Contents{{"k", std::string(500, 'v')}});
}

// A start finds segments that are sealed and have no hint: they are read, and wait for theirs, one after the
// other.
TEST_CASE("a segment that waits for its hint is no victim") {
  CompactedShard test({.threshold_percent = 100});
  constexpr int kSegments = 3;
  for (int segment = 0; segment < kSegments; ++segment) {
    test.put(key(segment), "old");
    test.waste();
    test.seal();
  }
  for (int number = 1; number <= kSegments; ++number)
    REQUIRE(test.disk().remove("shard/" + hint_name(static_cast<std::uint64_t>(number))).ok());
  test.background().keep = true;
  test.crash();
  REQUIRE(test.background().kept.size() == 1);  // the first hint
  test.compaction().set({.threshold_percent = 10});
  for (int i = 0; i < 50; ++i) {
    test.turn();
    test.settle();
    while (test.background().kept.size() > 1) test.end_job(1);  // whatever compaction wants to be done
  }
  CHECK(test.counters().runs == 0);
  test.end_job();
  for (int number = 2; number <= kSegments; ++number)
    CHECK(test.segment(static_cast<std::uint64_t>(number)) != nullptr);
  test.background().finish();
  test.compact();
  CHECK(test.counters().segments_freed == kSegments);
  CHECK(test.contents() == Contents{{key(0), "old"}, {key(1), "old"}, {key(2), "old"}});
}

TEST_CASE("a victim's file that is used again never passes for what it was") {
  int recycled = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    CompactedShard test({.seed = seed});
    for (int i = 0; i < 60; ++i) test.put("gone:" + std::to_string(i), std::string(700, 'g'));
    test.put("k", "stays");
    const std::uint64_t victim = test.seal();
    for (int i = 0; i < 60; ++i) test.del("gone:" + std::to_string(i));
    test.seal();
    test.compact();
    REQUIRE(test.segment(victim) == nullptr);
    REQUIRE(test.shard().log().spare_bytes() > 0);
    test.put("new", "value");  // in the old file
    if (seed % 3 == 0) test.make_durable();
    if (seed % 3 == 1) test.settle();
    for (const auto& segment : test.shard().segments())
      recycled += segment != nullptr && segment->header.recycled ? 1 : 0;
    const bool durable = seed % 3 == 0;
    test.crash(seed % 2 == 0 ? Crash::kKill : Crash::kPowerLoss);
    Contents found = test.contents();
    if (durable) CHECK(found.contains("new"));
    found.erase("new");
    CHECK(found == Contents{{"k", "stays"}});
    test.put("new", "again");
    test.crash();
    CHECK(test.get("k") == "stays");
    CHECK(test.keys() == (test.get("new").has_value() ? 2 : 1));
  }
  CHECK(recycled == 60);
}

TEST_CASE("a transaction that is not complete everywhere keeps the victims in force") {
  CompactedShard test({.shards = 2});
  test.put("k", "old");
  Change change;
  change.key = {0, "k"};
  change.value.value = "new";
  const std::uint64_t id = test.ledger().open();
  test.apply(change, id, {0, 1});
  test.waste();
  test.seal();
  const auto runs_after_turns = [&] {
    for (int i = 0; i < 20; ++i) {
      test.turn();
      test.settle();
    }
    return test.counters().runs;
  };
  CHECK(runs_after_turns() == 0);
  test.ledger().close(id);
  CHECK(runs_after_turns() == 0);  // the other shard has its part, but perhaps not for sure
  CHECK(test.ledger().asked() > 0);
  CHECK_FALSE(test.disk().exists("shard/manifest"));
  test.ledger().answer(1, test.ledger().asked());
  CHECK(runs_after_turns() == 1);
  CHECK(test.get("k") == "new");
}

TEST_CASE("commands run between the slices of one batch, and nothing that they write is undone") {
  constexpr int kMany = 3 * static_cast<int>(limits::kCompactedRecordsPerSlice);
  CompactedShard test;
  Contents expected;
  for (int i = 0; i < kMany; ++i) test.put(key(i), "old");
  test.waste();
  test.seal();
  for (int i = 0; i < kMany; ++i) expected[key(i)] = "old";
  test.background().keep = true;
  int slices = 0;
  const auto change = [&](int number) {
    test.put(key(number), "newer");
    expected[key(number)] = "newer";
  };
  for (bool begun = false; !begun || test.compaction().running(); begun = true) {
    test.turn();
    test.settle();
    if (!test.background().kept.empty()) {
      test.end_job();
      continue;
    }
    ++slices;  // there is no job: a slice, or something that was waited for
    if (2 * slices >= kMany) break;
    change(slices);          // its fate is decided
    change(kMany - slices);  // perhaps not yet
  }
  CHECK(slices >= 4);  // two more for each of copying and repointing
  test.background().finish();
  test.compact();
  CHECK(test.counters().runs >= 1);
  CHECK(test.contents() == expected);
  test.crash();
  CHECK(test.contents() == expected);
}

TEST_CASE("the files of victims are closed on the other thread") {
  CompactedShard test;
  fill(test);
  test.background().keep = true;
  for (int jobs = 0; jobs == 0 || test.compaction().running(); ++jobs) REQUIRE(advance(test, 1));
  CHECK(test.counters().runs == 1);
  CHECK_FALSE(test.compaction().idle());
  REQUIRE(test.background().kept.size() == 1);
  test.end_job();
  CHECK(test.compaction().idle());
  test.background().finish();
}

TEST_CASE("a stop gives up what is not switched yet, and leaves nothing of it") {
  int moments = 0;
  for (bool running = true; running; ++moments) {
    CAPTURE(moments);
    CompactedShard test;
    fill(test);
    const Contents expected = test.contents();
    test.background().keep = true;
    running = advance(test, moments);
    test.compaction().stop();
    test.background().finish();
    for (int i = 0; i < 20; ++i) test.turn();
    CHECK(test.compaction().idle());
    const auto names = test.disk().list("shard");
    REQUIRE(names.ok());
    for (const std::string& name : *names) {
      CAPTURE(name);
      const std::uint64_t number =
          std::max(parse_segment_name(name, ".seg"), parse_segment_name(name, ".hint"));
      CHECK((name == kManifestName || test.segment(number) != nullptr));
    }
    CHECK(test.contents() == expected);
    test.crash();
    CHECK(test.contents() == expected);
  }
}

}  // namespace
}  // namespace stave
