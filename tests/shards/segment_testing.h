// SPDX-License-Identifier: Apache-2.0
// Segments made by hand, record by record, and files damaged by hand: for tests of what reads them.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "shards/disk.h"
#include "shards/hint.h"
#include "shards/record.h"
#include "shards/segment.h"

namespace stave::testing {

struct MadeRecord {
  std::uint64_t gsn = 0;
  RecordKind kind = RecordKind::kString;
  std::string key;
  std::string value;
  std::uint8_t flags = 0;
  std::uint8_t db = 0;
};

inline std::string transaction_value(std::uint64_t id, const std::vector<std::uint16_t>& participants) {
  std::string value;
  put(value, id);
  for (const std::uint16_t shard : participants) put(value, shard);
  return value;
}

struct MadeSegment {
  SegmentHeader header;  // number and kind, and what else shall differ; ranges follow from the records
  std::vector<MadeRecord> records;
  bool sealed = true;
  bool hinted = true;

  std::string bytes(SegmentHeader& whole) const {
    whole = header;
    whole.sealed = sealed;
    if (whole.order == 0) whole.order = whole.number;
    std::string body;
    for (const MadeRecord& made : records) {
      const Record record{made.kind, made.flags, made.db, made.gsn, 0, made.key, made.value};
      std::string encoded(record_bytes(made.key.size(), made.value.size(), record.has(kHasExpiry)), '\0');
      encode_record(record, encoded.data());
      finish_record(encoded.data(), 0, whole.record_seed());
      body += encoded;
      if (header.lowest_gsn == 0 && (whole.lowest_gsn == 0 || made.gsn < whole.lowest_gsn))
        whole.lowest_gsn = made.gsn;
      if (sealed && made.gsn > whole.highest_gsn) whole.highest_gsn = made.gsn;
    }
    if (sealed) whole.end_bytes = kSegmentHeaderBytes + body.size();
    return whole.encode() + body;
  }

  void write(Disk& disk, const std::string& directory) const {
    SegmentHeader whole;
    const std::string all = bytes(whole);
    std::ofstream(directory + "/" + segment_name(whole.number), std::ios::binary) << all;
    if (sealed && hinted) REQUIRE(write_hint(disk, directory, whole, {}).ok());
  }
};

inline SegmentHeader log_header(std::uint64_t number) {
  SegmentHeader header;
  header.number = number;
  return header;
}

inline SegmentHeader compacted_header(std::uint64_t number, std::uint64_t order) {
  SegmentHeader header = log_header(number);
  header.kind = SegmentKind::kCompacted;
  header.order = order;
  header.generation = 1;
  return header;
}

inline void flip_byte(const std::string& path, std::uint64_t offset) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  const int byte = file.get();
  REQUIRE(byte != EOF);
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(static_cast<char>(~byte));
}

}  // namespace stave::testing
