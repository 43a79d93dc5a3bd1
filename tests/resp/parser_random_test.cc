// SPDX-License-Identifier: Apache-2.0
// Shows on random streams that requests come out as they were encoded, that damaged streams fail alike
// however they are cut, and that nothing promised in parser.h is broken. STAVE_TEST_SEED=<number> replays a
// failing seed.
#include <doctest/doctest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/resp/seed.h"
#include "tests/resp/transcript.h"

namespace stave::resp::test {
namespace {

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t bound) {
  return static_cast<std::size_t>(random() % bound);
}

std::string random_bytes(Random& random, std::string_view alphabet, std::size_t size_max) {
  std::string bytes(below(random, size_max + 1), ' ');
  for (char& byte : bytes) byte = alphabet[below(random, alphabet.size())];
  return bytes;
}

// Mostly short ones, since that is where the edges are.
std::vector<std::string> random_request(Random& random) {
  std::vector<std::string> arguments(below(random, 6));
  for (std::string& argument : arguments) {
    argument = random_bytes(random, "ab$*\r\n09", below(random, 20) == 0 ? 2000 : 12);
  }
  return arguments;
}

std::vector<std::size_t> random_sizes(Random& random) {
  std::vector<std::size_t> sizes(1 + below(random, 6));
  const std::size_t size_max = below(random, 3) == 0 ? 400 : 8;
  for (std::size_t& size : sizes) size = 1 + below(random, size_max);
  return sizes;
}

void damage(Random& random, std::string& stream) {
  constexpr std::string_view kBytes("*$-019\r\n\"'\\ x\0", 14);
  for (std::size_t times = 1 + below(random, 3); times > 0 && !stream.empty(); --times) {
    const std::size_t at = below(random, stream.size());
    const char byte = kBytes[below(random, kBytes.size())];
    switch (below(random, 3)) {
      case 0:
        stream[at] = byte;
        break;
      case 1:
        stream.erase(at, 1);
        break;
      default:
        stream.insert(at, 1, byte);
    }
  }
}

}  // namespace

TEST_CASE("random requests come out as they went in") {
  Random random(pick_seed());
  for (int round = 0; round < 300; ++round) {
    Transcript expected;
    std::string stream;
    for (std::size_t count = below(random, 8); count > 0; --count) {
      expected.requests.push_back(random_request(random));
      stream += encode(expected.requests.back());
    }
    CAPTURE(round);
    REQUIRE(parse_whole(stream) == expected);
    REQUIRE(parse_split(stream, random_sizes(random)) == expected);
  }
}

TEST_CASE("damaged random streams give the same for every split") {
  Random random(pick_seed());
  for (int round = 0; round < 1000; ++round) {
    std::string stream;
    for (std::size_t count = below(random, 5); count > 0; --count) {
      stream += below(random, 3) == 0 ? random_bytes(random, "ab \t\r\"'\\x41n", 16) + "\r\n"
                                      : encode(random_request(random));
    }
    damage(random, stream);
    const Limits limits{.bulk_bytes_max = 1000,
                        .arguments_max = 5,
                        .inline_bytes_max = below(random, 2) == 0 ? std::size_t{16} : std::size_t{1000},
                        .authenticated = below(random, 2) == 0};
    CAPTURE(round);
    const Transcript whole = parse_whole(stream, limits);
    REQUIRE(whole.violation.empty());
    REQUIRE(parse_split(stream, {1}, limits) == whole);
    REQUIRE(parse_split(stream, random_sizes(random), limits) == whole);
  }
}

}  // namespace stave::resp::test
