// SPDX-License-Identifier: Apache-2.0
// Hint: what recovery needs of a sealed segment, without the values. Made by reading the sealed segment back,
// off the hot path, and written under a temporary name first: a hint that is there is whole, and one that
// does not fit its segment or its checksum is ignored with a warning (the segment itself is then read).
//
// Format, little-endian:
//
//   header := "STAVEHNT" | version u32 | crc u32 | database id 16 |
//             shard u32 | 0 u32 | number u64 | lowest GSN u64 | highest GSN u64 | end of the records u64 |
//             entries u64
//   file   := header | entry * entries
//   entry  := kind u8 | flags u8 | db u8 | gap | GSN step | [expiry if kHasExpiry] |
//             key length | value length | key | [value, for kinds other than values, edits and parts]
//
// The crc is of all entries, and then of the header with this field 0: so a hint is written in pieces.
//
// Numbers in an entry are LEB128 (packed.h). The gap is what lies between the end of the record before, or
// the segment's header, and this one, in units of 8 bytes; the GSN step is from the successor of the GSN
// before, or the segment's lowest, and the expiry in ms, both with their sign in the lowest bit. So records
// that follow each other take little more than their keys.
//
// Entries are in the order of the log. Batches of transactions that recovery found void are left out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "shards/disk.h"
#include "shards/record.h"
#include "shards/segment.h"

namespace stave {

// Whether entries of this kind have the record's value.
constexpr bool hint_has_value(RecordKind kind) {
  return !is_value(kind) && !is_link(kind);
}

// One entry: a record, without what is a key's value or a part of it. The views point into the hint's bytes.
struct HintEntry {
  Record record;
  std::uint32_t value_bytes = 0;
  std::uint64_t offset_bytes = 0;
};

// What an entry is relative to: where the record before it ends, and the GSN after that one's.
struct HintPosition {
  explicit HintPosition(const SegmentHeader& segment)
      : offset_bytes(kSegmentHeaderBytes), gsn(segment.lowest_gsn) {}
  void pass(const Record& record, std::uint64_t value_bytes, std::uint64_t record_offset_bytes) {
    offset_bytes = record_offset_bytes + record_bytes(record.key.size(), value_bytes, record.has(kHasExpiry));
    gsn = record.gsn + 1;
  }
  std::uint64_t offset_bytes;
  std::uint64_t gsn;
};

class HintWriter {
 public:
  // The segment's header must be sealed.
  HintWriter(Disk& disk, const std::string& directory, const SegmentHeader& segment);
  // REQUIRES: the record lies behind those before it.
  void add(const Record& record, std::uint64_t offset_bytes);
  // Makes the hint durable. Without it there is none.
  Status finish();

 private:
  void write_piece();

  SegmentHeader segment_;
  HintPosition position_;
  FileReplacement file_;
  std::string piece_;  // entries that are still to be written
  std::uint64_t written_bytes_;
  std::uint32_t crc_ = 0;  // of the entries that are written
  std::uint64_t count_ = 0;
};

class HintReader {
 public:
  // Takes the whole file's bytes. An error says why the hint cannot be used for this segment.
  static Result<HintReader> open(std::string bytes, const SegmentHeader& segment);

  // The segment that a hint says it is of, sealed, for when the segment's own header cannot be read:
  // identity, GSNs and end. What open() does with it says whether the hint is whole.
  static Result<SegmentHeader> segment_of(std::string_view bytes);

  // How many entries the header says there are, unchecked; none when it cannot be read.
  static std::optional<std::uint64_t> announced_count(File& file);

  // Makes the header of damaged bytes fit the segment SegmentHeader{}, so that a fuzzer reaches what lies
  // behind it.
  static void mend_for_fuzzing(std::string& bytes);

  std::uint64_t count() const { return count_; }
  // Gives the bytes back, for their memory; nothing else may be called after it.
  std::string take_bytes() { return std::move(bytes_); }

  // Takes the entries one after the other. The reader must outlive it.
  class Walk {
   public:
    explicit Walk(const HintReader& hint);
    // False behind the last, and where there is none in its right form.
    bool next(HintEntry& entry);

   private:
    friend class HintReader;
    std::string_view rest_;
    HintPosition position_;
  };

  // Calls `visit` for each entry in order.
  template <typename Visit>
  void for_each(Visit visit) const {
    HintEntry entry;
    for (Walk walk(*this); walk.next(entry);) visit(entry);
  }

 private:
  explicit HintReader(const SegmentHeader& segment) : begin_(segment) {}
  Status check_entries() const;

  HintPosition begin_;
  std::string bytes_;
  std::uint64_t count_ = 0;
};

// True for one that an older version wrote: a start reads its segment instead, and writes a new one.
bool is_older_hint(Disk& disk, const std::string& path);

// Reads a sealed segment back and writes its hint. `void_transactions`: ids whose batches are left out.
Status write_hint(Disk& disk, const std::string& directory, const SegmentHeader& segment,
                  const std::unordered_set<std::uint64_t>& void_transactions);

}  // namespace stave
