// SPDX-License-Identifier: Apache-2.0
// Slot: what the index keeps in its tables for one key, 8 bytes: tag << 48 | pointer | clock << 1 | resident.
// A pointer of 0 is empty: never used, or vacated. Pointers are 8-byte aligned and below 2^48. The `resident`
// bit says that the entry carries its value; `clock` is what the cache (shard_cache.cc) knows of the key, or
// eviction (eviction.h) if there is any. Owner thread only, as the index.
#pragma once

#include <cstdint>

#include "shards/entry.h"

namespace stave {

class Slot {
 public:
  // clock() of a slot with a resident value.
  static constexpr unsigned kOnTrial = 0;  // new, and not used again yet
  static constexpr unsigned kUnused = 1;   // kept, and not used since the clock's hand came by
  static constexpr unsigned kUsedOnce = 2;
  static constexpr unsigned kClockMax = 3;  // used more often
  // clock() of a cold slot.
  static constexpr unsigned kForgotten = 0;
  static constexpr unsigned kRemembered = 1;  // demoted not long ago, without having been used

  Slot() = default;
  Slot(std::uint64_t hash, Entry* entry, bool resident)
      : word_(tag_of(hash) << 48 | reinterpret_cast<std::uint64_t>(entry) | (resident ? 1 : 0)) {}

  // An empty slot of a bucket that was full once (index_table.h).
  static Slot vacated() {
    Slot slot;
    slot.word_ = 2;
    return slot;
  }

  static std::uint64_t tag_of(std::uint64_t hash) { return hash & 0xffff; }
  bool empty() const { return (word_ & kPointer) == 0; }
  std::uint64_t tag() const { return word_ >> 48; }
  Entry* entry() const { return reinterpret_cast<Entry*>(word_ & kPointer); }
  bool resident() const { return (word_ & 1) != 0; }
  std::uint64_t word() const { return word_; }
  unsigned clock() const { return static_cast<unsigned>(word_ >> 1 & 3); }
  void set_clock(unsigned clock) { word_ = (word_ & ~6ull) | std::uint64_t{clock} << 1; }
  // Replaces the entry (the old one is the caller's to destroy); the tag and clock stay.
  void set_entry(Entry* entry, bool resident) {
    word_ = (word_ & 0xffff000000000006ull) | reinterpret_cast<std::uint64_t>(entry) | (resident ? 1 : 0);
  }

  static constexpr std::uint64_t kPointer = 0x0000fffffffffff8;

 private:
  std::uint64_t word_ = 0;
};

}  // namespace stave
