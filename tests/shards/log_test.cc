// SPDX-License-Identifier: Apache-2.0
// Shows what a log does when it is refused space, when the clock is set back, and when its mode changes.
#include "shards/log.h"

#include "tests/shards/shard_testing.h"
#include "tests/sim/sim_disk.h"

namespace stave {
namespace {

using testing::TempDirectory;

struct LogUnderTest {
  explicit LogUnderTest(const std::string& directory, SyncMode mode = SyncMode::kEverysec,
                        std::unique_ptr<Disk> on = std::move(*open_disk("threads", nullptr)))
      : disk(std::move(on)),
        log(*disk, segments,
            {.directory = directory, .segment_bytes = limits::kSegmentBytesMin, .mode = mode}) {}

  void append(std::string_view key, std::string_view value) {
    REQUIRE(log.reserve(record_bytes(key.size(), value.size(), false), 0).ok());
    Record record;
    record.kind = RecordKind::kString;
    record.key = key;
    record.value = value;
    log.append(record);
  }

  std::unique_ptr<Disk> disk;
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

// Jobs run when the test says so.
struct LaterBackground final : Background {
  void run(std::function<void()> work, std::function<void()> done) override {
    jobs.push_back({std::move(work), std::move(done)});
  }
  void work() {
    for (auto& [work, done] : std::exchange(jobs, {})) {
      work();
      done();
    }
  }
  std::vector<std::pair<std::function<void()>, std::function<void()>>> jobs;
};

// Fills a segment of the least size a little more than half.
void fill_half(LogUnderTest& test) {
  while (!test.log.active() || test.log.end_of(*test.log.active()) <= limits::kSegmentBytesMin / 2)
    test.append("k", std::string(10'000, 'v'));
}

void fill_rest(LogUnderTest& test) {
  const auto active = test.log.active();
  while (test.log.active() == active) test.append("k", std::string(10'000, 'v'));
}

TEST_CASE("the next segment's file is there before it is needed, once for each segment") {
  const TempDirectory directory;
  LaterBackground background;
  LogUnderTest test(directory.path());
  test.append("k", "v");
  test.log.prepare_next(background, 1000);
  CHECK(background.jobs.empty());
  fill_half(test);
  test.log.prepare_next(background, 1000);
  test.log.prepare_next(background, 1000);
  REQUIRE(background.jobs.size() == 1);
  background.work();
  const std::string next = directory.path() + "/00000002.seg";
  REQUIRE(std::filesystem::file_size(next) == limits::kSegmentBytesMin);
  CHECK(test.log.disk_bytes() == 2 * limits::kSegmentBytesMin);
  fill_rest(test);
  CHECK(test.log.counters().made_ahead == 1);
  CHECK(test.segments[*test.log.active()]->file->path() == next);
  CHECK(test.log.disk_bytes() == 2 * limits::kSegmentBytesMin);
  fill_half(test);
  test.log.prepare_next(background, 1000);
  CHECK(background.jobs.size() == 1);
}

TEST_CASE("a segment that is needed before the background came to it is made at once, and only once") {
  const TempDirectory directory;
  LaterBackground background;
  LogUnderTest test(directory.path());
  fill_half(test);
  test.log.prepare_next(background, 1000);
  fill_rest(test);
  test.append("k", "in the second segment");
  test.log.flush();
  background.work();
  CHECK(test.segments[*test.log.active()]->header.number == 2);
  CHECK(test.segments[*test.log.active()]->written_bytes > kSegmentHeaderBytes);
  CHECK_FALSE(std::filesystem::exists(directory.path() + "/00000003.seg"));
}

TEST_CASE("a file that was made ahead and is too small or not needed is removed") {
  const TempDirectory directory;
  LaterBackground background;
  LogUnderTest test(directory.path());
  const std::string next = directory.path() + "/00000002.seg";
  fill_half(test);
  test.log.prepare_next(background, 1000);
  background.work();
  REQUIRE(std::filesystem::exists(next));
  test.append("k", std::string(2 * limits::kSegmentBytesMin, 'v'));
  CHECK_FALSE(std::filesystem::exists(next));
  CHECK(test.segments[*test.log.active()]->header.number == 3);
  test.append("k", std::string(2 * limits::kSegmentBytesMin, 'v'));
  CHECK(test.segments[*test.log.active()]->capacity_bytes >= 2 * limits::kSegmentBytesMin);
  test.log.prepare_next(background, 1000);
  background.work();
  test.log.flush();
  while (!test.log.clean()) {
    test.log.start_sync();
    test.disk->flush();
    while (test.disk->in_flight() > 0) test.disk->wait();
  }
  std::size_t files = test.segments.size();
  REQUIRE(std::filesystem::exists(directory.path() + "/00000005.seg"));
  test.log.close_active();
  CHECK_FALSE(std::filesystem::exists(directory.path() + "/00000005.seg"));
  CHECK(test.segments.size() == files);
}

TEST_CASE("no segment is begun while a file without a header is left of one that was given up") {
  // A start would take it for damage once segments behind it are sealed.
  auto sim_disk = std::make_unique<sim::SimDisk>(sim::Storage(), 1);
  sim::SimDisk& disk = *sim_disk;
  LaterBackground background;
  LogUnderTest test("shard", SyncMode::kEverysec, std::move(sim_disk));
  fill_half(test);
  test.log.prepare_next(background, 1000);
  background.work();
  REQUIRE(disk.exists("shard/00000002.seg"));
  disk.fail_at(1, EIO);  // its removal
  CHECK_FALSE(test.log.reserve(2 * limits::kSegmentBytesMin, 1000).ok());
  REQUIRE(disk.exists("shard/00000002.seg"));
  REQUIRE(test.log.reserve(2 * limits::kSegmentBytesMin, 2000).ok());
  CHECK_FALSE(disk.exists("shard/00000002.seg"));
  CHECK(test.segments[*test.log.active()]->header.number == 3);
}

TEST_CASE("a file that cannot be made ahead is made when it is needed") {
  const TempDirectory parent;
  const std::string directory = parent.path() + "/shard";
  std::filesystem::create_directory(directory);
  LaterBackground background;
  LogUnderTest test(directory);
  fill_half(test);
  test.log.prepare_next(background, 1000);
  std::filesystem::rename(directory, parent.path() + "/elsewhere");
  background.work();
  std::filesystem::rename(parent.path() + "/elsewhere", directory);
  fill_rest(test);
  CHECK(test.log.counters().made_ahead == 0);
  CHECK(test.segments[*test.log.active()]->header.number == 3);
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
