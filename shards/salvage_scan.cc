// SPDX-License-Identifier: Apache-2.0
#include "shards/salvage_scan.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "shards/segment_reader.h"

namespace stave {
namespace {

using Outcome = SegmentReader::Outcome;

class ForgivingFile final : public File {
 public:
  explicit ForgivingFile(File& file) : file_(file) {}
  const std::string& path() const override { return file_.path(); }
  Result<std::uint64_t> size() override { return file_.size(); }
  Result<std::size_t> read(std::uint64_t offset, std::span<char> into) override {
    auto all = file_.read(offset, into);
    if (all.ok()) return all;
    std::size_t done = 0;
    while (done < into.size()) {
      const std::size_t block = kBlockBytes - (offset + done) % kBlockBytes;
      const std::span<char> piece = into.subspan(done, std::min<std::size_t>(block, into.size() - done));
      auto got = file_.read(offset + done, piece);
      if (!got.ok()) std::fill(piece.begin(), piece.end(), '\0');
      if (got.ok() && *got == 0) break;
      done += got.ok() ? *got : piece.size();
    }
    return done;
  }
  Status write(std::uint64_t, std::string_view) override { return refuse(); }
  Status sync() override { return refuse(); }
  Status allocate(std::uint64_t) override { return refuse(); }
  Status truncate(std::uint64_t) override { return refuse(); }

 private:
  Status refuse() const { return Status::error(path() + ": is open for reading only"); }

  File& file_;
};

// Whether a record of the log may begin with these bytes, `rest` bytes before the end. A cheap look before
// its checksum is computed.
bool may_begin_record(const char* at, std::uint64_t rest) {
  const auto kind = static_cast<std::uint8_t>(at[4]);
  if (kind == 0 || kind > static_cast<std::uint8_t>(kLastRecordKind) || at[7] != 0) return false;
  if (static_cast<std::uint8_t>(at[6]) >= limits::kDatabases) return false;
  const std::string_view header(at, kRecordHeaderBytes);
  const bool has_expiry = (static_cast<std::uint8_t>(at[5]) & kHasExpiry) != 0;
  const std::uint64_t size =
      record_bytes(get<std::uint32_t>(header, 8), get<std::uint32_t>(header, 12), has_expiry);
  const auto gsn = get<std::uint64_t>(header, 16);
  return size <= rest && gsn != 0 && gsn >> 56 == 0;
}

class Scanner {
 public:
  Scanner(File& file, ScannedSegment& segment)
      : file_(file),
        segment_(segment),
        end_(std::min(segment.end_bytes(), segment.file.file_bytes)),
        reader_(file, segment.file.header, end_),
        chunk_(limits::kScanChunkBytes, '\0'),
        last_gsn_(segment.file.header.lowest_gsn - 1) {}

  void run() {
    Record record;
    std::uint64_t offset = 0;
    while (true) {
      if (reader_.next(record, offset) == Outcome::kRecord) {
        take(record, offset);
        continue;
      }
      const std::uint64_t bad = reader_.offset();
      const std::uint64_t next = bad < end_ ? find_record(bad + 8) : 0;
      if (next == 0) return finish(bad);
      // Of a batch with a hole, what is there is kept.
      commit();
      end_range(bad);
      segment_.damaged.push_back({bad, next});
      begin_ = next;
      reader_.seek(next);
    }
  }

 private:
  void take(const Record& record, std::uint64_t offset) {
    if (batch_begin_ == 0) batch_begin_ = offset;
    last_gsn_ = record.gsn;
    if (segment_.counts(record.gsn)) {
      highest_gsn_ = std::max(highest_gsn_, record.gsn);
      TransactionHeader header;
      if (record.kind == RecordKind::kTransaction && TransactionHeader::decode(record.value, header))
        parts_.push_back(header.id);
      if (record.kind == RecordKind::kAbort && record.value.size() == 8)
        aborted_.push_back(get<std::uint64_t>(record.value, 0));
    }
    if (!record.has(kContinues)) commit();
  }

  void commit() {
    segment_.highest_gsn = std::max(segment_.highest_gsn, highest_gsn_);
    segment_.parts.insert(segment_.parts.end(), parts_.begin(), parts_.end());
    segment_.aborted.insert(segment_.aborted.end(), aborted_.begin(), aborted_.end());
    parts_.clear();
    aborted_.clear();
    batch_begin_ = 0;
  }

  void end_range(std::uint64_t end) {
    if (end > begin_) segment_.intact.push_back({begin_, end});
  }

  // No record begins behind `bad`.
  void finish(std::uint64_t bad) {
    const bool sealed = segment_.file.header.sealed;
    if (sealed) commit();
    end_range(batch_begin_ == 0 ? bad : batch_begin_);
    if (!sealed) return finish_open(bad);
    if (segment_.end_bytes() > bad) segment_.damaged.push_back({bad, segment_.end_bytes()});
  }

  // Zeros follow the end of the log, or what an earlier segment has left in a recycled file.
  void finish_open(std::uint64_t bad) {
    const auto torn = reader_.is_torn_at(bad, last_gsn_ + 1);
    if (torn.ok() && !*torn) return;
    const std::uint64_t end = segment_.file.header.recycled ? bad + kRecordHeaderBytes : end_of_data(bad);
    segment_.damaged.push_back({bad, std::max(bad + 8, end)});
  }

  // The first record from `from` on whose checksum fits; 0 if there is none.
  std::uint64_t find_record(std::uint64_t from) {
    from = (from + 7) & ~std::uint64_t{7};
    while (from + kRecordHeaderBytes <= end_) {
      const std::uint64_t got = read(from);
      if (got < kRecordHeaderBytes) return 0;
      std::uint64_t at = 0;
      for (; at + kRecordHeaderBytes <= got; at += 8) {
        if (may_begin_record(chunk_.data() + at, end_ - from - at) &&
            is_record(std::string_view(chunk_).substr(at, got - at), from + at))
          return from + at;
      }
      from += at;
    }
    return 0;
  }

  // `bytes` are those from `offset` on, as far as they are at hand.
  bool is_record(std::string_view bytes, std::uint64_t offset) {
    Record record;
    std::uint64_t size = 0;
    const DecodeResult result = decode_record(bytes, segment_.file.header.record_seed(), record, size);
    if (result != DecodeResult::kTruncated) return result == DecodeResult::kOk;
    reader_.seek(offset);
    return reader_.next(record, size) == Outcome::kRecord;
  }

  // Where the last bytes behind `from` end that are not zero.
  std::uint64_t end_of_data(std::uint64_t from) {
    std::uint64_t end = from;
    while (from < end_) {
      const std::uint64_t got = read(from);
      if (got == 0) break;
      for (std::uint64_t i = got; i > 0; --i) {
        if (chunk_[i - 1] == 0) continue;
        end = std::min((from + i + 7) & ~std::uint64_t{7}, end_);
        break;
      }
      from += got;
    }
    return end;
  }

  std::uint64_t read(std::uint64_t from) {
    const std::uint64_t bytes = std::min<std::uint64_t>(chunk_.size(), end_ - from);
    auto got = file_.read(from, {chunk_.data(), bytes});
    return got.ok() ? *got : 0;
  }

  File& file_;
  ScannedSegment& segment_;
  const std::uint64_t end_;
  SegmentReader reader_;
  std::string chunk_;
  std::uint64_t begin_ = kSegmentHeaderBytes;  // of the intact records at hand
  std::uint64_t last_gsn_;                     // of the last record
  // Of the batch at hand, whose last record is still to come.
  std::uint64_t batch_begin_ = 0;
  std::uint64_t highest_gsn_ = 0;
  std::vector<std::uint64_t> parts_;
  std::vector<std::uint64_t> aborted_;
};

}  // namespace

void scan_segment(File& file, ScannedSegment& segment) {
  Scanner(file, segment).run();
}

std::unique_ptr<File> forgiving(File& file) {
  return std::make_unique<ForgivingFile>(file);
}

}  // namespace stave
