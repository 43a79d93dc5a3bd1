// SPDX-License-Identifier: Apache-2.0
// Zipf: which key a client asks for next. Key i, of 0 .. keys-1, comes with a probability that is inverse to
// (i + 1) ^ theta, as in YCSB (Gray et al., "Quickly generating billion-record synthetic databases", SIGMOD
// 1994). The load generator and the replay of traces share it, so that both see the same keys from one seed.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>

namespace stave::bench {

class Zipf {
 public:
  static constexpr double kTheta = 0.99;

  Zipf(std::uint64_t keys, std::uint64_t seed) : random_(seed), keys_(static_cast<double>(keys)) {
    for (std::uint64_t i = 1; i <= keys; ++i) zeta_ += std::pow(static_cast<double>(i), -kTheta);
    const double zeta_of_2 = 1 + std::pow(0.5, kTheta);
    eta_ = (1 - std::pow(2 / keys_, 1 - kTheta)) / (1 - zeta_of_2 / zeta_);
  }

  std::uint64_t next() {
    const double uniform = static_cast<double>(random_() >> 11) * 0x1.0p-53;
    if (uniform * zeta_ < 1) return 0;
    if (uniform * zeta_ < 1 + std::pow(0.5, kTheta)) return 1;
    const double place = keys_ * std::pow(eta_ * uniform - eta_ + 1, 1 / (1 - kTheta));
    return static_cast<std::uint64_t>(std::min(place, keys_ - 1));
  }

 private:
  std::mt19937_64 random_;
  double keys_;
  double zeta_ = 0;
  double eta_ = 0;
};

}  // namespace stave::bench
