// SPDX-License-Identifier: Apache-2.0
// Collections of a shard: small ones are written as a whole with every change, as strings are; those that
// have outgrown their packed form are chains in the log: a snapshot, and edits. When the edits outweigh the
// snapshot there is a new one (shard_snapshots.cc), and also before such a value leaves memory.
#include <cassert>

#include "shards/collection.h"
#include "shards/shard.h"

namespace stave {
namespace {

// With more, each edit would have to pass by all others.
constexpr std::size_t kPackedEditBytesMax = 4u << 10;

}  // namespace

Status Shard::edit(Key key, Type type, std::string_view edits, EditResult& result) {
  const int log_db = db_map_[static_cast<std::size_t>(key.db)];
  Slot* slot = dbs_[static_cast<std::size_t>(log_db)].index.find(key.name, key.hash);
  // A transaction's lock may keep what has expired.
  if (slot != nullptr && slot->entry()->expired_at(now_ms_)) slot = nullptr;
  assert(slot == nullptr || (slot->resident() && slot->entry()->type() == type));
  if (edits.size() > limits::kValueBytesMax) return kValueTooLarge;
  if (slot != nullptr && slot->entry()->collection() != nullptr)
    return edit_collection(log_db, key.hash, slot, edits, result);
  return edit_packed_value(key, slot, type, edits, result);
}

Status Shard::edit_packed_value(Key key, const Slot* slot, Type type, std::string_view edits,
                                EditResult& result) {
  std::string packed = std::move(packed_);
  if (slot == nullptr)
    packed = empty_packed(type);
  else
    packed.assign(slot->entry()->value());
  const std::int64_t expiry_ms = slot == nullptr ? 0 : slot->entry()->expiry_ms();
  Status status = packed.size() + edits.size() > kPackedEditBytesMax
                      ? edit_unpacked(type, packed, edits, result)
                      : edit_packed(type, packed, edits, options_.collections, result);
  if (status.ok() && result.any()) {
    if (packed_count(packed) > 0)
      status = set_value(key, {packed, expiry_ms, false, type});
    else if (slot != nullptr)
      status = remove(key);
  }
  keep_packed(std::move(packed));
  return status;
}

// For its memory.
void Shard::keep_packed(std::string packed) {
  packed_ = std::move(packed);
  if (packed_.capacity() > limits::kScanChunkBytes) std::string().swap(packed_);
}

// The same by way of the native form, where there is much to change.
Status Shard::edit_unpacked(Type type, std::string& packed, std::string_view edits, EditResult& result) {
  const auto collection = unpack(type, packed);
  Status status = collection->apply(edits, options_.collections, result);
  if (status.ok()) collection->pack(packed);
  return status;
}

Status Shard::edit_collection(int log_db, std::uint64_t hash, Slot* slot, std::string_view edits,
                              EditResult& result) {
  Entry& entry = *slot->entry();
  Collection& collection = *entry.collection();
  const std::uint64_t bytes = record_bytes(entry.key_bytes(), edits.size(), true);
  if (auto status = log_.reserve(bytes, now_ms_); !status.ok()) return status;
  account(log_db, entry, true, -1);
  const Status status = collection.apply(edits, options_.collections, result);
  account(log_db, entry, true, 1);
  assert(status.ok());  // commands know what is there
  if (!result.any()) return {};
  note_change(log_db, entry.key());
  if (options_.eviction.on()) note_use(*slot);
  if (collection.size() == 0) {
    log_tombstone(log_db, entry.key());
    erase(log_db, slot);
    return {};
  }
  if (entry.type() == Type::kHash) note_fields(log_db, hash, entry);
  log_edits(log_db, entry, edits, entry.expiry_ms());
  shorten_chain(log_db, *slot);
  return {};
}

// Writes a snapshot if it is time: in a batch at its end, as no room was reserved for it.
void Shard::shorten_chain(int log_db, Slot& slot) {
  if (!has_long_chain(*slot.entry())) return;
  if (log_.in_batch())
    long_chains_.emplace_back(log_db, slot.entry()->key());
  else
    log_snapshot(log_db, slot);
}

void Shard::end_chains() {
  for (const auto& [log_db, key] : std::exchange(long_chains_, {})) {
    Slot* const slot = dbs_[static_cast<std::size_t>(log_db)].index.find(key, hash_key(key));
    if (slot != nullptr && slot->entry()->collection() != nullptr) shorten_chain(log_db, *slot);
  }
}

void Shard::log_edits(int log_db, Entry& entry, std::string_view edits, std::int64_t expiry_ms) {
  Record record;
  record.kind = edits_of(entry.type());
  record.flags = kHasExpiry | (fields_expire(*entry.collection()) ? kFieldsExpire : 0);
  record.db = static_cast<std::uint8_t>(log_db);
  record.expiry_ms = expiry_ms;
  record.key = entry.key();
  record.value = edits;
  const Location location = log_.append(record);
  const std::uint64_t bytes = record_bytes(entry.key_bytes(), edits.size(), true);
  Chain& chain = entry.collection()->chain;
  chain.add_edits(location.segment(), bytes);
  chain.last_gsn = log_.last_gsn();
  count_bytes(location.segment(), bytes, 1);
  if (chain.series != nullptr && entry.type() == Type::kList) follow_edits(*chain.series, edits);
}

// An expiry is part of the chain as edits are.
Status Shard::set_collection_expiry(Key key, int log_db, Slot* slot, std::int64_t expiry_ms) {
  if (auto status = log_.reserve(record_bytes(key.name.size(), 0, true), now_ms_); !status.ok())
    return status;
  change_collection_expiry(key, log_db, *slot, expiry_ms);
  return {};
}

// REQUIRES: there is room in the log.
void Shard::change_collection_expiry(Key key, int log_db, Slot& slot, std::int64_t expiry_ms) {
  note_expiry(log_db, key.hash, slot.entry()->expiry_ms(), expiry_ms);
  Entry* const old = slot.entry();
  const Location location = old->location();
  Entry::Fields fields;
  fields.key = old->key();
  fields.value_bytes = old->value_bytes();
  fields.resident = true;
  fields.expiry_ms = expiry_ms;
  fields.location = location;
  fields.type = old->type();
  account(log_db, *old, true, -1);
  fields.collection = old->release_collection();
  slot.set_entry(Entry::create(fields), true);
  Entry::destroy(old);
  account(log_db, *slot.entry(), true, 1);
  log_edits(log_db, *slot.entry(), {}, expiry_ms);
  note_change(log_db, key.name);
  publish_sizes(log_db);
  shorten_chain(log_db, slot);
}

}  // namespace stave
