// SPDX-License-Identifier: Apache-2.0
// Shows that the index, which a start makes as large as the log lets it expect, is not much larger than the
// keys need even before it is trimmed: where small records are followed by large ones, what is read of the
// log says little about how many keys are to come.
#include "tests/shards/shard_testing.h"

namespace stave {
namespace {

using testing::ShardUnderTest;
using testing::TempDirectory;

constexpr std::uint64_t kSegmentBytes = 1u << 20;
constexpr int kSmall = 20'000;
constexpr int kLarge = 56;
const std::string kLargeValue(100 << 10, 'v');

void put_small_keys(ShardUnderTest& test) {
  for (int i = 0; i < kSmall; ++i) test.put("small:" + std::to_string(i), "v");
}

struct IndexBytes {
  std::uint64_t after_read = 0;
  std::uint64_t after_finish = 0;
  std::uint64_t keys = 0;
};

IndexBytes recover(const std::string& directory) {
  testing::Restart restart(directory, kSegmentBytes);
  IndexBytes found;
  restart.read();
  found.after_read = restart.shard().index_bytes();
  restart.finish();
  found.after_finish = restart.shard().index_bytes();
  found.keys = restart.shard().sizes().keys[0];
  return found;
}

void check_index(const std::string& directory) {
  const IndexBytes found = recover(directory);
  CHECK(found.keys == kSmall + kLarge);
  CAPTURE(found.after_finish);
  CHECK(found.after_read <= found.after_finish + found.after_finish / 4);
}

TEST_CASE("an index is not made for more keys than there are records") {
  const TempDirectory directory;
  {
    ShardUnderTest test(directory.path(), {.segment_bytes = kSegmentBytes});
    put_small_keys(test);
    for (int i = 0; i < kLarge; ++i) test.put("large:" + std::to_string(i), kLargeValue);
    test.close();
  }
  SUBCASE("as the segments' GSNs tell, with hints") {}
  SUBCASE("or without") {
    for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
      if (entry.path().extension() == ".hint") std::filesystem::remove(entry.path());
    }
  }
  check_index(directory.path());
}

TEST_CASE("an index is not made for more keys than the hints of compacted segments have records") {
  constexpr int kOverwrites = 2000;
  const TempDirectory directory;
  {
    ShardUnderTest test(directory.path(), {.segment_bytes = kSegmentBytes});
    put_small_keys(test);
    for (int i = 0; i < kLarge; ++i) {
      test.put("large:" + std::to_string(i), kLargeValue);
      for (int n = 0; n < kOverwrites; ++n) test.put("small:0", "w");
      test.flush();
    }
    Compaction& compaction = test.shard().compaction();
    compaction.set({.threshold_percent = 1, .budget_bytes = 0});
    std::int64_t now_ms = 1'000'000;
    do {
      test.shard().set_now(now_ms += 100);
      test.compact();
    } while (compaction.backlog_bytes() > 0);
    test.close();
  }
  check_index(directory.path());
}

}  // namespace
}  // namespace stave
