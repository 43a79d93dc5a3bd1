// SPDX-License-Identifier: Apache-2.0
// Record: one change in the log, as bytes. Everything that a shard knows can be rebuilt from its records.
//
// Format, little-endian, padded with zeros to a multiple of 8 bytes:
//
//   record := crc u32 | kind u8 | flags u8 | db u8 | 0 u8 | key length u32 | value length u32 | GSN u64 |
//             [expiry i64, Unix ms, if kHasExpiry] | key | value
//
// The CRC32C covers everything after itself up to the end of the value, and its seed is the identity of the
// segment (database, shard, number), so that stale bytes of a recycled file never pass for records. A kind of
// 0 is no record: zeroed space ends the log. GSN, the sequence number, is dense and increasing in each shard.
//
// A batch (what one command did in a shard) is a run of records of which all but the last carry kContinues.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shards/entry.h"

namespace stave {

// Persistent: never renumber.
enum class RecordKind : std::uint8_t {
  kNone = 0,
  kString = 1,       // key = value
  kTombstone = 2,    // key is gone; no value
  kFlush = 3,        // every older record of `db` is dead; no key, no value
  kSwap = 4,         // value: for each of the 16 databases that clients select, the `db` of its records
  kTransaction = 5,  // opens a batch of a transaction over several shards: see TransactionHeader
  kAbort = 6,        // value: id u64 of a transaction whose batch in this shard is void
  kList = 7,         // key = a collection in its packed form (packed.h)
  kSet = 8,
  kZset = 9,
  kHash = 10,
  kListEdits = 11,  // value: changes of the collection that the key has (edits.h); and the key's expiry from
  kSetEdits = 12,   // now on
  kZsetEdits = 13,
  kHashEdits = 14,
  kListPart = 15,  // value: a part of a collection (chain.h): see PartRecord; and the key's expiry
  kSetPart = 16,
  kZsetPart = 17,
  kHashPart = 18,
};
inline constexpr RecordKind kLastRecordKind = RecordKind::kHashPart;

// Records of collections always have an expiry; 0: never.
constexpr bool is_value(RecordKind kind) {
  return kind == RecordKind::kString || (kind >= RecordKind::kList && kind <= RecordKind::kHash);
}
constexpr bool is_collection(RecordKind kind) {
  return is_value(kind) && kind != RecordKind::kString;
}
constexpr bool is_edits(RecordKind kind) {
  return kind >= RecordKind::kListEdits && kind <= RecordKind::kHashEdits;
}
constexpr bool is_part(RecordKind kind) {
  return kind >= RecordKind::kListPart && kind <= RecordKind::kHashPart;
}
// No value by itself, but a piece of one.
constexpr bool is_link(RecordKind kind) {
  return is_edits(kind) || is_part(kind);
}
// REQUIRES: is_value(kind) or is_link(kind).
constexpr Type type_of(RecordKind kind) {
  if (kind == RecordKind::kString) return Type::kString;
  const RecordKind first = is_part(kind)    ? RecordKind::kListPart
                           : is_edits(kind) ? RecordKind::kListEdits
                                            : RecordKind::kList;
  return static_cast<Type>(static_cast<int>(kind) - static_cast<int>(first) + static_cast<int>(Type::kList));
}
constexpr RecordKind kind_of(Type type) {
  if (type == Type::kString) return RecordKind::kString;
  return static_cast<RecordKind>(static_cast<int>(type) - static_cast<int>(Type::kList) +
                                 static_cast<int>(RecordKind::kList));
}
// REQUIRES: a collection.
constexpr RecordKind edits_of(Type type) {
  return static_cast<RecordKind>(static_cast<int>(type) - static_cast<int>(Type::kList) +
                                 static_cast<int>(RecordKind::kListEdits));
}
// REQUIRES: a collection.
constexpr RecordKind part_of(Type type) {
  return static_cast<RecordKind>(static_cast<int>(type) - static_cast<int>(Type::kList) +
                                 static_cast<int>(RecordKind::kListPart));
}
static_assert(kind_of(Type::kHash) == RecordKind::kHash && type_of(RecordKind::kSet) == Type::kSet);
static_assert(edits_of(Type::kHash) == RecordKind::kHashEdits);
static_assert(part_of(Type::kHash) == kLastRecordKind && type_of(RecordKind::kZsetPart) == Type::kZset);

enum RecordFlag : std::uint8_t {
  kHasExpiry = 1,
  kContinues = 2,
  kRawString = 4,  // OBJECT ENCODING raw
  // 8 and 16 are kept for compression and encryption.
  kChainHead = 32,      // of a collection: records of edits may follow it; of a part: it is the first
  kLastPart = 64,       // of a snapshot
  kFieldsExpire = 128,  // of a hash, its edits or its part: it has fields that expire
};

struct Record {
  RecordKind kind = RecordKind::kNone;
  std::uint8_t flags = 0;
  std::uint8_t db = 0;
  std::uint64_t gsn = 0;
  std::int64_t expiry_ms = 0;  // with kHasExpiry
  std::string_view key;
  std::string_view value;

  bool has(RecordFlag flag) const { return (flags & flag) != 0; }
};

inline constexpr std::size_t kRecordHeaderBytes = 24;

// Bytes in the log of a record of this shape, padding included.
constexpr std::uint64_t record_bytes(std::uint64_t key_bytes, std::uint64_t value_bytes, bool has_expiry) {
  return (kRecordHeaderBytes + (has_expiry ? 8 : 0) + key_bytes + value_bytes + 7) & ~std::uint64_t{7};
}

// Of the record that the entry points at.
inline std::uint64_t record_bytes(const Entry& entry) {
  const bool has_expiry = entry.type() != Type::kString || entry.has(Entry::kExpires);
  return record_bytes(entry.key_bytes(), entry.value_bytes(), has_expiry);
}

// Writes the record with flags and CRC still open; finish_record() must follow. REQUIRES: `into` has
// record_bytes() bytes.
void encode_record(const Record& record, char* into);
// Adds `flags` to the encoded record and computes its CRC.
void finish_record(char* record, std::uint8_t flags, std::uint32_t seed);

// What the record at the start of `bytes` takes by its header, checked or not; 0 when its header is not there
// as a whole.
std::uint64_t encoded_record_bytes(std::string_view bytes);

// Likewise its GSN. REQUIRES: kRecordHeaderBytes bytes.
std::uint64_t encoded_record_gsn(std::string_view bytes);

enum class DecodeResult : std::uint8_t {
  kOk,
  kEnd,        // zeros: nothing was written here
  kTruncated,  // the bytes at hand end before the record does
  kBad,        // checksum or shape is wrong
};
// Decodes the record at the start of `bytes`. On kOk the views of `record` point into `bytes` and `size` is
// what it takes, padding included. On kTruncated `size` is what it would take (at least kRecordHeaderBytes).
// `verify` is false for Fault::kSkipChecksum only.
DecodeResult decode_record(std::string_view bytes, std::uint32_t seed, Record& record, std::uint64_t& size,
                           bool verify = true);

// What a part carries as its value: packed (packed.h; the encoding of the collection, and so many elements as
// the part has) | number u32, the first is 0 | elements of the whole collection u64.
struct PartRecord {
  static constexpr std::size_t kTrailerBytes = 12;

  std::string_view packed;
  std::uint32_t number = 0;
  std::uint64_t elements = 0;

  // Adds what follows the packed form.
  static void end(std::string& value, std::uint32_t number, std::uint64_t elements);
  static bool decode(Type type, std::string_view value, PartRecord& part);
};

// What a kTransaction record carries as its value: id u64, then the shards that take part, u16 each. A
// transaction counts only when all of them have it.
struct TransactionHeader {
  std::uint64_t id = 0;
  std::string_view participants;  // u16 little-endian each
  static bool decode(std::string_view value, TransactionHeader& header);
  std::size_t count() const { return participants.size() / 2; }
  std::uint16_t participant(std::size_t i) const;
};

}  // namespace stave
