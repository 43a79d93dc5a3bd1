// SPDX-License-Identifier: Apache-2.0
#include "shards/chain_builder.h"

#include "shards/limits.h"

namespace stave {

Status ChainBuilder::take(const Record& record) {
  if (type_of(record.kind) != type_) return Status::error("a record of another type is there");
  if (first_gsn_ == 0) first_gsn_ = record.gsn;
  if (is_part(record.kind)) return take_part(record);
  if (is_edits(record.kind)) {
    take_edits(record.value);
  } else if (!is_packed(type_, record.value)) {
    return Status::error("no collection is there");
  } else {
    take_packed(record.value, packed_count(record.value));
  }
  return {};
}

Status ChainBuilder::take_part(const Record& record) {
  PartRecord part;
  if (!PartRecord::decode(type_, record.value, part))
    return Status::error("no part of a collection is there");
  if (part.number != next_number_++) return Status::error("a part of the collection is missing");
  if (part.number == 0) prefix_ = {0, part.elements};
  // A last part without elements may have been logged behind a transaction that is void now.
  if (type_ == Type::kList && part.elements != prefix_.size && packed_count(part.packed) > 0)
    return Status::error("the part does not fit those before it");
  prefix_.elements += packed_count(part.packed);
  in_series_ = !record.has(kLastPart);
  take_packed(part.packed, part.elements);
  return {};
}

// Those that do not fit were on top of what a transaction had written that is void now.
void ChainBuilder::take_edits(std::string_view edits) {
  if (collection_ == nullptr) collection_ = unpack(type_, empty_packed(type_));
  EditResult result;
  if (in_series_ && type_ == Type::kList)
    static_cast<void>(collection_->apply(prefix_.follow(edits), limits_, result));
  else
    static_cast<void>(collection_->apply(edits, limits_, result));
}

// `elements`: that the collection has, with those that are still to come.
void ChainBuilder::take_packed(std::string_view packed, std::size_t elements) {
  if (collection_ == nullptr) {
    collection_ = unpack(type_, empty_packed(type_));
    collection_->expect(elements);
  }
  collection_->set_encoding(packed_encoding(packed));
  items_ = packed.substr(kPackedHeaderBytes);
}

bool ChainBuilder::step() {
  if (items_.empty()) return false;
  std::string piece = empty_packed(type_);
  const Encoding encoding = collection_->encoding();
  set_packed_encoding(piece, encoding);
  const std::string_view before = items_;
  std::size_t count = 0;
  while (!items_.empty() && before.size() - items_.size() < limits::kPartBytes) {
    for (unsigned i = items_per_element(type_, encoding); i > 0; --i) take_item(items_);
    ++count;
  }
  piece.append(before.substr(0, before.size() - items_.size()));
  set_packed_count(piece, count);
  collection_->add_part(piece);
  return true;
}

Status ChainBuilder::finish() const {
  return in_series_ ? Status::error("the last part of the collection is missing") : Status();
}

}  // namespace stave
