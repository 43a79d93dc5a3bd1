// SPDX-License-Identifier: Apache-2.0
// LatencyHistogram: how long round trips took, in 2^7 steps for each doubling: what it tells is at most 1 %
// too long, in 60 KiB whatever is counted (the idea of HdrHistogram).
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace stave::bench {

class LatencyHistogram {
 public:
  void add(std::uint64_t ns) {
    ++counts_[bucket_of(ns)];
    ++count_;
    max_ns_ = std::max(max_ns_, ns);
  }
  // The time within which `share` (0 to 1) of all were done; 0 when there was none.
  std::uint64_t percentile_ns(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (counts_[i] != 0 && seen >= wanted) return std::min(end_of(i), max_ns_);
    }
    return max_ns_;
  }
  std::uint64_t max_ns() const { return max_ns_; }

 private:
  static constexpr unsigned kStepBits = 7;
  static constexpr std::uint64_t kSteps = 1u << kStepBits;

  // Below kSteps each number is its own bucket; then `shift` low bits are dropped.
  static std::size_t bucket_of(std::uint64_t ns) {
    if (ns < kSteps) return ns;
    const auto shift = static_cast<unsigned>(std::bit_width(ns)) - kStepBits - 1;
    return (std::size_t{shift} << kStepBits) + (ns >> shift);
  }
  static std::uint64_t end_of(std::size_t bucket) {
    if (bucket < 2 * kSteps) return bucket;
    const unsigned shift = static_cast<unsigned>(bucket >> kStepBits) - 1;
    return ((((bucket & (kSteps - 1)) | kSteps) + 1) << shift) - 1;
  }

  std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>((64 - kStepBits + 1) << kStepBits);
  std::uint64_t count_ = 0;
  std::uint64_t max_ns_ = 0;
};

}  // namespace stave::bench
