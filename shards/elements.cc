// SPDX-License-Identifier: Apache-2.0
#include "shards/elements.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <vector>

#include "shards/entry.h"
#include "shards/packed.h"

namespace stave {
namespace {

// Fewer elements get their tables one by one, to which the smallest ones are enough.
constexpr std::size_t kExpectedMin = 64;
// Of so many, Index::random_slot() prefers those that share their table with few others.
constexpr std::size_t kFew = 256;
// Elements that a walk in parts passes at once, at most: about one table of the index.
constexpr std::size_t kWalkedAtOnce = 512;

}  // namespace

void Elements::expect(std::size_t count) {
  if (count >= kExpectedMin) index_.fit(count);
}

PutOutcome Elements::put(std::string_view name, std::string_view value) {
  const std::uint64_t hash = hash_key(name);
  Slot* const slot = index_.find(name, hash);
  if (slot == nullptr) {
    index_.insert(hash, create(name, value), true);
    return PutOutcome::kAdded;
  }
  Entry* const old = slot->entry();
  const bool expires = old->has(Entry::kExpires);
  if (old->value() == value && !expires) return PutOutcome::kUnchanged;
  if (old->value_bytes() == value.size() && !expires) {
    std::memcpy(old->mutable_value(), value.data(), value.size());
    return PutOutcome::kUpdated;
  }
  replace(*slot, create(old->key(), value));
  return PutOutcome::kUpdated;
}

const Entry* Elements::find(std::string_view name) const {
  const Slot* const slot = index_.find(name, hash_key(name));
  return slot == nullptr ? nullptr : slot->entry();
}

const Entry& Elements::expire(std::string_view name, std::int64_t expiry_ms) {
  Slot* const slot = index_.find(name, hash_key(name));
  assert(slot != nullptr);
  Entry* const entry = slot->entry();
  if (expiry_ms != 0 && entry->has(Entry::kExpires)) {
    entry->set_expiry_ms(expiry_ms);
  } else if (expiry_ms != entry->expiry_ms()) {
    replace(*slot, create(entry->key(), entry->value(), expiry_ms));
  }
  return *slot->entry();
}

bool Elements::remove(std::string_view name) {
  Slot* const slot = index_.find(name, hash_key(name));
  if (slot == nullptr) return false;
  entry_bytes_ -= slot->entry()->allocated_bytes(true);
  index_.erase(slot);
  return true;
}

const Entry& Elements::random(std::uint64_t random) const {
  assert(size() > 0);
  if (size() > kFew) return *index_.random_slot(random)->entry();
  std::uint64_t skipped = random % size();
  const Entry* chosen = nullptr;
  index_.for_each([&](const Slot& slot) {
    if (skipped-- == 0) chosen = slot.entry();
  });
  return *chosen;
}

// The index is walked as SCAN does, by hash: what comes and goes changes nothing for the others.
bool Elements::pack_part(PartCursor& cursor, std::size_t bytes_max, std::string& packed,
                         const std::function<void(std::string& packed, const Entry&)>& put) const {
  constexpr std::size_t kAhead = 8;  // so far in front of their turn entries come near
  const std::size_t average = entry_bytes_ / std::max<std::size_t>(size(), 1) + 1;
  const std::size_t at_once = std::clamp<std::size_t>(bytes_max / average / 4, 1, kWalkedAtOnce);
  std::vector<const Entry*> entries;
  std::size_t count = 0;
  do {
    entries.clear();
    cursor.place =
        index_.scan(cursor.place, at_once, [&](const Slot& slot) { entries.push_back(slot.entry()); });
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (i + kAhead < entries.size()) __builtin_prefetch(entries[i + kAhead]);
      put(packed, *entries[i]);
    }
    count += entries.size();
  } while (cursor.place != 0 && packed.size() < bytes_max);
  set_packed_count(packed, count);
  return cursor.place == 0;
}

bool Elements::free_some(std::uint64_t& place, std::size_t count) {
  place = index_.destroy_some(place, count, nullptr);
  return place == 0;
}

void Elements::replace(Slot& slot, Entry* entry) {
  Entry* const old = slot.entry();
  entry_bytes_ -= old->allocated_bytes(true);
  slot.set_entry(entry, true);
  Entry::destroy(old);
}

// An entry that is counted.
Entry* Elements::create(std::string_view name, std::string_view value, std::int64_t expiry_ms) {
  Entry::Fields fields;
  fields.key = name;
  fields.value = value;
  fields.value_bytes = static_cast<std::uint32_t>(value.size());
  fields.resident = true;
  fields.expiry_ms = expiry_ms;
  Entry* const entry = Entry::create(fields);
  entry_bytes_ += entry->allocated_bytes(true);
  return entry;
}

}  // namespace stave
