// SPDX-License-Identifier: Apache-2.0
#include "shards/set.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <optional>
#include <utility>

#include "shards/keyspace.h"

namespace stave {
namespace {

// Whether the text is the one that Redis writes for a number of 64 bits: only such members are in an intset.
bool is_integer(std::string_view text) {
  if (text == "0") return true;
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.empty() || digits.front() < '1' || digits.front() > '9') return false;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

// How many members a walk that may end early looks at in one step: one table of the index.
constexpr std::size_t kMembersPerStep = 512;

// Redis' own bound for an intset.
std::uint64_t intset_entries_max(const CollectionLimits& limits) {
  return std::min<std::uint64_t>(limits.set_intset_entries, 1u << 30);
}

// Where a member is in the packed form, bytes from its beginning, and where the next one begins.
std::optional<std::pair<std::size_t, std::size_t>> find_member(std::string_view packed,
                                                               std::string_view member) {
  PackedItems items(packed);
  std::size_t begin = items.offset();
  for (std::string_view item; items.next(item); begin = items.offset()) {
    if (item == member) return std::pair(begin, items.offset());
  }
  return std::nullopt;
}

// The encoding is decided as Redis 7.2 does, for PackedSet and SetValue alike. `adds` is how many members the
// command names: with many the set gets the larger encoding even if some are the same.

Encoding first_encoding(std::string_view member, std::uint64_t adds, const CollectionLimits& limits) {
  if (is_integer(member) && adds <= limits.set_intset_entries) return Encoding::kIntset;
  return adds <= limits.set_listpack_entries ? Encoding::kListpack : Encoding::kHashtable;
}

template <typename Set>
void expect_adds(Set& set, std::uint64_t adds, const CollectionLimits& limits) {
  const Encoding encoding = set.encoding();
  if ((encoding == Encoding::kListpack && adds > limits.set_listpack_entries) ||
      (encoding == Encoding::kIntset && adds > limits.set_intset_entries)) {
    set.set_encoding(Encoding::kHashtable);
  }
}

// After `member` was added.
template <typename Set>
void outgrow(Set& set, std::string_view member, const CollectionLimits& limits) {
  const bool is_intset = set.encoding() == Encoding::kIntset;
  if (set.encoding() == Encoding::kHashtable) return;
  if (is_intset && is_integer(member)) {
    if (set.size() > intset_entries_max(limits)) set.set_encoding(Encoding::kHashtable);
    return;
  }
  const bool is_small = set.size() <= limits.set_listpack_entries &&
                        member.size() <= limits.set_listpack_value &&
                        // The members of an intset were not held against this bound when they came.
                        (!is_intset || set.longest_bytes() <= limits.set_listpack_value);
  set.set_encoding(is_small ? Encoding::kListpack : Encoding::kHashtable);
}

template <typename Set>
void apply_add(Set& set, std::string_view member, std::uint64_t adds, const CollectionLimits& limits,
               EditResult& result) {
  if (set.size() == 0 && set.encoding() == Encoding::kIntset)
    set.set_encoding(first_encoding(member, adds, limits));
  if (!set.add(member)) return;
  ++result.added;
  outgrow(set, member, limits);
}

template <typename Set>
Status apply_edits(Set& set, std::string_view edits, const CollectionLimits& limits, EditResult& result) {
  const std::uint64_t adds = set.encoding() == Encoding::kHashtable ? 0 : count_edits(edits, EditKind::kAdd);
  if (set.size() > 0) expect_adds(set, adds, limits);
  EditReader reader(edits);
  for (Edit edit; reader.next(edit);) {
    if (edit.kind == EditKind::kAdd) {
      apply_add(set, edit.name, adds, limits, result);
    } else if (edit.kind == EditKind::kRemove) {
      result.removed += set.remove(edit.name) ? 1 : 0;
    } else {
      return bad_edit(Type::kSet);
    }
  }
  return reader.bad() ? bad_edit(Type::kSet) : Status();
}

}  // namespace

bool PackedSet::add(std::string_view member) {
  if (find_member(packed_, member)) return false;
  put_item(packed_, member);
  set_packed_count(packed_, size() + 1);
  return true;
}

bool PackedSet::remove(std::string_view member) {
  const auto place = find_member(packed_, member);
  if (!place) return false;
  packed_.erase(place->first, place->second - place->first);
  set_packed_count(packed_, size() - 1);
  return true;
}

std::size_t PackedSet::longest_bytes() const {
  return SetView(packed_).longest_bytes();
}

Status edit_packed_set(std::string& packed, std::string_view edits, const CollectionLimits& limits,
                       EditResult& result) {
  PackedSet set(packed);
  return apply_edits(set, edits, limits, result);
}

SetValue::SetValue(std::string_view packed) {
  set_encoding(packed_encoding(packed));
  elements_.expect(packed_count(packed));
  SetView(packed).for_each([&](std::string_view member) { add(member); });
}

Status SetValue::apply(std::string_view edits, const CollectionLimits& limits, EditResult& result) {
  return apply_edits(*this, edits, limits, result);
}

void SetValue::pack(std::string& packed) const {
  packed = empty_packed(Type::kSet);
  packed.reserve(packed.size() + elements_.entry_bytes());
  set_packed_encoding(packed, encoding());
  set_packed_count(packed, size());
  index().for_each([&](const Slot& slot) { put_item(packed, slot.entry()->key()); });
}

bool SetValue::pack_part(PartCursor& cursor, std::size_t bytes_max, std::string& packed) const {
  packed = empty_packed(type());
  set_packed_encoding(packed, encoding());
  return elements_.pack_part(cursor, bytes_max, packed,
                             [](std::string& out, const Entry& entry) { put_item(out, entry.key()); });
}

void SetValue::add_part(std::string_view packed) {
  SetView(packed).for_each([&](std::string_view member) { add(member); });
}

std::size_t SetValue::longest_bytes() const {
  return SetView(*this).longest_bytes();
}

std::size_t SetValue::memory_bytes() const {
  return sizeof(*this) + elements_.memory_bytes();
}

SetView::SetView(const Found& found) {
  if (!found.exists) return;
  assert(found.resident && found.type == Type::kSet);
  if (found.collection != nullptr) {
    native_ = static_cast<const SetValue*>(found.collection);
  } else {
    packed_ = found.value;
  }
}

std::size_t SetView::size() const {
  if (native_ != nullptr) return native_->size();
  return packed_.empty() ? 0 : packed_count(packed_);
}

bool SetView::contains(std::string_view member) const {
  if (native_ != nullptr) return native_->index().find(member, hash_key(member)) != nullptr;
  return find_member(packed_, member).has_value();
}

std::size_t SetView::longest_bytes() const {
  std::size_t longest = 0;
  for_each([&](std::string_view member) { longest = std::max(longest, member.size()); });
  return longest;
}

void SetView::for_each(const std::function<void(std::string_view member)>& visit) const {
  if (native_ != nullptr) {
    native_->index().for_each([&](const Slot& slot) { visit(slot.entry()->key()); });
    return;
  }
  PackedItems items(packed_);
  for (std::string_view member; items.next(member);) visit(member);
}

void SetView::for_each_while(const std::function<bool(std::string_view member)>& visit) const {
  bool wanted = true;
  if (native_ == nullptr) {
    PackedItems items(packed_);
    for (std::string_view member; wanted && items.next(member);) wanted = visit(member);
    return;
  }
  std::uint64_t cursor = 0;
  do {  // a table at a time
    cursor = native_->index().scan(cursor, kMembersPerStep,
                                   [&](const Slot& slot) { wanted = wanted && visit(slot.entry()->key()); });
  } while (wanted && cursor != 0);
}

std::string_view SetView::random(std::uint64_t random) const {
  assert(size() > 0);
  if (native_ != nullptr) return native_->random(random).key();
  PackedItems items(packed_);
  std::string_view member;
  for (std::uint64_t skipped = random % size() + 1; skipped > 0; --skipped) items.next(member);
  return member;
}

std::uint64_t SetView::scan(std::uint64_t cursor, std::size_t count,
                            const std::function<void(std::string_view member)>& visit) const {
  if (native_ != nullptr) {
    return native_->index().scan(cursor, count, [&](const Slot& slot) { visit(slot.entry()->key()); });
  }
  for_each(visit);
  return 0;
}

}  // namespace stave
