// SPDX-License-Identifier: Apache-2.0
// The EXPIRE and TTL families and PERSIST. Times inside are Unix times in ms.
#include <limits>
#include <string>

#include "src/ascii.h"
#include "src/commands/arguments.h"
#include "src/commands/expiry.h"
#include "src/commands/keys.h"

namespace stave {

bool ExpiryConditions::take(std::string_view word) {
  const auto is = [word](std::string_view name) { return ascii::equal(word, name); };
  nx |= is("nx");
  xx |= is("xx");
  gt |= is("gt");
  lt |= is("lt");
  return is("nx") || is("xx") || is("gt") || is("lt");
}

bool ExpiryConditions::allow(std::int64_t present_ms, std::int64_t time_ms) const {
  const bool expires = present_ms != 0;
  if (nx && expires) return false;
  if (xx && !expires) return false;
  if (gt && (!expires || time_ms <= present_ms)) return false;
  return !lt || !expires || time_ms < present_ms;
}

namespace {

Status unsupported_option(std::string_view word) {
  // Redis prints it as a C string.
  return Status::error("ERR Unsupported option " + std::string(word.substr(0, word.find('\0'))));
}

Result<ExpiryConditions> parse_conditions(Args words) {
  ExpiryConditions conditions;
  for (const std::string_view word : words) {
    if (!conditions.take(word)) return unsupported_option(word);
  }
  if (conditions.nx && (conditions.xx || conditions.gt || conditions.lt)) return errors::kExpireNxWithOther;
  if (conditions.gt && conditions.lt) return errors::kExpireGtWithLt;
  return conditions;
}

// Negative times are fine, they have passed. Only what does not fit is an error.
Result<std::int64_t> parse_time(const Context& context, std::string_view text, const TimeForm& form) {
  using Time = std::numeric_limits<std::int64_t>;
  auto number = integer_argument(text);
  if (!number.ok()) return number.take_status();
  if (*number > Time::max() / form.unit_ms || *number < Time::min() / form.unit_ms) {
    return errors::invalid_expire_time(form.command);
  }
  const std::int64_t time_ms = *number * form.unit_ms;
  const std::int64_t base_ms = form.relative ? context.now_ms : 0;
  if (time_ms > Time::max() - base_ms) return errors::invalid_expire_time(form.command);
  return time_ms + base_ms;
}

// key time [NX | XX | GT | LT ...]
Status expire_at(Context& context, Args args, const TimeForm& form) {
  auto conditions = parse_conditions(args.subspan(3));
  if (!conditions.ok()) return conditions.take_status();
  auto time_ms = parse_time(context, args[2], form);
  if (!time_ms.ok()) return time_ms.take_status();
  auto found = context.value(args[1]);
  if (!found.ok()) return found.take_status();
  const bool changes = found->exists && conditions->allow(found->expiry_ms, *time_ms);
  if (changes) {
    const bool passed = *time_ms <= context.now_ms;
    Status status = passed ? context.remove(args[1]) : context.set_expiry(args[1], *time_ms);
    if (!status.ok()) return status;
    context.notify(kGenericEvents, passed ? "del" : "expire", args[1]);
  }
  context.reply.integer(changes ? 1 : 0);
  return {};
}

// Seconds are rounded, to the nearest.
std::int64_t in_unit(std::int64_t ms, TimeUnit unit) {
  return unit == TimeUnit::kMilliseconds ? ms : ms / 1000 + (ms % 1000 >= 500 ? 1 : 0);
}

// -2 without key, -1 when it never expires; otherwise the expiry, counted from `base_ms`.
Status reply_expiry(Context& context, std::string_view name, std::int64_t base_ms, TimeUnit unit) {
  context.touch = false;
  const Found found = context.find(name);
  if (!found.exists) {
    context.reply.integer(-2);
  } else if (found.expiry_ms == 0) {
    context.reply.integer(-1);
  } else {
    context.reply.integer(in_unit(found.expiry_ms - base_ms, unit));
  }
  return {};
}

}  // namespace

Status expire(Context& context, Args args) {
  return expire_at(context, args, {"expire", 1000, true});
}
Status pexpire(Context& context, Args args) {
  return expire_at(context, args, {"pexpire", 1, true});
}
Status expireat(Context& context, Args args) {
  return expire_at(context, args, {"expireat", 1000, false});
}
Status pexpireat(Context& context, Args args) {
  return expire_at(context, args, {"pexpireat", 1, false});
}

Status expiretime(Context& context, Args args) {
  return reply_expiry(context, args[1], 0, TimeUnit::kSeconds);
}
Status pexpiretime(Context& context, Args args) {
  return reply_expiry(context, args[1], 0, TimeUnit::kMilliseconds);
}
Status ttl(Context& context, Args args) {
  return reply_expiry(context, args[1], context.now_ms, TimeUnit::kSeconds);
}
Status pttl(Context& context, Args args) {
  return reply_expiry(context, args[1], context.now_ms, TimeUnit::kMilliseconds);
}

Status persist(Context& context, Args args) {
  const Found known = context.peek(args[1]);
  const bool changes = known.exists && known.expiry_ms != 0;
  if (changes) {
    if (auto resident = context.value(args[1]); !resident.ok()) return resident.take_status();
    if (Status status = context.set_expiry(args[1], 0); !status.ok()) return status;
    context.notify(kGenericEvents, "persist", args[1]);
  }
  context.reply.integer(changes ? 1 : 0);
  return {};
}

}  // namespace stave
