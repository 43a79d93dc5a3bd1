// SPDX-License-Identifier: Apache-2.0
#include "shards/edits.h"

#include <bit>
#include <cstring>
#include <limits>
#include <optional>

#include "shards/packed.h"

namespace stave {
namespace {

static_assert(std::endian::native == std::endian::little, "scores are little-endian as they are in memory");

bool take(std::string_view& bytes, std::string_view& item) {
  const auto taken = take_item(bytes);
  item = taken.value_or(std::string_view());
  return taken.has_value();
}

bool take(std::string_view& bytes, std::uint64_t& number) {
  const auto taken = take_varint(bytes);
  number = taken.value_or(0);
  return taken.has_value();
}

bool take_expiry(std::string_view& bytes, std::int64_t& expiry_ms) {
  std::uint64_t number = 0;
  if (!take(bytes, number) || number > std::numeric_limits<std::int64_t>::max()) return false;
  expiry_ms = static_cast<std::int64_t>(number);
  return true;
}

// The operands of edit.kind.
bool take_operands(std::string_view& bytes, Edit& edit) {
  switch (edit.kind) {
    case EditKind::kPut:
      return take(bytes, edit.name) && take(bytes, edit.value);
    case EditKind::kRemove:
    case EditKind::kAdd:
    case EditKind::kPushHead:
    case EditKind::kPushTail:
      return take(bytes, edit.name);
    case EditKind::kPopHead:
    case EditKind::kPopTail:
      return take(bytes, edit.count);
    case EditKind::kSetAt:
    case EditKind::kInsertAt:
      return take(bytes, edit.index) && take(bytes, edit.name);
    case EditKind::kEraseAt:
      return take(bytes, edit.index) && take(bytes, edit.count);
    case EditKind::kExpire:
      return take(bytes, edit.name) && take_expiry(bytes, edit.expiry_ms);
  }
  return false;
}

void begin(std::string& bytes, EditKind kind) {
  bytes.push_back(static_cast<char>(kind));
}

}  // namespace

double Edit::score() const {
  double score = std::numeric_limits<double>::quiet_NaN();
  if (value.size() == sizeof score) std::memcpy(&score, value.data(), sizeof score);
  return score;
}

void Edits::put(std::string_view field, std::string_view value) {
  begin(bytes_, EditKind::kPut);
  put_item(bytes_, field);
  put_item(bytes_, value);
}

void Edits::put(std::string_view member, double score) {
  char bytes[sizeof score];
  std::memcpy(bytes, &score, sizeof score);
  put(member, std::string_view(bytes, sizeof bytes));
}

void Edits::remove(std::string_view name) {
  begin(bytes_, EditKind::kRemove);
  put_item(bytes_, name);
}

void Edits::expire(std::string_view field, std::int64_t expiry_ms) {
  begin(bytes_, EditKind::kExpire);
  put_item(bytes_, field);
  put_varint(bytes_, static_cast<std::uint64_t>(expiry_ms));
}

void Edits::add(std::string_view member) {
  begin(bytes_, EditKind::kAdd);
  put_item(bytes_, member);
}

void Edits::push_head(std::string_view element) {
  begin(bytes_, EditKind::kPushHead);
  put_item(bytes_, element);
}

void Edits::push_tail(std::string_view element) {
  begin(bytes_, EditKind::kPushTail);
  put_item(bytes_, element);
}

void Edits::pop_head(std::uint64_t count) {
  begin(bytes_, EditKind::kPopHead);
  put_varint(bytes_, count);
}

void Edits::pop_tail(std::uint64_t count) {
  begin(bytes_, EditKind::kPopTail);
  put_varint(bytes_, count);
}

void Edits::set_at(std::uint64_t index, std::string_view element) {
  begin(bytes_, EditKind::kSetAt);
  put_varint(bytes_, index);
  put_item(bytes_, element);
}

void Edits::insert_at(std::uint64_t index, std::string_view element) {
  begin(bytes_, EditKind::kInsertAt);
  put_varint(bytes_, index);
  put_item(bytes_, element);
}

void Edits::erase_at(std::uint64_t index, std::uint64_t count) {
  begin(bytes_, EditKind::kEraseAt);
  put_varint(bytes_, index);
  put_varint(bytes_, count);
}

bool EditReader::next(Edit& edit) {
  if (bad_ || bytes_.empty()) return false;
  edit = {};
  edit.kind = static_cast<EditKind>(bytes_.front());
  bytes_.remove_prefix(1);
  bad_ = !take_operands(bytes_, edit);
  return !bad_;
}

std::uint64_t count_edits(std::string_view edits, EditKind kind) {
  std::uint64_t count = 0;
  EditReader reader(edits);
  for (Edit edit; reader.next(edit);) count += edit.kind == kind ? 1 : 0;
  return count;
}

}  // namespace stave
