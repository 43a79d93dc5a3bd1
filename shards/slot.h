// SPDX-License-Identifier: Apache-2.0
// Slot: what the index keeps in its tables for one key, 8 bytes: tag << 48 | pointer | clock << 1 | resident.
// Zero is empty. Pointers are 8-byte aligned and below 2^48. The `resident` bit says that the entry carries
// its value; `clock` (0..3) is the cache's use counter, and of a cold value its age for eviction. Owner
// thread only, as the index.
#pragma once

#include <cstdint>

#include "shards/entry.h"

namespace stave {

class Slot {
 public:
  Slot() = default;
  Slot(std::uint64_t hash, Entry* entry, bool resident)
      : word_(tag_of(hash) << 48 | reinterpret_cast<std::uint64_t>(entry) | (resident ? 1 : 0)) {}

  static std::uint64_t tag_of(std::uint64_t hash) { return hash & 0xffff; }
  bool empty() const { return word_ == 0; }
  std::uint64_t tag() const { return word_ >> 48; }
  Entry* entry() const { return reinterpret_cast<Entry*>(word_ & 0x0000fffffffffff8ull); }
  bool resident() const { return (word_ & 1) != 0; }
  unsigned clock() const { return static_cast<unsigned>(word_ >> 1 & 3); }
  void set_clock(unsigned clock) { word_ = (word_ & ~6ull) | std::uint64_t{clock} << 1; }
  // Replaces the entry (the old one is the caller's to destroy); the tag and clock stay.
  void set_entry(Entry* entry, bool resident) {
    word_ = (word_ & 0xffff000000000006ull) | reinterpret_cast<std::uint64_t>(entry) | (resident ? 1 : 0);
  }

 private:
  std::uint64_t word_ = 0;
};

}  // namespace stave
