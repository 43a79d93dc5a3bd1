// SPDX-License-Identifier: Apache-2.0
// SegmentReader: walks the records of a segment's file from the first on, in large buffered reads. For
// recovery, hints and the offline check. It reads nothing but the file that it is given.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "shards/record.h"
#include "shards/segment.h"

namespace stave {

class SegmentReader {
 public:
  enum class Outcome : std::uint8_t {
    kRecord,
    kEnd,    // zeros, or `end_bytes`: the log ends here
    kBad,    // the bytes at offset() are no record
    kError,  // the file cannot be read
  };

  // Reads up to `end_bytes` (the file's size for a segment that was not sealed).
  SegmentReader(File& file, const SegmentHeader& header, std::uint64_t end_bytes);

  // On kRecord, `offset_bytes` is where the record begins. Its views are good until before_read's callback.
  Outcome next(Record& record, std::uint64_t& offset_bytes);
  // Sets what is called, inside next(), before the views of earlier records lose their ground.
  void before_read(std::function<void()> callback) { before_read_ = std::move(callback); }
  // True when next() would give a record without reading.
  bool has_next() const;
  // Where the next record would begin.
  std::uint64_t offset() const { return offset_; }
  // Takes the record that was just read back: it is not what belongs there.
  void step_back(std::uint64_t offset_bytes) {
    buffered_ += offset_ - offset_bytes;
    offset_ = offset_bytes;
  }
  // Goes on at this offset.
  void seek(std::uint64_t offset_bytes) {
    offset_ = buffer_offset_ = offset_bytes;
    buffered_ = 0;
  }
  // What kBad or kError mean, with file and offset.
  Status error() const;
  // True if something was written from `from` on, where no whole batch is: anything but zeros; in a recycled
  // file, where old bytes follow, the beginning of a record with `gsn`.
  Result<bool> is_torn_at(std::uint64_t from, std::uint64_t gsn);

 private:
  // Makes at least `bytes` bytes from offset_ on available, or as many as there are before the end.
  bool fill(std::uint64_t bytes);
  void make_room(std::uint64_t bytes);
  std::string_view available() const { return {buffer_.get() + (offset_ - buffer_offset_), buffered_}; }

  Result<bool> rest_is_zero(std::uint64_t from);

  File& file_;
  const bool recycled_;
  const std::uint32_t seed_;
  const std::uint64_t end_bytes_;
  std::uint64_t offset_;
  std::unique_ptr<char[]> buffer_;
  std::uint64_t buffer_bytes_ = 0;
  std::uint64_t buffer_offset_;  // file offset of the buffer's first byte
  std::uint64_t buffered_ = 0;   // bytes available from offset_ on
  std::string read_error_;
  std::function<void()> before_read_;
};

}  // namespace stave
