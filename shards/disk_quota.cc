// SPDX-License-Identifier: Apache-2.0
#include "shards/disk_quota.h"

#include <algorithm>
#include <bit>

#include "shards/limits.h"

namespace stave {
namespace {

std::uint64_t round_down(std::uint64_t bytes) {
  return bytes / kBlockBytes * kBlockBytes;
}

}  // namespace

std::uint64_t DiskQuota::segment_bytes() const {
  if (!limited()) return configured_segment_bytes_;
  const std::uint64_t part = std::max(round_down(share_bytes_ / 16), limits::kSegmentBytesMin);
  return std::min(configured_segment_bytes_, part);
}

std::uint64_t DiskQuota::usual_segment_bytes(std::uint64_t used_bytes) const {
  const std::uint64_t part = std::bit_floor(used_bytes / limits::kSegmentPart);
  return std::min(segment_bytes(), std::max(part, limits::kUsualSegmentBytesMin));
}

std::uint64_t DiskQuota::small_segment_bytes() const {
  return std::max(round_down(segment_bytes() / 8), limits::kSegmentBytesMin);
}

std::uint64_t DiskQuota::growth_bytes_max() const {
  const std::uint64_t kept = 2 * segment_bytes();
  return share_bytes_ > kept ? share_bytes_ - kept : 0;
}

std::optional<std::uint64_t> DiskQuota::new_segment_bytes(std::uint64_t bytes_min, std::uint64_t used_bytes,
                                                          bool adds_data) const {
  const std::uint64_t least = (bytes_min + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
  const std::uint64_t usual = usual_segment_bytes(used_bytes);
  if (!limited()) return std::max(least, usual);
  const std::uint64_t growth = growth_bytes_max();
  const std::uint64_t room = growth > used_bytes ? round_down(growth - used_bytes) : 0;
  if (room >= std::max(least, limits::kSegmentBytesMin)) {
    return std::max(least, std::min(room, usual));
  }
  if (adds_data) return std::nullopt;
  return std::max(least, small_segment_bytes());
}

std::uint64_t file_bytes(const SegmentTable& segments) {
  std::uint64_t bytes = 0;
  for (const auto& segment : segments) {
    if (segment != nullptr) bytes += segment->capacity_bytes + segment->hint_bytes;
  }
  return bytes;
}

std::uint64_t other_file_bytes(Disk& disk, const std::string& directory) {
  const auto names = disk.list(directory);
  if (!names.ok()) return 0;
  std::uint64_t bytes = 0;
  for (const std::string& name : *names) {
    if (name.ends_with(".seg") || name.ends_with(".hint") || name.ends_with(".new")) continue;
    bytes += size_of_file(disk, directory + "/" + name);
  }
  return bytes;
}

std::uint64_t size_of_file(Disk& disk, const std::string& path) {
  auto file = disk.open(path);
  if (!file.ok()) return 0;
  const auto size = (*file)->size();
  return size.ok() ? *size : 0;
}

}  // namespace stave
