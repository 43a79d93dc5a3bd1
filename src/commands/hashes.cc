// SPDX-License-Identifier: Apache-2.0
// Hash commands, and their table.
#include <cmath>
#include <limits>
#include <vector>

#include "shards/hash.h"
#include "src/ascii.h"
#include "src/command.h"
#include "src/commands/arguments.h"
#include "src/commands/element_scan.h"
#include "src/commands/hashes.h"
#include "src/commands/random_elements.h"
#include "src/numbers.h"
#include "src/random.h"

namespace stave {
namespace {

// Puts the fields and values from argument 2 on; returns how many of the fields are new.
Result<std::uint64_t> put_fields(Context& context, Args args, std::string_view command) {
  if (args.size() % 2 != 0) return errors::wrong_arity(command);
  if (auto hash = context.hash_to_change(args[1]); !hash.ok()) return hash.take_status();
  Edits edits;
  for (std::size_t i = 2; i < args.size(); i += 2) edits.put(args[i], args[i + 1]);
  EditResult result;
  if (Status status = context.edit(args[1], Type::kHash, edits, result); !status.ok()) return status;
  context.notify(kHashEvents, "hset", args[1]);
  return result.added;
}

// `expiry_ms`: of the field from now on, 0 for never.
Status put_field(Context& context, Args args, std::string_view value, std::string_view event,
                 std::int64_t expiry_ms = 0) {
  Edits edits;
  edits.put(args[2], value);
  if (expiry_ms != 0) edits.expire(args[2], expiry_ms);
  EditResult result;
  if (Status status = context.edit(args[1], Type::kHash, edits, result); !status.ok()) return status;
  context.notify(kHashEvents, event, args[1]);
  return {};
}

void reply_value(resp::ReplyWriter& reply, const std::optional<std::string_view>& value) {
  value ? reply.bulk(*value) : reply.null();
}

Status hset(Context& context, Args args) {
  auto added = put_fields(context, args, "hset");
  if (!added.ok()) return added.take_status();
  context.reply.integer(static_cast<std::int64_t>(*added));
  return {};
}

Status hmset(Context& context, Args args) {
  auto added = put_fields(context, args, "hmset");
  if (!added.ok()) return added.take_status();
  context.reply.ok();
  return {};
}

Status hsetnx(Context& context, Args args) {
  auto hash = context.hash_to_change(args[1]);
  if (!hash.ok()) return hash.take_status();
  const bool absent = !hash->find(args[2]);
  if (absent) {
    if (Status status = put_field(context, args, args[3], "hset"); !status.ok()) return status;
  }
  context.reply.integer(absent ? 1 : 0);
  return {};
}

Status hget(Context& context, Args args) {
  auto hash = context.hash(args[1]);
  if (!hash.ok()) return hash.take_status();
  reply_value(context.reply, hash->find(args[2]));
  return {};
}

Status hmget(Context& context, Args args) {
  auto hash = context.hash(args[1]);
  if (!hash.ok()) return hash.take_status();
  const Args fields = args.subspan(2);
  context.reply.array(fields.size());
  for (const std::string_view field : fields) reply_value(context.reply, hash->find(field));
  return {};
}

Status hgetall(Context& context, Args args) {
  auto hash = context.hash(args[1]);
  if (!hash.ok()) return hash.take_status();
  context.reply.map(hash->size());
  hash->for_each([&](std::string_view field, std::string_view value) {
    context.reply.bulk(field);
    context.reply.bulk(value);
  });
  return {};
}

Status hkeys(Context& context, Args args) {
  auto hash = context.hash(args[1]);
  if (!hash.ok()) return hash.take_status();
  context.reply.array(hash->size());
  hash->for_each([&](std::string_view field, std::string_view) { context.reply.bulk(field); });
  return {};
}

Status hvals(Context& context, Args args) {
  auto hash = context.hash(args[1]);
  if (!hash.ok()) return hash.take_status();
  context.reply.array(hash->size());
  hash->for_each([&](std::string_view, std::string_view value) { context.reply.bulk(value); });
  return {};
}

Status hdel(Context& context, Args args) {
  auto hash = context.hash_to_change(args[1]);
  if (!hash.ok()) return hash.take_status();
  EditResult result;
  if (hash->size() > 0) {
    Edits edits;
    for (const std::string_view field : args.subspan(2)) edits.remove(field);
    if (Status status = context.edit(args[1], Type::kHash, edits, result); !status.ok()) return status;
    if (result.removed > 0) context.notify_taken(kHashEvents, "hdel", args[1]);
  }
  context.reply.integer(static_cast<std::int64_t>(result.removed));
  return {};
}

Status hexists(Context& context, Args args) {
  auto hash = context.hash(args[1]);
  if (!hash.ok()) return hash.take_status();
  context.reply.integer(hash->find(args[2]) ? 1 : 0);
  return {};
}

Status hlen(Context& context, Args args) {
  auto hash = context.hash(args[1]);
  if (!hash.ok()) return hash.take_status();
  context.reply.integer(static_cast<std::int64_t>(hash->size()));
  return {};
}

Status hstrlen(Context& context, Args args) {
  auto hash = context.hash(args[1]);
  if (!hash.ok()) return hash.take_status();
  const auto value = hash->find(args[2]);
  context.reply.integer(value ? static_cast<std::int64_t>(value->size()) : 0);
  return {};
}

// HINCRBY and HINCRBYFLOAT change a number and keep its expiry.
constexpr HashElement kAbsentNumber{.field = {}, .value = "0"};

Status hincrby(Context& context, Args args) {
  auto increment = integer_argument(args[3]);
  if (!increment.ok()) return increment.take_status();
  auto hash = context.hash_to_change(args[1]);
  if (!hash.ok()) return hash.take_status();
  const HashElement before = hash->element(args[2]).value_or(kAbsentNumber);
  const auto number = parse_integer(before.value);
  if (!number) return Error{"ERR hash value is not an integer"};
  std::int64_t sum = 0;
  if (__builtin_add_overflow(*number, *increment, &sum)) return errors::kOverflow;
  char buffer[kIntegerTextBytesMax];
  const std::string_view text = integer_text(sum, buffer);
  if (Status status = put_field(context, args, text, "hincrby", before.expiry_ms); !status.ok())
    return status;
  context.reply.integer(sum);
  return {};
}

Status hincrbyfloat(Context& context, Args args) {
  const auto increment = parse_long_double(args[3]);
  if (!increment) return errors::kNotAFloat;
  if (!std::isfinite(*increment)) return Error{"ERR value is NaN or Infinity"};
  auto hash = context.hash_to_change(args[1]);
  if (!hash.ok()) return hash.take_status();
  const HashElement before = hash->element(args[2]).value_or(kAbsentNumber);
  const auto number = parse_long_double(before.value);
  if (!number) return Error{"ERR hash value is not a float"};
  const long double sum = *number + *increment;
  if (!std::isfinite(sum)) return errors::kNanOrInfinity;
  const std::string text = long_double_text(sum);
  if (Status status = put_field(context, args, text, "hincrbyfloat", before.expiry_ms); !status.ok())
    return status;
  context.reply.bulk(text);
  return {};
}

// RESP3 has a pair for each field with its value; RESP2 has no pairs.
Status reply_random_fields(Context& context, const HashView& hash, std::int64_t count, bool with_values) {
  const bool pairs = with_values && context.reply.protocol() != 2;
  const std::size_t fields = drawn_count(hash.size(), count);
  context.reply.array(with_values && !pairs ? 2 * fields : fields);
  return reply_drawn(context.reply, ElementSource(hash), count, [&](const Element& element) {
    if (pairs) context.reply.array(2);
    context.reply.bulk(element.name);
    if (with_values) context.reply.bulk(element.value);
  });
}

Status random_fields(Context& context, Args args) {
  auto count = random_count_argument(args[2]);
  if (!count.ok()) return count.take_status();
  const bool with_values = args.size() == 4 && ascii::equal(args[3], "withvalues");
  if (args.size() > 3 && !with_values) return errors::kSyntax;
  constexpr std::int64_t kPairsMax = std::numeric_limits<std::int64_t>::max() / 2;
  if (with_values && (*count > kPairsMax || *count < -kPairsMax)) return Error{"ERR value is out of range"};
  auto hash = context.hash(args[1]);
  return hash.ok() ? reply_random_fields(context, *hash, *count, with_values) : hash.take_status();
}

// HRANDFIELD key [count [WITHVALUES]]
Status hrandfield(Context& context, Args args) {
  if (args.size() > 2) return random_fields(context, args);
  auto hash = context.hash(args[1]);
  if (!hash.ok()) return hash.take_status();
  hash->size() > 0 ? context.reply.bulk(hash->random(random_number()).first) : context.reply.null();
  return {};
}

// HSCAN key cursor [MATCH pattern] [COUNT count]
Status hscan(Context& context, Args args) {
  auto cursor = cursor_argument(args[2]);
  if (!cursor.ok()) return cursor.take_status();
  auto hash = context.hash(args[1]);
  if (!hash.ok()) return hash.take_status();
  std::vector<std::string_view> elements;
  if (hash->size() == 0) {  // whatever the options are
    reply_scanned(context.reply, 0, elements);
    return {};
  }
  auto options = parse_element_scan(args.subspan(3));
  if (!options.ok()) return options.take_status();
  const auto next = hash->scan(*cursor, options->count, [&](std::string_view field, std::string_view value) {
    if (options->match(field)) elements.insert(elements.end(), {field, value});
  });
  reply_scanned(context.reply, next, elements);
  return {};
}

constexpr KeyRange kFirst{1, 1, 1};

constexpr Command kHashCommands[] = {
    data_command("hdel", hdel, -3, kWrite | kFast, kFirst, "hash"),
    data_command("hexists", hexists, 3, kReadOnly | kFast, kFirst, "hash"),
    data_command("hexpire", hexpire, -6, kWrite | kDenyOom | kFast, kFirst, "hash"),
    data_command("hexpireat", hexpireat, -6, kWrite | kDenyOom | kFast, kFirst, "hash"),
    data_command("hexpiretime", hexpiretime, -5, kReadOnly | kFast, kFirst, "hash"),
    data_command("hget", hget, 3, kReadOnly | kFast, kFirst, "hash"),
    data_command("hgetall", hgetall, 2, kReadOnly, kFirst, "hash"),
    data_command("hincrby", hincrby, 4, kWrite | kDenyOom | kFast, kFirst, "hash"),
    data_command("hincrbyfloat", hincrbyfloat, 4, kWrite | kDenyOom | kFast, kFirst, "hash"),
    data_command("hkeys", hkeys, 2, kReadOnly, kFirst, "hash"),
    data_command("hlen", hlen, 2, kReadOnly | kFast, kFirst, "hash"),
    data_command("hmget", hmget, -3, kReadOnly | kFast, kFirst, "hash"),
    data_command("hmset", hmset, -4, kWrite | kDenyOom | kFast, kFirst, "hash"),
    data_command("hpersist", hpersist, -5, kWrite | kFast, kFirst, "hash"),
    data_command("hpexpire", hpexpire, -6, kWrite | kDenyOom | kFast, kFirst, "hash"),
    data_command("hpexpireat", hpexpireat, -6, kWrite | kDenyOom | kFast, kFirst, "hash"),
    data_command("hpexpiretime", hpexpiretime, -5, kReadOnly | kFast, kFirst, "hash"),
    data_command("hpttl", hpttl, -5, kReadOnly | kFast, kFirst, "hash"),
    data_command("hrandfield", hrandfield, -2, kReadOnly, kFirst, "hash"),
    data_command("hscan", hscan, -3, kReadOnly, kFirst, "hash"),
    data_command("hset", hset, -4, kWrite | kDenyOom | kFast, kFirst, "hash"),
    data_command("hsetnx", hsetnx, 4, kWrite | kDenyOom | kFast, kFirst, "hash"),
    data_command("hstrlen", hstrlen, 3, kReadOnly | kFast, kFirst, "hash"),
    data_command("httl", httl, -5, kReadOnly | kFast, kFirst, "hash"),
    data_command("hvals", hvals, 2, kReadOnly, kFirst, "hash"),
};

}  // namespace

std::span<const Command> hash_commands() {
  return kHashCommands;
}

}  // namespace stave
