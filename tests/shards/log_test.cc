// SPDX-License-Identifier: Apache-2.0
// Shows what a log does when it is refused space, when the clock is set back, and when its mode changes.
#include "shards/log.h"

#include "tests/shards/shard_testing.h"
#include "tests/sim/sim_disk.h"

namespace stave {
namespace {

using testing::TempDirectory;

struct LogUnderTest {
  explicit LogUnderTest(const std::string& directory, SyncMode mode = SyncMode::kEverysec)
      : log(*disk, segments,
            {.directory = directory, .segment_bytes = limits::kSegmentBytesMin, .mode = mode}) {}

  void append(std::string_view key, std::string_view value) {
    REQUIRE(log.reserve(record_bytes(key.size(), value.size(), false), 0).ok());
    Record record;
    record.kind = RecordKind::kString;
    record.key = key;
    record.value = value;
    log.append(record);
  }

  std::unique_ptr<Disk> disk = std::move(*open_disk("threads", nullptr));
  SegmentTable segments;
  Log log;
};

TEST_CASE("after a refusal the disk is asked again soon, also when the clock was set back meanwhile") {
  constexpr std::int64_t kNowMs = 1'700'000'000'000;
  const TempDirectory parent;
  const std::string directory = parent.path() + "/absent";
  LogUnderTest test(directory);
  REQUIRE_FALSE(test.log.reserve(100, kNowMs).ok());
  CHECK(test.log.out_of_space());
  std::filesystem::create_directory(directory);
  CHECK_FALSE(test.log.reserve(100, kNowMs + 1).ok());
  CHECK(test.log.reserve(100, kNowMs - 3'600'000).ok());
  CHECK_FALSE(test.log.out_of_space());
}

TEST_CASE("a write that no segment could hold is refused alone") {
  const TempDirectory directory;
  LogUnderTest test(directory.path());
  CHECK_FALSE(test.log.reserve(limits::kSegmentBytesMax, 1000).ok());
  CHECK_FALSE(test.log.out_of_space());
  CHECK(test.log.reserve(100, 1000).ok());
}

TEST_CASE("who waits for the disk goes on when the mode asks for less") {
  const TempDirectory directory;
  LogUnderTest test(directory.path(), SyncMode::kNo);
  test.append("k", "v");
  test.log.flush();
  test.log.set_mode(SyncMode::kAlways);
  REQUIRE(test.log.committed_gsn() == 0);
  int told = 0;
  test.log.on_progress([&] { ++told; });
  test.log.set_mode(SyncMode::kEverysec);
  REQUIRE(test.log.committed_gsn() == 1);
  test.log.flush();
  CHECK(told > 0);
}

TEST_CASE("a segment that cannot be made leaves no file, whichever call fails") {
  // Such a file has no header. When compaction has taken the next number, the log does not come back to this
  // one, and a start takes it for damage.
  const std::string spare = "shard/recycled.seg.new";
  for (int call = 1; call <= 4; ++call) {
    CAPTURE(call);
    sim::SimDisk disk(sim::Storage(), 1);
    REQUIRE(disk.create(spare).ok());
    SegmentTable segments;
    Log log(disk, segments, {.directory = "shard", .segment_bytes = limits::kSegmentBytesMin});
    log.take_spare(spare, limits::kSegmentBytesMin);
    disk.fail_at(static_cast<std::uint64_t>(call), EMFILE);
    REQUIRE_FALSE(log.reserve(100, 1000).ok());
    CHECK_FALSE(disk.exists("shard/00000001.seg"));
  }
}

}  // namespace
}  // namespace stave
