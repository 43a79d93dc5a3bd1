// SPDX-License-Identifier: Apache-2.0
// Fields of hashes that expire: the HEXPIRE and HTTL families and HPERSIST, as in Redis 7.4. Times inside are
// Unix times in ms. Each replies a number for each field named.
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "shards/hash.h"
#include "src/ascii.h"
#include "src/commands/arguments.h"
#include "src/commands/expiry.h"
#include "src/commands/hashes.h"
#include "src/numbers.h"

namespace stave {
namespace {

// What is replied for a field.
enum Outcome : std::int64_t { kNoField = -2, kNever = -1, kConditionNotMet = 0, kDone = 1, kRemoved = 2 };

constexpr std::int64_t kLatestMs = (std::int64_t{1} << 46) - 1;  // as Redis has it, more than 2,000 years

Result<std::int64_t> parse_time(const Context& context, std::string_view text, const TimeForm& form) {
  auto number = integer_argument(text);
  if (!number.ok()) return number.take_status();
  if (*number < 0) return Error{"ERR invalid expire time, must be >= 0"};
  if (*number > kLatestMs / form.unit_ms) return errors::invalid_expire_time(form.command);
  const std::int64_t base_ms = form.relative ? context.now_ms : 0;
  if (*number * form.unit_ms > kLatestMs - base_ms) return errors::invalid_expire_time(form.command);
  return *number * form.unit_ms + base_ms;
}

// FIELDS count field [field ...], to the end of the arguments. REQUIRES: two words at least.
Result<Args> parse_fields(Args words, Error bad_count) {
  if (!ascii::equal(words[0], "fields"))
    return Error{"ERR Mandatory argument FIELDS is missing or not at the right position"};
  const auto count = parse_integer(words[1]);
  if (!count || *count < 1) return bad_count;
  const Args fields = words.subspan(2);
  if (static_cast<std::uint64_t>(*count) != fields.size())
    return Error{"ERR The `numfields` parameter must match the number of arguments"};
  return fields;
}

constexpr Error kBadCountToExpire{"ERR Parameter `numFields` should be greater than 0"};
constexpr Error kBadCount{"ERR Number of fields must be a positive integer"};

void reply_numbers(resp::ReplyWriter& reply, const std::vector<std::int64_t>& numbers) {
  reply.array(numbers.size());
  for (const std::int64_t number : numbers) reply.integer(number);
}

// The expiries that a command gives to fields of a hash, one after the other: a field may come twice.
class FieldChanges {
 public:
  explicit FieldChanges(const HashView& hash) : hash_(hash) {}

  // 0: it never expires. None: there is no such field.
  std::optional<std::int64_t> expiry_ms(std::string_view field) const {
    if (const auto changed = changed_.find(field); changed != changed_.end()) return changed->second;
    const auto element = hash_.element(field);
    return element ? std::optional(element->expiry_ms) : std::nullopt;
  }
  void expire(std::string_view field, std::int64_t expiry_ms) {
    edits_.expire(field, expiry_ms);
    changed_[field] = expiry_ms;
  }
  void remove(std::string_view field) {
    edits_.remove(field);
    changed_[field] = std::nullopt;
  }
  const Edits& edits() const { return edits_; }

 private:
  const HashView& hash_;
  std::unordered_map<std::string_view, std::optional<std::int64_t>> changed_;
  Edits edits_;
};

Status make(Context& context, std::string_view name, const FieldChanges& changes, std::string_view event) {
  if (changes.edits().empty()) return {};
  EditResult result;
  if (Status status = context.edit(name, Type::kHash, changes.edits(), result); !status.ok()) return status;
  context.notify_taken(kHashEvents, event, name);
  return {};
}

// A time that has passed removes the field.
Status expire_fields(Context& context, std::string_view name, const HashView& hash, Args fields,
                     const ExpiryConditions& conditions, std::int64_t time_ms) {
  FieldChanges changes(hash);
  std::vector<std::int64_t> outcomes;
  std::uint64_t removed = 0;
  for (const std::string_view field : fields) {
    const auto present_ms = changes.expiry_ms(field);
    if (!present_ms) {
      outcomes.push_back(kNoField);
    } else if (!conditions.allow(*present_ms, time_ms)) {
      outcomes.push_back(kConditionNotMet);
    } else if (time_ms <= context.now_ms) {
      changes.remove(field);
      ++removed;
      outcomes.push_back(kRemoved);
    } else {
      changes.expire(field, time_ms);
      outcomes.push_back(kDone);
    }
  }
  if (Status status = make(context, name, changes, removed > 0 ? "hdel" : "hexpire"); !status.ok())
    return status;
  context.counters.expired_fields += removed;
  reply_numbers(context.reply, outcomes);
  return {};
}

// key time [NX | XX | GT | LT] FIELDS count field [field ...]
Status expire_at(Context& context, Args args, const TimeForm& form) {
  auto hash = context.hash_to_change(args[1]);
  if (!hash.ok()) return hash.take_status();
  auto time_ms = parse_time(context, args[2], form);
  if (!time_ms.ok()) return time_ms.take_status();
  ExpiryConditions conditions;
  const bool any = conditions.take(args[3]);
  auto fields = parse_fields(args.subspan(any ? 4 : 3), kBadCountToExpire);
  if (!fields.ok()) return fields.take_status();
  return expire_fields(context, args[1], *hash, *fields, conditions, *time_ms);
}

// key FIELDS count field [field ...]; the expiries are counted from `base_ms`, seconds rounded up.
Status reply_expiries(Context& context, Args args, std::int64_t base_ms, TimeUnit unit) {
  auto hash = context.hash(args[1]);
  if (!hash.ok()) return hash.take_status();
  auto fields = parse_fields(args.subspan(2), kBadCount);
  if (!fields.ok()) return fields.take_status();
  std::vector<std::int64_t> expiries;
  for (const std::string_view field : *fields) {
    const auto element = hash->element(field);
    if (!element || element->expiry_ms == 0) {
      expiries.push_back(element ? kNever : kNoField);
      continue;
    }
    const std::int64_t ms = element->expiry_ms - base_ms;
    expiries.push_back(unit == TimeUnit::kSeconds ? (ms + 999) / 1000 : ms);
  }
  reply_numbers(context.reply, expiries);
  return {};
}

}  // namespace

Status hexpire(Context& context, Args args) {
  return expire_at(context, args, {"hexpire", 1000, true});
}
Status hpexpire(Context& context, Args args) {
  return expire_at(context, args, {"hpexpire", 1, true});
}
Status hexpireat(Context& context, Args args) {
  return expire_at(context, args, {"hexpireat", 1000, false});
}
Status hpexpireat(Context& context, Args args) {
  return expire_at(context, args, {"hpexpireat", 1, false});
}

Status httl(Context& context, Args args) {
  return reply_expiries(context, args, context.now_ms, TimeUnit::kSeconds);
}
Status hpttl(Context& context, Args args) {
  return reply_expiries(context, args, context.now_ms, TimeUnit::kMilliseconds);
}
Status hexpiretime(Context& context, Args args) {
  return reply_expiries(context, args, 0, TimeUnit::kSeconds);
}
Status hpexpiretime(Context& context, Args args) {
  return reply_expiries(context, args, 0, TimeUnit::kMilliseconds);
}

// HPERSIST key FIELDS count field [field ...]
Status hpersist(Context& context, Args args) {
  auto hash = context.hash_to_change(args[1]);
  if (!hash.ok()) return hash.take_status();
  auto fields = parse_fields(args.subspan(2), kBadCount);
  if (!fields.ok()) return fields.take_status();
  FieldChanges changes(*hash);
  std::vector<std::int64_t> outcomes;
  for (const std::string_view field : *fields) {
    const auto present_ms = changes.expiry_ms(field);
    if (!present_ms || *present_ms == 0) {
      outcomes.push_back(present_ms ? kNever : kNoField);
      continue;
    }
    changes.expire(field, 0);
    outcomes.push_back(kDone);
  }
  if (Status status = make(context, args[1], changes, "hpersist"); !status.ok()) return status;
  reply_numbers(context.reply, outcomes);
  return {};
}

}  // namespace stave
