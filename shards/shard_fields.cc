// SPDX-License-Identifier: Apache-2.0
// Fields of hashes that expire. What removes them is an edit like any other, so that it is in the log, and
// nothing expires by itself when that is read again. Commands do so before they change a hash
// (Context::hash_to_change); here is what is done when nobody comes, also for hashes that are cold.
#include <algorithm>
#include <string>

#include "shards/hash.h"
#include "shards/shard.h"

namespace stave {
namespace {

// So many hashes are read at a time: after a start there may be many of which nobody knows when they are due.
// A larger one is read alone.
constexpr std::size_t kStagedMax = 16;
constexpr std::uint64_t kStagedBytesMax = 256u << 10;
constexpr std::int64_t kStagesLaterMs = 10;
constexpr std::int64_t kReadAgainMs = 60'000;  // if that fails; otherwise it is known when they are due
// A large hash that is cold is not read, and written again, for each field: what is due does not show.
constexpr std::int64_t kColdLargeMs = 60'000;

HashView view_of(const Entry& entry) {
  if (const Collection* collection = entry.collection())
    return HashView(static_cast<const HashValue&>(*collection));
  return HashView(entry.value());
}

}  // namespace

// Follows every change of a value that is or was a hash. REQUIRES: it is resident.
void Shard::note_fields(int log_db, std::uint64_t hash, const Entry& entry) {
  field_expiries_.set(log_db, hash, entry.type() == Type::kHash ? view_of(entry).next_expiry_ms() : 0);
}

bool Shard::fields_expire(const Collection& collection) {
  return collection.type() == Type::kHash && static_cast<const HashValue&>(collection).due() != nullptr;
}

// True when more are due.
bool Shard::expire_fields_due() {
  std::size_t budget = limits::kExpiredKeysPerSlice;  // of fields
  while (budget > 0) {
    if (field_expiries_.empty() || field_expiries_.next_due_ms() > now_ms_) return false;
    const FieldExpiries::Element due = field_expiries_.next();
    Slot* const slot = dbs_[static_cast<std::size_t>(due.db)].index.find_if(due.hash, [&](Slot& each) {
      return each.entry()->type() == Type::kHash && hash_key(each.entry()->key()) == due.hash;
    });
    const std::int64_t next_ms = slot == nullptr ? 0 : expire_fields(due, *slot, budget);
    field_expiries_.set(due.db, due.hash, next_ms);
  }
  return true;
}

// Returns when the hash is to be looked at again, 0: never.
std::int64_t Shard::expire_fields(const FieldExpiries::Element& due, Slot& slot, std::size_t& budget) {
  const int db = db_names_[static_cast<std::size_t>(due.db)];
  const std::string name(slot.entry()->key());
  const Key key{db, name, due.hash};
  if (!locks_.free(key)) return now_ms_ + 1;
  if (slot.entry()->expired_at(now_ms_)) return now_ms_ + limits::kSpaceRetryMs;
  if (!slot.resident()) return stage_to_expire(key, logged_bytes(due.db, *slot.entry()), budget);
  const HashView hash = view_of(*slot.entry());
  const Edits removals = hash.removals_due(now_ms_, budget);
  --budget;
  if (removals.empty()) return hash.next_expiry_ms();
  EditResult result;
  if (!edit(key, Type::kHash, removals.bytes(), result).ok()) return now_ms_ + limits::kSpaceRetryMs;
  budget -= std::min<std::size_t>(budget, result.removed);
  counters_.expired_fields += result.removed;
  options_.gone(Gone::kFields, db, name);
  const Slot* const left = dbs_[static_cast<std::size_t>(due.db)].index.find(name, due.hash);
  if (left != nullptr) return view_of(*left->entry()).next_expiry_ms();
  options_.gone(Gone::kLastField, db, name);
  return 0;
}

// Reads the hash, which notes when its fields are due; not too much at a time, and then nothing in this
// slice.
std::int64_t Shard::stage_to_expire(Key key, std::uint64_t bytes, std::size_t& budget) {
  --budget;
  const bool busy = stager_.in_flight() >= kStagedMax || (stager_.in_flight() > 0 && bytes > kStagedBytesMax);
  const bool full = options_.memory_bytes_max != 0 && memory_bytes() > options_.memory_bytes_max;
  if (busy || full) {
    budget = 0;
    return now_ms_ + kStagesLaterMs;
  }
  stage(key, nullptr);
  return now_ms_ + kReadAgainMs;
}

void Shard::put_off_fields(int log_db, const Entry& entry) {
  if (entry.collection() == nullptr || !fields_expire(*entry.collection())) return;
  if (logged_bytes(log_db, entry) <= kStagedBytesMax) return;
  const std::int64_t next_ms = std::max(view_of(entry).next_expiry_ms(), now_ms_ + kColdLargeMs);
  field_expiries_.set(log_db, hash_key(entry.key()), next_ms);
}

}  // namespace stave
