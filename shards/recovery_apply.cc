// SPDX-License-Identifier: Apache-2.0
// Recovery gives the shard the records that it has read: in groups, and transactions as a whole.
#include <algorithm>
#include <utility>

#include "shards/hash_key.h"
#include "shards/recovery.h"

namespace stave {

void Recovery::apply_later(const Record& record, std::uint32_t value_bytes, Location location) {
  group_[grouped_++] = {record, value_bytes, location, shard_.prefetch({record.db, record.key})};
  if (grouped_ == kGroup) apply_group();
}

void Recovery::apply_group() {
  const std::size_t count = std::exchange(grouped_, 0);
  for (std::size_t i = 0; i < count; ++i) shard_.prefetch_alternate(group_[i].record.db, group_[i].hash);
  for (std::size_t i = 0; i < count; ++i) shard_.prefetch_entry(group_[i].record.db, group_[i].hash);
  for (std::size_t i = 0; i < count; ++i)
    apply(group_[i].record, group_[i].hash, group_[i].value_bytes, group_[i].location);
  if (count > 0) note_progress(group_[count - 1].location.offset_bytes());
}

void Recovery::apply(const Record& record, std::uint64_t hash, std::uint32_t value_bytes, Location location) {
  if (record.kind == RecordKind::kAbort && record.value.size() == 8) {
    aborted_.insert(get<std::uint64_t>(record.value, 0));
    highest_transaction_ = std::max(highest_transaction_, get<std::uint64_t>(record.value, 0));
  }
  if (collecting_ || is_superseded(record)) return;
  ++report_.records;
  shard_.recover(record, hash, value_bytes, location);
}

// What a flush or a swap has made void that compaction has left out.
bool Recovery::is_superseded(const Record& record) const {
  if (record.kind == RecordKind::kSwap) return record.gsn <= manifest_.swap_gsn;
  return record.gsn <= manifest_.flush_gsn[record.db];
}

void Recovery::note_transaction(std::uint64_t id) {
  transactions_.insert(id);
  highest_transaction_ = std::max(highest_transaction_, id);
}

void Recovery::hold(const Record& record, Location location) {
  Held held{record, {}, location};
  held.bytes.append(record.key).append(record.value);
  batch_.push_back(std::move(held));
  // The string's address changes when the vector grows; views are made anew in apply_batch.
}

void Recovery::apply_batch(const Complete* complete) {
  bool is_void = false;
  for (Held& held : batch_) {
    const std::size_t key_bytes = held.record.key.size();
    held.record.key = std::string_view(held.bytes).substr(0, key_bytes);
    held.record.value = std::string_view(held.bytes).substr(key_bytes);
    if (held.record.kind == RecordKind::kTransaction) {
      TransactionHeader header;
      if (!TransactionHeader::decode(held.record.value, header)) continue;
      note_transaction(header.id);
      if (complete == nullptr) continue;
      const bool aborted = aborted_.contains(header.id);
      is_void = (aborted || !(*complete)(header)) && fault_ != Fault::kPartOfTransaction;
      if (is_void && !aborted) newly_void_.push_back(header.id);
    } else if (is_void) {
      if (is_value(held.record.kind) || is_link(held.record.kind)) shard_.note_void(held.record);
    } else {
      apply(held.record, hash_key(held.record.key), static_cast<std::uint32_t>(held.record.value.size()),
            held.location);
    }
  }
  batch_.clear();
}

}  // namespace stave
