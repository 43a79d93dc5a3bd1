// SPDX-License-Identifier: Apache-2.0
// The index's walks: SCAN, the cache's clock, RANDOMKEY.
#include <algorithm>
#include <bit>

#include "shards/index.h"
#include "shards/index_table.h"

namespace stave {
namespace {

constexpr std::uint64_t kTags = 1 << 16;

// place's high 32 bits << 22 | depth << 16 | tag. All slots before the place, and those of the table there
// with a lower tag, were visited. The depth tells how wide the table was then. Never 0, as no depth is.
struct Cursor {
  std::uint64_t place = 0;
  unsigned depth = 0;
  std::uint64_t tag = 0;

  static Cursor unpack(std::uint64_t packed) {
    return {packed >> 22 << 32, static_cast<unsigned>(packed >> 16 & 63), packed & (kTags - 1)};
  }
  std::uint64_t pack() const { return place >> 32 << 22 | std::uint64_t{depth} << 16 | tag; }
};

}  // namespace

void Index::for_each(const std::function<void(Slot&)>& visit) {
  std::uint64_t place = 0;
  do {
    const IndexTable table = table_at(place);
    for (unsigned i = 0; i < table.slot_count(); ++i) {
      if (!table.slot(i).empty()) visit(table.slot(i));
    }
    place += table.width();
  } while (place != 0);
  for (Slot& slot : overflow_) visit(slot);
}

// Within a table the order is that of the tags, which does not change when the table does.
std::uint64_t Index::scan(std::uint64_t cursor, std::size_t count, const std::function<void(Slot&)>& visit) {
  // Looking at ten times the slots is what Redis does, too, before it gives up on a sparse table.
  constexpr std::size_t kEffort = 10;
  Cursor at = Cursor::unpack(cursor);
  count = std::clamp<std::size_t>(count, 1, 1u << 30);
  std::size_t visited = 0;
  for (std::size_t looked_at = 0; visited < count && looked_at < count * kEffort + IndexTable::kSlotsMax;) {
    const IndexTable table = table_at(at.place);
    // Merged since: the part that was another table may have been visited up to another tag.
    if (table.depth() < at.depth) at.tag = 0;
    const std::uint64_t occupied = std::max(table.occupied(), 1u);
    const std::uint64_t end = std::min(kTags, at.tag + (count - visited) * kTags / occupied + 1);
    for (unsigned i = 0; i < table.slot_count(); ++i) {
      Slot& slot = table.slot(i);
      if (slot.empty() || slot.tag() < at.tag || slot.tag() >= end) continue;
      ++visited;
      visit(slot);
    }
    looked_at += table.slot_count();
    at = {table.begin(at.place), table.depth(), end};
    if (end < kTags) continue;
    at = {at.place + table.width(), table.depth(), 0};
    if (at.place != 0) continue;
    for (Slot& slot : overflow_) visit(slot);
    return 0;
  }
  return at.pack();
}

// The overflow list counts as part of the last table.
Slot* Index::next_resident(Hand& hand, std::size_t slots_max) {
  std::size_t skipped = 0;
  do {
    const IndexTable table = table_at(hand.position);
    while (hand.slot < table.slot_count() && skipped <= slots_max) {
      Bucket& bucket = table.buckets()[hand.slot / Bucket::kSlots];
      const unsigned first = hand.slot % Bucket::kSlots;
      const unsigned mask = bucket.resident_slots() >> first;
      const unsigned cold =
          mask == 0 ? Bucket::kSlots - first : static_cast<unsigned>(std::countr_zero(mask));
      skipped += cold;
      hand.slot += cold;
      if (mask != 0) return &table.slot(hand.slot++);
    }
    const std::uint64_t next = table.begin(hand.position) + table.width();
    for (; next == 0 && hand.slot - table.slot_count() < overflow_.size() && skipped <= slots_max;
         ++skipped) {
      Slot& slot = overflow_[hand.slot++ - table.slot_count()];
      if (slot.resident()) return &slot;
    }
    if (skipped <= slots_max) hand = {next, 0};
  } while (skipped <= slots_max);
  return nullptr;
}

void Index::forget_cold(Hand& hand, std::size_t slots) {
  for (std::size_t passed = 0; passed < slots;) {
    const IndexTable table = table_at(hand.position);
    for (; hand.slot < table.slot_count() && passed < slots; passed += Bucket::kSlots) {
      table.buckets()[hand.slot / Bucket::kSlots].forget_cold();
      hand.slot = (hand.slot / Bucket::kSlots + 1) * Bucket::kSlots;
    }
    if (hand.slot < table.slot_count()) return;
    hand = {table.begin(hand.position) + table.width(), 0};
    if (hand.position != 0) continue;
    for (Slot& slot : overflow_) {
      if (!slot.resident()) slot.set_clock(0);
    }
    passed += 1 + overflow_.size();
  }
}

Slot* Index::random_slot(std::uint64_t random) {
  if (size_ == 0) return nullptr;
  if (random % size_ < overflow_.size()) return &overflow_[random % size_];
  constexpr int kTries = 64;
  for (int i = 0; i < kTries; ++i) {
    const IndexTable table = table_at(place_of(random));
    // Always out of the most slots that a table can have, so that slots of small tables are not preferred.
    const auto slot = static_cast<unsigned>(random % IndexTable::kSlotsMax);
    if (slot < table.slot_count() && !table.slot(slot).empty()) return &table.slot(slot);
    random = (random ^ random >> 29) * 0xbf58476d1ce4e5b9ull + 0x9e3779b97f4a7c15ull;
  }
  return random_slot_of_sparse(random);
}

// Any slot of the first table that has one: good enough where few slots are occupied.
Slot* Index::random_slot_of_sparse(std::uint64_t random) {
  std::uint64_t place = place_of(random);
  for (std::size_t i = 0; i < directory_.size(); ++i) {
    const IndexTable table = table_at(place);
    place = table.begin(place) + table.width();
    if (table.occupied() == 0) continue;
    auto nth = static_cast<unsigned>(random % table.occupied());
    for (unsigned at = 0; at < table.slot_count(); ++at) {
      if (!table.slot(at).empty() && nth-- == 0) return &table.slot(at);
    }
  }
  return &overflow_[random % overflow_.size()];
}

}  // namespace stave
