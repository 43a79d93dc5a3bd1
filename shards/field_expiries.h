// SPDX-License-Identifier: Apache-2.0
// FieldExpiries: when the next field of each hash expires, so that it goes on time, also when the hash is
// cold. One element for a hash that has fields which expire, and none for any other. Keys are remembered by
// hash only; of two that share one, the fields of one may go late, and are hidden until then (HashView).
// Owner thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <unordered_map>

namespace stave {

class FieldExpiries {
 public:
  // Due at once: what recovery notes of a hash that it has not read.
  static constexpr std::int64_t kUnknownMs = 1;

  struct Element {
    std::int64_t due_ms = 0;  // Unix time
    int db = 0;               // of the records
    std::uint64_t hash = 0;
    auto operator<=>(const Element&) const = default;
  };

  // In place of what was noted of the key; 0: nothing expires.
  void set(int db, std::uint64_t hash, std::int64_t due_ms);
  void clear(int db);
  bool empty() const { return order_.empty(); }
  // REQUIRES of the next two: !empty().
  std::int64_t next_due_ms() const { return order_.begin()->due_ms; }
  Element next() const { return *order_.begin(); }
  std::size_t bytes() const;

 private:
  struct Place {
    int db = 0;
    std::uint64_t hash = 0;
    bool operator==(const Place&) const = default;
  };
  struct PlaceHash {
    std::size_t operator()(const Place& place) const {
      return place.hash ^ static_cast<std::size_t>(place.db);
    }
  };

  std::set<Element> order_;
  std::unordered_map<Place, std::int64_t, PlaceHash> due_;
};

}  // namespace stave
