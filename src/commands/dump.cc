// SPDX-License-Identifier: Apache-2.0
// DUMP and RESTORE: a value as bytes that a Redis takes, and back.
//
//   payload := value (rdb_value.h) | version of the format u16 | crc64 of all that u64     (little-endian)
#include <cstring>
#include <limits>
#include <string>

#include "src/ascii.h"
#include "src/commands/arguments.h"
#include "src/commands/keys.h"
#include "src/crc64.h"
#include "src/rdb_value.h"

namespace stave {
namespace {

constexpr std::size_t kFooterBytes = sizeof(std::uint16_t) + sizeof(std::uint64_t);

template <typename Number>
Number number_at(std::string_view bytes, std::size_t at) {
  Number number = 0;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

template <typename Number>
void put(std::string& out, Number number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

// The bytes of the value in a payload that is whole, and not of a later version.
Result<std::string_view> value_of(std::string_view payload) {
  if (payload.size() < kFooterBytes) return errors::kBadDumpFooter;
  const std::size_t value_bytes = payload.size() - kFooterBytes;
  const std::size_t checked_bytes = value_bytes + sizeof(std::uint16_t);
  if (number_at<std::uint16_t>(payload, value_bytes) > kRdbVersionMax ||
      number_at<std::uint64_t>(payload, checked_bytes) != crc64(payload.substr(0, checked_bytes))) {
    return errors::kBadDumpFooter;
  }
  return payload.substr(0, value_bytes);
}

// What IDLETIME and FREQ say is checked and not kept.
struct RestoreOptions {
  bool replace = false;
  bool absolute = false;  // ABSTTL
  bool has_idle_time = false;
  bool has_frequency = false;
};

Status check_number(std::string_view text, std::int64_t max, Error out_of_range) {
  auto number = integer_argument(text);
  if (!number.ok()) return number.take_status();
  return *number < 0 || *number > max ? Status(out_of_range) : Status();
}

// [REPLACE] [ABSTTL] [IDLETIME seconds | FREQ frequency]
Result<RestoreOptions> parse_restore_options(Args words) {
  constexpr std::int64_t kFrequencyMax = 255;
  RestoreOptions options;
  for (std::size_t at = 0; at < words.size(); ++at) {
    const bool has_operand = at + 1 < words.size();
    Status status;
    if (ascii::equal(words[at], "replace")) {
      options.replace = true;
    } else if (ascii::equal(words[at], "absttl")) {
      options.absolute = true;
    } else if (ascii::equal(words[at], "idletime") && has_operand && !options.has_frequency) {
      options.has_idle_time = true;
      status = check_number(words[++at], std::numeric_limits<std::int64_t>::max(), errors::kInvalidIdleTime);
    } else if (ascii::equal(words[at], "freq") && has_operand && !options.has_idle_time) {
      options.has_frequency = true;
      status = check_number(words[++at], kFrequencyMax, errors::kInvalidFrequency);
    } else {
      return errors::kSyntax;
    }
    if (!status.ok()) return status;
  }
  return options;
}

// Unix time in ms, 0 = never.
Result<std::int64_t> parse_expiry(const Context& context, std::string_view text, bool absolute) {
  auto ttl_ms = integer_argument(text);
  if (!ttl_ms.ok()) return ttl_ms.take_status();
  if (*ttl_ms < 0) return errors::kInvalidTtl;
  if (*ttl_ms == 0 || absolute) return *ttl_ms;
  constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max();
  return *ttl_ms > kLatest - context.now_ms ? kLatest : *ttl_ms + context.now_ms;
}

}  // namespace

Status dump(Context& context, Args args) {
  auto found = context.value(args[1]);
  if (!found.ok()) return found.take_status();
  context.count(args[1], found->exists);
  if (!found->exists) {
    context.reply.null();
    return {};
  }
  std::string payload;
  put_rdb_value(payload, *found, context.limits.collections);
  put(payload, rdb_version(payload));
  put(payload, crc64(payload));
  context.reply.bulk(payload);
  return {};
}

// RESTORE key ttl payload [REPLACE] [ABSTTL] [IDLETIME seconds | FREQ frequency]
Status restore(Context& context, Args args) {
  auto options = parse_restore_options(args.subspan(4));
  if (!options.ok()) return options.take_status();
  const bool exists = context.peek(args[1]).exists;
  if (exists && !options->replace) return errors::kBusyKey;
  auto expiry_ms = parse_expiry(context, args[2], options->absolute);
  if (!expiry_ms.ok()) return expiry_ms.take_status();
  auto bytes = value_of(args[3]);
  if (!bytes.ok()) return bytes.take_status();
  auto value = parse_rdb_value(*bytes, context.limits.collections);
  if (!value.ok()) return value.take_status();
  Status status;
  if (*expiry_ms == 0 || *expiry_ms > context.now_ms) {
    // To Redis it is a new key, also in the place of another.
    if (exists) context.notify(kNewKeyEvents, "new", args[1]);
    status =
        context.set_value(args[1], {.value = value->bytes, .expiry_ms = *expiry_ms, .type = value->type});
    context.notify(kGenericEvents, "restore", args[1]);
  } else if (exists) {
    status = context.remove(args[1]);
    context.notify(kGenericEvents, "del", args[1]);
  }
  if (!status.ok()) return status;
  context.reply.ok();
  return {};
}

}  // namespace stave
