// SPDX-License-Identifier: Apache-2.0
// Counting, searching and combining by words against the same a bit at a time, at every kind of edge.
#include "src/commands/bits.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

namespace stave {
namespace {

std::string random_bytes(std::mt19937& random, std::size_t bytes_max) {
  std::string bytes(random() % (bytes_max + 1), '\0');
  const auto kind = random() % 4;
  for (char& byte : bytes) {
    if (kind == 0) byte = static_cast<char>(random());
    if (kind == 1) byte = '\xff';
    if (kind == 2) byte = random() % 20 == 0 ? '\x10' : '\0';
    if (kind == 3) byte = random() % 20 == 0 ? '\xf7' : '\xff';
  }
  return bytes;
}

TEST_CASE("count and find") {
  std::mt19937 random(11);
  for (int round = 0; round < 2000; ++round) {
    const std::string bytes = random_bytes(random, 100);
    const std::size_t end = random() % (8 * bytes.size() + 1);
    const std::size_t begin = random() % (end + 1);
    CAPTURE(round);
    std::size_t count = 0;
    std::optional<std::size_t> first[2];
    for (std::size_t i = begin; i < end; ++i) {
      const bool bit = bits::get(bytes, i);
      count += bit ? 1 : 0;
      if (!first[bit ? 1 : 0]) first[bit ? 1 : 0] = i;
    }
    CHECK(bits::count(bytes, begin, end) == count);
    CHECK(bits::find(bytes, begin, end, true) == first[1]);
    CHECK(bits::find(bytes, begin, end, false) == first[0]);
  }
}

TEST_CASE("get and set") {
  std::string bytes("\x80\x01", 2);
  CHECK(bits::get(bytes, 0));
  CHECK(bits::get(bytes, 15));
  CHECK_FALSE(bits::get(bytes, 1));
  CHECK_FALSE(bits::get(bytes, 16));
  bits::set(bytes, 1, true);
  bits::set(bytes, 15, false);
  CHECK(bytes == std::string("\xc0\0", 2));
}

TEST_CASE("combine") {
  using bits::Operation;
  std::mt19937 random(12);
  for (int round = 0; round < 500; ++round) {
    std::vector<std::string> owned(1 + random() % 4);
    std::size_t longest = 0;
    for (std::string& bytes : owned) {
      bytes = random_bytes(random, 200);
      longest = std::max(longest, bytes.size());
    }
    const std::vector<std::string_view> sources(owned.begin(), owned.end());
    for (const auto operation : {Operation::kAnd, Operation::kOr, Operation::kXor}) {
      std::string expected(longest, '\0');
      for (std::size_t i = 0; i < longest; ++i) {
        const auto byte = [i](std::string_view source) {
          return i < source.size() ? static_cast<unsigned char>(source[i]) : 0u;
        };
        unsigned result = byte(sources[0]);
        for (std::size_t k = 1; k < sources.size(); ++k) {
          if (operation == Operation::kAnd) result &= byte(sources[k]);
          if (operation == Operation::kOr) result |= byte(sources[k]);
          if (operation == Operation::kXor) result ^= byte(sources[k]);
        }
        expected[i] = static_cast<char>(result);
      }
      CHECK(bits::combine(operation, sources) == expected);
    }
    std::string turned = owned[0];
    for (char& byte : turned) byte = static_cast<char>(~byte);
    CHECK(bits::combine(Operation::kNot, std::span(sources).first(1)) == turned);
  }
}

}  // namespace
}  // namespace stave
