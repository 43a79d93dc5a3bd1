// SPDX-License-Identifier: Apache-2.0
// Recovery of a segment by its hint, and the files that a start removes.
#include <algorithm>
#include <utility>

#include "shards/helper.h"
#include "shards/recovery.h"

namespace stave {
namespace {

// Hints of smaller segments are read when their turn comes: a thread costs more than it saves.
constexpr std::uint64_t kAheadSegmentBytes = 2 << 20;

// In whatever thread: touches nothing but its arguments.
Result<HintReader> read_hint(File& file, std::string bytes, const SegmentHeader& segment) {
  auto size = file.size();
  if (!size.ok()) return size.take_status();
  bytes.resize(*size);
  auto got = file.read(0, bytes);
  if (!got.ok()) return got.take_status();
  bytes.resize(*got);
  return HintReader::open(std::move(bytes), segment);
}

}  // namespace

bool Recovery::load_hint(const Piece& piece) {
  // After a transaction in doubt nothing may be applied yet, so a later hint would have to wait as well: read
  // instead.
  if (collecting_) return false;
  const std::string hint_path = directory_ + "/" + hint_name(piece.number);
  if (!disk_.exists(hint_path)) return false;
  const auto useless = [&](const std::string& why) {
    warn(hint_path + ": " + why + "; its segment is read instead");
    return false;
  };
  Segment& segment = *shard_.segments()[piece.slot];
  auto hint = take_hint(piece);
  if (!hint.ok()) return useless(hint.message());
  read_hint_ahead(piece);
  {
    HintStream stream(*hint, piece.slot);
    for (auto items = stream.next(); !items.empty(); items = stream.next()) apply_items(items, piece);
  }
  hint_bytes_ = hint->take_bytes();
  segment.hinted = true;
  segment.hint_bytes = hint_bytes_.size();
  return true;
}

// Large memory is expensive to get anew for each hint, so two buffers take turns.
Result<HintReader> Recovery::take_hint(const Piece& piece) {
  if (std::exchange(ahead_number_, 0) == piece.number) return ahead_.get();
  auto file = disk_.open(directory_ + "/" + hint_name(piece.number));
  if (!file.ok()) return file.take_status();
  return read_hint(**file, std::move(hint_bytes_), shard_.segments()[piece.slot]->header);
}

// The hint of the segment behind `piece`. What is wrong with it is said when its turn comes.
void Recovery::read_hint_ahead(const Piece& piece) {
  const auto next = std::find_if(pieces_.begin() + (&piece - pieces_.data()) + 1, pieces_.end(),
                                 [](const Piece& behind) { return !behind.gone(); });
  if (next == pieces_.end() || next->tail || next->file_bytes < kAheadSegmentBytes) return;
  const std::string hint_path = directory_ + "/" + hint_name(next->number);
  if (!disk_.exists(hint_path)) return;
  auto file = disk_.open(hint_path);
  if (!file.ok()) return;
  ahead_ = run_aside(
      [file = std::move(*file), bytes = std::move(hint_bytes_), segment = next->segment->header]() mutable {
        return read_hint(*file, std::move(bytes), segment);
      });
  ahead_number_ = next->number;
}

// In a rolling fashion: the buckets of later items, and the entries that those name, come near meanwhile.
void Recovery::apply_items(std::span<const HintStream::Item> items, const Piece& piece) {
  const auto prefetch_bucket = [&](std::size_t i) {
    if (i >= items.size()) return;
    const Record& record = items[i].hint.record;
    shard_.prefetch({record.db, record.key, items[i].hash});
  };
  const auto prefetch_alternate = [&](std::size_t i) {
    if (i < items.size()) shard_.prefetch_alternate(items[i].hint.record.db, items[i].hash);
  };
  for (std::size_t i = 0; i < 3 * kGroup; ++i) prefetch_bucket(i);
  for (std::size_t i = 0; i < 2 * kGroup; ++i) prefetch_alternate(i);
  for (std::size_t i = 0; i < items.size(); ++i) {
    prefetch_bucket(i + 3 * kGroup);
    prefetch_alternate(i + 2 * kGroup);
    if (const std::size_t near = i + kGroup; near < items.size())
      shard_.prefetch_entry(items[near].hint.record.db, items[near].hash);
    apply_item(items[i], piece);
  }
  note_progress(items.back().hint.offset_bytes);
}

void Recovery::apply_item(const HintStream::Item& item, const Piece& piece) {
  const Record& record = item.hint.record;
  if (record.kind == RecordKind::kTransaction) {
    TransactionHeader header;
    if (!TransactionHeader::decode(record.value, header)) return;
    note_transaction(header.id);
    hinted_.push_back({piece.number, std::string(record.value)});
  } else if (item.entry == nullptr) {
    apply(record, item.hash, item.hint.value_bytes, {piece.slot, item.hint.offset_bytes});
  } else if (is_superseded(record)) {
    Entry::destroy(item.entry);
  } else {
    ++report_.records;
    shard_.recover(record.db, item.hash, item.entry);
  }
}

Result<bool> Recovery::drop_hints(const Complete& complete) {
  bool any = false;
  std::uint64_t dropped = 0;  // number of the last segment
  for (const Hinted& hinted : hinted_) {
    TransactionHeader header;
    TransactionHeader::decode(hinted.header, header);
    if (hinted.segment_number == dropped || (complete(header) && !aborted_.contains(header.id))) continue;
    dropped = hinted.segment_number;
    any = true;
    if (auto status = disk_.remove(directory_ + "/" + hint_name(dropped)); !status.ok()) return status;
  }
  if (!any) return false;
  if (auto status = disk_.sync_directory(directory_); !status.ok()) return status;
  return true;
}

// Segments before their hints: a crash in between leaves a hint without a segment, which goes at the next
// start.
Status Recovery::remove_garbage() {
  for (const Piece& piece : pieces_) {
    if (!piece.garbage) continue;
    if (auto status = disk_.remove(path(piece)); !status.ok()) return status;
  }
  for (const std::uint64_t number : hints_) {
    const bool used = std::any_of(pieces_.begin(), pieces_.end(), [&](const Piece& piece) {
      return piece.number == number && !piece.garbage;
    });
    if (used) continue;
    if (auto status = disk_.remove(directory_ + "/" + hint_name(number)); !status.ok()) return status;
  }
  for (const std::string& name : unfinished_) {
    if (auto status = disk_.remove(directory_ + "/" + name); !status.ok()) return status;
  }
  return {};
}

}  // namespace stave
