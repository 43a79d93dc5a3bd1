// SPDX-License-Identifier: Apache-2.0
#include "shards/segment_writer.h"

#include <algorithm>

#include "shards/disk_quota.h"
#include "shards/hint.h"
#include "shards/limits.h"

namespace stave {

SegmentWriter::SegmentWriter(Disk& disk, std::string directory, const SegmentHeader& header,
                             std::uint64_t bytes_max, Fault fault)
    : disk_(disk), directory_(std::move(directory)), header_(header), bytes_max_(bytes_max), fault_(fault) {
  header_.lowest_gsn = ~std::uint64_t{0};
  header_.highest_gsn = 0;
}

Status SegmentWriter::create() {
  auto file = disk_.create(temporary_path());
  if (!file.ok()) return file.take_status();
  segment_ = std::make_unique<Segment>();
  segment_->file = std::move(*file);
  segment_->seed = header_.record_seed();
  // So that a disk that is too full says so before anything is copied.
  return segment_->file->allocate(kSegmentHeaderBytes + bytes_max_);
}

Status SegmentWriter::add(const Record& record) {
  if (segment_ == nullptr) {
    if (auto status = create(); !status.ok()) return status;
  }
  Record copy = record;
  copy.flags = static_cast<std::uint8_t>(copy.flags & ~kContinues);
  const std::uint64_t size = record_bytes(copy.key.size(), copy.value.size(), copy.has(kHasExpiry));
  const std::size_t at = buffer_.size();
  buffer_.resize(at + size);
  encode_record(copy, buffer_.data() + at);
  finish_record(buffer_.data() + at, 0, segment_->seed);
  segment_->end_bytes += size;
  header_.lowest_gsn = std::min(header_.lowest_gsn, copy.gsn);
  header_.highest_gsn = std::max(header_.highest_gsn, copy.gsn);
  return buffer_.size() < limits::kCompactionWriteBytes ? Status() : write_buffer();
}

Status SegmentWriter::write_buffer() {
  const std::uint64_t offset = segment_->end_bytes - buffer_.size();
  if (auto status = segment_->file->write(offset, buffer_); !status.ok()) return status;
  buffer_.clear();
  if (segment_->end_bytes < synced_bytes_ + limits::kCompactionSyncBytes) return {};
  synced_bytes_ = segment_->end_bytes;
  return segment_->file->sync();
}

Result<std::unique_ptr<Segment>> SegmentWriter::finish() {
  if (segment_ == nullptr) return std::unique_ptr<Segment>();
  header_.sealed = true;
  header_.end_bytes = segment_->end_bytes;
  Status status = write_buffer();
  if (status.ok()) status = segment_->file->truncate(header_.end_bytes);
  if (status.ok()) status = segment_->file->write(0, header_.encode());
  if (status.ok() && fault_ != Fault::kReplaceBeforeSync) status = segment_->file->sync();
  if (status.ok()) status = disk_.rename(temporary_path(), path());
  if (status.ok()) status = disk_.sync_directory(directory_);
  if (!status.ok()) return status;
  // Opened anew under its name, which errors tell.
  auto file = disk_.open(path());
  if (!file.ok()) return file.take_status();
  segment_->file = std::move(*file);
  segment_->header = header_;
  segment_->capacity_bytes = segment_->written_bytes = segment_->durable_bytes = header_.end_bytes;
  segment_->sealed = segment_->complete = true;
  segment_->hinted = write_hint(disk_, directory_, header_, {}).ok();
  segment_->hint_bytes = size_of_file(disk_, directory_ + "/" + hint_name(header_.number));
  return std::move(segment_);
}

void SegmentWriter::give_up() {
  segment_ = nullptr;  // here, as whoever closes the file last frees its blocks, which takes time
  for (const std::string& written :
       {temporary_path(), path(), directory_ + "/" + hint_name(header_.number)}) {
    if (disk_.exists(written)) static_cast<void>(disk_.remove(written));
  }
}

}  // namespace stave
