// SPDX-License-Identifier: Apache-2.0
// Log: the append-only end of one shard. Commands append records to a buffer in memory; flush(), once for
// each loop turn, hands them on. What "committed" means depends on the mode:
//
//   always          a durable O_DIRECT write; one in flight, what arrives meanwhile forms the next group
//   everysec, no    the kernel has the bytes (a buffered write inside flush()); synced each second, or never
//
// Owner thread only. Invariants: GSNs are dense; durable_gsn <= written_gsn <= last_gsn; bytes of a batch are
// contiguous in one segment; space for a record is sure before anything is changed in memory (reserve).
// A failed write or sync is final: the log refuses everything from then on and says why (failure()).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shards/background.h"
#include "shards/disk.h"
#include "shards/disk_quota.h"
#include "shards/entry.h"
#include "shards/fault.h"
#include "shards/limits.h"
#include "shards/log_buffer.h"
#include "shards/next_segment.h"
#include "shards/record.h"
#include "shards/segment.h"
#include "shards/status.h"

namespace stave {

enum class SyncMode : std::uint8_t { kAlways, kEverysec, kNo };

// What a command is told when the log cannot take what it does, or took what it did or saw and then failed.
Status log_failed(const std::string& reason);

class Log {
 public:
  struct Options {
    std::string directory;  // of the shard
    DatabaseId database{};
    std::uint32_t shard = 0;
    std::uint64_t segment_bytes = 256u << 20;
    std::uint64_t disk_bytes_max = 0;  // the shard's share of maxdisk; 0 = no limit
    SyncMode mode = SyncMode::kEverysec;
    Fault fault = Fault::kNone;  // tests only
    // Told when writes begin to be refused, and when they are taken again.
    std::function<void(const std::string&)> warn = [](const std::string&) {};
  };
  struct Counters {
    std::uint64_t bytes_written = 0;
    std::uint64_t commits = 0;  // durable group commits (always)
    std::uint64_t syncs = 0;
    std::uint64_t made_ahead = 0;      // segments whose file was there when it was needed
    std::uint64_t space_refusals = 0;  // reserve() that found the disk full
  };

  Log(Disk& disk, SegmentTable& segments, Options options);
  ~Log();  // REQUIRES: idle()
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // After recovery: the highest GSN and segment number that are in use.
  void start_after(std::uint64_t gsn, std::uint64_t segment_number);
  // The size that a segment should have now.
  std::uint64_t usual_segment_bytes() const { return quota_.usual_segment_bytes(file_bytes(segments_)); }
  // The number of a segment that somebody else makes.
  std::uint64_t next_number() { return ++last_number_; }

  // Makes sure that one batch of up to `bytes` fits. `now_ms` bounds how often a full disk is asked.
  Status reserve(std::uint64_t bytes, std::int64_t now_ms);
  // The same, and keeps the space aside until the batch of a transaction is appended, when unhold() gives it
  // back.
  Status hold(std::uint64_t bytes, std::int64_t now_ms);
  void unhold(std::uint64_t bytes) { held_bytes_ -= bytes; }

  // --- maxdisk (disk_quota.h).
  const DiskQuota& quota() const { return quota_; }
  void set_disk_bytes_max(std::uint64_t bytes);
  // Whether what is reserved next adds data, and so is refused when the share is taken.
  void set_adds_data(bool adds) { adds_data_ = adds; }
  // True while the files take more than commands that add data may make them.
  bool quota_reached(std::int64_t now_ms);
  // True when there is no room for another whole segment of data.
  bool short_of_disk(std::int64_t now_ms) {
    return quota_.limited() && disk_bytes_lately(now_ms) + quota_.segment_bytes() > quota_.growth_bytes_max();
  }
  // What the shard's files take.
  std::uint64_t disk_bytes() const {
    return file_bytes(segments_) + spare_bytes_ + next_bytes() + other_bytes_;
  }
  // True while there are full segments that are not durable yet.
  bool has_unsealed() const { return !unsealed_.empty(); }
  // The files have changed otherwise than by appending.
  void look_at_disk_again() { disk_looked_ms_ = -1; }
  void count_other_files() { other_bytes_ = other_file_bytes(disk_, options_.directory); }

  // A file of a segment that is gone, with a blank header block: the next segment is made of it, as blocks
  // that were written before are faster than new ones. `bytes`: of the file.
  bool wants_spare() const;
  void take_spare(std::string path, std::uint64_t bytes);
  std::uint64_t spare_bytes() const { return spare_bytes_; }

  // When half of the active segment is filled, has the next one's file made in the background. To be called
  // once for each loop turn.
  void prepare_next(Background& background, std::int64_t now_ms);
  // Of the file that is ready for the next segment, or soon will be.
  std::uint64_t next_bytes() const { return next_ == nullptr ? 0 : next_bytes_; }

  // Appends one record (its GSN is set here). REQUIRES: reserved. Outside a batch it is a batch of its own.
  Location append(Record record);
  void begin_batch() { in_batch_ = true; }
  void end_batch();
  bool in_batch() const { return in_batch_; }

  // Hands on what was appended since the last call, as the mode says.
  void flush();
  // Starts a sync of what was written and not yet synced (everysec: each second; no: when a segment is full).
  // Nothing if one is under way.
  void start_sync();
  // Pushes what is at or below `gsn` on towards the disk; true when it is there. To be called again until
  // then, or until the log has failed.
  bool make_durable(std::uint64_t gsn);
  void set_mode(SyncMode mode) { mode_ = mode; }
  SyncMode mode() const { return mode_; }

  std::uint64_t last_gsn() const { return last_gsn_; }
  // Replies may leave for what is at or below this.
  std::uint64_t committed_gsn() const { return mode_ == SyncMode::kAlways ? durable_gsn_ : written_gsn_; }
  std::uint64_t durable_gsn() const { return durable_gsn_; }
  // True when the record at `location` may be dropped from memory: a read would find it.
  bool readable(Location location) const;
  // True when the record at `location` is committed in the sense of the mode.
  bool committed(Location location) const;
  // Called after written or durable GSN have moved, or the log has failed.
  void on_progress(std::function<void()> callback) { on_progress_ = std::move(callback); }
  // Called with the slot of a segment that will get no more records and is durable.
  void on_sealed(std::function<void(std::uint32_t)> callback) { on_sealed_ = std::move(callback); }

  // True from when the disk was found full until there is room for a new segment again. Meanwhile only what
  // fits into the old one is taken.
  bool out_of_space() const { return space_retry_ms_ != 0; }
  bool failed() const { return !failure_.empty(); }
  const std::string& failure() const { return failure_; }
  bool idle() const { return !commit_in_flight_ && !zero_in_flight_ && syncs_in_flight_ == 0; }
  // True when nothing is waiting to be written or to become durable.
  bool clean() const { return idle() && durable_gsn_ == last_gsn_; }
  // Seals the active segment (it must be clean, or the log failed), so that the next record begins a new one.
  void close_active();

  // Slot of the segment that is appended to; none when there was nothing to append yet.
  std::optional<std::uint32_t> active() const {
    return active_ == kNoSegment ? std::nullopt : std::optional(active_);
  }
  // Where the records of the segment in `slot` end, those that are not handed on yet included.
  std::uint64_t end_of(std::uint32_t slot) const {
    return slot == active_ ? end_bytes() : segments_[slot]->end_bytes;
  }
  std::size_t buffer_bytes() const;
  const Counters& counters() const { return counters_; }

 private:
  static constexpr std::uint32_t kNoSegment = ~0u;

  std::uint64_t end_bytes() const { return buffer_.base + buffer_.used; }
  Status ensure(std::uint64_t bytes, std::int64_t now_ms);
  void tell_space(const Status& status, std::int64_t now_ms);
  std::uint64_t disk_bytes_lately(std::int64_t now_ms);
  void tell_quota(bool reached, std::int64_t now_ms);
  Status roll(std::uint64_t batch_bytes, std::uint64_t capacity);
  Status make_next(std::uint64_t bytes_min, std::uint64_t capacity);
  NextSegment::Plan plan_next(std::uint64_t capacity);
  void begin_segment(NextSegment& next);
  void drop_spare();
  void finish_at(std::size_t at, std::uint8_t flags);

  void write_buffered(LogBuffer& buffer);
  void start_commit();
  void submit_commit(LogBuffer& buffer);
  void commit_done(IoRequest& request);
  void zero_ahead();
  void zero_done(IoRequest& request);
  void sync_next();
  void sync_done(IoRequest& request);
  void drop_written();
  void seal_rolled();
  void fail(std::string reason);
  void progress() {
    if (on_progress_) on_progress_();
  }

  Disk& disk_;
  SegmentTable& segments_;
  const Options options_;
  SyncMode mode_;

  std::uint64_t last_gsn_ = 0;
  std::uint64_t written_gsn_ = 0;
  std::uint64_t durable_gsn_ = 0;
  std::uint64_t last_number_ = 0;

  std::uint32_t active_ = kNoSegment;   // slot
  LogBuffer buffer_;                    // of the active segment, from a block boundary on
  LogBuffer spare_;                     // memory of the last commit, to be used again
  std::deque<LogBuffer> rolled_;        // ends of earlier segments that are not handed on yet
  std::deque<std::uint32_t> unsealed_;  // slots of earlier segments that are not durable yet
  std::string spare_path_;              // "": none
  std::uint64_t spare_bytes_ = 0;
  std::shared_ptr<NextSegment> next_;  // shared with the background; null: not begun
  std::uint64_t next_bytes_ = 0;
  std::uint32_t prepared_for_ = kNoSegment;  // the active segment behind which it is to come
  std::uint64_t held_bytes_ = 0;
  bool in_batch_ = false;
  std::vector<std::size_t> batch_;  // offsets in buffer_ of the open batch's records

  IoRequest commit_;
  LogBuffer committing_;
  std::uint64_t commit_gsn_ = 0;
  bool commit_in_flight_ = false;
  IoRequest zero_;
  AlignedBuffer zeros_;
  std::uint64_t zeroed_bytes_ = 0;  // of the active segment: blocks before this have been written once
  bool zero_in_flight_ = false;
  IoRequest sync_;
  std::deque<std::uint32_t> to_sync_;
  std::uint64_t sync_gsn_ = 0;
  std::uint64_t sync_written_bytes_ = 0;
  int syncs_in_flight_ = 0;

  std::int64_t space_retry_ms_ = 0;
  std::string space_error_;
  bool told_of_space_ = false;  // the server's log has that the disk is full, and not yet that it has room
  std::int64_t space_told_ms_ = -limits::kSpaceToldMs;
  DiskQuota quota_;
  bool adds_data_ = false;
  std::uint64_t other_bytes_ = 0;  // of files other than segments and hints
  std::uint64_t disk_bytes_ = 0;   // of all files, as of the last look and of what was rolled since
  std::int64_t disk_looked_ms_ = -1;
  bool told_of_quota_ = false;
  std::int64_t quota_told_ms_ = -limits::kSpaceToldMs;
  std::string failure_;
  Counters counters_;
  std::function<void()> on_progress_;
  std::function<void(std::uint32_t)> on_sealed_;
};

// While it lives, what is reserved adds data, if so.
class AddsData {
 public:
  AddsData(Log& log, bool adds) : log_(log) { log.set_adds_data(adds); }
  ~AddsData() { log_.set_adds_data(false); }
  AddsData(const AddsData&) = delete;
  AddsData& operator=(const AddsData&) = delete;

 private:
  Log& log_;
};

}  // namespace stave
