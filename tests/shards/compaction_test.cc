// SPDX-License-Identifier: Apache-2.0
// Shows that compaction keeps what is live and what still hides something, and gives back the rest. What
// happens meanwhile is in compaction_race_test.cc, what goes wrong in compaction_errors_test.cc.
#include "shards/compaction.h"

#include "tests/shards/compaction_testing.h"

namespace stave {
namespace {

using sim::Crash;
using testing::CompactedShard;
using Seen = CompactedShard::Seen;

bool has(const std::vector<Seen>& records, RecordKind kind, const std::string& key) {
  return std::any_of(records.begin(), records.end(),
                     [&](const Seen& seen) { return seen.kind == kind && seen.key == key; });
}

// In any segment that counts.
bool is_anywhere(CompactedShard& test, RecordKind kind, const std::string& key) {
  for (const auto& segment : test.shard().segments()) {
    if (segment != nullptr && has(CompactedShard::records_of(*segment), kind, key)) return true;
  }
  return false;
}

TEST_CASE("a segment may go that ended without a write behind it") {
  CompactedShard test({.segment_bytes = 20u << 10});
  Edits edits;
  edits.put("field", std::string(8000, 'v'));
  EditResult result;
  REQUIRE(test.shard().edit({0, "h"}, Type::kHash, edits.bytes(), result).ok());
  for (char value = 'a'; value < 'g'; ++value) test.put("key", std::string(1000, value));
  test.make_durable();
  const std::uint64_t gsn = test.shard().last_gsn();
  // Changes nothing, but there was no room for it.
  Edits removal;
  removal.remove(std::string(8000, 'f'));
  EditResult nothing;
  REQUIRE(test.shard().edit({0, "h"}, Type::kHash, removal.bytes(), nothing).ok());
  REQUIRE(test.shard().last_gsn() == gsn);
  test.shard().log().start_sync();
  test.settle();
  REQUIRE(test.segment(1)->sealed);
  test.compact();
  REQUIRE(test.segment(1) == nullptr);
  test.put("key", "after");
  test.make_durable();
  CHECK(test.get("key") == "after");
}

TEST_CASE("a deleted key stays deleted after a partial compaction of the newest segment and a restart") {
  for (const Crash kind : {Crash::kKill, Crash::kPowerLoss}) {
    CompactedShard test;
    test.put("k", "old");
    test.ballast("ballast");
    const std::uint64_t oldest = test.seal();
    test.del("k");
    test.waste();
    const std::uint64_t newest = test.seal();
    test.compact();
    REQUIRE(test.segment(oldest) != nullptr);
    REQUIRE(test.segment(newest) == nullptr);
    CHECK_FALSE(test.get("k").has_value());
    test.crash(kind);
    CHECK_FALSE(test.get("k").has_value());
    CHECK(test.keys() == 1);
  }
}

TEST_CASE("a deleted key stays deleted when the segment with its value was compacted before that") {
  CompactedShard test;
  test.put("k", "old");
  test.ballast("ballast");
  test.waste();
  test.seal();
  test.compact();
  REQUIRE(test.compacted().size() == 1);
  test.del("k");
  test.waste();
  test.seal();
  test.compact();
  CHECK(is_anywhere(test, RecordKind::kString, "k"));
  CHECK(is_anywhere(test, RecordKind::kTombstone, "k"));
  test.crash();
  CHECK_FALSE(test.get("k").has_value());
}

TEST_CASE("a tombstone goes when the last segment that could hold an older record goes") {
  CompactedShard test;
  test.put("k", "old");
  test.ballast("ballast");
  const std::uint64_t oldest = test.seal();
  test.del("k");
  test.put("stays", std::string(9000, 's'));
  test.waste();
  test.seal();
  test.compact();
  REQUIRE(test.compacted().size() == 1);
  CHECK(has(CompactedShard::records_of(*test.compacted()[0]), RecordKind::kTombstone, "k"));
  test.put("ballast", "little");  // all of the oldest segment is dead now
  test.waste();
  test.seal();
  test.compact();
  CHECK(test.segment(oldest) == nullptr);
  test.put("stays", std::string(9000, 't'));  // and what has the tombstone is worth another run
  test.waste();
  test.seal();
  test.compact();
  CHECK_FALSE(is_anywhere(test, RecordKind::kTombstone, "k"));
  CHECK_FALSE(is_anywhere(test, RecordKind::kString, "k"));
  test.crash();
  CHECK_FALSE(test.get("k").has_value());
  CHECK(test.keys() == 2);
}

TEST_CASE("a tombstone goes though older segments stay, when they were compacted after it") {
  CompactedShard test;
  test.put("k", "old");
  test.ballast("ballast");
  for (int i = 0; i < 3; ++i) test.waste();
  test.seal();
  test.del("k");
  test.ballast("more");
  const std::uint64_t second = test.seal();
  test.compact();
  REQUIRE(test.compacted().size() == 1);
  const std::uint64_t clean = test.compacted()[0]->header.number;
  REQUIRE(test.segment(second) != nullptr);
  CHECK(test.compacted()[0]->header.clean_gsn >= test.segment(second)->header.highest_gsn);
  test.put("more", "little");
  test.seal();
  test.compact();
  CHECK(test.segment(clean) != nullptr);
  CHECK(test.segment(second) == nullptr);
  CHECK_FALSE(is_anywhere(test, RecordKind::kTombstone, "k"));
  test.crash();
  CHECK_FALSE(test.get("k").has_value());
}

TEST_CASE("a run over a value and its tombstone leaves neither") {
  CompactedShard test;
  test.put("k", "old");
  test.waste();
  test.seal();
  test.del("k");
  test.waste();
  test.seal();
  test.compact();
  CHECK(test.counters().segments_freed == 2);
  CHECK(test.counters().bytes_written == 0);
  CHECK(test.counts().empty());
  test.crash();
  CHECK(test.keys() == 0);
}

TEST_CASE("an expired key does not come back, nor what it was before") {
  CompactedShard test;
  test.put("removed", "without expiry");
  test.put("unnoticed", "without expiry");
  test.ballast("ballast");
  const std::uint64_t oldest = test.seal();
  test.put("removed", "expires", test.now_ms() + 100);
  test.put("unnoticed", "expires", test.now_ms() + 700);
  test.waste();
  test.seal();
  test.shard().set_now(test.now_ms() + 500);
  REQUIRE_FALSE(test.shard().expire_due());
  test.waste();
  test.seal();
  test.compact();  // a second and more passes
  REQUIRE(test.segment(oldest) != nullptr);
  REQUIRE(test.counters().segments_freed >= 2);
  for (int start = 0; start < 2; ++start) {
    CHECK_FALSE(test.get("removed").has_value());
    CHECK_FALSE(test.get("unnoticed").has_value());
    test.crash();
  }
  CHECK(test.contents().size() == 1);
}

TEST_CASE("an expiry is copied with its value") {
  CompactedShard test;
  const std::int64_t expiry_ms = test.now_ms() + 100'000'000;
  test.put("k", "expires", expiry_ms);
  test.waste();
  test.seal();
  test.compact();
  REQUIRE(test.compacted().size() == 1);
  test.crash();
  CHECK(test.get("k") == "expires");
  CHECK(test.shard().find({0, "k"}, false).expiry_ms == expiry_ms);
}

TEST_CASE("what a flush has emptied stays empty when the record of the flush is left out") {
  CompactedShard test;
  test.put("k", "old", 0, 1);
  test.ballast("ballast");
  const std::uint64_t oldest = test.seal();
  test.flush_db(1);
  test.put("later", "new", 0, 1);
  test.waste();
  test.seal();
  test.compact();
  REQUIRE(test.segment(oldest) != nullptr);
  REQUIRE(test.counters().segments_freed == 1);
  for (int start = 0; start < 3; ++start) {
    CHECK_FALSE(test.get("k", 1).has_value());
    CHECK(test.get("later", 1) == "new");
    test.crash();
  }
}

TEST_CASE("a swap of databases stays when its record is left out") {
  CompactedShard test;
  test.put("k", "of 1", 0, 1);
  test.put("k", "of 2", 0, 2);
  Change swap;
  swap.kind = Change::Kind::kSwapDbs;
  swap.key.db = 1;
  swap.other_db = 2;
  test.apply(swap);
  test.waste();
  test.seal();
  test.compact();
  REQUIRE(test.counters().segments_freed == 1);
  for (int start = 0; start < 3; ++start) {
    CHECK(test.get("k", 1) == "of 2");
    CHECK(test.get("k", 2) == "of 1");
    test.crash();
  }
}

TEST_CASE("copies keep their GSNs and stand where the last victim stood") {
  CompactedShard test;
  std::vector<Seen> expected;
  const auto put = [&](const std::string& key) {
    test.put(key, std::string(100, 'v'));
    expected.push_back({test.shard().last_gsn(), RecordKind::kString, key});
  };
  put("a");
  test.waste();
  put("b");
  test.seal();
  test.ballast("between");
  const std::uint64_t between = test.seal();
  put("c");
  test.waste();
  const std::uint64_t last = test.seal();
  // Its tombstones stay, as the segment between stays before them.
  expected.push_back({test.shard().last_gsn(), RecordKind::kTombstone, "waste"});
  test.compact();
  REQUIRE(test.segment(between) != nullptr);
  REQUIRE(test.compacted().size() == 1);
  const Segment& copy = *test.compacted()[0];
  CHECK(CompactedShard::records_of(copy) == expected);
  CHECK(copy.header.order == last);
  CHECK(copy.header.lowest_gsn == expected.front().gsn);
  CHECK(copy.header.highest_gsn == expected.back().gsn);
  CHECK(copy.header.clean_gsn == test.shard().last_gsn());
  CHECK(copy.header.generation == 1);
  CHECK(copy.hinted);
  const std::uint64_t number = copy.header.number;
  test.crash();
  REQUIRE(test.segment(number) != nullptr);
  CHECK(test.segment(number)->header.order == last);
  CHECK(test.get("a") == std::string(100, 'v'));
}

TEST_CASE("dead and live bytes after a compaction are those that a start counts") {
  CompactedShard test;
  for (int round = 0; round < 6; ++round) {
    for (int i = 0; i < 20; ++i) {
      test.put("key:" + std::to_string((i * 7 + round) % 25), std::string(300 + 10 * i, 'v'),
               i % 3 == 0 ? test.now_ms() + 1'000'000'000 : 0);
    }
    test.del("key:" + std::to_string(round));
    if (round % 2 == 0) test.waste();
    if (round == 0) test.ballast("ballast");
    test.seal();
    test.compact();
  }
  REQUIRE(test.counters().runs > 1);
  REQUIRE_FALSE(test.compacted().empty());
  const auto counts = test.counts();
  const std::uint64_t live_bytes = test.shard().live_bytes();
  std::uint64_t expected = 0;
  test.shard().for_each(0, [&](std::string_view key, const Entry& entry) {
    expected += record_bytes(key.size(), entry.value_bytes(), entry.has(Entry::kExpires));
  });
  CHECK(live_bytes == expected);
  test.crash();
  CHECK(test.shard().live_bytes() == live_bytes);
  CHECK(test.counts() == counts);
}

// Of a transaction that is void its record and the one that says so stay as long as each other.
TEST_CASE("a void transaction stays void, and what says so is counted as after a start") {
  CompactedShard test({.threshold_percent = 10});
  test.put("k", "old");
  test.ballast("ballast");
  const std::uint64_t oldest = test.seal();
  Change change;
  change.key = {0, "k"};
  change.value.value = "void";
  test.apply(change, 1, {0, 1});
  test.make_durable();
  test.set_transactions_complete(false);
  test.crash();
  test.set_transactions_complete(true);
  test.waste();
  test.seal();
  test.compact();
  REQUIRE(test.segment(oldest) != nullptr);
  CHECK(is_anywhere(test, RecordKind::kAbort, ""));
  CHECK_FALSE(is_anywhere(test, RecordKind::kTransaction, ""));
  const auto counts = test.counts();
  for (int start = 0; start < 2; ++start) {
    CHECK(test.get("k") == "old");
    test.crash();
    CHECK(test.counts() == counts);
    test.compact();
    CHECK(test.counters().runs == 0);
  }
}

TEST_CASE("a new threshold counts at once") {
  CompactedShard test({.threshold_percent = 100});
  test.ballast("ballast");
  test.waste();
  test.seal();  // a third is dead
  test.compact();
  CHECK(test.compaction().backlog_bytes() == 0);
  test.compaction().set({.threshold_percent = 60});
  test.compact();
  CHECK(test.counters().runs == 0);
  test.compaction().set({.threshold_percent = 30});
  CHECK(test.compaction().backlog_bytes() > 0);
  test.compact();
  CHECK(test.counters().runs == 1);
  CHECK(test.compaction().backlog_bytes() == 0);
}

// So long a run over some victims takes, by the shard's clock.
std::int64_t time_of_run(std::uint64_t budget_bytes) {
  CompactedShard test({.segment_bytes = 1u << 20});
  for (int segment = 0; segment < 4; ++segment) {
    test.put("k" + std::to_string(segment), std::string(5000, 'v'));
    test.waste();
    test.seal();
  }
  test.compaction().set({.threshold_percent = 20, .budget_bytes = budget_bytes});
  const std::int64_t started_ms = test.now_ms();
  while (test.counters().runs == 0) {
    REQUIRE(test.now_ms() < started_ms + 1'000'000);
    test.turn(10);
    test.settle();
  }
  CHECK(test.counters().segments_freed == 4);
  return test.now_ms() - started_ms;
}

TEST_CASE("a run reads and writes no more in a second than its budget") {
  const std::int64_t unlimited_ms = time_of_run(0);
  const std::int64_t ms = time_of_run(10'000);
  // 4 * 17,000 bytes are read and 20,000 written; the last victim's part is waited for by nobody.
  CHECK(ms - unlimited_ms > 5000);
  CHECK(ms - unlimited_ms < 10'000);
  CHECK(time_of_run(5'000) > 2 * ms - unlimited_ms - 2000);
}

}  // namespace
}  // namespace stave
