// SPDX-License-Identifier: Apache-2.0
// Eviction: which keys a shard may drop, and which first, when demoting values is not enough for maxmemory or
// the live data are too much for maxdisk. The shard looks at a few keys by chance and drops the one of lowest
// rank (Shard::evict_one); src/ makes this of maxmemory-policy.
//
// The rank comes from the slot's two clock bits, which cost no memory:
//
//   resident value   4 + clock; the clock is the cache's. kByAge sets it to 3 at each use, kByUse counts uses
//                    in steps that grow: 1, then about 4, then about 16.
//   cold value       clock, as the age since it left memory: it begins at 3, and each time that the key is
//                    looked at and stays it loses one.
//
// So what was not used for long goes first, and a new key is not among the first to go. With 5 samples a cold
// key is looked at about three times while as many keys are evicted as there are, so the age is at 0 when it
// should be.
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
  std::size_t sample_count() const {
    return std::clamp<std::size_t>(samples, 1, limits::kEvictionSamplesMax);
  }
};

}  // namespace stave
