// SPDX-License-Identifier: Apache-2.0
// Shows that a shard's part of a backup holds what the shard held at the cut, and that nothing that the shard
// does afterwards, compaction and restarts included, changes a byte of it.
#include "shards/shard_backup.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "tests/shards/shard_testing.h"

namespace stave {
namespace {

using testing::ShardSetup;
using testing::ShardUnderTest;
using testing::TempDirectory;

using Model = std::map<std::string, std::string>;
const std::atomic<bool> kNotCancelled{false};

struct Outcome {
  bool done = false;
  std::string error;
  ShardBackup::Size size;
};

// Pushes a backup on that was cut.
Outcome write(ShardUnderTest& test, const std::string& directory,
              const std::atomic<bool>& cancelled = kNotCancelled) {
  Outcome outcome;
  ShardBackup& backup = test.shard().backup();
  backup.write(directory, cancelled, [&](const Status& status, const ShardBackup::Size& size) {
    outcome.done = true;
    outcome.size = size;
    if (!status.ok()) outcome.error = status.message();
  });
  for (int i = 0; i < 1000 && !outcome.done; ++i) {
    backup.step();
    test.settle();
  }
  REQUIRE(outcome.done);
  CHECK_FALSE(backup.holds_files());
  return outcome;
}

// Puts `count` keys of 1000 bytes each, so that many segments of 64 KiB fill.
void fill(ShardUnderTest& test, Model& model, int count, char what) {
  for (int i = 0; i < count; ++i) {
    const std::string key = "key:" + std::to_string(i);
    model[key] = std::string(1000, what) + std::to_string(i);
    test.put(key, model[key]);
    if (i % 20 == 0) test.flush();
  }
  test.flush();
}

std::map<std::string, std::string> files(const std::string& directory) {
  std::map<std::string, std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    std::ifstream file(entry.path(), std::ios::binary);
    found[entry.path().filename().string()] = std::string(std::istreambuf_iterator<char>(file), {});
  }
  return found;
}

void holds(const std::string& directory, const Model& model, std::optional<std::size_t> hints = {}) {
  ShardUnderTest test(directory);
  CHECK(test.warnings().empty());
  CHECK(test.report().cut_bytes == 0);
  CHECK(test.report().segments_with_hint == hints.value_or(test.report().segments));
  for (const auto& [key, value] : model) CHECK(test.get(key) == value);
  CHECK(test.shard().sizes().keys[0] == model.size());
  test.close();
}

// Overwrites everything until compaction has replaced all that there was, and used files again.
void churn(ShardUnderTest& test, Model& model) {
  const std::uint64_t freed = test.shard().compaction().counters().segments_freed;
  test.shard().compaction().set({.threshold_percent = 1, .budget_bytes = 0});
  std::int64_t now_ms = 1;
  for (int round = 0; round < 6; ++round) {
    fill(test, model, 300, static_cast<char>('m' + round));
    for (int i = 0; i < 40; ++i) {
      test.shard().set_now(now_ms += 1000);
      test.compact();
    }
  }
  CHECK(test.shard().compaction().counters().segments_freed > freed + 10);
}

TEST_CASE("a backup holds what was there at the cut, in every mode, and what follows changes none of it") {
  for (const SyncMode mode : {SyncMode::kAlways, SyncMode::kEverysec, SyncMode::kNo}) {
    const TempDirectory directory;
    const TempDirectory backups;
    const std::string backup = backups.path() + "/shard";
    Model model;
    Model now;
    std::map<std::string, std::string> files_then;
    {
      ShardUnderTest test(directory.path(), {.mode = mode});
      fill(test, model, 300, 'a');
      test.put("last", model["last"] = "not even flushed");
      test.shard().backup().cut();
      now = model;
      fill(test, now, 100, 'b');  // after the cut
      test.put("after", now["after"] = "the cut");
      const Outcome outcome = write(test, backup);
      CHECK(outcome.error == "");
      CHECK(outcome.size.linked_segments >= 4);
      CHECK(outcome.size.copied_bytes < 64u << 10);
      files_then = files(backup);
      churn(test, now);
      CHECK(files(backup) == files_then);
      test.close();
    }
    {
      ShardUnderTest test(directory.path(), {.mode = mode});
      for (const auto& [key, value] : now) CHECK(test.get(key) == value);
      churn(test, now);
      test.close();
    }
    CHECK(files(backup) == files_then);
    holds(backup, model);
  }
}

TEST_CASE("a backup of a backup, and one of a shard that was compacted") {
  const TempDirectory directory;
  const TempDirectory backups;
  Model model;
  ShardUnderTest test(directory.path());
  fill(test, model, 300, 'a');
  churn(test, model);
  test.shard().backup().cut();
  CHECK(write(test, backups.path() + "/first").error == "");
  const auto files_then = files(backups.path() + "/first");
  Model other = model;
  {
    ShardUnderTest first(backups.path() + "/first");
    fill(first, other, 50, 'x');
    first.shard().backup().cut();
    CHECK(write(first, backups.path() + "/second").error == "");
    churn(first, other);
    first.close();
  }
  churn(test, model);
  for (const auto& [name, bytes] : files(backups.path() + "/second")) {
    if (const auto then = files_then.find(name); name != "manifest" && then != files_then.end())
      CHECK(then->second == bytes);
  }
  other.clear();
  {
    ShardUnderTest second(backups.path() + "/second");
    for (int i = 0; i < 50; ++i) CHECK(second.get("key:" + std::to_string(i))->front() == 'x');
    CHECK(second.get("key:299")->front() == 'r');
    second.close();
  }
}

TEST_CASE("a segment whose sealing is under way is waited for") {
  const TempDirectory directory;
  const TempDirectory backups;
  Model model;
  ShardUnderTest test(directory.path(), {.mode = SyncMode::kNo});
  test.background().keep = true;  // the sealing
  fill(test, model, 100, 'a');
  test.settle();
  REQUIRE(test.background().kept.size() == 1);
  test.shard().backup().cut();
  bool done = false;
  test.shard().backup().write(backups.path() + "/shard", kNotCancelled,
                              [&](const Status& status, const ShardBackup::Size& size) {
                                CHECK(status.ok());
                                CHECK(size.linked_segments == 1);
                                done = true;
                              });
  for (int i = 0; i < 10; ++i) {
    CHECK(test.shard().backup().step());
    test.settle();
  }
  CHECK_FALSE(done);
  test.background().finish();
  for (int i = 0; i < 10 && !done; ++i) {
    test.shard().backup().step();
    test.settle();
  }
  CHECK(done);
  holds(backups.path() + "/shard", model);
}

TEST_CASE("compaction does not change which segments count between the cut and the end of a backup") {
  const TempDirectory directory;
  const TempDirectory backups;
  Model model;
  ShardUnderTest test(directory.path());
  fill(test, model, 300, 'a');
  for (int i = 0; i < 5; ++i) test.compact();
  test.shard().backup().cut();
  const Model then = model;
  fill(test, model, 300, 'b');
  test.shard().compaction().set({.threshold_percent = 1, .budget_bytes = 0});
  std::int64_t now_ms = 1;
  for (int i = 0; i < 40; ++i) {
    test.shard().set_now(now_ms += 1000);
    test.compact();
  }
  CHECK(test.shard().compaction().running());
  CHECK(test.shard().compaction().counters().segments_freed == 0);
  CHECK(write(test, backups.path() + "/shard").error == "");
  for (int i = 0; i < 40; ++i) {
    test.shard().set_now(now_ms += 1000);
    test.compact();
  }
  CHECK(test.shard().compaction().counters().segments_freed > 0);
  holds(backups.path() + "/shard", then);
}

TEST_CASE("a start changes no byte of a sealed segment that lacks its hint, as a backup may have it, too") {
  const TempDirectory directory;
  Model model;
  {
    ShardUnderTest test(directory.path());
    fill(test, model, 10, 'a');
    test.close();
  }
  const std::string bytes = files(directory.path())["00000001.seg"];
  std::filesystem::remove(directory.path() + "/00000001.hint");
  holds(directory.path(), model, 0);
  CHECK(std::filesystem::exists(directory.path() + "/00000001.hint"));
  CHECK(files(directory.path())["00000001.seg"] == bytes);
}

TEST_CASE("a backup that fails names file and reason, and the shard goes on") {
  const TempDirectory directory;
  const TempDirectory backups;
  Model model;
  ShardUnderTest test(directory.path());
  fill(test, model, 100, 'a');
  test.shard().backup().cut();
  CHECK(write(test, backups.path() + "/none/shard").error ==
        backups.path() + "/none/shard: No such file or directory");
  const std::atomic<bool> cancelled{true};
  test.shard().backup().cut();
  CHECK(write(test, backups.path() + "/shard", cancelled).error == "the server is shutting down");
  test.shard().backup().cut();
  test.shard().backup().drop();
  test.put("k", model["k"] = "v");
  test.shard().backup().cut();
  CHECK(write(test, backups.path() + "/shard").error == "");
  holds(backups.path() + "/shard", model);
}

}  // namespace
}  // namespace stave
