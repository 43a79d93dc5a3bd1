// SPDX-License-Identifier: Apache-2.0
// Redis' compact forms of small collections, each one string of bytes: listpack and intset, which are read
// and written, and ziplist and zipmap of older versions, which are only read. What is read may be anything:
// it is checked to the last byte. No I/O.
//
//   listpack := bytes u32 | count u16 (65535: count them) | entry * | 0xff
//   entry    := encoding and data | the length of that, 7 bits a byte, the highest bits first, 0x80 set in
//               all but the first byte
//   encoding := 0nnnnnnn (0 to 127) | 10nnnnnn text | 110nnnnn n8 (13 bits, signed) | 1110nnnn n8 text
//             | 0xf0 n32 text | 0xf1 i16 | 0xf2 i24 | 0xf3 i32 | 0xf4 i64
//   intset   := width u32 (2, 4 or 8) | count u32 | integers of so many bytes, ascending
//   ziplist  := bytes u32 | offset of the last entry u32 | count u16 (65535: count them) | entry * | 0xff
//   entry    := bytes of the entry before (u8 < 254, or 254 and u32) | encoding and data
//   encoding := 00nnnnnn text | 01nnnnnn n8 text | 10------ n32 text (big-endian lengths) | 0xc0 i16 |
//               0xd0 i32 | 0xe0 i64 | 0xf0 i24 | 0xfe i8 | 0xf1 to 0xfd (0 to 12)
//   zipmap   := count u8 (254: count them) | (length field | length unused u8 value unused bytes) * | 0xff
//   length   := u8 < 254, or 254 and u32
//
// All little-endian but where it says otherwise.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace stave {

// Sees the text of an element; good until it returns. False: this is no such collection.
using VisitElement = std::function<bool(std::string_view text)>;

// Each walks over all elements, and returns false when the bytes are not exactly what the form says, or when
// `visit` does. Of a zipmap: fields and values in turn.
[[nodiscard]] bool walk_listpack(std::string_view bytes, const VisitElement& visit);
[[nodiscard]] bool walk_intset(std::string_view bytes, const VisitElement& visit);
[[nodiscard]] bool walk_ziplist(std::string_view bytes, const VisitElement& visit);
[[nodiscard]] bool walk_zipmap(std::string_view bytes, const VisitElement& visit);

// Makes a listpack as Redis does: what is the text of an integer becomes one.
class ListpackWriter {
 public:
  ListpackWriter() { clear(); }

  void add(std::string_view text);
  std::size_t count() const { return count_; }
  std::size_t bytes() const { return bytes_.size() + 1; }
  // REQUIRES: bytes() fit 32 bits. Only clear() may follow.
  std::string_view finish();
  void clear();

 private:
  void end_entry(std::size_t begin);

  std::string bytes_;
  std::size_t count_ = 0;
};

// The intset of these, with the smallest width that holds them. REQUIRES: they differ, and are fewer than
// 2^32.
std::string make_intset(std::vector<std::int64_t> numbers);

}  // namespace stave
