// SPDX-License-Identifier: Apache-2.0
#include "shards/recovery.h"

#include <algorithm>
#include <utility>

#include "shards/hash_key.h"

namespace stave {

Recovery::Recovery(Disk& disk, Shard& shard, const Shard::Options& options)
    : disk_(disk),
      shard_(shard),
      directory_(options.log.directory),
      database_(options.log.database),
      number_(options.number),
      fault_(options.fault()) {}

Recovery::Complete Recovery::verdict_of(const std::vector<std::unique_ptr<Recovery>>& recoveries) {
  return [&recoveries](const TransactionHeader& header) {
    for (const auto& recovery : recoveries) {
      if (header.id < recovery->manifest_.settled) return true;
    }
    for (std::size_t i = 0; i < header.count(); ++i) {
      const std::uint16_t shard = header.participant(i);
      if (shard >= recoveries.size() || !recoveries[shard]->transactions_.contains(header.id)) return false;
    }
    return true;
  };
}

Status Recovery::read() {
  Status status = read_all();
  rewriting_ = {};  // whoever comes next may destroy the shard, and with it the files
  return status;
}

Status Recovery::read_all() {
  auto manifest = Manifest::load(disk_, directory_, database_, number_);
  if (!manifest.ok()) return manifest.take_status();
  manifest_ = std::move(*manifest);
  last_gsn_ = manifest_.log_gsn;
  highest_transaction_ = std::max<std::uint64_t>(manifest_.settled, 1) - 1;
  shard_.recover_db_map(manifest_.db_map);
  if (auto status = find_segments(); !status.ok()) return status;
  // From the end, as only what follows the last sealed segment is the tail.
  bool tail = true;
  for (auto piece = pieces_.rbegin(); piece != pieces_.rend(); ++piece) {
    if (piece->garbage) continue;
    if (auto status = judge_segment(*piece, tail); !status.ok()) return status;
    tail = piece->tail;
  }
  if (auto status = check_sequence(); !status.ok()) return status;
  plan_index();
  rewrite_ahead();
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    Piece& piece = pieces_[i];
    if (piece.gone()) continue;
    const std::uint64_t lowest = piece.segment->header.lowest_gsn;
    if (piece.listed || lowest == last_gsn_ + 1) {
      if (auto status = read_segment(piece); !status.ok()) return status;
      bytes_before_ += log_bytes(piece);
      records_left_ -= piece.records_max;
      records_before_ = report_.records;
    } else if (piece.tail) {
      cut_from(i);
    } else {
      return Status::error(path(piece) + ": begins with GSN " + std::to_string(lowest) + ", but " +
                           std::to_string(last_gsn_ + 1) + " comes next: a segment is missing or damaged");
    }
  }
  return {};
}

// What a power loss left of the segments behind the first that is not whole.
void Recovery::cut_from(std::size_t first) {
  for (std::size_t i = first; i < pieces_.size(); ++i) {
    Piece& piece = pieces_[i];
    if (piece.gone()) continue;
    piece.drop = true;
    set_aside(piece, "lies beyond the end of the log (GSN " + std::to_string(last_gsn_) + ")");
  }
}

void Recovery::set_aside(const Piece& piece, const std::string& why) {
  report_.cut_bytes += piece.file_bytes;
  warn(path(piece) + ": " + why + ", set aside as .cut");
}

Status Recovery::find_segments() {
  auto names = disk_.list(directory_);
  if (!names.ok()) return names.take_status();
  for (const std::string& name : *names) {
    if (name.ends_with(".new")) unfinished_.push_back(name);
    if (parse_segment_name(name, ".hint") != 0) hints_.push_back(parse_segment_name(name, ".hint"));
    last_number_ = std::max(last_number_, parse_segment_name(name, ".seg.new"));
    const std::uint64_t number = parse_segment_name(name, ".seg");
    if (number == 0) continue;
    last_number_ = std::max(last_number_, number);
    pieces_.emplace_back();
    pieces_.back().number = pieces_.back().order = number;
    if (auto status = open_segment(pieces_.back()); !status.ok()) return status;
  }
  std::sort(pieces_.begin(), pieces_.end(), [](const Piece& a, const Piece& b) { return a.order < b.order; });
  return check_listed();
}

Status Recovery::check_listed() const {
  for (const std::uint64_t number : manifest_.segments) {
    const bool found = std::any_of(pieces_.begin(), pieces_.end(),
                                   [&](const Piece& piece) { return piece.number == number; });
    if (!found)
      return Status::error(directory_ + "/" + segment_name(number) + ": is missing, the manifest lists it");
  }
  return {};
}

Status Recovery::open_segment(Piece& piece) {
  auto file = disk_.open(path(piece));
  if (!file.ok()) return file.take_status();
  auto size = (*file)->size();
  if (!size.ok()) return size.take_status();
  std::string block(kSegmentHeaderBytes, '\0');
  auto got = (*file)->read(0, block);
  if (!got.ok()) return got.take_status();
  piece.file_bytes = *size;
  piece.listed = manifest_.lists(piece.number);
  piece.segment = std::make_unique<Segment>();
  // A file that was made but never written to, as its header goes out with its first records; or what was
  // written was lost with the power.
  piece.blank = std::all_of(block.begin(), block.end(), [](char c) { return c == 0; });
  auto header = SegmentHeader::decode(std::string_view(block).substr(0, *got));
  if (!header.ok()) {
    piece.header_error = header.message();
    return {};
  }
  if (header->database != database_ || header->shard != number_ || header->number != piece.number) {
    piece.header_error = "belongs to another database, shard or number";
    return {};
  }
  const bool compacted = header->kind == SegmentKind::kCompacted;
  piece.garbage = !piece.listed && (compacted || header->lowest_gsn <= manifest_.log_gsn);
  piece.order = header->order;
  piece.segment->header = *header;
  piece.segment->seed = header->record_seed();
  piece.segment->capacity_bytes = *size;
  piece.segment->sealed = piece.segment->complete = header->sealed;
  piece.segment->file = std::move(*file);
  return {};
}

// `tail`: nothing behind it is sealed.
Status Recovery::judge_segment(Piece& piece, bool tail) {
  const bool in_tail = tail && !piece.listed;
  if (in_tail && (piece.blank || piece.file_bytes < kSegmentHeaderBytes)) {
    piece.tail = piece.drop = true;
    if (!piece.blank) set_aside(piece, "has no whole header");
    return {};
  }
  if (!piece.header_error.empty()) return Status::error(path(piece) + ": " + piece.header_error);
  const SegmentHeader& header = piece.segment->header;
  if (header.sealed && (header.end_bytes > piece.file_bytes || header.end_bytes < kSegmentHeaderBytes)) {
    return Status::error(path(piece) + ": is " + std::to_string(piece.file_bytes) + " bytes long, " +
                         std::to_string(header.end_bytes) + " were written");
  }
  if (piece.listed && !header.sealed)
    return Status::error(path(piece) + ": is not sealed, but the manifest lists it");
  piece.tail = in_tail && !header.sealed;
  return {};
}

// Sealed segments of the log follow each other without a gap.
Status Recovery::check_sequence() {
  std::uint64_t expected = manifest_.log_gsn + 1;
  const Piece* first = nullptr;
  for (const Piece& piece : pieces_) {
    if (piece.garbage) continue;
    if (first == nullptr) first = &piece;
    if (piece.listed) continue;
    if (piece.drop || piece.tail) break;
    const SegmentHeader& header = piece.segment->header;
    if (header.lowest_gsn != expected) {
      return Status::error(path(piece) + ": begins with GSN " + std::to_string(header.lowest_gsn) + ", but " +
                           std::to_string(expected) + " comes next: a segment is missing");
    }
    expected = header.highest_gsn + 1;
  }
  const bool begins_in_tail = first != nullptr && first->tail && !first->drop;
  if (begins_in_tail && first->segment->header.lowest_gsn != expected) {
    return Status::error(path(*first) + ": begins with GSN " +
                         std::to_string(first->segment->header.lowest_gsn) + ", but " +
                         std::to_string(expected) + " comes next: a segment is missing");
  }
  return {};
}

Status Recovery::read_segment(Piece& piece) {
  ++report_.segments;
  piece.slot = static_cast<std::uint32_t>(shard_.segments().size());
  Segment& segment = *piece.segment;
  if (piece.tail) {
    segment.end_bytes = kSegmentHeaderBytes;
  } else {
    segment.end_bytes = segment.header.end_bytes;
  }
  segment.written_bytes = segment.durable_bytes = piece.file_bytes;
  shard_.recover_segment(piece.slot, std::move(piece.segment));
  piece.segment = nullptr;
  if (!piece.tail && load_hint(piece)) {
    ++report_.segments_with_hint;
    last_gsn_ = std::max(last_gsn_, shard_.segments()[piece.slot]->header.highest_gsn);
    return {};
  }
  if (piece.tail) {
    if (auto status = end_rewrite(piece); !status.ok()) return status;
  }
  return scan(piece);
}

// Reads the records of a segment. From the first transaction on, which only all shards together can judge, it
// applies nothing but collects ids; replay() does the rest.
Status Recovery::scan(Piece& piece) {
  Segment& segment = *shard_.segments()[piece.slot];
  SegmentReader reader(*segment.file, segment.header,
                       piece.tail ? piece.file_bytes : segment.header.end_bytes);
  reader.before_read([this] { apply_group(); });
  Good good{kSegmentHeaderBytes, segment.header.lowest_gsn - 1};
  std::uint64_t gsn = good.gsn;
  if (collecting_) piece.resume_bytes = kSegmentHeaderBytes;
  Record record;
  std::uint64_t offset = 0;
  SegmentReader::Outcome outcome;
  while ((outcome = reader.next(record, offset)) == SegmentReader::Outcome::kRecord) {
    if (segment.header.kind == SegmentKind::kLog && record.gsn != gsn + 1) {
      outcome = SegmentReader::Outcome::kBad;
      reader.step_back(offset);
      break;
    }
    gsn = segment.header.kind == SegmentKind::kLog ? record.gsn : std::max(gsn, record.gsn);
    take(record, offset, piece, nullptr);
    const bool whole = !record.has(kContinues) || fault_ == Fault::kPartOfBatch;
    if (whole) good = {reader.offset(), gsn};
  }
  apply_group();
  batch_.clear();
  last_gsn_ = std::max(last_gsn_, good.gsn);
  return end_scan(piece, reader, outcome, good);
}

// Applies what scan() has put off, from the first transaction on.
Status Recovery::replay(Piece& piece, const Complete& complete) {
  Segment& segment = *shard_.segments()[piece.slot];
  SegmentReader reader(*segment.file, segment.header, segment.end_bytes);
  reader.before_read([this] { apply_group(); });
  Record record;
  std::uint64_t offset = 0;
  while (reader.next(record, offset) == SegmentReader::Outcome::kRecord) {
    if (offset >= piece.resume_bytes) take(record, offset, piece, &complete);
  }
  apply_group();
  batch_.clear();
  // scan() has read all this before.
  if (reader.offset() != segment.end_bytes) return reader.error();
  return {};
}

void Recovery::take(const Record& record, std::uint64_t offset_bytes, Piece& piece,
                    const Complete* complete) {
  const Location location{piece.slot, offset_bytes};
  if (batch_.empty() && !record.has(kContinues)) {
    return apply_later(record, static_cast<std::uint32_t>(record.value.size()), location);
  }
  apply_group();
  if (record.kind == RecordKind::kTransaction && complete == nullptr && !collecting_) {
    collecting_ = true;
    piece.resume_bytes = offset_bytes;
  }
  hold(record, location);
  if (!record.has(kContinues)) apply_batch(complete);
}

Status Recovery::end_scan(Piece& piece, SegmentReader& reader, SegmentReader::Outcome outcome,
                          const Good& good) {
  Segment& segment = *shard_.segments()[piece.slot];
  if (outcome == SegmentReader::Outcome::kError) return reader.error();
  if (!piece.tail) {
    if (good.bytes != segment.header.end_bytes || good.gsn != segment.header.highest_gsn)
      return reader.error();
    return {};
  }
  segment.end_bytes = good.bytes;
  segment.header.highest_gsn = good.gsn;
  // What a power loss or a kill left behind the last whole batch.
  auto torn = reader.is_torn_at(good.bytes, good.gsn + 1);
  if (!torn.ok()) return torn.take_status();
  if (!*torn) return {};
  const std::uint64_t cut = piece.file_bytes - good.bytes;
  report_.cut_bytes += cut;
  warn(path(piece) + ": torn tail: " + std::to_string(cut) + " bytes from offset " +
       std::to_string(good.bytes) + " on are no complete record and are cut");
  return {};
}

Status Recovery::finish(const Complete& complete) {
  collecting_ = false;
  hint_bytes_ = {};
  ahead_ = {};
  next_fit_bytes_ = ~std::uint64_t{0};
  for (const Piece& piece : pieces_) {
    if (piece.gone() || !piece.tail) continue;
    const Segment& segment = *shard_.segments()[piece.slot];
    if (segment.end_bytes <= piece.durable_bytes) continue;
    if (auto status = make_durable(*segment.file, segment.end_bytes); !status.ok()) return status;
  }
  for (Piece& piece : pieces_) {
    if (piece.gone() || piece.resume_bytes == 0) continue;
    if (auto status = replay(piece, complete); !status.ok()) return status;
  }
  if (fitted_) shard_.trim_indexes();
  report_.void_transactions = newly_void_.size();
  if (!newly_void_.empty()) {
    warn(directory_ + ": " + std::to_string(newly_void_.size()) +
         " transactions were not written by every shard before the crash and are dropped");
  }
  // From the end, so that a crash in between leaves what this start found, only less of it: without a blank
  // first segment the second would seem to miss one.
  for (auto piece = pieces_.rbegin(); piece != pieces_.rend(); ++piece) {
    if (!piece->drop) continue;
    Status status =
        piece->blank ? disk_.remove(path(*piece)) : disk_.rename(path(*piece), path(*piece) + ".cut");
    if (!status.ok()) return status;
  }
  if (auto status = remove_garbage(); !status.ok()) return status;
  std::unordered_set<std::uint64_t> all_void = aborted_;
  all_void.insert(newly_void_.begin(), newly_void_.end());
  Status status = shard_.recovered(manifest_, last_gsn_, last_number_, newly_void_, std::move(all_void));
  seal_again();
  return status;
}

// Segments are sealed one after the other, and hinted when that is durable. So of the log's sealed segments
// only the last may have a header that a kill left in the page cache, and a power loss would take; it must
// not be listed in a manifest before that is mended.
void Recovery::seal_again() {
  const Piece* last_sealed = nullptr;
  for (const Piece& piece : pieces_) {
    if (!piece.gone() && !piece.listed && !piece.tail) last_sealed = &piece;
  }
  for (const Piece& piece : pieces_) {
    if (piece.gone()) continue;
    const Segment& segment = *shard_.segments()[piece.slot];
    if (piece.tail || !segment.hinted) shard_.seal_recovered(piece.slot, &piece != last_sealed);
  }
}

}  // namespace stave
