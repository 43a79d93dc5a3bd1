// SPDX-License-Identifier: Apache-2.0
// KeyTable: which record is a key's newest, for the offline programs. About 80 bytes for each key, whatever
// the lengths of keys and values: the key itself stays on disk.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>

#include "shards/entry.h"
#include "shards/hash_key.h"
#include "shards/limits.h"

namespace stave {

struct NewestRecord {
  std::uint64_t gsn = 0;
  std::uint64_t offset_bytes = 0;
  std::uint32_t segment = 0;  // its place in ShardFiles::segments
  std::uint32_t bytes = 0;    // in the log, padding included; 0: the key was removed
  Type type = Type::kString;  // of its value
};

struct KeyDigestHash {
  std::size_t operator()(const KeyDigest& digest) const noexcept { return digest.low; }
};

using KeyTable = std::unordered_map<KeyDigest, NewestRecord, KeyDigestHash>;
using KeyTables = std::array<KeyTable, limits::kDatabases>;  // by database of the log

}  // namespace stave
