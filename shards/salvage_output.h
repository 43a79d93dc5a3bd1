// SPDX-License-Identifier: Apache-2.0
// SalvageOutput: the segments of the database that a salvage writes, one shard's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "shards/record.h"
#include "shards/segment.h"
#include "shards/segment_writer.h"

namespace stave {

class SalvageOutput {
 public:
  SalvageOutput(Disk& disk, std::string into, const DatabaseId& database, std::uint32_t shard,
                std::uint64_t segment_bytes);

  // So many bytes of records are still to come; segments are made no larger than that.
  void expect(std::uint64_t bytes) { left_bytes_ += bytes; }
  // Gives the record its GSN, and does nothing after an error.
  void add(Record record);
  const Status& status() const { return status_; }
  Status finish();

 private:
  void end_segment();

  Disk& disk_;
  const std::string into_;
  const std::uint64_t segment_bytes_;
  SegmentHeader header_;
  std::unique_ptr<SegmentWriter> writer_;
  std::uint64_t left_bytes_ = 0;
  std::uint64_t capacity_ = 0;
  std::uint64_t gsn_ = 0;
  Status status_;
};

}  // namespace stave
