// SPDX-License-Identifier: Apache-2.0
// Compaction, record by record: what is kept, and how the index follows.
#include <algorithm>
#include <ctime>

#include "shards/compaction.h"
#include "shards/hash_key.h"
#include "shards/shard.h"
#include "shards/transaction_ledger.h"

namespace stave {
namespace {

constexpr std::size_t kGroup = 16;  // entries whose cache misses overlap

// CPU time of this thread.
std::int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// Kept for what it says of others, not for itself.
bool is_mark(RecordKind kind) {
  return !is_value(kind) && !is_link(kind);
}

std::uint64_t bytes_of(const Record& record) {
  return record_bytes(record.key.size(), record.value.size(), record.has(kHasExpiry));
}

}  // namespace

// The records that can be had without a second read, as their bytes must stay until the batch is done with.
void Compaction::read_batch(Run& run) {
  run.batch.clear();
  std::uint64_t bytes = 0;
  do {
    Item item;
    const auto outcome = run.reader->next(item.record, item.offset_bytes);
    if (outcome != SegmentReader::Outcome::kRecord) {
      run.batch_is_last = true;
      run.unreadable = run.reader->offset() != run.end_bytes;
      if (run.unreadable) run.status = run.reader->error();
      return;
    }
    item.hash = hash_key(item.record.key);
    bytes += bytes_of(item.record);
    run.batch.push_back(item);
  } while (run.batch.size() < limits::kCompactedRecordsPerBatch && bytes < limits::kCompactedBytesPerBatch &&
           run.reader->has_next());
}

Status Compaction::write_batch(Run& run) {
  for (const Item& item : run.batch) {
    if (!item.keep) continue;
    if (auto status = run.writer->add(item.record); !status.ok()) return status;
  }
  return {};
}

// Writes what is kept of the batch, and reads the next one.
void Compaction::copy_batch() {
  Run& run = *run_;
  if (run.batch_is_last && ++run.at == run.victims.size()) return seal();
  // The batch's bytes are in the old reader until it is written.
  const std::shared_ptr<SegmentReader> next = run.batch_is_last ? open_victim() : nullptr;
  run.batch_is_last = false;
  job(
      [&run, next] {
        run.status = write_batch(run);
        if (!run.status.ok()) return;
        if (next != nullptr) run.reader = next;
        read_batch(run);
      },
      &Compaction::judge_batch);
}

void Compaction::judge_batch() {
  Run& run = *run_;
  if (run.unreadable) shard_.segments_[run.victims[run.at]]->damaged = true;
  if (!run.status.ok()) return give_up(run.status);
  run.looked_up = 0;
  judge_slice();
}

// Calls `look` for the records of the batch whose turn it is, when what the index has of them is near.
template <typename Look>
void Compaction::look_up_slice(Look look) {
  Run& run = *run_;
  const std::int64_t started_ns = now_ns();
  const std::size_t end = std::min(run.looked_up + limits::kCompactedRecordsPerSlice, run.batch.size());
  prefetch(run.looked_up, end);
  for (; run.looked_up < end; ++run.looked_up) {
    if (run.looked_up % kGroup == 0) prefetch_entries(run.looked_up, end);
    look(run.batch[run.looked_up]);
  }
  count_slice(started_ns);
}

void Compaction::judge_slice() {
  std::uint64_t bytes = 0;
  look_up_slice([&](Item& item) { bytes += judge(item); });
  run_->judged_gsn = shard_.log_.last_gsn();
  run_->judged_transaction = shard_.options_.ledger->next_id();
  pace(bytes);
}

// Returns the bytes that it takes to read the record, and to write it if it is kept.
std::uint64_t Compaction::judge(Item& item) {
  const std::uint64_t size = bytes_of(item.record);
  item.keep = is_kept(item);
  if (item.keep && !is_mark(item.record.kind)) run_->kept_bytes += size;
  counters_.bytes_read += size;
  return item.keep ? 2 * size : size;
}

void Compaction::prefetch(std::size_t from, std::size_t to) const {
  for (std::size_t i = from; i < to; ++i) {
    const Item& item = run_->batch[i];
    shard_.dbs_[item.record.db].index.prefetch(item.hash);
  }
  for (std::size_t i = from; i < to; ++i) {
    const Item& item = run_->batch[i];
    shard_.dbs_[item.record.db].index.prefetch_alternate(item.hash);
  }
}

// Of one group.
void Compaction::prefetch_entries(std::size_t from, std::size_t to) const {
  to = std::min(from + kGroup, to);
  for (std::size_t i = from; i < to; ++i) {
    const Item& item = run_->batch[i];
    shard_.dbs_[item.record.db].index.prefetch_entry(item.hash);
  }
}

bool Compaction::is_kept(const Item& item) {
  Run& run = *run_;
  const Record& record = item.record;
  if (record.kind == RecordKind::kTransaction) enter_transaction(record);
  const bool is_void = run.in_void_batch;
  if (!record.has(kContinues)) run.in_void_batch = false;
  if (is_void) return false;
  switch (record.kind) {
    case RecordKind::kString:
    case RecordKind::kList:
    case RecordKind::kSet:
    case RecordKind::kZset:
    case RecordKind::kHash:
      return is_pointed_at(item);
    case RecordKind::kListEdits:
    case RecordKind::kSetEdits:
    case RecordKind::kZsetEdits:
    case RecordKind::kHashEdits:
      return shard_.is_live_edits(find(item), record) || is_pointed_at(item);
    case RecordKind::kListPart:
    case RecordKind::kSetPart:
    case RecordKind::kZsetPart:
    case RecordKind::kHashPart:
      return shard_.is_live_part(record.db, find(item), record.gsn) || is_pointed_at(item);
    case RecordKind::kTombstone:
      if (shard_.options_.fault() == Fault::kDropTombstoneEarly) return false;
      return record.gsn > run.hiding_gsn && find(item) == nullptr;
    case RecordKind::kAbort:
      return run.older_log;
    case RecordKind::kFlush:
      run.manifest.flush_gsn[record.db] = std::max(run.manifest.flush_gsn[record.db], record.gsn);
      return false;
    case RecordKind::kSwap:
      note_swap(record);
      return false;
    case RecordKind::kNone:
    case RecordKind::kTransaction:
      return false;
  }
  return false;
}

// By the index.
bool Compaction::is_pointed_at(const Item& item) const {
  const Slot* slot = find(item);
  const Location here{run_->victims[run_->at], item.offset_bytes};
  return slot != nullptr && slot->entry()->location() == here;
}

Slot* Compaction::find(const Item& item) const {
  return shard_.dbs_[item.record.db].index.find(item.record.key, item.hash);
}

void Compaction::enter_transaction(const Record& record) {
  TransactionHeader header;
  if (!TransactionHeader::decode(record.value, header)) return;
  run_->in_void_batch = shard_.void_transactions_.contains(header.id);
}

void Compaction::note_swap(const Record& record) {
  Manifest& manifest = run_->manifest;
  if (record.gsn <= manifest.swap_gsn || record.value.size() != manifest.db_map.size()) return;
  manifest.swap_gsn = record.gsn;
  record.value.copy(reinterpret_cast<char*>(manifest.db_map.data()), manifest.db_map.size());
}

void Compaction::start_repointing() {
  Run& run = *run_;
  run.phase = Phase::kRepoint;
  const Segment& output = *shard_.segments_[run.output_slot];
  run.reader = std::make_unique<SegmentReader>(*output.file, output.header, output.end_bytes);
  run.end_bytes = output.end_bytes;
  run.batch.clear();
  run.looked_up = 0;
  run.batch_is_last = false;
}

void Compaction::repoint_batch() {
  Run& run = *run_;
  if (run.batch_is_last) {
    run.phase = Phase::kRelease;
    return release();
  }
  job([&run] { read_batch(run); }, &Compaction::batch_read);
}

void Compaction::batch_read() {
  Run& run = *run_;
  if (!run.status.ok()) {
    // What could not be read stays where it is, in the victims, which stay as well.
    fail(run.status);
    stopped_ = true;
    return;
  }
  run.looked_up = 0;
  repoint_slice();
}

void Compaction::repoint_slice() {
  look_up_slice([this](const Item& item) { repoint(item); });
}

// A key that still points at a victim points at the very record that was copied: victims get no new ones.
void Compaction::repoint(const Item& item) {
  const Run& run = *run_;
  Segment& output = *shard_.segments_[run.output_slot];
  if (is_mark(item.record.kind)) {
    output.tombstone_bytes += bytes_of(item.record);
    return;
  }
  Slot* slot = find(item);
  if (slot == nullptr) return;
  const int log_db = item.record.db;
  const Location location{run.output_slot, item.offset_bytes};
  Entry& entry = *slot->entry();
  const bool chained = entry.collection() != nullptr || entry.has(Entry::kChained);
  if (is_link(item.record.kind) || chained) {
    // A snapshot that parts have replaced since may be in one run with the first of them.
    const bool first = shard_.begins_chain(log_db, slot, item.record.gsn);
    if (!first && is_link(item.record.kind))
      shard_.repoint_link(log_db, slot, item.record, location, run.victims);
    if (!first) return;
  }
  const std::uint32_t old = entry.location().segment();
  const bool changed = std::find(run.victims.begin(), run.victims.end(), old) == run.victims.end();
  if (changed && shard_.options_.fault() != Fault::kOverwriteNewer) return;
  const std::uint64_t bytes = record_bytes(entry);
  shard_.count_bytes(old, bytes, -1);
  entry.set_location(location);
  shard_.count_bytes(run.output_slot, bytes, 1);
}

void Compaction::count_slice(std::int64_t started_ns) {
  const auto took_us = static_cast<std::uint64_t>((now_ns() - started_ns) / 1000);
  ++counters_.slices;
  if (took_us > limits::kCompactionSliceUs) ++counters_.slices_long;
  slice_us_max_ = std::max(slice_us_max_, took_us);
}

}  // namespace stave
