// SPDX-License-Identifier: Apache-2.0
// Changes that come as data: batches of transactions, and records at recovery.
#include <algorithm>
#include <cassert>

#include "shards/collection.h"
#include "shards/shard.h"
#include "shards/transaction_ledger.h"

namespace stave {
namespace {

constexpr std::size_t kTransactionIdBytes = 8;

std::uint64_t change_bytes(const Change& change) {
  switch (change.kind) {
    case Change::Kind::kSet:
      return bytes_of(change.key.name, change.value);
    case Change::Kind::kEdit:
      return record_bytes(change.key.name.size(), change.edits.size(), true) +
             record_bytes(change.key.name.size(), 0, true);  // of its expiry
    case Change::Kind::kRemove:
      return record_bytes(change.key.name.size(), 0, false);
    case Change::Kind::kFlushDb:
      return record_bytes(0, 0, false);
    case Change::Kind::kSwapDbs:
      return record_bytes(0, limits::kDatabases, false);
  }
  return 0;
}

}  // namespace

Status Shard::begin_batch(std::uint64_t bytes_max) {
  auto status = log_.reserve(bytes_max, now_ms_);
  if (status.ok()) log_.begin_batch();
  return status;
}

void Shard::end_batch() {
  log_.end_batch();
  end_chains();
}

std::uint64_t Shard::batch_bytes(const std::vector<Change>& changes, std::size_t participants) {
  std::uint64_t bytes = participants > 1 ? record_bytes(0, kTransactionIdBytes + 2 * participants, false) : 0;
  for (const Change& change : changes) bytes += change_bytes(change);
  return bytes;
}

void Shard::apply(const std::vector<Change>& changes, std::uint64_t transaction,
                  const std::vector<std::uint16_t>& participants) {
  log_.begin_batch();
  const std::uint64_t may_be_void = participants.size() > 1 ? transaction : 0;
  if (participants.size() > 1) {
    std::string header;
    put(header, transaction);
    for (const std::uint16_t shard : participants) put(header, shard);
    Record record;
    record.kind = RecordKind::kTransaction;
    record.value = header;
    log_.append(record);
  }
  for (const Change& change : changes) {
    const std::size_t db = static_cast<std::size_t>(change.key.db);
    const int log_db = db_map_[db];
    Index& index = dbs_[static_cast<std::size_t>(log_db)].index;
    const std::uint64_t hash = change.key.hash;
    switch (change.kind) {
      case Change::Kind::kSet: {
        const Location location = log_value(log_db, change.key.name, change.value);
        store_value(log_db, index.find(change.key.name, hash), hash, change.key.name, change.value, location,
                    true, static_cast<std::uint32_t>(change.value.value.size()));
        note_change(log_db, change.key.name);
        if (may_be_void != 0 && change.value.type != Type::kString) {
          if (Collection* const stored = borrow(change.key)) stored->chain.transaction = may_be_void;
        }
        break;
      }
      case Change::Kind::kEdit:
        if (may_be_void != 0) borrow(change.key)->chain.transaction = may_be_void;
        log_borrowed(change, log_db, *index.find(change.key.name, hash));
        break;
      case Change::Kind::kRemove: {
        log_tombstone(log_db, change.key.name);
        if (Slot* slot = index.find(change.key.name, hash); slot != nullptr) erase(log_db, slot);
        note_change(log_db, change.key.name);
        break;
      }
      case Change::Kind::kFlushDb: {
        Record record;
        record.kind = RecordKind::kFlush;
        record.db = static_cast<std::uint8_t>(log_db);
        log_.append(record);
        flush_db(log_db);
        if (observer_ != nullptr) observer_->flushed(change.key.db);
        break;
      }
      case Change::Kind::kSwapDbs: {
        std::swap(db_map_[db], db_map_[static_cast<std::size_t>(change.other_db)]);
        Record record;
        record.kind = RecordKind::kSwap;
        record.value = {reinterpret_cast<const char*>(db_map_.data()), db_map_.size()};
        log_.append(record);
        remap_dbs();
        if (observer_ != nullptr) observer_->swapped(change.key.db, change.other_db);
        break;
      }
    }
  }
  log_.end_batch();
  end_chains();
}

Collection* Shard::borrow(Key key) {
  const Slot* const slot = db_of(key.db).index.find(key.name, key.hash);
  return slot == nullptr ? nullptr : slot->entry()->collection();
}

void Shard::give_back(Key key, std::size_t memory_bytes_before) {
  const std::uint64_t grown = borrow(key)->memory_bytes() - memory_bytes_before;  // may wrap around
  entry_bytes_ += grown;
  resident_bytes_ += grown;
}

// Also if it has expired meanwhile: the command has seen it.
void Shard::log_borrowed(const Change& change, int log_db, Slot& slot) {
  Entry& entry = *slot.entry();
  if (!change.edits.empty()) {
    if (entry.type() == Type::kHash) note_fields(log_db, change.key.hash, entry);
    log_edits(log_db, entry, change.edits, entry.expiry_ms());
    note_change(log_db, entry.key());
    if (options_.eviction.on()) note_use(slot);
  }
  if (change.expiry_ms != entry.expiry_ms()) {
    change_collection_expiry(change.key, log_db, slot, change.expiry_ms);
  } else {
    shorten_chain(log_db, slot);
  }
}

Status Shard::check(const std::vector<Change>& changes) {
  const bool large = std::any_of(changes.begin(), changes.end(), [](const Change& change) {
    return std::max(change.value.value.size(), change.edits.size()) > limits::kValueBytesMax;
  });
  return large ? kValueTooLarge : Status();
}

// Follows a change of db_map_. What clients see in a database may be gone now, which counts as a removal.
void Shard::remap_dbs() {
  for (std::size_t db = 0; db < db_map_.size(); ++db) db_names_[db_map_[db]] = static_cast<std::uint8_t>(db);
  for (int db = 0; db < limits::kDatabases; ++db) publish_sizes(db);
  tombstone_gsn_ = log_.last_gsn();
}

void Shard::flush_db(int log_db) {
  Db& db = dbs_[static_cast<std::size_t>(log_db)];
  forget_values(log_db);
  if (db.index.size() > limits::kFreedAtOnce)
    graves_.put(db.index.take_all());
  else
    db.index.clear();
  db.chains.clear();
  field_expiries_.clear(log_db);
  db.expiring = 0;
  db.hand = {};
  publish_sizes(log_db);
  tombstone_gsn_ = log_.last_gsn();
}

// Counts all of a database's values out. When no other database has any, and that is nearly always so, there
// is no need to look at each.
void Shard::forget_values(int log_db) {
  Db& db = dbs_[static_cast<std::size_t>(log_db)];
  const bool alone = std::all_of(dbs_.begin(), dbs_.end(),
                                 [&](const Db& each) { return &each == &db || each.index.size() == 0; });
  const bool many = db.index.size() > limits::kFreedAtOnce;
  if (!alone || !many) {
    db.index.for_each([&](Slot& slot) {
      count_live(log_db, *slot.entry(), -1);
      account(log_db, *slot.entry(), slot.resident(), -1);
      if (!many) graves_.take_large(*slot.entry());
    });
    return;
  }
  for (const auto& segment : segments_) {
    if (segment != nullptr) segment->live_bytes = 0;
  }
  live_bytes_ = entry_bytes_ = resident_bytes_ = resident_values_ = db.resident = 0;
}

void Shard::recover_segment(std::uint32_t slot, std::unique_ptr<Segment> segment) {
  if (segments_.size() <= slot) segments_.resize(slot + 1);
  segments_[slot] = std::move(segment);
}

void Shard::recover(const Record& record, std::uint64_t hash, std::uint32_t value_bytes, Location location) {
  const int log_db = record.db;
  Index& index = dbs_[record.db].index;
  ColdChains& chains = dbs_[record.db].chains;
  const bool fields_expire = record.has(kFieldsExpire);
  switch (record.kind) {
    case RecordKind::kString:
    case RecordKind::kList:
    case RecordKind::kSet:
    case RecordKind::kZset:
    case RecordKind::kHash: {
      const NewValue value{{}, record.expiry_ms, record.has(kRawString), type_of(record.kind)};
      Slot* const slot = index.find(record.key, hash);
      const bool collection = slot != nullptr && slot->entry()->type() != Type::kString;
      if (record.has(kChainHead))
        chains.note_snapshot(record.key, record.gsn);
      else if (collection || value.type != Type::kString)
        chains.forget(record.key);
      store_value(log_db, slot, hash, record.key, value, location, false, value_bytes);
      if (fields_expire) field_expiries_.set(log_db, hash, FieldExpiries::kUnknownMs);
      break;
    }
    case RecordKind::kListEdits:
    case RecordKind::kSetEdits:
    case RecordKind::kZsetEdits:
    case RecordKind::kHashEdits:
    case RecordKind::kListPart:
    case RecordKind::kSetPart:
    case RecordKind::kZsetPart:
    case RecordKind::kHashPart:
      chains.note_link(record.key, {record, value_bytes, location});
      if (fields_expire) field_expiries_.set(log_db, hash, FieldExpiries::kUnknownMs);
      break;
    case RecordKind::kTombstone:
      segments_[location.segment()]->tombstone_bytes += record_bytes(record.key.size(), 0, false);
      if (Slot* slot = index.find(record.key, hash); slot != nullptr) erase(log_db, slot);
      chains.forget(record.key);
      break;
    case RecordKind::kFlush:
      flush_db(log_db);
      break;
    case RecordKind::kSwap:
      if (record.value.size() == db_map_.size())
        record.value.copy(reinterpret_cast<char*>(db_map_.data()), db_map_.size());
      remap_dbs();
      break;
    case RecordKind::kAbort:
      segments_[location.segment()]->tombstone_bytes += record_bytes(0, value_bytes, false);
      break;
    case RecordKind::kNone:
    case RecordKind::kTransaction:
      break;
  }
}

void Shard::recover(int log_db, std::uint64_t hash, Entry* entry) {
  Slot* const slot = dbs_[static_cast<std::size_t>(log_db)].index.find(entry->key(), hash);
  if (slot != nullptr && slot->entry()->type() != Type::kString)
    dbs_[static_cast<std::size_t>(log_db)].chains.forget(entry->key());
  put_entry(log_db, slot, hash, entry, false);
}

void Shard::expect_more_keys(double factor, std::uint64_t keys_max) {
  for (Db& db : dbs_) {
    const std::size_t keys = db.index.size();
    const auto more = static_cast<std::uint64_t>((factor - 1) * static_cast<double>(keys));
    const std::uint64_t expected = keys + std::min(more, keys_max);
    if (expected > keys + keys / 4) db.index.fit(expected);  // for less it is cheaper to let tables grow
  }
}

void Shard::trim_indexes() {
  for (Db& db : dbs_) db.index.trim();
}

void Shard::recover_db_map(const std::array<std::uint8_t, limits::kDatabases>& db_map) {
  db_map_ = db_map;
  remap_dbs();
}

Status Shard::recovered(Manifest manifest, std::uint64_t last_gsn, std::uint64_t last_segment,
                        const std::vector<std::uint64_t>& newly_void,
                        std::unordered_set<std::uint64_t> all_void) {
  manifest_ = std::move(manifest);
  void_transactions_ = std::move(all_void);
  tombstone_gsn_ = 0;
  log_.start_after(last_gsn, last_segment);
  log_.count_other_files();
  unrecorded_void_ = newly_void;
  for (const std::uint64_t id : newly_void) {
    if (options_.ledger != nullptr) options_.ledger->reopen(id);
  }
  if (auto status = record_void(); !status.ok()) {
    // It stays void without: a shard that lacks it will never have it, and it is not settled.
    options_.warn("no record yet of a transaction that was dropped, a next start would drop it again: " +
                  status.message());
  }
  Status status = settle_chains();
  log_.flush();
  return status;
}

Status Shard::record_void() {
  while (!unrecorded_void_.empty()) {
    std::string value;
    put(value, unrecorded_void_.back());
    Record record;
    record.kind = RecordKind::kAbort;
    record.value = value;
    auto status = log_.reserve(record_bytes(0, value.size(), false), now_ms_);
    if (!status.ok()) return status;
    const Location location = log_.append(record);
    segments_[location.segment()]->tombstone_bytes += record_bytes(0, value.size(), false);
    if (options_.ledger != nullptr) options_.ledger->close(unrecorded_void_.back());
    unrecorded_void_.pop_back();
  }
  return {};
}

void Shard::seal_recovered(std::uint32_t slot, bool header_is_durable) {
  Segment& segment = *segments_[slot];
  segment.complete &= header_is_durable;
  segment.sealed = true;
  seal(slot);
}

}  // namespace stave
