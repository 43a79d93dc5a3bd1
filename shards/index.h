// SPDX-License-Identifier: Apache-2.0
// Index: key -> Entry for one database of one shard. Extendible hashing: a directory of small tables that
// grow, split, shrink and merge one at a time, so no change ever moves more than one table. Owner thread
// only.
//
// A hash is cut into: the high 32 bits choose the table, the low 16 bits are the tag, which the slot keeps
// and which chooses the two buckets (index_table.h) that the key may be in. So a table changes its size
// without touching entries; only a split needs the whole hashes, and computes them from the keys.
//
// The high bits choose the table by way of `place_of`, which is not linear: towards one end of the directory
// the keys are twice as dense as at the other. So at any moment tables of every stage of fullness exist; they
// do not all fill and split at the same time, and the memory for a key is the same at every number of keys
// (the idea of spiral storage).
//
// Slots that find no room, because too many tags are alike, go to an overflow list. A random hash never leads
// there, but nothing is lost when the hashes are bad.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "shards/entry.h"
#include "shards/hash_key.h"
#include "shards/slot.h"

namespace stave {

class IndexTable;

class Index {
 public:
  using HashFunction = std::uint64_t (*)(std::string_view key);

  // `hash` must be the function whose results the other calls are given.
  explicit Index(HashFunction hash = hash_key);
  ~Index();  // destroys all entries
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  // Null when absent. The pointer is good until the next insert, erase or clear.
  Slot* find(std::string_view key, std::uint64_t hash);
  // REQUIRES: no entry with this key is in the index. Takes ownership of `entry`. Returns its slot.
  Slot* insert(std::uint64_t hash, Entry* entry, bool resident);
  // Removes the slot and destroys its entry.
  void erase(Slot* slot);
  void clear();
  // The same, and leaves it to the caller to destroy what was there.
  std::unique_ptr<Index> take_all();
  // Destroys the entries of some tables, about `count`, from `place` on, which begins as 0. Returns where to
  // go on; 0: all is gone. Until then nothing else may be called. `before` is told of each entry.
  std::uint64_t destroy_some(std::uint64_t place, std::size_t count,
                             const std::function<void(Entry&)>& before);
  // Makes all tables anew, as large as they are to be when the index holds `keys` keys, so that they need not
  // grow and split on the way there. Moves all slots, and has both old and new tables in memory meanwhile.
  void fit(std::size_t keys);
  // Undoes a fit() for more keys than have come.
  void trim();

  // Visits the slots whose hash equals `hash` in its table and tag (keys may differ: the caller checks).
  // Used by the expiry queue, which remembers hashes, not keys. `visit` returns true to stop; the slot is
  // returned then.
  Slot* find_if(std::uint64_t hash, const std::function<bool(Slot&)>& visit);

  // Brings the key's first bucket near.
  void prefetch(std::uint64_t hash) const;
  // After prefetch(): brings the other bucket near, if the key may be there.
  void prefetch_alternate(std::uint64_t hash) const;
  // After both: brings the entries whose tags match near.
  void prefetch_entry(std::uint64_t hash) const;

  // SCAN. Visits about `count` slots from `cursor` (0 to begin) and returns the next cursor, 0 at the end. A
  // key present throughout a whole walk is visited at least once, however tables change meanwhile. Fewer than
  // `count`, even none, are visited where the tables are sparse. Any number is a safe cursor; those returned
  // are 54 bits wide. `visit` must not change the index.
  std::uint64_t scan(std::uint64_t cursor, std::size_t count, const std::function<void(Slot&)>& visit);

  // Hand of the cache's clock: walks all slots round and round. Survives all changes of the index.
  struct Hand {
    std::uint64_t position = 0;  // place where the table begins
    std::uint32_t slot = 0;
  };
  // The next slot whose value is resident, skipping up to `slots_max` empty or cold ones; null when none was
  // found within that. The hand then stands behind what it returned or skipped.
  Slot* next_resident(Hand& hand, std::size_t slots_max);

  // Moves the hand over about `slots` slots, to the end of a bucket, and sets the clock of cold ones to 0.
  void forget_cold(Hand& hand, std::size_t slots);

  // Any slot, each about equally likely; null when empty.
  Slot* random_slot(std::uint64_t random);

  // Calls `visit` for every slot. The index must not change meanwhile.
  void for_each(const std::function<void(Slot&)>& visit);

  std::size_t size() const { return size_; }
  // Bytes of the directory and tables, without entries.
  std::size_t table_bytes() const;

 private:
  static std::uint64_t place_of(std::uint64_t hash) {
    const std::uint64_t high =
        hash >> 32;  // u in [0, 1), as a fraction of 2^32; the place is u * (2 + u) / 3
    return high * (((1ull << 33) + high) / 3);
  }
  unsigned depth() const { return 64 - directory_shift_; }
  IndexTable table_at(std::uint64_t place) const;
  void set_table(std::uint64_t place, IndexTable table);

  Slot* put(std::uint64_t hash, Slot slot);
  void take_slots(IndexTable from);
  bool make_room(std::uint64_t place);
  void resize(std::uint64_t place, unsigned size_class);
  void split(std::uint64_t place);
  void shrink(std::uint64_t place);
  bool merge(std::uint64_t place);
  void double_directory();
  IndexTable create_table(unsigned size_class, unsigned depth);
  void free_table(IndexTable table);
  void move_slot(Slot slot, IndexTable& to);
  void move_slots(IndexTable from, IndexTable& to);
  void reset();
  void destroy_entries();
  Slot* random_slot_of_sparse(std::uint64_t random);

  HashFunction hash_;
  std::vector<IndexTable>
      directory_;  // by the high bits of the place; a table of a lesser depth stands there repeatedly
  unsigned directory_shift_ =
      63;  // 64 - depth (a depth of 0 would need a shift by 64, so the depth begins at 1)
  std::vector<Slot> overflow_;  // of all tables that say so
  std::size_t size_ = 0;
  std::size_t table_bytes_ = 0;
};

}  // namespace stave
