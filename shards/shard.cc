// SPDX-License-Identifier: Apache-2.0
// What commands do to a shard: look-ups and changes. Chores are in shard_chores.cc, transactions and recovery
// in shard_apply.cc.
#include "shards/shard.h"

#include <cassert>
#include <cstring>

namespace stave {

Shard::Shard(Disk& disk, Background& background, Options options)
    : options_(std::move(options)),
      disk_(disk),
      background_(background),
      log_(disk, segments_, options_.log),
      stager_(disk, *this),
      compaction_(*this),
      backup_(*this) {
  for (std::size_t db = 0; db < dbs_.size(); ++db)
    db_map_[db] = db_names_[db] = static_cast<std::uint8_t>(db);
  log_.on_sealed([this](std::uint32_t slot) { seal(slot); });
}

Shard::~Shard() {
  assert(idle());
}

// Expired keys are gone for everybody, whether or not the expiry queue has come to them.
Slot* Shard::live_slot(Key key) {
  Slot* slot = db_of(key.db).index.find(key.name, key.hash);
  if (slot == nullptr || !slot->entry()->expired_at(now_ms_)) return slot;
  if (locks_.free(key)) static_cast<void>(expire(db_map_[static_cast<std::size_t>(key.db)], slot));
  return nullptr;
}

Found Shard::find(Key key, bool touch) {
  Slot* slot = live_slot(key);
  if (slot == nullptr) return {};
  if (touch) this->touch(*slot);
  const Entry& entry = *slot->entry();
  Found found;
  found.exists = true;
  found.resident = slot->resident();
  found.clock = static_cast<std::uint8_t>(slot->clock());
  found.type = entry.type();
  found.raw_encoding = entry.has(Entry::kRawEncoding);
  found.value_bytes = entry.value_bytes();
  found.expiry_ms = entry.expiry_ms();
  if (found.resident) found.value = entry.value();
  return found;
}

Location Shard::log_string(int log_db, std::string_view name, const NewString& string) {
  Record record;
  record.kind = RecordKind::kString;
  record.flags = static_cast<std::uint8_t>((string.expiry_ms != 0 ? kHasExpiry : 0) |
                                           (string.raw_encoding ? kRawString : 0));
  record.db = static_cast<std::uint8_t>(log_db);
  record.expiry_ms = string.expiry_ms;
  record.key = name;
  record.value = string.value;
  return log_.append(record);
}

Status Shard::set_string(Key key, const NewString& string) {
  if (auto status =
          log_.reserve(record_bytes(key.name.size(), string.value.size(), string.expiry_ms != 0), now_ms_);
      !status.ok()) {
    return status;
  }
  const int log_db = db_map_[static_cast<std::size_t>(key.db)];
  Slot* slot = dbs_[static_cast<std::size_t>(log_db)].index.find(key.name, key.hash);
  const Location location = log_string(log_db, key.name, string);
  store_string(log_db, slot, key.hash, key.name, string, location, true,
               static_cast<std::uint32_t>(string.value.size()));
  return {};
}

Status Shard::set_expiry(Key key, std::int64_t expiry_ms) {
  const Slot* slot = db_of(key.db).index.find(key.name, key.hash);
  assert(slot != nullptr && slot->resident());
  const Entry& entry = *slot->entry();
  return set_string(key, {entry.value(), expiry_ms, entry.has(Entry::kRawEncoding)});
}

// Puts a string into the index: `string.value` when it is resident, otherwise only its length.
void Shard::store_string(int log_db, Slot* slot, std::uint64_t hash, std::string_view name,
                         const NewString& string, Location location, bool resident,
                         std::uint32_t value_bytes) {
  const std::int64_t old_expiry_ms = slot != nullptr ? slot->entry()->expiry_ms() : 0;
  if (slot != nullptr && resident && options_.eviction.on()) note_use(*slot);
  if (slot != nullptr) {
    Entry& old = *slot->entry();
    if (resident && slot->resident() && old.value_bytes() == value_bytes && old.type() == Type::kString &&
        (old_expiry_ms != 0) == (string.expiry_ms != 0)) {
      count_live(old, -1);
      note_expiry(log_db, hash, old_expiry_ms, string.expiry_ms);
      if (!string.value.empty()) std::memmove(old.mutable_value(), string.value.data(), string.value.size());
      if (string.expiry_ms != 0) old.set_expiry_ms(string.expiry_ms);
      old.set_location(location);
      old.set_flag(Entry::kRawEncoding, string.raw_encoding);
      count_live(old, 1);
      if (string.expiry_ms != old_expiry_ms) publish_sizes(log_db);
      return;
    }
  }
  Entry::Fields fields;
  fields.key = name;
  fields.value = string.value;
  fields.value_bytes = value_bytes;
  fields.resident = resident;
  fields.expiry_ms = string.expiry_ms;
  fields.location = location;
  if (string.raw_encoding) fields.flags = Entry::kRawEncoding;
  put_entry(log_db, slot, hash, Entry::create(fields), resident);
}

// Puts an entry into the index, in place of the slot's if there is one.
void Shard::put_entry(int log_db, Slot* slot, std::uint64_t hash, Entry* entry, bool resident) {
  note_expiry(log_db, hash, slot != nullptr ? slot->entry()->expiry_ms() : 0, entry->expiry_ms());
  account(log_db, *entry, resident, 1);
  count_live(*entry, 1);
  if (slot == nullptr) {
    slot = dbs_[static_cast<std::size_t>(log_db)].index.insert(hash, entry, resident);
    if (resident) enter_cache(log_db, *slot, hash);
  } else {
    Entry* old = slot->entry();
    count_live(*old, -1);
    account(log_db, *old, slot->resident(), -1);
    const bool enters = resident && !slot->resident();
    slot->set_entry(entry, resident);
    Entry::destroy(old);
    if (enters) enter_cache(log_db, *slot, hash);
  }
  publish_sizes(log_db);
}

void Shard::note_expiry(int log_db, std::uint64_t hash, std::int64_t old_ms, std::int64_t new_ms) {
  if (new_ms != 0 && (old_ms == 0 || old_ms > new_ms)) expect_expiry(new_ms, log_db, hash);
  Db& db = dbs_[static_cast<std::size_t>(log_db)];
  if (new_ms != 0) ++db.expiring;
  if (old_ms != 0) --db.expiring;
}

Status Shard::remove(Key key) {
  if (auto status = log_.reserve(record_bytes(key.name.size(), 0, false), now_ms_); !status.ok())
    return status;
  const int log_db = db_map_[static_cast<std::size_t>(key.db)];
  Slot* slot = dbs_[static_cast<std::size_t>(log_db)].index.find(key.name, key.hash);
  assert(slot != nullptr);
  log_tombstone(log_db, key.name);
  erase(log_db, slot);
  return {};
}

void Shard::log_tombstone(int log_db, std::string_view name) {
  Record record;
  record.kind = RecordKind::kTombstone;
  record.db = static_cast<std::uint8_t>(log_db);
  record.key = name;
  const Location location = log_.append(record);
  segments_[location.segment()]->tombstone_bytes += record_bytes(name.size(), 0, false);
  tombstone_gsn_ = log_.last_gsn();
}

void Shard::erase(int log_db, Slot* slot) {
  Db& db = dbs_[static_cast<std::size_t>(log_db)];
  const Entry& entry = *slot->entry();
  count_live(entry, -1);
  if (entry.has(Entry::kExpires)) --db.expiring;
  account(log_db, entry, slot->resident(), -1);
  db.index.erase(slot);
  publish_sizes(log_db);
}

// The record that the entry points at is live from now on, or dead.
void Shard::count_live(const Entry& entry, int sign) {
  const std::uint64_t bytes =
      static_cast<std::uint64_t>(sign) *
      record_bytes(entry.key_bytes(), entry.value_bytes(), entry.has(Entry::kExpires));
  segments_[entry.location().segment()]->live_bytes += bytes;
  live_bytes_ += bytes;
}

void Shard::account(int log_db, const Entry& entry, bool resident, int sign) {
  const auto bytes = static_cast<std::uint64_t>(sign) * entry.allocated_bytes(resident);
  entry_bytes_ += bytes;
  if (!resident) return;
  resident_bytes_ += bytes;
  resident_values_ += static_cast<std::uint64_t>(sign);
  dbs_[static_cast<std::size_t>(log_db)].resident += static_cast<std::uint64_t>(sign);
}

void Shard::publish_sizes(int log_db) {
  const std::size_t name = db_names_[static_cast<std::size_t>(log_db)];
  const Db& db = dbs_[static_cast<std::size_t>(log_db)];
  sizes_.keys[name].store(db.index.size(), std::memory_order_relaxed);
  sizes_.expiring[name].store(db.expiring, std::memory_order_relaxed);
}

std::optional<std::uint32_t> Shard::cold(Key key) {
  const Slot* slot = db_of(key.db).index.find(key.name, key.hash);
  if (slot == nullptr || slot->resident()) return std::nullopt;
  return slot->entry()->value_bytes();
}

void Shard::stage(Key key, StageWaiter* waiter) {
  const Slot* slot = db_of(key.db).index.find(key.name, key.hash);
  if (slot == nullptr || slot->resident()) return waiter == nullptr ? void() : waiter->staged(Status());
  stager_.read(key, *slot->entry(), waiter);
}

// A value that was read becomes resident, unless the key has changed meanwhile.
void Shard::install(Key key, Location location, std::string_view value) {
  ++counters_.staged;
  Slot* slot = db_of(key.db).index.find(key.name, key.hash);
  if (slot == nullptr || slot->resident() || slot->entry()->location() != location) return;
  // A record has one length, so this is the deliberate fault kOverwriteNewer: the next read will say so.
  if (slot->entry()->value_bytes() != value.size()) return;
  const int log_db = db_map_[static_cast<std::size_t>(key.db)];
  remake(log_db, *slot, &value);
  slot->entry()->set_flag(Entry::kStaged, true);
  enter_cache(log_db, *slot, key.hash);
  if (options_.eviction.on()) slot->set_clock(0);  // it was an age
}

// Puts the same entry in its place with `value`, or without any when that is null.
void Shard::remake(int log_db, Slot& slot, const std::string_view* value) {
  Entry* old = slot.entry();
  const bool resident = value != nullptr;
  Entry::Fields fields;
  fields.key = old->key();
  if (resident) fields.value = *value;
  fields.value_bytes = old->value_bytes();
  fields.resident = resident;
  fields.expiry_ms = old->expiry_ms();
  fields.location = old->location();
  fields.type = old->type();
  fields.flags = old->flags() & Entry::kRawEncoding;
  Entry* entry = Entry::create(fields);
  account(log_db, *entry, resident, 1);
  account(log_db, *old, slot.resident(), -1);
  slot.set_entry(entry, resident);
  Entry::destroy(old);
}

std::uint64_t Shard::gsn_to_wait_for(Key key) {
  const Slot* slot = db_of(key.db).index.find(key.name, key.hash);
  if (slot == nullptr) return tombstone_gsn_;
  return log_.committed(slot->entry()->location()) ? 0 : log_.last_gsn();
}

const Entry* Shard::entry(Key key) {
  const Slot* slot = live_slot(key);
  return slot == nullptr ? nullptr : slot->entry();
}

}  // namespace stave
