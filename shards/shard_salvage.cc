// SPDX-License-Identifier: Apache-2.0
#include "shards/shard_salvage.h"

#include <algorithm>

#include "shards/salvage_output.h"
#include "shards/segment_reader.h"

namespace stave {
namespace {

constexpr std::size_t kShownKeyBytes = 200;

// A key as a person can read it, in one line.
std::string quoted(std::string_view key) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "\"";
  for (const char c : key.substr(0, kShownKeyBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\') {
      text += c;
    } else {
      text.append("\\x").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
    }
  }
  text += '"';
  if (key.size() > kShownKeyBytes) text += "... (" + std::to_string(key.size()) + " bytes)";
  return text;
}

std::string gsns(std::uint64_t from, std::uint64_t to) {
  return "changes with the GSNs " + std::to_string(from) + " to " + std::to_string(to);
}

}  // namespace

ShardSalvage::ShardSalvage(Disk& disk, std::string directory, const DatabaseId& database, std::uint32_t shard,
                           Tell lost)
    : disk_(disk),
      directory_(std::move(directory)),
      database_(database),
      shard_(shard),
      lost_(std::move(lost)) {}

void ShardSalvage::place_lost(std::string line) {
  ++places_lost_;
  lines_.push_back(std::move(line));
}

void ShardSalvage::scan() {
  files_.manifest = Manifest::none();
  find_segments();
  set_bounds();
  for (ScannedSegment& segment : segments_) {
    if (!segment.exists) {
      segment.damaged.push_back({kSegmentHeaderBytes, segment.end_bytes()});
      continue;
    }
    auto file = disk_.open(segment.file.path);
    if (!file.ok()) {
      segment.damaged.push_back({kSegmentHeaderBytes, segment.end_bytes()});
      continue;
    }
    scan_segment(*forgiving(**file), segment);
    // Made and never written to; the file may have been another segment's.
    if (segment.file.blank && !segment.header_known && segment.intact.empty()) segment.damaged.clear();
  }
  find_gaps();
  for (const ScannedSegment& segment : segments_) {
    places_lost_ += segment.damaged.size();
    parts_.insert(segment.parts.begin(), segment.parts.end());
    aborted_.insert(segment.aborted.begin(), segment.aborted.end());
    for_lost_entries(segment, [&](const HintEntry& entry) {
      TransactionHeader header;
      const Record& record = entry.record;
      if (record.kind == RecordKind::kTransaction && TransactionHeader::decode(record.value, header))
        parts_.insert(header.id);
      if (record.kind == RecordKind::kAbort && record.value.size() == 8)
        aborted_.insert(get<std::uint64_t>(record.value, 0));
    });
  }
  flush_gsn_ = files_.manifest.flush_gsn;
  swap_gsn_ = files_.manifest.swap_gsn;
  db_map_ = files_.manifest.db_map;
}

void ShardSalvage::find_segments() {
  auto files = ShardFiles::read(disk_, directory_, database_, shard_);
  if (!files.ok()) return place_lost(files.message());
  files_ = std::move(*files);
  if (!files_.manifest_fault.empty())
    place_lost(files_.manifest_fault +
               ": keys that were deleted, and those of databases that were emptied, may be back");
  if (manifest_is_lost()) {
    files_.manifest_fault = directory_ + "/" + kManifestName + ": is missing";
    place_lost(files_.manifest_fault +
               ": keys that were deleted, and those of databases that were emptied, may be back");
    for (SegmentFile& file : files_.segments) file.garbage = false;
  }
  for (SegmentFile& file : files_.segments) {
    if (file.garbage) continue;
    segments_.push_back(prepared(std::move(file)));
  }
  find_lost_segments();
  std::stable_sort(segments_.begin(), segments_.end(), [](const ScannedSegment& a, const ScannedSegment& b) {
    return a.file.order < b.file.order;
  });
}

// Compacted segments without a manifest are left over from a first compaction that was not brought to its
// end, if the log is there from its first record on. Otherwise they stand for a part of it.
bool ShardSalvage::manifest_is_lost() const {
  if (!files_.manifest_fault.empty() || disk_.exists(directory_ + "/" + kManifestName)) return false;
  std::uint64_t expected = 1;
  bool compacted = false;
  bool whole_log = false;
  bool at_end = false;
  for (const SegmentFile& file : files_.segments) {
    if (!file.fault.empty()) continue;
    const SegmentHeader& header = file.header;
    compacted = compacted || header.kind == SegmentKind::kCompacted;
    if (header.kind == SegmentKind::kCompacted || at_end) continue;
    whole_log = header.lowest_gsn == expected && (whole_log || expected == 1);
    expected = header.highest_gsn + 1;
    at_end = !header.sealed;
  }
  return compacted && !whole_log;
}

// Segments of which only the hint or the name is left.
void ShardSalvage::find_lost_segments() {
  auto names = disk_.list(directory_);
  if (!names.ok()) return;
  for (const std::string& name : *names) {
    const std::uint64_t number = parse_segment_name(name, ".hint");
    const std::string path = directory_ + "/" + segment_name(number);
    if (number == 0 || disk_.exists(path)) continue;
    SegmentFile file;
    file.path = path;
    file.number = file.order = number;
    file.fault = "is missing";
    file.listed = files_.manifest.lists(number);
    ScannedSegment segment = prepared(std::move(file));
    // Compaction removes a segment before its hint.
    const bool stale = files_.manifest_fault.empty() && !segment.file.listed &&
                       segment.file.header.highest_gsn <= files_.manifest.log_gsn;
    segment.exists = false;
    if (segment.header_known && !stale) segments_.push_back(std::move(segment));
  }
  for (const std::uint64_t number : files_.missing) {
    const bool known = std::any_of(segments_.begin(), segments_.end(), [&](const ScannedSegment& segment) {
      return segment.file.number == number;
    });
    if (!known)
      place_lost(directory_ + "/" + segment_name(number) + ": is missing, what it held is not known");
  }
}

ScannedSegment ShardSalvage::prepared(SegmentFile file) {
  ScannedSegment segment;
  segment.file = std::move(file);
  if (segment.file.fault.empty()) return segment;
  SegmentHeader header;
  header.database = database_;
  header.shard = shard_;
  header.number = header.order = segment.file.number;
  segment.header_known = false;
  segment.file.header = header;
  auto bytes = read_file(disk_, directory_ + "/" + hint_name(header.number));
  if (!bytes.ok()) return segment;
  auto by_hint = HintReader::segment_of(*bytes);
  if (!by_hint.ok() || by_hint->database != database_ || by_hint->shard != shard_ ||
      by_hint->number != header.number || !HintReader::open(std::move(*bytes), *by_hint).ok())
    return segment;
  segment.header_known = true;
  segment.file.header = *by_hint;
  return segment;
}

// Which GSNs count in a segment. Behind the log's end of one run there may be records that were cut, as no
// answer relied on them; the next run has given their GSNs to others, in the next segment.
void ShardSalvage::set_bounds() {
  std::uint64_t next_lowest = ~std::uint64_t{0};
  for (auto segment = segments_.rbegin(); segment != segments_.rend(); ++segment) {
    const SegmentFile& file = segment->file;
    if (file.listed || !files_.manifest_fault.empty()) continue;
    segment->gsn_min = files_.manifest.log_gsn + 1;
    if (file.header.kind != SegmentKind::kLog) continue;
    if (!file.header.sealed) segment->gsn_max = next_lowest - 1;
    if (segment->header_known) next_lowest = std::min(next_lowest, file.header.lowest_gsn);
  }
}

// The log has every GSN: what is in no segment was in one that is gone.
void ShardSalvage::find_gaps() {
  if (!files_.manifest_fault.empty()) return;
  std::uint64_t expected = files_.manifest.log_gsn + 1;
  bool explained = false;  // by damage that is told of anyway
  for (const ScannedSegment& segment : segments_) {
    if (segment.file.listed) continue;
    const std::uint64_t lowest = segment.file.header.lowest_gsn;
    if (segment.header_known && lowest > expected && !explained)
      place_lost(directory_ + ": " + gsns(expected, lowest - 1) + ": no segment has them");
    const std::uint64_t highest =
        segment.file.header.sealed ? segment.file.header.highest_gsn : segment.highest_gsn;
    expected = std::max(expected, highest + 1);
    explained = !segment.header_known || (!segment.damaged.empty() && !segment.file.header.sealed);
  }
}

Result<HintReader> ShardSalvage::hint_of(const ScannedSegment& segment) {
  auto bytes = read_file(disk_, directory_ + "/" + hint_name(segment.file.number));
  if (!bytes.ok()) return bytes.take_status();
  return HintReader::open(std::move(*bytes), segment.file.header);
}

// What a hint still tells of the damaged places.
void ShardSalvage::for_lost_entries(const ScannedSegment& segment,
                                    const std::function<void(const HintEntry&)>& visit) {
  if (segment.damaged.empty()) return;
  auto hint = hint_of(segment);
  if (!hint.ok()) return;
  hint->for_each([&](const HintEntry& entry) {
    const bool lost =
        std::any_of(segment.damaged.begin(), segment.damaged.end(), [&](const ByteRange& range) {
          return entry.offset_bytes >= range.begin && entry.offset_bytes < range.end;
        });
    if (lost && segment.counts(entry.record.gsn)) visit(entry);
  });
}

void ShardSalvage::for_records(std::size_t segment,
                               const std::function<void(const Record&, std::uint64_t)>& visit) {
  const ScannedSegment& scanned = segments_[segment];
  if (scanned.intact.empty()) return;
  auto file = disk_.open(scanned.file.path);
  if (!file.ok()) return place_lost(file.message());
  const auto readable = forgiving(**file);
  SegmentReader reader(*readable, scanned.file.header, scanned.intact.back().end);
  Record record;
  std::uint64_t offset = 0;
  for (const ByteRange& range : scanned.intact) {
    reader.seek(range.begin);
    in_void_batch_ = false;
    while (reader.offset() < range.end) {
      if (reader.next(record, offset) != SegmentReader::Outcome::kRecord)
        return place_lost(scanned.file.path + ": could be read before, but not now, at offset " +
                          std::to_string(reader.offset()));
      if (scanned.counts(record.gsn)) visit(record, offset);
    }
  }
}

void ShardSalvage::index(const IsVoid& is_void) {
  is_void_ = is_void;
  for (std::size_t segment = 0; segment < segments_.size(); ++segment) {
    for_records(segment, [&](const Record& record, std::uint64_t offset) {
      TransactionHeader header;
      if (record.kind == RecordKind::kTransaction && TransactionHeader::decode(record.value, header))
        in_void_batch_ = is_void_(header);
      if (!in_void_batch_) apply(segment, record, offset, true);
      if (!record.has(kContinues)) in_void_batch_ = false;
    });
    in_void_batch_ = false;
    for_lost_entries(segments_[segment], [&](const HintEntry& entry) {
      apply(segment, entry.record, entry.offset_bytes, false);
    });
  }
  choose_parts();
}

// A snapshot in parts that is newer than what else there is of its key takes its place.
void ShardSalvage::choose_parts() {
  for (std::size_t db = 0; db < value_parts_.size(); ++db) {
    SalvageParts& parts = value_parts_[db];
    parts.for_each_key([&](const KeyDigest& key) {
      const auto newest = tables_[db].find(key);
      const std::uint64_t gsn = newest == tables_[db].end() ? 0 : newest->second.gsn;
      parts.choose(key, std::max(gsn, flush_gsn_[db]), lost_gsns(static_cast<std::uint8_t>(db), key));
    });
  }
}

// `is_value_there`: false for what only a hint tells of.
void ShardSalvage::apply(std::size_t segment, const Record& record, std::uint64_t offset_bytes,
                         bool is_value_there) {
  const bool holds_value = is_value(record.kind);
  if ((is_edits(record.kind) || holds_value) && !is_value_there) note_lost(record);
  if (is_part(record.kind)) value_parts_[record.db].add(record, is_value_there);
  if (record.kind == RecordKind::kFlush) {
    flush_gsn_[record.db] = std::max(flush_gsn_[record.db], record.gsn);
  } else if (record.kind == RecordKind::kSwap && record.gsn > swap_gsn_ &&
             record.value.size() == db_map_.size() &&
             std::all_of(record.value.begin(), record.value.end(),
                         [](char db) { return static_cast<std::uint8_t>(db) < limits::kDatabases; })) {
    swap_gsn_ = record.gsn;
    record.value.copy(reinterpret_cast<char*>(db_map_.data()), db_map_.size());
  }
  if (!(holds_value && is_value_there) && record.kind != RecordKind::kTombstone) return;
  NewestRecord& newest = tables_[record.db][digest_key(record.key)];
  if (newest.gsn >= record.gsn) return;
  newest.gsn = record.gsn;
  newest.segment = static_cast<std::uint32_t>(segment);
  newest.offset_bytes = offset_bytes;
  newest.bytes = holds_value ? static_cast<std::uint32_t>(record_bytes(record.key.size(), record.value.size(),
                                                                       record.has(kHasExpiry)))
                             : 0;
  if (holds_value) newest.type = type_of(record.kind);
}

bool ShardSalvage::is_newest(std::size_t segment, const Record& record, std::uint64_t offset_bytes) const {
  if (!is_value(record.kind) || record.gsn <= flush_gsn_[record.db]) return false;
  const KeyDigest digest = digest_key(record.key);
  if (value_parts_[record.db].chosen(digest) != nullptr) return false;
  const auto found = tables_[record.db].find(digest);
  return found != tables_[record.db].end() && found->second.segment == segment &&
         found->second.offset_bytes == offset_bytes && found->second.bytes != 0;
}

// Of a key whose records are not all there, only edits in front of the first that is lost can be used. A part
// of a snapshot that is lost changes nothing: all changes are in edits.
void ShardSalvage::note_lost(const Record& record) {
  const KeyDigest digest = digest_key(record.key);
  lost_gsns_[record.db][digest].push_back(record.gsn);
  if (!is_value(record.kind)) return;
  std::uint64_t& newest = lost_values_[record.db][digest];
  newest = std::max(newest, record.gsn);
}

std::optional<ShardSalvage::Base> ShardSalvage::base_of(std::uint8_t db, const KeyDigest& key) const {
  if (const auto* const series = value_parts_[db].chosen(key)) return *series;
  const auto found = tables_[db].find(key);
  if (found == tables_[db].end() || found->second.bytes == 0) return std::nullopt;
  return Base{found->second.gsn, found->second.gsn, found->second.type};
}

// Once there was a newer snapshot, compaction removed edits in front of it as it came across them, and which
// it removed nobody can tell. In what it has not come to yet all are there.
bool ShardSalvage::may_lack_edits(std::uint8_t db, const KeyDigest& key, const Base& base) const {
  if (files_.manifest_fault.empty() && base.first_gsn > files_.manifest.log_gsn) return false;
  const auto lost = lost_values_[db].find(key);
  const std::uint64_t lost_gsn = lost == lost_values_[db].end() ? 0 : lost->second;
  return std::max(lost_gsn, value_parts_[db].newest_gsn(key)) > base.last_gsn;
}

// A snapshot in one record is what the value once was, if no edits are put on top of it. One in parts needs
// those between them.
void ShardSalvage::tell_lacking(const Record& record) {
  const KeyDigest digest = digest_key(record.key);
  if (!record.has(kChainHead) && !record.has(kLastPart)) return;
  if (!may_lack_edits(record.db, digest, *base_of(record.db, digest))) return;
  const std::string key = "  key " + quoted(record.key) + " of db" + std::to_string(client_db(record.db));
  place_lost(key + (is_part(record.kind)
                        ? ": its last snapshot; what is written of the one before may lack some of the "
                          "changes that were made while that was taken, and may never have been its value"
                        : ": its last snapshot; what is written is the one before, without changes behind "
                          "it, as some of them may be gone"));
}

bool ShardSalvage::is_live_edits(const Record& record) const {
  if (!is_edits(record.kind) || record.gsn <= flush_gsn_[record.db]) return false;
  const KeyDigest digest = digest_key(record.key);
  const auto base = base_of(record.db, digest);
  if (!base || base->type != type_of(record.kind) || record.gsn <= base->first_gsn) return false;
  if (record.gsn > base->last_gsn && may_lack_edits(record.db, digest, *base)) return false;
  const auto& lost = lost_gsns(record.db, digest);
  return std::none_of(lost.begin(), lost.end(),
                      [&](std::uint64_t gsn) { return gsn > base->first_gsn && gsn < record.gsn; });
}

bool ShardSalvage::is_live_part(const Record& record) const {
  if (!is_part(record.kind)) return false;
  const auto* const series = value_parts_[record.db].chosen(digest_key(record.key));
  return series != nullptr && record.gsn >= series->first_gsn && record.gsn <= series->last_gsn;
}

const std::vector<std::uint64_t>& ShardSalvage::lost_gsns(std::uint8_t db, const KeyDigest& key) const {
  static const std::vector<std::uint64_t> kNone;
  const auto found = lost_gsns_[db].find(key);
  return found == lost_gsns_[db].end() ? kNone : found->second;
}

std::uint8_t ShardSalvage::client_db(std::uint8_t log_db) const {
  const auto found = std::find(db_map_.begin(), db_map_.end(), log_db);
  return found == db_map_.end() ? log_db : static_cast<std::uint8_t>(found - db_map_.begin());
}

void ShardSalvage::tell_losses() {
  for (const std::string& line : lines_) lost_(line);
  for (const ScannedSegment& segment : segments_) {
    for (const ByteRange& range : segment.damaged) {
      lost_(segment.file.path + ": " + std::to_string(range.end - range.begin) + " bytes from offset " +
            std::to_string(range.begin) + " on" +
            (segment.exists ? " are no intact records" : ", as the file is missing"));
      if (!hint_of(segment).ok()) tell_damaged_header(segment, range);
    }
    for_lost_entries(segment, [&](const HintEntry& entry) { tell_key(entry); });
  }
  lines_.clear();
}

void ShardSalvage::tell_key(const HintEntry& entry) {
  const Record& record = entry.record;
  if ((!is_value(record.kind) && !is_link(record.kind)) || record.gsn <= flush_gsn_[record.db]) return;
  const SalvageParts& parts = value_parts_[record.db];
  const auto found = tables_[record.db].find(digest_key(record.key));
  const auto* const series = parts.chosen(digest_key(record.key));
  const bool known = found != tables_[record.db].end();
  if (known && found->second.gsn >= record.gsn) return;  // it was dead
  if (series != nullptr && series->first_gsn >= record.gsn) return;
  if (is_part(record.kind) && !parts.was_live(record)) return;
  const bool older =
      series != nullptr || (known && found->second.bytes != 0 && found->second.gsn > flush_gsn_[record.db]);
  const auto base = base_of(record.db, digest_key(record.key));
  const bool mended =
      is_part(record.kind) && older && base && !may_lack_edits(record.db, digest_key(record.key), *base);
  const std::string_view what =
      is_edits(record.kind) ? ": changes of its value, and those behind them"
      : mended ? ": a part of its last snapshot; its value is made of the one before and the changes since"
      : older  ? ": its last value; an older one is written"
               : ": its value";
  lost_("  key " + quoted(record.key) + " of db" + std::to_string(client_db(record.db)) + std::string(what));
}

// Without a hint, what stands where the first damaged record begins may still tell its key.
void ShardSalvage::tell_damaged_header(const ScannedSegment& segment, const ByteRange& range) {
  auto file = disk_.open(segment.file.path);
  if (!file.ok()) return;
  std::string bytes(kRecordHeaderBytes + 8 + kShownKeyBytes, '\0');
  bytes.resize(std::min<std::uint64_t>(bytes.size(), range.end - range.begin));
  auto got = forgiving(**file)->read(range.begin, bytes);
  if (!got.ok() || *got < kRecordHeaderBytes) return;
  bytes.resize(*got);
  const auto kind = get<RecordKind>(bytes, 4);
  const auto db = get<std::uint8_t>(bytes, 6);
  const auto key_bytes = get<std::uint32_t>(bytes, 8);
  const bool has_expiry = (get<std::uint8_t>(bytes, 5) & kHasExpiry) != 0;
  const std::size_t key_at = kRecordHeaderBytes + (has_expiry ? 8 : 0);
  const std::uint64_t size = record_bytes(key_bytes, get<std::uint32_t>(bytes, 12), has_expiry);
  if (!is_value(kind) && !is_link(kind) && kind != RecordKind::kTombstone) return;
  if (db >= limits::kDatabases || size > range.end - range.begin || key_at + key_bytes > bytes.size()) return;
  lost_("  perhaps key " + quoted(std::string_view(bytes).substr(key_at, key_bytes)) + " of db" +
        std::to_string(client_db(db)) + ", as the damaged record says");
}

// Edits and parts come behind all values, in the order of their GSNs, as each must follow its snapshot.
Status ShardSalvage::write(const std::string& into, const DatabaseId& database, std::uint64_t segment_bytes,
                           std::uint64_t& keys) {
  struct Place {
    std::uint64_t gsn = 0;
    std::size_t segment = 0;
    std::uint64_t offset_bytes = 0;
  };
  std::vector<Place> links;
  std::uint64_t link_bytes = 0;
  SalvageOutput output(disk_, into, database, shard_, segment_bytes);
  for (const KeyTable& table : tables_) {
    for (const auto& [digest, newest] : table) output.expect(newest.bytes);
  }
  const auto write_record = [&](const Record& found) {
    Record record = found;
    record.db = client_db(found.db);
    output.add(record);
  };
  for (std::size_t i = 0; i < segments_.size() && output.status().ok(); ++i) {
    for_records(i, [&](const Record& found, std::uint64_t offset) {
      if (is_live_edits(found) || is_live_part(found)) {
        links.push_back({found.gsn, i, offset});
        link_bytes += record_bytes(found.key.size(), found.value.size(), true);
        keys += found.has(kLastPart) ? 1 : 0;
        if (found.has(kLastPart)) tell_lacking(found);
      }
      if (!output.status().ok() || !is_newest(i, found, offset)) return;
      write_record(found);
      tell_lacking(found);
      ++keys;
    });
  }
  std::sort(links.begin(), links.end(), [](const Place& a, const Place& b) { return a.gsn < b.gsn; });
  output.expect(link_bytes);
  for (std::size_t i = 0; i < links.size() && output.status().ok();) {
    const std::size_t segment = links[i].segment;
    std::vector<std::uint64_t> offsets;
    for (; i < links.size() && links[i].segment == segment; ++i) offsets.push_back(links[i].offset_bytes);
    for_records_at(segment, offsets, write_record);
  }
  Status status = output.finish();
  for (const std::string& line : lines_) lost_(line);
  lines_.clear();
  return status;
}

void ShardSalvage::for_records_at(std::size_t segment, const std::vector<std::uint64_t>& offsets,
                                  const std::function<void(const Record&)>& visit) {
  const ScannedSegment& scanned = segments_[segment];
  auto file = disk_.open(scanned.file.path);
  if (!file.ok()) return place_lost(file.message());
  const auto readable = forgiving(**file);
  SegmentReader reader(*readable, scanned.file.header, scanned.intact.back().end);
  Record record;
  std::uint64_t offset = 0;
  for (const std::uint64_t begin : offsets) {
    reader.seek(begin);
    if (reader.next(record, offset) != SegmentReader::Outcome::kRecord)
      return place_lost(scanned.file.path + ": could be read before, but not now, at offset " +
                        std::to_string(begin));
    visit(record);
  }
}

}  // namespace stave
