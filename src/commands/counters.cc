// SPDX-License-Identifier: Apache-2.0
// INCR and its relatives. They keep the expiry of the key.
#include <cmath>
#include <limits>

#include "src/commands/arguments.h"
#include "src/commands/strings.h"
#include "src/numbers.h"

namespace stave {
namespace {

std::int64_t expiry_of(const Found& found) {
  return found.exists ? found.expiry_ms : 0;
}

Status add(Context& context, std::string_view name, std::int64_t increment) {
  auto found = context.string_to_change(name);
  if (!found.ok()) return found.take_status();
  std::int64_t number = 0;
  if (found->exists) {
    auto value = integer_argument(found->value);
    if (!value.ok()) return value.take_status();
    number = *value;
  }
  if (__builtin_add_overflow(number, increment, &number)) return errors::kOverflow;
  char buffer[kIntegerTextBytesMax];
  Status status = context.set_string(name, {integer_text(number, buffer), expiry_of(*found)});
  if (!status.ok()) return status;
  context.notify(kStringEvents, "incrby", name);
  context.reply.integer(number);
  return {};
}

}  // namespace

Status incr(Context& context, Args args) {
  return add(context, args[1], 1);
}
Status decr(Context& context, Args args) {
  return add(context, args[1], -1);
}

Status incrby(Context& context, Args args) {
  auto increment = integer_argument(args[2]);
  if (!increment.ok()) return increment.take_status();
  return add(context, args[1], *increment);
}

Status decrby(Context& context, Args args) {
  auto decrement = integer_argument(args[2]);
  if (!decrement.ok()) return decrement.take_status();
  if (*decrement == std::numeric_limits<std::int64_t>::min()) return errors::kDecrementOverflow;
  return add(context, args[1], -*decrement);
}

Status incrbyfloat(Context& context, Args args) {
  auto found = context.string_to_change(args[1]);
  if (!found.ok()) return found.take_status();
  const auto number = parse_long_double(found->exists ? found->value : "0");
  if (!number) return errors::kNotAFloat;
  const auto increment = parse_long_double(args[2]);
  if (!increment) return errors::kNotAFloat;
  const long double sum = *number + *increment;
  if (!std::isfinite(sum)) return errors::kNanOrInfinity;
  const std::string text = long_double_text(sum);
  if (Status status = context.set_string(args[1], {text, expiry_of(*found)}); !status.ok()) return status;
  context.notify(kStringEvents, "incrbyfloat", args[1]);
  context.reply.bulk(text);
  return {};
}

}  // namespace stave
