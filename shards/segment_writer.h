// SPDX-License-Identifier: Apache-2.0
// SegmentWriter: makes a whole sealed segment, record by record, for compaction and for salvage. It stands
// under a temporary name until finish() has made it durable. For one thread at a time, not the owner's: it
// blocks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "shards/disk.h"
#include "shards/fault.h"
#include "shards/record.h"
#include "shards/segment.h"
#include "shards/status.h"

namespace stave {

class SegmentWriter {
 public:
  // `header`: database, shard, kind, number, order, generation and clean GSN; the rest is filled in here.
  // `bytes_max`: what all records together may take.
  SegmentWriter(Disk& disk, std::string directory, const SegmentHeader& header, std::uint64_t bytes_max,
                Fault fault = Fault::kNone);

  // Verbatim, but as a batch of its own. Makes the file at the first record.
  Status add(const Record& record);
  // The segment, durable and with its hint; null when there was no record. A hint that cannot be written is
  // left out.
  Result<std::unique_ptr<Segment>> finish();
  // Removes what was written, and closes it. Nothing else may be called after it.
  void give_up();

  std::uint64_t bytes() const { return segment_ == nullptr ? 0 : segment_->end_bytes; }

 private:
  Status create();
  Status write_buffer();
  std::string temporary_path() const { return path() + ".new"; }
  std::string path() const { return directory_ + "/" + segment_name(header_.number); }

  Disk& disk_;
  const std::string directory_;
  SegmentHeader header_;
  const std::uint64_t bytes_max_;
  const Fault fault_;
  std::unique_ptr<Segment> segment_;
  std::string buffer_;  // not written yet
  std::uint64_t synced_bytes_ = 0;
};

}  // namespace stave
