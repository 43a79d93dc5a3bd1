// SPDX-License-Identifier: Apache-2.0
// One shard on a real disk in a directory of its own, driven by hand: what the tests of the store share.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shards/recovery.h"
#include "shards/shard.h"
#include "shards/transaction_ledger.h"
#include "tests/shards/waiter.h"

namespace stave::testing {

// Background work happens at once, or is kept for the test to do.
class TestBackground final : public Background {
 public:
  struct Job {
    std::function<void()> work;
    std::function<void()> done;
  };
  bool keep = false;
  std::vector<Job> kept;

  void run(std::function<void()> work, std::function<void()> done) override {
    if (keep) return kept.push_back({std::move(work), std::move(done)});
    work();
    done();
  }
  // Does what was kept, and keeps nothing from now on.
  void finish() {
    keep = false;
    for (const Job& job : std::exchange(kept, {})) {
      job.work();
      job.done();
    }
  }
};

class TempDirectory {
 public:
  TempDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "stave-test-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TempDirectory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct ShardSetup {
  SyncMode mode = SyncMode::kEverysec;
  std::uint64_t segment_bytes = 64u << 10;
  std::uint64_t memory_bytes_max = 0;
  std::string backend = "threads";
  bool transactions_complete = true;  // as the other shards say
  std::uint32_t number = 0;
  DatabaseId database{};
  std::size_t part_bytes = limits::kPartBytes;
  std::function<void(Gone why, int db, std::string_view name)> gone = [](Gone, int, std::string_view) {};
};

class ShardUnderTest {
 public:
  ShardUnderTest(const std::string& directory, ShardSetup setup = {})
      : directory_(directory), setup_(std::move(setup)) {
    Status status = open();
    INFO((status.ok() ? std::string() : status.message()));
    REQUIRE(status.ok());
  }
  // For starts that must fail: error() is why.
  ShardUnderTest(const std::string& directory, ShardSetup setup, std::nullptr_t)
      : directory_(directory), setup_(std::move(setup)) {
    const Status status = open();
    if (!status.ok()) error_ = status.message();
  }
  ~ShardUnderTest() {
    settle();
    shard_.reset();
  }

  Shard& shard() { return *shard_; }
  TestBackground& background() { return background_; }
  const std::string& error() const { return error_; }
  const RecoveryReport& report() const { return report_; }
  const std::vector<std::string>& warnings() const { return warnings_; }

  void put(std::string_view key, std::string_view value, std::int64_t expiry_ms = 0, int db = 0) {
    REQUIRE(shard_->set_value({db, key}, {value, expiry_ms, false}).ok());
  }
  void del(std::string_view key, int db = 0) {
    if (shard_->find({db, key}, true).exists) REQUIRE(shard_->remove({db, key}).ok());
  }
  // Stages the value when it is cold.
  std::optional<std::string> get(std::string_view key, int db = 0) {
    Found found = shard_->find({db, key}, true);
    if (!found.exists) return std::nullopt;
    if (!found.resident) {
      Waiter waiter;
      shard_->stage({db, key}, &waiter);
      while (!waiter.called) {
        if (!shard_->build_some() && !waiter.called && disk_->in_flight() > 0) disk_->wait();
      }
      if (!waiter.error.empty()) return "error: " + waiter.error;
      found = shard_->find({db, key}, true);
    }
    return std::string(found.value);
  }
  void flush() {
    shard_->log().flush();
    disk_->flush();
  }
  // Until nothing is in flight.
  void settle() {
    if (shard_ == nullptr) return;
    flush();
    while (disk_->in_flight() > 0) disk_->wait();
  }
  // A turn of compaction, as a worker gives it; only what is durable is sealed, and compacted.
  void compact() {
    shard_->log().start_sync();
    settle();
    shard_->answer_ledger();
    shard_->compact();
    settle();
  }
  // A clean stop: everything durable, sealed, hinted.
  void close() {
    settle();
    while (!shard_->log().clean()) {
      shard_->log().start_sync();
      settle();
    }
    shard_->close();
    settle();
    shard_.reset();
  }
  // As kill -9 leaves it: what flush() handed to the kernel is there, nothing else happens.
  void crash() {
    while (disk_->in_flight() > 0) disk_->wait();
    shard_.reset();
  }

 private:
  Status open() {
    auto disk = open_disk(setup_.backend, nullptr);
    REQUIRE(disk.ok());
    disk_ = std::move(*disk);
    Shard::Options options;
    options.memory_bytes_max = setup_.memory_bytes_max;
    options.part_bytes = setup_.part_bytes;
    options.gone = setup_.gone;
    options.ledger = &ledger_;
    options.number = options.log.shard = setup_.number;
    options.log.database = setup_.database;
    options.log.directory = directory_;
    options.log.segment_bytes = setup_.segment_bytes;
    options.log.mode = setup_.mode;
    options.warn = options.log.warn = [this](const std::string& line) { warnings_.push_back(line); };
    const auto complete = [this](const TransactionHeader&) { return setup_.transactions_complete; };
    Status status;
    std::optional<Recovery> recovery;
    for (bool again = true; again && status.ok();) {
      recovery.reset();
      shard_ = std::make_unique<Shard>(*disk_, background_, options);
      recovery.emplace(*disk_, *shard_, options);
      status = recovery->read();
      auto dropped = status.ok() ? recovery->drop_hints(complete) : Result<bool>(false);
      if (!dropped.ok()) status = dropped.take_status();
      again = status.ok() && *dropped;
    }
    if (status.ok()) status = recovery->finish(complete);
    report_ = recovery->report();
    warnings_.insert(warnings_.end(), recovery->warnings().begin(), recovery->warnings().end());
    settle();
    return status;
  }

  std::string directory_;
  ShardSetup setup_;
  TestBackground background_;
  TransactionLedger ledger_{1};
  std::unique_ptr<Disk> disk_;
  std::unique_ptr<Shard> shard_;
  std::string error_;
  RecoveryReport report_;
  std::vector<std::string> warnings_;
};

// A shard that the test recovers step by step.
class Restart {
 public:
  Restart(const std::string& directory, std::uint64_t segment_bytes) {
    auto disk = open_disk("threads", nullptr);
    REQUIRE(disk.ok());
    disk_ = std::move(*disk);
    Shard::Options options;
    options.ledger = &ledger_;
    options.log.directory = directory;
    options.log.segment_bytes = segment_bytes;
    options.warn = options.log.warn = [](const std::string&) {};
    shard_ = std::make_unique<Shard>(*disk_, background_, options);
    recovery_ = std::make_unique<Recovery>(*disk_, *shard_, options);
  }
  Shard& shard() { return *shard_; }
  const RecoveryReport& report() const { return recovery_->report(); }
  void read() { REQUIRE(recovery_->read().ok()); }
  void finish() {
    REQUIRE(recovery_->finish([](const TransactionHeader&) { return true; }).ok());
  }

 private:
  TestBackground background_;
  TransactionLedger ledger_{1};
  std::unique_ptr<Disk> disk_;
  std::unique_ptr<Shard> shard_;
  std::unique_ptr<Recovery> recovery_;
};

}  // namespace stave::testing
