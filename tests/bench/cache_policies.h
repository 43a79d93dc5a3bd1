// SPDX-License-Identifier: Apache-2.0
// Policies of caches that hold a number of values of one size, for bench-replay. A trace is a list of keys,
// 0 .. keys-1; each function gives the share of the accesses from `begin` on that found their key in the
// cache, which was empty at the start of the trace. Written to be read, not to be fast.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace stave::bench {

struct Trace {
  std::vector<std::uint32_t> accesses;
  std::uint32_t keys = 0;
  std::size_t begin = 0;  // what comes before is for warming up
};

double replay_lru(const Trace& trace, std::uint32_t capacity);
// Counts the uses of all keys, also while they are not in the cache.
double replay_lfu(const Trace& trace, std::uint32_t capacity);
// One bit for each value.
double replay_clock(const Trace& trace, std::uint32_t capacity);
// Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023.
double replay_s3_fifo(const Trace& trace, std::uint32_t capacity);
// Megiddo and Modha, "ARC: a self-tuning, low overhead replacement cache", FAST 2003.
double replay_arc(const Trace& trace, std::uint32_t capacity);
// Knows the future: the values that were used most often, and Belady's choice.
double replay_static(const Trace& trace, std::uint32_t capacity);
double replay_belady(const Trace& trace, std::uint32_t capacity);

}  // namespace stave::bench
