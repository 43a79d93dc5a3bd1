// SPDX-License-Identifier: Apache-2.0
// What commands do to a shard: look-ups and changes. Chores are in shard_chores.cc, transactions and recovery
// in shard_apply.cc.
#include "shards/shard.h"

#include <cassert>
#include <cstring>

#include "shards/collection.h"
#include "shards/hash.h"

namespace stave {
namespace {

bool has_field_expiries(const NewValue& value) {
  return value.type == Type::kHash && HashView(value.value).next_expiry_ms() != 0;
}

}  // namespace

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
  if (!found.resident) return found;
  found.collection = entry.collection();
  if (found.collection == nullptr)
    found.value = entry.value();
  else
    found.value_bytes = logged_bytes(db_map_[static_cast<std::size_t>(key.db)], entry);
  return found;
}

// A command may have made the name that it asks with, and it is gone when the command has ended.
void Shard::want(Key key) {
  const Slot* const slot = live_slot(key);
  if (slot != nullptr) wanted_.emplace_back(key.db, slot->entry()->key(), key.hash);
}

Location Shard::log_value(int log_db, std::string_view name, const NewValue& value) {
  const bool collection = value.type != Type::kString;
  Record record;
  record.kind = kind_of(value.type);
  record.flags = static_cast<std::uint8_t>((collection || value.expiry_ms != 0 ? kHasExpiry : 0) |
                                           (collection && is_outgrown(value.value) ? kChainHead : 0) |
                                           (has_field_expiries(value) ? kFieldsExpire : 0) |
                                           (value.raw_encoding ? kRawString : 0));
  record.db = static_cast<std::uint8_t>(log_db);
  record.expiry_ms = value.expiry_ms;
  record.key = name;
  record.value = value.value;
  return log_.append(record);
}

Status Shard::set_value(Key key, const NewValue& value) {
  if (value.value.size() > limits::kValueBytesMax) return kValueTooLarge;
  if (auto status = log_.reserve(bytes_of(key.name, value), now_ms_); !status.ok()) return status;
  const int log_db = db_map_[static_cast<std::size_t>(key.db)];
  Slot* slot = dbs_[static_cast<std::size_t>(log_db)].index.find(key.name, key.hash);
  const Location location = log_value(log_db, key.name, value);
  store_value(log_db, slot, key.hash, key.name, value, location, true,
              static_cast<std::uint32_t>(value.value.size()));
  note_change(log_db, key.name);
  return {};
}

Status Shard::set_expiry(Key key, std::int64_t expiry_ms) {
  const int log_db = db_map_[static_cast<std::size_t>(key.db)];
  Slot* slot = dbs_[static_cast<std::size_t>(log_db)].index.find(key.name, key.hash);
  assert(slot != nullptr && slot->resident());
  const Entry& entry = *slot->entry();
  if (entry.collection() != nullptr) return set_collection_expiry(key, log_db, slot, expiry_ms);
  return set_value(key, {entry.value(), expiry_ms, entry.has(Entry::kRawEncoding), entry.type()});
}

// Puts a value into the index: `value.value` when it is resident, otherwise only its length.
void Shard::store_value(int log_db, Slot* slot, std::uint64_t hash, std::string_view name,
                        const NewValue& value, Location location, bool resident, std::uint32_t value_bytes) {
  const std::int64_t old_expiry_ms = slot != nullptr ? slot->entry()->expiry_ms() : 0;
  if (slot != nullptr && resident && options_.eviction.on()) note_use(*slot);
  const bool outgrown = resident && value.type != Type::kString && is_outgrown(value.value);
  if (slot != nullptr && !outgrown) {
    Entry& old = *slot->entry();
    if (resident && slot->resident() && old.value_bytes() == value_bytes && old.type() == value.type &&
        old.collection() == nullptr && (old_expiry_ms != 0) == (value.expiry_ms != 0)) {
      count_live(log_db, old, -1);
      note_expiry(log_db, hash, old_expiry_ms, value.expiry_ms);
      if (!value.value.empty()) std::memmove(old.mutable_value(), value.value.data(), value.value.size());
      if (value.expiry_ms != 0) old.set_expiry_ms(value.expiry_ms);
      old.set_location(location);
      old.set_flag(Entry::kRawEncoding, value.raw_encoding);
      count_live(log_db, old, 1);
      if (value.expiry_ms != old_expiry_ms) publish_sizes(log_db);
      if (value.type == Type::kHash) note_fields(log_db, hash, old);
      return;
    }
  }
  Entry::Fields fields;
  fields.key = name;
  fields.value = value.value;
  fields.value_bytes = value_bytes;
  fields.resident = resident;
  fields.expiry_ms = value.expiry_ms;
  fields.location = location;
  fields.type = value.type;
  if (value.raw_encoding) fields.flags = Entry::kRawEncoding;
  if (outgrown) {
    fields.collection = unpack(value.type, value.value).release();
    fields.collection->chain.begin(log_.last_gsn());
  }
  put_entry(log_db, slot, hash, Entry::create(fields), resident);
}

// Puts an entry into the index, in place of the slot's if there is one.
void Shard::put_entry(int log_db, Slot* slot, std::uint64_t hash, Entry* entry, bool resident) {
  note_expiry(log_db, hash, slot != nullptr ? slot->entry()->expiry_ms() : 0, entry->expiry_ms());
  account(log_db, *entry, resident, 1);
  count_live(log_db, *entry, 1);
  if (slot == nullptr) {
    slot = dbs_[static_cast<std::size_t>(log_db)].index.insert(hash, entry, resident);
    if (resident) enter_cache(log_db, *slot, hash);
  } else {
    Entry* old = slot->entry();
    // While records are read in any order, what was noted stays: to look in vain does no harm.
    if (resident && old->type() == Type::kHash) field_expiries_.set(log_db, hash, 0);
    count_live(log_db, *old, -1);
    if (old->has(Entry::kChained)) dbs_[static_cast<std::size_t>(log_db)].chains.forget(old->key());
    account(log_db, *old, slot->resident(), -1);
    const bool enters = resident && !slot->resident();
    slot->set_entry(entry, resident);
    graves_.take_large(*old);
    Entry::destroy(old);
    if (enters) enter_cache(log_db, *slot, hash);
  }
  if (resident && entry->type() == Type::kHash) note_fields(log_db, hash, *entry);
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
  note_change(log_db, key.name);
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
  Entry& entry = *slot->entry();
  count_live(log_db, entry, -1);
  if (entry.has(Entry::kChained)) db.chains.forget(entry.key());
  if (entry.has(Entry::kExpires)) --db.expiring;
  if (entry.type() == Type::kHash && !field_expiries_.empty())
    field_expiries_.set(log_db, hash_key(entry.key()), 0);
  account(log_db, entry, slot->resident(), -1);
  graves_.take_large(entry);
  db.index.erase(slot);
  publish_sizes(log_db);
}

// The records that make up the entry's value are live from now on, or dead.
void Shard::count_live(int log_db, const Entry& entry, int sign) {
  count_bytes(entry.location().segment(), record_bytes(entry), sign);
  if (entry.type() != Type::kString) count_chain(entry, log_db, sign);
}

void Shard::count_bytes(std::uint32_t segment, std::uint64_t bytes, int sign) {
  bytes *= static_cast<std::uint64_t>(sign);
  segments_[segment]->live_bytes += bytes;
  live_bytes_ += bytes;
}

void Shard::account(int log_db, const Entry& entry, bool resident, int sign) {
  std::uint64_t bytes = entry.allocated_bytes(resident);
  if (const Collection* collection = entry.collection()) bytes += collection->memory_bytes();
  bytes *= static_cast<std::uint64_t>(sign);
  entry_bytes_ += bytes;
  if (!resident) return;
  resident_bytes_ += bytes;
  resident_values_ += static_cast<std::uint64_t>(sign);
  dbs_[static_cast<std::size_t>(log_db)].resident += static_cast<std::uint64_t>(sign);
}

// With the value if that is resident, and with its slot in the index.
std::size_t Shard::memory_bytes(Key key) {
  const Slot* const slot = live_slot(key);
  if (slot == nullptr) return 0;
  const Entry& entry = *slot->entry();
  std::size_t bytes = entry.allocated_bytes(slot->resident()) + sizeof(Slot);
  if (const Collection* collection = entry.collection()) bytes += collection->memory_bytes();
  return bytes;
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
  const Entry& entry = *slot->entry();
  if (!entry.has(Entry::kChained)) return entry.value_bytes();
  return logged_bytes(db_map_[static_cast<std::size_t>(key.db)], entry);
}

void Shard::stage(Key key, StageWaiter* waiter) {
  const Slot* slot = db_of(key.db).index.find(key.name, key.hash);
  if (slot == nullptr || slot->resident()) return waiter == nullptr ? void() : waiter->staged(Status());
  stager_.read(key, *slot->entry(), waiter);
}

// What a read has found at the location is still what the key has, and not in memory.
bool Shard::is_wanted(Key key, Location location) {
  const Slot* const slot = db_of(key.db).index.find(key.name, key.hash);
  return slot != nullptr && !slot->resident() && slot->entry()->location() == location;
}

// A value that was read becomes resident. REQUIRES of all three: is_wanted().
Status Shard::install(Key key, std::string_view value) {
  Slot& slot = *db_of(key.db).index.find(key.name, key.hash);
  // A record has one length, so this is the deliberate fault kOverwriteNewer: the next read will say so.
  if (slot.entry()->value_bytes() != value.size()) return {};
  Entry::Fields fields;
  fields.value = value;
  install(key, slot, fields);
  return {};
}

Status Shard::install(Key key, std::unique_ptr<Collection> collection, std::uint64_t first_gsn) {
  // Edits of what a transaction has added that is void now.
  if (collection->size() == 0) return remove(key);
  Slot& slot = *db_of(key.db).index.find(key.name, key.hash);
  collection->chain = warm_chain(db_map_[static_cast<std::size_t>(key.db)], *slot.entry(), first_gsn);
  Entry::Fields fields;
  fields.collection = collection.release();
  install(key, slot, fields);
  return {};
}

void Shard::install(Key key, Slot& slot, Entry::Fields fields) {
  const int log_db = db_map_[static_cast<std::size_t>(key.db)];
  fields.resident = true;
  remake(log_db, slot, fields);
  slot.entry()->set_flag(Entry::kStaged, true);
  enter_cache(log_db, slot, key.hash);
  if (slot.entry()->type() == Type::kHash) note_fields(log_db, key.hash, *slot.entry());
  if (options_.eviction.on()) slot.set_clock(0);  // it was an age
}

// Puts the same entry in its place with the value that `fields` has, or without any.
void Shard::remake(int log_db, Slot& slot, Entry::Fields fields) {
  Entry* old = slot.entry();
  ColdChains& chains = dbs_[static_cast<std::size_t>(log_db)].chains;
  fields.key = old->key();
  fields.value_bytes = old->value_bytes();
  fields.expiry_ms = old->expiry_ms();
  fields.location = old->location();
  fields.type = old->type();
  fields.flags = old->flags() & Entry::kRawEncoding;
  if (old->has(Entry::kChained)) chains.forget(old->key());
  if (old->collection() != nullptr && !old->collection()->chain.parts.empty()) {
    fields.flags |= Entry::kChained;
    chains.put(old->key(), chain_of_parts(*old));
  }
  Entry* entry = Entry::create(fields);
  account(log_db, *entry, fields.resident, 1);
  account(log_db, *old, slot.resident(), -1);
  slot.set_entry(entry, fields.resident);
  graves_.take_large(*old);
  Entry::destroy(old);
}

std::uint64_t Shard::gsn_to_wait_for(Key key) {
  const Slot* slot = db_of(key.db).index.find(key.name, key.hash);
  if (slot == nullptr) return tombstone_gsn_;
  const Collection* const collection = slot->entry()->collection();
  if (collection != nullptr && !committed(collection->chain.last_gsn)) return collection->chain.last_gsn;
  return log_.committed(slot->entry()->location()) ? 0 : log_.last_gsn();
}

bool Shard::holds(Key key) {
  const Slot* const slot = db_of(key.db).index.find(key.name, key.hash);
  return slot != nullptr && !slot->entry()->expired_at(now_ms_);
}

const Entry* Shard::entry(Key key) {
  const Slot* slot = live_slot(key);
  return slot == nullptr ? nullptr : slot->entry();
}

}  // namespace stave
