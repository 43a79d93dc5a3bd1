// SPDX-License-Identifier: Apache-2.0
// SalvageParts: parts of collections (chain.h) that a salvage comes across, of one database of the log: which
// of them make up a snapshot that is whole, and so a value of their key.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "shards/hash_key.h"
#include "shards/key_table.h"
#include "shards/record.h"

namespace stave {

class SalvageParts {
 public:
  // The first and the last part of a snapshot.
  struct Series {
    std::uint64_t first_gsn = 0;
    std::uint64_t last_gsn = 0;
    Type type = Type::kHash;
  };

  // A part that is there, or that only a hint tells of. Any record that is there twice counts once.
  void add(const Record& part, bool is_there);
  // After all were added: looks for the newest snapshot of the key, newer than `gsn`, of which no part is
  // missing, and none of `lost_gsns` is within it. Those in front of it are of no interest then.
  void choose(const KeyDigest& key, std::uint64_t gsn, const std::vector<std::uint64_t>& lost_gsns);
  // Null when the key has none.
  const Series* chosen(const KeyDigest& key) const;
  // Of the last part of the newest snapshot that was brought to its end, whole or not; 0: there is none.
  std::uint64_t newest_gsn(const KeyDigest& key) const;
  // Whether the part was within the newest snapshot that was brought to its end.
  bool was_live(const Record& part) const;
  // Calls `visit` with each key that has parts.
  template <typename Visit>
  void for_each_key(Visit visit) const {
    for (const auto& [key, parts] : parts_) visit(key);
  }

 private:
  struct Part {
    std::uint64_t gsn = 0;
    std::uint32_t number = 0;
    Type type = Type::kHash;
    bool first = false;
    bool last = false;
    bool is_there = false;
  };
  using Parts = std::vector<Part>;

  static bool is_whole(Parts::const_iterator first, Parts::const_iterator last);

  std::unordered_map<KeyDigest, Parts, KeyDigestHash> parts_;  // sorted by choose()
  std::unordered_map<KeyDigest, Series, KeyDigestHash> chosen_;
};

}  // namespace stave
