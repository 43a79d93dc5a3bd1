// SPDX-License-Identifier: Apache-2.0
#include "src/commands/hyperloglog_sparse.h"

#include <algorithm>

namespace stave::hyperloglog {
namespace {

constexpr std::uint32_t kShortZerosMax = 64;
constexpr std::uint32_t kValuesMax = 4;
constexpr std::uint8_t kLongZerosMark = 0x40;
constexpr std::uint8_t kValuesMark = 0x80;
// Behind a change, so many runs are looked at for two that can be one. That it is not more decides which
// bytes come out, and they are Redis'.
constexpr int kRunsMerged = 5;

char values_byte(std::uint8_t rank, std::uint32_t registers) {
  return static_cast<char>(kValuesMark | (rank - 1u) << 2 | (registers - 1));
}

void append_run(std::string& bytes, std::uint8_t rank, std::uint32_t registers) {
  if (rank == 0) return append_zeros(bytes, registers);
  if (registers > 0) bytes += values_byte(rank, registers);
}

void join_runs(std::string& bytes, std::size_t at) {
  for (int looked = 0; looked < kRunsMerged; ++looked) {
    const auto run = run_at(bytes, at);
    if (!run) return;
    const auto next = run_at(bytes, run->end());
    const bool equal = next && run->rank > 0 && next->rank == run->rank;
    if (equal && run->registers + next->registers <= kValuesMax) {
      bytes.replace(at, 2, 1, values_byte(run->rank, run->registers + next->registers));
    } else {
      at = run->end();
    }
  }
}

}  // namespace

std::optional<Run> run_at(std::string_view bytes, std::size_t at) {
  if (at >= bytes.size()) return std::nullopt;
  const auto first = static_cast<std::uint8_t>(bytes[at]);
  if ((first & kValuesMark) != 0)
    return Run{at, 1, (first & 3u) + 1, static_cast<std::uint8_t>((first >> 2 & 31) + 1)};
  if ((first & kLongZerosMark) == 0) return Run{at, 1, first + 1u, 0};
  if (at + 1 == bytes.size()) return std::nullopt;
  const auto second = static_cast<std::uint8_t>(bytes[at + 1]);
  return Run{at, 2, ((first & 63u) << 8 | second) + 1, 0};
}

void append_zeros(std::string& bytes, std::uint32_t registers) {
  if (registers == 0) return;
  const std::uint32_t less_one = registers - 1;
  if (registers > kShortZerosMax) bytes += static_cast<char>(kLongZerosMark | less_one >> 8);
  bytes += static_cast<char>(less_one & 0xff);
}

std::optional<Outcome> raise_sparse(std::string& bytes, Observation observation, std::size_t bytes_max) {
  if (observation.rank > kSparseRankMax) return std::nullopt;
  std::uint32_t first = 0;  // register of the run
  std::size_t before = kHeaderBytes;
  auto run = run_at(bytes, kHeaderBytes);
  while (run && first + run->registers <= observation.index) {
    first += run->registers;
    before = run->at;
    run = run_at(bytes, run->end());
  }
  if (!run) return Outcome::kDamaged;
  if (run->rank >= observation.rank) return Outcome::kUnchanged;

  std::string split;
  append_run(split, run->rank, observation.index - first);
  append_run(split, observation.rank, 1);
  append_run(split, run->rank, first + run->registers - observation.index - 1);
  if (split.size() > run->bytes && bytes.size() + split.size() - run->bytes > bytes_max) return std::nullopt;
  bytes.replace(run->at, run->bytes, split);
  join_runs(bytes, before);
  return Outcome::kChanged;
}

bool merge_sparse(Registers& registers, std::string_view bytes) {
  std::size_t index = 0;
  std::size_t at = kHeaderBytes;
  while (const auto run = run_at(bytes, at)) {
    if (index + run->registers > kRegisters) return false;
    if (run->rank > 0) {
      for (std::size_t i = index; i < index + run->registers; ++i)
        registers[i] = std::max(registers[i], run->rank);
    }
    index += run->registers;
    at = run->end();
  }
  return index == kRegisters && at == bytes.size();
}

}  // namespace stave::hyperloglog
