// SPDX-License-Identifier: Apache-2.0
// Elements: names with values in memory, the inside of a native hash (fields and values, perhaps with
// expiries) and of a native set (members with empty values). They are the keys of an index of their own, so
// no change ever moves more than one small table. Owns its entries. Owner thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "shards/index.h"
#include "shards/part_cursor.h"

namespace stave {

enum class PutOutcome : std::uint8_t { kAdded, kUpdated, kUnchanged };

class Elements {
 public:
  // Makes room at once. REQUIRES: nothing was put.
  void expect(std::size_t count);
  // What was put does not expire. REQUIRES: `value` does not point into the one that it replaces.
  PutOutcome put(std::string_view name, std::string_view value);
  bool remove(std::string_view name);
  // Null when absent. Good until the element is put, removed or gets its first expiry or none.
  const Entry* find(std::string_view name) const;
  // Unix ms, 0: never. Returns the element as it is now. REQUIRES: it is there.
  const Entry& expire(std::string_view name, std::int64_t expiry_ms);

  std::size_t size() const { return index_.size(); }
  Index& index() const { return index_; }
  // Any one, each about equally likely, also where they are few. REQUIRES: size() > 0.
  const Entry& random(std::uint64_t random) const;
  // Of names and values, each rounded up as the allocator does: more than their packed form takes.
  std::size_t entry_bytes() const { return entry_bytes_; }
  // Collection::pack_part(): `put` adds an element to `packed`, which has none yet.
  bool pack_part(PartCursor& cursor, std::size_t bytes_max, std::string& packed,
                 const std::function<void(std::string& packed, const Entry&)>& put) const;
  // Collection::free_some().
  bool free_some(std::uint64_t& place, std::size_t count);
  // Without the object itself.
  std::size_t memory_bytes() const { return index_.table_bytes() + entry_bytes_; }

 private:
  Entry* create(std::string_view name, std::string_view value, std::int64_t expiry_ms = 0);
  void replace(Slot& slot, Entry* entry);

  mutable Index index_;  // reading does not change it
  std::size_t entry_bytes_ = 0;
};

}  // namespace stave
