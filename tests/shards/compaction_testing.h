// SPDX-License-Identifier: Apache-2.0
// CompactedShard: one shard over the simulated disk, driven by hand: when a segment is sealed, how far
// compaction goes, which call fails, where the power goes. Time passes only in turn().
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shards/recovery.h"
#include "shards/segment_reader.h"
#include "shards/shard.h"
#include "shards/transaction_ledger.h"
#include "tests/shards/shard_testing.h"
#include "tests/shards/waiter.h"
#include "tests/sim/sim_disk.h"

namespace stave::testing {

struct CompactedShardSetup {
  std::uint64_t seed = 1;  // of the disk
  std::uint64_t segment_bytes = 64u << 10;
  unsigned threshold_percent = 20;
  std::uint32_t shards = 1;  // this one, and others that say nothing
  Fault fault = Fault::kNone;
  std::size_t part_bytes = limits::kPartBytes;
};

class CompactedShard {
 public:
  using Setup = CompactedShardSetup;
  using Contents = std::map<std::string, std::string>;

  explicit CompactedShard(const Setup& setup = {})
      : setup_(setup), disk_(std::make_unique<sim::SimDisk>(sim::Storage(), setup.seed)) {
    open();
  }
  ~CompactedShard() { tear_down(); }

  Shard& shard() { return *shard_; }
  Compaction& compaction() { return shard_->compaction(); }
  const Compaction::Counters& counters() { return compaction().counters(); }
  sim::SimDisk& disk() { return *disk_; }
  TestBackground& background() { return background_; }
  TransactionLedger& ledger() { return *ledger_; }
  std::int64_t now_ms() const { return now_ms_; }
  std::size_t keys() { return shard_->sizes().keys[0].load(); }

  void put(const std::string& key, std::string_view value, std::int64_t expiry_ms = 0, int db = 0) {
    REQUIRE(shard_->set_value({db, key}, {value, expiry_ms, false}).ok());
  }
  void del(const std::string& key, int db = 0) {
    REQUIRE(shard_->find({db, key}, false).exists);
    REQUIRE(shard_->remove({db, key}).ok());
  }
  // One change of a transaction: of this shard alone, if it has no id.
  void apply(const Change& change, std::uint64_t transaction = 0,
             const std::vector<std::uint16_t>& participants = {0}) {
    const std::uint64_t bytes = Shard::batch_bytes({change}, participants.size());
    REQUIRE(shard_->hold(bytes).ok());
    shard_->unhold(bytes);
    shard_->apply({change}, transaction, participants);
  }
  void flush_db(int db) {
    Change flush;
    flush.kind = Change::Kind::kFlushDb;
    flush.key.db = db;
    apply(flush);
  }
  // As a command does it: from memory, or from disk when it is cold.
  std::optional<std::string> get(const std::string& key, int db = 0) {
    for (;;) {
      const Found found = shard_->find({db, key}, true);
      if (!found.exists) return std::nullopt;
      if (found.resident) return std::string(found.value);
      Waiter waiter;
      shard_->stage({db, key}, &waiter);
      while (!waiter.called) {
        if (!shard_->build_some() && !waiter.called && disk_->in_flight() > 0) disk_->wait();
      }
      if (!waiter.error.empty()) return "error: " + waiter.error;
    }
  }
  // Everything in database 0, read from disk.
  Contents contents() {
    cool();
    Contents all;
    shard_->for_each(0, [&](std::string_view key, const Entry&) { all[std::string(key)]; });
    for (auto& [key, value] : all) value = get(key).value_or("lost");
    return all;
  }
  // Nothing is in memory any more.
  void cool() {
    settle();
    shard_->set_memory_bytes_max(1);
    while (shard_->demote()) {
      log_parts();
      settle();
      now_ms_ += 100;  // large collections that change wait for a quiet time
      shard_->set_now(now_ms_);
    }
    shard_->set_memory_bytes_max(0);
  }

  // Snapshots that are under way come to their end.
  void log_parts() {
    while (shard_->log_some_parts()) {
    }
  }

  // Records that stay live, and so many that compaction lets their segment be.
  void ballast(const std::string& key) { put(key, std::string(20000, 'b')); }
  // Records that are dead at once, so that compaction takes their segment.
  void waste() {
    for (int i = 0; i < 4; ++i) put("waste", std::string(3000, 'w'));
    del("waste");
  }

  void make_durable() {
    settle();
    while (!shard_->log().clean()) {
      REQUIRE_FALSE(shard_->log().failed());
      shard_->log().start_sync();
      settle();
    }
  }
  // All that was written is in sealed segments, and the next record begins another. Its number.
  std::uint64_t seal() {
    make_durable();
    shard_->log().close_active();
    settle();
    std::uint64_t number = 0;
    for (const auto& segment : shard_->segments()) {
      if (segment != nullptr) number = std::max(number, segment->header.number);
    }
    return number;
  }
  // What a loop turn does for compaction, and a second passes.
  void turn(std::int64_t ms = limits::kCompactionCheckMs) {
    now_ms_ += ms;
    shard_->set_now(now_ms_);
    shard_->answer_ledger();
    shard_->compact();
  }
  // Until there is nothing more to do. REQUIRES: the background keeps nothing.
  void compact() {
    for (int idle = 0, turns = 0; idle < 2; ++turns) {
      REQUIRE(turns < 500);
      turn();
      settle();
      idle = compaction().running() ? 0 : idle + 1;
    }
  }
  // With a background that keeps its jobs: one that is under way comes to its end.
  void end_job(std::size_t at = 0) {
    REQUIRE(background_.kept.size() > at);
    const TestBackground::Job job = background_.kept[at];
    background_.kept.erase(background_.kept.begin() + static_cast<std::ptrdiff_t>(at));
    job.work();
    job.done();
  }

  // Whether other shards have their parts of this one's transactions, as the next starts see it.
  void set_transactions_complete(bool complete) { complete_ = complete; }
  // The end of the process, or of the machine, and the next start.
  void crash(sim::Crash kind = sim::Crash::kKill) { start_from(disk_->image(kind)); }
  // The same at the call that disk().crash_at() named.
  void crash_as_taken() { start_from(disk_->take_image()); }

  Segment* segment(std::uint64_t number) {
    for (const auto& each : shard_->segments()) {
      if (each != nullptr && each->header.number == number) return each.get();
    }
    return nullptr;
  }
  std::vector<const Segment*> compacted() {
    std::vector<const Segment*> found;
    for (const auto& each : shard_->segments()) {
      if (each != nullptr && each->header.kind == SegmentKind::kCompacted) found.push_back(each.get());
    }
    return found;
  }
  struct Seen {
    std::uint64_t gsn = 0;
    RecordKind kind = RecordKind::kNone;
    std::string key;
    friend bool operator==(const Seen&, const Seen&) = default;
  };
  static std::vector<Seen> records_of(const Segment& segment) {
    SegmentReader reader(*segment.file, segment.header, segment.end_bytes);
    std::vector<Seen> records;
    Record record;
    std::uint64_t offset = 0;
    while (reader.next(record, offset) == SegmentReader::Outcome::kRecord)
      records.push_back({record.gsn, record.kind, std::string(record.key)});
    CHECK(reader.offset() == segment.end_bytes);
    return records;
  }
  // Live bytes and tombstones of each segment, by number.
  std::map<std::uint64_t, std::pair<std::uint64_t, std::uint64_t>> counts() {
    std::map<std::uint64_t, std::pair<std::uint64_t, std::uint64_t>> all;
    for (const auto& each : shard_->segments()) {
      if (each != nullptr && each->complete)
        all[each->header.number] = {each->live_bytes, each->tombstone_bytes};
    }
    return all;
  }
  void settle() {
    do {
      shard_->log().flush();
      disk_->flush();
      while (disk_->in_flight() > 0) disk_->wait();
    } while (!shard_->log().idle());
  }

 private:
  static constexpr const char* kDirectory = "shard";

  void open() {
    ledger_ = std::make_unique<TransactionLedger>(setup_.shards);
    Shard::Options options;
    options.ledger = ledger_.get();
    options.log.directory = kDirectory;
    options.log.segment_bytes = setup_.segment_bytes;
    options.log.fault = setup_.fault;
    options.part_bytes = setup_.part_bytes;
    shard_ = std::make_unique<Shard>(*disk_, background_, options);
    shard_->set_now(now_ms_);
    compaction().set({.threshold_percent = setup_.threshold_percent});
    Recovery recovery(*disk_, *shard_, options);
    Status status = recovery.read();
    if (status.ok()) status = recovery.finish([this](const TransactionHeader&) { return complete_; });
    INFO(status.message());
    REQUIRE(status.ok());
    settle();
  }
  void start_from(sim::Storage left) {
    const bool keep = background_.keep;
    tear_down();
    background_.keep = keep;
    disk_ = std::make_unique<sim::SimDisk>(std::move(left), setup_.seed);
    open();
  }
  // What still ends is of a process that is dead.
  void tear_down() {
    if (shard_ == nullptr) return;
    settle();
    compaction().stop();
    background_.finish();
    settle();
    shard_.reset();
  }

  const Setup setup_;
  std::unique_ptr<sim::SimDisk> disk_;
  TestBackground background_;
  std::unique_ptr<TransactionLedger> ledger_;
  std::unique_ptr<Shard> shard_;
  std::int64_t now_ms_ = 1'000'000;
  bool complete_ = true;
};

}  // namespace stave::testing
