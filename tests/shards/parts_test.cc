// SPDX-License-Identifier: Apache-2.0
// Shows that snapshots of large collections go into the log in parts while commands go on, through demotion,
// compaction, crashes between any two parts, and transactions that turn out to be void.
#include <map>
#include <string>

#include "shards/check.h"
#include "shards/cold_chains.h"
#include "shards/hash.h"
#include "shards/undo.h"
#include "tests/shards/compaction_testing.h"

namespace stave {
namespace {

using testing::CompactedShard;

using Fields = std::map<std::string, std::string>;
using Seen = CompactedShard::Seen;

constexpr CompactedShard::Setup kSetup{.segment_bytes = 8u << 10, .part_bytes = 1000};

void put(CompactedShard& test, std::string_view field, std::string_view value) {
  Edits edits;
  edits.put(field, value);
  EditResult result;
  REQUIRE(test.shard().edit({0, "h"}, Type::kHash, edits.bytes(), result).ok());
}

// 60 fields of 100 bytes: 7 parts or so.
void put_large(CompactedShard& test) {
  for (int i = 0; i < 60; ++i) put(test, "field:" + std::to_string(i), std::string(100, 'v'));
}

Fields read(CompactedShard& test) {
  const auto got = test.get("h");
  REQUIRE(got == "");
  const Found found = test.shard().find({0, "h"}, false);
  REQUIRE(found.resident);
  Fields fields;
  HashView(found).for_each(
      [&](std::string_view field, std::string_view value) { fields.emplace(field, value); });
  return fields;
}

// The last change makes the chain too long, so that a snapshot begins.
Fields begin_snapshot(CompactedShard& test) {
  put_large(test);
  const std::uint64_t parts = test.shard().counters().parts;
  for (int i = 0; test.shard().counters().parts == parts; ++i) put(test, "counter", std::to_string(i));
  return read(test);
}

const Chain& chain(CompactedShard& test) {
  return test.shard().find({0, "h"}, false).collection->chain;
}

std::size_t parts_on_disk(CompactedShard& test) {
  std::size_t count = 0;
  for (const auto& segment : test.shard().segments()) {
    if (segment == nullptr) continue;
    for (const Seen& seen : CompactedShard::records_of(*segment))
      count += seen.kind == RecordKind::kHashPart ? 1 : 0;
  }
  return count;
}

// Live bytes are those of the entry's records, wherever they are.
void check_live(CompactedShard& test) {
  std::uint64_t bytes = 0;
  for (const auto& segment : test.shard().segments()) bytes += segment == nullptr ? 0 : segment->live_bytes;
  CHECK(bytes == test.shard().live_bytes());
}

TEST_CASE("a large snapshot is logged in parts, with changes in between") {
  CompactedShard test(kSetup);
  Fields expected = begin_snapshot(test);
  for (int i = 0; chain(test).series != nullptr; ++i) {
    CHECK(test.shard().counters().snapshots == 0);
    expected["field:" + std::to_string(i)] = "changed";
    put(test, "field:" + std::to_string(i), "changed");
    test.shard().log_some_parts();
  }
  CHECK(test.shard().counters().snapshots == 1);
  CHECK(chain(test).parts.size() + 1 == test.shard().counters().parts);
  CHECK(chain(test).parts.size() > 4);
  check_live(test);
  put(test, "behind", "it");
  expected["behind"] = "it";
  const std::uint64_t live = test.shard().live_bytes();
  test.seal();
  const ShardCheck checked = DatabaseCheck(test.disk(), {}, {"shard"}).shard(0);
  CHECK(checked.problems.empty());
  CHECK(checked.keys[0] == 1);
  std::uint64_t checked_bytes = 0;
  for (const SegmentCheck& segment : checked.segments) checked_bytes += segment.live_bytes;
  CHECK(checked_bytes == live);
  test.crash(sim::Crash::kPowerLoss);
  CHECK(test.shard().live_bytes() == live);
  CHECK(test.keys() == 1);
  CHECK(read(test) == expected);
  CHECK(test.shard().live_bytes() == live);
  test.del("h");
  CHECK(test.shard().live_bytes() == 0);
  CHECK(test.shard().resident_bytes() == 0);
}

TEST_CASE("a crash between any two parts loses nothing") {
  for (int logged = 0; logged < 12; ++logged) {
    CAPTURE(logged);
    CompactedShard test(kSetup);
    Fields expected = begin_snapshot(test);
    for (int i = 0; i < logged && chain(test).series != nullptr; ++i) {
      put(test, "between", std::to_string(i));
      test.shard().log_some_parts();
    }
    expected = read(test);
    const bool compacts = logged % 2 == 1;
    test.seal();
    if (compacts) test.compact();
    test.crash(logged % 4 < 2 ? sim::Crash::kKill : sim::Crash::kPowerLoss);
    CHECK(read(test) == expected);
    // What is left of the parts is dead, and goes.
    test.seal();
    test.compact();
    CHECK(read(test) == expected);
    put(test, "after", "1");
    expected["after"] = "1";
    test.cool();
    CHECK_FALSE(test.shard().find({0, "h"}, false).resident);
    CHECK(read(test) == expected);
    test.seal();
    test.crash();
    CHECK(read(test) == expected);
  }
}

TEST_CASE("parts are copied by compaction, those of a snapshot under way as well") {
  CompactedShard test(kSetup);
  begin_snapshot(test);
  for (int i = 0; i < 3; ++i) test.shard().log_some_parts();
  REQUIRE(chain(test).series != nullptr);
  test.waste();
  test.seal();
  test.compact();
  CHECK(test.counters().segments_freed > 0);
  CHECK(parts_on_disk(test) == chain(test).series->parts.size());
  put(test, "between", "1");
  test.log_parts();
  const Fields expected = read(test);
  check_live(test);
  SUBCASE("in memory") {
    for (int i = 0; i < 3; ++i) {
      test.waste();
      test.seal();
      test.compact();
    }
  }
  SUBCASE("on disk only") {
    test.cool();
    for (int i = 0; i < 3; ++i) {
      test.waste();
      test.seal();
      test.compact();
    }
    CHECK(read(test) == expected);
  }
  check_live(test);
  CHECK(test.counters().errors == 0);
  test.cool();
  CHECK(read(test) == expected);
  test.seal();
  test.crash();
  CHECK(read(test) == expected);
}

TEST_CASE("a snapshot whose last part comes while its segments are compacted takes its place") {
  CompactedShard test(kSetup);
  begin_snapshot(test);
  for (int i = 0; i < 3; ++i) test.shard().log_some_parts();
  test.waste();
  test.seal();
  const Fields expected = read(test);
  test.background().keep = true;
  test.turn();
  REQUIRE(test.compaction().running());
  // The old snapshot has been judged live, and is dead when the copy is done.
  for (int jobs = 0; jobs < 3 && !test.background().kept.empty(); ++jobs) {
    test.end_job();
    test.turn();
  }
  test.log_parts();
  REQUIRE(chain(test).series == nullptr);
  test.background().finish();
  test.make_durable();
  test.compact();
  check_live(test);
  CHECK(test.counters().errors == 0);
  CHECK(read(test) == expected);
  test.cool();
  CHECK(read(test) == expected);
  test.seal();
  test.crash();
  CHECK(read(test) == expected);
}

TEST_CASE("a collection leaves memory when its snapshot is complete, and its parts say where it is") {
  CompactedShard test(kSetup);
  put_large(test);
  const Fields expected = read(test);
  test.settle();
  test.shard().set_memory_bytes_max(1);
  test.shard().demote();
  REQUIRE(chain(test).series != nullptr);
  test.settle();
  test.shard().demote();
  CHECK(test.shard().find({0, "h"}, false).resident);
  test.log_parts();
  test.settle();
  for (int i = 0; i < 10; ++i) test.shard().demote();
  CHECK_FALSE(test.shard().find({0, "h"}, false).resident);
  CHECK(*test.shard().cold({0, "h"}) > 6000);
  test.shard().set_memory_bytes_max(0);
  const std::uint64_t parts = test.shard().counters().parts;
  CHECK(read(test) == expected);
  test.cool();  // again, as it has not changed
  CHECK(test.shard().counters().parts == parts);
  CHECK(read(test) == expected);
  test.cool();
  test.put("h", "a string");
  CHECK(test.shard().live_bytes() < 100);
  test.seal();
  test.crash();
  CHECK(test.get("h") == "a string");
  check_live(test);
}

TEST_CASE("what replaces a collection in parts is what a start finds") {
  CompactedShard test(kSetup);
  put_large(test);
  test.cool();
  // Nothing but parts is left of it.
  for (int i = 0; i < 3; ++i) {
    test.waste();
    test.seal();
    test.compact();
  }
  SUBCASE("a string") {
    test.put("h", "text");
    test.seal();
    test.crash();
    CHECK(test.get("h") == "text");
  }
  SUBCASE("nothing") {
    test.del("h");
    test.seal();
    test.crash();
    CHECK(test.keys() == 0);
  }
  SUBCASE("a small hash") {
    test.del("h");
    put(test, "a", "1");
    test.seal();
    test.crash();
    REQUIRE(test.get("h").has_value());
    CHECK(HashView(test.shard().find({0, "h"}, false)).size() == 1);
  }
  SUBCASE("a flush") {
    test.flush_db(0);
    test.seal();
    test.crash();
    CHECK(test.keys() == 0);
  }
  check_live(test);
}

// One shard's part of a transaction over two.
void edit_in_transaction(CompactedShard& test, std::uint64_t id, std::string_view field,
                         std::string_view value) {
  Edits edits;
  edits.put(field, value);
  const Key key(0, "h");
  Undo undo(*test.shard().borrow(key));
  EditResult result;
  REQUIRE(undo.apply(edits.bytes(), {}, result).ok());
  test.shard().give_back(key, undo.memory_bytes());
  Change change;
  change.kind = Change::Kind::kEdit;
  change.key = key;
  change.edits = edits.bytes();
  test.apply(change, id, {0, 1});
}

// The transaction is behind all shards now.
void settle(CompactedShard& test, std::uint64_t id) {
  test.ledger().close(id);
  test.shard().log_some_parts();  // asks for a round
  test.make_durable();
  test.shard().answer_ledger();
  test.ledger().answer(1, test.ledger().asked());
}

TEST_CASE("a snapshot waits until the transactions are settled whose changes it has") {
  CompactedShard test({.segment_bytes = 64u << 10, .shards = 2, .part_bytes = 1000});
  begin_snapshot(test);
  test.shard().log_some_parts();
  const std::uint64_t first = chain(test).series->parts.front().gsn;
  const std::uint64_t id = test.ledger().open();
  edit_in_transaction(test, id, "field:1", "of the transaction");
  test.log_parts();
  for (int i = 0; i < 5; ++i) test.shard().log_some_parts();
  REQUIRE(chain(test).series != nullptr);
  CHECK(chain(test).series->covered);
  CHECK(test.shard().counters().snapshots == 0);
  put(test, "behind", "it");
  SUBCASE("it is complete") {
    Fields expected = read(test);
    settle(test, id);
    SUBCASE("and another one comes, which the snapshot has nothing of") {
      edit_in_transaction(test, test.ledger().open(), "field:2", "of the other");
      expected = read(test);
    }
    CHECK(!test.shard().log_some_parts());
    CHECK(chain(test).series == nullptr);
    CHECK(chain(test).snapshot_gsn == first);
    CHECK(test.shard().counters().snapshots == 1);
    check_live(test);
    test.make_durable();
    test.crash();
    CHECK(read(test) == expected);
  }
  SUBCASE("it is void") {
    test.make_durable();
    test.set_transactions_complete(false);
    test.crash();
    CHECK(read(test).at("field:1") == std::string(100, 'v'));
    CHECK(read(test).at("behind") == "it");
  }
}

TEST_CASE(
    "a snapshot that would fit one record waits likewise, and a collection does not leave memory before") {
  CompactedShard test({.segment_bytes = 64u << 10, .shards = 2, .part_bytes = 1u << 20});
  Fields expected;
  for (int i = 0; i < 100; ++i) {
    const std::string field = "field:" + std::to_string(i);
    put(test, field, expected[field] = std::string(100, 'v'));
  }
  const std::uint64_t id = test.ledger().open();
  const std::string large(200, 't');
  edit_in_transaction(test, id, "field:1", large);
  const std::uint64_t snapshots = test.shard().counters().snapshots;
  test.shard().set_memory_bytes_max(1);
  for (int i = 0; i < 20; ++i) test.shard().demote();
  CHECK(test.shard().counters().snapshots == snapshots);
  CHECK(test.shard().find({0, "h"}, false).resident);
  SUBCASE("it is complete") {
    settle(test, id);
    test.shard().log_some_parts();
    CHECK(test.shard().counters().snapshots == snapshots + 1);
    test.make_durable();
    for (int i = 0; i < 20; ++i) test.shard().demote();
    CHECK(!test.shard().find({0, "h"}, false).resident);
    expected["field:1"] = large;
  }
  SUBCASE("it is void") {
    test.make_durable();
    test.set_transactions_complete(false);
    test.crash();
  }
  test.shard().set_memory_bytes_max(0);
  const Fields found = read(test);
  for (const auto& [field, value] : expected) {
    CAPTURE(field);
    REQUIRE(found.contains(field));
    CHECK(found.at(field).size() == value.size());
  }
  CHECK(found == expected);
}

TEST_CASE("a transaction that holds the key's lock keeps parts waiting") {
  CompactedShard test(kSetup);
  begin_snapshot(test);
  const std::uint64_t parts = test.shard().counters().parts;
  struct Waiter final : LockWaiter {
    void granted() override {}
  } waiter;
  REQUIRE(test.shard().locks().lock({0, "h"}, waiter));
  for (int i = 0; i < 5; ++i) CHECK(test.shard().log_some_parts());
  CHECK(test.shard().counters().parts == parts);
  test.shard().locks().unlock({0, "h"});
  test.log_parts();
  CHECK(test.shard().counters().snapshots == 1);
}

TEST_CASE("where the records of cold collections are takes memory") {
  ColdChains chains;
  Record edits;
  edits.kind = RecordKind::kHashEdits;
  chains.note_snapshot("h", 1);
  for (edits.gsn = 2; edits.gsn < 12; ++edits.gsn) chains.note_link("h", {edits, 10, {}});
  chains.settle([](const std::string&, const ColdChain&) { return true; });
  const std::uint64_t bytes = chains.memory_bytes();
  CHECK(bytes > 10 * sizeof(ColdChain::Link));
  chains.put("i", *chains.find("h"));
  CHECK(chains.memory_bytes() == 2 * bytes);
  chains.put("i", *chains.find("h"));
  CHECK(chains.memory_bytes() == 2 * bytes);
  chains.forget("h");
  CHECK(chains.memory_bytes() == bytes);
  chains.clear();
  CHECK(chains.memory_bytes() == 0);
}

TEST_CASE("a large value that is gone is freed in slices") {
  CompactedShard test({.segment_bytes = 1u << 20});
  for (int i = 0; i < 10'000; ++i) put(test, "field:" + std::to_string(i), "value");
  SUBCASE("removed") {
    test.del("h");
  }
  SUBCASE("overwritten") {
    test.put("h", "");
  }
  SUBCASE("expired") {
    REQUIRE(test.shard().set_expiry({0, "h"}, 1).ok());
    CHECK_FALSE(test.shard().find({0, "h"}, true).exists);
  }
  SUBCASE("flushed") {
    test.flush_db(0);
  }
  CHECK(test.shard().resident_bytes() < 100);
  int slices = 1;
  while (test.shard().free_some()) ++slices;
  CHECK(slices >= 3);
  CHECK(slices < 10);
}

void put_very_large(CompactedShard& test) {
  for (int i = 0; i < 10'000; ++i) put(test, "field:" + std::to_string(i), std::string(30, 'v'));
}

// The value's records are read, and it is still to be put together.
void begin_to_read(CompactedShard& test, testing::Waiter& waiter) {
  test.shard().stage({0, "h"}, &waiter);
  while (test.disk().in_flight() > 0) test.disk().wait();
  REQUIRE_FALSE(waiter.called);
}

TEST_CASE("a large value that goes before all of it is read is freed in slices") {
  CompactedShard test({.segment_bytes = 4u << 20});
  put_very_large(test);
  test.cool();
  while (test.shard().free_some()) {
  }
  testing::Waiter waiter;
  begin_to_read(test, waiter);
  for (int turn = 0; turn < 3; ++turn) REQUIRE(test.shard().build_some());
  test.del("h");
  CHECK_FALSE(test.shard().build_some());
  CHECK(waiter.called);
  CHECK(waiter.error.empty());
  CHECK(test.shard().free_some());
  while (test.shard().free_some()) {
  }
  CHECK_FALSE(test.get("h").has_value());
}

TEST_CASE("a value of many edits is put together in turns of as much work as a part is") {
  CompactedShard test({.segment_bytes = 4u << 20});
  put_very_large(test);
  const Fields expected = read(test);
  test.seal();
  test.crash();
  testing::Waiter waiter;
  begin_to_read(test, waiter);
  std::uint64_t turns = 1;
  while (test.shard().build_some()) ++turns;
  CHECK(waiter.called);
  CHECK(turns > 2);
  CHECK(turns <= 2 * test.shard().live_bytes() / limits::kPartBytes + 2);
  CHECK(read(test) == expected);
}

TEST_CASE("values of each type are freed in slices, or with the rest") {
  for (const Type type : {Type::kHash, Type::kSet, Type::kZset, Type::kList}) {
    for (const int slices : {0, 1, 3, 1000}) {
      auto collection = unpack(type, empty_packed(type));
      Edits edits;
      for (int i = 0; i < 2000; ++i) {
        const std::string name = "name:" + std::to_string(i);
        if (type == Type::kHash) edits.put(name, "value");
        if (type == Type::kSet) edits.add(name);
        if (type == Type::kZset) edits.put(name, i);
        if (type == Type::kList) edits.push_tail(name);
      }
      EditResult result;
      REQUIRE(collection->apply(edits.bytes(), {}, result).ok());
      Graves graves;
      graves.put(std::move(collection));
      int done = 0;
      while (done < slices && graves.free_some(100)) ++done;
      CHECK(done < 100);
    }
  }
}

TEST_CASE("the keys of a database that is flushed are freed in slices, and none of another's") {
  CompactedShard test({.segment_bytes = 64u << 10});
  for (int i = 0; i < 100; ++i) test.put("key:" + std::to_string(i), "value");
  bool other = false;
  SUBCASE("alone") {}
  SUBCASE("beside another") {
    other = true;
  }
  if (other) test.put("key", "value", 0, 1);
  test.flush_db(0);
  CHECK(test.keys() == 0);
  CHECK(test.shard().resident_values() == (other ? 1 : 0));
  CHECK((test.shard().live_bytes() > 0) == other);
  CHECK((test.shard().resident_bytes() > 0) == other);
  check_live(test);
  test.put("key:1", "new");
  while (test.shard().free_some()) {
  }
  CHECK(test.get("key:1") == "new");
  CHECK(test.keys() == 1);
}

}  // namespace
}  // namespace stave
