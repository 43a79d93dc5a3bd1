// SPDX-License-Identifier: Apache-2.0
#include "shards/salvage_output.h"

#include <algorithm>
#include <utility>

namespace stave {

SalvageOutput::SalvageOutput(Disk& disk, std::string into, const DatabaseId& database, std::uint32_t shard,
                             std::uint64_t segment_bytes)
    : disk_(disk), into_(std::move(into)), segment_bytes_(segment_bytes) {
  header_.database = database;
  header_.shard = shard;
}

void SalvageOutput::add(Record record) {
  const std::uint64_t size = record_bytes(record.key.size(), record.value.size(), record.has(kHasExpiry));
  if (writer_ != nullptr && writer_->bytes() + size > kSegmentHeaderBytes + capacity_) end_segment();
  if (!status_.ok()) return;
  if (writer_ == nullptr) {
    header_.order = ++header_.number;
    capacity_ = std::max(size, std::min(left_bytes_, segment_bytes_ - kSegmentHeaderBytes));
    writer_ = std::make_unique<SegmentWriter>(disk_, into_, header_, capacity_);
  }
  record.gsn = ++gsn_;
  status_ = writer_->add(record);
  left_bytes_ -= std::min(left_bytes_, size);
}

Status SalvageOutput::finish() {
  end_segment();
  return std::move(status_);
}

void SalvageOutput::end_segment() {
  if (writer_ != nullptr && status_.ok()) {
    auto segment = writer_->finish();
    if (!segment.ok()) status_ = segment.take_status();
  }
  writer_.reset();
}

}  // namespace stave
