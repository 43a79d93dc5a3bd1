// SPDX-License-Identifier: Apache-2.0
// Manifest: the file of a shard that says which of its segments count. There is none until compaction has
// replaced segments for the first time; from then on each replacement is one durable change of this file, so
// that a crash leaves all of the old segments in force or all of the new ones. It lists every sealed segment
// up to `log_gsn`; log segments with higher GSNs follow each other without a gap, as in a log that was never
// compacted. What it does not list and what is not such a segment is left over from a crash.
//
// It also keeps what the records said that were left out of the copies and concern more than one key.
//
// Format, little-endian:
//
//   manifest := "STAVEMAN" | version u32 | crc u32 (of the whole file with this field 0) | database id 16 |
//               shard u32 | 0 u32 | log GSN u64 | settled u64 | swap GSN u64 | db map u8 * 16 |
//               flush GSN u64 * 16 | segments u64 | number u64 * segments
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shards/disk.h"
#include "shards/limits.h"
#include "shards/segment.h"
#include "shards/status.h"

namespace stave {

inline constexpr const char* kManifestName = "manifest";

struct Manifest {
  std::uint64_t log_gsn = 0;
  // Transactions with a lower id are complete in all their shards, or the shards that have a part of them
  // also have a record that says that they are void.
  std::uint64_t settled = 0;
  // Of the last SWAPDB that was left out, and the mapping that it made.
  std::uint64_t swap_gsn = 0;
  std::array<std::uint8_t, limits::kDatabases> db_map{};
  // Records of a database up to this GSN are dead, as it was emptied then.
  std::array<std::uint64_t, limits::kDatabases> flush_gsn{};
  std::vector<std::uint64_t> segments;  // their numbers, ascending

  bool lists(std::uint64_t number) const;

  // Without I/O. Errors say what is wrong, without the file's name.
  static Result<Manifest> decode(std::string_view bytes, const DatabaseId& database, std::uint32_t shard);
  std::string encode(const DatabaseId& database, std::uint32_t shard) const;
  // Makes the header of damaged bytes fit DatabaseId{} and shard 0, so that a fuzzer reaches what lies
  // behind.
  static void mend_for_fuzzing(std::string& bytes);
  // Of a shard that was never compacted.
  static Manifest none();

  // An absent file is an empty manifest. Errors name the file.
  static Result<Manifest> load(Disk& disk, const std::string& directory, const DatabaseId& database,
                               std::uint32_t shard);
  // `in_doubt`: after an error, whether this manifest may be in force (replace_file).
  Status save(Disk& disk, const std::string& directory, const DatabaseId& database, std::uint32_t shard,
              bool* in_doubt = nullptr) const;
};

}  // namespace stave
