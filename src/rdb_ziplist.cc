// SPDX-License-Identifier: Apache-2.0
// Ziplists and zipmaps, which Redis before 7.0 and 2.6 wrote.
#include "src/byte_reader.h"
#include "src/numbers.h"
#include "src/rdb_packed.h"

namespace stave {
namespace {

constexpr std::uint8_t kEnd = 0xff;
constexpr std::uint8_t kLongLength = 254;
constexpr std::uint16_t kManyElements = 0xffff;

enum Encoding : std::uint8_t {
  kInteger16 = 0xc0,
  kInteger32 = 0xd0,
  kInteger64 = 0xe0,
  kInteger24 = 0xf0,
  kSmallFirst = 0xf1,  // 0
  kSmallLast = 0xfd,   // 12
  kInteger8 = 0xfe,
};

bool at_end(const ByteReader& bytes) {
  return bytes.left() > 0 && static_cast<unsigned char>(bytes.rest()[0]) == kEnd;
}

// 0xff is no length.
bool take_length(ByteReader& bytes, std::uint32_t& length) {
  std::uint8_t first = 0;
  if (!bytes.take_byte(first) || first == kEnd) return false;
  length = first;
  return first < kLongLength || bytes.take_little(length);
}

bool visit_integer(std::int64_t number, const VisitElement& visit) {
  char buffer[kIntegerTextBytesMax];
  return visit(integer_text(number, buffer));
}

bool take_integer(ByteReader& bytes, std::uint8_t encoding, const VisitElement& visit) {
  if (encoding >= kSmallFirst && encoding <= kSmallLast) return visit_integer(encoding - kSmallFirst, visit);
  unsigned width = 0;
  switch (encoding) {
    case kInteger8:
      width = 1;
      break;
    case kInteger16:
      width = 2;
      break;
    case kInteger24:
      width = 3;
      break;
    case kInteger32:
      width = 4;
      break;
    case kInteger64:
      width = 8;
      break;
    default:
      return false;
  }
  std::int64_t number = 0;
  return bytes.take_little(number, width) && visit_integer(number, visit);
}

bool take_entry(ByteReader& bytes, std::uint32_t before, const VisitElement& visit) {
  std::uint32_t stated_before = 0;
  std::uint8_t encoding = 0;
  if (!take_length(bytes, stated_before) || stated_before != before || !bytes.take_byte(encoding))
    return false;
  if (encoding >= 0xc0) return take_integer(bytes, encoding, visit);
  std::uint32_t length = encoding & 0x3f;
  if (encoding >= 0x80) {
    if (!bytes.take_big(length)) return false;
  } else if (encoding >= 0x40) {
    std::uint8_t low = 0;
    if (!bytes.take_byte(low)) return false;
    length = length << 8 | low;
  }
  std::string_view text;
  return bytes.take(length, text) && visit(text);
}

}  // namespace

bool walk_ziplist(std::string_view ziplist, const VisitElement& visit) {
  ByteReader bytes(ziplist);
  std::uint32_t total = 0;
  std::uint32_t last = 0;
  std::uint16_t stated = 0;
  if (!bytes.take_little(total) || !bytes.take_little(last) || !bytes.take_little(stated)) return false;
  if (total != ziplist.size()) return false;
  std::uint64_t count = 0;
  std::size_t begin = ziplist.size() - bytes.left();  // of the last entry
  std::uint32_t before = 0;                           // its bytes
  for (; !at_end(bytes); ++count) {
    begin = ziplist.size() - bytes.left();
    if (!take_entry(bytes, before, visit)) return false;
    before = static_cast<std::uint32_t>(ziplist.size() - bytes.left() - begin);
  }
  return bytes.left() == 1 && begin == last && (stated == kManyElements || stated == count);
}

bool walk_zipmap(std::string_view zipmap, const VisitElement& visit) {
  ByteReader bytes(zipmap);
  std::uint8_t stated = 0;
  if (!bytes.take_byte(stated)) return false;
  std::uint64_t count = 0;
  for (; !at_end(bytes); ++count) {
    std::uint32_t length = 0;
    std::uint8_t unused = 0;
    std::string_view field;
    std::string_view value;
    if (!take_length(bytes, length) || !bytes.take(length, field)) return false;
    if (!take_length(bytes, length) || !bytes.take_byte(unused)) return false;
    if (!bytes.take(length, value) || !bytes.skip(unused)) return false;
    if (!visit(field) || !visit(value)) return false;
  }
  return bytes.left() == 1 && count > 0 && (stated == kLongLength || stated == count);
}

}  // namespace stave
