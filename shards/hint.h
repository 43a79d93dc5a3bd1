// SPDX-License-Identifier: Apache-2.0
// Hint: what recovery needs of a sealed segment, without the values. Made by reading the sealed segment back,
// off the hot path, and written under a temporary name first: a hint that is there is whole, and one that
// does not fit its segment or its checksum is ignored with a warning (the segment itself is then read).
//
// Format, little-endian:
//
//   header := "STAVEHNT" | version u32 | crc u32 (of the whole file with this field 0) | database id 16 |
//             shard u32 | 0 u32 | number u64 | lowest GSN u64 | highest GSN u64 | end of the records u64 |
//             entries u64
//   file   := header | entry * entries
//   entry  := kind u8 | flags u8 | db u8 | 0 u8 | key length u32 | value length u32 | offset / 8 u32 |
//             GSN u64 | [expiry i64 if kHasExpiry] | key | [value, for kinds other than values and edits]
//
// Entries are in the order of the log. Batches of transactions that recovery found void are left out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "shards/record.h"
#include "shards/segment.h"

namespace stave {

// Whether entries of this kind have the record's value.
constexpr bool hint_has_value(RecordKind kind) {
  return !is_value(kind) && !is_edits(kind);
}

// One entry: a record, without what is a key's value or a part of it. The views point into the hint's bytes.
struct HintEntry {
  Record record;
  std::uint32_t value_bytes = 0;
  std::uint64_t offset_bytes = 0;
};

class HintWriter {
 public:
  explicit HintWriter(const SegmentHeader& segment) : segment_(segment) {}
  void add(const Record& record, std::uint64_t offset_bytes);
  // Writes `path` by way of a temporary file and makes it durable. The segment's header must be sealed.
  Status write(Disk& disk, const std::string& directory, const std::string& name);

 private:
  SegmentHeader segment_;
  std::string entries_;
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
  // One entry after the other: `at` begins as 0. False behind the last.
  bool next(std::size_t& at, HintEntry& entry) const;
  // Gives the bytes back, for their memory; nothing else may be called after it.
  std::string take_bytes() { return std::move(bytes_); }
  // Entries one by one: where the first begins, and the one at `at`, which is moved to the next.
  // REQUIRES: called at most count() times.
  std::size_t begin() const { return kHeaderBytes; }
  HintEntry decode(std::size_t& at) const;
  // Calls `visit` for each entry in order.
  template <typename Visit>
  void for_each(Visit visit) const {
    std::size_t at = kHeaderBytes;
    for (std::uint64_t i = 0; i < count_; ++i) visit(decode(at));
  }

 private:
  static constexpr std::size_t kHeaderBytes = 80;

  Status check_entries() const;

  std::string bytes_;
  std::uint64_t count_ = 0;
};

// Reads a sealed segment back and writes its hint. `void_transactions`: ids whose batches are left out.
Status write_hint(Disk& disk, const std::string& directory, const SegmentHeader& segment,
                  const std::unordered_set<std::uint64_t>& void_transactions);

}  // namespace stave
