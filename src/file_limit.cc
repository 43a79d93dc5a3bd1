// SPDX-License-Identifier: Apache-2.0
#include "src/file_limit.h"

#include <sys/resource.h>

#include <algorithm>

#include "shards/disk_quota.h"

namespace stave {
namespace {

constexpr std::int64_t kFilesOfSegment = 2;  // one of them for O_DIRECT
// Of each shard beside its segments: one that is being made, a hint, a ring.
constexpr std::int64_t kFilesOfShard = 4;
constexpr std::int64_t kFilesOfServer = 32;  // listeners, loops, the log: what Redis takes as well
// Nobody knows how many segments there will be, so no less than this is reserved, where it is to be had.
constexpr std::int64_t kStoreFilesUsual = 4096;
constexpr std::int64_t kStorePart = 4;
// Compaction leaves segments that are smaller than usual, but joins those below an eighth of that: a quarter
// on average is on the safe side.
constexpr std::uint64_t kSegmentPart = 4;

// As far as the hard limit goes; beyond it, which only the privileged may, to `wanted`.
rlim_t raised_to(rlim_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  const rlim_t beyond = std::max(wanted, limit.rlim_max);
  for (const rlim_t files : {beyond, limit.rlim_max}) {
    if (limit.rlim_cur >= files) break;
    const rlimit attempt = {files, std::max(files, limit.rlim_max)};
    if (setrlimit(RLIMIT_NOFILE, &attempt) == 0) return files;
  }
  return limit.rlim_cur;
}

}  // namespace

StoreFiles files_of_store(std::uint64_t segments, std::uint32_t shards, std::uint64_t disk_bytes_max,
                          std::uint64_t segment_bytes) {
  std::uint64_t later = 2 * segments;  // a database that doubles
  if (disk_bytes_max != 0) {
    const std::uint64_t share = disk_bytes_max / shards;
    const DiskQuota quota(segment_bytes, share);
    later = std::max(segments, shards * (share / (quota.usual_segment_bytes(share) / kSegmentPart) + 1));
  }
  const std::int64_t others = kFilesOfServer + kFilesOfShard * shards;
  return {others + kFilesOfSegment * static_cast<std::int64_t>(segments),
          others + kFilesOfSegment * static_cast<std::int64_t>(later)};
}

FileRoom share_files(std::int64_t files, std::int64_t clients, const StoreFiles& store) {
  const std::int64_t reserved =
      std::min(std::max(store.later, kStoreFilesUsual), std::max(store.at_start, files / kStorePart));
  const std::int64_t possible = std::clamp(files - reserved, std::int64_t{1}, clients);
  return {possible, files - possible};
}

FileRoom make_room_for_files(std::int64_t clients, const StoreFiles& store) {
  const rlim_t files = raised_to(static_cast<rlim_t>(clients + std::max(store.later, kStoreFilesUsual)));
  return share_files(static_cast<std::int64_t>(std::min<rlim_t>(files, INT64_MAX)), clients, store);
}

}  // namespace stave
