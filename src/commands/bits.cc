// SPDX-License-Identifier: Apache-2.0
#include "src/commands/bits.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace stave::bits {
namespace {

using Word = std::uint64_t;
constexpr std::size_t kWordBytes = sizeof(Word);

// Up to eight bytes, the first one highest; the missing ones are 0.
Word load_word(const char* from, std::size_t bytes) {
  Word word = 0;
  if (bytes >= kWordBytes) {
    std::memcpy(&word, from, kWordBytes);  // the usual case, one instruction
  } else {
    std::memcpy(&word, from, bytes);
  }
  return std::endian::native == std::endian::little ? __builtin_bswap64(word) : word;
}

std::size_t count_all(std::string_view bytes) {
  // Four sums, so that the additions need not wait for each other.
  std::array<std::size_t, 4> sums{};
  const char* from = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 4 * kWordBytes; left -= 4 * kWordBytes, from += 4 * kWordBytes) {
    std::array<Word, 4> words;
    std::memcpy(words.data(), from, sizeof words);
    for (std::size_t i = 0; i < 4; ++i) sums[i] += static_cast<std::size_t>(std::popcount(words[i]));
  }
  for (; left > 0; --left)
    sums[0] += static_cast<std::size_t>(std::popcount(static_cast<unsigned char>(*from++)));
  return sums[0] + sums[1] + sums[2] + sums[3];
}

// into[i] = operation(into[i], from[i]). Blocks of a constant size, so that the compiler makes vectors of
// them.
template <typename Operate>
void merge(char* into, const char* from, std::size_t bytes, Operate operate) {
  std::array<Word, 8> mine;
  std::array<Word, 8> theirs;
  for (; bytes >= sizeof mine; bytes -= sizeof mine, into += sizeof mine, from += sizeof mine) {
    std::memcpy(mine.data(), into, sizeof mine);
    std::memcpy(theirs.data(), from, sizeof theirs);
    for (std::size_t i = 0; i < mine.size(); ++i) mine[i] = operate(mine[i], theirs[i]);
    std::memcpy(into, mine.data(), sizeof mine);
  }
  for (; bytes > 0; --bytes, ++into, ++from) {
    *into = static_cast<char>(operate(static_cast<unsigned char>(*into), static_cast<unsigned char>(*from)));
  }
}

void merge_source(std::string& result, std::string_view source, Operation operation) {
  char* const into = result.data();
  switch (operation) {
    case Operation::kAnd:
      merge(into, source.data(), source.size(), [](Word a, Word b) { return a & b; });
      std::fill(result.begin() + static_cast<std::ptrdiff_t>(source.size()), result.end(), '\0');
      return;
    case Operation::kOr:
      return merge(into, source.data(), source.size(), [](Word a, Word b) { return a | b; });
    case Operation::kXor:
      return merge(into, source.data(), source.size(), [](Word a, Word b) { return a ^ b; });
    case Operation::kNot:
      return merge(into, source.data(), source.size(), [](Word, Word b) { return ~b; });
  }
}

}  // namespace

std::size_t count(std::string_view bytes, std::size_t begin, std::size_t end) {
  if (begin == end) return 0;
  const std::size_t first = begin / 8;
  const std::size_t last = (end - 1) / 8;
  const std::size_t before = static_cast<unsigned char>(bytes[first]) >> (8 - begin % 8);
  const std::size_t after = static_cast<unsigned char>(bytes[last]) & (0xffu >> ((end - 1) % 8 + 1));
  return count_all(bytes.substr(first, last - first + 1)) - static_cast<std::size_t>(std::popcount(before)) -
         static_cast<std::size_t>(std::popcount(after));
}

std::optional<std::size_t> find(std::string_view bytes, std::size_t begin, std::size_t end, bool bit) {
  // Turned over where a 0 is wanted, so that it is always a 1 that is looked for.
  const Word flip = bit ? 0 : ~Word{0};
  while (begin < end) {
    const std::size_t byte = begin / 8;
    const Word word = (load_word(bytes.data() + byte, bytes.size() - byte) ^ flip) << (begin % 8);
    if (word != 0) {
      const std::size_t position = begin + static_cast<std::size_t>(std::countl_zero(word));
      return position < end ? std::optional(position) : std::nullopt;
    }
    begin = 8 * (byte + kWordBytes);
  }
  return std::nullopt;
}

std::string combine(Operation operation, std::span<const std::string_view> sources) {
  std::size_t bytes = 0;
  for (const std::string_view source : sources) bytes = std::max(bytes, source.size());
  std::string result;
  result.reserve(bytes);
  result.append(sources[0]);
  result.resize(bytes);
  if (operation == Operation::kNot) {
    merge_source(result, sources[0], operation);
  } else {
    for (const std::string_view source : sources.subspan(1)) merge_source(result, source, operation);
  }
  return result;
}

}  // namespace stave::bits
