// SPDX-License-Identifier: Apache-2.0
#include "shards/segment_reader.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "shards/limits.h"

namespace stave {

SegmentReader::SegmentReader(File& file, const SegmentHeader& header, std::uint64_t end_bytes)
    : file_(file),
      recycled_(header.recycled),
      seed_(header.record_seed()),
      end_bytes_(end_bytes),
      offset_(kSegmentHeaderBytes),
      buffer_offset_(kSegmentHeaderBytes) {}

bool SegmentReader::fill(std::uint64_t bytes) {
  if (before_read_) before_read_();
  const std::uint64_t wanted =
      std::min(std::max<std::uint64_t>(bytes, limits::kScanChunkBytes), end_bytes_ - offset_);
  make_room(wanted);
  auto got = file_.read(offset_ + buffered_, {buffer_.get() + buffered_, wanted - buffered_});
  if (!got.ok()) {
    read_error_ = got.message();
    return false;
  }
  buffered_ += *got;
  return true;
}

// Moves what is buffered to the front of a buffer of at least so many bytes, which need not be set.
void SegmentReader::make_room(std::uint64_t bytes) {
  char* const from = buffer_.get() + (offset_ - buffer_offset_);
  if (buffer_bytes_ < bytes) {
    std::unique_ptr<char[]> larger(new char[bytes]);
    if (buffered_ > 0) std::memcpy(larger.get(), from, buffered_);
    buffer_ = std::move(larger);
    buffer_bytes_ = bytes;
  } else if (buffered_ > 0) {
    std::memmove(buffer_.get(), from, buffered_);
  }
  buffer_offset_ = offset_;
}

bool SegmentReader::has_next() const {
  const std::uint64_t size = encoded_record_bytes(available());
  return size != 0 && size <= buffered_;
}

SegmentReader::Outcome SegmentReader::next(Record& record, std::uint64_t& offset_bytes) {
  std::uint64_t size = 0;
  while (true) {
    if (offset_ >= end_bytes_) return Outcome::kEnd;
    const DecodeResult result = decode_record(available(), seed_, record, size);
    if (result == DecodeResult::kOk) break;
    if (result == DecodeResult::kEnd) return Outcome::kEnd;
    if (result == DecodeResult::kBad) return Outcome::kBad;
    const std::uint64_t before = buffered_;
    if (offset_ + size > end_bytes_) {
      // A header that promises more than the file has; a few trailing bytes are the end, if they are zero.
      if (size != kRecordHeaderBytes) return Outcome::kBad;
      if (!fill(end_bytes_ - offset_)) return Outcome::kError;
      const std::string_view rest = available();
      return std::all_of(rest.begin(), rest.end(), [](char c) { return c == 0; }) ? Outcome::kEnd
                                                                                  : Outcome::kBad;
    }
    if (!fill(size)) return Outcome::kError;
    if (buffered_ == before) return Outcome::kBad;
  }
  offset_bytes = offset_;
  offset_ += size;
  buffered_ -= size;
  return Outcome::kRecord;
}

Status SegmentReader::error() const {
  if (!read_error_.empty()) return Status::error(read_error_);
  return Status::error(file_.path() + ": bad record at offset " + std::to_string(offset_));
}

Result<bool> SegmentReader::is_torn_at(std::uint64_t from, std::uint64_t gsn) {
  if (!recycled_) {
    auto zero = rest_is_zero(from);
    if (!zero.ok()) return zero.take_status();
    return !*zero;
  }
  std::string bytes(kRecordHeaderBytes, '\0');
  auto got = file_.read(from, bytes);
  if (!got.ok()) return got.take_status();
  return *got == bytes.size() && encoded_record_gsn(bytes) == gsn;
}

Result<bool> SegmentReader::rest_is_zero(std::uint64_t from) {
  auto size = file_.size();
  if (!size.ok()) return size.take_status();
  std::vector<char> chunk(std::min<std::uint64_t>(limits::kScanChunkBytes, *size > from ? *size - from : 0));
  while (from < *size) {
    auto got = file_.read(from, chunk);
    if (!got.ok()) return got.take_status();
    if (*got == 0) break;
    if (std::any_of(chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(*got),
                    [](char c) { return c != 0; })) {
      return false;
    }
    from += *got;
  }
  return true;
}

}  // namespace stave
