// SPDX-License-Identifier: Apache-2.0
// Redis' error texts, once. A command returns one of these as its Status; the reply writer adds the leading
// '-'.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "shards/status.h"

namespace stave::errors {

// What Redis shows of a client's bytes in an error: so much of them, and nothing from a NUL on.
inline constexpr std::size_t kBytesShown = 128;
inline std::string_view shown(std::string_view bytes, std::size_t bytes_max = kBytesShown) {
  return bytes.substr(0, std::min(bytes_max, bytes.find('\0')));
}

// `container` in upper case: "CLIENT".
inline Status unknown_subcommand(std::string_view subcommand, std::string_view container) {
  return Status::error("ERR unknown subcommand '" + std::string(shown(subcommand)) + "'. Try " +
                       std::string(container) + " HELP.");
}
inline Status wrong_subcommand_arguments(std::string_view subcommand, std::string_view container) {
  return Status::error("ERR unknown subcommand or wrong number of arguments for '" +
                       std::string(shown(subcommand)) + "'. Try " + std::string(container) + " HELP.");
}

inline constexpr Error kWrongType{"WRONGTYPE Operation against a key holding the wrong kind of value"};
inline constexpr Error kSyntax{"ERR syntax error"};
inline constexpr Error kNotAnInteger{"ERR value is not an integer or out of range"};
inline constexpr Error kNotAnInt{"ERR value is out of range, value must between -2147483648 and 2147483647"};
inline constexpr Error kNotAFloat{"ERR value is not a valid float"};
inline constexpr Error kOverflow{"ERR increment or decrement would overflow"};
inline constexpr Error kDecrementOverflow{"ERR decrement would overflow"};
inline constexpr Error kNanOrInfinity{"ERR increment would produce NaN or Infinity"};
inline constexpr Error kStringTooLong{"ERR string exceeds maximum allowed size (proto-max-bulk-len)"};
inline constexpr Error kOffsetOutOfRange{"ERR offset is out of range"};
inline constexpr Error kNoSuchKey{"ERR no such key"};
inline constexpr Error kSameObject{"ERR source and destination objects are the same"};
inline constexpr Error kIndexOutOfRange{"ERR DB index is out of range"};
inline constexpr Error kOutOfMemory{"OOM command not allowed when used memory > 'maxmemory'."};
inline constexpr Error kNotInMulti{"ERR Command not allowed inside a transaction"};
inline constexpr Error kNoAuth{"NOAUTH Authentication required."};

// Expiry.
inline constexpr Error kExpireNxWithOther{
    "ERR NX and XX, GT or LT options at the same time are not compatible"};
inline constexpr Error kExpireGtWithLt{"ERR GT and LT options at the same time are not compatible"};

// LCS.
inline constexpr Error kLcsNotStrings{"ERR The specified keys must contain string values"};
inline constexpr Error kLcsLenWithIdx{"ERR If you want both the length and indexes, please just use IDX."};
inline constexpr Error kLcsTooLong{"ERR String too long for LCS"};
inline constexpr Error kLcsMemory{
    "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"};

// Bitmaps.
inline constexpr Error kBitOffset{"ERR bit offset is not an integer or out of range"};
inline constexpr Error kBitValue{"ERR bit is not an integer or out of range"};
inline constexpr Error kBitposBit{"ERR The bit argument must be 1 or 0."};
inline constexpr Error kBitopNot{"ERR BITOP NOT must be called with a single source key."};
inline constexpr Error kBitfieldType{
    "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."};
inline constexpr Error kBitfieldOverflow{"ERR Invalid OVERFLOW type specified"};
inline constexpr Error kBitfieldReadOnly{"ERR BITFIELD_RO only supports the GET subcommand"};

// HyperLogLog.
inline constexpr Error kNotHyperLogLog{"WRONGTYPE Key is not a valid HyperLogLog string value."};
inline constexpr Error kDamagedHyperLogLog{"INVALIDOBJ Corrupted HLL object detected"};

// RESTORE.
inline constexpr Error kBusyKey{"BUSYKEY Target key name already exists."};
inline constexpr Error kInvalidTtl{"ERR Invalid TTL value, must be >= 0"};
inline constexpr Error kInvalidIdleTime{"ERR Invalid IDLETIME value, must be >= 0"};
inline constexpr Error kInvalidFrequency{"ERR Invalid FREQ value, must be >= 0 and <= 255"};
inline constexpr Error kBadDumpFooter{"ERR DUMP payload version or checksum are wrong"};
inline constexpr Error kBadDataFormat{"ERR Bad data format"};

// OBJECT.
inline constexpr Error kLfuPolicy{
    "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between "
    "policies at runtime LRU and LFU data will take some time to adjust."};
inline constexpr Error kNoLfuPolicy{
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when "
    "switching "
    "between policies at runtime LRU and LFU data will take some time to adjust."};

// `command` is the full name in lower case: "set", "object|encoding".
inline Status only_while_not_listening(std::string_view command) {
  return Status::error("ERR Can't execute '" + std::string(command) +
                       "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this "
                       "context");
}
inline Status wrong_arity(std::string_view command) {
  return Status::error("ERR wrong number of arguments for '" + std::string(command) + "' command");
}
inline Status invalid_expire_time(std::string_view command) {
  return Status::error("ERR invalid expire time in '" + std::string(command) + "' command");
}

}  // namespace stave::errors
