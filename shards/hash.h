// SPDX-License-Identifier: Apache-2.0
// Hashes: fields and values, and when a field expires if it does. PackedHash changes the packed form,
// HashValue is the native one, and HashView reads either. Owner thread only.
//
// A field that is due stays until an edit removes it: only edits change a hash, so that it is the same after
// a restart. Until then views hide it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "shards/collection.h"
#include "shards/elements.h"

namespace stave {

struct HashElement {
  std::string_view field;
  std::string_view value;
  std::int64_t expiry_ms = 0;  // Unix time; 0 = never

  bool expired_at(std::int64_t now_ms) const { return expiry_ms != 0 && expiry_ms <= now_ms; }
};

// Edits the packed bytes in place. REQUIRES: is_packed(); what it is given does not point into them.
class PackedHash {
 public:
  explicit PackedHash(std::string& packed) : packed_(packed) {}
  PutOutcome put(std::string_view field, std::string_view value);
  bool remove(std::string_view field);
  // False when it has changed nothing.
  bool expire(std::string_view field, std::int64_t expiry_ms);
  std::size_t size() const { return packed_count(packed_); }
  Encoding encoding() const { return packed_encoding(packed_); }
  // REQUIRES: it keeps expiries if and only if the present one does.
  void set_encoding(Encoding encoding) { set_packed_encoding(packed_, encoding); }

 private:
  void make_room_for_expiries();

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
  bool free_some(std::uint64_t& place, std::size_t count) override;
  void expect(std::size_t count) override { elements_.expect(count); }
  void add_part(std::string_view packed) override;
  std::size_t memory_bytes() const override;

  // REQUIRES: `value` does not point into the one that it replaces.
  PutOutcome put(std::string_view field, std::string_view value) {
    if (due_ != nullptr) forget_expiry(field);
    return elements_.put(field, value);
  }
  bool remove(std::string_view field) {
    if (due_ != nullptr) forget_expiry(field);
    return elements_.remove(field);
  }
  // False when it has changed nothing.
  bool expire(std::string_view field, std::int64_t expiry_ms);

  // A field that expires, by its entry.
  struct Due {
    std::int64_t expiry_ms;
    const Entry* entry;
    auto operator<=>(const Due&) const = default;
  };
  // Null, or not empty: most hashes have none, and pay nothing for it.
  const std::set<Due>* due() const { return due_.get(); }
  // Its entries have the fields as keys, and their expiries.
  Index& index() const { return elements_.index(); }
  const Entry* find(std::string_view field) const { return elements_.find(field); }
  const Entry& random(std::uint64_t random) const { return elements_.random(random); }

 private:
  void put(const HashElement& element);
  void forget_expiry(std::string_view field);

  Elements elements_;
  std::unique_ptr<std::set<Due>> due_;
};

struct Found;

// Shows the fields that are not due at `now_ms`; with 0 all that are there.
class HashView {
 public:
  HashView() = default;  // no fields
  explicit HashView(std::string_view packed) : packed_(packed) {}
  explicit HashView(const HashValue& native) : native_(&native) {}
  // REQUIRES: a resident hash, or absent.
  explicit HashView(const Found& found, std::int64_t now_ms = 0);

  std::size_t size() const;
  std::optional<std::string_view> find(std::string_view field) const;
  std::optional<HashElement> element(std::string_view field) const;
  void for_each(const std::function<void(std::string_view field, std::string_view value)>& visit) const;
  void for_each_element(const std::function<void(const HashElement&)>& visit) const;
  // Any field and its value, each about equally likely. REQUIRES: size() > 0.
  std::pair<std::string_view, std::string_view> random(std::uint64_t random) const;
  // Visits about `count` fields from `cursor` (0 to begin); returns the next cursor, 0 at the end. The packed
  // form is visited at once.
  std::uint64_t scan(std::uint64_t cursor, std::size_t count,
                     const std::function<void(std::string_view field, std::string_view value)>& visit) const;

  // Of the field that expires next, shown or not; 0 when none does.
  std::int64_t next_expiry_ms() const;
  // What removes up to `count` fields that are due at `now_ms`, shown or not.
  Edits removals_due(std::int64_t now_ms, std::size_t count) const;

 private:
  template <typename Visit>
  void show(const Visit& visit) const;
  bool hides_some() const;
  std::size_t hidden() const;

  std::string_view packed_;
  const HashValue* native_ = nullptr;
  std::int64_t now_ms_ = 0;
};

}  // namespace stave
