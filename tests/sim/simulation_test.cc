// SPDX-License-Identifier: Apache-2.0
// Runs the simulation with seeds that are always the same and with fresh ones. A failure names its seed:
// STAVE_SIM_SEED=n runs that one alone, STAVE_SIM_SEEDS=n so many fresh ones, STAVE_SIM_FIXED_SEEDS=n so many
// of the others.
#include "tests/sim/simulation.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <random>

namespace stave::sim {
namespace {

constexpr std::uint64_t kFixedSeeds = 300;
constexpr std::uint64_t kFreshSeeds = 100;
// These have shown mistakes that are mended.
constexpr std::uint64_t kOnceFailed[] = {4046446443631191, 3328192870877048, 295256189833868, 786351559541078,
                                         2855045234164453};

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void run_seed(std::uint64_t seed, Coverage& coverage) {
  Simulation simulation(seed);
  try {
    simulation.run();
  } catch (const Violation& violation) {
    FAIL_CHECK(std::string(violation.what()));
  }
  coverage.add(simulation.coverage());
}

TEST_CASE("no crash, failed call or full disk loses what was promised") {
  Coverage coverage;
  if (const std::uint64_t seed = number_from("STAVE_SIM_SEED", 0); seed != 0) return run_seed(seed, coverage);
  std::random_device device;
  const std::uint64_t fixed = number_from("STAVE_SIM_FIXED_SEEDS", kFixedSeeds);
  const std::uint64_t first = (std::uint64_t{device()} << 20) + fixed;
  const std::uint64_t fresh = number_from("STAVE_SIM_SEEDS", kFreshSeeds);
  for (const std::uint64_t seed : kOnceFailed) run_seed(seed, coverage);
  for (std::uint64_t seed = 1; seed <= fixed; ++seed) run_seed(seed, coverage);
  for (std::uint64_t seed = first; seed < first + fresh; ++seed) run_seed(seed, coverage);
  CHECK(coverage.kills > 0);
  CHECK(coverage.power_losses > 0);
  CHECK(coverage.crashes_in_recovery > 0);
  CHECK(coverage.clean_stops > 0);
  CHECK(coverage.failed_calls > 0);
  CHECK(coverage.refused_writes > 0);
  CHECK(coverage.segments_by_hint > 0);
  CHECK(coverage.dropped_hints > 0);
  CHECK(coverage.cut_tails > 0);
  CHECK(coverage.void_transactions > 0);
  CHECK(coverage.segments_made_ahead > 0);
  CHECK(coverage.compactions > 0);
  CHECK(coverage.flipped_bits > 0);
  CHECK(coverage.backups > 0);
  CHECK(coverage.backups_verified > 0);
  CHECK(coverage.damaged_reads > 0);
  CHECK(coverage.refused_starts > 0);
  CHECK(coverage.hash_edits > 0);
  CHECK(coverage.list_edits > 0);
  CHECK(coverage.snapshots > 0);
  CHECK(coverage.parts > coverage.snapshots);
  MESSAGE(coverage.text());
}

}  // namespace
}  // namespace stave::sim
