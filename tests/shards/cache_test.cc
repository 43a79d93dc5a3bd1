// SPDX-License-Identifier: Apache-2.0
// Shows which values stay in memory under pressure: those that are used again, whatever passes by.
#include "tests/shards/shard_testing.h"

namespace stave {
namespace {

using testing::ShardSetup;
using testing::ShardUnderTest;
using testing::TempDirectory;

constexpr int kKeys = 6000;
constexpr int kResident = 1000;  // about as many values fit

std::string name(int number) {
  return "key" + std::to_string(number);
}

// Keys 0 .. kKeys - 1 on disk, and none of their values in memory.
class ColdShard {
 public:
  ColdShard() {
    const std::string value(1000, 'v');
    for (int i = 0; i < kKeys; ++i) {
      test_.put(name(i), value);
      if (i % 100 == 0) test_.flush();
    }
    test_.settle();
    shard().set_memory_bytes_max(1);
    while (shard().resident_values() > 0) demote();
    shard().set_memory_bytes_max(shard().memory_bytes() + kResident * 1024);
  }

  Shard& shard() { return test_.shard(); }
  ShardUnderTest& test() { return test_; }
  void read(int number) {
    REQUIRE(test_.get(name(number)).has_value());
    demote();
  }
  void scan(int first, int end) {
    for (int i = first; i < end; ++i) read(i);
  }
  int resident(int first, int end) {
    int count = 0;
    for (int i = first; i < end; ++i) count += shard().find({0, name(i)}, false).resident ? 1 : 0;
    return count;
  }

 private:
  void demote() {
    while (shard().demote()) {
    }
  }

  TempDirectory directory_;
  ShardUnderTest test_{directory_.path(), {.segment_bytes = 16u << 20, .memory_bytes_max = 1u << 30}};
};

TEST_CASE("a scan does not push out the values in use") {
  ColdShard cold;
  for (int round = 0; round < 2; ++round) cold.scan(0, 500);
  CHECK(cold.resident(0, 500) == 500);
  for (int round = 0; round < 3; ++round) cold.scan(500, kKeys);
  CHECK(cold.resident(0, 500) == 500);
  CHECK(cold.resident(500, kKeys) > 300);  // the rest of the room is used
}

TEST_CASE("values in use that nobody uses any more make room for others") {
  ColdShard cold;
  for (int round = 0; round < 4; ++round) cold.scan(0, 800);
  for (int round = 0; round < 8; ++round) {
    for (int i = 1000; i < kKeys; ++i) {  // more than fits, again and again
      cold.read(i);
      cold.read(i);
    }
  }
  CHECK(cold.resident(0, 800) < 100);
}

// What is remembered fades table by table of the index, so one key alone may just have been forgotten.
TEST_CASE("values that come back soon after they were demoted are kept") {
  ColdShard cold;
  cold.scan(0, 1200);
  REQUIRE(cold.resident(0, 100) < 5);
  cold.scan(0, 100);
  cold.scan(2000, kKeys);
  CHECK(cold.resident(0, 100) > 40);
}

TEST_CASE("values that come back late are on trial again") {
  ColdShard cold;
  cold.scan(0, kKeys);
  cold.scan(0, 100);
  cold.scan(2000, kKeys);
  CHECK(cold.resident(0, 100) < 10);
}

TEST_CASE("the queue of new values stays small when keys come and go without pressure") {
  ColdShard cold;
  cold.shard().set_memory_bytes_max(1u << 30);
  for (int i = 0; i < 20000; ++i) {
    cold.test().put("passing", "v");
    cold.test().del("passing");
  }
  cold.test().flush();
  const std::uint64_t before = cold.shard().memory_bytes();
  for (int i = 0; i < 20000; ++i) {
    cold.test().put("passing", "v");
    cold.test().del("passing");
  }
  cold.test().flush();
  CHECK(cold.shard().memory_bytes() <= before);
}

}  // namespace
}  // namespace stave
