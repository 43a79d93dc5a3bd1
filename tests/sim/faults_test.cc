// SPDX-License-Identifier: Apache-2.0
// Shows that the simulation finds faults: with each mistake of shards/fault.h one of the first seeds must end
// in a violation. STAVE_SIM_FAULT_SEEDS=n tries up to so many.
#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "tests/sim/simulation.h"

namespace stave::sim {
namespace {

constexpr std::uint64_t kSeedsMax = 1000;

constexpr Fault kFaults[] = {
    Fault::kAckBeforeSync,       Fault::kAckBeforeWrite,    Fault::kRetryFailedSync,
    Fault::kHintBeforeData,      Fault::kSealOutOfOrder,    Fault::kSkipChecksum,
    Fault::kNoDirectorySync,     Fault::kNoSyncInRecovery,  Fault::kOnlySyncInRecovery,
    Fault::kPartOfBatch,         Fault::kPartOfTransaction, Fault::kDropTombstoneEarly,
    Fault::kRecycleUnderReaders, Fault::kDropUnsettled,     Fault::kReplaceBeforeSync,
    Fault::kRecycleShared,       Fault::kOverwriteNewer,
};

// What the first seed that notices says; empty when none does.
std::string find(Fault fault, std::uint64_t seeds_max, std::uint64_t& seeds) {
  for (seeds = 1; seeds <= seeds_max; ++seeds) {
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
  const char* text = std::getenv("STAVE_SIM_FAULT_SEEDS");
  const std::uint64_t seeds_max = text == nullptr ? kSeedsMax : std::strtoull(text, nullptr, 10);
  for (const Fault fault : kFaults) {
    std::uint64_t seeds = 0;
    const std::string found = find(fault, seeds_max, seeds);
    const std::string name = name_of(fault);
    CHECK_MESSAGE(!found.empty(), name, " was not noticed in ", seeds_max, " seeds");
    MESSAGE(name, ": ", seeds, " seeds; ", found);
  }
}

}  // namespace
}  // namespace stave::sim
