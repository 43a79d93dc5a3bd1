// SPDX-License-Identifier: Apache-2.0
// Finding, inserting and erasing, and how tables grow, split, shrink and merge. The walks are in
// index_walk.cc.
#include "shards/index.h"

#include <algorithm>
#include <array>
#include <utility>

#include "shards/index_table.h"

namespace stave {
namespace {

// A split that leaves fewer keys than this for each table of that depth would not come from random hashes.
constexpr std::uint64_t kKeysPerTableMin = 16;
// How full the tables are that a split, a shrink or a merge makes, at most.
constexpr unsigned kSplitPercent = 90;
constexpr unsigned kShrinkPercent = 75;

Slot* find_in(Bucket& bucket, std::string_view key, std::uint64_t tag) {
  for (unsigned mask = bucket.with_tag(tag); mask != 0; mask &= mask - 1) {
    Slot& slot = bucket.slots[std::countr_zero(mask)];
    if (!slot.empty() && slot.entry()->key() == key) return &slot;
  }
  return nullptr;
}

// Calls visit(slot) for every occupied slot of the table.
template <typename Visit>
void for_each_slot(IndexTable table, Visit visit) {
  for (unsigned b = 0; b < table.bucket_count(); ++b) {
    for (Slot& slot : table.buckets()[b].slots) {
      if (!slot.empty()) visit(slot);
    }
  }
}

}  // namespace

Index::Index(HashFunction hash) : hash_(hash) {
  reset();
}

Index::~Index() {
  destroy_entries();
}

void Index::clear() {
  destroy_entries();
  reset();
}

std::unique_ptr<Index> Index::take_all() {
  auto all = std::make_unique<Index>(hash_);
  std::swap(all->directory_, directory_);
  std::swap(all->directory_shift_, directory_shift_);
  std::swap(all->overflow_, overflow_);
  std::swap(all->size_, size_);
  std::swap(all->table_bytes_, table_bytes_);
  return all;
}

std::uint64_t Index::destroy_some(std::uint64_t place, std::size_t count,
                                  const std::function<void(Entry&)>& before) {
  const auto destroy = [&](Slot& slot) {
    if (before) before(*slot.entry());
    Entry::destroy(slot.entry());
  };
  for (std::size_t destroyed = 0; destroyed < count;) {
    const IndexTable table = table_at(place);
    destroyed += table.occupied() + 1;
    for_each_slot(table, [](Slot& slot) { __builtin_prefetch(slot.entry(), 1); });
    for_each_slot(table, destroy);
    place += table.width();
    free_table(table);
    if (place != 0) continue;
    for (Slot& slot : overflow_) destroy(slot);
    reset();
    return 0;
  }
  return place;
}

void Index::reset() {
  directory_ = {create_table(0, 1), create_table(0, 1)};
  directory_.shrink_to_fit();
  directory_shift_ = 63;
  overflow_ = {};
  size_ = 0;
}

// Frees the tables too: only reset() or the end may follow.
void Index::destroy_entries() {
  std::uint64_t place = 0;
  do {
    const IndexTable table = table_at(place);
    for_each_slot(table, [](Slot& slot) { __builtin_prefetch(slot.entry(), 1); });
    for_each_slot(table, [](Slot& slot) { Entry::destroy(slot.entry()); });
    place += table.width();
    free_table(table);
  } while (place != 0);
  for (const Slot& slot : overflow_) Entry::destroy(slot.entry());
}

std::size_t Index::table_bytes() const {
  return table_bytes_ + directory_.capacity() * sizeof(IndexTable) + overflow_.capacity() * sizeof(Slot);
}

IndexTable Index::table_at(std::uint64_t place) const {
  return directory_[place >> directory_shift_];
}

// Makes the directory say `table` for all places that have its depth's bits in common with `place`.
void Index::set_table(std::uint64_t place, IndexTable table) {
  const std::size_t first = table.begin(place) >> directory_shift_;
  std::fill_n(directory_.begin() + static_cast<std::ptrdiff_t>(first), table.width() >> directory_shift_,
              table);
}

Slot* Index::find(std::string_view key, std::uint64_t hash) {
  const IndexTable table = table_at(place_of(hash));
  const std::uint64_t tag = Slot::tag_of(hash);
  Bucket& first = table.buckets()[table.first_bucket(tag)];
  if (Slot* const slot = find_in(first, key, tag)) return slot;
  if (first.unused_slots() == 0) {
    Bucket& alternate = table.buckets()[table.alternate_bucket(tag)];
    if (Slot* const slot = find_in(alternate, key, tag)) return slot;
  }
  if (table.overflowed()) {
    for (Slot& slot : overflow_) {
      if (slot.tag() == tag && slot.entry()->key() == key) return &slot;
    }
  }
  return nullptr;
}

Slot* Index::find_if(std::uint64_t hash, const std::function<bool(Slot&)>& visit) {
  const IndexTable table = table_at(place_of(hash));
  const std::uint64_t tag = Slot::tag_of(hash);
  const unsigned first = table.first_bucket(tag);
  const unsigned alternate = table.alternate_bucket(tag);
  for (const unsigned b : {first, alternate}) {
    Bucket& bucket = table.buckets()[b];
    for (unsigned mask = bucket.with_tag(tag); mask != 0; mask &= mask - 1) {
      Slot& slot = bucket.slots[std::countr_zero(mask)];
      if (!slot.empty() && visit(slot)) return &slot;
    }
    if (alternate == first || bucket.unused_slots() != 0) break;
  }
  if (table.overflowed()) {
    for (Slot& slot : overflow_) {
      if (slot.tag() == tag && visit(slot)) return &slot;
    }
  }
  return nullptr;
}

void Index::prefetch(std::uint64_t hash) const {
  const IndexTable table = table_at(place_of(hash));
  __builtin_prefetch(&table.buckets()[table.first_bucket(Slot::tag_of(hash))]);
}

void Index::prefetch_alternate(std::uint64_t hash) const {
  const IndexTable table = table_at(place_of(hash));
  const std::uint64_t tag = Slot::tag_of(hash);
  const Bucket& first = table.buckets()[table.first_bucket(tag)];
  if (first.unused_slots() == 0) __builtin_prefetch(&table.buckets()[table.alternate_bucket(tag)]);
}

void Index::prefetch_entry(std::uint64_t hash) const {
  const IndexTable table = table_at(place_of(hash));
  const std::uint64_t tag = Slot::tag_of(hash);
  for (const unsigned b : {table.first_bucket(tag), table.alternate_bucket(tag)}) {
    const Bucket& bucket = table.buckets()[b];
    for (unsigned mask = bucket.with_tag(tag); mask != 0; mask &= mask - 1) {
      __builtin_prefetch(bucket.slots[std::countr_zero(mask)].entry());
    }
    if (bucket.unused_slots() != 0) break;
  }
}

Slot* Index::insert(std::uint64_t hash, Entry* entry, bool resident) {
  ++size_;
  return put(hash, Slot{hash, entry, resident});
}

Slot* Index::put(std::uint64_t hash, Slot slot) {
  const std::uint64_t place = place_of(hash);
  do {
    IndexTable table = table_at(place);
    if (Slot* const placed = table.place(slot)) return placed;
  } while (make_room(place));
  IndexTable table = table_at(place);
  table.set_overflowed();
  set_table(place, table);
  overflow_.push_back(slot);
  return &overflow_.back();
}

void Index::erase(Slot* slot) {
  Entry* const entry = slot->entry();
  const std::uint64_t place = place_of(hash_(entry->key()));
  Entry::destroy(entry);
  --size_;
  if (!overflow_.empty() && slot >= overflow_.data() && slot <= &overflow_.back()) {
    *slot = overflow_.back();
    overflow_.pop_back();
    return;
  }
  auto* const bucket =
      reinterpret_cast<Bucket*>(reinterpret_cast<std::uintptr_t>(slot) & ~(sizeof(Bucket) - 1));
  bucket->vacate(*slot);
  // Tables do not count their slots. That a whole bucket is empty is rare in a table worth keeping as it is.
  if (bucket->empty_slots() == (1u << Bucket::kSlots) - 1) shrink(place);
}

// False when the overflow list must take the slot.
bool Index::make_room(std::uint64_t place) {
  const IndexTable table = table_at(place);
  // Full at less than a half means that many tags are alike, and more buckets would not part them.
  if (table.occupied() * 2 < table.slot_count()) return false;
  if (table.size_class() < IndexTable::kLargestClass) {
    resize(place, IndexTable::larger_class(table.size_class()));
    return true;
  }
  if ((kKeysPerTableMin << (table.depth() + 1)) > size_) return false;
  split(place);
  return true;
}

void Index::resize(std::uint64_t place, unsigned size_class) {
  const IndexTable old = table_at(place);
  IndexTable table = create_table(size_class, old.depth());
  move_slots(old, table);
  set_table(place, table);
  free_table(old);
}

void Index::split(std::uint64_t place) {
  const IndexTable old = table_at(place);
  if (old.depth() == depth()) double_directory();

  std::array<Slot, IndexTable::kSlotsMax> slots;
  std::size_t count = 0;
  for_each_slot(old, [&](Slot& slot) {
    __builtin_prefetch(slot.entry());
    slots[count++] = slot;
  });
  const auto upper = std::partition(slots.begin(), slots.begin() + count, [&](const Slot& slot) {
    return (place_of(hash_(slot.entry()->key())) & old.width() / 2) == 0;
  });
  const auto lower_count = static_cast<std::size_t>(upper - slots.begin());

  const auto fill = [&](std::uint64_t at, std::size_t from, std::size_t to) {
    IndexTable table = create_table(IndexTable::class_for(to - from, kSplitPercent), old.depth() + 1);
    if (old.overflowed()) table.set_overflowed();
    for (std::size_t i = from; i < to; ++i) move_slot(slots[i], table);
    set_table(at, table);
  };
  fill(old.begin(place), 0, lower_count);
  fill(old.begin(place) + old.width() / 2, lower_count, count);
  free_table(old);
}

void Index::double_directory() {
  std::vector<IndexTable> doubled;
  doubled.reserve(directory_.size() * 2);
  for (const IndexTable table : directory_) doubled.insert(doubled.end(), 2, table);
  directory_.swap(doubled);
  --directory_shift_;
}

// The directory keeps its size: 8 bytes for each table that there ever was at once.
void Index::shrink(std::uint64_t place) {
  const IndexTable table = table_at(place);
  const unsigned occupied = table.occupied();
  if (occupied * 5 > table.slot_count() * 2) return;
  if (merge(place)) return;
  const unsigned size_class = IndexTable::class_for(occupied, kShrinkPercent);
  if (size_class < table.size_class()) resize(place, size_class);
}

bool Index::merge(std::uint64_t place) {
  const IndexTable table = table_at(place);
  if (table.depth() == 1) return false;
  const IndexTable buddy = table_at(place ^ table.width());
  if (buddy.depth() != table.depth()) return false;
  const std::size_t occupied = table.occupied() + buddy.occupied();
  if (occupied > IndexTable::kSlotsMax / 2) return false;
  IndexTable merged = create_table(IndexTable::class_for(occupied, kShrinkPercent), table.depth() - 1);
  move_slots(table, merged);
  move_slots(buddy, merged);
  set_table(place, merged);
  free_table(table);
  free_table(buddy);
  return true;
}

IndexTable Index::create_table(unsigned size_class, unsigned depth) {
  const IndexTable table = IndexTable::create(size_class, depth);
  table_bytes_ += table.bytes();
  return table;
}

void Index::free_table(IndexTable table) {
  table_bytes_ -= table.bytes();
  table.release();
}

void Index::move_slot(Slot slot, IndexTable& to) {
  if (to.place(slot) != nullptr) return;
  to.set_overflowed();
  overflow_.push_back(slot);
}

void Index::move_slots(IndexTable from, IndexTable& to) {
  if (from.overflowed()) to.set_overflowed();
  for_each_slot(from, [&](const Slot& slot) { move_slot(slot, to); });
}

}  // namespace stave
