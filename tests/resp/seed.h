// SPDX-License-Identifier: Apache-2.0
// The seed of a randomized test: new in each run and printed, or STAVE_TEST_SEED from the environment to
// replay one.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>
#include <random>

namespace stave::resp::test {

inline std::uint64_t pick_seed() {
  const char* const given = std::getenv("STAVE_TEST_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  MESSAGE("STAVE_TEST_SEED=" << seed);
  return seed;
}

}  // namespace stave::resp::test
