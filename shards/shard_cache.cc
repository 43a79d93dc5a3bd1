// SPDX-License-Identifier: Apache-2.0
// Which values a shard keeps in memory. A value that enters is on trial first, unless it was demoted not long
// ago; who is used again is kept and belongs to the clock, whose hand takes one use from each value that it
// meets and demotes those that have none left. Under pressure the trial's oldest goes first as long as the
// trial holds more than its share. So neither a scan nor a rush of values that are used once pushes out what
// is in use. Slot::clock() holds all of this; slot.h says what its numbers mean. When keys may be evicted the
// clock alone decides, as its numbers then rank keys as well (eviction.h).
#include <algorithm>

#include "shards/shard.h"

namespace stave {
namespace {

// The trial's share of the resident values, 1/n. A small cache gets along without: as many values as a
// pipeline stages ahead must not push each other out.
constexpr std::size_t kTrialShare = 20;
constexpr std::size_t kTrialMin = 256;
// Slots that one demotion may cost for forgetting older ones.
constexpr std::size_t kFadedSlotsMax = 512;

}  // namespace

void Shard::touch(Slot& slot) {
  if (options_.eviction.on()) return note_use(slot);
  // Cold: what it needs is to be staged, and it enters the cache then.
  if (!slot.resident()) return;
  if (slot.entry()->has(Entry::kStaged)) {  // this is the use that it was read for
    slot.entry()->set_flag(Entry::kStaged, false);
  } else if (slot.clock() == Slot::kOnTrial) {
    slot.set_clock(Slot::kUsedOnce);
  } else if (slot.clock() < Slot::kClockMax) {
    slot.set_clock(slot.clock() + 1);
  }
}

// A value has become resident.
void Shard::enter_cache(int log_db, Slot& slot, std::uint64_t hash) {
  if (options_.eviction.on()) return slot.set_clock(std::max(slot.clock(), 1u));
  if (options_.memory_bytes_max == 0 || slot.clock() == Slot::kRemembered)
    return slot.set_clock(Slot::kUnused);
  slot.set_clock(Slot::kOnTrial);
  trial_.push(hash, log_db);
  // More than there are values: the first are of keys that were removed, or are kept by now.
  if (trial_.size() > resident_values_ + kTrialMin) trial_.pop();
}

bool Shard::demote() {
  if (options_.memory_bytes_max == 0) return false;
  // One step is bounded; what is left is done in the next loop turns.
  constexpr int kStepsMax = 256;
  for (int step = 0; step < kStepsMax; ++step) {
    if (resident_values_ == 0 || memory_bytes() <= options_.memory_bytes_max) return false;
    const bool trial_is_full =
        trial_.size() > std::max<std::size_t>(resident_values_ / kTrialShare, kTrialMin);
    if (trial_is_full && !options_.eviction.on() && end_trial()) continue;
    for (std::size_t tried = 0; tried < dbs_.size() && dbs_[demote_db_].resident == 0; ++tried) {
      demote_db_ = (demote_db_ + 1) % dbs_.size();
    }
    if (!demote_one(dbs_[demote_db_])) return true;
  }
  return true;
}

// REQUIRES: may_drop().
void Shard::leave_memory(int log_db, Slot& slot) {
  put_off_fields(log_db, *slot.entry());
  remake(log_db, slot, {});
  ++counters_.demoted;
}

// Drops the value that has been on trial for the longest time, unless it was used. False when it has to stay,
// because the log cannot give it back yet.
bool Shard::end_trial() {
  const TrialQueue::Element element = trial_.front();
  Db& db = dbs_[static_cast<std::size_t>(element.db())];
  Slot* const slot = db.index.find_if(element.hash(), [](const Slot& candidate) {
    return candidate.resident() && candidate.clock() == Slot::kOnTrial;
  });
  if (slot != nullptr && !may_drop(element.db(), *slot)) return false;
  trial_.pop();
  if (slot == nullptr) return true;
  leave_memory(element.db(), *slot);
  slot->set_clock(Slot::kRemembered);
  // In the time in which as many others are demoted as there are values, all that is remembered fades.
  db.index.forget_cold(db.forgetting, std::min(db.index.size() / (db.resident + 1) + 1, kFadedSlotsMax));
  return true;
}

// Moves the clock's hand to the next resident value and drops it if it was not used since the last time.
// False when there was none within the slots of one step.
bool Shard::demote_one(Db& db) {
  Slot* slot = db.index.next_resident(db.hand, limits::kClockSlotsPerStep);
  if (slot == nullptr) return false;
  const bool evicts = options_.eviction.on();
  if (slot->clock() == Slot::kOnTrial && !evicts) {  // the clock's from now on
    slot->set_clock(Slot::kUnused);
    return true;
  }
  if (slot->clock() > (evicts ? 0 : Slot::kUnused)) {
    slot->set_clock(slot->clock() - 1);
    return true;
  }
  const auto log_db = static_cast<int>(&db - dbs_.data());
  if (!may_drop(log_db, *slot)) return true;
  leave_memory(log_db, *slot);
  slot->set_clock(evicts ? Slot::kClockMax : Slot::kForgotten);  // its age, or nothing
  return true;
}

}  // namespace stave
