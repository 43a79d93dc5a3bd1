// SPDX-License-Identifier: Apache-2.0
// Packed: a collection as one string of bytes. Small ones are kept so in memory, and all are written so into
// the log as a whole (a snapshot).
//
// Format, little-endian:
//
//   packed := encoding u8 | count of elements u32 | item *
//   item   := varint length | bytes
//
// A hash has two items for an element (field, value), a sorted set too (member, 8 bytes of an IEEE double;
// ascending by score, then by the member's bytes), a set and a list have one. A hash whose fields may expire
// has three (keeps_expiries()): field, value, and its expiry, 8 bytes of a Unix time in ms, or none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shards/entry.h"

namespace stave {

// What OBJECT ENCODING says. Persistent: never renumber.
enum class Encoding : std::uint8_t {
  kListpack = 1,
  kIntset = 2,
  kHashtable = 3,
  kSkiplist = 4,
  kQuicklist = 5,
  kListpackEx = 6,  // of a hash whose fields may expire; Redis' name
  kHashtableEx = 7  // the same; Redis says hashtable
};

// Of a hash: whether its elements have expiries. Once they do they keep the room for them, as in Redis.
constexpr bool keeps_expiries(Encoding encoding) {
  return encoding == Encoding::kListpackEx || encoding == Encoding::kHashtableEx;
}

constexpr unsigned items_per_element(Type type, Encoding encoding) {
  if (keeps_expiries(encoding)) return 3;
  return type == Type::kHash || type == Type::kZset ? 2 : 1;
}

inline constexpr std::size_t kPackedHeaderBytes = 5;

// A collection that needs more bytes has outgrown its packed form: changing it would cost too much, in time
// and in the log. What is larger on disk says so itself (kChainHead), so this may change.
inline constexpr std::size_t kPackedBytesMax = 512;
inline bool is_outgrown(std::string_view packed) {
  return packed.size() > kPackedBytesMax;
}

// LEB128.
void put_varint(std::string& out, std::uint64_t number);
// Takes a number, or a length and as many bytes, from the front of `bytes`; none, and nothing taken, when
// they are not whole. A number in more bytes than it needs is none either: so item_bytes() holds for all
// items.
std::optional<std::uint64_t> take_varint(std::string_view& bytes);
std::optional<std::string_view> take_item(std::string_view& bytes);
void put_item(std::string& out, std::string_view item);
std::size_t item_bytes(std::size_t length);

// Without elements, with the encoding that a new collection of this type has.
std::string empty_packed(Type type);
// REQUIRES of the next four: is_packed().
Encoding packed_encoding(std::string_view packed);
void set_packed_encoding(std::string& packed, Encoding encoding);
std::size_t packed_count(std::string_view packed);
void set_packed_count(std::string& packed, std::size_t count);
// True when the items are whole and as many as the count says, the encoding is one of the type, and scores
// are where they belong, in order. Any bytes may be asked about. Bytes that come from outside are checked
// once; everything else may rely on it. That a field or member is there twice is not noticed.
bool is_packed(Type type, std::string_view packed);

// The third item of a hash's element, 0 for never.
std::int64_t unpack_expiry(std::string_view item);
void put_expiry(std::string& out, std::int64_t expiry_ms);

// Walks over the items. REQUIRES: is_packed(), or no bytes at all, which have no items.
class PackedItems {
 public:
  explicit PackedItems(std::string_view packed)
      : packed_(packed), rest_(packed.substr(packed.empty() ? 0 : kPackedHeaderBytes)) {}
  bool next(std::string_view& item) {
    if (rest_.empty()) return false;
    const auto bytes = static_cast<unsigned char>(rest_.front());
    if (bytes >= 0x80 || bytes >= rest_.size()) return next_long(item);
    item = rest_.substr(1, bytes);
    rest_.remove_prefix(1u + bytes);
    return true;
  }
  // Where the item after the last one begins, bytes.
  std::size_t offset() const { return packed_.size() - rest_.size(); }

 private:
  bool next_long(std::string_view& item);

  std::string_view packed_;
  std::string_view rest_;
};

}  // namespace stave
