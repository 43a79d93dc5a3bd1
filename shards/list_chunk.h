// SPDX-License-Identifier: Apache-2.0
// ListChunk: one chunk of a list's elements, and the items in it. Only list_chunks*.cc use this; the format
// is in list_chunks.h.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "shards/list_chunks.h"

namespace stave {

// The items are apart, so that walking over the chunks of a list touches little memory.
struct ListChunk {
  ListChunk* before = nullptr;
  ListChunk* after = nullptr;
  char* items = nullptr;
  std::uint32_t capacity = 0;  // bytes for items
  std::uint32_t begin = 0;     // of the items, bytes
  std::uint32_t end = 0;
  std::uint32_t count = 0;
  std::uint32_t listpack_bytes = 0;
  // Of each element, which then has no length of its own; 0: items have theirs.
  std::uint32_t even_length = 0;

  bool takes(std::size_t length) const { return even_length == 0 || even_length == length; }
  std::uint32_t item_bytes(std::size_t length) const;
  std::uint32_t uneven_bytes() const;  // used() once the items have lengths
  std::uint32_t used() const { return end - begin; }
  std::uint32_t room(ListEnd at) const { return at == ListEnd::kHead ? begin : capacity - end; }

  std::uint32_t offset_of(std::uint32_t nth);  // nth may be `count`: `end`
  std::uint32_t next(std::uint32_t offset);
  std::uint32_t previous(std::uint32_t offset);
  std::string_view element(std::uint32_t offset);
};

struct ListItem {
  static constexpr std::uint32_t kShort = 0x80;  // elements below this length have lengths of one byte

  static std::uint32_t length_bytes(std::size_t length) {
    return (static_cast<std::uint32_t>(std::bit_width(length | 1)) + 6) / 7;
  }
  static std::uint32_t bytes(std::size_t length) {
    return static_cast<std::uint32_t>(length) + 2 * length_bytes(length);
  }
  static void write(char* to, std::string_view element);  // with its length
  // The number that begins at `at` and goes `step` (1 or -1) from there.
  static std::size_t read_length(const char* at, int step);
};

inline void ListItem::write(char* to, std::string_view element) {
  const std::uint32_t width = length_bytes(element.size());
  char* const last = to + bytes(element.size()) - 1;
  std::size_t length = element.size();
  for (std::uint32_t i = 0; i < width; ++i, length >>= 7) {
    to[i] = static_cast<char>(i + 1 < width ? length | 0x80 : length);
    last[-static_cast<std::ptrdiff_t>(i)] = to[i];
  }
  if (!element.empty()) std::memcpy(to + width, element.data(), element.size());
}

inline std::size_t ListItem::read_length(const char* at, int step) {
  std::size_t length = static_cast<unsigned char>(*at);
  if (length < kShort) return length;
  length &= 0x7f;
  for (unsigned shift = 7;; shift += 7) {
    at += step;
    const auto byte = static_cast<unsigned char>(*at);
    length |= std::size_t{byte & 0x7fu} << shift;
    if (byte < kShort) return length;
  }
}

// REQUIRES: takes(length).
inline std::uint32_t ListChunk::item_bytes(std::size_t length) const {
  return even_length != 0 ? even_length : ListItem::bytes(length);
}

inline std::uint32_t ListChunk::uneven_bytes() const {
  return even_length != 0 ? count * ListItem::bytes(even_length) : used();
}

inline std::uint32_t ListChunk::next(std::uint32_t offset) {
  if (even_length != 0) return offset + even_length;
  return offset + ListItem::bytes(ListItem::read_length(items + offset, 1));
}

inline std::uint32_t ListChunk::previous(std::uint32_t offset) {
  if (even_length != 0) return offset - even_length;
  return offset - ListItem::bytes(ListItem::read_length(items + offset - 1, -1));
}

inline std::string_view ListChunk::element(std::uint32_t offset) {
  if (even_length != 0) return {items + offset, even_length};
  const std::size_t length = ListItem::read_length(items + offset, 1);
  return {items + offset + ListItem::length_bytes(length), length};
}

inline std::uint32_t ListChunk::offset_of(std::uint32_t nth) {
  if (even_length != 0) return begin + nth * even_length;
  if (nth <= count / 2) {
    std::uint32_t offset = begin;
    for (; nth > 0; --nth) offset = next(offset);
    return offset;
  }
  std::uint32_t offset = end;
  for (; nth < count; ++nth) offset = previous(offset);
  return offset;
}

}  // namespace stave
