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
  if (file_ == nullptr) return {};
  file_.reset();
  return disk_.remove(path());
}

void NextSegment::abandon() {
  const std::lock_guard lock(mutex_);
  over_ = true;
}

Status NextSegment::make_file() {
  // A file of this number can only be left from an attempt that failed half way.
  if (disk_.exists(path())) {
    if (auto removed = disk_.remove(path()); !removed.ok()) return removed;
  }
  auto file = open_file();
  if (!file.ok()) return file.take_status();
  file_ = std::move(*file);
  Status status = allocate();
  if (status.ok() && plan_.fault != Fault::kNoDirectorySync) status = disk_.sync_directory(plan_.directory);
  if (status.ok()) return status;
  file_.reset();
  if (auto removed = disk_.remove(path()); !removed.ok()) return removed;
  return status;
}

Result<std::unique_ptr<File>> NextSegment::open_file() const {
  if (plan_.spare_path.empty()) return disk_.create(path());
  if (auto status = disk_.rename(plan_.spare_path, path()); !status.ok()) return status;
  auto file = disk_.open(path());
  // Behind later segments a file without a header would pass for a damaged one.
  if (!file.ok()) static_cast<void>(disk_.remove(path()));
  return file;
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
