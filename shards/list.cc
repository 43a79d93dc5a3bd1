// SPDX-License-Identifier: Apache-2.0
#include "shards/list.h"

#include <algorithm>
#include <cassert>
#include <vector>

#include "shards/keyspace.h"

namespace stave {
namespace {

// --- The encoding, decided as Redis 7.2 does, for PackedList and ListValue alike.

// Of one listpack. Where elements are limited, bytes are, too.
struct ListpackLimit {
  std::uint64_t elements = UINT64_MAX;
  std::uint64_t bytes = 8192;
};

ListpackLimit listpack_limit(std::int64_t list_listpack_size) {
  constexpr std::int64_t kSmallest = -1;  // 4 KiB
  constexpr std::int64_t kLargest = -5;   // 64 KiB
  if (list_listpack_size >= 0) {
    return {.elements = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(list_listpack_size))};
  }
  const std::int64_t level = kSmallest - std::max(list_listpack_size, kLargest);
  return {.bytes = std::uint64_t{4096} << level};
}

bool is_growth(EditKind kind) {
  return kind == EditKind::kPushHead || kind == EditKind::kPushTail || kind == EditKind::kInsertAt;
}

// What a run of edits is about to add.
struct Growth {
  std::uint64_t elements = 0;
  std::uint64_t bytes = 0;

  void add(const Edit& edit) {
    ++elements;
    bytes += edit.name.size();
  }
};

// Of this edit and those of `rest` that are of one command with it. A set counts as if it added its element.
Growth growth_of(const Edit& edit, EditReader rest) {
  Growth growth;
  growth.add(edit);
  if (!is_growth(edit.kind)) return growth;
  for (Edit next; rest.next(next) && is_growth(next.kind);) growth.add(next);
  return growth;
}

template <typename List>
void expect_growth(List& list, Growth growth, const CollectionLimits& limits) {
  if (list.encoding() != Encoding::kListpack) return;
  const ListpackLimit limit = listpack_limit(limits.list_listpack_size);
  const bool too_large = list.listpack_bytes_at_most() + growth.bytes > limit.bytes &&
                         list.listpack_bytes() + growth.bytes > limit.bytes;
  if (too_large || list.size() + growth.elements > limit.elements) list.set_encoding(Encoding::kQuicklist);
}

// Redis asks for a quicklist of one node, which no list of more bytes than its limit is.
template <typename List>
void after_shrinking(List& list, const CollectionLimits& limits) {
  if (list.encoding() != Encoding::kQuicklist) return;
  const ListpackLimit limit = listpack_limit(limits.list_listpack_size);
  const bool by_elements = limit.elements != UINT64_MAX;
  const std::uint64_t bytes = by_elements ? limit.bytes : limit.bytes / 2;
  if (list.size() > limit.elements / 2 || list.listpack_bytes() > bytes) return;
  list.set_encoding(Encoding::kListpack);
}

// --- The edits.

bool is_shrinking(EditKind kind) {
  return kind == EditKind::kPopHead || kind == EditKind::kPopTail || kind == EditKind::kEraseAt ||
         kind == EditKind::kSetAt;
}

// True for an edit of lists whose index and count are within a list of so many elements.
bool fits(const Edit& edit, std::size_t size) {
  switch (edit.kind) {
    case EditKind::kPushHead:
    case EditKind::kPushTail:
      return true;
    case EditKind::kPopHead:
    case EditKind::kPopTail:
      return edit.count <= size;
    case EditKind::kSetAt:
      return edit.index < size;
    case EditKind::kInsertAt:
      return edit.index <= size;
    case EditKind::kEraseAt:
      return edit.index <= size && edit.count <= size - edit.index;
    default:
      return false;
  }
}

// REQUIRES: fits().
template <typename List>
void apply_edit(List& list, const Edit& edit, EditResult& result) {
  const bool head = edit.kind == EditKind::kPushHead || edit.kind == EditKind::kPopHead;
  const ListEnd end = head ? ListEnd::kHead : ListEnd::kTail;
  switch (edit.kind) {
    case EditKind::kPushHead:
    case EditKind::kPushTail:
      list.push(end, edit.name);
      ++result.added;
      break;
    case EditKind::kPopHead:
    case EditKind::kPopTail:
      list.pop(end, edit.count);
      result.removed += edit.count;
      break;
    case EditKind::kSetAt:
      result.updated += list.set_at(edit.index, edit.name) ? 1 : 0;
      break;
    case EditKind::kInsertAt:
      list.insert_at(edit.index, edit.name);
      ++result.added;
      break;
    default:
      list.erase(edit.index, edit.count);
      result.removed += edit.count;
  }
}

template <typename List, typename BeforeEach>
Status apply_edits(List& list, std::string_view edits, const CollectionLimits& limits, EditResult& result,
                   BeforeEach before_each) {
  EditReader reader(edits);
  bool grows = false;
  bool shrinks = false;
  for (Edit edit; reader.next(edit);) {
    if (!fits(edit, list.size())) return bad_edit(Type::kList);
    const bool goes_on = grows && is_growth(edit.kind);
    grows = is_growth(edit.kind);
    if (!goes_on && (grows || edit.kind == EditKind::kSetAt)) {
      expect_growth(list, growth_of(edit, reader), limits);
    }
    before_each(edit);
    apply_edit(list, edit, result);
    shrinks = shrinks || is_shrinking(edit.kind);
  }
  if (reader.bad()) return bad_edit(Type::kList);
  if (shrinks) after_shrinking(list, limits);
  return Status();
}

std::string item_of(std::string_view element) {
  std::string item;
  put_item(item, element);
  return item;
}

}  // namespace

std::size_t PackedList::offset_of(std::size_t index) const {
  PackedItems items(packed_);
  for (std::string_view element; index > 0; --index) items.next(element);
  return items.offset();
}

void PackedList::push(ListEnd end, std::string_view element) {
  if (end == ListEnd::kHead) return insert_at(0, element);
  put_item(packed_, element);
  set_packed_count(packed_, size() + 1);
}

void PackedList::pop(ListEnd end, std::size_t count) {
  erase(end == ListEnd::kHead ? 0 : size() - count, count);
}

bool PackedList::set_at(std::size_t index, std::string_view element) {
  const std::size_t begin = offset_of(index);
  std::string_view rest = std::string_view(packed_).substr(begin);
  const std::string_view old = *take_item(rest);
  if (old == element) return false;
  packed_.replace(begin, item_bytes(old.size()), item_of(element));
  return true;
}

void PackedList::insert_at(std::size_t index, std::string_view element) {
  packed_.insert(offset_of(index), item_of(element));
  set_packed_count(packed_, size() + 1);
}

void PackedList::erase(std::size_t index, std::size_t count) {
  assert(index <= size() && count <= size() - index);
  const std::size_t begin = offset_of(index);
  const bool to_tail = index + count == size();
  packed_.erase(begin, to_tail ? std::string::npos : offset_of(index + count) - begin);
  set_packed_count(packed_, size() - count);
}

// A length in front takes a byte or more here; in a listpack, 5 at most, and 5 behind for very long elements.
std::size_t PackedList::listpack_bytes_at_most() const {
  constexpr std::size_t kMorePerElement = 9;
  return packed_.size() + kListpackHeaderBytes + size() * kMorePerElement;
}

std::size_t PackedList::listpack_bytes() const {
  std::size_t bytes = kListpackHeaderBytes;
  PackedItems items(packed_);
  for (std::string_view element; items.next(element);) bytes += stave::listpack_bytes(element);
  return bytes;
}

Status edit_packed_list(std::string& packed, std::string_view edits, const CollectionLimits& limits,
                        EditResult& result) {
  PackedList list(packed);
  return apply_edits(list, edits, limits, result, [](const Edit&) {});
}

bool fits_listpack(std::uint64_t elements, std::uint64_t bytes, const CollectionLimits& limits) {
  const ListpackLimit limit = listpack_limit(limits.list_listpack_size);
  return elements <= limit.elements && bytes <= limit.bytes;
}

ListValue::ListValue(std::string_view packed) {
  set_encoding(packed_encoding(packed));
  PackedItems items(packed);
  for (std::string_view element; items.next(element);) push(ListEnd::kTail, element);
}

Status ListValue::apply(std::string_view edits, const CollectionLimits& limits, EditResult& result) {
  return apply_edits(*this, edits, limits, result, [](const Edit&) {});
}

Status ListValue::apply(std::string_view edits, const CollectionLimits& limits, EditResult& result,
                        const std::function<void(const Edit&)>& before_each) {
  return apply_edits(*this, edits, limits, result, before_each);
}

void ListValue::pack(std::string& packed) const {
  packed = empty_packed(Type::kList);
  packed.reserve(packed.size() + chunks_.memory_bytes());
  set_packed_encoding(packed, encoding());
  set_packed_count(packed, size());
  chunks_.for_each_while(0, false, [&](std::string_view element) {
    put_item(packed, element);
    return true;
  });
}

bool ListValue::pack_part(PartCursor& cursor, std::size_t bytes_max, std::string& packed) const {
  packed = empty_packed(Type::kList);
  const std::size_t begin = cursor.place;
  if (begin < size()) {
    chunks_.for_each_while(begin, false, [&](std::string_view element) {
      put_item(packed, element);
      ++cursor.place;
      return packed.size() < bytes_max;
    });
  }
  set_packed_encoding(packed, encoding());
  set_packed_count(packed, cursor.place - begin);
  return cursor.place == size();
}

bool ListValue::free_some(std::uint64_t&, std::size_t count) {
  pop(ListEnd::kHead, std::min(count, size()));
  return size() == 0;
}

void ListValue::add_part(std::string_view packed) {
  PackedItems items(packed);
  for (std::string_view element; items.next(element);) push(ListEnd::kTail, element);
}

bool ListValue::set_at(std::size_t index, std::string_view element) {
  if (chunks_.at(index) == element) return false;
  chunks_.set_at(index, element);
  return true;
}

ListView::ListView(const Found& found) {
  if (!found.exists) return;
  assert(found.resident && found.type == Type::kList);
  if (found.collection != nullptr) {
    native_ = static_cast<const ListValue*>(found.collection);
  } else {
    packed_ = found.value;
  }
}

std::size_t ListView::size() const {
  if (native_ != nullptr) return native_->size();
  return packed_.empty() ? 0 : packed_count(packed_);
}

std::optional<std::string_view> ListView::at(std::size_t index) const {
  if (index >= size()) return std::nullopt;
  if (native_ != nullptr) return native_->chunks().at(index);
  PackedItems items(packed_);
  std::string_view element;
  for (std::size_t skipped = 0; skipped <= index; ++skipped) items.next(element);
  return element;
}

void ListView::for_each_while(std::size_t index, bool backwards,
                              const std::function<bool(std::string_view element)>& visit) const {
  if (index >= size()) return;
  if (native_ != nullptr) return native_->chunks().for_each_while(index, backwards, visit);
  if (backwards) return packed_backwards(index, visit);
  PackedItems items(packed_);
  std::string_view element;
  for (; index > 0; --index) items.next(element);
  while (items.next(element) && visit(element)) {
  }
}

// Packed items have their lengths in front only.
void ListView::packed_backwards(std::size_t index,
                                const std::function<bool(std::string_view element)>& visit) const {
  std::vector<std::string_view> elements(index + 1);
  PackedItems items(packed_);
  for (std::string_view& element : elements) items.next(element);
  while (!elements.empty() && visit(elements.back())) elements.pop_back();
}

}  // namespace stave
