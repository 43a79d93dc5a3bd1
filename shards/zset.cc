// SPDX-License-Identifier: Apache-2.0
#include "shards/zset.h"

#include <cassert>
#include <cmath>
#include <cstring>
#include <vector>

#include "shards/keyspace.h"

namespace stave {
namespace {

std::string_view bytes_of(const double& score) {
  return {reinterpret_cast<const char*>(&score), sizeof score};
}

double score_of(std::string_view bytes) {
  double score = 0;
  assert(bytes.size() == sizeof score);
  std::memcpy(&score, bytes.data(), sizeof score);
  return score;
}

// Walks over the elements of the packed form.
class PackedElements {
 public:
  explicit PackedElements(std::string_view packed) : items_(packed) {}

  bool next(ScoredMember& element) {
    begin_ = items_.offset();
    std::string_view score;
    if (!items_.next(element.member)) return false;
    items_.next(score);
    element.score = score_of(score);
    return true;
  }
  // Of the last element, or the end of all, and of the one after it, bytes.
  std::size_t begin() const { return begin_; }
  std::size_t end() const { return items_.offset(); }

 private:
  PackedItems items_;
  std::size_t begin_ = 0;
};

bool ranks_before(const ScoredMember& a, const ScoredMember& b) {
  return a.score != b.score ? a.score < b.score : a.member < b.member;
}

// How many elements of the packed form are in front of the first one that `before` is false of.
template <typename Before>
std::size_t count_while(std::string_view packed, Before before) {
  PackedElements elements(packed);
  std::size_t count = 0;
  for (ScoredMember element; elements.next(element) && before(element);) ++count;
  return count;
}

// Where a member is in the packed form, if it is, and where it belongs with another score, bytes.
struct MemberPlaces {
  bool found = false;
  double score = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t wanted = 0;
};

MemberPlaces find_places(std::string_view packed, const ScoredMember& wanted) {
  MemberPlaces places;
  PackedElements elements(packed);
  for (ScoredMember element; elements.next(element);) {
    if (element.member == wanted.member) {
      places.found = true;
      places.score = element.score;
      places.begin = elements.begin();
      places.end = elements.end();
    }
    if (ranks_before(element, wanted)) places.wanted = elements.end();
  }
  if (places.wanted == 0) places.wanted = kPackedHeaderBytes;
  return places;
}

// The encoding is decided as Redis does, for PackedZset and ZsetValue alike.
template <typename Zset>
void apply_put(Zset& zset, const Edit& edit, const CollectionLimits& limits, EditResult& result) {
  const PutOutcome outcome = zset.put(edit.name, edit.score());
  result.updated += outcome == PutOutcome::kUpdated ? 1 : 0;
  if (outcome != PutOutcome::kAdded) return;
  ++result.added;
  if (edit.name.size() > limits.zset_listpack_value || zset.size() > limits.zset_listpack_entries) {
    zset.set_encoding(Encoding::kSkiplist);
  }
}

template <typename Zset>
Status apply_edits(Zset& zset, std::string_view edits, const CollectionLimits& limits, EditResult& result) {
  EditReader reader(edits);
  for (Edit edit; reader.next(edit);) {
    if (edit.kind == EditKind::kPut && !std::isnan(edit.score())) {
      apply_put(zset, edit, limits, result);
    } else if (edit.kind == EditKind::kRemove) {
      result.removed += zset.remove(edit.name) ? 1 : 0;
    } else {
      return bad_edit(Type::kZset);
    }
  }
  return reader.bad() ? bad_edit(Type::kZset) : Status();
}

}  // namespace

PutOutcome PackedZset::put(std::string_view member, double score) {
  const MemberPlaces places = find_places(packed_, {member, score});
  if (places.found && places.score == score) return PutOutcome::kUnchanged;
  std::string element;
  put_item(element, member);
  put_item(element, bytes_of(score));
  if (!places.found) {
    packed_.insert(places.wanted, element);
    set_packed_count(packed_, size() + 1);
    return PutOutcome::kAdded;
  }
  const std::size_t bytes = places.end - places.begin;  // the same with the new score
  packed_.erase(places.begin, bytes);
  packed_.insert(places.wanted > places.begin ? places.wanted - bytes : places.wanted, element);
  return PutOutcome::kUpdated;
}

bool PackedZset::remove(std::string_view member) {
  const MemberPlaces places = find_places(packed_, {member, 0});
  if (!places.found) return false;
  packed_.erase(places.begin, places.end - places.begin);
  set_packed_count(packed_, size() - 1);
  return true;
}

Status edit_packed_zset(std::string& packed, std::string_view edits, const CollectionLimits& limits,
                        EditResult& result) {
  PackedZset zset(packed);
  return apply_edits(zset, edits, limits, result);
}

ZsetValue::ZsetValue(std::string_view packed) {
  set_encoding(packed_encoding(packed));
  expect(packed_count(packed));
  PackedElements elements(packed);
  for (ScoredMember element; elements.next(element);) put(element.member, element.score);
}

Status ZsetValue::apply(std::string_view edits, const CollectionLimits& limits, EditResult& result) {
  return apply_edits(*this, edits, limits, result);
}

void ZsetValue::pack(std::string& packed) const {
  packed = empty_packed(Type::kZset);
  packed.reserve(packed.size() + entry_bytes_);
  set_packed_encoding(packed, encoding());
  set_packed_count(packed, size());
  tree_.walk(0, false, [&](RankedTree::Item item) {
    put_item(packed, item.entry->key());
    put_item(packed, bytes_of(item.score));
    return true;
  });
}

// In their order: elements that stay what they are keep their places in it.
bool ZsetValue::pack_part(PartCursor& cursor, std::size_t bytes_max, std::string& packed) const {
  packed = empty_packed(Type::kZset);
  std::size_t rank = 0;
  if (cursor.begun) {
    rank = tree_.rank(cursor.score, cursor.member);
    if (rank < size() && tree_.at(rank).score == cursor.score && tree_.at(rank).entry->key() == cursor.member)
      ++rank;
  }
  std::size_t count = 0;
  RankedTree::Item last;
  tree_.walk(rank, false, [&](RankedTree::Item item) {
    put_item(packed, item.entry->key());
    put_item(packed, bytes_of(item.score));
    last = item;
    ++count;
    return packed.size() < bytes_max;
  });
  set_packed_encoding(packed, encoding());
  set_packed_count(packed, count);
  if (count > 0) cursor = {true, 0, 0, last.score, std::string(last.entry->key())};
  return rank + count == size();
}

void ZsetValue::expect(std::size_t count) {
  constexpr std::size_t kExpectedMin = 64;  // fewer are enough for the smallest tables
  if (count >= kExpectedMin) index_.fit(count);
}

// Also where only the sign of a zero differs.
void ZsetValue::add_part(std::string_view packed) {
  PackedElements elements(packed);
  for (ScoredMember element; elements.next(element);) {
    if (put(element.member, element.score) != PutOutcome::kUnchanged || element.score != 0) continue;
    remove(element.member);
    put(element.member, element.score);
  }
}

std::size_t ZsetValue::memory_bytes() const {
  return sizeof(*this) + entry_bytes_ + index_.table_bytes() + tree_.memory_bytes();
}

PutOutcome ZsetValue::put(std::string_view member, double score) {
  const std::uint64_t hash = hash_key(member);
  Slot* const slot = index_.find(member, hash);
  if (slot == nullptr) {
    add(member, score, hash);
    return PutOutcome::kAdded;
  }
  Entry* const entry = slot->entry();
  const double old = score_of(entry->value());
  if (old == score) return PutOutcome::kUnchanged;
  tree_.erase({old, entry});
  std::memcpy(entry->mutable_value(), &score, sizeof score);
  tree_.insert({score, entry});
  return PutOutcome::kUpdated;
}

void ZsetValue::add(std::string_view member, double score, std::uint64_t hash) {
  Entry::Fields fields;
  fields.key = member;
  fields.value = bytes_of(score);
  fields.value_bytes = sizeof score;
  fields.resident = true;
  Entry* const entry = Entry::create(fields);
  entry_bytes_ += entry->allocated_bytes(true);
  index_.insert(hash, entry, true);
  tree_.insert({score, entry});
}

bool ZsetValue::remove(std::string_view member) {
  Slot* const slot = index_.find(member, hash_key(member));
  if (slot == nullptr) return false;
  const Entry* const entry = slot->entry();
  tree_.erase({score_of(entry->value()), entry});
  entry_bytes_ -= entry->allocated_bytes(true);
  index_.erase(slot);
  return true;
}

ZsetView::ZsetView(const Found& found) {
  if (!found.exists) return;
  assert(found.resident && found.type == Type::kZset);
  if (found.collection != nullptr) {
    native_ = static_cast<const ZsetValue*>(found.collection);
  } else {
    packed_ = found.value;
  }
}

std::size_t ZsetView::size() const {
  if (native_ != nullptr) return native_->size();
  return packed_.empty() ? 0 : packed_count(packed_);
}

std::optional<double> ZsetView::score(std::string_view member) const {
  if (native_ != nullptr) {
    const Slot* const slot = native_->index().find(member, hash_key(member));
    if (slot == nullptr) return std::nullopt;
    return score_of(slot->entry()->value());
  }
  PackedElements elements(packed_);
  for (ScoredMember element; elements.next(element);) {
    if (element.member == member) return element.score;
  }
  return std::nullopt;
}

std::optional<std::size_t> ZsetView::rank(std::string_view member) const {
  if (native_ != nullptr) {
    const auto found = score(member);
    if (!found) return std::nullopt;
    return native_->tree().rank(*found, member);
  }
  const std::size_t rank =
      count_while(packed_, [&](const ScoredMember& element) { return element.member != member; });
  if (rank == size()) return std::nullopt;
  return rank;
}

ScoredMember ZsetView::at(std::size_t rank) const {
  assert(rank < size());
  if (native_ != nullptr) {
    const RankedTree::Item item = native_->tree().at(rank);
    return {item.entry->key(), item.score};
  }
  PackedElements elements(packed_);
  ScoredMember element;
  for (std::size_t passed = 0; passed <= rank; ++passed) elements.next(element);
  return element;
}

void ZsetView::walk(std::size_t rank, bool backwards, const Visit& visit) const {
  if (rank >= size()) return;
  if (native_ != nullptr) {
    native_->tree().walk(rank, backwards,
                         [&](RankedTree::Item item) { return visit(item.entry->key(), item.score); });
    return;
  }
  PackedElements elements(packed_);
  ScoredMember element;
  if (!backwards) {
    for (std::size_t passed = 0; passed < rank; ++passed) elements.next(element);
    while (elements.next(element) && visit(element.member, element.score)) {
    }
    return;
  }
  std::vector<ScoredMember> passed(rank + 1);
  for (ScoredMember& one : passed) elements.next(one);
  while (!passed.empty() && visit(passed.back().member, passed.back().score)) passed.pop_back();
}

std::size_t ZsetView::first_from(double score) const {
  if (native_ != nullptr) return native_->tree().count_below(score);
  return count_while(packed_, [&](const ScoredMember& element) { return element.score < score; });
}

std::size_t ZsetView::first_above(double score) const {
  if (native_ != nullptr) return native_->tree().count_to(score);
  return count_while(packed_, [&](const ScoredMember& element) { return element.score <= score; });
}

std::size_t ZsetView::first_from(std::string_view member) const {
  if (native_ != nullptr) return native_->tree().count_below(member);
  return count_while(packed_, [&](const ScoredMember& element) { return element.member < member; });
}

std::size_t ZsetView::first_above(std::string_view member) const {
  if (native_ != nullptr) return native_->tree().count_to(member);
  return count_while(packed_, [&](const ScoredMember& element) { return element.member <= member; });
}

std::uint64_t ZsetView::scan(std::uint64_t cursor, std::size_t count,
                             const std::function<void(std::string_view member, double score)>& visit) const {
  if (native_ != nullptr) {
    return native_->index().scan(cursor, count, [&](const Slot& slot) {
      visit(slot.entry()->key(), score_of(slot.entry()->value()));
    });
  }
  PackedElements elements(packed_);
  for (ScoredMember element; elements.next(element);) visit(element.member, element.score);
  return 0;
}

}  // namespace stave
