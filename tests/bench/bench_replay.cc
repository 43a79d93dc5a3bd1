// SPDX-License-Identifier: Apache-2.0
// Replays the keys of `bench-load PORT zipf ...` through policies of caches, all at once in memory.
//
//   bench-replay KEYS CAPACITY OPERATIONS ROUNDS
//
// CAPACITY is the number of values that a cache holds. The trace is that of ROUNDS runs of bench-load with
// the seeds 1, 2, ...; the first of them warms up. Prints a line "POLICY RATIO" for each.
#include <cstdio>
#include <cstdlib>

#include "tests/bench/cache_policies.h"
#include "tests/bench/zipf.h"

using namespace stave::bench;

namespace {

Trace make_trace(std::uint32_t keys, std::size_t operations, std::uint64_t rounds) {
  Trace trace;
  trace.keys = keys;
  trace.begin = operations;
  for (std::uint64_t seed = 1; seed <= rounds; ++seed) {
    Zipf zipf(keys, seed);
    for (std::size_t i = 0; i < operations; ++i)
      trace.accesses.push_back(static_cast<std::uint32_t>(zipf.next()));
  }
  return trace;
}

}  // namespace

int main(int count, char** words) {
  if (count != 5) {
    std::fprintf(stderr, "usage: bench-replay KEYS CAPACITY OPERATIONS ROUNDS\n");
    return 1;
  }
  const auto number = [&](int i) { return std::strtoull(words[i], nullptr, 10); };
  const Trace trace = make_trace(static_cast<std::uint32_t>(number(1)), number(3), number(4));
  const auto capacity = static_cast<std::uint32_t>(number(2));
  const auto tell = [](const char* policy, double ratio) {
    std::printf("%s %.5f\n", policy, ratio);
    std::fflush(stdout);
  };
  tell("lru", replay_lru(trace, capacity));
  tell("lfu", replay_lfu(trace, capacity));
  tell("clock", replay_clock(trace, capacity));
  tell("s3-fifo", replay_s3_fifo(trace, capacity));
  tell("arc", replay_arc(trace, capacity));
  tell("static", replay_static(trace, capacity));
  tell("belady", replay_belady(trace, capacity));
  return 0;
}
