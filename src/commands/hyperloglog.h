// SPDX-License-Identifier: Apache-2.0
// HyperLogLog: an estimate of how many different elements were added, in at most 12304 bytes with a standard
// error of 0.81 %. Pure functions over a string's bytes; hyperloglog_commands.cc makes commands of them. The
// bytes are those of Redis, so that values move between the two by GET and SET.
//
// An element's hash (MurmurHash64A) chooses one of 16384 registers with its lowest 14 bits; a register keeps
// the highest rank seen, which is 1 + the number of zero bits from bit 14 upwards.
//
// Format: "HYLL" | encoding u8 | 3 bytes unused | cardinality u64, little-endian | registers
//   cardinality: the last estimate, for as long as it is right; its highest bit is set when it is not
//   encoding 0, dense: 6 bits for each register, from the lowest bit of each byte on
//   encoding 1, sparse: runs of equal registers (hyperloglog_sparse.h)
//
// Clients can SET any bytes. is_hyperloglog() looks at the header only; what comes after it may be damaged,
// and every function that reads it copes with that and says so.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stave::hyperloglog {

inline constexpr std::size_t kHeaderBytes = 16;
inline constexpr std::size_t kRegisters = 1 << 14;
inline constexpr std::size_t kDenseBytes = kHeaderBytes + kRegisters * 6 / 8;

enum class Outcome { kUnchanged, kChanged, kDamaged };

// One register in each byte.
using Registers = std::array<std::uint8_t, kRegisters>;

// What an element does to the registers.
struct Observation {
  std::uint32_t index = 0;
  std::uint8_t rank = 0;  // 1 to 51
};
Observation observe(std::string_view element);

// The sparse form without any element.
std::string make_empty();

// Whether the header is right, and the length of the dense form.
bool is_hyperloglog(std::string_view bytes);

// All that follow REQUIRE: is_hyperloglog().

bool is_dense(std::string_view bytes);
// Makes the register at least as high. What is sparse becomes dense when the rank does not fit that form, or
// when it would grow beyond `sparse_bytes_max`. Damaged bytes are left as they were.
Outcome raise(std::string& bytes, Observation observation, std::size_t sparse_bytes_max);
// False, and nothing is changed, when the sparse form is damaged.
[[nodiscard]] bool make_dense(std::string& bytes);
// Raises `registers` to those of `bytes`. False when these are damaged.
[[nodiscard]] bool merge(Registers& registers, std::string_view bytes);

// Nothing when the bytes are damaged.
std::optional<std::uint64_t> estimate(std::string_view bytes);
std::uint64_t estimate(const Registers& registers);

// The cardinality in the header; nothing when it is not right any more.
std::optional<std::uint64_t> known_cardinality(std::string_view bytes);
void remember_cardinality(std::string& bytes, std::uint64_t cardinality);
void forget_cardinality(std::string& bytes);

}  // namespace stave::hyperloglog
