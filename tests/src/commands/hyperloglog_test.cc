// SPDX-License-Identifier: Apache-2.0
// The bytes of HyperLogLogs: they are Redis', sparse and dense ones say the same, estimates are near the
// truth, and nothing that a client may SET makes a function read or write outside, or hang.
#include "src/commands/hyperloglog.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <random>

#include "src/commands/hyperloglog_sparse.h"

namespace stave::hyperloglog {
namespace {

using namespace std::string_literals;

constexpr std::size_t kSparseMax = 3000;

std::string header(char encoding, char cardinality_end = '\0') {
  return "HYLL"s + encoding + std::string(10, '\0') + cardinality_end;
}

std::string filled(int elements, std::size_t sparse_bytes_max = kSparseMax) {
  std::string bytes = make_empty();
  for (int i = 1; i <= elements; ++i) raise(bytes, observe(std::to_string(i)), sparse_bytes_max);
  return bytes;
}

Registers registers_of(const std::string& bytes) {
  Registers registers{};
  REQUIRE(merge(registers, bytes));
  return registers;
}

void check_estimate(int elements) {
  CAPTURE(elements);
  const auto cardinality = estimate(filled(elements));
  REQUIRE(cardinality.has_value());
  CHECK(std::abs(static_cast<double>(*cardinality) - elements) <= 0.03 * elements);
}

TEST_CASE("the bytes are those that redis-server has after the same elements") {
  CHECK(make_empty() == header(1) + "\x7f\xff");
  std::string bytes = filled(3);
  forget_cardinality(bytes);
  CHECK(bytes == header(1, '\x80') + "\x5d\x66\x80\x4dt\x80Q,\x8c\x43\xf3");
}

TEST_CASE("runs are split and joined") {
  const auto raised = [](std::string runs, std::uint32_t index, std::uint8_t rank) {
    std::string bytes = header(1) + std::move(runs);
    REQUIRE(raise(bytes, {index, rank}, kSparseMax) == Outcome::kChanged);
    return bytes.substr(kHeaderBytes);
  };
  CHECK(raised("\x7f\xff", 0, 1) == "\x80\x7f\xfe");
  CHECK(raised("\x7f\xff", 64, 2) == "\x3f\x84\x7f\xbe");
  CHECK(raised("\x7f\xff", 65, 2) == "\x40\x40\x84\x7f\xbd");
  CHECK(raised("\x7f\xff", 16383, 32) == "\x7f\xfe\xfc");
  CHECK(raised("\x3f\x7f\xbf", 10, 1) == "\x09\x80\x34\x7f\xbf");
  CHECK(raised("\x80\x00\x7f\xfd"s, 1, 1) == "\x81\x7f\xfd");      // joined with the one before
  CHECK(raised("\x80\x00\x80\x7f\xfc"s, 1, 1) == "\x82\x7f\xfc");  // and behind
  CHECK(raised("\x83\x00\x7f\xfa"s, 4, 1) == "\x83\x80\x7f\xfa");  // four are all that fit
  CHECK(raised("\x83\x7f\xfb", 1, 2) == "\x80\x84\x81\x7f\xfb");   // a run of values is split
  CHECK(raised("\x80\x7f\xfe", 0, 5) == "\x90\x7f\xfe");           // and changed
  std::string same = header(1) + "\x90\x7f\xfe";
  CHECK(raise(same, {0, 5}, kSparseMax) == Outcome::kUnchanged);
  CHECK(raise(same, {0, 1}, kSparseMax) == Outcome::kUnchanged);
}

TEST_CASE("a sparse one becomes dense when it grows beyond the limit, or a rank beyond 32") {
  std::string bytes = filled(5);
  const auto size = bytes.size();
  std::string dense = bytes;
  CHECK(raise(dense, observe("6"), size) == Outcome::kChanged);
  CHECK(is_dense(dense));
  CHECK(dense.size() == kDenseBytes);
  CHECK(raise(bytes, observe("6"), size + 3) == Outcome::kChanged);
  CHECK_FALSE(is_dense(bytes));
  CHECK(registers_of(bytes) == registers_of(dense));
  CHECK(raise(bytes, {100, 32}, kSparseMax) == Outcome::kChanged);
  CHECK_FALSE(is_dense(bytes));
  CHECK(raise(bytes, {100, 33}, kSparseMax) == Outcome::kChanged);
  CHECK(is_dense(bytes));
  CHECK(registers_of(bytes)[100] == 33);
}

TEST_CASE("sparse and dense ones have the same registers") {
  for (const int elements : {0, 1, 10, 100, 700}) {
    CAPTURE(elements);
    const std::string sparse = filled(elements, kDenseBytes);
    REQUIRE_FALSE(is_dense(sparse));
    std::string dense = sparse;
    REQUIRE(make_dense(dense));
    CHECK(registers_of(sparse) == registers_of(dense));
    CHECK(estimate(sparse) == estimate(dense));
    std::string made_dense = filled(elements, 0);
    if (elements > 0) CHECK(made_dense == dense);
  }
}

TEST_CASE("each register of a dense one stands for itself") {
  std::string bytes = make_empty();
  REQUIRE(make_dense(bytes));
  std::mt19937 random(1);
  Registers expected{};
  for (std::uint32_t i = 0; i < kRegisters; ++i) {
    const std::uint32_t index = i * 5 % kRegisters;
    expected[index] = static_cast<std::uint8_t>(1 + random() % 51);
    CHECK(raise(bytes, {index, expected[index]}, 0) == Outcome::kChanged);
  }
  CHECK(registers_of(bytes) == expected);
  CHECK(bytes.size() == kDenseBytes);
}

TEST_CASE("estimates are near the truth") {
  CHECK(estimate(make_empty()) == 0);
  for (const int elements : {1, 2, 10, 100, 1000, 10'000, 200'000}) check_estimate(elements);
}

TEST_CASE("registers that no element makes") {
  Registers highest;
  highest.fill(63);
  CHECK(estimate(highest) == std::uint64_t{1} << 63);
  std::string bytes = header(0) + std::string(kDenseBytes - kHeaderBytes, '\xff');
  CHECK(estimate(bytes) == std::uint64_t{1} << 63);
  CHECK(raise(bytes, observe("a"), kSparseMax) == Outcome::kUnchanged);
}

TEST_CASE("the cardinality is known until it is forgotten") {
  std::string bytes = make_empty();
  CHECK(known_cardinality(bytes) == 0);
  remember_cardinality(bytes, 0x0102030405060708);
  CHECK(bytes.substr(8, 8) == "\x08\x07\x06\x05\x04\x03\x02\x01");
  CHECK(known_cardinality(bytes) == 0x0102030405060708);
  forget_cardinality(bytes);
  CHECK_FALSE(known_cardinality(bytes).has_value());
  CHECK(make_dense(bytes));
  CHECK(bytes.substr(8, 8) == "\x08\x07\x06\x05\x04\x03\x02\x81");
}

TEST_CASE("what is no HyperLogLog") {
  CHECK(is_hyperloglog(make_empty()));
  CHECK(is_hyperloglog(header(1)));
  CHECK(is_hyperloglog(header(0) + std::string(kDenseBytes - kHeaderBytes, '\0')));
  for (const std::string& bytes :
       {""s, "HYLL"s, header(1).substr(0, 15), header(2), header('\xff'), header(0),
        "hyll" + header(1).substr(4), header(0) + std::string(kDenseBytes - kHeaderBytes - 1, '\0'),
        header(0) + std::string(kDenseBytes - kHeaderBytes + 1, '\0')}) {
    CAPTURE(bytes);
    CHECK_FALSE(is_hyperloglog(bytes));
  }
}

TEST_CASE("damage is noticed, and left as it is") {
  for (const std::string& runs :
       {""s, "\x7f"s, "\x7f\xfe"s, "\x7f\xff\x00"s, "\x7f\xff\x7f\xff"s, "\x7f\xff\x80"s, "\x7f\xff\x40"s,
        "\x7f\xfe\x81"s, std::string(16383, '\0')}) {
    CAPTURE(runs);
    const std::string damaged = header(1) + runs;
    Registers registers{};
    CHECK_FALSE(merge(registers, damaged));
    CHECK_FALSE(estimate(damaged).has_value());
    std::string bytes = damaged;
    CHECK_FALSE(make_dense(bytes));
    CHECK(raise(bytes, {3, 40}, kSparseMax) == Outcome::kDamaged);
    CHECK(bytes == damaged);
  }
  std::string cut = header(1) + "\x7f";
  CHECK(raise(cut, {0, 1}, kSparseMax) == Outcome::kDamaged);
  std::string short_of = header(1) + "\x3f";
  CHECK(raise(short_of, {64, 1}, kSparseMax) == Outcome::kDamaged);
  CHECK(raise(short_of, {63, 1}, kSparseMax) == Outcome::kChanged);
}

// Changes, removes or adds some bytes behind the magic.
std::string mutated(std::string bytes, std::mt19937& random) {
  for (std::uint32_t left = 1 + random() % 4; left > 0 && bytes.size() > kHeaderBytes; --left) {
    const std::size_t at = 4 + random() % (bytes.size() - 4);
    const char byte = static_cast<char>(random());
    switch (random() % 4) {
      case 0:
        bytes.insert(at, 1 + random() % 3, byte);
        break;
      case 1:
        bytes.erase(at, 1 + random() % 3);
        break;
      case 2:
        bytes.resize(std::max<std::size_t>(at, 5));
        break;
      default:
        bytes[at] = byte;
    }
  }
  return bytes;
}

TEST_CASE("mutated ones are read and changed without harm") {
  std::mt19937 random(7);
  const std::string originals[] = {make_empty(), filled(30), filled(400), filled(20'000)};
  int damaged = 0;
  int sound = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = mutated(originals[random() % (round % 10 == 0 ? 4 : 3)], random);
    if (!is_hyperloglog(bytes)) continue;
    const bool intact = estimate(bytes).has_value();
    ++(intact ? sound : damaged);
    Registers before{};
    CHECK(merge(before, bytes) == intact);
    for (int i = 0; i < 3; ++i) {
      const Observation observation{static_cast<std::uint32_t>(random() % kRegisters),
                                    static_cast<std::uint8_t>(1 + random() % 51)};
      const std::string old = bytes;
      const Outcome outcome = raise(bytes, observation, random() % 4 == 0 ? 0 : kSparseMax);
      if (outcome != Outcome::kChanged) CHECK(bytes == old);
      if (!intact) continue;
      CHECK(outcome != Outcome::kDamaged);
      before[observation.index] = std::max(before[observation.index], observation.rank);
      CHECK(registers_of(bytes) == before);
    }
    CHECK(is_hyperloglog(bytes));
    CHECK(make_dense(bytes) == (intact || is_dense(bytes)));
  }
  CHECK(damaged > 1000);
  CHECK(sound > 100);
}

}  // namespace
}  // namespace stave::hyperloglog
