// SPDX-License-Identifier: Apache-2.0
// BITFIELD key [GET type offset | [OVERFLOW WRAP | SAT | FAIL] SET type offset value | INCRBY type offset
// increment ...] and BITFIELD_RO, which knows only GET.
#include <algorithm>
#include <string>
#include <vector>

#include "src/ascii.h"
#include "src/commands/arguments.h"
#include "src/commands/bitfield_integer.h"
#include "src/commands/bitmaps.h"

namespace stave {
namespace {

using bitfield::IntegerType;
using bitfield::Overflow;

enum class Kind { kGet, kSet, kIncrby };

struct Operation {
  Kind kind = Kind::kGet;
  IntegerType type;
  std::size_t offset = 0;  // in bits
  std::int64_t number = 0;
  Overflow overflow = Overflow::kWrap;

  std::size_t end() const { return offset + static_cast<std::size_t>(type.bits); }
};

Result<Overflow> parse_overflow(std::string_view word) {
  if (ascii::equal(word, "wrap")) return Overflow::kWrap;
  if (ascii::equal(word, "sat")) return Overflow::kSaturate;
  if (ascii::equal(word, "fail")) return Overflow::kFail;
  return errors::kBitfieldOverflow;
}

// The name of an operation, if as many arguments follow as it needs.
std::optional<Kind> parse_kind(std::string_view word, std::size_t following) {
  if (ascii::equal(word, "get") && following >= 2) return Kind::kGet;
  if (ascii::equal(word, "set") && following >= 3) return Kind::kSet;
  if (ascii::equal(word, "incrby") && following >= 3) return Kind::kIncrby;
  return std::nullopt;
}

// `words` is type, offset and, unless it is GET, a number; more may follow.
Result<Operation> parse_operation(Kind kind, Args words, const CommandLimits& limits) {
  Operation operation;
  operation.kind = kind;
  const auto type = bitfield::parse_type(words[0]);
  if (!type) return errors::kBitfieldType;
  operation.type = *type;
  auto offset = bit_offset_argument(words[1], type->bits, limits);
  if (!offset.ok()) return offset.take_status();
  operation.offset = *offset;
  if (kind == Kind::kGet) return operation;
  auto number = integer_argument(words[2]);
  if (!number.ok()) return number.take_status();
  operation.number = *number;
  return operation;
}

Result<std::vector<Operation>> parse_operations(Args words, const CommandLimits& limits) {
  std::vector<Operation> operations;
  Overflow overflow = Overflow::kWrap;
  for (std::size_t at = 0; at < words.size(); ++at) {
    const std::size_t following = words.size() - at - 1;
    if (ascii::equal(words[at], "overflow") && following >= 1) {
      auto chosen = parse_overflow(words[++at]);
      if (!chosen.ok()) return chosen.take_status();
      overflow = *chosen;
      continue;
    }
    const auto kind = parse_kind(words[at], following);
    if (!kind) return errors::kSyntax;
    auto operation = parse_operation(*kind, words.subspan(at + 1), limits);
    if (!operation.ok()) return operation.take_status();
    operation->overflow = overflow;
    operations.push_back(*operation);
    at += *kind == Kind::kGet ? 2 : 3;
  }
  return operations;
}

enum class Applied : std::uint8_t { kOverflown, kSame, kChanged };

// Runs one SET or INCRBY on `value` and replies.
Applied apply(const Operation& operation, std::string& value, resp::ReplyWriter& reply) {
  const std::int64_t before = bitfield::read(value, operation.offset, operation.type);
  const auto after = operation.kind == Kind::kSet
                         ? bitfield::convert(operation.number, operation.type, operation.overflow)
                         : bitfield::add(before, operation.number, operation.type, operation.overflow);
  if (!after) {
    reply.null();
    return Applied::kOverflown;
  }
  bitfield::write(value, operation.offset, operation.type, *after);
  reply.integer(operation.kind == Kind::kSet ? before : *after);
  return *after == before ? Applied::kSame : Applied::kChanged;
}

Status read_only(Context& context, std::string_view name, std::span<const Operation> operations) {
  auto value = context.string(name);
  if (!value.ok()) return value.take_status();
  const std::string_view bytes = value->value_or("");
  context.reply.array(operations.size());
  for (const Operation& operation : operations) {
    context.reply.integer(bitfield::read(bytes, operation.offset, operation.type));
  }
  return {};
}

// The string grows to the farthest SET or INCRBY first, even if that one then fails on overflow.
Status read_and_write(Context& context, std::string_view name, std::span<const Operation> operations) {
  auto found = context.string_to_change(name);
  if (!found.ok()) return found.take_status();
  std::size_t end = 0;
  for (const Operation& operation : operations) {
    if (operation.kind != Kind::kGet) end = std::max(end, operation.end());
  }
  std::string value = copy_and_grow(*found, (end + 7) / 8);
  const bool grown = !found->exists || value.size() != found->value.size();
  bool changed = false;
  bool written = false;
  context.reply.array(operations.size());
  for (const Operation& operation : operations) {
    if (operation.kind == Kind::kGet) {
      context.reply.integer(bitfield::read(value, operation.offset, operation.type));
    } else {
      const Applied applied = apply(operation, value, context.reply);
      changed |= applied == Applied::kChanged;
      written |= applied != Applied::kOverflown;
    }
  }
  if (!changed && !grown && found->raw_encoding) return {};
  Status status = context.set_string(name, {value, found->exists ? found->expiry_ms : 0, true});
  if (!status.ok()) return status;
  if (changed || (grown && written)) context.notify(kStringEvents, "setbit", name);
  return {};
}

Status run(Context& context, Args args, bool get_only) {
  auto operations = parse_operations(args.subspan(2), context.limits);
  if (!operations.ok()) return operations.take_status();
  const bool writes = std::any_of(operations->begin(), operations->end(),
                                  [](const Operation& operation) { return operation.kind != Kind::kGet; });
  if (!writes) return read_only(context, args[1], *operations);
  if (get_only) return errors::kBitfieldReadOnly;
  return read_and_write(context, args[1], *operations);
}

}  // namespace

Status bitfield_command(Context& context, Args args) {
  return run(context, args, false);
}
Status bitfield_ro(Context& context, Args args) {
  return run(context, args, true);
}

}  // namespace stave
