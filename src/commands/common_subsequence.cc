// SPDX-License-Identifier: Apache-2.0
#include "src/commands/common_subsequence.h"

#include <bit>

namespace stave {

CommonSubsequence::CommonSubsequence(std::string_view a, std::string_view b, bool length_only)
    : a_(a), b_(b), length_only_(length_only), row_words_((b.size() + kWordBits - 1) / kWordBits) {
  index_bytes();
  fill();
}

void CommonSubsequence::index_bytes() {
  std::array<bool, 256> occurs{};
  std::size_t slots = 0;
  for (const char c : a_) {
    const auto byte = static_cast<unsigned char>(c);
    if (occurs[byte]) continue;
    occurs[byte] = true;
    slot_[byte] = static_cast<std::uint8_t>(slots++);
  }
  positions_.assign(slots * row_words_, 0);
  for (std::size_t j = 0; j < b_.size(); ++j) {
    const auto byte = static_cast<unsigned char>(b_[j]);
    if (!occurs[byte]) continue;
    positions_[slot_[byte] * row_words_ + j / kWordBits] |= Word{1} << (j % kWordBits);
  }
}

void CommonSubsequence::fill() {
  rows_.resize((length_only_ ? 2 : a_.size() + 1) * row_words_);
  for (std::size_t word = 0; word < row_words_; ++word) row(0)[word] = ~Word{0};
  for (std::size_t i = 0; i < a_.size(); ++i) fill_row(row(i), positions_of(a_[i]), row(i + 1));
  // Bits behind the end of `b` stay 1: nothing matches there.
  for (std::size_t word = 0; word < row_words_; ++word) {
    length_ += static_cast<std::size_t>(std::popcount(~row(a_.size())[word]));
  }
}

// In each run of ones of `above`, closed by the 0 that follows it, the lowest match becomes the new 0.
void CommonSubsequence::fill_row(const Word* above, const Word* equal, Word* row) const {
  Word carry = 0;
  for (std::size_t word = 0; word < row_words_; ++word) {
    const Word matches = above[word] & equal[word];
    Word sum = above[word] + carry;
    carry = sum < carry;
    sum += matches;
    carry |= sum < matches;
    row[word] = sum | (above[word] & ~matches);
  }
}

std::vector<CommonSubsequence::Match> CommonSubsequence::matches() const {
  std::vector<Match> found;
  std::size_t i = a_.size();
  std::size_t j = b_.size();
  bool adjacent = false;  // the step before was a match too
  while (i > 0 && j > 0) {
    if (a_[i - 1] != b_[j - 1]) {
      adjacent = false;
      // The length is that of the shorter prefix of `a` where `b` still makes it grow, else of the shorter
      // prefix of `b`.
      grows(i, j - 1) ? --i : --j;
      continue;
    }
    --i;
    --j;
    const std::size_t before = adjacent ? found.back().bytes : 0;
    if (!adjacent) found.emplace_back();
    found.back() = {i, j, before + 1};
    adjacent = true;
  }
  return found;
}

}  // namespace stave
