// SPDX-License-Identifier: Apache-2.0
#include "src/commands/object.h"

#include <cstdint>
#include <limits>
#include <optional>

#include "shards/collection.h"
#include "src/commands/help.h"
#include "src/commands/keys.h"
#include "src/numbers.h"

namespace stave {
namespace {

constexpr std::size_t kEmbeddedBytesMax = 44;

// Redis keeps one object for each of these integers, and OBJECT REFCOUNT gives it away.
constexpr std::int64_t kSharedIntegers = 10'000;
constexpr std::int64_t kSharedRefcount = std::numeric_limits<std::int32_t>::max();

// When there is no such key, null is the reply. It counts as a read, but is no event.
Found look_up(Context& context, std::string_view name) {
  context.touch = false;
  const Found found = context.peek(name);
  ++(found.exists ? context.counters.hits : context.counters.misses);
  if (!found.exists) context.reply.null();
  return found;
}

// kCold when what is asked for depends on a value that is not there.
Status need_value(Context& context, std::string_view name, const Found& found, bool depends) {
  if (found.resident || !depends) return {};
  context.keys.want(context.key(name));
  return kCold;
}

bool may_be_integer(const Found& found) {
  return found.type == Type::kString && !found.raw_encoding && found.value_bytes <= kIntegerTextBytesMax;
}

std::optional<std::int64_t> integer_of(const Found& found) {
  return may_be_integer(found) ? parse_integer(found.value) : std::nullopt;
}

std::string_view string_encoding_name(const Found& found) {
  if (integer_of(found)) return "int";
  return found.raw_encoding || found.value_bytes > kEmbeddedBytesMax ? "raw" : "embstr";
}

std::string_view name_of(Encoding encoding) {
  switch (encoding) {
    case Encoding::kListpack:
      return "listpack";
    case Encoding::kIntset:
      return "intset";
    case Encoding::kHashtable:
      return "hashtable";
    case Encoding::kSkiplist:
      return "skiplist";
    case Encoding::kQuicklist:
      return "quicklist";
    case Encoding::kListpackEx:
      return "listpackex";
    case Encoding::kHashtableEx:
      return "hashtable";
  }
  return "unknown";
}

}  // namespace

std::string_view type_name(Type type) {
  switch (type) {
    case Type::kString:
      return "string";
    case Type::kList:
      return "list";
    case Type::kSet:
      return "set";
    case Type::kZset:
      return "zset";
    case Type::kHash:
      return "hash";
    case Type::kStream:
      return "stream";
  }
  return "unknown";
}

bool encoding_needs_value(const Found& found) {
  return found.type != Type::kString || may_be_integer(found);
}

std::string_view encoding_name(const Found& found) {
  if (found.type == Type::kString) return string_encoding_name(found);
  return name_of(found.collection != nullptr ? found.collection->encoding() : packed_encoding(found.value));
}

Status object_encoding(Context& context, Args args) {
  const Found found = look_up(context, args[2]);
  if (!found.exists) return {};
  const bool depends = encoding_needs_value(found);
  if (Status status = need_value(context, args[2], found, depends); !status.ok()) return status;
  context.reply.bulk(encoding_name(found));
  return {};
}

Status object_refcount(Context& context, Args args) {
  const Found found = look_up(context, args[2]);
  if (!found.exists) return {};
  if (Status status = need_value(context, args[2], found, may_be_integer(found)); !status.ok()) return status;
  const auto number = integer_of(found);
  context.reply.integer(number && *number >= 0 && *number < kSharedIntegers ? kSharedRefcount : 1);
  return {};
}

// The cache knows which values are hot, but not since when.
Status object_idletime(Context& context, Args args) {
  if (!look_up(context, args[2]).exists) return {};
  if (context.limits.counts_use) return errors::kLfuPolicy;
  context.reply.integer(0);
  return {};
}

Status object_freq(Context& context, Args args) {
  const Found found = look_up(context, args[2]);
  if (!found.exists) return {};
  if (!context.limits.counts_use) return errors::kNoLfuPolicy;
  context.reply.integer(found.resident ? found.clock : 0);
  return {};
}

Status object_help(Context& context, Args) {
  constexpr std::string_view kLines[] = {
      "OBJECT <subcommand> [<argument> ...]",
      "ENCODING <key>",
      "    The encoding that Redis would use for the value at <key>.",
      "FREQ <key>",
      "    How often <key> was used of late, 0 to 3; needs an LFU maxmemory-policy.",
      "IDLETIME <key>",
      "    Seconds since the last use of <key>; always 0, since that is not kept.",
      "REFCOUNT <key>",
      "    The reference count that Redis would give for the value at <key>.",
      "HELP",
      "    Show this text.",
  };
  reply_help(context.reply, kLines);
  return {};
}

}  // namespace stave
