// SPDX-License-Identifier: Apache-2.0
// Fuzzes what reads bytes of the log: records (raw, and with their checksum made right so that what lies
// behind it is reached), hints and manifests. Nothing may read out of bounds, and what decodes must encode to
// the same bytes.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "shards/hint.h"
#include "shards/manifest.h"
#include "shards/record.h"

namespace {

constexpr std::uint32_t kSeed = 12345;

void require(bool holds) {
  if (!holds) std::abort();
}

void decode(std::string bytes) {
  stave::Record record;
  std::uint64_t size = 0;
  const stave::DecodeResult result = stave::decode_record(bytes, kSeed, record, size);
  if (result != stave::DecodeResult::kOk) return;
  require(size <= bytes.size() && size % 8 == 0);
  require(size == stave::record_bytes(record.key.size(), record.value.size(), record.has(stave::kHasExpiry)));
  std::string again(size, '\xff');
  stave::encode_record(record, again.data());
  stave::finish_record(again.data(), 0, kSeed);
  stave::Record same;
  std::uint64_t same_size = 0;
  require(stave::decode_record(again, kSeed, same, same_size) == stave::DecodeResult::kOk);
  require(same.key == record.key && same.value == record.value && same.gsn == record.gsn &&
          same_size == size);
  stave::TransactionHeader header;
  if (record.kind == stave::RecordKind::kTransaction &&
      stave::TransactionHeader::decode(record.value, header)) {
    for (std::size_t i = 0; i < header.count(); ++i) static_cast<void>(header.participant(i));
  }
}

// Gives the bytes a right checksum, if their lengths fit.
void mend_record(std::string& bytes) {
  if (bytes.size() < stave::kRecordHeaderBytes) return;
  std::uint32_t key_bytes = 0;
  std::uint32_t value_bytes = 0;
  std::memcpy(&key_bytes, bytes.data() + 8, 4);
  std::memcpy(&value_bytes, bytes.data() + 12, 4);
  const std::uint64_t size = stave::record_bytes(key_bytes, value_bytes, (bytes[5] & stave::kHasExpiry) != 0);
  if (size <= bytes.size()) stave::finish_record(bytes.data(), 0, kSeed);
}

void read_hint(std::string bytes) {
  auto hint = stave::HintReader::open(std::move(bytes), stave::SegmentHeader{});
  if (!hint.ok()) return;
  std::size_t seen = 0;
  hint->for_each([&](const stave::HintEntry& entry) { seen += 1 + entry.record.key.size() % 2; });
  require(seen >= hint->count());
}

void read_manifest(const std::string& bytes) {
  auto manifest = stave::Manifest::decode(bytes, stave::DatabaseId{}, 0);
  if (manifest.ok()) require(manifest->encode(stave::DatabaseId{}, 0) == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  decode(bytes);
  std::string mended = bytes;
  mend_record(mended);
  decode(std::move(mended));
  read_hint(bytes);
  std::string hint = bytes;
  stave::HintReader::mend_for_fuzzing(hint);
  read_hint(std::move(hint));
  read_manifest(bytes);
  std::string manifest = bytes;
  stave::Manifest::mend_for_fuzzing(manifest);
  read_manifest(manifest);
  return 0;
}
