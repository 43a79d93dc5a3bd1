// SPDX-License-Identifier: Apache-2.0
// Chains of collections (chain.h, cold_chains.h): what a start makes of the records that it has found, how a
// value that was read becomes resident, and what compaction asks for and changes.
#include <algorithm>
#include <cassert>

#include "shards/chain_builder.h"
#include "shards/collection.h"
#include "shards/shard.h"

namespace stave {

// All records but the first, and those of a series under way.
void Shard::count_chain(const Entry& entry, int log_db, int sign) {
  const auto count = [&](const std::vector<Chain::Part>& parts) {
    for (const Chain::Part& part : parts) count_bytes(part.location.segment(), part.bytes, sign);
  };
  if (const Collection* collection = entry.collection()) {
    const Chain& chain = collection->chain;
    count(chain.parts);
    count_edits(chain, sign);
    if (chain.series != nullptr) count(chain.series->parts);
  } else if (entry.has(Entry::kChained)) {
    for (const ColdChain::Link& link : cold_chain(log_db, entry).links)
      count_bytes(link.location.segment(), link.bytes, sign);
  }
}

void Shard::count_edits(const Chain& chain, int sign) {
  const auto count = [&](const SegmentBytes& edits) {
    for (const SegmentBytes::Share& share : edits.shares) count_bytes(share.segment, share.bytes, sign);
  };
  count(chain.edits);
  if (chain.series != nullptr) count(chain.series->edits);
}

// REQUIRES: kChained.
ColdChain& Shard::cold_chain(int log_db, const Entry& entry) {
  ColdChain* const chain = dbs_[static_cast<std::size_t>(log_db)].chains.find(entry.key());
  assert(chain != nullptr);
  return *chain;
}

// Of all records that make up the value, without their headers.
std::uint32_t Shard::logged_bytes(int log_db, const Entry& entry) {
  std::uint64_t bytes = entry.value_bytes();
  if (const Collection* const collection = entry.collection())
    bytes += collection->chain.part_bytes + collection->chain.edit_bytes();
  else if (entry.has(Entry::kChained))
    bytes += cold_chain(log_db, entry).link_bytes();
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, UINT32_MAX));
}

// Of a collection that leaves memory: nothing but its parts, as may_drop() has seen to.
ColdChain Shard::chain_of_parts(const Entry& entry) {
  const Chain& chain = entry.collection()->chain;
  ColdChain cold;
  cold.snapshot_gsn = chain.snapshot_gsn;
  cold.in_parts = true;
  for (const Chain::Part& part : chain.parts) {
    ColdChain::Link link;
    link.gsn = part.gsn;
    link.location = part.location;
    link.bytes = part.bytes;
    link.expiry_ms = entry.expiry_ms();
    link.type = entry.type();
    link.part = true;
    link.last = part.gsn == chain.whole_gsn();
    cold.links.push_back(link);
  }
  return cold;
}

namespace {

// REQUIRES: there are links.
Type type_of_value(const Slot* slot, const ColdChain& chain) {
  if (chain.in_parts) return chain.links.front().type;
  return slot != nullptr ? slot->entry()->type() : chain.links.back().type;
}

}  // namespace

// What recovery has noted counts if the snapshot is there that the edits follow. It is not when a transaction
// has written it that is void now: then they are about what was there before.
Status Shard::settle_chains() {
  Status status;
  for (std::size_t i = 0; i < dbs_.size(); ++i) {
    const auto log_db = static_cast<int>(i);
    dbs_[i].chains.settle([&](const std::string& key, ColdChain& chain) {
      Slot* const slot = dbs_[i].index.find(key, hash_key(key));
      if (status.ok()) status = judge_parts(slot, chain);
      if (!chain.links.empty()) chain.keep_type(type_of_value(slot, chain));
      const bool whole = chain.in_parts ||
                         (slot != nullptr && chain.snapshot_gsn != 0 && chain.void_gsn < chain.snapshot_gsn);
      if (!whole && !chain.links.empty() && status.ok()) status = mend_chain(slot, chain);
      if (!status.ok() || chain.links.empty()) return false;
      settle_chain(log_db, key, slot, chain);
      return true;
    });
    publish_sizes(log_db);
  }
  return status;
}

// Parts count if they are newer than what else is there: nearly always the snapshot that they have replaced,
// which has been noted.
Status Shard::judge_parts(const Slot* slot, ColdChain& chain) {
  if (!chain.in_parts || slot == nullptr || chain.replaced_gsn != 0) return {};
  std::string bytes;
  auto base = read_record(slot->entry()->location(), bytes);
  if (!base.ok()) return base.take_status();
  if (base->gsn > chain.snapshot_gsn) chain.drop_parts();
  return {};
}

// The edits, which are of its type, follow the value that is there, as far as they are newer. Where there is
// none, they are all there is of a value, and begin its chain.
Status Shard::mend_chain(const Slot* slot, ColdChain& chain) {
  ++counters_.chains_mended;
  if (slot == nullptr) {
    chain.snapshot_gsn = chain.links.front().gsn;
    return {};
  }
  std::string bytes;
  auto base = read_record(slot->entry()->location(), bytes);
  if (!base.ok()) return base.take_status();
  chain.snapshot_gsn = base->gsn;
  std::erase_if(chain.links, [&](const ColdChain::Link& each) { return each.gsn <= base->gsn; });
  return {};
}

// Puts the entry into the index, or in its place, that says that there is a chain.
void Shard::settle_chain(int log_db, const std::string& key, Slot* slot, ColdChain& chain) {
  const std::uint64_t hash = hash_key(key);
  Entry::Fields fields;
  fields.key = key;
  fields.expiry_ms = chain.links.back().expiry_ms;
  fields.flags = Entry::kChained;
  if (slot == nullptr || chain.in_parts) {
    const ColdChain::Link first = chain.links.front();
    chain.links.erase(chain.links.begin());
    fields.type = first.type;
    fields.location = first.location;
    fields.value_bytes = static_cast<std::uint32_t>(first.bytes - record_bytes(key.size(), 0, true));
    put_entry(log_db, slot, hash, Entry::create(fields), false);
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

// What is known of the records of a cold collection that becomes resident.
Chain Shard::warm_chain(int log_db, const Entry& entry, std::uint64_t first_gsn) {
  Chain chain;
  chain.begin(first_gsn);
  if (!entry.has(Entry::kChained)) return chain;
  ++counters_.chains_read;
  for (const ColdChain::Link& link : cold_chain(log_db, entry).links) {
    if (link.part) {
      chain.add_part({link.gsn, link.location, link.bytes});
    } else {
      chain.add_edits(link.location.segment(), link.bytes);
      chain.last_gsn = link.gsn;
    }
  }
  return chain;
}

// True when there is a chain whose first record has this GSN.
bool Shard::begins_chain(int log_db, const Slot* slot, std::uint64_t gsn) {
  if (slot == nullptr) return false;
  const Entry& entry = *slot->entry();
  if (const Collection* collection = entry.collection()) return gsn == collection->chain.snapshot_gsn;
  return entry.has(Entry::kChained) && cold_chain(log_db, entry).snapshot_gsn == gsn;
}

// Those of another type between the edits of a collection follow what a transaction had written that is void.
bool Shard::is_live_edits(const Slot* slot, const Record& record) {
  if (slot == nullptr || slot->entry()->type() != type_of(record.kind)) return false;
  const Entry& entry = *slot->entry();
  if (const Collection* collection = entry.collection())
    return record.gsn > collection->chain.snapshot_gsn && record.gsn <= collection->chain.last_gsn;
  return entry.has(Entry::kChained) && cold_chain(record.db, entry).find(record.gsn) != nullptr;
}

bool Shard::is_live_part(int log_db, const Slot* slot, std::uint64_t gsn) {
  if (slot == nullptr) return false;
  const Entry& entry = *slot->entry();
  if (Collection* const collection = entry.collection()) return collection->chain.find_part(gsn) != nullptr;
  return entry.has(Entry::kChained) && cold_chain(log_db, entry).find(gsn) != nullptr;
}

// A record of edits, or a part, was copied from one of the `victims`; nothing happens if it is dead by now.
void Shard::repoint_link(int log_db, Slot* slot, const Record& record, Location location,
                         const std::vector<std::uint32_t>& victims) {
  const bool part = is_part(record.kind);
  if (!(part ? is_live_part(log_db, slot, record.gsn) : is_live_edits(slot, record))) return;
  const std::uint64_t bytes = record_bytes(record.key.size(), record.value.size(), true);
  Entry& entry = *slot->entry();
  Collection* const collection = entry.collection();
  const auto move = [&](Location& place) {
    count_bytes(place.segment(), bytes, -1);
    place = location;
  };
  if (collection == nullptr) {
    move(cold_chain(log_db, entry).find(record.gsn)->location);
  } else if (part) {
    move(collection->chain.find_part(record.gsn)->location);
  } else {
    // Which victim it was in is not known, and does not matter, as all of them go.
    std::uint64_t left = bytes;
    for (const std::uint32_t victim : victims) {
      const std::uint64_t taken = collection->chain.take_edits(record.gsn, victim, left);
      count_bytes(victim, taken, -1);
      left -= taken;
    }
    assert(left == 0);
    collection->chain.give_edits(record.gsn, location.segment(), bytes);
  }
  count_bytes(location.segment(), bytes, 1);
}

}  // namespace stave
