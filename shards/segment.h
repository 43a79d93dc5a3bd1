// SPDX-License-Identifier: Apache-2.0
// Segment: one file of a shard's log, and its header block. A Segment object is the shard's view of such a
// file; it owns the open file and counts what in it is live. Owner thread only.
//
// A log segment is what was appended; a compacted one holds what was live of earlier segments (compaction.h).
// Recovery replays segments by `order`: of a log segment that is its number, and a compacted one stands where
// the last segment stood that it was made of.
//
// Header block, 4096 bytes, little-endian; the rest of the block is zero:
//
//   "STAVESEG" | version u32 | crc u32 (of the block with this field 0) | database id 16 | shard u32 | kind
//   u8 | sealed u8 | generation u8 | recycled u8 | number u64 | lowest GSN u64 | highest GSN u64 (when
//   sealed) | end of the records u64 (when sealed) | order u64 (0: number) | clean GSN u64
//
// Records follow from kSegmentHeaderBytes on.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shards/disk.h"
#include "shards/status.h"

namespace stave {

using DatabaseId = std::array<std::uint8_t, 16>;

// What is written; 2: with records of collections, 3: with parts of them, and fields that expire. Everything
// from the oldest on is read.
inline constexpr std::uint32_t kFormatVersion = 3;
inline constexpr std::uint32_t kFormatVersionMin = 1;
inline constexpr std::uint64_t kSegmentHeaderBytes = 4096;

// Persistent: never renumber.
enum class SegmentKind : std::uint8_t { kLog = 1, kCompacted = 2 };

struct SegmentHeader {
  DatabaseId database{};
  std::uint32_t shard = 0;
  SegmentKind kind = SegmentKind::kLog;
  bool sealed = false;
  std::uint8_t generation = 0;  // how often its records were copied at least
  bool recycled = false;        // the file had another segment: old bytes follow the end
  std::uint64_t number = 0;
  std::uint64_t lowest_gsn = 0;
  std::uint64_t highest_gsn = 0;
  std::uint64_t end_bytes = 0;
  std::uint64_t order = 0;
  // No record in it was dead already when this was the shard's last GSN. 0 for log segments.
  std::uint64_t clean_gsn = 0;

  // Seed of the CRC of every record in this segment.
  std::uint32_t record_seed() const;
  // kSegmentHeaderBytes bytes.
  std::string encode() const;
  // Errors say what is wrong, without the file's name.
  static Result<SegmentHeader> decode(std::string_view block);
};

struct Segment {
  SegmentHeader header;
  std::unique_ptr<File> file;
  std::uint32_t seed = 0;                             // header.record_seed()
  std::uint64_t capacity_bytes = 0;                   // allocated size of the file
  std::uint64_t hint_bytes = 0;                       // size of its hint's file; 0 = none
  std::uint64_t end_bytes = kSegmentHeaderBytes;      // where the next record goes
  std::uint64_t written_bytes = kSegmentHeaderBytes;  // the kernel or the disk has all before this
  std::uint64_t durable_bytes = kSegmentHeaderBytes;  // the disk has all before this
  std::uint64_t live_bytes = 0;                       // of records that the index points at
  std::uint64_t tombstone_bytes = 0;  // of records that remove a key, or say that a transaction is void
  bool sealed = false;                // gets no more records, and what it has is durable
  bool complete = false;              // its header says so, too
  bool hinted = false;
  bool sealing = false;  // its header or its hint is being written, or will be
  bool damaged = false;  // compaction could not read it
};

// The segments of a shard by slot number; a null is a free slot.
using SegmentTable = std::vector<std::unique_ptr<Segment>>;
std::uint32_t free_slot(SegmentTable& segments);

std::string segment_name(std::uint64_t number);  // "00000001.seg"
std::string hint_name(std::uint64_t number);     // "00000001.hint"
std::string shard_name(std::uint32_t shard);     // "shard-0000"
// The number in "00000001" + `suffix`; 0 when `name` is not of that form.
std::uint64_t parse_segment_name(std::string_view name, std::string_view suffix);

// Little-endian fields of the formats.
template <typename T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
template <typename T>
T get(std::string_view bytes, std::size_t at) {
  T value;
  bytes.copy(reinterpret_cast<char*>(&value), sizeof value, at);
  return value;
}

}  // namespace stave
