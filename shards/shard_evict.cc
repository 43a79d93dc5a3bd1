// SPDX-License-Identifier: Apache-2.0
// A shard's eviction: which key goes when there is too much of them (shards/eviction.h).
#include <algorithm>

#include "shards/shard.h"

namespace stave {
namespace {

constexpr unsigned kRankOfResident = 4;

unsigned rank_of(const Slot& slot) {
  return (slot.resident() ? kRankOfResident : 0) + slot.clock();
}

}  // namespace

std::uint64_t Shard::next_random() {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return random_ * 0x2545f4914f6cdd1dull;
}

// A use of the key, for the cache and for eviction.
void Shard::note_use(Slot& slot) {
  const unsigned clock = slot.clock();
  if (clock == Slot::kClockMax) return;
  const Eviction& eviction = options_.eviction;
  if (eviction.on() && (eviction.by == Eviction::By::kAge || !slot.resident())) {
    slot.set_clock(Slot::kClockMax);
  } else if (eviction.on() && eviction.by == Eviction::By::kUse && clock > 0) {
    if (next_random() >> (64 - 2 * clock) == 0) slot.set_clock(clock + 1);
  } else {
    slot.set_clock(clock + 1);
  }
}

bool Shard::out_of_memory() const {
  return options_.memory_bytes_max != 0 && index_bytes() > options_.memory_bytes_max;
}

// A sixteenth of the memory stays for values: otherwise each of them would be cold again at once, and the
// clock would know nothing of their use.
bool Shard::must_evict() const {
  const std::uint64_t memory_max = options_.memory_bytes_max;
  if (memory_max != 0 && index_bytes() > memory_max - memory_max / 16) return true;
  return log_.quota().limited() && live_bytes_ > log_.quota().live_bytes_max();
}

Shard::Evicted Shard::evict_some(std::size_t keys_max) {
  if (!options_.eviction.on()) return Evicted::kNothingLeft;
  for (std::size_t i = 0; i < keys_max; ++i) {
    if (!must_evict()) return Evicted::kEnough;
    if (!evict_one()) return Evicted::kNothingLeft;
  }
  return Evicted::kMore;
}

Shard::Room Shard::make_room() {
  if (options_.memory_bytes_max == 0 && !log_.quota().limited()) return Room::kEnough;
  const Evicted evicted = evict_some(limits::kEvictionsPerCommand);
  note_exceeded();
  // As in Redis: who can still evict lets the command run meanwhile.
  if (evicted == Evicted::kNothingLeft && out_of_memory()) return Room::kNoMemory;
  return log_.quota_reached(now_ms_) ? Room::kNoDisk : Room::kEnough;
}

bool Shard::evict() {
  const Evicted evicted = evict_some(limits::kEvictionsPerSlice);
  note_exceeded();
  log_.quota_reached(now_ms_);  // tells when that is over
  return evicted == Evicted::kMore;
}

void Shard::note_exceeded() {
  const bool exceeded = out_of_memory();
  if (exceeded && exceeded_since_ms_ == 0) exceeded_since_ms_ = now_ms_;
  if (exceeded || exceeded_since_ms_ == 0) return;
  counters_.exceeded_ms +=
      static_cast<std::uint64_t>(std::max<std::int64_t>(now_ms_ - exceeded_since_ms_, 0));
  exceeded_since_ms_ = 0;
}

// Drops the key that goes first among some by chance. When each of them was used of late they age, and it
// looks at others. False when there is none, or none that can go now.
bool Shard::evict_one() {
  constexpr int kRoundsMax = 4;
  Candidate first;
  for (int round = 0; round < kRoundsMax; ++round) {
    Candidates candidates;
    sample(candidates);
    if (candidates.empty()) return false;
    first = *std::min_element(
        candidates.begin(), candidates.end(),
        [&](const Candidate& a, const Candidate& b) { return goes_before(*a.slot, *b.slot); });
    if (!options_.eviction.by_rank() || first.slot->clock() == 0) break;
    for (const Candidate& candidate : candidates) {
      const unsigned clock = candidate.slot->clock();
      if (clock > 0) candidate.slot->set_clock(clock - 1);
    }
  }
  if (!drop(first.log_db, first.slot, Gone::kEvicted)) return false;
  ++counters_.evicted;
  return true;
}

void Shard::sample(Candidates& candidates) {
  const std::size_t wanted = options_.eviction.sample_count();
  // As many again, as some may be held by transactions.
  for (std::size_t i = 0; i < 2 * wanted && candidates.size() < wanted; ++i) {
    const Candidate candidate = options_.eviction.from == Eviction::From::kAllKeys
                                    ? any_key()
                                    : expiring_key(i == 0 && options_.eviction.by == Eviction::By::kExpiry);
    if (candidate.slot == nullptr) return;
    const std::string_view name = candidate.slot->entry()->key();
    const int db = db_names_[static_cast<std::size_t>(candidate.log_db)];
    if (locks_.idle() || locks_.free({db, name})) candidates.push_back(candidate);
  }
}

bool Shard::goes_before(const Slot& a, const Slot& b) const {
  if (options_.eviction.by == Eviction::By::kExpiry) return a.entry()->expiry_ms() < b.entry()->expiry_ms();
  return rank_of(a) < rank_of(b);
}

Shard::Candidate Shard::any_key() {
  std::uint64_t keys = 0;
  for (const Db& db : dbs_) keys += db.index.size();
  if (keys == 0) return {};
  std::uint64_t at = next_random() % keys;
  std::size_t db = 0;
  while (at >= dbs_[db].index.size()) at -= dbs_[db++].index.size();
  return {static_cast<int>(db), dbs_[db].index.random_slot(next_random())};
}

// One of the keys that expire, or, `earliest`, the one whose turn comes first, if the queue knows it.
// Elements of keys that are gone leave the queue here, so that they do not hide the few that are not.
Shard::Candidate Shard::expiring_key(bool earliest) {
  for (std::size_t i = 0; i < limits::kEvictionLookups && !expiry_.empty(); ++i) {
    const std::size_t at = earliest ? 0 : next_random() % expiry_.size();
    const ExpiryQueue::Element element = expiry_.at(at);
    Index& index = dbs_[static_cast<std::size_t>(element.db())].index;
    Slot* slot = index.find_if(element.hash, [&](Slot& found) {
      const Entry& entry = *found.entry();
      return entry.has(Entry::kExpires) && hash_key(entry.key()) == element.hash;
    });
    if (slot != nullptr) return {element.db(), slot};
    expiry_.remove(at);
  }
  return {};
}

}  // namespace stave
