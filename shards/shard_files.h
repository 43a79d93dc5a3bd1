// SPDX-License-Identifier: Apache-2.0
// ShardFiles: what lies in a shard's directory, and which of its segments count: the same judgement as
// recovery's, but for looking only and without stopping at the first fault. For the check and for salvage.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shards/manifest.h"
#include "shards/segment.h"

namespace stave {

struct SegmentFile {
  std::string path;
  std::uint64_t number = 0;
  std::uint64_t order = 0;  // of replay
  std::uint64_t file_bytes = 0;
  SegmentHeader header;
  std::string fault;     // why the header cannot be used; "" when it can
  bool blank = false;    // nothing was written to it
  bool listed = false;   // in the manifest
  bool garbage = false;  // neither there nor of the log behind it: the next start removes it
  bool tail = false;     // not listed, and nothing behind it is sealed
};

struct ShardFiles {
  Manifest manifest;
  std::string manifest_fault;           // why it cannot be used, with its path; then all segments count
  std::vector<SegmentFile> segments;    // in the order of replay
  std::vector<std::uint64_t> missing;   // numbers that the manifest lists
  std::vector<std::string> unfinished;  // names of files that were being made

  // Errors: the directory cannot be listed, a file cannot be opened or read.
  static Result<ShardFiles> read(Disk& disk, const std::string& directory, const DatabaseId& database,
                                 std::uint32_t shard);
};

}  // namespace stave
