// SPDX-License-Identifier: Apache-2.0
// Shows that the simulation finds faults: with each mistake of shards/fault.h one of the first seeds must end
// in a violation.
#include <doctest/doctest.h>

#include <string>

#include "tests/sim/simulation.h"

namespace stave::sim {
namespace {

constexpr std::uint64_t kSeedsMax = 1000;

// What the first seed that notices says; empty when none does.
std::string find(Fault fault, std::uint64_t& seeds) {
  for (seeds = 1; seeds <= kSeedsMax; ++seeds) {
    Simulation simulation(seeds, fault);
    try {
      simulation.run();
    } catch (const Violation& violation) {
      return violation.what();
    }
  }
  return {};
}

TEST_CASE("the simulation finds every deliberate fault") {
  for (int number = 1; number <= static_cast<int>(kLastFault); ++number) {
    const auto fault = static_cast<Fault>(number);
    std::uint64_t seeds = 0;
    const std::string found = find(fault, seeds);
    const std::string name = name_of(fault);
    CHECK_MESSAGE(!found.empty(), name, " was not noticed in ", kSeedsMax, " seeds");
    MESSAGE(name, ": ", seeds, " seeds; ", found);
  }
}

}  // namespace
}  // namespace stave::sim
