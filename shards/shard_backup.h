// SPDX-License-Identifier: Apache-2.0
// ShardBackup: one shard's part of a hot backup.
//
//   cut     notes where the log ends; from here on compaction does not change which segments count
//   write   waits until all before the cut is durable and full segments are sealed, then another thread fills
//   a new directory: links to the
//           segments that are sealed and to their hints, copies of the records up to the cut of the others,
//           which become sealed segments of the backup, and the manifest
//
// No byte of what a link shares with the database changes: log segments are appended to only until they are
// sealed, and compaction removes a file that has a second name instead of using it again (compaction.h).
//
// Who cuts all shards at one moment, and makes the rest of the backup, is src/backup_run.h. Owner thread
// only.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "shards/disk.h"
#include "shards/manifest.h"
#include "shards/segment.h"
#include "shards/status.h"

namespace stave {

class Shard;

class ShardBackup {
 public:
  struct Size {
    std::uint64_t linked_segments = 0;
    std::uint64_t copied_bytes = 0;
  };
  using Done = std::function<void(const Status&, const Size&)>;

  explicit ShardBackup(Shard& shard) : shard_(shard) {}
  ~ShardBackup();

  // REQUIRES: no batch of the log is open, and none was cut before that is not over.
  void cut();
  // The cut is given up.
  void drop() { cut_.reset(); }
  // Fills `directory`, which must not exist, durably but for its own name. Calls `done` when that is over,
  // and with it the cut. Ends early when `cancelled` becomes true; it must outlive the backup. REQUIRES: cut.
  void write(std::string directory, const std::atomic<bool>& cancelled, Done done);
  // Goes on; true when it wants to be called again soon.
  bool step();

  // Which segments count must not change.
  bool holds_files() const { return cut_.has_value(); }
  bool idle() const { return !job_under_way_; }

 private:
  struct Cut {
    std::uint64_t gsn = 0;
    std::uint64_t segment_number = 0;  // of the one that the log ends in; 0: nothing was appended yet
    std::uint64_t end_bytes = 0;
  };
  // What another thread needs to know.
  struct Plan {
    struct Part {
      SegmentHeader header;  // as it is to be in the backup
      bool linked = false;   // otherwise copied
      bool hinted = false;
    };
    std::string from;
    std::string to;
    DatabaseId database{};
    std::uint32_t shard = 0;
    Manifest manifest;
    std::vector<Part> parts;
    std::unordered_set<std::uint64_t> void_transactions;
    const std::atomic<bool>* cancelled = nullptr;
    Status status;
    Size size;
  };

  bool seals_more() const;
  Plan make_plan() const;
  std::optional<Plan::Part> part_of(const Segment& segment) const;
  void end(const Status& status, const Size& size);

  // On the other thread.
  static void carry_out(Disk& disk, Plan& plan);
  static Status link_segment(Disk& disk, const Plan& plan, const Plan::Part& part);
  static Status copy_segment(Disk& disk, const Plan& plan, const Plan::Part& part);
  static Status copy_records(const Plan& plan, const SegmentHeader& header, File& from, File& to);

  Shard& shard_;
  std::optional<Cut> cut_;
  std::string directory_;
  const std::atomic<bool>* cancelled_ = nullptr;
  Done done_;  // null until write()
  bool job_under_way_ = false;
};

}  // namespace stave
