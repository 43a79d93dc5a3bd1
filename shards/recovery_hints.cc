// SPDX-License-Identifier: Apache-2.0
// Recovery of a segment by its hint, and the files that a start removes.
#include <algorithm>

#include "shards/recovery.h"

namespace stave {

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
  // Large memory is expensive to get anew for each hint.
  if (auto status = read_file(disk_, hint_path, hint_bytes_); !status.ok()) return useless(status.message());
  Segment& segment = *shard_.segments()[piece.slot];
  const std::uint64_t hint_bytes = hint_bytes_.size();
  auto hint = HintReader::open(std::move(hint_bytes_), segment.header);
  if (!hint.ok()) return useless(hint.message());
  {
    HintStream stream(*hint, piece.slot);
    for (auto items = stream.next(); !items.empty(); items = stream.next()) apply_items(items, piece);
  }
  hint_bytes_ = hint->take_bytes();
  segment.hinted = true;
  segment.hint_bytes = hint_bytes;
  return true;
}

// In a rolling fashion: the buckets of later items, and the entries that those name, come near meanwhile.
void Recovery::apply_items(std::span<const HintStream::Item> items, const Piece& piece) {
  const auto prefetch_bucket = [&](std::size_t i) {
    if (i >= items.size()) return;
    const Record& record = items[i].hint.record;
    shard_.prefetch({record.db, record.key, items[i].hash});
  };
  for (std::size_t i = 0; i < 2 * kGroup; ++i) prefetch_bucket(i);
  for (std::size_t i = 0; i < items.size(); ++i) {
    prefetch_bucket(i + 2 * kGroup);
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
