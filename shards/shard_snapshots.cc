// SPDX-License-Identifier: Apache-2.0
// Snapshots of collections that have outgrown their packed form. What fits one part is one record, and done
// at once; a larger one is a series of parts (chain.h), of which chores log one after the other.
#include <algorithm>
#include <cassert>

#include "shards/collection.h"
#include "shards/shard.h"

namespace stave {
namespace {

// Below, a snapshot would not be worth its bytes.
constexpr std::uint64_t kChainBytesMin = 16u << 10;
// A large snapshot for demotion's sake alone: when the edits are so large a part of it, or nothing has
// changed for so long.
constexpr std::uint64_t kWorthwhilePart = 16;
constexpr std::int64_t kQuietMs = 1000;

// What the record of a snapshot, or its first part, may take: a walk passes several elements at once, so a
// part may be larger than it was to be.
std::uint64_t snapshot_bytes_max(const Entry& entry, std::uint64_t part_bytes) {
  const Chain& chain = entry.collection()->chain;
  const std::uint64_t whole = entry.value_bytes() + chain.part_bytes + chain.edit_bytes();
  return record_bytes(entry.key_bytes(), std::min(whole, part_bytes + part_bytes / 2), true) +
         PartRecord::kTrailerBytes;
}

}  // namespace

// Whether the edits outweigh what they follow, where each element weighs as much as if it were an edit: a
// snapshot for each tenth element pushed would cost more than all the pushing.
bool Shard::has_long_chain(const Entry& entry) const {
  const Collection& collection = *entry.collection();
  const Chain& chain = collection.chain;
  if (chain.series != nullptr) return false;
  const std::uint64_t record = record_bytes(entry.key_bytes(), 0, true);
  const std::uint64_t snapshot_bytes = entry.value_bytes() + chain.part_bytes + collection.size() * record;
  return chain.edit_bytes() > std::max({snapshot_bytes, kChainBytesMin, 2 * chain.refused_bytes});
}

// Writes an outgrown value as a whole, or begins to; the chain begins anew then. Nothing happens when there
// is no room, or an element is too large.
void Shard::log_snapshot(int log_db, Slot& slot) {
  Entry& entry = *slot.entry();
  Chain& chain = entry.collection()->chain;
  if (chain.series != nullptr || chain.edit_bytes() < 2 * chain.refused_bytes) return;
  if (now_ms_ < series_retry_ms_ && series_retry_ms_ - now_ms_ <= limits::kSeriesRetryMs) return;
  // Packing takes its time, so not in vain.
  if (!log_.reserve(snapshot_bytes_max(entry, options_.part_bytes), now_ms_).ok()) return;
  auto series = std::make_unique<Chain::Series>();
  series->cursor.size = entry.collection()->size();
  std::string packed = std::move(packed_);
  const bool all = entry.collection()->pack_part(series->cursor, options_.part_bytes, packed);
  if (all && may_complete(chain.transaction)) {
    log_whole(log_db, slot, packed);
  } else {
    chain.series = std::move(series);
    if (log_part(log_db, entry, packed, false)) go_on_with(log_db, entry, all);
  }
  keep_packed(std::move(packed));
}

// Whether a snapshot that has the changes of this transaction may be complete.
bool Shard::may_complete(std::uint64_t transaction) {
  return options_.fault() == Fault::kSnapshotUnsettled || transaction == 0 || all_settled(transaction + 1);
}

// Of a series, whose parts may have all elements now.
void Shard::go_on_with(int log_db, Entry& entry, bool covered) {
  Chain& chain = entry.collection()->chain;
  chain.series->covered = covered;
  chain.series->transaction = chain.transaction;
  (covered ? covered_series_ : series_).emplace_back(log_db, entry.key());
}

void Shard::log_whole(int log_db, Slot& slot, std::string_view packed) {
  Entry& entry = *slot.entry();
  const NewValue value{packed, entry.expiry_ms(), false, entry.type()};
  const bool fits = packed.size() <= limits::kValueBytesMax;
  if (!fits) entry.collection()->chain.refused_bytes = entry.collection()->chain.edit_bytes();
  if (!fits || !log_.reserve(bytes_of(entry.key(), value), now_ms_).ok()) return;
  ++counters_.snapshots;
  const std::string key(entry.key());
  const Location location = log_value(log_db, key, value);
  const auto bytes = static_cast<std::uint32_t>(packed.size());
  if (!is_outgrown(packed))
    return store_value(log_db, &slot, hash_key(key), key, value, location, true, bytes);
  count_live(log_db, entry, -1);
  entry.set_location(location);
  entry.set_value_bytes(bytes);
  entry.collection()->chain.begin(log_.last_gsn());
  count_live(log_db, entry, 1);
}

// Logs the next part of the series; false if nothing comes of it any more. `value` is the part's packed form.
bool Shard::log_part(int log_db, Entry& entry, std::string& value, bool last) {
  Chain& chain = entry.collection()->chain;
  Chain::Series& series = *chain.series;
  PartRecord::end(value, static_cast<std::uint32_t>(series.parts.size()), entry.collection()->size());
  const std::uint64_t bytes = record_bytes(entry.key_bytes(), value.size(), true);
  const bool fits = value.size() <= limits::kValueBytesMax;
  if (!fits || !log_.reserve(bytes, now_ms_).ok()) {
    drop_series(entry);
    if (!fits) chain.refused_bytes = chain.edit_bytes();
    if (fits) series_retry_ms_ = now_ms_ + limits::kSeriesRetryMs;
    return false;
  }
  Record record;
  record.kind = part_of(entry.type());
  record.flags = static_cast<std::uint8_t>(kHasExpiry | (series.parts.empty() ? kChainHead : 0) |
                                           (last ? kLastPart : 0) |
                                           (fields_expire(*entry.collection()) ? kFieldsExpire : 0));
  record.db = static_cast<std::uint8_t>(log_db);
  record.expiry_ms = entry.expiry_ms();
  record.key = entry.key();
  record.value = value;
  const Location location = log_.append(record);
  series.parts.push_back({log_.last_gsn(), location, bytes});
  count_bytes(location.segment(), bytes, 1);
  ++counters_.parts;
  return true;
}

bool Shard::log_some_parts() {
  for (std::size_t left = covered_series_.size(); left > 0; --left) visit_series(covered_series_);
  if (!series_.empty()) visit_series(series_);
  return !series_.empty();
}

// Does the next step of the series in front of the queue, if there still is one and its collection is here.
void Shard::visit_series(std::deque<std::pair<int, std::string>>& queue) {
  auto [log_db, key] = std::move(queue.front());
  queue.pop_front();
  Slot* const slot = dbs_[static_cast<std::size_t>(log_db)].index.find(key, hash_key(key));
  Collection* const collection = slot == nullptr ? nullptr : slot->entry()->collection();
  if (collection == nullptr || collection->chain.series == nullptr) return;  // it was replaced
  const Chain::Series& series = *collection->chain.series;
  const bool locked = !locks_.free({db_names_[static_cast<std::size_t>(log_db)], key});
  if (locked || (series.covered && !may_complete(series.transaction)))
    queue.emplace_back(log_db, std::move(key));
  else if (series.covered)
    log_last_part(log_db, *slot->entry());
  else
    log_next_part(log_db, *slot->entry());
}

void Shard::log_next_part(int log_db, Entry& entry) {
  Collection& collection = *entry.collection();
  Chain& chain = collection.chain;
  std::string packed = std::move(packed_);
  assert(entry.type() != Type::kList || chain.series->cursor.size == collection.size());
  const bool all = collection.pack_part(chain.series->cursor, options_.part_bytes, packed);
  const bool last = all && may_complete(chain.transaction);
  const bool logged = log_part(log_db, entry, packed, last);
  keep_packed(std::move(packed));
  if (!logged) return;
  if (last || options_.fault() == Fault::kEndSeriesEarly) return end_series(log_db, entry);
  go_on_with(log_db, entry, all);
}

void Shard::log_last_part(int log_db, Entry& entry) {
  std::string packed = empty_packed(entry.type());
  set_packed_encoding(packed, entry.collection()->encoding());
  if (log_part(log_db, entry, packed, true)) end_series(log_db, entry);
}

// The parts take the old chain's place.
void Shard::end_series(int log_db, Entry& entry) {
  ++counters_.snapshots;
  Chain& chain = entry.collection()->chain;
  count_live(log_db, entry, -1);
  const Chain::Part first = chain.end_series();
  entry.set_location(first.location);
  entry.set_value_bytes(static_cast<std::uint32_t>(first.bytes - record_bytes(entry.key_bytes(), 0, true)));
  count_live(log_db, entry, 1);
}

void Shard::drop_series(Entry& entry) {
  for (const Chain::Part& part : entry.collection()->chain.drop_series())
    count_bytes(part.location.segment(), part.bytes, -1);
}

// Of a list: its parts are what is in front of the cursor.
void Shard::follow_edits(Chain::Series& series, std::string_view edits) {
  ListPrefix prefix{series.cursor.place, series.cursor.size};
  static_cast<void>(prefix.follow(edits));
  series.cursor.place = prefix.elements;
  series.cursor.size = prefix.size;
}

// For demotion's sake: a large collection that changes all the time would be written again and again.
bool Shard::is_worth_snapshot(const Entry& entry) {
  Chain& chain = entry.collection()->chain;
  const std::uint64_t snapshot_bytes = entry.value_bytes() + chain.part_bytes;
  if (snapshot_bytes <= options_.part_bytes) return true;
  if (chain.edit_bytes() >= snapshot_bytes / kWorthwhilePart) return true;
  const bool set_back = now_ms_ < chain.seen_ms;
  if (chain.seen_gsn != chain.last_gsn || set_back) {
    chain.seen_gsn = chain.last_gsn;
    chain.seen_ms = now_ms_;
  }
  return now_ms_ - chain.seen_ms >= kQuietMs;
}

// Whether a read would find the value as it is.
bool Shard::may_drop(int log_db, Slot& slot) {
  Entry& entry = *slot.entry();
  Collection* const collection = entry.collection();
  // A transaction may be reading it elsewhere.
  const int db = db_names_[static_cast<std::size_t>(log_db)];
  if (!locks_.idle() && !locks_.free({db, entry.key()})) return false;
  if (collection != nullptr) {
    Chain& chain = collection->chain;
    if (chain.edit_bytes() > 0 && options_.fault() == Fault::kDemoteChanged) {
      drop_series(entry);
      count_edits(chain, -1);
      chain.edits = {};
    } else if (chain.series != nullptr || chain.edit_bytes() > 0) {
      if (is_worth_snapshot(entry)) log_snapshot(log_db, slot);
      return false;  // it cannot be read before the next flush
    }
    if (!may_complete(chain.transaction)) return false;
    const auto readable = [this](const Chain::Part& part) { return log_.readable(part.location); };
    if (!std::all_of(chain.parts.begin(), chain.parts.end(), readable)) return false;
  }
  return log_.readable(entry.location());
}

}  // namespace stave
