// SPDX-License-Identifier: Apache-2.0
// A shard's work between commands: active expiry, sealing; and walks over its keys.
#include <algorithm>
#include <cassert>

#include "shards/hint.h"
#include "shards/shard.h"
#include "shards/transaction_ledger.h"

namespace stave {
namespace {

Status seal_file(File& file, const SegmentHeader& header, Fault fault) {
  Status status = file.truncate(header.end_bytes);
  if (status.ok()) status = file.write(0, header.encode());
  if (status.ok() && fault != Fault::kHintBeforeData) status = file.sync();
  return status;
}

}  // namespace

bool Shard::expire_due() {
  if (!active_expiry_) return false;
  const bool more_keys = expire_keys_due();
  return expire_fields_due() || more_keys;
}

std::int64_t Shard::next_expiry_ms() const {
  if (!active_expiry_) return 0;
  const std::int64_t key_ms = expiry_.empty() ? 0 : expiry_.next_due_ms();
  const std::int64_t field_ms = field_expiries_.empty() ? 0 : field_expiries_.next_due_ms();
  return key_ms != 0 && field_ms != 0 ? std::min(key_ms, field_ms) : key_ms + field_ms;
}

bool Shard::expire_keys_due() {
  for (std::size_t i = 0; i < limits::kExpiredKeysPerSlice; ++i) {
    if (expiry_.empty() || expiry_.next_due_ms() > now_ms_) return false;
    const ExpiryQueue::Element element = expiry_.pop();
    Db& db = dbs_[static_cast<std::size_t>(element.db())];
    std::int64_t later_ms = 0;  // of a key with this hash that is not due yet
    const int client_db = db_names_[static_cast<std::size_t>(element.db())];
    Slot* due = db.index.find_if(element.hash, [&](Slot& slot) {
      const Entry& entry = *slot.entry();
      if (!entry.has(Entry::kExpires) || hash_key(entry.key()) != element.hash) return false;
      if (entry.expired_at(now_ms_) && locks_.free({client_db, entry.key(), element.hash})) return true;
      later_ms = std::max(entry.expiry_ms(), now_ms_ + 1);
      return false;
    });
    // A full disk cannot take the tombstone: the key stays invisible, and its removal is tried again.
    const bool kept = due != nullptr && !expire(element.db(), due);
    if (kept) later_ms = now_ms_ + limits::kSpaceRetryMs;
    if (later_ms != 0) expect_expiry(later_ms, element.db(), element.hash);
  }
  return true;
}

void Shard::expect_expiry(std::int64_t due_ms, int log_db, std::uint64_t hash) {
  expiry_.push(due_ms, log_db, hash);
  if (tidying_) tidying_->queue.push(due_ms, log_db, hash);
}

// Keys that are set and deleted, or lose their expiry and get another, leave elements behind that are due in
// a year, perhaps. Walking over the keys must be worth it, so the queue may also grow to an eighth of them
// first.
bool Shard::expiry_is_untidy() const {
  std::uint64_t expiring = 0;
  std::uint64_t walked = 0;
  for (const Db& db : dbs_) {
    expiring += db.expiring;
    if (db.expiring > 0) walked += db.index.size();
  }
  return expiry_.size() > 2 * expiring + std::max<std::uint64_t>(limits::kExpiryExcessMin, walked / 8);
}

bool Shard::tidy_expiry() {
  if (!tidying_) {
    if (!expiry_is_untidy()) return false;
    tidying_ = Tidying();
  }
  Tidying& tidying = *tidying_;
  while (tidying.db < dbs_.size() && dbs_[tidying.db].expiring == 0) {
    ++tidying.db;  // who gets an expiry now is queued in both
    tidying.cursor = 0;
  }
  if (tidying.db == dbs_.size()) {
    expiry_ = std::move(tidying.queue);
    tidying_.reset();
    return false;
  }
  const auto log_db = static_cast<int>(tidying.db);
  tidying.cursor = dbs_[tidying.db].index.scan(tidying.cursor, limits::kTidiedKeysPerSlice, [&](Slot& slot) {
    const Entry& entry = *slot.entry();
    if (entry.has(Entry::kExpires)) tidying.queue.push(entry.expiry_ms(), log_db, hash_key(entry.key()));
  });
  if (tidying.cursor == 0) ++tidying.db;
  return true;
}

// Removes an expired key; false when its tombstone cannot be logged now.
bool Shard::expire(int log_db, Slot* slot) {
  if (!drop(log_db, slot, Gone::kExpired)) return false;
  ++counters_.expired;
  return true;
}

bool Shard::drop(int log_db, Slot* slot, Gone why) {
  const std::string_view name = slot->entry()->key();
  if (!log_.reserve(record_bytes(name.size(), 0, false), now_ms_).ok()) return false;
  log_tombstone(log_db, name);
  note_change(log_db, name);
  options_.gone(why, db_names_[static_cast<std::size_t>(log_db)], name);
  erase(log_db, slot);
  return true;
}

std::uint64_t Shard::memory_bytes() const {
  return index_bytes() + resident_bytes_ + log_.buffer_bytes();
}

// What cannot be demoted: tables, cold entries, the queues.
std::uint64_t Shard::index_bytes() const {
  std::uint64_t bytes =
      entry_bytes_ - resident_bytes_ + expiry_.bytes() + field_expiries_.bytes() + trial_.bytes();
  if (tidying_) bytes += tidying_->queue.bytes();
  for (const Db& db : dbs_) bytes += db.index.table_bytes() + db.chains.memory_bytes();
  return bytes;
}

// A segment gets no more records: marks it as sealed and writes its hint, off the hot path. Strictly one
// after the other: recovery relies on no segment being sealed before the ones before it.
void Shard::seal(std::uint32_t slot) {
  to_seal_.push_back(slot);
  segments_[slot]->sealing = true;
  if (!sealing_ && !sealing_failed_) seal_next();
}

void Shard::seal_next() {
  if (to_seal_.empty()) return;
  if (options_.fault() == Fault::kSealOutOfOrder) std::reverse(to_seal_.begin(), to_seal_.end());
  Segment& segment = *segments_[to_seal_.front()];
  to_seal_.pop_front();
  segment.header.sealed = true;
  segment.header.end_bytes = segment.end_bytes;
  sealing_ = true;
  struct Outcome {
    Status sealed;
    Status hinted;
    std::uint64_t hint_bytes = 0;
  };
  auto outcome = std::make_shared<Outcome>();
  auto work = [this, &segment, outcome, header = segment.header] {
    // Of one that a start found complete the header gets the same bytes again: its sync may have failed.
    outcome->sealed = seal_file(*segment.file, header, options_.fault());
    if (outcome->sealed.ok())
      outcome->hinted = write_hint(disk_, options_.log.directory, header, void_transactions_);
    outcome->hint_bytes = size_of_file(disk_, options_.log.directory + "/" + hint_name(header.number));
  };
  auto done = [this, &segment, outcome] {
    sealing_ = segment.sealing = false;
    if (!outcome->sealed.ok()) {
      // Those behind it stay as they are until the next start, which reads them like the end of the log.
      sealing_failed_ = true;
      return options_.warn("a full segment cannot be sealed, the next start has more to read: " +
                           outcome->sealed.message());
    }
    segment.durable_bytes = std::max(segment.durable_bytes, segment.end_bytes);
    segment.capacity_bytes = segment.end_bytes;
    segment.complete = true;
    compaction_.look_soon();
    segment.hinted = outcome->hinted.ok();
    segment.hint_bytes = outcome->hint_bytes;
    if (!segment.hinted)
      options_.warn("no hint, the next start reads the whole segment: " + outcome->hinted.message());
    seal_next();
  };
  background_.run(std::move(work), std::move(done));
}

bool Shard::answer_ledger() {
  TransactionLedger* const ledger = options_.ledger;
  if (ledger == nullptr || log_.failed()) return false;
  static_cast<void>(record_void());  // again if there was no room
  if (ledger_round_ == 0) {
    const std::uint64_t asked = ledger->asked();
    if (asked == answered_round_) return false;
    ledger_round_ = asked;
    ledger_gsn_ = log_.last_gsn();
  }
  if (!log_.make_durable(ledger_gsn_)) return true;
  answered_round_ = std::exchange(ledger_round_, 0);
  ledger->answer(options_.number, answered_round_);
  return false;
}

bool Shard::all_settled(std::uint64_t below) {
  TransactionLedger* const ledger = options_.ledger;
  if (ledger == nullptr || below <= settled_) return true;
  if (settling_round_ == 0) {
    settling_ = ledger->lowest_open();
    if (settling_ < below) return false;
    settling_round_ = ledger->ask();
  }
  if (!ledger->all_answered(settling_round_)) return false;
  settling_round_ = 0;
  settled_ = settling_;
  return below <= settled_;
}

void Shard::close() {
  compaction_.stop();
  log_.close_active();
}

std::uint64_t Shard::scan(int db, std::uint64_t cursor, std::size_t count,
                          const std::function<void(std::string_view, const Entry&)>& visit) {
  return db_of(db).index.scan(cursor, count, [&](Slot& slot) {
    const Entry& entry = *slot.entry();
    if (!entry.expired_at(now_ms_)) visit(entry.key(), entry);
  });
}

bool Shard::random_key(int db, std::uint64_t random, std::string& key) {
  constexpr int kTries = 100;  // as Redis: so many expired ones in a row, and an expired one it is
  for (int i = 0; i < kTries; ++i) {
    const Slot* slot =
        db_of(db).index.random_slot(random + static_cast<std::uint64_t>(i) * 0x9e3779b97f4a7c15ull);
    if (slot == nullptr) return false;
    if (slot->entry()->expired_at(now_ms_)) continue;
    key = slot->entry()->key();
    return true;
  }
  return false;
}

void Shard::for_each(int db, const std::function<void(std::string_view, const Entry&)>& visit) {
  db_of(db).index.for_each([&](Slot& slot) {
    const Entry& entry = *slot.entry();
    if (!entry.expired_at(now_ms_)) visit(entry.key(), entry);
  });
}

}  // namespace stave
