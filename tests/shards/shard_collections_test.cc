// SPDX-License-Identifier: Apache-2.0
// Shows that collections live in the log: small ones as a whole, large ones as a snapshot and edits, through
// demotion, compaction, restarts, and transactions that turn out to be void.
#include <map>
#include <string>

#include "shards/check.h"
#include "shards/hash.h"
#include "tests/shards/compaction_testing.h"
#include "tests/shards/shard_testing.h"

namespace stave {
namespace {

using testing::CompactedShard;
using testing::ShardUnderTest;
using testing::TempDirectory;
using testing::Waiter;

using Fields = std::map<std::string, std::string>;

void put(Shard& shard, std::string_view key, std::string_view field, std::string_view value) {
  Edits edits;
  edits.put(field, value);
  EditResult result;
  REQUIRE(shard.edit({0, key}, Type::kHash, edits.bytes(), result).ok());
}

void remove(Shard& shard, std::string_view key, std::string_view field) {
  Edits edits;
  edits.remove(field);
  EditResult result;
  REQUIRE(shard.edit({0, key}, Type::kHash, edits.bytes(), result).ok());
}

// 20 fields of 100 bytes.
void put_large(Shard& shard, std::string_view key) {
  for (int i = 0; i < 20; ++i) put(shard, key, "field:" + std::to_string(i), std::string(100, 'v'));
}

Fields fields_of(const Found& found) {
  Fields fields;
  HashView(found).for_each(
      [&](std::string_view field, std::string_view value) { fields.emplace(field, value); });
  return fields;
}

// Reads the value when it is cold.
template <typename Test>
Fields read(Test& test, std::string_view key) {
  REQUIRE(test.get(std::string(key)).has_value());
  const Found found = test.shard().find({0, key}, false);
  REQUIRE(found.type == Type::kHash);
  REQUIRE(found.resident);
  return fields_of(found);
}

bool is_outgrown(Shard& shard, std::string_view key) {
  return shard.find({0, key}, false).collection != nullptr;
}

std::vector<RecordKind> kinds_of(CompactedShard& test, const std::string& key) {
  std::vector<RecordKind> kinds;
  for (const auto& segment : test.shard().segments()) {
    if (segment == nullptr) continue;
    for (const auto& seen : CompactedShard::records_of(*segment))
      if (seen.key == key) kinds.push_back(seen.kind);
  }
  return kinds;
}

TEST_CASE("a small hash is written as a whole, a large one as a snapshot and edits") {
  CompactedShard test;
  put(test.shard(), "h", "a", "1");
  put(test.shard(), "h", "b", "2");
  CHECK_FALSE(is_outgrown(test.shard(), "h"));
  put(test.shard(), "h", "c", std::string(600, 'c'));
  CHECK(is_outgrown(test.shard(), "h"));
  put(test.shard(), "h", "a", "3");
  put(test.shard(), "h", "a", "3");  // no change, no record
  remove(test.shard(), "h", "no such field");
  test.seal();
  using enum RecordKind;
  CHECK(kinds_of(test, "h") == std::vector{kHash, kHash, kHash, kHashEdits});
  const Fields expected{{"a", "3"}, {"b", "2"}, {"c", std::string(600, 'c')}};
  CHECK(read(test, "h") == expected);
  test.crash(sim::Crash::kPowerLoss);
  CHECK(read(test, "h") == expected);
  CHECK(test.shard().counters().chains_read == 1);
}

TEST_CASE("a hash whose last field goes is gone, small or large") {
  CompactedShard test;
  put(test.shard(), "small", "a", "1");
  put(test.shard(), "large", "a", std::string(600, 'a'));
  remove(test.shard(), "small", "a");
  remove(test.shard(), "large", "a");
  CHECK(test.keys() == 0);
  CHECK(test.shard().live_bytes() == 0);
  CHECK(test.shard().resident_values() == 0);
  CHECK(test.shard().resident_bytes() == 0);
  test.seal();
  test.crash();
  CHECK(test.keys() == 0);
}

TEST_CASE("edits that outweigh the snapshot are replaced by another") {
  CompactedShard test({.segment_bytes = 1u << 20, .threshold_percent = 100});
  put_large(test.shard(), "h");
  for (int i = 0; i < 1000; ++i) put(test.shard(), "h", "counter", std::to_string(i));
  CHECK(test.shard().counters().snapshots > 1);
  const Found found = test.shard().find({0, "h"}, false);
  CHECK(found.collection->chain.edit_bytes() < 17u << 10);
  CHECK(test.shard().live_bytes() < 20u << 10);
  CHECK(read(test, "h").at("counter") == "999");
}

TEST_CASE("a large hash is written as a snapshot before it leaves memory, and comes back") {
  CompactedShard test;
  put_large(test.shard(), "h");
  put(test.shard(), "h", "last", "one");
  const Fields expected = read(test, "h");
  test.cool();  // the first pass writes the snapshot
  test.cool();
  CHECK_FALSE(test.shard().find({0, "h"}, false).resident);
  CHECK(test.shard().counters().snapshots == 1);
  CHECK(read(test, "h") == expected);
  CHECK(is_outgrown(test.shard(), "h"));
  put(test.shard(), "h", "more", "of it");
  CHECK(read(test, "h").size() == expected.size() + 1);
}

TEST_CASE("a hash that has shrunk is written as a whole again") {
  CompactedShard test;
  put(test.shard(), "h", "large", std::string(600, 'x'));
  put(test.shard(), "h", "small", "1");
  remove(test.shard(), "h", "large");
  CHECK(is_outgrown(test.shard(), "h"));
  test.cool();
  CHECK(read(test, "h") == Fields{{"small", "1"}});
  CHECK_FALSE(is_outgrown(test.shard(), "h"));
  put(test.shard(), "h", "small", "2");
  test.seal();
  test.crash();
  CHECK(read(test, "h") == Fields{{"small", "2"}});
  CHECK(test.shard().counters().chains_read == 0);
}

TEST_CASE("compaction keeps snapshots and edits in whatever order, and drops what is dead") {
  CompactedShard test({.threshold_percent = 1});
  put_large(test.shard(), "h");
  test.ballast("b0");
  test.seal();
  put(test.shard(), "h", "second", "1");
  put(test.shard(), "h", "field:0", "changed");
  test.waste();
  test.seal();
  put(test.shard(), "h", "third", "1");
  remove(test.shard(), "h", "second");
  test.waste();
  test.seal();
  const Fields expected = read(test, "h");
  // Dead bytes in the first segment, too, so that its snapshot moves behind the edits of the others.
  test.put("b0", "small now");
  test.seal();
  SUBCASE("of a value in memory") {}
  SUBCASE("of one that a start has left cold") {
    test.crash();
  }
  test.compact();
  CHECK(test.counters().segments_freed > 0);
  CHECK(read(test, "h") == expected);
  for (const auto kind : {sim::Crash::kKill, sim::Crash::kPowerLoss}) {
    test.crash(kind);
    CHECK(read(test, "h") == expected);
    const std::uint64_t live = test.shard().live_bytes();
    put(test.shard(), "h", "fourth", "1");
    test.del("h");
    CHECK(test.shard().live_bytes() < live);
    test.put("h", "a string now");
    test.del("h");
    put_large(test.shard(), "h");
    for (const auto& [field, value] : expected) put(test.shard(), "h", field, value);
    for (int i = 0; i < 20; ++i) {
      const std::string field = "field:" + std::to_string(i);
      if (!expected.contains(field)) remove(test.shard(), "h", field);
    }
    test.seal();
    test.compact();
    CHECK(read(test, "h") == expected);
  }
}

TEST_CASE("an expiry is part of a chain") {
  CompactedShard test;
  put_large(test.shard(), "h");
  const std::int64_t soon_ms = test.now_ms() + 100'000;
  REQUIRE(test.shard().set_expiry({0, "h"}, soon_ms).ok());
  put(test.shard(), "h", "after", "1");
  CHECK(test.shard().find({0, "h"}, false).expiry_ms == soon_ms);
  test.seal();
  test.crash();
  CHECK(test.shard().find({0, "h"}, false).expiry_ms == soon_ms);
  CHECK(test.shard().sizes().expiring[0].load() == 1);
  CHECK(read(test, "h").contains("after"));
  REQUIRE(test.shard().set_expiry({0, "h"}, 0).ok());
  test.seal();
  test.crash();
  CHECK(test.shard().find({0, "h"}, false).expiry_ms == 0);
  CHECK(test.shard().sizes().expiring[0].load() == 0);
  REQUIRE(read(test, "h").contains("after"));
  REQUIRE(test.shard().set_expiry({0, "h"}, test.now_ms() + 1).ok());
  test.turn();
  CHECK_FALSE(test.shard().find({0, "h"}, false).exists);
}

TEST_CASE("edits on top of a transaction that turns out to be void are kept") {
  CompactedShard test;
  std::uint64_t transaction = 0;
  put(test.shard(), "small", "a", "1");
  test.put("string", "s");
  const auto begin = [&](const std::string& key) {
    Edits edits;
    edits.put("of the transaction", std::string(600, 't'));
    const Found found = test.shard().find({0, key}, false);
    std::string packed = found.exists ? std::string(found.value) : empty_packed(Type::kHash);
    EditResult result;
    REQUIRE(edit_packed(Type::kHash, packed, edits.bytes(), {}, result).ok());
    Change change;
    change.key = {0, key};
    change.value = {packed, 0, false, Type::kHash};
    test.apply(change, ++transaction, {0, 1});
    put(test.shard(), key, "b", "2");
  };
  begin("small");
  begin("new");
  CHECK(read(test, "small").size() == 3);
  test.make_durable();
  test.set_transactions_complete(false);
  test.crash();
  CHECK(test.shard().counters().chains_mended == 2);
  const auto check = [&] {
    CHECK(read(test, "small") == Fields{{"a", "1"}, {"b", "2"}});
    CHECK(read(test, "new") == Fields{{"b", "2"}});
    CHECK(test.get("string") == "s");
  };
  SUBCASE("as they are found") {}
  SUBCASE("after compaction") {
    for (int i = 0; i < 4; ++i) test.waste();
    test.seal();
    test.compact();
    CHECK(test.counters().segments_freed > 0);
    test.crash();
  }
  check();
  test.seal();
  test.crash();
  check();
  // Compaction of what is in memory.
  for (int i = 0; i < 4; ++i) test.waste();
  test.seal();
  test.compact();
  check();
  test.cool();
  check();
  test.crash();
  check();
}

// A list of 60 elements takes the key's place in a transaction that will be void, and grows by one.
void put_void_list(CompactedShard& test, std::string_view key) {
  const auto list = unpack(Type::kList, empty_packed(Type::kList));
  Edits edits;
  for (int i = 0; i < 60; ++i) edits.push_tail("element:" + std::to_string(i));
  EditResult result;
  REQUIRE(list->apply(edits.bytes(), {}, result).ok());
  std::string packed;
  list->pack(packed);
  Change change;
  change.key = {0, key};
  change.value = {packed, 0, false, Type::kList};
  test.apply(change, 1, {0, 1});
  Edits behind;
  behind.push_tail("behind the transaction");
  REQUIRE(test.shard().edit({0, key}, Type::kList, behind.bytes(), result).ok());
}

TEST_CASE("edits of another type, which follow what a void transaction had written, are of no value") {
  CompactedShard test;
  put_large(test.shard(), "h");
  put_void_list(test, "h");
  test.make_durable();
  test.set_transactions_complete(false);
  test.crash();
  CHECK(read(test, "h").size() == 20);
  put(test.shard(), "h", "after", "1");
  const std::uint64_t live = test.shard().live_bytes();
  test.seal();  // the hint has the edits of the list, but not the transaction
  SUBCASE("as a start finds them") {}
  SUBCASE("in compaction, with the hash in memory") {
    test.waste();
    test.seal();
    test.compact();
    CHECK(test.counters().segments_freed > 0);
    CHECK(test.shard().live_bytes() == live);
  }
  const ShardCheck checked = DatabaseCheck(test.disk(), {}, {"shard", "none"}).shard(0);
  CHECK(checked.problems.empty());
  std::uint64_t checked_bytes = 0;
  for (const SegmentCheck& segment : checked.segments) checked_bytes += segment.live_bytes;
  CHECK(checked_bytes == live);
  for (int start = 0; start < 2; ++start) {
    test.crash();
    CHECK(test.shard().live_bytes() == live);
    CHECK(read(test, "h").size() == 21);
  }
}

TEST_CASE("a hash of a flushed database stays away") {
  CompactedShard test;
  put_large(test.shard(), "h");
  put(test.shard(), "h", "more", "1");
  test.flush_db(0);
  CHECK(test.shard().live_bytes() == 0);
  test.seal();
  test.crash();
  CHECK(test.keys() == 0);
  put(test.shard(), "h", "new", "1");
  test.seal();
  test.crash();
  CHECK(read(test, "h") == Fields{{"new", "1"}});
}

TEST_CASE("many edits in one go, and what they do to memory") {
  CompactedShard test({.segment_bytes = 4u << 20});
  Edits edits;
  for (int i = 0; i < 10'000; ++i) edits.put("field:" + std::to_string(i), "value");
  EditResult result;
  REQUIRE(test.shard().edit({0, "h"}, Type::kHash, edits.bytes(), result).ok());
  CHECK(result.added == 10'000);
  CHECK(test.shard().resident_bytes() > 400'000);
  test.settle();
  test.del("h");
  test.settle();
  CHECK(test.shard().resident_bytes() == 0);
}

}  // namespace
}  // namespace stave
