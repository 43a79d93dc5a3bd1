// SPDX-License-Identifier: Apache-2.0
// The offline check of one shard: every record, every hint, nothing changed. For stave-check.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "shards/limits.h"
#include "shards/segment.h"

namespace stave {

struct SegmentCheck {
  std::string name;
  std::string hint;  // "hint", "no hint", "bad hint"
  std::string note;  // about its tail; "" if there is nothing to say
  bool sealed = false;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::uint64_t lowest_gsn = 0;
  std::uint64_t highest_gsn = 0;
};

struct ShardCheck {
  std::vector<SegmentCheck> segments;
  std::array<std::uint64_t, limits::kDatabases> keys{};  // expired ones included
  std::vector<std::string> problems;                     // each names file and offset
};

ShardCheck check_shard(Disk& disk, const std::string& directory, const DatabaseId& database,
                       std::uint32_t shard);

}  // namespace stave
