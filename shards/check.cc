// SPDX-License-Identifier: Apache-2.0
#include "shards/check.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>

#include "shards/cold_chains.h"
#include "shards/hint.h"
#include "shards/key_table.h"
#include "shards/record_walk.h"

namespace stave {
namespace {

using Outcome = SegmentReader::Outcome;

std::uint64_t bytes_of(const HintEntry& entry) {
  return record_bytes(entry.record.key.size(), entry.value_bytes, entry.record.has(kHasExpiry));
}

bool same(const HintEntry& a, const HintEntry& b) {
  const Record& x = a.record;
  const Record& y = b.record;
  return a.offset_bytes == b.offset_bytes && a.value_bytes == b.value_bytes && x.kind == y.kind &&
         x.flags == y.flags && x.db == y.db && x.gsn == y.gsn && x.expiry_ms == y.expiry_ms &&
         x.key == y.key && x.value == y.value;
}

// Where the records of a segment end at the latest.
std::uint64_t end_of(const SegmentFile& segment) {
  return segment.header.sealed ? std::min(segment.header.end_bytes, segment.file_bytes) : segment.file_bytes;
}

Result<HintReader> open_hint(Disk& disk, const std::string& path, const SegmentHeader& header) {
  auto bytes = read_file(disk, path);
  if (!bytes.ok()) return bytes.take_status();
  auto hint = HintReader::open(std::move(*bytes), header);
  if (!hint.ok()) return Status::error(path + ": " + hint.message());
  return hint;
}

// Compares a hint with the records of its segment, both in the order of the log.
class HintComparison {
 public:
  explicit HintComparison(const HintReader& hint) : walk_(hint) { step(); }

  // `may_lack`: of a void transaction.
  void record(const HintEntry& record, bool may_lack) {
    while (more_ && entry_.offset_bytes < record.offset_bytes) {
      ++wrong_;
      step();
    }
    if (!more_ || entry_.offset_bytes > record.offset_bytes) {
      lacking_ += may_lack ? 0 : 1;
      return;
    }
    wrong_ += same(entry_, record) ? 0 : 1;
    step();
  }
  // "" when they agree.
  std::string fault() {
    for (; more_; step()) ++wrong_;
    std::string text;
    if (wrong_ != 0) text = "entries that name no record of the segment: " + std::to_string(wrong_);
    if (lacking_ != 0)
      text += (text.empty() ? "" : ", ") + std::string("records that it lacks: ") + std::to_string(lacking_);
    return text;
  }

 private:
  void step() { more_ = walk_.next(entry_); }

  HintReader::Walk walk_;
  HintEntry entry_;
  bool more_ = false;
  std::uint64_t wrong_ = 0;
  std::uint64_t lacking_ = 0;
};

// What the replay of all segments comes to: which records are live, and how many keys there are.
class Replay {
 public:
  Replay(const Manifest& manifest, std::vector<SegmentCheck>& segments)
      : manifest_(manifest), segments_(segments), db_map_(manifest.db_map) {}

  // A record of segments.back(). False if it is a value that is older than what it replaces.
  bool apply(const HintEntry& entry) {
    const Record& record = entry.record;
    if (is_superseded(record)) return true;
    if (is_value(record.kind)) return set(record, bytes_of(entry));
    if (is_link(record.kind)) {
      const Location here(static_cast<std::uint32_t>(segments_.size() - 1), entry.offset_bytes);
      chains_[record.db][digest_key(record.key)].links.emplace_back(record, entry.value_bytes, here);
      return true;
    }
    switch (record.kind) {
      case RecordKind::kTombstone:
        segments_.back().tombstone_bytes += bytes_of(entry);
        return set(record, 0);
      case RecordKind::kFlush:
        for (const auto& [digest, newest] : tables_[record.db]) count(record.db, newest, -1);
        tables_[record.db].clear();
        hidden_[record.db].clear();
        chains_[record.db].clear();
        return true;
      case RecordKind::kSwap:
        if (record.value.size() == db_map_.size())
          record.value.copy(reinterpret_cast<char*>(db_map_.data()), db_map_.size());
        return true;
      default:
        return true;
    }
  }
  // After the last record: edits are live if they follow the newest snapshot of their key, which may be in
  // parts, or are all there is of its value (Shard::mend_chain).
  void count_chains() {
    for (std::size_t db = 0; db < chains_.size(); ++db) {
      for (auto& [digest, chain] : chains_[db]) {
        NewestRecord& newest = tables_[db][digest];
        chain.snapshot_gsn = newest.gsn;
        chain.settle();
        if (chain.links.empty()) continue;
        const bool follows = !chain.in_parts && newest.bytes != 0;
        if (!follows) {
          count(static_cast<std::uint8_t>(db), newest, -1);
          newest.bytes = 0;
          ++keys_[db];
        }
        chain.keep_type(follows          ? newest.type
                        : chain.in_parts ? chain.links.front().type
                                         : chain.links.back().type);
        for (const ColdChain::Link& link : chain.links)
          segments_[link.location.segment()].live_bytes += link.bytes;
      }
    }
  }
  // How many tombstones of each segment have hidden a newer value for good. Compaction may move one behind a
  // newer value, but only of a key that a still newer tombstone, further behind, has removed.
  std::map<std::uint32_t, std::uint64_t> hiding() const {
    std::map<std::uint32_t, std::uint64_t> counts;
    for (const auto& table : hidden_) {
      for (const auto& [digest, hidden] : table) ++counts[hidden.segment];
    }
    return counts;
  }
  // As clients see it.
  std::uint64_t keys(std::size_t db) const {
    return keys_[std::min<std::size_t>(db_map_[db], limits::kDatabases - 1)];
  }

 private:
  using ChainTable = std::unordered_map<KeyDigest, ColdChain, KeyDigestHash>;

  // As in Recovery: what a flush or a swap has made void that compaction has left out.
  bool is_superseded(const Record& record) const {
    if (record.kind == RecordKind::kSwap) return record.gsn <= manifest_.swap_gsn;
    return record.gsn <= manifest_.flush_gsn[record.db];
  }
  // `bytes` of the record; 0: the key is gone.
  bool set(const Record& record, std::uint64_t bytes) {
    const auto digest = digest_key(record.key);
    NewestRecord& newest = tables_[record.db][digest];
    const auto here = static_cast<std::uint32_t>(segments_.size() - 1);
    const bool in_order = newest.gsn <= record.gsn;
    if (in_order) hidden_[record.db].erase(digest);
    if (!in_order && bytes == 0 && newest.bytes != 0) hidden_[record.db][digest].segment = here;
    count(record.db, newest, -1);
    newest.gsn = std::max(newest.gsn, record.gsn);
    newest.segment = here;
    newest.bytes = static_cast<std::uint32_t>(bytes);
    if (bytes != 0) newest.type = type_of(record.kind);
    count(record.db, newest, 1);
    return in_order || bytes == 0;
  }
  void count(std::uint8_t db, const NewestRecord& newest, int sign) {
    if (newest.bytes == 0) return;
    const std::uint64_t bytes = newest.bytes;
    segments_[newest.segment].live_bytes += sign > 0 ? bytes : -bytes;
    keys_[db] += sign > 0 ? 1u : std::uint64_t(-1);
  }

  const Manifest& manifest_;
  std::vector<SegmentCheck>& segments_;
  KeyTables tables_;
  std::array<ChainTable, limits::kDatabases> chains_;  // by database of the log
  KeyTables hidden_;  // keys that a tombstone older than their value has removed last
  std::array<std::uint64_t, limits::kDatabases> keys_{};  // by database of the log
  std::array<std::uint8_t, limits::kDatabases> db_map_;
};

class ShardChecker {
 public:
  ShardChecker(Disk& disk, const DatabaseCheck& check, std::uint32_t number, const std::string& directory,
               const ShardFiles& files)
      : disk_(disk),
        check_(check),
        number_(number),
        directory_(directory),
        files_(files),
        replay_(files.manifest, result_.segments),
        last_gsn_(files.manifest.log_gsn) {}

  ShardCheck run() {
    if (!files_.manifest_fault.empty()) problem(files_.manifest_fault);
    for (const std::uint64_t number : files_.missing)
      problem(directory_ + "/" + segment_name(number) + ": is missing, the manifest lists it");
    for (const std::string& name : files_.unfinished)
      note(name + ": left over from compaction, the next start removes it");
    bool first = true;
    for (const SegmentFile& segment : files_.segments) {
      if (segment.garbage) {
        note(segment_name(segment.number) + ": left over from compaction, the next start removes it");
        continue;
      }
      check_segment(segment, first);
      first = false;
    }
    replay_.count_chains();
    for (const auto& [segment, count] : replay_.hiding()) {
      if (files_.manifest_fault.empty())
        tell_out_of_order(directory_ + "/" + result_.segments[segment].name, count);
    }
    for (std::size_t db = 0; db < result_.keys.size(); ++db) result_.keys[db] = replay_.keys(db);
    return std::move(result_);
  }

 private:
  void tell_out_of_order(const std::string& path, std::uint64_t count) {
    problem(path + ": records that would replace newer ones: " + std::to_string(count));
  }
  void problem(std::string text) { result_.problems.push_back(std::move(text)); }
  void note(std::string text) { result_.notes.push_back(std::move(text)); }

  // Why a start would not read the segment; "" when it would.
  static std::string fault_of(const SegmentFile& segment) {
    const SegmentHeader& header = segment.header;
    if (segment.blank) return "has no header, but a segment behind it is sealed";
    if (!segment.fault.empty()) return segment.fault;
    if (header.sealed && (header.end_bytes > segment.file_bytes || header.end_bytes < kSegmentHeaderBytes)) {
      return "is " + std::to_string(segment.file_bytes) + " bytes long, " + std::to_string(header.end_bytes) +
             " were written";
    }
    if (segment.listed && !header.sealed) return "is not sealed, but the manifest lists it";
    if (!segment.tail && !header.sealed) return "is not sealed, but a segment behind it is sealed";
    return "";
  }

  void check_segment(const SegmentFile& segment, bool first) {
    if (segment.tail && (segment.blank || segment.file_bytes < kSegmentHeaderBytes)) {
      if (!segment.blank)
        note(segment_name(segment.number) + ": has no whole header, the next start sets it aside");
      return;
    }
    if (const std::string fault = fault_of(segment); !fault.empty())
      return problem(segment.path + ": " + fault);
    if (!in_sequence(segment, first)) return;
    const SegmentHeader& header = segment.header;
    result_.segments.emplace_back();
    SegmentCheck& found = result_.segments.back();
    found.name = segment_name(segment.number);
    found.kind = header.kind;
    found.sealed = header.sealed;
    found.lowest_gsn = header.lowest_gsn;
    auto file = disk_.open(segment.path);
    if (!file.ok()) return problem(file.message());
    read_records(**file, segment, found);
  }

  // What the manifest lists may begin anywhere, what follows is the log without a gap.
  bool in_sequence(const SegmentFile& segment, bool first) {
    const std::uint64_t lowest = segment.header.lowest_gsn;
    if (segment.listed || !files_.manifest_fault.empty() || lowest == last_gsn_ + 1) return true;
    if (segment.tail && !first) {
      note(segment_name(segment.number) + ": lies beyond the end of the log, the next start sets it aside");
      return false;
    }
    problem(segment.path + ": begins with GSN " + std::to_string(lowest) + ", but " +
            std::to_string(last_gsn_ + 1) + " comes next: a segment is missing or damaged");
    return true;
  }

  // None when there is none that can be used, and says so.
  std::optional<HintReader> load_hint(const SegmentFile& segment, SegmentCheck& found) {
    const std::string path = directory_ + "/" + hint_name(segment.number);
    found.hint = "no hint";
    if (!disk_.exists(path)) return std::nullopt;
    auto hint = open_hint(disk_, path, segment.header);
    if (!hint.ok()) {
      const bool older = is_older_hint(disk_, path);
      found.hint = older ? "old hint" : "bad hint";
      if (!older) problem(hint.message());
      return std::nullopt;
    }
    found.hint = "hint";
    return std::move(*hint);
  }

  void read_records(File& file, const SegmentFile& segment, SegmentCheck& found) {
    const std::optional<HintReader> hint = load_hint(segment, found);
    std::optional<HintComparison> comparison;
    if (hint) comparison.emplace(*hint);

    SegmentReader reader(file, segment.header, end_of(segment));
    bool in_void = false;
    const WalkEnd end = walk_records(reader, segment.header, [&](const HintEntry& entry) {
      TransactionHeader header;
      if (entry.record.kind == RecordKind::kTransaction &&
          TransactionHeader::decode(entry.record.value, header)) {
        in_void = check_.is_void(number_, header);
      }
      ++found.records;
      if (comparison) comparison->record(entry, in_void);
      if (!in_void && !replay_.apply(entry)) ++out_of_order_;
      in_void = in_void && entry.record.has(kContinues);
    });
    found.bytes = end.bytes;
    found.highest_gsn = end.gsn;
    last_gsn_ = segment.listed ? std::max(last_gsn_, end.gsn) : end.gsn;
    judge_end(segment, end, reader, found);
    if (comparison && end.bytes == end_of(segment)) judge_hint(segment, comparison->fault(), found);
    if (out_of_order_ != 0 && files_.manifest_fault.empty()) tell_out_of_order(segment.path, out_of_order_);
    out_of_order_ = 0;
  }

  void judge_end(const SegmentFile& segment, const WalkEnd& end, SegmentReader& reader, SegmentCheck& found) {
    const SegmentHeader& header = segment.header;
    if (end.outcome == Outcome::kError) return problem(reader.error().message());
    if (header.sealed) {
      if (end.bytes != header.end_bytes) {
        problem(reader.error().message());
      } else if (end.gsn != header.highest_gsn) {
        problem(segment.path + ": ends with GSN " + std::to_string(end.gsn) + ", its header says " +
                std::to_string(header.highest_gsn));
      }
      return;
    }
    const auto torn = reader.is_torn_at(end.bytes, end.gsn + 1);
    if (!torn.ok()) return problem(torn.message());
    if (*torn) found.note = "torn tail: the next start cuts it";
  }

  void judge_hint(const SegmentFile& segment, const std::string& fault, SegmentCheck& found) {
    if (fault.empty()) return;
    found.hint = "bad hint";
    problem(directory_ + "/" + hint_name(segment.number) + ": " + fault);
  }

  Disk& disk_;
  const DatabaseCheck& check_;
  const std::uint32_t number_;
  const std::string& directory_;
  const ShardFiles& files_;
  ShardCheck result_;
  Replay replay_;
  std::uint64_t last_gsn_;
  std::uint64_t out_of_order_ = 0;  // of the segment at hand
};

}  // namespace

DatabaseCheck::DatabaseCheck(Disk& disk, const DatabaseId& database, std::vector<std::string> directories)
    : disk_(disk), database_(database) {
  for (std::string& directory : directories) {
    Shard& shard = shards_.emplace_back();
    shard.directory = std::move(directory);
    auto files =
        ShardFiles::read(disk_, shard.directory, database_, static_cast<std::uint32_t>(shards_.size() - 1));
    if (!files.ok()) {
      shard.fault = files.message();
      continue;
    }
    shard.files = std::move(*files);
    read_transactions(shard);
  }
}

void DatabaseCheck::read_transactions(Shard& shard) {
  std::uint64_t last_gsn = shard.files.manifest.log_gsn;
  for (const SegmentFile& segment : shard.files.segments) {
    if (segment.garbage || !segment.fault.empty()) continue;
    if (segment.tail && segment.header.lowest_gsn != last_gsn + 1) break;
    last_gsn = std::max(last_gsn, read_transactions(shard, segment));
  }
}

// From its hint, as a start does, where there is one. Returns the highest GSN.
std::uint64_t DatabaseCheck::read_transactions(Shard& shard, const SegmentFile& segment) {
  const auto visit = [&](const HintEntry& entry) {
    TransactionHeader header;
    const Record& record = entry.record;
    if (record.kind == RecordKind::kTransaction && TransactionHeader::decode(record.value, header))
      shard.parts.insert(header.id);
    if (record.kind == RecordKind::kAbort && record.value.size() == 8)
      shard.aborted.insert(get<std::uint64_t>(record.value, 0));
  };
  const std::string hint_path = shard.directory + "/" + hint_name(segment.number);
  if (segment.header.sealed && disk_.exists(hint_path)) {
    auto hint = open_hint(disk_, hint_path, segment.header);
    if (hint.ok()) {
      hint->for_each(visit);
      return segment.header.highest_gsn;
    }
  }
  auto file = disk_.open(segment.path);
  if (!file.ok()) return 0;
  SegmentReader reader(**file, segment.header, end_of(segment));
  return walk_records(reader, segment.header, visit).gsn;
}

bool DatabaseCheck::is_void(std::uint32_t number, const TransactionHeader& header) const {
  if (shards_[number].aborted.contains(header.id)) return true;
  for (const Shard& shard : shards_) {
    if (header.id < shard.files.manifest.settled) return false;
  }
  for (std::size_t i = 0; i < header.count(); ++i) {
    const std::uint16_t shard = header.participant(i);
    if (shard >= shards_.size() || !shards_[shard].parts.contains(header.id)) return true;
  }
  return false;
}

ShardCheck DatabaseCheck::shard(std::uint32_t number) {
  Shard& shard = shards_[number];
  ShardCheck result;
  if (!shard.fault.empty()) {
    result.problems.push_back(shard.fault);
    return result;
  }
  return ShardChecker(disk_, *this, number, shard.directory, shard.files).run();
}

}  // namespace stave
