// SPDX-License-Identifier: Apache-2.0
// The primitives of Redis' RDB format: lengths, strings and scores, between bytes and memory. No I/O; what is
// read may be anything.
//
//   length  := 00nnnnnn | 01nnnnnn n8 | 0x80 n32 | 0x81 n64     (big-endian)
//   string  := length bytes
//            | 0xc0 i8 | 0xc1 i16 | 0xc2 i32                    (little-endian; stands for its decimal text)
//            | 0xc3 length(of what follows) length(of the text) bytes of LZF
//   double, i64 := 8 bytes, little-endian
//   text double := 253 (NaN) | 254 (inf) | 255 (-inf) | count u8 and so many characters
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/byte_reader.h"

namespace stave {

class RdbReader {
 public:
  explicit RdbReader(std::string_view bytes) : bytes_(bytes) {}

  std::size_t left() const { return bytes_.left(); }
  // All of these: false when there is no such thing at the front.
  [[nodiscard]] bool take_byte(std::uint8_t& byte) { return bytes_.take_byte(byte); }
  [[nodiscard]] bool take_length(std::uint64_t& length);
  // `text` is good as long as the reader's bytes, or until the next string is taken.
  [[nodiscard]] bool take_string(std::string_view& text);
  [[nodiscard]] bool take_double(double& number);
  [[nodiscard]] bool take_i64(std::int64_t& number);
  [[nodiscard]] bool take_text_double(double& number);  // NaN is none

 private:
  bool take_length_after(std::uint8_t first, std::uint64_t& length);
  bool take_encoded(unsigned encoding, std::string_view& text);
  template <typename Integer>
  bool take_integer(std::string_view& text);
  bool take_lzf(std::string_view& text);

  ByteReader bytes_;
  std::string made_;  // the last string that is not in the bytes as it is
};

void put_rdb_length(std::string& out, std::uint64_t length);
// The form that Redis chooses: a number where the text is that of one of 32 bits, LZF where it saves bytes.
void put_rdb_string(std::string& out, std::string_view text);
void put_rdb_i64(std::string& out, std::int64_t number);
void put_rdb_double(std::string& out, double number);

}  // namespace stave
