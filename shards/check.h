// SPDX-License-Identifier: Apache-2.0
// The offline check of a database: every record, every hint, every manifest; nothing is changed. For
// stave-check. It takes the segments as a start would (recovery.h), but goes on after a fault and names all
// that it finds.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "shards/limits.h"
#include "shards/record.h"
#include "shards/segment.h"
#include "shards/shard_files.h"

namespace stave {

struct SegmentCheck {
  std::string name;
  std::string hint;  // "hint", "no hint", "old hint" (of an older version), "bad hint"
  std::string note;  // about its tail; "" if there is nothing to say
  SegmentKind kind = SegmentKind::kLog;
  bool sealed = false;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  // up to the end of the records
  std::uint64_t lowest_gsn = 0;
  std::uint64_t highest_gsn = 0;
  std::uint64_t live_bytes = 0;       // of records that are their key's newest
  std::uint64_t tombstone_bytes = 0;  // of records that remove a key
  std::uint64_t dead_bytes() const {
    const std::uint64_t rest = kSegmentHeaderBytes + live_bytes + tombstone_bytes;
    return bytes > rest ? bytes - rest : 0;
  }
};

struct ShardCheck {
  std::vector<SegmentCheck> segments;                    // those that count, in the order of replay
  std::array<std::uint64_t, limits::kDatabases> keys{};  // expired ones included
  std::vector<std::string> notes;                        // what is left over from a crash
  std::vector<std::string> problems;                     // each names file and offset
};

class DatabaseCheck {
 public:
  // One directory for each shard of the database. Reads all that says which transactions over several shards
  // are complete.
  DatabaseCheck(Disk& disk, const DatabaseId& database, std::vector<std::string> directories);
  ShardCheck shard(std::uint32_t number);
  // Whether the part of the transaction that shard `number` has is void.
  bool is_void(std::uint32_t number, const TransactionHeader& header) const;

 private:
  struct Shard {
    std::string directory;
    ShardFiles files;
    std::string fault;                          // why there are no files
    std::unordered_set<std::uint64_t> parts;    // transactions that it has
    std::unordered_set<std::uint64_t> aborted;  // and those of which it says that they are void
  };

  void read_transactions(Shard& shard);
  std::uint64_t read_transactions(Shard& shard, const SegmentFile& segment);

  Disk& disk_;
  const DatabaseId database_;
  std::vector<Shard> shards_;
};

}  // namespace stave
