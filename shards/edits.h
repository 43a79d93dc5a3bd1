// SPDX-License-Identifier: Apache-2.0
// Edits: the primitive changes of collections. A command makes some; they are applied to the value in memory,
// logged (is_edits(RecordKind)), and applied again at recovery. One format for all three.
//
// Format: edits := edit *; edit := kind u8 | operands in the order of the function that makes it; a byte
// string is varint length | bytes, a number is a varint (LEB128), a score is an IEEE double, little-endian,
// as a byte string of 8.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stave {

// Persistent: never renumber.
enum class EditKind : std::uint8_t {
  kPut = 1,       // hash: field, value, and it never expires; sorted set: member, score
  kRemove = 2,    // field or member
  kAdd = 3,       // set: member
  kPushHead = 4,  // list: element
  kPushTail = 5,  // element
  kPopHead = 6,   // count
  kPopTail = 7,   // count
  kSetAt = 8,     // index, element
  kInsertAt = 9,  // index of the new element, element
  kEraseAt = 10,  // index, count
  kExpire = 11,   // hash: field, Unix ms of its expiry or 0; nothing without the field
};

struct Edit {
  EditKind kind = EditKind::kPut;
  std::string_view name;   // field, member or element
  std::string_view value;  // of a field; 8 bytes of a score
  std::uint64_t index = 0;
  std::uint64_t count = 0;
  std::int64_t expiry_ms = 0;

  double score() const;  // NaN when the value is no score
};

// Collects edits.
class Edits {
 public:
  void put(std::string_view field, std::string_view value);
  void put(std::string_view member, double score);
  void remove(std::string_view name);
  // 0: never.
  void expire(std::string_view field, std::int64_t expiry_ms);
  void add(std::string_view member);
  void push_head(std::string_view element);
  void push_tail(std::string_view element);
  void pop_head(std::uint64_t count);
  void pop_tail(std::uint64_t count);
  void set_at(std::uint64_t index, std::string_view element);
  void insert_at(std::uint64_t index, std::string_view element);
  void erase_at(std::uint64_t index, std::uint64_t count);

  bool empty() const { return bytes_.empty(); }
  std::string_view bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

class EditReader {
 public:
  explicit EditReader(std::string_view edits) : bytes_(edits) {}
  // False at the end, and at what is no edit: then bad().
  bool next(Edit& edit);
  bool bad() const { return bad_; }

 private:
  std::string_view bytes_;
  bool bad_ = false;
};

// How many of the edits are of this kind, up to the first bad one.
std::uint64_t count_edits(std::string_view edits, EditKind kind);

// What edits have done.
struct EditResult {
  std::uint64_t added = 0;    // elements that were not there
  std::uint64_t updated = 0;  // elements that have got another value or expiry
  std::uint64_t removed = 0;
  bool any() const { return added + updated + removed > 0; }
};

}  // namespace stave
