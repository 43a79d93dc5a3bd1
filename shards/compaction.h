// SPDX-License-Identifier: Apache-2.0
// Compaction: gives the space of dead records back. A run replaces some sealed segments, the victims, by one
// compacted segment with what is live in them, or by nothing:
//
//   copy     batch by batch: another thread reads records of the victims and writes those that are kept; the
//            owner only looks up which are live
//   seal     the copy is made durable and gets its hint
//   settle   waits until nothing that was judged dead could become live again by a power loss: what took its
//            place is durable, transactions that were taken apart are complete in every shard
//   switch   the manifest names the new segment instead of the victims: one durable change
//   repoint  the index follows, batch by batch
//   release  victims go when nobody reads them any more; a file may become the log's next segment
//
// A switch waits while a backup relies on the manifest and its files (shard_backup.h), and a file that a
// backup has, too, is removed, never used again.
//
// Up to the switch a run can be given up at any time and leaves only files to remove. A crash leaves the old
// segments in force, or the new one (recovery.h).
//
// What is kept: a string that the index points at; a tombstone of a key that is absent, as long as an older
// record of that key may stand in another segment (victims.h); an abort record as long as the void batch may.
// What a flush or a swap of databases says goes into the manifest. All of a segment's records keep their
// GSNs, and stand where the last victim stood in the order of replay: a record that was live then has nothing
// newer of its key behind it but in the log.
//
// Owner thread only; the other thread has the run's reader and writer while a job is under way. What may
// block is done there, too: closing the last name of a large file takes the kernel a tenth of a second. A
// batch is looked up in slices, between which commands run: what is judged to be dead stays so, and what is
// judged to be live may die, as between two batches.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "shards/manifest.h"
#include "shards/segment_reader.h"
#include "shards/segment_writer.h"
#include "shards/status.h"

namespace stave {

class Shard;
class Slot;

struct CompactionSettings {
  unsigned threshold_percent = 30;  // of dead bytes, from which on they are given back; 100: never
  std::uint64_t budget_bytes = 0;   // read and written in a second; 0: no limit
};

class Compaction {
 public:
  struct Counters {
    std::uint64_t runs = 0;
    std::uint64_t bytes_read = 0;
    std::uint64_t bytes_written = 0;
    std::uint64_t bytes_freed = 0;
    std::uint64_t segments_freed = 0;
    std::uint64_t errors = 0;
    std::uint64_t slices = 0;       // pieces of work on the loop
    std::uint64_t slices_long = 0;  // that took more than a millisecond of CPU time
  };

  explicit Compaction(Shard& shard);
  ~Compaction();

  void set(const CompactionSettings& settings) { settings_ = settings; }
  const CompactionSettings& settings() const { return settings_; }
  // Goes one step on, at most a millisecond's work. Returns when it wants to be called again, Unix ms: 0 when
  // that is no matter of time. A job that ends, and each second, are reasons to call it, too.
  std::int64_t step();
  // There is another sealed segment.
  void look_soon() { idle_until_ms_ = 0; }
  // Begins nothing new; what is under way is given up.
  void stop();
  bool idle() const { return !job_under_way_; }
  bool running() const { return run_ != nullptr; }
  // The manifest is being replaced: which segments count is not known until that is done.
  bool switching() const { return job_under_way_ && run_ != nullptr && run_->phase == Phase::kSwitch; }

  const Counters& counters() const { return counters_; }
  const std::string& last_error() const { return last_error_; }
  // CPU time of the longest step.
  std::uint64_t slice_us_max() const { return slice_us_max_; }
  // True while a run is under way, or may begin soon: who lacks disk space should wait for it.
  bool may_give_space() const;
  // Dead bytes beyond what the threshold allows.
  std::uint64_t backlog_bytes() const;
  // Until they are gone, at the rate of late; 0 when there are none, -1 when no rate is known.
  std::int64_t seconds_left() const;

 private:
  enum class Phase : std::uint8_t { kCopy, kSeal, kSettle, kSwitch, kRepoint, kRelease };
  struct Item {
    Record record;
    std::uint64_t offset_bytes = 0;
    std::uint64_t hash = 0;
    bool keep = false;
  };
  struct Run {
    Phase phase = Phase::kCopy;
    std::vector<std::uint32_t> victims;  // slots, in the order of replay
    std::int64_t started_ms = 0;
    std::uint64_t clean_gsn = 0;  // the last GSN when the run began
    std::uint64_t freed_bytes = 0;
    Manifest manifest;      // as it is to be
    bool in_doubt = false;  // it may be in force, though it could not be written for sure

    // The victim that is being copied.
    std::size_t at = 0;
    std::shared_ptr<SegmentReader> reader;
    std::uint64_t end_bytes = 0;   // of what is read
    std::uint64_t hiding_gsn = 0;  // tombstones above it must stay
    bool older_log = false;        // a log segment before it stays
    bool in_void_batch = false;
    double urgency = 1;

    std::vector<Item> batch;
    std::size_t looked_up = 0;   // items of the batch that the owner is done with
    bool batch_is_last = false;  // of what is read
    bool unreadable = false;
    Status status;  // of the last job

    // What was judged depends on no later GSN, and on no transaction of this id or a higher one.
    std::uint64_t judged_gsn = 0;
    std::uint64_t judged_transaction = 0;
    std::uint64_t kept_bytes = 0;  // of strings
    std::unique_ptr<SegmentWriter> writer;
    std::unique_ptr<Segment> output;
    std::uint32_t output_slot = 0;
    bool files_gone = false;
    std::string spare_path;  // a victim's file that is to be used again
    std::uint64_t spare_bytes = 0;
  };

  bool enabled() const;
  bool begin();
  std::unique_ptr<SegmentReader> open_victim();
  void copy_batch();
  void judge_batch();
  template <typename Look>
  void look_up_slice(Look look);
  void count_slice(std::int64_t started_ns);
  void judge_slice();
  std::uint64_t judge(Item& item);
  void prefetch(std::size_t from, std::size_t to) const;
  void prefetch_entries(std::size_t from, std::size_t to) const;
  bool is_kept(const Item& item);
  bool is_pointed_at(const Item& item) const;
  Slot* find(const Item& item) const;
  void enter_transaction(const Record& record);
  void note_swap(const Record& record);
  void seal();
  void settle();
  void switch_over();
  void switched();
  void start_repointing();
  void repoint_batch();
  void batch_read();
  void repoint_slice();
  void repoint(const Item& item);
  void release();
  void files_gone();
  void end_run();
  bool victims_are_read() const;
  Status remove_files(Run& run, const std::vector<std::uint64_t>& numbers) const;

  // On the other thread.
  static void read_batch(Run& run);
  static Status write_batch(Run& run);

  void job(std::function<void()> work, void (Compaction::*then)());
  void pace(std::uint64_t bytes);
  bool waits_for_commands() const;
  void give_up(const Status& status);
  void fail(const Status& status);

  Shard& shard_;
  CompactionSettings settings_;
  std::unique_ptr<Run> run_;
  bool job_under_way_ = false;
  bool stopping_ = false;
  bool stopped_ = false;            // until the next start: which manifest counts is not known
  std::uint64_t looked_gsn_ = 0;    // the last GSN when it looked for victims last
  std::int64_t next_ms_ = 0;        // not before: the pace, or an error
  std::int64_t idle_until_ms_ = 0;  // there was nothing to do
  Counters counters_;
  std::string last_error_;
  std::uint64_t slice_us_max_ = 0;
  double freed_bytes_per_ms_ = 0;  // of late
};

}  // namespace stave
