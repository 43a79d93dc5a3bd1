// SPDX-License-Identifier: Apache-2.0
#include "shards/hint.h"

#include <cassert>

#include "shards/crc32c.h"
#include "shards/limits.h"
#include "shards/packed.h"
#include "shards/segment_reader.h"

namespace stave {
namespace {

constexpr std::string_view kMagic = "STAVEHNT";
constexpr std::size_t kCrcAt = 12;
constexpr std::uint32_t kHintVersion = 3;
constexpr std::size_t kCountAt = 72;
constexpr std::size_t kHeaderBytes = 80;
constexpr std::size_t kEntryBytesMin = 7;

// Behind the entries' crc, that of the header with its field 0.
std::uint32_t with_header(std::uint32_t crc, std::string_view header) {
  constexpr char kNoCrc[4] = {};
  crc = crc32c(crc, header.data(), kCrcAt);
  crc = crc32c(crc, kNoCrc, sizeof kNoCrc);
  return crc32c(crc, header.data() + kCrcAt + sizeof kNoCrc, kHeaderBytes - kCrcAt - sizeof kNoCrc);
}

std::uint32_t file_crc(std::string_view bytes) {
  return with_header(crc32c(0, bytes.data() + kHeaderBytes, bytes.size() - kHeaderBytes), bytes);
}

// The sign in the lowest bit, so that small numbers stay small.
std::uint64_t fold(std::uint64_t number) {
  const auto is_negative = static_cast<std::int64_t>(number) < 0;
  return is_negative ? ~(number << 1) : number << 1;
}
std::uint64_t unfold(std::uint64_t folded) {
  return (folded & 1) != 0 ? ~(folded >> 1) : folded >> 1;
}

}  // namespace

HintWriter::HintWriter(Disk& disk, const std::string& directory, const SegmentHeader& segment)
    : segment_(segment),
      position_(segment),
      file_(disk, directory, hint_name(segment.number)),
      written_bytes_(kHeaderBytes) {}

void HintWriter::add(const Record& record, std::uint64_t offset_bytes) {
  assert(offset_bytes >= position_.offset_bytes);
  put(piece_, record.kind);
  put(piece_, record.flags);
  put(piece_, record.db);
  put_varint(piece_, (offset_bytes - position_.offset_bytes) / 8);
  put_varint(piece_, fold(record.gsn - position_.gsn));
  if (record.has(kHasExpiry)) put_varint(piece_, fold(static_cast<std::uint64_t>(record.expiry_ms)));
  put_varint(piece_, record.key.size());
  put_varint(piece_, record.value.size());
  piece_.append(record.key);
  if (hint_has_value(record.kind)) piece_.append(record.value);
  position_.pass(record, record.value.size(), offset_bytes);
  ++count_;
  if (piece_.size() >= limits::kHintPieceBytes) write_piece();
}

void HintWriter::write_piece() {
  crc_ = crc32c(crc_, piece_.data(), piece_.size());
  file_.write(written_bytes_, piece_);
  written_bytes_ += piece_.size();
  piece_.clear();
}

Status HintWriter::finish() {
  write_piece();
  std::string header(kMagic);
  put(header, kHintVersion);
  put(header, std::uint32_t{0});
  header.append(reinterpret_cast<const char*>(segment_.database.data()), segment_.database.size());
  put(header, segment_.shard);
  put(header, std::uint32_t{0});
  put(header, segment_.number);
  put(header, segment_.lowest_gsn);
  put(header, segment_.highest_gsn);
  put(header, segment_.end_bytes);
  put(header, count_);
  const std::uint32_t crc = with_header(crc_, header);
  header.replace(kCrcAt, sizeof crc, reinterpret_cast<const char*>(&crc), sizeof crc);
  file_.write(0, header);
  return file_.finish();
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
  HintReader reader(segment);
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
  // Else a count that is wrong would cost much memory before it is noticed.
  if (count_ > bytes_.size() / kEntryBytesMin) return Status::error("has a wrong length");
  Walk walk(*this);
  HintEntry entry;
  std::uint64_t found = 0;
  while (walk.next(entry)) ++found;
  return walk.rest_.empty() && found == count_ ? Status() : Status::error("has a wrong length");
}

HintReader::Walk::Walk(const HintReader& hint)
    : rest_(std::string_view(hint.bytes_).substr(kHeaderBytes)), position_(hint.begin_) {}

bool HintReader::Walk::next(HintEntry& entry) {
  if (rest_.size() < kEntryBytesMin) return false;
  std::string_view rest = rest_.substr(3);
  Record& record = entry.record;
  record = {
      get<RecordKind>(rest_, 0), get<std::uint8_t>(rest_, 1), get<std::uint8_t>(rest_, 2), 0, 0, {}, {}};
  const auto number = [&rest] {
    // Nearly all are of one byte.
    if (rest.empty() || static_cast<unsigned char>(rest.front()) >= 0x80) return take_varint(rest);
    const auto byte = static_cast<unsigned char>(rest.front());
    rest.remove_prefix(1);
    return std::optional<std::uint64_t>(byte);
  };
  const auto gap = number();
  const auto gsn_step = gap ? number() : gap;
  const auto expiry = gsn_step && record.has(kHasExpiry) ? number() : std::optional<std::uint64_t>(0);
  const auto key_bytes = gsn_step && expiry ? number() : std::nullopt;
  const auto value_bytes = key_bytes ? number() : key_bytes;
  if (!value_bytes) return false;
  const std::size_t stored_value_bytes = hint_has_value(record.kind) ? *value_bytes : 0;
  if (*gap > limits::kSegmentBytesMax / 8 || *key_bytes > rest.size() ||
      *value_bytes > limits::kSegmentBytesMax || stored_value_bytes > rest.size() - *key_bytes) {
    return false;
  }
  record.gsn = position_.gsn + unfold(*gsn_step);
  record.expiry_ms = static_cast<std::int64_t>(unfold(*expiry));
  record.key = rest.substr(0, *key_bytes);
  record.value = rest.substr(*key_bytes, stored_value_bytes);
  entry.value_bytes = static_cast<std::uint32_t>(*value_bytes);
  entry.offset_bytes = position_.offset_bytes + *gap * 8;
  if (entry.offset_bytes > limits::kSegmentBytesMax) return false;
  position_.pass(record, *value_bytes, entry.offset_bytes);
  rest_ = rest.substr(*key_bytes + stored_value_bytes);
  return true;
}

bool is_older_hint(Disk& disk, const std::string& path) {
  auto file = disk.open(path);
  char bytes[kCrcAt];
  if (!file.ok()) return false;
  const auto got = (*file)->read(0, bytes);
  const std::string_view header(bytes, sizeof bytes);
  return got.ok() && *got == header.size() && header.starts_with(kMagic) &&
         get<std::uint32_t>(header, kMagic.size()) < kHintVersion;
}

Status write_hint(Disk& disk, const std::string& directory, const SegmentHeader& segment,
                  const std::unordered_set<std::uint64_t>& void_transactions) {
  const std::string path = directory + "/" + segment_name(segment.number);
  auto file = disk.open(path);
  if (!file.ok()) return file.take_status();
  HintWriter writer(disk, directory, segment);
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
  return writer.finish();
}

}  // namespace stave
