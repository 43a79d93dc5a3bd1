// SPDX-License-Identifier: Apache-2.0
// Lists: elements in an order. PackedList changes the packed form, ListValue is the native one, and ListView
// reads either. Owner thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "shards/collection.h"
#include "shards/list_chunks.h"

namespace stave {

// Edits the packed bytes in place. REQUIRES: is_packed(); indexes and counts are within the list; elements do
// not point into it.
class PackedList {
 public:
  explicit PackedList(std::string& packed) : packed_(packed) {}
  void push(ListEnd end, std::string_view element);
  void pop(ListEnd end, std::size_t count);
  // False when the element is equal already.
  bool set_at(std::size_t index, std::string_view element);
  // In front of the element at `index`, or at the tail when there is none.
  void insert_at(std::size_t index, std::string_view element);
  void erase(std::size_t index, std::size_t count);
  std::size_t size() const { return packed_count(packed_); }
  Encoding encoding() const { return packed_encoding(packed_); }
  void set_encoding(Encoding encoding) { set_packed_encoding(packed_, encoding); }
  // What Redis' listpack of the elements would take: something that is no less, and exactly.
  std::size_t listpack_bytes_at_most() const;
  std::size_t listpack_bytes() const;

 private:
  std::size_t offset_of(std::size_t index) const;

  std::string& packed_;
};

// edit_packed() for lists.
Status edit_packed_list(std::string& packed, std::string_view edits, const CollectionLimits& limits,
                        EditResult& result);

class ListValue final : public Collection {
 public:
  explicit ListValue(std::string_view packed);

  Type type() const override { return Type::kList; }
  std::size_t size() const override { return chunks_.size(); }
  Status apply(std::string_view edits, const CollectionLimits& limits, EditResult& result) override;
  // The same, and is told of each edit just before.
  Status apply(std::string_view edits, const CollectionLimits& limits, EditResult& result,
               const std::function<void(const Edit&)>& before_each);
  void pack(std::string& packed) const override;
  bool pack_part(PartCursor& cursor, std::size_t bytes_max, std::string& packed) const override;
  bool free_some(std::uint64_t& place, std::size_t count) override;
  void add_part(std::string_view packed) override;
  std::size_t memory_bytes() const override { return sizeof(*this) + chunks_.memory_bytes(); }

  // As PackedList.
  void push(ListEnd end, std::string_view element) { chunks_.push(end, element); }
  void pop(ListEnd end, std::size_t count) { chunks_.pop(end, count); }
  bool set_at(std::size_t index, std::string_view element);
  void insert_at(std::size_t index, std::string_view element) { chunks_.insert_at(index, element); }
  void erase(std::size_t index, std::size_t count) { chunks_.erase(index, count); }
  std::size_t listpack_bytes_at_most() const { return chunks_.listpack_bytes(); }
  std::size_t listpack_bytes() const { return chunks_.listpack_bytes(); }
  const ListChunks& chunks() const { return chunks_; }

 private:
  ListChunks chunks_;
};

// Whether Redis would keep so many elements, with so many bytes of a listpack, in one listpack.
bool fits_listpack(std::uint64_t elements, std::uint64_t bytes, const CollectionLimits& limits);

struct Found;

class ListView {
 public:
  ListView() = default;  // no elements
  explicit ListView(std::string_view packed) : packed_(packed) {}
  explicit ListView(const ListValue& native) : native_(&native) {}
  // REQUIRES: a resident list, or absent.
  explicit ListView(const Found& found);

  std::size_t size() const;
  std::optional<std::string_view> at(std::size_t index) const;  // none beyond the tail
  // From `index` on, towards the tail or (`backwards`) the head, until `visit` returns false. Visits nothing
  // when there is no such index. The list must not change meanwhile.
  void for_each_while(std::size_t index, bool backwards,
                      const std::function<bool(std::string_view element)>& visit) const;

 private:
  void packed_backwards(std::size_t index, const std::function<bool(std::string_view element)>& visit) const;

  std::string_view packed_;
  const ListValue* native_ = nullptr;
};

}  // namespace stave
