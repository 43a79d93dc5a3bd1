// SPDX-License-Identifier: Apache-2.0
// Shows that fields of hashes expire on time, whether anybody asks for them or not, in memory, cold and after
// restarts; that what removes them is in the log; and that hashes without expiries are written as ever.
#include <map>
#include <string>
#include <vector>

#include "shards/field_expiries.h"
#include "shards/hash.h"
#include "tests/shards/compaction_testing.h"
#include "tests/shards/shard_testing.h"

namespace stave {
namespace {

using testing::CompactedShard;
using testing::ShardUnderTest;
using testing::TempDirectory;

using Fields = std::map<std::string, std::int64_t>;  // with their expiries

std::string large() {
  return std::string(600, 'v');
}

void edit(Shard& shard, std::string_view key, const Edits& edits) {
  EditResult result;
  REQUIRE(shard.edit({0, key}, Type::kHash, edits.bytes(), result).ok());
  REQUIRE(result.any());
}

// Fields a to d, of which a, b and c expire at 1000, 2000 and 3000; `value` is that of d.
void put_hash(Shard& shard, std::string_view key, std::string_view value = "v") {
  Edits edits;
  for (const char* field : {"a", "b", "c"}) edits.put(field, "v");
  edits.put("d", value);
  edits.expire("a", 1000);
  edits.expire("b", 2000);
  edits.expire("c", 3000);
  edit(shard, key, edits);
}

Fields fields_of(const HashView& view) {
  Fields fields;
  view.for_each_element(
      [&](const HashElement& element) { fields.emplace(element.field, element.expiry_ms); });
  return fields;
}

template <typename Test>
Fields read(Test& test, const std::string& key) {
  if (!test.get(key)) return {};
  return fields_of(HashView(test.shard().find({0, key}, false)));
}

// Until nothing is due and nothing is being read.
template <typename Test>
void expire(Test& test, std::int64_t now_ms) {
  test.shard().set_now(now_ms);
  for (int turn = 0; turn < 5; ++turn) {
    while (test.shard().expire_due()) test.settle();
    test.settle();
  }
}

TEST_CASE("the queue has one element for a hash, the newest") {
  FieldExpiries queue;
  queue.set(0, 7, 0);
  CHECK(queue.empty());
  queue.set(0, 7, 300);
  queue.set(1, 7, 200);
  queue.set(0, 8, 400);
  CHECK(queue.next_due_ms() == 200);
  queue.set(1, 7, 500);
  CHECK(queue.next() == FieldExpiries::Element{300, 0, 7});
  queue.set(0, 7, 0);
  CHECK(queue.next() == FieldExpiries::Element{400, 0, 8});
  queue.clear(0);
  CHECK(queue.next() == FieldExpiries::Element{500, 1, 7});
  queue.set(1, 7, 0);
  CHECK(queue.empty());
  CHECK(queue.bytes() == 0);
}

TEST_CASE("fields go when they are due, and the hash with its last") {
  for (const std::string& value : {std::string("v"), large()}) {
    CAPTURE(value.size());
    const TempDirectory directory;
    std::vector<Gone> gone;
    testing::ShardSetup setup;
    setup.gone = [&gone](Gone why, int, std::string_view name) {
      CHECK(name == "h");
      gone.push_back(why);
    };
    ShardUnderTest test(directory.path(), setup);
    put_hash(test.shard(), "h", value);
    CHECK(test.shard().next_expiry_ms() == 1000);
    expire(test, 999);
    CHECK(gone.empty());
    expire(test, 2000);
    CHECK(read(test, "h") == Fields{{"c", 3000}, {"d", 0}});
    CHECK(gone == std::vector{Gone::kFields});
    CHECK(test.shard().counters().expired_fields == 2);
    CHECK(test.shard().next_expiry_ms() == 3000);
    Edits last;
    last.expire("d", 4000);
    edit(test.shard(), "h", last);
    expire(test, 4000);
    CHECK(test.shard().sizes().keys[0] == 0);
    CHECK(gone == std::vector{Gone::kFields, Gone::kFields, Gone::kLastField});
    CHECK(test.shard().next_expiry_ms() == 0);
  }
}

TEST_CASE("only logged changes count: at a start nothing expires by itself, and then what is due goes") {
  for (const std::string& value : {std::string("v"), large()}) {
    for (const bool crashes : {false, true}) {
      CAPTURE(value.size());
      CAPTURE(crashes);
      const TempDirectory directory;
      {
        ShardUnderTest test(directory.path());
        put_hash(test.shard(), "h", value);
        put_hash(test.shard(), "all kept", value);
        expire(test, 1000);
        Edits edits;
        edits.expire("b", 0);
        edit(test.shard(), "all kept", edits);
        edits.put("more", "v");
        edit(test.shard(), "all kept", edits);
        test.flush();
        crashes ? test.crash() : test.close();
      }
      ShardUnderTest test(directory.path());
      test.shard().set_now(999);
      CHECK(test.shard().next_expiry_ms() == FieldExpiries::kUnknownMs);
      CHECK_FALSE(test.shard().find({0, "h"}, false).resident);
      // Nobody but the shard reads them.
      expire(test, 2500);
      CHECK(test.shard().next_expiry_ms() == 3000);
      CHECK(read(test, "h") == Fields{{"c", 3000}, {"d", 0}});
      CHECK(read(test, "all kept") == Fields{{"b", 0}, {"c", 3000}, {"d", 0}, {"more", 0}});
      CHECK(test.shard().counters().expired_fields == 1);
    }
  }
}

TEST_CASE("the fields of a cold hash go on time") {
  for (const std::string& value : {std::string("v"), large()}) {
    CAPTURE(value.size());
    CompactedShard test;
    put_hash(test.shard(), "h", value);
    test.cool();
    test.cool();
    REQUIRE_FALSE(test.shard().find({0, "h"}, false).resident);
    CHECK(test.shard().next_expiry_ms() == 1000);
    const std::uint64_t staged = test.shard().counters().staged;
    expire(test, 999);
    CHECK(test.shard().counters().staged == staged);
    expire(test, 1000);
    CHECK(test.shard().counters().staged == staged + 1);
    CHECK(read(test, "h") == Fields{{"b", 2000}, {"c", 3000}, {"d", 0}});
    CHECK(test.shard().next_expiry_ms() == 2000);
  }
}

TEST_CASE("a hash that a transaction holds is left alone") {
  const TempDirectory directory;
  ShardUnderTest test(directory.path());
  put_hash(test.shard(), "h");
  struct : LockWaiter {
    void granted() override {}
  } waiter;
  REQUIRE(test.shard().locks().lock({0, "h"}, waiter));
  expire(test, 1000);
  CHECK(read(test, "h").size() == 4);
  test.shard().locks().unlock({0, "h"});
  expire(test, 1001);
  CHECK(read(test, "h").size() == 3);
}

TEST_CASE("a hash that is replaced or removed expires no more") {
  const TempDirectory directory;
  ShardUnderTest test(directory.path());
  for (const char* key : {"replaced", "removed", "flushed"}) put_hash(test.shard(), key);
  test.put("replaced", "a string");
  test.del("removed");
  Change flush;
  flush.kind = Change::Kind::kFlushDb;
  CHECK(test.shard().next_expiry_ms() == 1000);
  REQUIRE(test.shard().hold(100).ok());
  test.shard().unhold(100);
  test.shard().apply({flush}, 0, {0});
  CHECK(test.shard().next_expiry_ms() == 0);
}

TEST_CASE("hashes without expiries are written as ever, and nothing is noted of them") {
  CompactedShard test;
  Edits edits;
  edits.put("a", "v");
  edit(test.shard(), "h", edits);
  test.seal();
  std::size_t records = 0;
  for (const auto& segment : test.shard().segments()) {
    if (segment == nullptr) continue;
    for (const auto& seen : CompactedShard::records_of(*segment)) records += seen.key == "h" ? 1 : 0;
  }
  CHECK(records == 1);
  const Found found = test.shard().find({0, "h"}, false);
  CHECK(found.value == std::string_view("\1\1\0\0\0\1a\1v", 9));
  CHECK(test.shard().next_expiry_ms() == 0);
}

}  // namespace
}  // namespace stave
