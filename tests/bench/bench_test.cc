// SPDX-License-Identifier: Apache-2.0
// Shows that what the benchmarks measure with is right: percentiles, the distribution of keys, and replays of
// traces whose hits can be counted by hand.
#include <doctest/doctest.h>

#include <random>

#include "tests/bench/cache_policies.h"
#include "tests/bench/latency_histogram.h"
#include "tests/bench/zipf.h"

namespace stave::bench {
namespace {

TEST_CASE("percentiles are at most one percent too long") {
  std::mt19937_64 random(1);
  for (const std::uint64_t scale : {100ull, 50'000ull, 20'000'000ull, 90'000'000'000ull}) {
    LatencyHistogram histogram;
    std::vector<std::uint64_t> all;
    for (int i = 0; i < 10000; ++i) {
      all.push_back(random() % scale);
      histogram.add(all.back());
    }
    std::sort(all.begin(), all.end());
    for (const double share : {0.5, 0.99, 0.999}) {
      const std::uint64_t exact = all[static_cast<std::size_t>(share * 10000) - 1];
      CHECK(histogram.percentile_ns(share) >= exact);
      CHECK(static_cast<double>(histogram.percentile_ns(share)) <= static_cast<double>(exact) * 1.01);
    }
    CHECK(histogram.max_ns() == all.back());
    CHECK(histogram.percentile_ns(1) == all.back());
  }
  CHECK(LatencyHistogram().percentile_ns(0.99) == 0);
}

TEST_CASE("zipf: each key as often as its rank says") {
  Zipf zipf(1000, 7);
  std::vector<int> counts(1000);
  for (int i = 0; i < 1'000'000; ++i) ++counts[zipf.next()];
  double zeta = 0;
  for (int i = 1; i <= 1000; ++i) zeta += std::pow(i, -Zipf::kTheta);
  for (const int rank : {1, 2, 10, 100}) {
    const double expected = 1e6 * std::pow(rank, -Zipf::kTheta) / zeta;
    CHECK(counts[static_cast<std::size_t>(rank - 1)] == doctest::Approx(expected).epsilon(0.15));
  }
}

Trace trace_of(std::vector<std::uint32_t> accesses) {
  return {std::move(accesses), 10, 0};
}

TEST_CASE("policies hit where their papers say so") {
  const Trace loop = trace_of({0, 1, 2, 0, 1, 2, 0, 1, 2});
  CHECK(replay_lru(loop, 2) == 0);
  CHECK(replay_clock(loop, 2) == 0);
  CHECK(replay_belady(loop, 2) == doctest::Approx(3.0 / 9));
  CHECK(replay_static(loop, 2) == doctest::Approx(6.0 / 9));
  for (const auto replay : {replay_lru, replay_clock, replay_lfu, replay_arc, replay_belady}) {
    CHECK(replay(loop, 3) == doctest::Approx(6.0 / 9));
  }
  // 0 is used often, then others pass by once.
  const Trace scan = trace_of({0, 0, 0, 1, 2, 3, 4, 0});
  CHECK(replay_lru(scan, 2) == doctest::Approx(2.0 / 8));
  CHECK(replay_lfu(scan, 2) == doctest::Approx(3.0 / 8));
  CHECK(replay_arc(scan, 2) == doctest::Approx(3.0 / 8));
  CHECK(replay_belady(scan, 2) == doctest::Approx(3.0 / 8));
}

TEST_CASE("on zipfian keys the policies stand in the known order") {
  Trace trace;
  trace.keys = 20000;
  Zipf zipf(trace.keys, 3);
  for (int i = 0; i < 400'000; ++i) trace.accesses.push_back(static_cast<std::uint32_t>(zipf.next()));
  trace.begin = 200'000;
  const double lru = replay_lru(trace, 2000);
  const double clock = replay_clock(trace, 2000);
  const double s3_fifo = replay_s3_fifo(trace, 2000);
  const double arc = replay_arc(trace, 2000);
  const double best = replay_belady(trace, 2000);
  CHECK(clock > lru);
  CHECK(s3_fifo > clock + 0.01);
  CHECK(arc > clock + 0.01);
  CHECK(best > s3_fifo + 0.01);
  CHECK(replay_lfu(trace, 2000) < replay_static(trace, 2000));
}

}  // namespace
}  // namespace stave::bench
