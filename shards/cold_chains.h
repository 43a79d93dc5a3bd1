// SPDX-License-Identifier: Apache-2.0
// ColdChains: where the records of collections are whose edits have not been written into a snapshot, for one
// database of one shard. Only a start leaves such collections cold: recovery notes all that it comes across,
// and settles what is left of it at its end. The first command that needs the value has it read
// (shards/stager.h), and from then on the collection itself knows of its edits. Owner thread only.
//
// Records may come in any order, as compaction may have moved some behind others: their GSNs tell.
#pragma once

#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "shards/entry.h"

namespace stave {

struct ColdChain {
  struct Edits {
    std::uint64_t gsn = 0;
    Location location;
    std::uint64_t bytes = 0;     // of the record
    std::int64_t expiry_ms = 0;  // of the key from then on
    Type type = Type::kHash;
  };
  std::uint64_t snapshot_gsn = 0;
  bool broken = false;  // a transaction that is void has changed the value in between
  std::vector<Edits> edits;

  // Null when there is none of this GSN. REQUIRES: settled.
  Edits* find(std::uint64_t gsn);
  // Sorts by GSN, and drops what is part of the snapshot.
  void settle();
};

class ColdChains {
 public:
  bool empty() const { return by_key_.empty(); }
  void clear() { by_key_.clear(); }
  void note_snapshot(std::string_view key, std::uint64_t gsn);
  void note_void(std::string_view key) { by_key_[std::string(key)].broken = true; }
  void note_edits(std::string_view key, const ColdChain::Edits& edits);
  void forget(std::string_view key);
  // Null when the key has none.
  ColdChain* find(std::string_view key);
  // Settles all, and forgets those for which `keep` says no.
  template <typename Keep>
  void settle(Keep keep) {
    for (auto each = by_key_.begin(); each != by_key_.end();) {
      each->second.settle();
      const bool kept = !each->second.edits.empty() && keep(each->first, each->second);
      each = kept ? std::next(each) : by_key_.erase(each);
    }
  }

 private:
  std::unordered_map<std::string, ColdChain> by_key_;
};

}  // namespace stave
