// SPDX-License-Identifier: Apache-2.0
// LCS: the bit-parallel algorithm against the plain table, and the forms of the reply.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "src/commands/common_subsequence.h"
#include "tests/src/command_tester.h"

namespace stave {
namespace {

using Match = CommonSubsequence::Match;

// The table of lengths as textbooks have it, walked back the way that Redis does.
struct Table {
  explicit Table(std::string a_text, std::string b_text) : a(std::move(a_text)), b(std::move(b_text)) {
    lengths.assign(a.size() + 1, std::vector<int>(b.size() + 1, 0));
    for (std::size_t i = 1; i <= a.size(); ++i) {
      for (std::size_t j = 1; j <= b.size(); ++j) {
        lengths[i][j] =
            a[i - 1] == b[j - 1] ? lengths[i - 1][j - 1] + 1 : std::max(lengths[i - 1][j], lengths[i][j - 1]);
      }
    }
  }

  std::vector<std::pair<std::size_t, std::size_t>> pairs() const {
    std::vector<std::pair<std::size_t, std::size_t>> found;
    std::size_t i = a.size();
    std::size_t j = b.size();
    while (i > 0 && j > 0) {
      if (a[i - 1] == b[j - 1]) {
        found.emplace_back(--i, --j);
      } else if (lengths[i - 1][j] > lengths[i][j - 1]) {
        --i;
      } else {
        --j;
      }
    }
    return found;
  }

  std::string a;
  std::string b;
  std::vector<std::vector<int>> lengths;
};

std::string random_text(std::mt19937& random, std::size_t bytes_max, int letters) {
  std::string text(random() % (bytes_max + 1), ' ');
  for (char& c : text) c = static_cast<char>('a' + random() % static_cast<unsigned>(letters));
  return text;
}

TEST_CASE("the same length and the same pairs as the table") {
  std::mt19937 random(7);
  for (int round = 0; round < 600; ++round) {
    const int letters = 1 + static_cast<int>(random() % 6);
    const Table table(random_text(random, 150, letters), random_text(random, 150, letters));
    CAPTURE(table.a);
    CAPTURE(table.b);
    const CommonSubsequence common(table.a, table.b, false);
    CHECK(common.length() == static_cast<std::size_t>(table.lengths.back().back()));
    CHECK(CommonSubsequence(table.a, table.b, true).length() == common.length());
    std::vector<std::pair<std::size_t, std::size_t>> pairs;
    for (const Match& match : common.matches()) {
      for (std::size_t k = match.bytes; k-- > 0;) pairs.emplace_back(match.a_begin + k, match.b_begin + k);
    }
    CHECK(pairs == table.pairs());
  }
}

TEST_CASE("LCS: forms of the reply") {
  testing::CommandTester tester{string_commands()};
  tester.run("mset a ohmytext b mynewtext");
  CHECK(tester.run("lcs a b") == "$6\r\nmytext\r\n");
  CHECK(tester.run("lcs a b len") == ":6\r\n");
  CHECK(tester.run("lcs a absent") == "$0\r\n\r\n");
  CHECK(tester.run("lcs a b idx minmatchlen 4 withmatchlen") ==
        "*4\r\n$7\r\nmatches\r\n*1\r\n*3\r\n*2\r\n:4\r\n:7\r\n*2\r\n:5\r\n:8\r\n:4\r\n$3\r\nlen\r\n:6\r\n");
  tester.protocol = 3;
  CHECK(tester.run("lcs a absent idx") == "%2\r\n$7\r\nmatches\r\n*0\r\n$3\r\nlen\r\n:0\r\n");
}

TEST_CASE("LCS: errors") {
  testing::CommandTester tester{string_commands()};
  tester.run("mset a ohmytext b mynewtext");
  CHECK(tester.run("lcs a b idx len") ==
        "-ERR If you want both the length and indexes, please just use IDX.\r\n");
  CHECK(tester.run("lcs a b minmatchlen") == "-ERR syntax error\r\n");
  tester.limits.string_bytes_max = 4 * 9 * 10 - 1;
  CHECK(tester.run("lcs a b") ==
        "-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len\r\n");
  tester.keys.stored[{0, "b"}].type = Type::kHash;
  CHECK(tester.run("lcs a b") == "-ERR The specified keys must contain string values\r\n");
}

}  // namespace
}  // namespace stave
