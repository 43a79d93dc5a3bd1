// SPDX-License-Identifier: Apache-2.0
#include "shards/record.h"

#include <cstring>

#include "shards/crc32c.h"
#include "shards/limits.h"
#include "shards/packed.h"

namespace stave {
namespace {

constexpr std::size_t kKindAt = 4;
constexpr std::size_t kFlagsAt = 5;
constexpr std::size_t kDbAt = 6;
constexpr std::size_t kKeyBytesAt = 8;
constexpr std::size_t kValueBytesAt = 12;
constexpr std::size_t kGsnAt = 16;

template <typename T>
T load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

template <typename T>
void store(char* at, T value) {
  std::memcpy(at, &value, sizeof value);
}

// Bytes that the CRC covers end here, counted from the record's start.
std::size_t content_bytes(const char* record) {
  const bool has_expiry = (record[kFlagsAt] & kHasExpiry) != 0;
  return kRecordHeaderBytes + (has_expiry ? 8u : 0u) + load<std::uint32_t>(record + kKeyBytesAt) +
         std::size_t{load<std::uint32_t>(record + kValueBytesAt)};
}

bool known_kind(std::uint8_t kind) {
  return kind >= static_cast<std::uint8_t>(RecordKind::kString) &&
         kind <= static_cast<std::uint8_t>(kLastRecordKind);
}

}  // namespace

void encode_record(const Record& record, char* into) {
  store<std::uint32_t>(into, 0);
  into[kKindAt] = static_cast<char>(record.kind);
  into[kFlagsAt] = static_cast<char>(record.flags);
  into[kDbAt] = static_cast<char>(record.db);
  into[kDbAt + 1] = 0;
  store(into + kKeyBytesAt, static_cast<std::uint32_t>(record.key.size()));
  store(into + kValueBytesAt, static_cast<std::uint32_t>(record.value.size()));
  store(into + kGsnAt, record.gsn);
  char* at = into + kRecordHeaderBytes;
  if (record.has(kHasExpiry)) {
    store(at, record.expiry_ms);
    at += 8;
  }
  if (!record.key.empty()) std::memcpy(at, record.key.data(), record.key.size());
  at += record.key.size();
  if (!record.value.empty()) std::memcpy(at, record.value.data(), record.value.size());
  at += record.value.size();
  const auto written = static_cast<std::size_t>(at - into);
  std::memset(at, 0, ((written + 7) & ~std::size_t{7}) - written);
}

void finish_record(char* record, std::uint8_t flags, std::uint32_t seed) {
  record[kFlagsAt] = static_cast<char>(record[kFlagsAt] | flags);
  store(record, crc32c(seed, record + 4, content_bytes(record) - 4));
}

std::uint64_t encoded_record_bytes(std::string_view bytes) {
  if (bytes.size() < kRecordHeaderBytes) return 0;
  return (content_bytes(bytes.data()) + 7) & ~std::uint64_t{7};
}

std::uint64_t encoded_record_gsn(std::string_view bytes) {
  return load<std::uint64_t>(bytes.data() + kGsnAt);
}

DecodeResult decode_record(std::string_view bytes, std::uint32_t seed, Record& record, std::uint64_t& size,
                           bool verify) {
  size = kRecordHeaderBytes;
  if (bytes.size() < kRecordHeaderBytes) return DecodeResult::kTruncated;
  const char* at = bytes.data();
  const auto kind = static_cast<std::uint8_t>(at[kKindAt]);
  if (kind == 0 && load<std::uint64_t>(at) == 0 && load<std::uint64_t>(at + kGsnAt) == 0)
    return DecodeResult::kEnd;
  const auto key_bytes = load<std::uint32_t>(at + kKeyBytesAt);
  const auto value_bytes = load<std::uint32_t>(at + kValueBytesAt);
  if (!known_kind(kind) || static_cast<std::uint8_t>(at[kDbAt]) >= limits::kDatabases ||
      key_bytes > limits::kKeyBytesMax || value_bytes > limits::kValueBytesMax) {
    return DecodeResult::kBad;
  }
  record.flags = static_cast<std::uint8_t>(at[kFlagsAt]);
  size = record_bytes(key_bytes, value_bytes, record.has(kHasExpiry));
  if (bytes.size() < size) return DecodeResult::kTruncated;
  if (verify && load<std::uint32_t>(at) != crc32c(seed, at + 4, content_bytes(at) - 4))
    return DecodeResult::kBad;
  record.kind = static_cast<RecordKind>(kind);
  record.db = static_cast<std::uint8_t>(at[kDbAt]);
  record.gsn = load<std::uint64_t>(at + kGsnAt);
  const char* body = at + kRecordHeaderBytes;
  record.expiry_ms = 0;
  if (record.has(kHasExpiry)) {
    record.expiry_ms = load<std::int64_t>(body);
    body += 8;
  }
  record.key = {body, key_bytes};
  record.value = {body + key_bytes, value_bytes};
  return DecodeResult::kOk;
}

void PartRecord::end(std::string& value, std::uint32_t number, std::uint64_t elements) {
  char trailer[kTrailerBytes];
  store(trailer, number);
  store(trailer + sizeof number, elements);
  value.append(trailer, sizeof trailer);
}

bool PartRecord::decode(Type type, std::string_view value, PartRecord& part) {
  if (value.size() < kTrailerBytes) return false;
  const char* const trailer = value.data() + value.size() - kTrailerBytes;
  part.packed = value.substr(0, value.size() - kTrailerBytes);
  part.number = load<std::uint32_t>(trailer);
  part.elements = load<std::uint64_t>(trailer + sizeof part.number);
  return is_packed(type, part.packed);
}

bool TransactionHeader::decode(std::string_view value, TransactionHeader& header) {
  if (value.size() < 10 || value.size() % 2 != 0) return false;
  header.id = load<std::uint64_t>(value.data());
  header.participants = value.substr(8);
  return true;
}

std::uint16_t TransactionHeader::participant(std::size_t i) const {
  return load<std::uint16_t>(participants.data() + 2 * i);
}

}  // namespace stave
