// SPDX-License-Identifier: Apache-2.0
// Sets. PackedSet changes the packed form, SetValue is the native one, and SetView reads either. Owner thread
// only.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "shards/collection.h"
#include "shards/elements.h"

namespace stave {

// Edits the packed bytes in place. REQUIRES: is_packed(); what it is given does not point into them.
class PackedSet {
 public:
  explicit PackedSet(std::string& packed) : packed_(packed) {}
  bool add(std::string_view member);
  bool remove(std::string_view member);
  std::size_t longest_bytes() const;
  std::size_t size() const { return packed_count(packed_); }
  Encoding encoding() const { return packed_encoding(packed_); }
  void set_encoding(Encoding encoding) { set_packed_encoding(packed_, encoding); }

 private:
  std::string& packed_;
};

// edit_packed() for sets.
Status edit_packed_set(std::string& packed, std::string_view edits, const CollectionLimits& limits,
                       EditResult& result);

class SetValue final : public Collection {
 public:
  explicit SetValue(std::string_view packed);

  Type type() const override { return Type::kSet; }
  std::size_t size() const override { return elements_.size(); }
  Status apply(std::string_view edits, const CollectionLimits& limits, EditResult& result) override;
  void pack(std::string& packed) const override;
  bool pack_part(PartCursor& cursor, std::size_t bytes_max, std::string& packed) const override;
  bool free_some(std::uint64_t& place, std::size_t count) override {
    return elements_.free_some(place, count);
  }
  void expect(std::size_t count) override { elements_.expect(count); }
  void add_part(std::string_view packed) override;
  std::size_t memory_bytes() const override;

  bool add(std::string_view member) { return elements_.put(member, {}) == PutOutcome::kAdded; }
  bool remove(std::string_view member) { return elements_.remove(member); }
  std::size_t longest_bytes() const;
  // Its entries have the members as keys.
  Index& index() const { return elements_.index(); }
  const Entry& random(std::uint64_t random) const { return elements_.random(random); }

 private:
  Elements elements_;
};

struct Found;

class SetView {
 public:
  SetView() = default;  // no members
  explicit SetView(std::string_view packed) : packed_(packed) {}
  explicit SetView(const SetValue& native) : native_(&native) {}
  // REQUIRES: a resident set, or absent.
  explicit SetView(const Found& found);

  std::size_t size() const;
  bool contains(std::string_view member) const;
  void for_each(const std::function<void(std::string_view member)>& visit) const;
  // The same until `visit` returns false.
  void for_each_while(const std::function<bool(std::string_view member)>& visit) const;
  // Any member, each about equally likely. REQUIRES: size() > 0.
  std::string_view random(std::uint64_t random) const;
  std::size_t longest_bytes() const;  // of a member; 0 without any
  // Visits about `count` members from `cursor` (0 to begin); returns the next cursor, 0 at the end. The
  // packed form is visited at once.
  std::uint64_t scan(std::uint64_t cursor, std::size_t count,
                     const std::function<void(std::string_view member)>& visit) const;

 private:
  std::string_view packed_;
  const SetValue* native_ = nullptr;
};

}  // namespace stave
