// SPDX-License-Identifier: Apache-2.0
// The sparse form of a HyperLogLog (hyperloglog.h): runs of registers with equal values, one after the other
// behind the header. Pure functions over bytes that may be damaged.
//
// Format: run := 00nnnnnn             n + 1 registers are 0 (1 to 64)
//              | 01nnnnnn nnnnnnnn    n + 1 registers are 0 (1 to 16384), the high bits first
//              | 1vvvvvnn             n + 1 registers (1 to 4) are v + 1 (1 to 32)
// In all they are 16384 registers.
#pragma once

#include <string>
#include <string_view>

#include "src/commands/hyperloglog.h"

namespace stave::hyperloglog {

// The highest register that a run can have.
inline constexpr std::uint8_t kSparseRankMax = 32;

struct Run {
  std::size_t at = 0;  // in the string
  std::size_t bytes = 0;
  std::uint32_t registers = 0;
  std::uint8_t rank = 0;

  std::size_t end() const { return at + bytes; }
};

// The run at this place; nothing at the end of the bytes, or when it is cut off there.
std::optional<Run> run_at(std::string_view bytes, std::size_t at);
void append_zeros(std::string& bytes, std::uint32_t registers);  // 0 to 16384

// As raise(). Nothing when the result would not be sparse any more.
std::optional<Outcome> raise_sparse(std::string& bytes, Observation observation, std::size_t bytes_max);
[[nodiscard]] bool merge_sparse(Registers& registers, std::string_view bytes);

}  // namespace stave::hyperloglog
