// SPDX-License-Identifier: Apache-2.0
#include "shards/hash.h"

#include <cassert>
#include <iterator>

#include "shards/keyspace.h"

namespace stave {
namespace {

// Where a field is in the packed form, bytes from its beginning.
struct FieldPlace {
  std::size_t begin = 0;
  std::size_t value_begin = 0;
  std::size_t end = 0;
  HashElement element;
};

// Walks over the elements of the packed form.
class PackedElements {
 public:
  explicit PackedElements(std::string_view packed)
      : items_(packed), expire_(!packed.empty() && keeps_expiries(packed_encoding(packed))) {}
  bool next(FieldPlace& place) {
    place.begin = items_.offset();
    if (!items_.next(place.element.field)) return false;
    place.value_begin = items_.offset();
    items_.next(place.element.value);
    std::string_view expiry;
    if (expire_ && items_.next(expiry)) place.element.expiry_ms = unpack_expiry(expiry);
    place.end = items_.offset();
    return true;
  }

 private:
  PackedItems items_;
  const bool expire_;
};

std::optional<FieldPlace> find_field(std::string_view packed, std::string_view field) {
  PackedElements elements(packed);
  for (FieldPlace place; elements.next(place);) {
    if (place.element.field == field) return place;
  }
  return std::nullopt;
}

template <typename Visit>
void for_each_packed(std::string_view packed, const Visit& visit) {
  PackedElements elements(packed);
  for (FieldPlace place; elements.next(place);) visit(place.element);
}

HashElement element_of(const Entry& entry) {
  return {entry.key(), entry.value(), entry.expiry_ms()};
}

// `expire`: the packed form has room for expiries.
void put_element(std::string& packed, const HashElement& element, bool expire) {
  put_item(packed, element.field);
  put_item(packed, element.value);
  if (expire) put_expiry(packed, element.expiry_ms);
}

bool is_small(Encoding encoding) {
  return encoding == Encoding::kListpack || encoding == Encoding::kListpackEx;
}

Encoding with_expiries(Encoding encoding) {
  return is_small(encoding) ? Encoding::kListpackEx : Encoding::kHashtableEx;
}

template <typename Hash>
void become_large(Hash& hash) {
  const bool expire = keeps_expiries(hash.encoding());
  hash.set_encoding(expire ? Encoding::kHashtableEx : Encoding::kHashtable);
}

// The encoding is decided as Redis does, for PackedHash and HashValue alike. A command that puts many fields
// gets the larger one even if some are the same.
template <typename Hash>
void expect_puts(Hash& hash, std::string_view edits, const CollectionLimits& limits) {
  if (is_small(hash.encoding()) && count_edits(edits, EditKind::kPut) > limits.hash_listpack_entries)
    become_large(hash);
}

template <typename Hash>
void apply_put(Hash& hash, const Edit& edit, const CollectionLimits& limits, EditResult& result) {
  const PutOutcome outcome = hash.put(edit.name, edit.value);
  result.added += outcome == PutOutcome::kAdded ? 1 : 0;
  result.updated += outcome == PutOutcome::kUpdated ? 1 : 0;
  if (edit.name.size() > limits.hash_listpack_value || edit.value.size() > limits.hash_listpack_value ||
      hash.size() > limits.hash_listpack_entries) {
    become_large(hash);
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
    } else if (edit.kind == EditKind::kExpire) {
      result.updated += hash.expire(edit.name, edit.expiry_ms) ? 1 : 0;
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
    put_element(packed_, {field, value}, keeps_expiries(encoding()));
    set_packed_count(packed_, size() + 1);
    return PutOutcome::kAdded;
  }
  if (place->element.value == value && place->element.expiry_ms == 0) return PutOutcome::kUnchanged;
  std::string items;
  put_item(items, value);
  if (keeps_expiries(encoding())) put_expiry(items, 0);
  packed_.replace(place->value_begin, place->end - place->value_begin, items);
  return PutOutcome::kUpdated;
}

bool PackedHash::expire(std::string_view field, std::int64_t expiry_ms) {
  auto place = find_field(packed_, field);
  if (!place || place->element.expiry_ms == expiry_ms) return false;
  if (!keeps_expiries(encoding())) {
    make_room_for_expiries();
    place = find_field(packed_, field);
  }
  std::string items;
  put_item(items, place->element.value);
  put_expiry(items, expiry_ms);
  packed_.replace(place->value_begin, place->end - place->value_begin, items);
  return true;
}

void PackedHash::make_room_for_expiries() {
  std::string packed = packed_.substr(0, kPackedHeaderBytes);
  for_each_packed(packed_, [&](const HashElement& element) { put_element(packed, element, true); });
  set_packed_encoding(packed, with_expiries(encoding()));
  packed_ = std::move(packed);
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
  for_each_packed(packed, [&](const HashElement& element) { put(element); });
}

void HashValue::put(const HashElement& element) {
  put(element.field, element.value);
  if (element.expiry_ms != 0) expire(element.field, element.expiry_ms);
}

bool HashValue::expire(std::string_view field, std::int64_t expiry_ms) {
  const Entry* const entry = elements_.find(field);
  if (entry == nullptr || entry->expiry_ms() == expiry_ms) return false;
  if (due_ != nullptr) forget_expiry(field);
  const Entry& expiring = elements_.expire(field, expiry_ms);
  if (expiry_ms != 0) {
    if (due_ == nullptr) due_ = std::make_unique<std::set<Due>>();
    due_->insert({expiry_ms, &expiring});
    set_encoding(with_expiries(encoding()));
  }
  return true;
}

// The entry has it still.
void HashValue::forget_expiry(std::string_view field) {
  const Entry* const entry = elements_.find(field);
  if (entry == nullptr || !entry->has(Entry::kExpires)) return;
  due_->erase({entry->expiry_ms(), entry});
  if (due_->empty()) due_.reset();
}

Status HashValue::apply(std::string_view edits, const CollectionLimits& limits, EditResult& result) {
  return apply_edits(*this, edits, limits, result);
}

void HashValue::pack(std::string& packed) const {
  packed = empty_packed(Type::kHash);
  packed.reserve(packed.size() + elements_.entry_bytes());
  set_packed_encoding(packed, encoding());
  set_packed_count(packed, size());
  const bool expire = keeps_expiries(encoding());
  index().for_each([&](const Slot& slot) { put_element(packed, element_of(*slot.entry()), expire); });
}

bool HashValue::pack_part(PartCursor& cursor, std::size_t bytes_max, std::string& packed) const {
  packed = empty_packed(type());
  set_packed_encoding(packed, encoding());
  const bool expire = keeps_expiries(encoding());
  return elements_.pack_part(cursor, bytes_max, packed, [expire](std::string& out, const Entry& entry) {
    put_element(out, element_of(entry), expire);
  });
}

void HashValue::add_part(std::string_view packed) {
  for_each_packed(packed, [&](const HashElement& element) { put(element); });
}

// The order of expiries first, as the entries it points at go next.
bool HashValue::free_some(std::uint64_t& place, std::size_t count) {
  for (std::size_t i = 0; i < count && due_ != nullptr && !due_->empty(); ++i) due_->erase(due_->begin());
  if (due_ != nullptr && !due_->empty()) return false;
  return elements_.free_some(place, count);
}

std::size_t HashValue::memory_bytes() const {
  constexpr std::size_t kDueBytes = 48;  // a node of the set
  const std::size_t due_bytes = due_ == nullptr ? 0 : sizeof *due_ + due_->size() * kDueBytes;
  return sizeof(*this) + elements_.memory_bytes() + due_bytes;
}

HashView::HashView(const Found& found, std::int64_t now_ms) : now_ms_(now_ms) {
  if (!found.exists) return;
  assert(found.resident && found.type == Type::kHash);
  if (found.collection != nullptr) {
    native_ = static_cast<const HashValue*>(found.collection);
  } else {
    packed_ = found.value;
  }
}

bool HashView::hides_some() const {
  if (now_ms_ == 0) return false;
  const std::int64_t next_ms = next_expiry_ms();
  return next_ms != 0 && next_ms <= now_ms_;
}

std::size_t HashView::hidden() const {
  if (!hides_some()) return 0;
  if (native_ != nullptr) {
    const auto shown = native_->due()->lower_bound({now_ms_ + 1, nullptr});
    return static_cast<std::size_t>(std::distance(native_->due()->begin(), shown));
  }
  std::size_t count = 0;
  for_each_packed(packed_, [&](const HashElement& each) { count += each.expired_at(now_ms_) ? 1 : 0; });
  return count;
}

std::size_t HashView::size() const {
  if (native_ != nullptr) return native_->size() - hidden();
  return packed_.empty() ? 0 : packed_count(packed_) - hidden();
}

std::optional<HashElement> HashView::element(std::string_view field) const {
  std::optional<HashElement> found;
  if (native_ != nullptr) {
    if (const Entry* const entry = native_->find(field)) found = element_of(*entry);
  } else if (const auto place = find_field(packed_, field)) {
    found = place->element;
  }
  return found && !found->expired_at(now_ms_) ? found : std::nullopt;
}

std::optional<std::string_view> HashView::find(std::string_view field) const {
  const auto found = element(field);
  if (!found) return std::nullopt;
  return found->value;
}

template <typename Visit>
void HashView::show(const Visit& visit) const {
  const auto unless_due = [&](const HashElement& each) {
    if (!each.expired_at(now_ms_)) visit(each);
  };
  if (native_ != nullptr) {
    native_->index().for_each([&](const Slot& slot) { unless_due(element_of(*slot.entry())); });
  } else {
    for_each_packed(packed_, unless_due);
  }
}

void HashView::for_each_element(const std::function<void(const HashElement&)>& visit) const {
  show(visit);
}

void HashView::for_each(
    const std::function<void(std::string_view field, std::string_view value)>& visit) const {
  show([&](const HashElement& each) { visit(each.field, each.value); });
}

std::pair<std::string_view, std::string_view> HashView::random(std::uint64_t random) const {
  assert(size() > 0);
  // Few are due and still there, so it is seldom that many are drawn in vain.
  constexpr int kTries = 100;
  for (int i = 0; native_ != nullptr && i < kTries; ++i) {
    const Entry& entry = native_->random(random + static_cast<std::uint64_t>(i) * 0x9e3779b97f4a7c15ull);
    if (!element_of(entry).expired_at(now_ms_)) return {entry.key(), entry.value()};
  }
  std::uint64_t skipped = random % size();
  std::pair<std::string_view, std::string_view> chosen;
  for_each([&](std::string_view field, std::string_view value) {
    if (skipped-- == 0) chosen = {field, value};
  });
  return chosen;
}

std::uint64_t HashView::scan(
    std::uint64_t cursor, std::size_t count,
    const std::function<void(std::string_view field, std::string_view value)>& visit) const {
  if (native_ != nullptr) {
    return native_->index().scan(cursor, count, [&](const Slot& slot) {
      const Entry& entry = *slot.entry();
      if (!entry.expired_at(now_ms_)) visit(entry.key(), entry.value());
    });
  }
  for_each(visit);
  return 0;
}

std::int64_t HashView::next_expiry_ms() const {
  if (native_ != nullptr) return native_->due() == nullptr ? 0 : native_->due()->begin()->expiry_ms;
  if (packed_.empty() || !keeps_expiries(packed_encoding(packed_))) return 0;
  std::int64_t next_ms = 0;
  for_each_packed(packed_, [&](const HashElement& each) {
    if (each.expiry_ms != 0 && (next_ms == 0 || each.expiry_ms < next_ms)) next_ms = each.expiry_ms;
  });
  return next_ms;
}

Edits HashView::removals_due(std::int64_t now_ms, std::size_t count) const {
  Edits removals;
  if (native_ == nullptr) {
    for_each_packed(packed_, [&](const HashElement& each) {
      if (!each.expired_at(now_ms) || count == 0) return;
      removals.remove(each.field);
      --count;
    });
  } else if (native_->due() != nullptr) {
    for (const HashValue::Due& each : *native_->due()) {
      if (each.expiry_ms > now_ms || count-- == 0) break;
      removals.remove(each.entry->key());
    }
  }
  return removals;
}

}  // namespace stave
