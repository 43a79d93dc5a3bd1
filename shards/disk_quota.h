// SPDX-License-Identifier: Apache-2.0
// DiskQuota: what maxdisk means for one shard. Each shard has the same share, and its log asks here before it
// makes a file. Plain arithmetic, no I/O; all values are bytes of files.
//
//   share     maxdisk / shards, for all files of the shard's directory
//   segment   the size of its segments at most: as configured, but not more than a sixteenth of the share, so
//             that a small share is not all in the segment that is being filled, which compaction cannot
//             reclaim. Usual is a power of two, up to a 64th of what is stored and not below 16 MiB: the
//             segment that is filled, the file that is kept for the next one and the copy that compaction
//             writes are space that holds nothing yet, and are to be little beside the data.
//   growth    share - 2 segments: commands that add data make the files no larger. One segment is for
//             compaction, which writes its copies before it frees anything; one for deletes and expiry, which
//             make room and must go on when the rest is full.
//   live      7/10 of growth: beyond it, a policy that evicts drops keys. At its shipped threshold compaction
//             leaves up to 3/10 dead bytes, so with less live data it reclaims as much as is written. This
//             looks at live bytes, not at files: what an evicted key took comes back only when compaction has
//             run, and until then nothing more should go.
//
// Commands that add no data are never refused: they get small segments, even beyond the share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shards/segment.h"
#include "shards/status.h"

namespace stave {

inline constexpr Error kDiskQuotaReached{
    "OOM command not allowed when the database takes all the disk space that 'maxdisk' allows."};

class DiskQuota {
 public:
  // `segment_bytes`: as configured.
  DiskQuota(std::uint64_t segment_bytes, std::uint64_t share_bytes)
      : configured_segment_bytes_(segment_bytes), share_bytes_(share_bytes) {}
  void set_share(std::uint64_t bytes) { share_bytes_ = bytes; }  // 0 = no limit

  bool limited() const { return share_bytes_ != 0; }
  std::uint64_t segment_bytes() const;
  std::uint64_t usual_segment_bytes(std::uint64_t used_bytes) const;
  std::uint64_t small_segment_bytes() const;
  std::uint64_t growth_bytes_max() const;
  std::uint64_t live_bytes_max() const { return growth_bytes_max() / 10 * 7; }

  // The size of a new segment that must hold `bytes_min`, when the files take `used_bytes` already. None:
  // what adds data must be refused.
  std::optional<std::uint64_t> new_segment_bytes(std::uint64_t bytes_min, std::uint64_t used_bytes,
                                                 bool adds_data) const;

 private:
  std::uint64_t configured_segment_bytes_;
  std::uint64_t share_bytes_;
};

// What the segments take on disk, with their hints.
std::uint64_t file_bytes(const SegmentTable& segments);
// What other files take in the shard's directory: the manifest, and what a recovery has cut.
std::uint64_t other_file_bytes(Disk& disk, const std::string& directory);
// 0 when there is no such file.
std::uint64_t size_of_file(Disk& disk, const std::string& path);

}  // namespace stave
