// SPDX-License-Identifier: Apache-2.0
// Hashes: fields and values. PackedHash changes the packed form, HashValue is the native one, and HashView
// reads either. Owner thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "shards/collection.h"
#include "shards/elements.h"

namespace stave {

// Edits the packed bytes in place. REQUIRES: is_packed(); what it is given does not point into them.
class PackedHash {
 public:
  explicit PackedHash(std::string& packed) : packed_(packed) {}
  PutOutcome put(std::string_view field, std::string_view value);
  bool remove(std::string_view field);
  std::size_t size() const { return packed_count(packed_); }
  Encoding encoding() const { return packed_encoding(packed_); }
  void set_encoding(Encoding encoding) { set_packed_encoding(packed_, encoding); }

 private:
  std::string& packed_;
};

// edit_packed() for hashes.
Status edit_packed_hash(std::string& packed, std::string_view edits, const CollectionLimits& limits,
                        EditResult& result);

class HashValue final : public Collection {
 public:
  explicit HashValue(std::string_view packed);

  Type type() const override { return Type::kHash; }
  std::size_t size() const override { return elements_.size(); }
  Status apply(std::string_view edits, const CollectionLimits& limits, EditResult& result) override;
  void pack(std::string& packed) const override;
  bool pack_part(PartCursor& cursor, std::size_t bytes_max, std::string& packed) const override;
  bool free_some(std::uint64_t& place, std::size_t count) override {
    place = elements_.index().destroy_some(place, count, nullptr);
    return place == 0;
  }
  void expect(std::size_t count) override { elements_.expect(count); }
  void add_part(std::string_view packed) override;
  std::size_t memory_bytes() const override;

  // REQUIRES: `value` does not point into the one that it replaces.
  PutOutcome put(std::string_view field, std::string_view value) { return elements_.put(field, value); }
  bool remove(std::string_view field) { return elements_.remove(field); }
  // Its entries have the fields as keys.
  Index& index() const { return elements_.index(); }
  const Entry& random(std::uint64_t random) const { return elements_.random(random); }

 private:
  Elements elements_;
};

struct Found;

class HashView {
 public:
  HashView() = default;  // no fields
  explicit HashView(std::string_view packed) : packed_(packed) {}
  explicit HashView(const HashValue& native) : native_(&native) {}
  // REQUIRES: a resident hash, or absent.
  explicit HashView(const Found& found);

  std::size_t size() const;
  std::optional<std::string_view> find(std::string_view field) const;
  void for_each(const std::function<void(std::string_view field, std::string_view value)>& visit) const;
  // Any field and its value, each about equally likely. REQUIRES: size() > 0.
  std::pair<std::string_view, std::string_view> random(std::uint64_t random) const;
  // Visits about `count` fields from `cursor` (0 to begin); returns the next cursor, 0 at the end. The packed
  // form is visited at once.
  std::uint64_t scan(std::uint64_t cursor, std::size_t count,
                     const std::function<void(std::string_view field, std::string_view value)>& visit) const;

 private:
  std::string_view packed_;
  const HashValue* native_ = nullptr;
};

}  // namespace stave
