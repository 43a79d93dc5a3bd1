// SPDX-License-Identifier: Apache-2.0
#include "shards/check.h"

#include <algorithm>
#include <unordered_set>

#include "shards/hint.h"
#include "shards/segment_reader.h"

namespace stave {
namespace {

// What the log says of the keys, by database of the log; and which of these clients see where.
struct Keys {
  std::array<std::unordered_set<std::string>, limits::kDatabases> names;
  std::array<std::uint8_t, limits::kDatabases> db_map{};

  void apply(const Record& record) {
    switch (record.kind) {
      case RecordKind::kString:
        names[record.db].emplace(record.key);
        break;
      case RecordKind::kTombstone:
        names[record.db].erase(std::string(record.key));
        break;
      case RecordKind::kFlush:
        names[record.db].clear();
        break;
      case RecordKind::kSwap:
        if (record.value.size() == db_map.size())
          record.value.copy(reinterpret_cast<char*>(db_map.data()), db_map.size());
        break;
      default:
        break;
    }
  }
};

class Checker {
 public:
  Checker(Disk& disk, const std::string& directory, const DatabaseId& database, std::uint32_t shard)
      : disk_(disk), directory_(directory), database_(database), shard_(shard) {
    for (std::size_t db = 0; db < keys_.db_map.size(); ++db) keys_.db_map[db] = static_cast<std::uint8_t>(db);
  }

  ShardCheck run() {
    auto names = disk_.list(directory_);
    if (!names.ok()) {
      problem(names.message());
      return std::move(result_);
    }
    std::vector<std::uint64_t> numbers;
    for (const std::string& name : *names) {
      if (const std::uint64_t number = parse_segment_name(name, ".seg"); number != 0)
        numbers.push_back(number);
    }
    std::sort(numbers.begin(), numbers.end());
    std::vector<Found> found;
    for (const std::uint64_t number : numbers) find_segment(number, found);
    // As recovery sees it: what follows the last sealed segment is the tail.
    for (auto segment = found.rbegin(); segment != found.rend() && !segment->header.sealed; ++segment)
      segment->tail = true;
    for (const Found& segment : found) check_segment(segment, &segment == &found.front());
    for (std::size_t db = 0; db < keys_.db_map.size(); ++db) {
      const std::size_t log_db = std::min<std::size_t>(keys_.db_map[db], limits::kDatabases - 1);
      result_.keys[db] = keys_.names[log_db].size();
    }
    return std::move(result_);
  }

 private:
  void problem(std::string text) { result_.problems.push_back(std::move(text)); }

  // A record that outlives the reader's views.
  class Held {
   public:
    explicit Held(const Record& record) : record_(record), bytes_(record.key) { bytes_.append(record.value); }
    Record view() const {
      Record record = record_;
      record.key = std::string_view(bytes_).substr(0, record_.key.size());
      record.value = std::string_view(bytes_).substr(record_.key.size());
      return record;
    }

   private:
    Record record_;
    std::string bytes_;
  };

  struct Found {
    std::string path;
    std::uint64_t file_bytes = 0;
    SegmentHeader header;
    bool blank = false;
    bool tail = false;
  };

  void find_segment(std::uint64_t number, std::vector<Found>& found) {
    Found segment;
    segment.path = directory_ + "/" + segment_name(number);
    auto file = disk_.open(segment.path);
    if (!file.ok()) return problem(file.message());
    auto size = (*file)->size();
    std::string block(kSegmentHeaderBytes, '\0');
    auto got = (*file)->read(0, block);
    if (!size.ok() || !got.ok()) return problem(segment.path + ": cannot be read");
    segment.file_bytes = *size;
    const bool zeros = std::all_of(block.begin(), block.end(), [](char c) { return c == 0; });
    segment.blank = zeros || *got < kSegmentHeaderBytes;
    if (!segment.blank) {
      auto header = SegmentHeader::decode(std::string_view(block).substr(0, *got));
      if (!header.ok()) return problem(segment.path + ": " + header.message());
      if (header->database != database_ || header->shard != shard_ || header->number != number)
        return problem(segment.path + ": belongs to another database, shard or number");
      segment.header = *header;
    }
    found.push_back(std::move(segment));
  }

  void check_segment(const Found& found, bool first) {
    const SegmentHeader& header = found.header;
    if (!found.tail && (found.blank || !header.sealed)) {
      return problem(found.path + ": " + (found.blank ? "has no header" : "is not sealed") +
                     ", but a segment behind it is sealed");
    }
    if (found.blank) return;  // made and never written to
    SegmentCheck segment;
    segment.name = segment_name(header.number);
    segment.sealed = header.sealed;
    segment.lowest_gsn = header.lowest_gsn;
    if (header.lowest_gsn != next_gsn_) {
      if (found.tail && !first) {
        segment.note = ", beyond the end of the log: the next start sets it aside";
        result_.segments.push_back(segment);
        return;
      }
      problem(found.path + ": begins with GSN " + std::to_string(header.lowest_gsn) + ", but " +
              std::to_string(next_gsn_) + " comes next: a segment is missing or damaged");
      next_gsn_ = header.lowest_gsn;
    }
    auto file = disk_.open(found.path);
    if (!file.ok()) return problem(file.message());
    read_records(**file, header, found.file_bytes, found.path, segment);
    check_hint(header, segment);
    result_.segments.push_back(segment);
  }

  void read_records(File& file, const SegmentHeader& header, std::uint64_t size, const std::string& path,
                    SegmentCheck& segment) {
    const std::uint64_t end = header.sealed ? header.end_bytes : size;
    if (header.sealed && end > size)
      return problem(path + ": is " + std::to_string(size) + " bytes long, " + std::to_string(end) +
                     " were written");
    SegmentReader reader(file, header, end);
    offsets_.clear();
    segment.bytes = kSegmentHeaderBytes;
    segment.highest_gsn = next_gsn_ - 1;
    std::vector<Held> batch;  // of which the last record is still to come
    Record record;
    std::uint64_t offset = 0;
    SegmentReader::Outcome outcome;
    while ((outcome = reader.next(record, offset)) == SegmentReader::Outcome::kRecord) {
      if (record.gsn != segment.highest_gsn + batch.size() + 1) {
        reader.step_back(offset);
        break;
      }
      offsets_.insert(offset);
      if (record.has(kContinues)) {
        batch.emplace_back(record);
        continue;
      }
      for (const Held& held : batch) keys_.apply(held.view());
      keys_.apply(record);
      segment.records += batch.size() + 1;
      segment.highest_gsn = record.gsn;
      segment.bytes = reader.offset();
      batch.clear();
    }
    next_gsn_ = segment.highest_gsn + 1;
    if (outcome == SegmentReader::Outcome::kError) return problem(reader.error().message());
    if (header.sealed) {
      if (segment.bytes != end || segment.highest_gsn != header.highest_gsn)
        problem(reader.error().message());
      return;
    }
    const auto torn = reader.is_torn_at(segment.bytes, segment.highest_gsn + 1);
    if (!torn.ok()) return problem(torn.message());
    if (*torn) segment.note = ", torn tail: the next start cuts it";
  }

  // A hint must name records that are there; it may leave out void transactions.
  void check_hint(const SegmentHeader& header, SegmentCheck& segment) {
    segment.hint = "no hint";
    const std::string path = directory_ + "/" + hint_name(header.number);
    if (!disk_.exists(path)) return;
    segment.hint = "bad hint";
    auto file = disk_.open(path);
    auto size = file.ok() ? (*file)->size() : Result<std::uint64_t>(file.take_status());
    if (!size.ok()) return problem(size.message());
    std::string bytes(*size, '\0');
    auto got = (*file)->read(0, bytes);
    if (!got.ok()) return problem(got.message());
    auto hint = HintReader::open(std::move(bytes), header);
    if (!hint.ok()) return problem(path + ": " + hint.message());
    std::uint64_t wrong = 0;
    hint->for_each([&](const HintEntry& entry) { wrong += offsets_.contains(entry.offset_bytes) ? 0 : 1; });
    if (wrong != 0)
      return problem(path + ": " + std::to_string(wrong) + " entries name no record of the segment");
    segment.hint = "hint";
  }

  Disk& disk_;
  const std::string directory_;
  const DatabaseId database_;
  const std::uint32_t shard_;
  ShardCheck result_;
  Keys keys_;
  std::unordered_set<std::uint64_t> offsets_;  // of the present segment's records
  std::uint64_t next_gsn_ = 1;
};

}  // namespace

ShardCheck check_shard(Disk& disk, const std::string& directory, const DatabaseId& database,
                       std::uint32_t shard) {
  return Checker(disk, directory, database, shard).run();
}

}  // namespace stave
