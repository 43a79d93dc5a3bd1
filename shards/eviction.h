// SPDX-License-Identifier: Apache-2.0
// Eviction: which keys a shard may drop, and which first, when demoting values is not enough for maxmemory or
// the live data are too much for maxdisk. The shard looks at a few keys by chance and drops the one of lowest
// rank (Shard::evict_one); src/ makes this of maxmemory-policy.
//
// The rank comes from the slot's two clock bits, which cost no memory:
//
//   value in memory  4 + clock, the cache's counter, which the cache's hand counts down. A new key begins at
//   1,
//                    so that it does not go at once. kAge sets it to 3 at each use; kUse counts in steps
//                    that need more and more uses: 1, about 4, about 16.
//   cold value       clock. It begins at 3 when the value leaves memory, and at 3 again when the key is used.
//
// A key goes when its clock has come to 0; when none of those that were looked at has, each loses one. So a
// key is looked at a few times while as many keys are evicted as there are, and the more samples, the fewer
// keys are at 0 that do not go: that is how close it comes to the true order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "shards/limits.h"

namespace stave {

struct Eviction {
  enum class From : std::uint8_t { kNone, kAllKeys, kExpiring };
  enum class By : std::uint8_t { kAge, kUse, kChance, kExpiry };

  From from = From::kNone;
  By by = By::kAge;
  std::size_t samples = 5;

  bool on() const { return from != From::kNone; }
  bool by_rank() const { return by == By::kAge || by == By::kUse; }
  // Of keys to look at.
  std::size_t sample_count() const {
    if (by == By::kChance) return 1;
    return std::clamp<std::size_t>(samples, 1, limits::kEvictionSamplesMax);
  }
};

}  // namespace stave
