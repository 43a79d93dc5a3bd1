// SPDX-License-Identifier: Apache-2.0
#include "shards/hash.h"

#include <cassert>

#include "shards/keyspace.h"

namespace stave {
namespace {

// Where a field is in the packed form, bytes from its beginning.
struct FieldPlace {
  std::size_t begin = 0;
  std::size_t value_begin = 0;
  std::size_t end = 0;
  std::string_view value;
};

std::optional<FieldPlace> find_field(std::string_view packed, std::string_view field) {
  PackedItems items(packed);
  FieldPlace place;
  place.begin = items.offset();
  for (std::string_view name; items.next(name); place.begin = items.offset()) {
    place.value_begin = items.offset();
    items.next(place.value);
    place.end = items.offset();
    if (name == field) return place;
  }
  return std::nullopt;
}

// The encoding is decided as Redis does, for PackedHash and HashValue alike. A command that puts many fields
// gets the larger one even if some are the same.
template <typename Hash>
void expect_puts(Hash& hash, std::string_view edits, const CollectionLimits& limits) {
  if (hash.encoding() == Encoding::kListpack &&
      count_edits(edits, EditKind::kPut) > limits.hash_listpack_entries) {
    hash.set_encoding(Encoding::kHashtable);
  }
}

template <typename Hash>
void apply_put(Hash& hash, const Edit& edit, const CollectionLimits& limits, EditResult& result) {
  const PutOutcome outcome = hash.put(edit.name, edit.value);
  result.added += outcome == PutOutcome::kAdded ? 1 : 0;
  result.updated += outcome == PutOutcome::kUpdated ? 1 : 0;
  if (edit.name.size() > limits.hash_listpack_value || edit.value.size() > limits.hash_listpack_value ||
      hash.size() > limits.hash_listpack_entries) {
    hash.set_encoding(Encoding::kHashtable);
  }
}

template <typename Hash>
Status apply_edits(Hash& hash, std::string_view edits, const CollectionLimits& limits, EditResult& result) {
  expect_puts(hash, edits, limits);
  EditReader reader(edits);
  for (Edit edit; reader.next(edit);) {
    if (edit.kind == EditKind::kPut) {
      apply_put(hash, edit, limits, result);
    } else if (edit.kind == EditKind::kRemove) {
      result.removed += hash.remove(edit.name) ? 1 : 0;
    } else {
      return bad_edit(Type::kHash);
    }
  }
  return reader.bad() ? bad_edit(Type::kHash) : Status();
}

}  // namespace

PutOutcome PackedHash::put(std::string_view field, std::string_view value) {
  const auto place = find_field(packed_, field);
  if (!place) {
    put_item(packed_, field);
    put_item(packed_, value);
    set_packed_count(packed_, size() + 1);
    return PutOutcome::kAdded;
  }
  if (place->value == value) return PutOutcome::kUnchanged;
  std::string item;
  put_item(item, value);
  packed_.replace(place->value_begin, place->end - place->value_begin, item);
  return PutOutcome::kUpdated;
}

bool PackedHash::remove(std::string_view field) {
  const auto place = find_field(packed_, field);
  if (!place) return false;
  packed_.erase(place->begin, place->end - place->begin);
  set_packed_count(packed_, size() - 1);
  return true;
}

Status edit_packed_hash(std::string& packed, std::string_view edits, const CollectionLimits& limits,
                        EditResult& result) {
  PackedHash hash(packed);
  return apply_edits(hash, edits, limits, result);
}

HashValue::HashValue(std::string_view packed) {
  set_encoding(packed_encoding(packed));
  elements_.expect(packed_count(packed));
  HashView(packed).for_each([&](std::string_view field, std::string_view value) { put(field, value); });
}

Status HashValue::apply(std::string_view edits, const CollectionLimits& limits, EditResult& result) {
  return apply_edits(*this, edits, limits, result);
}

void HashValue::pack(std::string& packed) const {
  packed = empty_packed(Type::kHash);
  packed.reserve(packed.size() + elements_.entry_bytes());
  set_packed_encoding(packed, encoding());
  set_packed_count(packed, size());
  index().for_each([&](const Slot& slot) {
    put_item(packed, slot.entry()->key());
    put_item(packed, slot.entry()->value());
  });
}

bool HashValue::pack_part(PartCursor& cursor, std::size_t bytes_max, std::string& packed) const {
  packed = empty_packed(type());
  std::size_t count = 0;
  const auto pack_one = [&](const Entry& entry) {
    put_item(packed, entry.key());
    put_item(packed, entry.value());
    ++count;
  };
  const bool last =
      elements_.walk_part(cursor, bytes_max, pack_one, [&] { return packed.size() >= bytes_max; });
  set_packed_encoding(packed, encoding());
  set_packed_count(packed, count);
  return last;
}

void HashValue::add_part(std::string_view packed) {
  HashView(packed).for_each([&](std::string_view field, std::string_view value) { put(field, value); });
}

std::size_t HashValue::memory_bytes() const {
  return sizeof(*this) + elements_.memory_bytes();
}

HashView::HashView(const Found& found) {
  if (!found.exists) return;
  assert(found.resident && found.type == Type::kHash);
  if (found.collection != nullptr) {
    native_ = static_cast<const HashValue*>(found.collection);
  } else {
    packed_ = found.value;
  }
}

std::size_t HashView::size() const {
  if (native_ != nullptr) return native_->size();
  return packed_.empty() ? 0 : packed_count(packed_);
}

std::optional<std::string_view> HashView::find(std::string_view field) const {
  if (native_ != nullptr) {
    const Slot* const slot = native_->index().find(field, hash_key(field));
    if (slot == nullptr) return std::nullopt;
    return slot->entry()->value();
  }
  const auto place = find_field(packed_, field);
  if (!place) return std::nullopt;
  return place->value;
}

void HashView::for_each(
    const std::function<void(std::string_view field, std::string_view value)>& visit) const {
  if (native_ != nullptr) {
    native_->index().for_each([&](const Slot& slot) { visit(slot.entry()->key(), slot.entry()->value()); });
    return;
  }
  PackedItems items(packed_);
  std::string_view value;
  for (std::string_view field; items.next(field);) {
    items.next(value);
    visit(field, value);
  }
}

std::pair<std::string_view, std::string_view> HashView::random(std::uint64_t random) const {
  assert(size() > 0);
  if (native_ != nullptr) {
    const Entry& entry = native_->random(random);
    return {entry.key(), entry.value()};
  }
  PackedItems items(packed_);
  std::pair<std::string_view, std::string_view> element;
  for (std::uint64_t skipped = random % size() + 1; skipped > 0; --skipped) {
    items.next(element.first);
    items.next(element.second);
  }
  return element;
}

std::uint64_t HashView::scan(
    std::uint64_t cursor, std::size_t count,
    const std::function<void(std::string_view field, std::string_view value)>& visit) const {
  if (native_ != nullptr) {
    return native_->index().scan(
        cursor, count, [&](const Slot& slot) { visit(slot.entry()->key(), slot.entry()->value()); });
  }
  for_each(visit);
  return 0;
}

}  // namespace stave
