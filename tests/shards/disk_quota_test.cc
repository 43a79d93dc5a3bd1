// SPDX-License-Identifier: Apache-2.0
// Shows that the files of a shard stay within its share of maxdisk, and what is refused then.
#include "shards/disk_quota.h"

#include "tests/shards/shard_testing.h"

namespace stave {
namespace {

using testing::ShardSetup;
using testing::ShardUnderTest;
using testing::TempDirectory;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;

std::uint64_t bytes_of_files(const std::string& directory) {
  std::uint64_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(directory)) bytes += file.file_size();
  return bytes;
}

// Adds keys of 1000 bytes until that is refused; returns the error.
std::string fill(ShardUnderTest& test, const std::string& prefix, int& written) {
  const std::string value(1000, 'v');
  while (true) {
    if (test.shard().make_room() != Shard::Room::kEnough) return std::string(kDiskQuotaReached.text);
    const AddsData adds_data(test.shard().log(), true);
    const Status status = test.shard().set_value({0, prefix + std::to_string(written)}, {value, 0, false});
    if (!status.ok()) return status.message();
    if (++written % 16 == 0) test.flush();
  }
}

TEST_CASE("a quota gives segments that leave room, and none when there is none") {
  DiskQuota quota(256 * kMiB, 0);
  CHECK_FALSE(quota.limited());
  CHECK(quota.new_segment_bytes(100, 1ull << 50, true) == 256 * kMiB);
  CHECK(quota.new_segment_bytes(300 * kMiB, 0, true) == 300 * kMiB);
  quota.set_share(64'000 * kMiB);
  CHECK(quota.segment_bytes() == 256 * kMiB);
  quota.set_share(160 * kMiB);
  CHECK(quota.segment_bytes() == 10 * kMiB);
  CHECK(quota.growth_bytes_max() == 140 * kMiB);
  CHECK(quota.live_bytes_max() == 98 * kMiB);
  CHECK(quota.new_segment_bytes(100, 0, true) == 10 * kMiB);
  CHECK(quota.new_segment_bytes(20 * kMiB, 0, true) == 20 * kMiB);
  CHECK(quota.new_segment_bytes(100, 137 * kMiB, true) == 3 * kMiB);  // a smaller one near the bound
  CHECK_FALSE(quota.new_segment_bytes(4 * kMiB, 137 * kMiB, true).has_value());
  CHECK_FALSE(quota.new_segment_bytes(100, 140 * kMiB, true).has_value());
  CHECK(quota.new_segment_bytes(100, 140 * kMiB, false) == 10 * kMiB / 8);
  CHECK(quota.new_segment_bytes(2 * kMiB, 200 * kMiB, false) == 2 * kMiB);
  quota.set_share(1);
  CHECK(quota.growth_bytes_max() == 0);
  CHECK_FALSE(quota.new_segment_bytes(100, 0, true).has_value());
  CHECK(quota.new_segment_bytes(100, 0, false) == 64 * kKiB);
}

TEST_CASE("segments are small beside what is stored") {
  DiskQuota quota(256 * kMiB, 0);
  CHECK(quota.new_segment_bytes(100, 0, true) == 16 * kMiB);
  CHECK(quota.new_segment_bytes(20 * kMiB, 0, true) == 20 * kMiB);
  CHECK(quota.new_segment_bytes(100, 3000 * kMiB, true) == 32 * kMiB);
  CHECK(quota.new_segment_bytes(100, 4096 * kMiB, true) == 64 * kMiB);
  CHECK(quota.usual_segment_bytes(64'000 * kMiB) == 256 * kMiB);
  const DiskQuota configured(1 * kMiB, 0);
  CHECK(configured.usual_segment_bytes(64'000 * kMiB) == 1 * kMiB);
  const DiskQuota limited(256 * kMiB, 3200 * kMiB);
  CHECK(limited.new_segment_bytes(100, 2600 * kMiB, true) == 32 * kMiB);
  CHECK(limited.segment_bytes() == 200 * kMiB);
}

TEST_CASE("what adds data is refused at the bound; deletes go on; more room resumes") {
  const TempDirectory directory;
  {
    ShardUnderTest test(directory.path(), {.segment_bytes = 256 * kMiB});
    Log& log = test.shard().log();
    test.shard().set_now(1'000'000);
    log.set_disk_bytes_max(4 * kMiB);
    int written = 0;
    CHECK(fill(test, "k", written) == kDiskQuotaReached.text);
    CHECK(written > 3000);
    test.settle();
    CHECK(log.disk_bytes() == bytes_of_files(directory.path()));
    CHECK(log.disk_bytes() <= log.quota().growth_bytes_max());
    CHECK(log.disk_bytes() > log.quota().growth_bytes_max() - 64 * kKiB);
    CHECK(test.warnings().size() == 1);
    CHECK_FALSE(log.out_of_space());

    for (int i = 0; i < written; ++i) test.del("k" + std::to_string(i));
    test.settle();
    CHECK(test.shard().sizes().keys[0] == 0);
    CHECK(bytes_of_files(directory.path()) <= 4 * kMiB);
    test.shard().set_now(1'000'200);
    CHECK(test.shard().make_room() == Shard::Room::kNoDisk);  // compaction's room is not for new data

    log.set_disk_bytes_max(8 * kMiB);
    CHECK(test.shard().make_room() == Shard::Room::kEnough);
    REQUIRE(test.warnings().size() == 2);
    CHECK(test.warnings()[0].find("maxdisk is taken") != std::string::npos);
    CHECK(test.warnings()[1].find("taken again") != std::string::npos);
    CHECK(fill(test, "again", written) == kDiskQuotaReached.text);
    CHECK(test.warnings().size() == 2);  // so soon it is not told again
    test.close();
  }
  ShardUnderTest test(directory.path());
  CHECK(test.shard().log().disk_bytes() == bytes_of_files(directory.path()));
}

TEST_CASE("a write that has no room leaves room for smaller ones") {
  const TempDirectory directory;
  ShardUnderTest test(directory.path());
  test.shard().log().set_disk_bytes_max(2 * kMiB);
  const AddsData adds_data(test.shard().log(), true);
  const std::string large(3 * kMiB, 'v');
  CHECK(test.shard().set_value({0, "large"}, {large, 0, false}).message() == kDiskQuotaReached.text);
  CHECK(test.shard().set_value({0, "small"}, {"v", 0, false}).ok());
  CHECK(test.get("small") == "v");
}

TEST_CASE("what recovery has cut counts, too") {
  const TempDirectory directory;
  {
    ShardUnderTest test(directory.path());
    test.put("k", "v");
    test.close();
  }
  std::filesystem::resize_file(directory.path() + "/00000001.hint", 10);
  FILE* file = std::fopen((directory.path() + "/00000002.seg.cut").c_str(), "w");
  REQUIRE(file != nullptr);
  std::fputs(std::string(5000, 'x').c_str(), file);
  std::fclose(file);
  ShardUnderTest test(directory.path());
  test.settle();
  CHECK(test.shard().log().disk_bytes() == bytes_of_files(directory.path()));
}

}  // namespace
}  // namespace stave
