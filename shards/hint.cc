// SPDX-License-Identifier: Apache-2.0
#include "shards/hint.h"

#include "shards/crc32c.h"
#include "shards/segment_reader.h"

namespace stave {
namespace {

constexpr std::string_view kMagic = "STAVEHNT";
constexpr std::size_t kCrcAt = 12;
constexpr std::uint32_t kHintVersion = 2;
constexpr std::size_t kEntryBytes = 24;
constexpr std::size_t kCountAt = 72;

std::uint32_t file_crc(std::string_view bytes) {
  const std::uint32_t before = crc32c(0, bytes.data(), kCrcAt);
  return crc32c(before, bytes.data() + kCrcAt + 4, bytes.size() - kCrcAt - 4);
}

std::size_t entry_bytes(const HintEntry& entry) {
  return kEntryBytes + (entry.record.has(kHasExpiry) ? 8 : 0) + entry.record.key.size() +
         entry.record.value.size();
}

}  // namespace

void HintWriter::add(const Record& record, std::uint64_t offset_bytes) {
  put(entries_, record.kind);
  put(entries_, record.flags);
  put(entries_, record.db);
  put(entries_, std::uint8_t{0});
  put(entries_, static_cast<std::uint32_t>(record.key.size()));
  put(entries_, static_cast<std::uint32_t>(record.value.size()));
  put(entries_, static_cast<std::uint32_t>(offset_bytes / 8));
  put(entries_, record.gsn);
  if (record.has(kHasExpiry)) put(entries_, record.expiry_ms);
  entries_.append(record.key);
  if (hint_has_value(record.kind)) entries_.append(record.value);
  ++count_;
}

Status HintWriter::write(Disk& disk, const std::string& directory, const std::string& name) {
  std::string bytes(kMagic);
  put(bytes, kHintVersion);
  put(bytes, std::uint32_t{0});
  bytes.append(reinterpret_cast<const char*>(segment_.database.data()), segment_.database.size());
  put(bytes, segment_.shard);
  put(bytes, std::uint32_t{0});
  put(bytes, segment_.number);
  put(bytes, segment_.lowest_gsn);
  put(bytes, segment_.highest_gsn);
  put(bytes, segment_.end_bytes);
  put(bytes, count_);
  bytes.append(entries_);
  entries_.clear();
  entries_.shrink_to_fit();
  const std::uint32_t crc = file_crc(bytes);
  bytes.replace(kCrcAt, 4, reinterpret_cast<const char*>(&crc), 4);

  return replace_file(disk, directory, name, bytes);
}

Result<HintReader> HintReader::open(std::string bytes, const SegmentHeader& segment) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with(kMagic))
    return Status::error("is not a hint of Stave");
  if (get<std::uint32_t>(bytes, 8) != kHintVersion) return Status::error("has another format version");
  if (get<std::uint32_t>(bytes, kCrcAt) != file_crc(bytes)) return Status::error("has a wrong checksum");
  const std::string_view id(reinterpret_cast<const char*>(segment.database.data()), segment.database.size());
  if (std::string_view(bytes).substr(16, 16) != id || get<std::uint32_t>(bytes, 32) != segment.shard ||
      get<std::uint64_t>(bytes, 40) != segment.number ||
      get<std::uint64_t>(bytes, 48) != segment.lowest_gsn ||
      get<std::uint64_t>(bytes, 56) != segment.highest_gsn ||
      get<std::uint64_t>(bytes, 64) != segment.end_bytes) {
    return Status::error("belongs to another segment");
  }
  HintReader reader;
  reader.count_ = get<std::uint64_t>(bytes, kCountAt);
  reader.bytes_ = std::move(bytes);
  if (auto status = reader.check_entries(); !status.ok()) return status;
  return reader;
}

Result<SegmentHeader> HintReader::segment_of(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes) return Status::error("is not a hint of Stave");
  SegmentHeader header;
  bytes.copy(reinterpret_cast<char*>(header.database.data()), header.database.size(), 16);
  header.shard = get<std::uint32_t>(bytes, 32);
  header.number = header.order = get<std::uint64_t>(bytes, 40);
  header.lowest_gsn = get<std::uint64_t>(bytes, 48);
  header.highest_gsn = get<std::uint64_t>(bytes, 56);
  header.end_bytes = get<std::uint64_t>(bytes, 64);
  header.sealed = true;
  return header;
}

std::optional<std::uint64_t> HintReader::announced_count(File& file) {
  char bytes[sizeof(std::uint64_t)];
  const auto got = file.read(kCountAt, bytes);
  if (!got.ok() || *got != sizeof bytes) return std::nullopt;
  return get<std::uint64_t>({bytes, sizeof bytes}, 0);
}

void HintReader::mend_for_fuzzing(std::string& bytes) {
  if (bytes.size() < kHeaderBytes) return;
  bytes.replace(0, kMagic.size(), kMagic);
  std::string fields;
  put(fields, kHintVersion);
  put(fields, std::uint32_t{0});
  fields.resize(kCountAt - kMagic.size(), '\0');
  bytes.replace(kMagic.size(), fields.size(), fields);
  const std::uint32_t crc = file_crc(bytes);
  bytes.replace(kCrcAt, 4, reinterpret_cast<const char*>(&crc), 4);
}

// The checksum already says that these are the bytes that were written; this keeps a reader inside them
// regardless.
Status HintReader::check_entries() const {
  std::size_t at = kHeaderBytes;
  for (std::uint64_t i = 0; i < count_; ++i) {
    if (bytes_.size() - at < kEntryBytes) return Status::error("has a wrong length");
    const std::string_view entry = std::string_view(bytes_).substr(at);
    const bool has_expiry = (get<std::uint8_t>(entry, 1) & kHasExpiry) != 0;
    const bool has_value = hint_has_value(get<RecordKind>(entry, 0));
    const std::uint64_t size = kEntryBytes + (has_expiry ? 8u : 0u) +
                               std::uint64_t{get<std::uint32_t>(entry, 4)} +
                               (has_value ? get<std::uint32_t>(entry, 8) : 0u);
    if (entry.size() < size) return Status::error("has a wrong length");
    at += size;
  }
  return at == bytes_.size() ? Status() : Status::error("has a wrong length");
}

bool HintReader::next(std::size_t& at, HintEntry& entry) const {
  if (at == 0) at = kHeaderBytes;
  if (at == bytes_.size()) return false;
  entry = decode(at);
  return true;
}

HintEntry HintReader::decode(std::size_t& at) const {
  const std::string_view bytes = std::string_view(bytes_).substr(at);
  HintEntry entry;
  entry.record.kind = get<RecordKind>(bytes, 0);
  entry.record.flags = get<std::uint8_t>(bytes, 1);
  entry.record.db = get<std::uint8_t>(bytes, 2);
  const auto key_bytes = get<std::uint32_t>(bytes, 4);
  entry.value_bytes = get<std::uint32_t>(bytes, 8);
  entry.offset_bytes = std::uint64_t{get<std::uint32_t>(bytes, 12)} * 8;
  entry.record.gsn = get<std::uint64_t>(bytes, 16);
  std::size_t body = kEntryBytes;
  if (entry.record.has(kHasExpiry)) {
    entry.record.expiry_ms = get<std::int64_t>(bytes, body);
    body += 8;
  }
  entry.record.key = bytes.substr(body, key_bytes);
  if (hint_has_value(entry.record.kind)) {
    entry.record.value = bytes.substr(body + key_bytes, entry.value_bytes);
  }
  at += entry_bytes(entry);
  return entry;
}

Status write_hint(Disk& disk, const std::string& directory, const SegmentHeader& segment,
                  const std::unordered_set<std::uint64_t>& void_transactions) {
  const std::string path = directory + "/" + segment_name(segment.number);
  auto file = disk.open(path);
  if (!file.ok()) return file.take_status();
  HintWriter writer(segment);
  SegmentReader reader(**file, segment, segment.end_bytes);
  bool skipping = false;
  Record record;
  std::uint64_t offset = 0;
  while (reader.next(record, offset) == SegmentReader::Outcome::kRecord) {
    if (record.kind == RecordKind::kTransaction) {
      TransactionHeader header;
      if (!TransactionHeader::decode(record.value, header))
        return Status::error(path + ": bad transaction record");
      skipping = void_transactions.contains(header.id);
    }
    if (!skipping) writer.add(record, offset);
    if (!record.has(kContinues)) skipping = false;
  }
  if (reader.offset() != segment.end_bytes) return reader.error();
  return writer.write(disk, directory, hint_name(segment.number));
}

}  // namespace stave
