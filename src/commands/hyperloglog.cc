// SPDX-License-Identifier: Apache-2.0
#include "src/commands/hyperloglog.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "src/commands/hyperloglog_sparse.h"

namespace stave::hyperloglog {
namespace {

constexpr std::string_view kMagic = "HYLL";
constexpr std::size_t kEncodingAt = 4;
constexpr std::size_t kCardinalityAt = 8;
constexpr char kDense = 0;
constexpr char kSparse = 1;

constexpr unsigned kIndexBits = 14;
constexpr unsigned kHashBitsLeft = 64 - kIndexBits;
constexpr std::uint64_t kOutdated = std::uint64_t{1} << 63;

std::uint64_t load(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < count; ++i)
    word |= std::uint64_t{static_cast<std::uint8_t>(bytes[at + i])} << 8 * i;
  return word;
}

void store(std::string& bytes, std::size_t at, std::size_t count, std::uint64_t word) {
  for (std::size_t i = 0; i < count; ++i) bytes[at + i] = static_cast<char>(word >> 8 * i);
}

// MurmurHash64A by Austin Appleby, who put it into the public domain, with the seed that Redis has.
std::uint64_t hash_of(std::string_view element) {
  constexpr std::uint64_t kMultiplier = 0xc6a4a7935bd1e995;
  constexpr std::uint64_t kSeed = 0xadc83b19;
  constexpr unsigned kShift = 47;
  std::uint64_t hash = kSeed ^ element.size() * kMultiplier;
  std::size_t at = 0;
  for (; at + 8 <= element.size(); at += 8) {
    std::uint64_t word = load(element, at, 8) * kMultiplier;
    word ^= word >> kShift;
    hash = (hash ^ word * kMultiplier) * kMultiplier;
  }
  if (at < element.size()) hash = (hash ^ load(element, at, element.size() - at)) * kMultiplier;
  hash = (hash ^ hash >> kShift) * kMultiplier;
  return hash ^ hash >> kShift;
}

// Where a register of the dense form is.
struct Place {
  explicit Place(std::size_t index)
      : at(kHeaderBytes + index * 6 / 8),
        shift(index * 6 % 8),
        count(std::min<std::size_t>(2, kDenseBytes - at)) {}
  std::size_t at;
  std::size_t shift;
  std::size_t count;  // bytes that it may reach into
};
constexpr std::uint64_t kRegisterMask = 63;

std::uint8_t dense_register(std::string_view bytes, std::size_t index) {
  const Place place(index);
  return static_cast<std::uint8_t>(load(bytes, place.at, place.count) >> place.shift & kRegisterMask);
}

Outcome raise_dense(std::string& bytes, Observation observation) {
  if (dense_register(bytes, observation.index) >= observation.rank) return Outcome::kUnchanged;
  const Place place(observation.index);
  const std::uint64_t others = load(bytes, place.at, place.count) & ~(kRegisterMask << place.shift);
  store(bytes, place.at, place.count, others | std::uint64_t{observation.rank} << place.shift);
  return Outcome::kChanged;
}

// The corrections of the estimate for registers that are 0 and that are as high as can be: "New cardinality
// estimation algorithms for HyperLogLog sketches", Otmar Ertl, arXiv:1702.01284. They add until the sum does
// not change any more.
double sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double sum = x;
  double before = 0;
  double factor = 1;
  do {
    x *= x;
    before = sum;
    sum += x * factor;
    factor += factor;
  } while (sum != before);
  return sum;
}

double tau(double x) {
  if (x == 0 || x == 1) return 0;
  double sum = 1 - x;
  double before = 0;
  double factor = 1;
  do {
    x = std::sqrt(x);
    before = sum;
    factor *= 0.5;
    sum -= (1 - x) * (1 - x) * factor;
  } while (sum != before);
  return sum / 3;
}

}  // namespace

Observation observe(std::string_view element) {
  const std::uint64_t hash = hash_of(element);
  // The bit above all others bounds the rank.
  const std::uint64_t rest = hash >> kIndexBits | std::uint64_t{1} << kHashBitsLeft;
  return {.index = static_cast<std::uint32_t>(hash % kRegisters),
          .rank = static_cast<std::uint8_t>(1 + std::countr_zero(rest))};
}

std::string make_empty() {
  std::string bytes(kHeaderBytes, '\0');
  bytes.replace(0, kMagic.size(), kMagic);
  bytes[kEncodingAt] = kSparse;
  append_zeros(bytes, kRegisters);
  return bytes;
}

bool is_hyperloglog(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with(kMagic)) return false;
  return bytes[kEncodingAt] == kSparse || (bytes[kEncodingAt] == kDense && bytes.size() == kDenseBytes);
}

bool is_dense(std::string_view bytes) {
  return bytes[kEncodingAt] == kDense;
}

Outcome raise(std::string& bytes, Observation observation, std::size_t sparse_bytes_max) {
  if (!is_dense(bytes)) {
    if (const auto outcome = raise_sparse(bytes, observation, sparse_bytes_max)) return *outcome;
    if (!make_dense(bytes)) return Outcome::kDamaged;
  }
  return raise_dense(bytes, observation);
}

bool make_dense(std::string& bytes) {
  if (is_dense(bytes)) return true;
  Registers registers{};
  if (!merge_sparse(registers, bytes)) return false;
  bytes.resize(kHeaderBytes);
  bytes.resize(kDenseBytes, '\0');
  bytes[kEncodingAt] = kDense;
  for (std::uint32_t i = 0; i < kRegisters; ++i) raise_dense(bytes, {i, registers[i]});
  return true;
}

bool merge(Registers& registers, std::string_view bytes) {
  if (!is_dense(bytes)) return merge_sparse(registers, bytes);
  std::size_t at = kHeaderBytes;
  for (std::size_t i = 0; i < kRegisters; i += 4, at += 3) {  // 24 bits are 4 registers
    std::uint64_t word = load(bytes, at, 3);
    for (std::size_t j = i; j < i + 4; ++j, word >>= 6)
      registers[j] = std::max(registers[j], static_cast<std::uint8_t>(word & kRegisterMask));
  }
  return true;
}

std::optional<std::uint64_t> estimate(std::string_view bytes) {
  Registers registers{};
  if (!merge(registers, bytes)) return std::nullopt;
  return estimate(registers);
}

std::uint64_t estimate(const Registers& registers) {
  constexpr double kCount = kRegisters;
  constexpr double kAlpha = 0.721347520444481703680;  // 1 / (2 ln 2)
  constexpr double kUnboundedAt = 9223372036854775808.0;
  std::array<int, 64> of_rank{};
  for (const std::uint8_t rank : registers) ++of_rank[rank & kRegisterMask];
  double z = kCount * tau((kCount - of_rank[kHashBitsLeft + 1]) / kCount);
  for (std::size_t rank = kHashBitsLeft; rank >= 1; --rank) z = (z + of_rank[rank]) * 0.5;
  z += kCount * sigma(of_rank[0] / kCount);
  const double cardinality = kAlpha * kCount * kCount / z;
  // Only registers that no element can make; this is what Redis makes of them.
  if (!(cardinality < kUnboundedAt)) return kOutdated;
  return static_cast<std::uint64_t>(std::llround(cardinality));
}

std::optional<std::uint64_t> known_cardinality(std::string_view bytes) {
  const std::uint64_t cardinality = load(bytes, kCardinalityAt, 8);
  return (cardinality & kOutdated) == 0 ? std::optional(cardinality) : std::nullopt;
}

void remember_cardinality(std::string& bytes, std::uint64_t cardinality) {
  store(bytes, kCardinalityAt, 8, cardinality);
}

void forget_cardinality(std::string& bytes) {
  store(bytes, kCardinalityAt, 8, load(bytes, kCardinalityAt, 8) | kOutdated);
}

}  // namespace stave::hyperloglog
