// SPDX-License-Identifier: Apache-2.0
// CommonSubsequence: the longest common subsequence of two byte strings, for LCS.
//
// Instead of a table of lengths it keeps, for each prefix of `a`, one bit per byte of `b`: whether the length
// grows there. One machine word does 64 cells at once (Hyyrö, "Bit-parallel LCS-length computation
// revisited", 2004), the bits suffice to walk back, and they take a 32nd of the table.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace stave {

class CommonSubsequence {
 public:
  // A run of bytes, equal in both strings.
  struct Match {
    std::size_t a_begin = 0;
    std::size_t b_begin = 0;
    std::size_t bytes = 0;
  };

  // `a` and `b` must outlive it. With `length_only` matches() may not be called.
  // Memory: 2 * a.size() * b.size() / 8 bytes at most.
  CommonSubsequence(std::string_view a, std::string_view b, bool length_only);

  // In bytes.
  std::size_t length() const { return length_; }
  // The runs that make it up, the last one first. Of several subsequences of that length it is the one that
  // Redis finds.
  std::vector<Match> matches() const;

 private:
  using Word = std::uint64_t;

  void index_bytes();
  void fill();
  void fill_row(const Word* above, const Word* equal, Word* row) const;
  const Word* positions_of(char byte) const {
    return positions_.data() + std::size_t{slot_[static_cast<unsigned char>(byte)]} * row_words_;
  }
  Word* row(std::size_t i) { return rows_.data() + (length_only_ ? i % 2 : i) * row_words_; }
  // Whether the length for the first `i` bytes of `a` grows with byte `j` of `b`.
  bool grows(std::size_t i, std::size_t j) const {
    return (rows_[i * row_words_ + j / kWordBits] >> (j % kWordBits) & 1) == 0;
  }

  static constexpr std::size_t kWordBits = 64;

  const std::string_view a_;
  const std::string_view b_;
  const bool length_only_;
  const std::size_t row_words_;
  std::array<std::uint8_t, 256> slot_{};  // of each byte value that occurs in `a`, in positions_
  std::vector<Word> positions_;           // for each slot a row: bit j = b[j] is that byte
  std::vector<Word> rows_;                // row i, bit j: 0 = grows(i, j)
  std::size_t length_ = 0;
};

}  // namespace stave
