// SPDX-License-Identifier: Apache-2.0
// Shows what recovery makes of what a power loss can leave: segments that were never synced, blank files, and
// transactions that only some shards have.
#include "shards/recovery.h"

#include <fstream>

#include "shards/check.h"
#include "tests/shards/shard_testing.h"

namespace stave {
namespace {

using testing::ShardSetup;
using testing::ShardUnderTest;
using testing::TempDirectory;
using testing::TestBackground;

constexpr std::size_t kTransactionBytes = 4096;

// Files that note when they are synced. Only for the blocking calls, which are all that recovery makes.
class NotingFile final : public File {
 public:
  NotingFile(std::unique_ptr<File> file, std::vector<std::string>& synced)
      : file_(std::move(file)), synced_(synced) {}
  const std::string& path() const override { return file_->path(); }
  Result<std::uint64_t> size() override { return file_->size(); }
  Result<std::size_t> read(std::uint64_t offset, std::span<char> into) override {
    return file_->read(offset, into);
  }
  Status write(std::uint64_t offset, std::string_view bytes) override { return file_->write(offset, bytes); }
  Status sync() override {
    synced_.push_back(path());
    return file_->sync();
  }
  Status allocate(std::uint64_t bytes) override { return file_->allocate(bytes); }
  Status truncate(std::uint64_t bytes) override { return file_->truncate(bytes); }

 private:
  std::unique_ptr<File> file_;
  std::vector<std::string>& synced_;
};

class NotingDisk final : public Disk {
 public:
  NotingDisk() {
    auto disk = open_disk("threads", nullptr);
    REQUIRE(disk.ok());
    disk_ = std::move(*disk);
  }
  std::vector<std::string> synced;
  bool full = false;
  int names_until_crash = 1000;  // so many files may be renamed or removed

  std::string_view name() const override { return disk_->name(); }
  void submit(IoRequest& request) override { disk_->submit(request); }
  void flush() override { disk_->flush(); }
  bool poll() override { return disk_->poll(); }
  void wait() override { disk_->wait(); }
  std::size_t in_flight() const override { return disk_->in_flight(); }
  int pollable_fd() const override { return disk_->pollable_fd(); }
  Result<std::unique_ptr<File>> open(const std::string& path) override {
    auto file = disk_->open(path);
    if (!file.ok()) return file;
    return std::unique_ptr<File>(std::make_unique<NotingFile>(std::move(*file), synced));
  }
  Result<std::unique_ptr<File>> create(const std::string& path) override {
    if (full) return Status::error(path + ": No space left on device");
    return disk_->create(path);
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    return disk_->list(directory);
  }
  Status make_directory(const std::string& path) override { return disk_->make_directory(path); }
  Status rename(const std::string& from, const std::string& to) override {
    return names_until_crash-- > 0 ? disk_->rename(from, to) : Status::error("crashed");
  }
  Status link(const std::string& from, const std::string& to) override { return disk_->link(from, to); }
  Result<std::uint64_t> links(const std::string& path) override { return disk_->links(path); }
  Status remove(const std::string& path) override {
    return names_until_crash-- > 0 ? disk_->remove(path) : Status::error("crashed");
  }
  Status sync_directory(const std::string& path) override { return disk_->sync_directory(path); }
  bool exists(const std::string& path) override { return disk_->exists(path); }
  bool is_directory(const std::string& path) override { return disk_->is_directory(path); }

 private:
  std::unique_ptr<Disk> disk_;
};

// As a kill leaves it that comes before any segment was sealed.
void crash_unsealed(ShardUnderTest& test, const std::string& from, const std::string& into) {
  test.flush();
  std::filesystem::copy(from, into);
  test.background().finish();
}

// As a power loss leaves a file of which nothing was written.
void make_blank(const std::string& path) {
  const auto bytes = std::filesystem::file_size(path);
  std::ofstream(path, std::ios::trunc).close();
  std::filesystem::resize_file(path, bytes);
}

std::vector<std::string> problems_in(const std::string& directory) {
  NotingDisk disk;
  return DatabaseCheck(disk, DatabaseId{}, {directory}).shard(0).problems;
}

// A transaction with this one change, of this shard and of shard 1.
void transaction(ShardUnderTest& test, std::string_view key, std::string_view value) {
  Change change;
  change.key = {0, key};
  change.value.value = value;
  REQUIRE(test.shard().hold(kTransactionBytes).ok());
  test.shard().unhold(kTransactionBytes);
  test.shard().apply({change}, 77, {0, 1});
}

TEST_CASE("the unsynced end of an earlier run is durable before the first answer") {
  const TempDirectory running;
  const TempDirectory directory;
  {
    ShardUnderTest first(running.path());
    first.background().keep = true;
    for (int i = 0; i < 50; ++i) first.put("k" + std::to_string(i), std::string(3000, 'x'));
    crash_unsealed(first, running.path(), directory.path());
  }
  NotingDisk disk;
  TestBackground background;
  background.keep = true;
  Shard::Options options;
  options.log.directory = directory.path();
  Shard shard(disk, background, options);
  Recovery recovery(disk, shard, options);
  REQUIRE(recovery.read().ok());
  REQUIRE(recovery.finish([](const TransactionHeader&) { return true; }).ok());
  REQUIRE(shard.segments().size() > 1);
  for (const auto& segment : shard.segments()) {
    CAPTURE(segment->file->path());
    CHECK(std::count(disk.synced.begin(), disk.synced.end(), segment->file->path()) > 0);
  }
  background.finish();
}

TEST_CASE("a full segment of the mode `no` is durable before `always` answers") {
  const TempDirectory directory;
  ShardUnderTest test(directory.path(), {.mode = SyncMode::kNo});
  test.background().keep = true;
  for (int i = 0; i < 30; ++i) {
    test.put("k" + std::to_string(i), std::string(3000, 'x'));
    test.shard().log().flush();
  }
  Log& log = test.shard().log();
  REQUIRE(test.shard().segments().size() > 1);
  log.set_mode(SyncMode::kAlways);
  test.put("k", "v");
  while (!test.shard().committed(log.last_gsn())) test.settle();
  for (const auto& segment : test.shard().segments()) {
    if (segment->header.number == 1) CHECK(segment->durable_bytes >= segment->end_bytes);
  }
  test.background().finish();
}

TEST_CASE("a blank segment that a power loss left ends the log, and what follows it is set aside") {
  const TempDirectory running;
  const TempDirectory directory;
  {
    ShardUnderTest first(running.path());
    first.background().keep = true;
    for (int i = 0; i < 100; ++i) first.put("k" + std::to_string(i), std::string(3000, 'x'));
    crash_unsealed(first, running.path(), directory.path());
  }
  const std::string second = directory.path() + "/00000002.seg";
  REQUIRE(std::filesystem::exists(directory.path() + "/00000003.seg"));
  make_blank(second);
  for (const int start : {1, 2}) {
    CAPTURE(start);
    ShardUnderTest test(directory.path());
    CHECK(test.get("k0") == std::string(3000, 'x'));
    CHECK(test.get("k99") == (start == 1 ? std::nullopt : std::optional<std::string>("again")));
    CHECK(test.warnings().empty() == (start == 2));
    CHECK(std::filesystem::exists(directory.path() + "/00000003.seg.cut"));
    test.put("k99", "again");
    test.flush();
    test.crash();
  }
}

TEST_CASE("a start that crashes while it sets segments aside is followed by one that goes on with it") {
  const TempDirectory running;
  {
    ShardUnderTest first(running.path());
    first.background().keep = true;
    for (int i = 0; i < 100; ++i) first.put("k" + std::to_string(i), std::string(3000, 'x'));
    crash_unsealed(first, running.path(), running.path() + "/copy");
  }
  const std::string directory = running.path() + "/copy";
  REQUIRE(std::filesystem::exists(directory + "/00000003.seg"));
  make_blank(directory + "/00000001.seg");
  for (int changes = 0; changes < 3; ++changes) {
    CAPTURE(changes);
    const std::string crashed = running.path() + "/" + std::to_string(changes);
    std::filesystem::copy(directory, crashed);
    {
      NotingDisk disk;
      disk.names_until_crash = changes;
      TestBackground background;
      Shard::Options options;
      options.log.directory = crashed;
      Shard shard(disk, background, options);
      Recovery recovery(disk, shard, options);
      REQUIRE(recovery.read().ok());
      CHECK(recovery.finish([](const TransactionHeader&) { return true; }).message() == "crashed");
    }
    CHECK(problems_in(crashed).empty());
    ShardUnderTest test(crashed);
    CHECK_FALSE(test.get("k99").has_value());
    test.put("k99", "again");
    test.close();
    ShardUnderTest next(crashed);
    CHECK(next.get("k99") == "again");
  }
}

TEST_CASE("the check ends a torn tail where a start does, before a batch that is not whole") {
  const TempDirectory running;
  const TempDirectory directory;
  {
    ShardUnderTest first(running.path());
    first.put("a", "old");
    REQUIRE(first.shard().begin_batch(1000).ok());
    first.put("a", "new");
    first.put("b", "new");
    first.put("c", "new");
    first.shard().end_batch();
    crash_unsealed(first, running.path(), directory.path());
  }
  std::fstream(directory.path() + "/00000001.seg").seekp(4096 + 32 + 32 + 32 + 24).put('!');
  NotingDisk disk;
  TestBackground background;
  background.keep = true;
  Shard::Options options;
  options.log.directory = directory.path();
  Shard shard(disk, background, options);
  Recovery recovery(disk, shard, options);
  REQUIRE(recovery.read().ok());
  REQUIRE(recovery.finish([](const TransactionHeader&) { return true; }).ok());
  REQUIRE(shard.set_value({0, "d"}, {"x", 0, false}).ok());
  shard.log().flush();
  const ShardCheck found = DatabaseCheck(disk, DatabaseId{}, {directory.path()}).shard(0);
  CHECK(found.problems.empty());
  REQUIRE(found.segments.size() == 2);
  CHECK(found.segments[0].records == 1);
  CHECK(found.segments[0].note.find("torn tail") != std::string::npos);
  CHECK(found.segments[1].records == 1);
  CHECK(found.segments[1].note.empty());
  CHECK(found.keys[0] == 2);
  background.finish();
}

TEST_CASE("a transaction that another shard lacks is dropped though a hint has it, also later") {
  const TempDirectory directory;
  ShardSetup setup{.segment_bytes = 1 << 20};
  {
    ShardUnderTest first(directory.path(), setup);
    first.put("k", "old");
    transaction(first, "k", "new");
    first.put("other", "x");
    first.close();
  }
  {
    ShardUnderTest kept(directory.path(), setup);
    CHECK(kept.report().segments_with_hint == 1);
    CHECK(kept.get("k") == "new");
    kept.close();
  }
  setup.transactions_complete = false;
  for (const std::size_t hints : {0, 2}) {
    CAPTURE(hints);
    ShardUnderTest test(directory.path(), setup);
    CHECK(test.report().segments_with_hint == hints);
    CHECK(test.get("k") == "old");
    CHECK(test.get("other") == "x");
    test.close();
  }
}

TEST_CASE("a void transaction on a full disk is dropped at each start") {
  const TempDirectory directory;
  const ShardSetup setup{.segment_bytes = 1 << 20};
  {
    ShardUnderTest first(directory.path(), setup);
    first.put("k", "old");
    transaction(first, "k", "new");
    first.flush();
    first.crash();
  }
  NotingDisk disk;
  disk.full = true;
  for (const int start : {1, 2}) {
    CAPTURE(start);
    TestBackground background;
    background.keep = true;
    std::vector<std::string> warnings;
    Shard::Options options;
    options.log.directory = directory.path();
    options.warn = [&](const std::string& line) { warnings.push_back(line); };
    Shard shard(disk, background, options);
    Recovery recovery(disk, shard, options);
    REQUIRE(recovery.read().ok());
    REQUIRE(recovery.finish([](const TransactionHeader&) { return false; }).ok());
    CHECK(recovery.report().void_transactions == 1);
    CHECK(shard.find({0, "k"}, true).value_bytes == 3);
    REQUIRE(warnings.size() == 1);
    CHECK(warnings[0].find("No space left on device") != std::string::npos);
    CHECK(shard.entry({0, "k"})->location().offset_bytes() == kSegmentHeaderBytes);
    background.finish();
  }
}

}  // namespace
}  // namespace stave
