// SPDX-License-Identifier: Apache-2.0
// How many clients there may be beside the files of the store, given how many files the system lets this
// process have open (ulimit -n).
#pragma once

#include <cstdint>

namespace stave {

// Open files of the store: a segment takes two.
struct StoreFiles {
  std::int64_t at_start = 0;
  std::int64_t later = 0;  // what it may come to need, as far as that can be told
};

// `segments`: those that are there at the start. `disk_bytes_max`: maxdisk; 0: no limit.
StoreFiles files_of_store(std::uint64_t segments, std::uint32_t shards, std::uint64_t disk_bytes_max,
                          std::uint64_t segment_bytes);

struct FileRoom {
  std::int64_t clients = 0;      // as wanted, or fewer
  std::int64_t store_files = 0;  // what is left for the store when so many are there
};

// How `files` open files are shared. What the store needs at the start goes first; of what it may need later
// it gets at least a quarter of all files, and the rest only where the clients do not need it.
FileRoom share_files(std::int64_t files, std::int64_t clients, const StoreFiles& store);

// Raises the limit to the hard limit, or further if `clients` sockets and the store need it, as far as the
// system allows, and shares it.
FileRoom make_room_for_files(std::int64_t clients, const StoreFiles& store);

}  // namespace stave
