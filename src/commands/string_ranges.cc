// SPDX-License-Identifier: Apache-2.0
// Commands on parts of a string: APPEND, STRLEN, GETRANGE (and its old name SUBSTR), SETRANGE.
#include <algorithm>
#include <string>

#include "src/commands/arguments.h"
#include "src/commands/strings.h"

namespace stave {

// APPEND key value. Replies the length in bytes afterwards.
Status append(Context& context, Args args) {
  auto found = context.string_to_change(args[1]);
  if (!found.ok()) return found.take_status();
  const std::string_view added = args[2];
  if (!found->exists) {
    if (Status status = context.set_string(args[1], {added}); !status.ok()) return status;
    context.notify(kStringEvents, "append", args[1]);
    context.reply.integer(static_cast<std::int64_t>(added.size()));
    return {};
  }
  const std::size_t bytes = found->value.size() + added.size();
  if (bytes > context.limits.string_bytes_max) return errors::kStringTooLong;
  std::string value;
  value.reserve(bytes);
  value.append(found->value).append(added);
  Status status = context.set_string(args[1], {value, found->expiry_ms, true});
  if (!status.ok()) return status;
  context.notify(kStringEvents, "append", args[1]);
  context.reply.integer(static_cast<std::int64_t>(bytes));
  return {};
}

Status strlen_command(Context& context, Args args) {
  const Found found = context.find(args[1]);
  if (found.exists && found.type != Type::kString) return errors::kWrongType;
  context.reply.integer(found.exists ? found.value_bytes : 0);
  return {};
}

// GETRANGE key start end. Both inclusive; negative ones count from the end.
Status getrange(Context& context, Args args) {
  auto first = integer_argument(args[2]);
  if (!first.ok()) return first.take_status();
  auto last = integer_argument(args[3]);
  if (!last.ok()) return last.take_status();
  auto value = context.string(args[1]);
  if (!value.ok()) return value.take_status();
  const std::string_view bytes = value->value_or("");
  const auto range = clamp_ordered_range(*first, *last, static_cast<std::int64_t>(bytes.size()));
  context.reply.bulk(bytes.substr(range.begin, range.end - range.begin));
  return {};
}

// SETRANGE key offset value. Zero bytes fill the gap. Replies the length in bytes afterwards.
Status setrange(Context& context, Args args) {
  auto offset = integer_argument(args[2]);
  if (!offset.ok()) return offset.take_status();
  if (*offset < 0) return errors::kOffsetOutOfRange;
  auto found = context.string_to_change(args[1]);
  if (!found.ok()) return found.take_status();
  const std::string_view old = found->exists ? found->value : "";
  const std::string_view part = args[3];
  if (part.empty()) {
    context.reply.integer(static_cast<std::int64_t>(old.size()));
    return {};
  }
  const auto begin = static_cast<std::size_t>(*offset);
  const std::size_t max = context.limits.string_bytes_max;
  if (begin > max || begin + part.size() > max) return errors::kStringTooLong;

  std::string value;
  value.reserve(std::max(old.size(), begin + part.size()));
  value.append(old.substr(0, begin));
  value.resize(begin);
  value.append(part);
  if (value.size() < old.size()) value.append(old.substr(value.size()));
  Status status = context.set_string(args[1], {value, found->exists ? found->expiry_ms : 0, true});
  if (!status.ok()) return status;
  context.notify(kStringEvents, "setrange", args[1]);
  context.reply.integer(static_cast<std::int64_t>(value.size()));
  return {};
}

}  // namespace stave
