// SPDX-License-Identifier: Apache-2.0
// Recovery makes the index as large as it will be before most keys come: tables that grow and split on the
// way move each slot several times. How many keys the log holds is only known once it is read, as a key may
// be in it many times; so at some points the keys found so far are projected on the whole log, but never to
// more than kFitFactor times what is there, which bounds the memory when the rest is only overwrites; and to
// no more keys than there are records left, for when the rest is large values.
#include <algorithm>

#include "shards/recovery.h"

namespace stave {
namespace {

constexpr std::uint64_t kFitFactor = 8;
constexpr std::uint64_t kFirstFitBytes = 16 << 10;  // less is not worth it

}  // namespace

void Recovery::plan_index() {
  for (const Piece& piece : pieces_) {
    if (!piece.gone()) log_bytes_ += log_bytes(piece);
  }
  if (log_bytes_ / kFitFactor < kFirstFitBytes) return;
  for (Piece& piece : pieces_) {
    if (piece.gone()) continue;
    piece.records_max = records_max(piece);
    records_left_ += piece.records_max;
  }
  // So that the last one, for the whole log, comes at 1 / kFitFactor of it.
  next_fit_bytes_ = log_bytes_ / kFitFactor;
  while (next_fit_bytes_ / kFitFactor >= kFirstFitBytes) next_fit_bytes_ /= kFitFactor;
}

// A segment has no more records than this.
std::uint64_t Recovery::records_max(const Piece& piece) {
  const std::uint64_t most = piece.file_bytes / kRecordHeaderBytes;
  if (piece.tail) return most;
  const SegmentHeader& header = piece.segment->header;
  if (header.kind == SegmentKind::kLog) return std::min(most, header.highest_gsn + 1 - header.lowest_gsn);
  // Of a compacted one the GSNs say little; its hint knows.
  auto hint = disk_.open(directory_ + "/" + hint_name(piece.number));
  if (!hint.ok()) return most;
  return std::min(most, HintReader::announced_count(**hint).value_or(most));
}

void Recovery::note_progress(std::uint64_t offset_bytes) {
  const std::uint64_t progress = bytes_before_ + offset_bytes;
  if (progress < next_fit_bytes_) return;
  const std::uint64_t read = report_.records - records_before_;
  shard_.expect_more_keys(
      std::min<double>(kFitFactor, static_cast<double>(log_bytes_) / static_cast<double>(progress)),
      records_left_ - std::min(read, records_left_));
  fitted_ = true;
  next_fit_bytes_ = progress * kFitFactor < log_bytes_ / 2 ? progress * kFitFactor : ~std::uint64_t{0};
}

}  // namespace stave
