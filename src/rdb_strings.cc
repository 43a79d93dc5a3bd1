// SPDX-License-Identifier: Apache-2.0
#include "src/rdb_strings.h"

#include <liblzf/lzf.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "shards/limits.h"
#include "src/numbers.h"

namespace stave {
namespace {

// What the two high bits of a string's first byte say.
enum Form : std::uint8_t { kSixBits = 0, kFourteenBits = 1, kLong = 2, kEncoded = 3 };
constexpr std::uint8_t kLength32 = 0x80;
constexpr std::uint8_t kLength64 = 0x81;
constexpr std::uint8_t kEncodedMark = 0xc0;
enum StringEncoding : std::uint8_t { kInt8 = 0, kInt16 = 1, kInt32 = 2, kLzf = 3 };

// Three bytes of LZF stand for 264 at most, so a larger length is a lie.
constexpr std::uint64_t kLzfFactorMax = 88;
// Below, Redis does not try.
constexpr std::size_t kLzfBytesMin = 21;
constexpr std::size_t kLzfBytesSavedMin = 4;

constexpr std::uint8_t kTextNan = 253;
constexpr std::uint8_t kTextInfinity = 254;
constexpr std::uint8_t kTextMinusInfinity = 255;

template <typename Number>
void put_little(std::string& out, Number number) {
  static_assert(std::endian::native == std::endian::little);
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

template <typename Number>
void put_big(std::string& out, Number number) {
  for (int shift = 8 * (sizeof number - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(number >> shift));
}

void put_byte(std::string& out, unsigned byte) {
  out.push_back(static_cast<char>(byte));
}

template <typename Integer>
bool fits(std::int64_t number) {
  return number >= std::numeric_limits<Integer>::min() && number <= std::numeric_limits<Integer>::max();
}

bool put_as_integer(std::string& out, std::string_view text) {
  const auto number = parse_integer(text);
  if (!number || !fits<std::int32_t>(*number)) return false;
  if (fits<std::int8_t>(*number)) {
    put_byte(out, kEncodedMark | kInt8);
    put_little(out, static_cast<std::int8_t>(*number));
  } else if (fits<std::int16_t>(*number)) {
    put_byte(out, kEncodedMark | kInt16);
    put_little(out, static_cast<std::int16_t>(*number));
  } else {
    put_byte(out, kEncodedMark | kInt32);
    put_little(out, static_cast<std::int32_t>(*number));
  }
  return true;
}

bool put_as_lzf(std::string& out, std::string_view text) {
  if (text.size() < kLzfBytesMin || text.size() > std::numeric_limits<unsigned>::max()) return false;
  std::string compressed(text.size() - kLzfBytesSavedMin, '\0');
  const unsigned bytes = lzf_compress(text.data(), static_cast<unsigned>(text.size()), compressed.data(),
                                      static_cast<unsigned>(compressed.size()));
  if (bytes == 0) return false;
  put_byte(out, kEncodedMark | kLzf);
  put_rdb_length(out, bytes);
  put_rdb_length(out, text.size());
  out.append(compressed, 0, bytes);
  return true;
}

}  // namespace

bool RdbReader::take_length_after(std::uint8_t first, std::uint64_t& length) {
  const unsigned low = first & 0x3f;
  switch (first >> 6) {
    case kSixBits:
      length = low;
      return true;
    case kFourteenBits: {
      std::uint8_t second = 0;
      if (!take_byte(second)) return false;
      length = low << 8 | second;
      return true;
    }
    default:
      break;
  }
  if (first == kLength64) return bytes_.take_big(length);
  std::uint32_t number = 0;
  if (first != kLength32 || !bytes_.take_big(number)) return false;
  length = number;
  return true;
}

bool RdbReader::take_length(std::uint64_t& length) {
  std::uint8_t first = 0;
  return take_byte(first) && take_length_after(first, length);
}

bool RdbReader::take_string(std::string_view& text) {
  std::uint8_t first = 0;
  std::uint64_t length = 0;
  if (!take_byte(first)) return false;
  if (first >> 6 == kEncoded) return take_encoded(first & 0x3f, text);
  return take_length_after(first, length) && bytes_.take(length, text);
}

bool RdbReader::take_encoded(unsigned encoding, std::string_view& text) {
  switch (encoding) {
    case kInt8:
      return take_integer<std::int8_t>(text);
    case kInt16:
      return take_integer<std::int16_t>(text);
    case kInt32:
      return take_integer<std::int32_t>(text);
    case kLzf:
      return take_lzf(text);
    default:
      return false;
  }
}

template <typename Integer>
bool RdbReader::take_integer(std::string_view& text) {
  Integer number = 0;
  if (!bytes_.take_little(number)) return false;
  char buffer[kIntegerTextBytesMax];
  made_ = integer_text(number, buffer);
  text = made_;
  return true;
}

bool RdbReader::take_lzf(std::string_view& text) {
  std::uint64_t bytes = 0;
  std::uint64_t length = 0;
  std::string_view compressed;
  if (!take_length(bytes) || !take_length(length) || !bytes_.take(bytes, compressed)) return false;
  // The library reads a first byte even where there is none.
  if (bytes == 0 || length == 0 || length / kLzfFactorMax > bytes || length > limits::kValueBytesMax ||
      bytes > std::numeric_limits<unsigned>::max()) {
    return false;
  }
  made_.resize(static_cast<std::size_t>(length));
  const unsigned made = lzf_decompress(compressed.data(), static_cast<unsigned>(bytes), made_.data(),
                                       static_cast<unsigned>(length));
  text = made_;
  return made == length;
}

bool RdbReader::take_double(double& number) {
  std::string_view bytes;
  if (!bytes_.take(sizeof number, bytes)) return false;
  std::memcpy(&number, bytes.data(), sizeof number);
  return true;
}

bool RdbReader::take_i64(std::int64_t& number) {
  return bytes_.take_little(number);
}

bool RdbReader::take_text_double(double& number) {
  std::uint8_t length = 0;
  if (!take_byte(length) || length == kTextNan) return false;
  if (length == kTextInfinity || length == kTextMinusInfinity) {
    number = std::numeric_limits<double>::infinity() * (length == kTextInfinity ? 1 : -1);
    return true;
  }
  std::string_view text;
  if (!bytes_.take(length, text)) return false;
  const auto parsed = parse_double(text);
  number = parsed.value_or(0);
  return parsed.has_value();
}

void put_rdb_length(std::string& out, std::uint64_t length) {
  if (length < 1u << 6) {
    put_byte(out, static_cast<unsigned>(length));
  } else if (length < 1u << 14) {
    put_byte(out, static_cast<unsigned>(kFourteenBits << 6 | length >> 8));
    put_byte(out, length & 0xff);
  } else if (length <= std::numeric_limits<std::uint32_t>::max()) {
    put_byte(out, kLength32);
    put_big(out, static_cast<std::uint32_t>(length));
  } else {
    put_byte(out, kLength64);
    put_big(out, length);
  }
}

void put_rdb_string(std::string& out, std::string_view text) {
  if (put_as_integer(out, text) || put_as_lzf(out, text)) return;
  put_rdb_length(out, text.size());
  out.append(text);
}

void put_rdb_i64(std::string& out, std::int64_t number) {
  put_little(out, number);
}

void put_rdb_double(std::string& out, double number) {
  put_little(out, number);
}

}  // namespace stave
