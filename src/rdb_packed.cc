// SPDX-License-Identifier: Apache-2.0
// Listpacks and intsets.
#include "src/rdb_packed.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <limits>

#include "src/byte_reader.h"
#include "src/numbers.h"

namespace stave {
namespace {

constexpr std::uint8_t kEnd = 0xff;
constexpr std::uint16_t kManyElements = 0xffff;
constexpr std::size_t kHeaderBytes = 6;

enum Encoding : std::uint8_t {
  kText32 = 0xf0,
  kInteger16 = 0xf1,
  kInteger24 = 0xf2,
  kInteger32 = 0xf3,
  kInteger64 = 0xf4,
};

template <typename Number>
void put_little(std::string& out, Number number, unsigned width = sizeof(Number)) {
  static_assert(std::endian::native == std::endian::little);
  out.append(reinterpret_cast<const char*>(&number), width);
}

// --- Reading a listpack.

bool visit_integer(std::int64_t number, const VisitElement& visit) {
  char buffer[kIntegerTextBytesMax];
  return visit(integer_text(number, buffer));
}

bool take_integer(ByteReader& bytes, unsigned width, const VisitElement& visit) {
  std::int64_t number = 0;
  return bytes.take_little(number, width) && visit_integer(number, visit);
}

bool take_text(ByteReader& bytes, std::uint64_t length, const VisitElement& visit) {
  std::string_view text;
  return bytes.take(length, text) && visit(text);
}

bool take_long_element(ByteReader& bytes, std::uint8_t encoding, const VisitElement& visit) {
  switch (encoding) {
    case kText32: {
      std::uint32_t length = 0;
      return bytes.take_little(length) && take_text(bytes, length, visit);
    }
    case kInteger16:
      return take_integer(bytes, 2, visit);
    case kInteger24:
      return take_integer(bytes, 3, visit);
    case kInteger32:
      return take_integer(bytes, 4, visit);
    case kInteger64:
      return take_integer(bytes, 8, visit);
    default:
      return false;
  }
}

bool take_element(ByteReader& bytes, const VisitElement& visit) {
  std::uint8_t encoding = 0;
  std::uint8_t low = 0;
  if (!bytes.take_byte(encoding)) return false;
  if (encoding < 0x80) return visit_integer(encoding, visit);
  if (encoding < 0xc0) return take_text(bytes, encoding & 0x3f, visit);
  if (encoding >= 0xf0) return take_long_element(bytes, encoding, visit);
  if (!bytes.take_byte(low)) return false;
  if (encoding >= 0xe0) return take_text(bytes, (encoding & 0x0fu) << 8 | low, visit);
  const int number = (encoding & 0x1f) << 8 | low;
  return visit_integer(number < 1 << 12 ? number : number - (1 << 13), visit);
}

// The length behind an entry, as Redis writes it.
std::size_t back_length_bytes(std::size_t length) {
  if (length <= 127) return 1;
  if (length < 16'383) return 2;
  if (length < 2'097'151) return 3;
  return length < 268'435'455 ? 4 : 5;
}

bool take_back_length(ByteReader& bytes, std::size_t length) {
  const std::size_t width = back_length_bytes(length);
  std::string_view taken;
  if (!bytes.take(width, taken)) return false;
  for (std::size_t i = 0; i < width; ++i) {
    const auto bits = static_cast<unsigned>(length >> (7 * (width - 1 - i))) & 0x7f;
    if (static_cast<unsigned char>(taken[i]) != (bits | (i > 0 ? 0x80u : 0u))) return false;
  }
  return true;
}

}  // namespace

bool walk_listpack(std::string_view listpack, const VisitElement& visit) {
  ByteReader bytes(listpack);
  std::uint32_t total = 0;
  std::uint16_t stated = 0;
  if (!bytes.take_little(total) || !bytes.take_little(stated) || total != listpack.size()) return false;
  std::uint64_t count = 0;
  for (; bytes.left() > 0 && static_cast<unsigned char>(bytes.rest()[0]) != kEnd; ++count) {
    const std::size_t left = bytes.left();
    if (!take_element(bytes, visit) || !take_back_length(bytes, left - bytes.left())) return false;
  }
  return bytes.left() == 1 && (stated == kManyElements || stated == count);
}

// --- Writing a listpack.

void ListpackWriter::clear() {
  bytes_.assign(kHeaderBytes, '\0');
  count_ = 0;
}

void ListpackWriter::add(std::string_view text) {
  const std::size_t begin = bytes_.size();
  const auto fits = [](std::int64_t number, int bits) {
    return number >= -(std::int64_t{1} << (bits - 1)) && number < std::int64_t{1} << (bits - 1);
  };
  const auto put_byte = [this](unsigned byte) { bytes_.push_back(static_cast<char>(byte)); };
  if (const auto number = parse_integer(text)) {
    if (*number >= 0 && *number < 0x80) {
      put_byte(static_cast<unsigned>(*number));
    } else if (fits(*number, 13)) {
      const auto bits = static_cast<unsigned>(*number) & 0x1fff;
      put_byte(0xc0 | bits >> 8);
      put_byte(bits & 0xff);
    } else {
      const unsigned width = fits(*number, 16) ? 2 : fits(*number, 24) ? 3 : fits(*number, 32) ? 4 : 8;
      put_byte(width == 8 ? unsigned{kInteger64} : kInteger16 + width - 2);
      put_little(bytes_, *number, width);
    }
  } else if (text.size() < 1u << 6) {
    put_byte(0x80 | static_cast<unsigned>(text.size()));
    bytes_.append(text);
  } else if (text.size() < 1u << 12) {
    put_byte(0xe0 | static_cast<unsigned>(text.size() >> 8));
    put_byte(text.size() & 0xff);
    bytes_.append(text);
  } else {
    put_byte(kText32);
    put_little(bytes_, static_cast<std::uint32_t>(text.size()));
    bytes_.append(text);
  }
  end_entry(begin);
}

void ListpackWriter::end_entry(std::size_t begin) {
  const std::size_t length = bytes_.size() - begin;
  const std::size_t width = back_length_bytes(length);
  for (std::size_t i = 0; i < width; ++i) {
    const auto bits = static_cast<unsigned>(length >> (7 * (width - 1 - i))) & 0x7f;
    bytes_.push_back(static_cast<char>(bits | (i > 0 ? 0x80u : 0u)));
  }
  ++count_;
}

std::string_view ListpackWriter::finish() {
  bytes_.push_back(static_cast<char>(kEnd));
  assert(bytes_.size() <= std::numeric_limits<std::uint32_t>::max());
  const auto total = static_cast<std::uint32_t>(bytes_.size());
  const auto stated = static_cast<std::uint16_t>(std::min<std::size_t>(count_, kManyElements));
  std::memcpy(bytes_.data(), &total, sizeof total);
  std::memcpy(bytes_.data() + sizeof total, &stated, sizeof stated);
  return bytes_;
}

// --- Intsets.

bool walk_intset(std::string_view intset, const VisitElement& visit) {
  ByteReader bytes(intset);
  std::uint32_t width = 0;
  std::uint32_t count = 0;
  if (!bytes.take_little(width) || !bytes.take_little(count)) return false;
  if ((width != 2 && width != 4 && width != 8) || count == 0) return false;
  if (bytes.left() != std::uint64_t{count} * width) return false;
  std::int64_t last = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::int64_t number = 0;
    if (!bytes.take_little(number, width) || (i > 0 && number <= last)) return false;
    if (!visit_integer(number, visit)) return false;
    last = number;
  }
  return true;
}

std::string make_intset(std::vector<std::int64_t> numbers) {
  std::sort(numbers.begin(), numbers.end());
  const auto all_fit = [&]<typename Integer>(Integer) {
    return numbers.empty() || (numbers.front() >= std::numeric_limits<Integer>::min() &&
                               numbers.back() <= std::numeric_limits<Integer>::max());
  };
  const std::uint32_t width = all_fit(std::int16_t{}) ? 2 : all_fit(std::int32_t{}) ? 4 : 8;
  std::string intset;
  intset.reserve(2 * sizeof width + numbers.size() * width);
  put_little(intset, width);
  put_little(intset, static_cast<std::uint32_t>(numbers.size()));
  for (const std::int64_t number : numbers) put_little(intset, number, width);
  return intset;
}

}  // namespace stave
