// SPDX-License-Identifier: Apache-2.0
// Sorted sets: members with scores, in the order of the scores, and of the members' bytes where scores are
// equal. PackedZset changes the packed form, ZsetValue is the native one, and ZsetView reads either. Owner
// thread only.
//
// Scores are never NaN. They are compared as doubles, so -0 is 0, and kept as they are given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "shards/collection.h"
#include "shards/elements.h"
#include "shards/index.h"
#include "shards/ranked_tree.h"

namespace stave {

// Edits the packed bytes in place. REQUIRES: is_packed(); what it is given does not point into them.
class PackedZset {
 public:
  explicit PackedZset(std::string& packed) : packed_(packed) {}
  // A member that has an equal score is unchanged.
  PutOutcome put(std::string_view member, double score);
  bool remove(std::string_view member);
  std::size_t size() const { return packed_count(packed_); }
  Encoding encoding() const { return packed_encoding(packed_); }
  void set_encoding(Encoding encoding) { set_packed_encoding(packed_, encoding); }

 private:
  std::string& packed_;
};

// edit_packed() for sorted sets.
Status edit_packed_zset(std::string& packed, std::string_view edits, const CollectionLimits& limits,
                        EditResult& result);

// An index of the members, whose entries have the scores as values (8 bytes), and the order of the entries.
class ZsetValue final : public Collection {
 public:
  explicit ZsetValue(std::string_view packed);

  Type type() const override { return Type::kZset; }
  std::size_t size() const override { return tree_.size(); }
  Status apply(std::string_view edits, const CollectionLimits& limits, EditResult& result) override;
  void pack(std::string& packed) const override;
  bool pack_part(PartCursor& cursor, std::size_t bytes_max, std::string& packed) const override;
  // The nodes of the tree are few, and go with the rest.
  bool free_some(std::uint64_t& place, std::size_t count) override {
    place = index_.destroy_some(place, count, nullptr);
    return place == 0;
  }
  void expect(std::size_t count) override;
  void add_part(std::string_view packed) override;
  std::size_t memory_bytes() const override;

  // As PackedZset.
  PutOutcome put(std::string_view member, double score);
  bool remove(std::string_view member);
  // Its entries have the members as keys.
  Index& index() const { return index_; }
  const RankedTree& tree() const { return tree_; }

 private:
  void add(std::string_view member, double score, std::uint64_t hash);

  mutable Index index_;  // reading does not change it
  RankedTree tree_;
  std::size_t entry_bytes_ = 0;
};

struct Found;

struct ScoredMember {
  std::string_view member;
  double score = 0;
};

// A rank is the number of elements in front, 0 for the first one.
class ZsetView {
 public:
  using Visit = std::function<bool(std::string_view member, double score)>;

  ZsetView() = default;  // no members
  explicit ZsetView(std::string_view packed) : packed_(packed) {}
  explicit ZsetView(const ZsetValue& native) : native_(&native) {}
  // REQUIRES: a resident sorted set, or absent.
  explicit ZsetView(const Found& found);

  std::size_t size() const;
  std::optional<double> score(std::string_view member) const;
  std::optional<std::size_t> rank(std::string_view member) const;
  // REQUIRES: rank < size().
  ScoredMember at(std::size_t rank) const;
  // From `rank` on, towards the end or (`backwards`) the beginning, until `visit` returns false. Visits
  // nothing when there is no such rank. The sorted set must not change meanwhile.
  void walk(std::size_t rank, bool backwards, const Visit& visit) const;

  // The rank of the first element with a score >= `score`, or > `score`; size() when there is none.
  std::size_t first_from(double score) const;
  std::size_t first_above(double score) const;
  // The same for members. REQUIRES, for the results to mean something: all scores are equal.
  std::size_t first_from(std::string_view member) const;
  std::size_t first_above(std::string_view member) const;

  // Any element, each equally likely if `random` is. REQUIRES: size() > 0.
  ScoredMember random(std::uint64_t random) const { return at(random % size()); }
  // Visits about `count` elements from `cursor` (0 to begin); returns the next cursor, 0 at the end. The
  // packed form is visited at once.
  std::uint64_t scan(std::uint64_t cursor, std::size_t count,
                     const std::function<void(std::string_view member, double score)>& visit) const;

 private:
  std::string_view packed_;
  const ZsetValue* native_ = nullptr;
};

}  // namespace stave
