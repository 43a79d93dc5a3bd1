// SPDX-License-Identifier: Apache-2.0
// ColdChains: where the records of cold collections are that are more than one, for one database of one
// shard: those whose edits have not been written into a snapshot, and those whose snapshot is in parts
// (chain.h). Recovery notes all that it comes across, and settles what is left of it at its end; a collection
// that leaves memory leaves its parts here. The first command that needs the value has it read (stager.h),
// and from then on the collection itself knows of its records. Owner thread only.
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

struct Record;

struct ColdChain {
  // A record behind the first, which the entry points at. Before settle(), any.
  struct Link {
    std::uint64_t gsn = 0;
    Location location;
    std::uint64_t bytes = 0;     // of the record
    std::int64_t expiry_ms = 0;  // of the key from then on
    Type type = Type::kHash;
    bool part = false;
    bool first = false;  // of the parts
    bool last = false;

    Link() = default;
    // REQUIRES: is_link(record.kind). `value_bytes`: of the record, which may be without its value.
    Link(const Record& record, std::uint32_t value_bytes, Location where);
  };
  std::uint64_t snapshot_gsn = 0;  // of the first record; 0: that is not known
  std::uint64_t void_gsn = 0;      // here a transaction that is void has changed the value last
  bool in_parts = false;           // the snapshot is; set by settle()
  std::uint64_t replaced_gsn = 0;  // of the snapshot in one record in front of the parts, where there is one
  std::vector<Link> links;

  // Null when there is none of this GSN. REQUIRES: settled.
  Link* find(std::uint64_t gsn);
  // Sorts by GSN, and drops what is part of the snapshot and parts of no complete one. The newest complete
  // series of parts is the snapshot if it is newer than snapshot_gsn; then `links` begins with it.
  void settle();
  // Drops links that a value of this type cannot have. They follow what a transaction has written that is
  // void; which it was, nobody may know any more, as hints leave such out.
  void keep_type(Type type);
  // The parts are of no use: what is there is newer.
  void drop_parts();
  std::uint64_t link_bytes() const;
};

class ColdChains {
 public:
  bool empty() const { return by_key_.empty(); }
  void clear();
  void note_snapshot(std::string_view key, std::uint64_t gsn);
  void note_void(std::string_view key, std::uint64_t gsn);
  void note_link(std::string_view key, const ColdChain::Link& link);
  void put(std::string_view key, ColdChain chain);
  void forget(std::string_view key);
  // Null when the key has none.
  ColdChain* find(std::string_view key);
  // About; without what a start has noted and not settled yet.
  std::uint64_t memory_bytes() const { return memory_bytes_; }
  // Settles all, and forgets those for which `keep` says no.
  template <typename Keep>
  void settle(Keep keep) {
    memory_bytes_ = 0;
    for (auto each = by_key_.begin(); each != by_key_.end();) {
      each->second.settle();
      const bool kept = !each->second.links.empty() && keep(each->first, each->second);
      if (kept) memory_bytes_ += memory_bytes(*each);
      each = kept ? std::next(each) : by_key_.erase(each);
    }
  }

 private:
  using ByKey = std::unordered_map<std::string, ColdChain>;
  static std::uint64_t memory_bytes(const ByKey::value_type& chain) {
    return sizeof chain + 2 * sizeof(void*) + chain.first.capacity() +
           chain.second.links.capacity() * sizeof(ColdChain::Link);
  }

  ByKey by_key_;
  std::uint64_t memory_bytes_ = 0;
};

}  // namespace stave
