// SPDX-License-Identifier: Apache-2.0
// Finds what is intact in the file of one segment, whatever has become of the rest: behind a bad record the
// next place is searched where a record begins. A record counts when its checksum fits, whose seed is the
// identity of the segment, so bytes of a value or of another file do not pass for one. Bytes that the device
// cannot read are like bytes that are damaged. For salvage.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "shards/shard_files.h"

namespace stave {

struct ByteRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

struct ScannedSegment {
  SegmentFile file;           // its header made up from the hint, or from the name alone, if it is damaged
  bool header_known = true;   // not so if from the name alone
  bool exists = true;         // not so if only its hint is left
  std::uint64_t gsn_min = 0;  // records beyond these are stale: others have their place
  std::uint64_t gsn_max = ~std::uint64_t{0};

  // What scan_segment() finds, in the order of the file.
  std::vector<ByteRange> intact;
  std::vector<ByteRange> damaged;
  std::uint64_t highest_gsn = 0;       // of the intact records that count
  std::vector<std::uint64_t> parts;    // transactions that have a part here
  std::vector<std::uint64_t> aborted;  // and those that are void, as is said here

  bool counts(std::uint64_t gsn) const { return gsn >= gsn_min && gsn <= gsn_max; }
  std::uint64_t end_bytes() const { return file.header.sealed ? file.header.end_bytes : file.file_bytes; }
};

// A batch at the very end of a segment that was not sealed, and whose last record is missing, is left out:
// it was never answered.
void scan_segment(File& file, ScannedSegment& segment);

// Reads `file`, with zeros in place of what the device cannot read.
std::unique_ptr<File> forgiving(File& file);

}  // namespace stave
