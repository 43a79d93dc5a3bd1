// SPDX-License-Identifier: Apache-2.0
// Salvage: makes a new database of all that is intact in a damaged one, which it only reads. For stave-check.
//
// Every segment file counts, also behind a gap or without a header, but for those of which a whole manifest
// says that compaction has replaced them. Of each key the record with the highest GSN wins; a flush, and a
// tombstone or flush that only a hint still tells of, count as well. A transaction that a shard lacks is
// void, as at a start, unless that shard has lost something: then it cannot be told, and the parts that there
// are are kept.
//
// The files are read three times: what is intact, which records are newest, and to copy those. In memory are
// about 80 bytes for each key of one shard, and one record.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "shards/database.h"
#include "shards/disk.h"

namespace stave {

struct SalvageOptions {
  std::uint64_t segment_bytes = 256u << 20;
  // What is lost, a line for each place and for each key that is known to be concerned.
  std::function<void(const std::string&)> lost = [](const std::string&) {};
};

struct SalvageReport {
  std::uint64_t keys = 0;         // written, expired ones included
  std::uint64_t places_lost = 0;  // damaged ranges, missing segments and the like; 0: nothing is lost
};

// `into` must be absent or empty. It gets a new database id, so that no file of the old one can ever be taken
// for one of the new. An error means that `into` is no database.
Result<SalvageReport> salvage(Disk& disk, const Database& from, const std::string& into,
                              const SalvageOptions& options);

}  // namespace stave
