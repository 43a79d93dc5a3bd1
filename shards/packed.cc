// SPDX-License-Identifier: Apache-2.0
#include "shards/packed.h"

#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>

namespace stave {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are stored as they are in memory");

constexpr std::size_t kCountAt = 1;
constexpr unsigned kVarintBytesMax = 10;

bool has_encoding(Type type, Encoding encoding) {
  switch (type) {
    case Type::kHash:
      return encoding == Encoding::kListpack || encoding == Encoding::kHashtable || keeps_expiries(encoding);
    case Type::kSet:
      return encoding == Encoding::kIntset || encoding == Encoding::kListpack ||
             encoding == Encoding::kHashtable;
    case Type::kZset:
      return encoding == Encoding::kListpack || encoding == Encoding::kSkiplist;
    case Type::kList:
      return encoding == Encoding::kListpack || encoding == Encoding::kQuicklist;
    default:
      return false;
  }
}

// Entries have 32 bits for a length.
bool take_element_item(std::string_view& bytes, std::string_view& item) {
  const auto taken = take_item(bytes);
  if (!taken || taken->size() > UINT32_MAX) return false;
  item = *taken;
  return true;
}

bool take_score(std::string_view& bytes, double& score) {
  std::string_view item;
  if (!take_element_item(bytes, item) || item.size() != sizeof score) return false;
  std::memcpy(&score, item.data(), sizeof score);
  return !std::isnan(score);
}

// Takes the elements of a type with so many items for each; none when they are not whole.
std::optional<std::uint64_t> take_elements(std::string_view bytes, unsigned items_per_element) {
  std::uint64_t count = 0;
  for (; !bytes.empty(); ++count) {
    for (unsigned i = 0; i < items_per_element; ++i) {
      std::string_view item;
      if (!take_element_item(bytes, item)) return std::nullopt;
    }
  }
  return count;
}

bool is_packed_expiry(std::string_view item) {
  return item.empty() || (item.size() == sizeof(std::int64_t) && unpack_expiry(item) > 0);
}

std::optional<std::uint64_t> take_expiring(std::string_view bytes) {
  std::uint64_t count = 0;
  for (; !bytes.empty(); ++count) {
    std::string_view item;
    if (!take_element_item(bytes, item) || !take_element_item(bytes, item)) return std::nullopt;
    if (!take_element_item(bytes, item) || !is_packed_expiry(item)) return std::nullopt;
  }
  return count;
}

std::optional<std::uint64_t> take_scored(std::string_view bytes) {
  std::uint64_t count = 0;
  std::string_view last_member;
  double last_score = 0;
  for (; !bytes.empty(); ++count) {
    std::string_view member;
    double score = 0;
    if (!take_element_item(bytes, member) || !take_score(bytes, score)) return std::nullopt;
    const bool ascends = last_score < score || (last_score == score && last_member.compare(member) <= 0);
    if (count > 0 && !ascends) return std::nullopt;
    last_member = member;
    last_score = score;
  }
  return count;
}

std::optional<std::uint64_t> count_elements(Type type, Encoding encoding, std::string_view items) {
  if (type == Type::kZset) return take_scored(items);
  if (keeps_expiries(encoding)) return take_expiring(items);
  return take_elements(items, items_per_element(type, encoding));
}

}  // namespace

void put_varint(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) out.push_back(static_cast<char>(number | 0x80));
  out.push_back(static_cast<char>(number));
}

std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  std::uint64_t number = 0;
  for (unsigned i = 0; i < bytes.size() && i < kVarintBytesMax; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    number |= std::uint64_t{byte & 0x7fu} << (7 * i);
    if (byte >= 0x80) continue;
    const bool too_large = i + 1 == kVarintBytesMax && byte > 1;
    const bool longer_than_needed = i > 0 && byte == 0;
    if (too_large || longer_than_needed) return std::nullopt;
    bytes.remove_prefix(i + 1);
    return number;
  }
  return std::nullopt;
}

std::optional<std::string_view> take_item(std::string_view& bytes) {
  std::string_view rest = bytes;
  const auto length = take_varint(rest);
  if (!length || *length > rest.size()) return std::nullopt;
  const std::string_view item = rest.substr(0, *length);
  bytes = rest.substr(*length);
  return item;
}

void put_item(std::string& out, std::string_view item) {
  put_varint(out, item.size());
  out.append(item);
}

std::size_t item_bytes(std::size_t length) {
  const auto bits = static_cast<std::size_t>(std::bit_width(length | 1));
  return (bits + 6) / 7 + length;
}

std::string empty_packed(Type type) {
  std::string packed(kPackedHeaderBytes, '\0');
  set_packed_encoding(packed, type == Type::kSet ? Encoding::kIntset : Encoding::kListpack);
  return packed;
}

Encoding packed_encoding(std::string_view packed) {
  assert(packed.size() >= kPackedHeaderBytes);
  return static_cast<Encoding>(packed[0]);
}

void set_packed_encoding(std::string& packed, Encoding encoding) {
  assert(packed.size() >= kPackedHeaderBytes);
  packed[0] = static_cast<char>(encoding);
}

std::size_t packed_count(std::string_view packed) {
  assert(packed.size() >= kPackedHeaderBytes);
  std::uint32_t count = 0;
  std::memcpy(&count, packed.data() + kCountAt, sizeof count);
  return count;
}

void set_packed_count(std::string& packed, std::size_t count) {
  assert(packed.size() >= kPackedHeaderBytes && count <= UINT32_MAX);
  const auto stored = static_cast<std::uint32_t>(count);
  std::memcpy(packed.data() + kCountAt, &stored, sizeof stored);
}

bool is_packed(Type type, std::string_view packed) {
  if (packed.size() < kPackedHeaderBytes || !has_encoding(type, packed_encoding(packed))) return false;
  const std::string_view items = packed.substr(kPackedHeaderBytes);
  return count_elements(type, packed_encoding(packed), items) == packed_count(packed);
}

std::int64_t unpack_expiry(std::string_view item) {
  std::int64_t expiry_ms = 0;
  if (item.size() == sizeof expiry_ms) std::memcpy(&expiry_ms, item.data(), sizeof expiry_ms);
  return expiry_ms;
}

void put_expiry(std::string& out, std::int64_t expiry_ms) {
  const std::string_view bytes(reinterpret_cast<const char*>(&expiry_ms), sizeof expiry_ms);
  put_item(out, expiry_ms == 0 ? std::string_view() : bytes);
}

bool PackedItems::next_long(std::string_view& item) {
  const auto taken = take_item(rest_);
  assert(taken);
  item = *taken;
  return true;
}

}  // namespace stave
