// SPDX-License-Identifier: Apache-2.0
// stave-soak: runs the simulation with fresh seeds until it is interrupted or one of them shows a violation.
//
//   stave-soak                 until Ctrl-C; a line on what was done every ten seconds
//   stave-soak --seed N        that one alone
//   stave-soak --seeds N       N fresh ones
//   stave-soak --fault NAME    with a deliberate fault, named as in shards/fault.h: "ack before sync"
//
// Ends with 1 when there was a violation, and names the seed and the command that repeats it.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <string_view>

#include "tests/sim/simulation.h"

namespace {

using stave::Fault;
using stave::sim::Coverage;
using stave::sim::Simulation;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kReportEvery{10};

struct Options {
  std::uint64_t seed = 0;  // 0: fresh ones
  std::uint64_t seeds = ~std::uint64_t{0};
  Fault fault = Fault::kNone;
};

volatile std::sig_atomic_t interrupted = 0;
char repeat[128];  // says how to repeat the seed that runs; for a handler that may not allocate

void on_interrupt(int) {
  interrupted = 1;
}

// An assertion of the store: the seed is what matters.
void on_abort(int) {
  static_cast<void>(!::write(STDERR_FILENO, repeat, std::strlen(repeat)));
}

Fault fault_named(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(stave::kLastFault); ++i) {
    if (name == name_of(static_cast<Fault>(i))) return static_cast<Fault>(i);
  }
  std::fprintf(stderr, "no such fault: %s\n", std::string(name).c_str());
  std::exit(2);
}

Options parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view name = arguments[i];
    const char* value = arguments[i + 1];
    if (name == "--seed") {
      options.seed = std::strtoull(value, nullptr, 10);
      options.seeds = 1;
    } else if (name == "--seeds") {
      options.seeds = std::strtoull(value, nullptr, 10);
    } else if (name == "--fault") {
      options.fault = fault_named(value);
    }
  }
  return options;
}

// False when there was a violation.
bool run_seed(std::uint64_t seed, Fault fault, Coverage& coverage) {
  const std::string extra =
      fault == Fault::kNone ? "" : std::string(" ARGS='--fault \"") + name_of(fault) + "\"'";
  std::snprintf(repeat, sizeof repeat, "to repeat this: make soak SEED=%llu%s\n",
                static_cast<unsigned long long>(seed), extra.c_str());
  Simulation simulation(seed, fault);
  try {
    simulation.run();
  } catch (const stave::sim::Violation& violation) {
    std::fprintf(stderr, "%s\n%s", violation.what(), repeat);
    return false;
  }
  coverage.add(simulation.coverage());
  return true;
}

void report(std::uint64_t seeds, Clock::duration time, const Coverage& coverage) {
  const double seconds = std::chrono::duration<double>(time).count();
  std::printf("%llu seeds in %.0f s (%.0f a minute): %s\n", static_cast<unsigned long long>(seeds), seconds,
              static_cast<double>(seeds) * 60 / seconds, coverage.text().c_str());
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) {
  const Options options = parse(count, arguments);
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  std::signal(SIGABRT, on_abort);
  std::random_device device;
  const std::uint64_t first = options.seed != 0 ? options.seed : std::uint64_t{device()} << 20 | 1;
  const Clock::time_point start = Clock::now();
  Clock::time_point reported = start;
  Coverage coverage;
  std::uint64_t seeds = 0;
  for (; seeds < options.seeds && interrupted == 0; ++seeds) {
    if (!run_seed(first + seeds, options.fault, coverage)) return 1;
    if (Clock::now() - reported < kReportEvery) continue;
    reported = Clock::now();
    report(seeds + 1, reported - start, coverage);
  }
  report(seeds, Clock::now() - start, coverage);
  return 0;
}
