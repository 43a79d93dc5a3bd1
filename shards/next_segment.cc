// SPDX-License-Identifier: Apache-2.0
#include "shards/next_segment.h"

#include <algorithm>

#include "shards/limits.h"
#include "shards/segment.h"

namespace stave {

std::string NextSegment::path() const {
  return plan_.directory + "/" + segment_name(plan_.number);
}

Status NextSegment::make() {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(over_, true)) {
    const Status status = make_file();
    if (!status.ok()) error_ = status.message();
  }
  return error_.empty() ? Status() : Status::error(error_);
}

Status NextSegment::discard() {
  const std::lock_guard lock(mutex_);
  over_ = true;
  error_ = path() + ": was discarded";
  file_.reset();
  return disk_.exists(path()) ? disk_.remove(path()) : Status();
}

void NextSegment::abandon() {
  const std::lock_guard lock(mutex_);
  over_ = true;
}

Status NextSegment::make_file() {
  auto file = open_file();
  if (!file.ok()) return file.take_status();
  file_ = std::move(*file);
  Status status = allocate();
  if (status.ok() && plan_.fault != Fault::kNoDirectorySync) status = disk_.sync_directory(plan_.directory);
  return status;
}

Result<std::unique_ptr<File>> NextSegment::open_file() const {
  if (plan_.spare_path.empty()) return disk_.create(path());
  if (auto status = disk_.rename(plan_.spare_path, path()); !status.ok()) return status;
  return disk_.open(path());
}

// A disk that is nearly full gets smaller segments.
Status NextSegment::allocate() {
  std::uint64_t& capacity = plan_.capacity_bytes;
  const std::uint64_t least =
      std::max((plan_.bytes_min + kBlockBytes - 1) / kBlockBytes * kBlockBytes, limits::kSegmentBytesMin);
  Status status = file_->allocate(capacity);
  while (!status.ok() && capacity / 2 >= least) {
    capacity = std::max(least, capacity / 2 / kBlockBytes * kBlockBytes);
    status = file_->allocate(capacity);
  }
  return status;
}

}  // namespace stave
