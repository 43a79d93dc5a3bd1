// SPDX-License-Identifier: Apache-2.0
// Collections of a shard: small ones are written as a whole with every change, as strings are; those that
// have outgrown their packed form are chains in the log: a snapshot, and edits. When the edits outweigh the
// snapshot there is a new one, and also before such a value leaves memory.
#include <algorithm>
#include <cassert>

#include "shards/collection.h"
#include "shards/shard.h"

namespace stave {
namespace {

// Below, a snapshot would not be worth its bytes.
constexpr std::uint64_t kChainBytesMin = 16u << 10;
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
    return edit_collection(log_db, slot, edits, result);
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

Status Shard::edit_collection(int log_db, Slot* slot, std::string_view edits, EditResult& result) {
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
  record.flags = kHasExpiry;
  record.db = static_cast<std::uint8_t>(log_db);
  record.expiry_ms = expiry_ms;
  record.key = entry.key();
  record.value = edits;
  const Location location = log_.append(record);
  const std::uint64_t bytes = record_bytes(entry.key_bytes(), edits.size(), true);
  Collection::Chain& chain = entry.collection()->chain;
  chain.add(location.segment(), bytes);
  chain.last_gsn = log_.last_gsn();
  count_bytes(location.segment(), bytes, 1);
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

// Whether the edits outweigh what they follow, where each element weighs as much as if it were an edit: a
// snapshot for each tenth element pushed would cost more than all the pushing.
bool Shard::has_long_chain(const Entry& entry) const {
  const Collection& collection = *entry.collection();
  const std::uint64_t record = record_bytes(entry.key_bytes(), 0, true);
  return collection.chain.bytes > std::max({entry.value_bytes() + collection.size() * record, kChainBytesMin,
                                            2 * collection.chain.refused_bytes});
}

// Writes an outgrown value as a whole; the chain begins anew. False when there is no room, or it is too
// large.
bool Shard::log_snapshot(int log_db, Slot& slot) {
  Entry& entry = *slot.entry();
  Collection::Chain& chain = entry.collection()->chain;
  // Packing takes its time, so not in vain.
  const std::uint64_t bytes_max = record_bytes(entry) + chain.bytes;
  if (chain.bytes < 2 * chain.refused_bytes || !log_.reserve(bytes_max, now_ms_).ok()) return false;
  std::string packed = std::move(packed_);
  entry.collection()->pack(packed);
  const NewValue value{packed, entry.expiry_ms(), false, entry.type()};
  const bool fits = packed.size() <= limits::kValueBytesMax;
  if (!fits) chain.refused_bytes = chain.bytes;
  if (fits) {
    ++counters_.snapshots;
    const std::string key(entry.key());
    const Location location = log_value(log_db, key, value);
    const auto bytes = static_cast<std::uint32_t>(packed.size());
    if (is_outgrown(packed)) {
      count_live(log_db, entry, -1);
      entry.set_location(location);
      entry.set_value_bytes(bytes);
      entry.collection()->chain.begin(log_.last_gsn());
      count_live(log_db, entry, 1);
    } else {
      store_value(log_db, &slot, hash_key(key), key, value, location, true, bytes);
    }
  }
  keep_packed(std::move(packed));
  return fits;
}

// Whether a read would find the value as it is.
bool Shard::may_drop(int log_db, Slot& slot) {
  const Entry& entry = *slot.entry();
  const Collection* const collection = entry.collection();
  // A transaction may be reading it elsewhere.
  const int db = db_names_[static_cast<std::size_t>(log_db)];
  if (!locks_.idle() && !locks_.free({db, entry.key()})) return false;
  if (collection != nullptr) {
    if (!collection->chain.parts.empty() && options_.fault() == Fault::kDemoteChanged) {
      count_chain(entry, log_db, -1);
    } else if (!collection->chain.parts.empty()) {
      log_snapshot(log_db, slot);
      return false;  // it cannot be read before the next flush
    }
  }
  return log_.readable(entry.location());
}

// Of edits, not of the snapshot.
void Shard::count_chain(const Entry& entry, int log_db, int sign) {
  if (const Collection* collection = entry.collection()) {
    for (const Collection::Part& part : collection->chain.parts) count_bytes(part.segment, part.bytes, sign);
  } else if (entry.has(Entry::kChained)) {
    const ColdChain* const chain = dbs_[static_cast<std::size_t>(log_db)].chains.find(entry.key());
    assert(chain != nullptr);
    for (const ColdChain::Edits& edits : chain->edits)
      count_bytes(edits.location.segment(), edits.bytes, sign);
  }
}

// What recovery has noted counts if the snapshot is there that the edits follow. It is not when a transaction
// has written it that is void now: then they are about what was there before.
Status Shard::settle_chains() {
  Status status;
  for (std::size_t i = 0; i < dbs_.size(); ++i) {
    const auto log_db = static_cast<int>(i);
    dbs_[i].chains.settle([&](const std::string& key, ColdChain& chain) {
      Slot* const slot = dbs_[i].index.find(key, hash_key(key));
      const bool whole = slot != nullptr && slot->entry()->type() == chain.edits.back().type &&
                         chain.snapshot_gsn != 0 && !chain.broken;
      if (!whole && status.ok()) status = mend_chain(slot, chain);
      if (!status.ok() || chain.edits.empty()) return false;
      settle_chain(log_db, key, slot, chain);
      return true;
    });
    publish_sizes(log_db);
  }
  return status;
}

// The edits follow the value that is there, as far as they are newer and of its type. Where there is none,
// they are all there is of a value, and begin its chain.
Status Shard::mend_chain(const Slot* slot, ColdChain& chain) {
  ++counters_.chains_mended;
  if (slot == nullptr) {
    const Type type = chain.edits.back().type;
    std::erase_if(chain.edits, [type](const ColdChain::Edits& each) { return each.type != type; });
    chain.snapshot_gsn = chain.edits.front().gsn;
    return {};
  }
  std::string bytes;
  auto base = read_record(slot->entry()->location(), bytes);
  if (!base.ok()) return base.take_status();
  chain.snapshot_gsn = base->gsn;
  std::erase_if(chain.edits, [&](const ColdChain::Edits& each) {
    return each.gsn <= base->gsn || each.type != slot->entry()->type();
  });
  return {};
}

// Puts the entry into the index, or in its place, that says that there is a chain.
void Shard::settle_chain(int log_db, const std::string& key, Slot* slot, ColdChain& chain) {
  const std::uint64_t hash = hash_key(key);
  Entry::Fields fields;
  fields.key = key;
  fields.expiry_ms = chain.edits.back().expiry_ms;
  fields.flags = Entry::kChained;
  if (slot == nullptr) {
    const ColdChain::Edits first = chain.edits.front();
    chain.edits.erase(chain.edits.begin());
    fields.type = first.type;
    fields.location = first.location;
    fields.value_bytes = static_cast<std::uint32_t>(first.bytes - record_bytes(key.size(), 0, true));
    put_entry(log_db, nullptr, hash, Entry::create(fields), false);
    return;
  }
  Entry* const old = slot->entry();
  fields.value_bytes = old->value_bytes();
  fields.location = old->location();
  fields.type = old->type();
  note_expiry(log_db, hash, old->expiry_ms(), fields.expiry_ms);
  account(log_db, *old, false, -1);
  slot->set_entry(Entry::create(fields), false);
  Entry::destroy(old);
  account(log_db, *slot->entry(), false, 1);
  count_chain(*slot->entry(), log_db, 1);
}

// Blocking. The record's views point into `bytes`.
Result<Record> Shard::read_record(Location location, std::string& bytes) {
  const Segment& segment = *segments_[location.segment()];
  const auto bad = [&](std::string_view what) {
    return Status::error(segment.file->path() + " offset " + std::to_string(location.offset_bytes()) + ": " +
                         std::string(what));
  };
  bytes.resize(kRecordHeaderBytes);
  for (int pass = 0; pass < 2; ++pass) {
    auto got = segment.file->read(location.offset_bytes(), bytes);
    if (!got.ok()) return got.take_status();
    const std::uint64_t size = encoded_record_bytes(bytes);
    if (*got < bytes.size() || size > limits::kSegmentBytesMax) return bad("no record is there");
    bytes.resize(size);
  }
  Record record;
  std::uint64_t size = 0;
  if (decode_record(bytes, segment.seed, record, size) != DecodeResult::kOk) return bad("checksum mismatch");
  return record;
}

// The collection that a snapshot and edits make.
Result<Collection*> Shard::read_chain(Key key, const Entry& entry, const Record& snapshot,
                                      const std::vector<std::string_view>& edits) {
  const bool begins_with_edits = is_edits(snapshot.kind);
  auto collection = unpack(entry.type(), begins_with_edits ? empty_packed(entry.type()) : snapshot.value);
  EditResult result;
  if (begins_with_edits) static_cast<void>(collection->apply(snapshot.value, options_.collections, result));
  for (const std::string_view each : edits) {
    // One that does not fit was on top of what a transaction had written that is void now.
    static_cast<void>(collection->apply(each, options_.collections, result));
  }
  collection->chain.begin(snapshot.gsn);
  if (!entry.has(Entry::kChained)) return collection.release();
  ++counters_.chains_read;
  const ColdChain& chain = *db_of(key.db).chains.find(key.name);
  for (const ColdChain::Edits& each : chain.edits) {
    collection->chain.add(each.location.segment(), each.bytes);
    collection->chain.last_gsn = each.gsn;
  }
  return collection.release();
}

bool Shard::begins_chain(int log_db, const Slot* slot, std::uint64_t gsn) {
  if (slot == nullptr) return false;
  const Entry& entry = *slot->entry();
  if (const Collection* collection = entry.collection()) return gsn == collection->chain.snapshot_gsn;
  if (!entry.has(Entry::kChained)) return false;
  return dbs_[static_cast<std::size_t>(log_db)].chains.find(entry.key())->snapshot_gsn == gsn;
}

bool Shard::is_live_edits(int log_db, const Slot* slot, std::uint64_t gsn) {
  if (slot == nullptr) return false;
  const Entry& entry = *slot->entry();
  if (const Collection* collection = entry.collection())
    return gsn > collection->chain.snapshot_gsn && gsn <= collection->chain.last_gsn;
  if (!entry.has(Entry::kChained)) return false;
  return dbs_[static_cast<std::size_t>(log_db)].chains.find(entry.key())->find(gsn) != nullptr;
}

// A record of edits was copied from one of the `victims`; nothing happens if it is dead by now.
void Shard::repoint_edits(int log_db, Slot* slot, const Record& record, Location location,
                          const std::vector<std::uint32_t>& victims) {
  if (!is_live_edits(log_db, slot, record.gsn)) return;
  const std::uint64_t bytes = record_bytes(record.key.size(), record.value.size(), true);
  Entry& entry = *slot->entry();
  if (Collection* const collection = entry.collection()) {
    // Which victim it was in is not known, and does not matter, as all of them go.
    std::uint64_t left = bytes;
    for (const std::uint32_t victim : victims) {
      const std::uint64_t taken = collection->chain.take(victim, left);
      count_bytes(victim, taken, -1);
      left -= taken;
    }
    assert(left == 0);
    collection->chain.add(location.segment(), bytes);
  } else {
    ColdChain& chain = *dbs_[static_cast<std::size_t>(log_db)].chains.find(entry.key());
    ColdChain::Edits& edits = *chain.find(record.gsn);
    count_bytes(edits.location.segment(), bytes, -1);
    edits.location = location;
  }
  count_bytes(location.segment(), bytes, 1);
}

}  // namespace stave
