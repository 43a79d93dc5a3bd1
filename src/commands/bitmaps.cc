// SPDX-License-Identifier: Apache-2.0
// SETBIT, GETBIT, BITCOUNT, BITPOS, and the table of all bitmap commands.
#include "src/commands/bitmaps.h"

#include <algorithm>
#include <string>

#include "src/ascii.h"
#include "src/command.h"
#include "src/commands/arguments.h"
#include "src/commands/bits.h"
#include "src/numbers.h"

namespace stave {

Result<std::size_t> bit_offset_argument(std::string_view text, int scale_bits, const CommandLimits& limits) {
  const bool scaled = scale_bits > 0 && text.starts_with('#');
  const auto number = parse_integer(scaled ? text.substr(1) : text);
  if (!number) return errors::kBitOffset;
  std::int64_t offset = 0;
  if (__builtin_mul_overflow(*number, scaled ? scale_bits : 1, &offset) || offset < 0)
    return errors::kBitOffset;
  const auto position = static_cast<std::size_t>(offset);
  if (position / 8 >= limits.string_bytes_max) return errors::kBitOffset;
  return position;
}

std::string copy_and_grow(const Found& found, std::size_t bytes) {
  const std::string_view old = found.exists ? found.value : "";
  std::string value;
  value.reserve(std::max(old.size(), bytes));
  value.append(old);
  if (value.size() < bytes) value.resize(bytes);
  return value;
}

namespace {

// A range of positions, in bytes or in bits.
struct RangeArguments {
  std::int64_t first = 0;
  std::int64_t last = -1;
  bool in_bits = false;
};

// BYTE | BIT
Status parse_unit(std::string_view word, RangeArguments& range) {
  range.in_bits = ascii::equal(word, "bit");
  if (!range.in_bits && !ascii::equal(word, "byte")) return errors::kSyntax;
  return {};
}

Status parse_position(std::string_view text, std::int64_t& position) {
  auto number = integer_argument(text);
  if (!number.ok()) return number.take_status();
  position = *number;
  return {};
}

std::size_t positions(const RangeArguments& range, std::string_view bytes) {
  return range.in_bits ? 8 * bytes.size() : bytes.size();
}

IndexRange to_bits(IndexRange clamped, const RangeArguments& range) {
  return range.in_bits ? clamped : IndexRange{8 * clamped.begin, 8 * clamped.end};
}

// SETBIT key offset bit. Replies the bit that was there.
Status setbit(Context& context, Args args) {
  auto offset = bit_offset_argument(args[2], 0, context.limits);
  if (!offset.ok()) return offset.take_status();
  const auto bit = parse_integer(args[3]);
  if (!bit || (*bit != 0 && *bit != 1)) return errors::kBitValue;
  auto found = context.string_to_change(args[1]);
  if (!found.ok()) return found.take_status();

  const bool within = found->exists && *offset / 8 < found->value.size();
  const bool old_bit = within && bits::get(found->value, *offset);
  const bool new_bit = *bit == 1;
  if (!within || old_bit != new_bit || !found->raw_encoding) {
    std::string value = copy_and_grow(*found, *offset / 8 + 1);
    bits::set(value, *offset, new_bit);
    Status status = context.set_string(args[1], {value, found->exists ? found->expiry_ms : 0, true});
    if (!status.ok()) return status;
    if (!within || old_bit != new_bit) context.notify(kStringEvents, "setbit", args[1]);
  }
  context.reply.integer(old_bit ? 1 : 0);
  return {};
}

Status getbit(Context& context, Args args) {
  auto offset = bit_offset_argument(args[2], 0, context.limits);
  if (!offset.ok()) return offset.take_status();
  auto value = context.string(args[1]);
  if (!value.ok()) return value.take_status();
  context.reply.integer(*value && bits::get(**value, *offset) ? 1 : 0);
  return {};
}

// BITCOUNT key [first last [BYTE | BIT]]
Status bitcount(Context& context, Args args) {
  RangeArguments range;
  if (args.size() == 4 || args.size() == 5) {
    if (Status status = parse_position(args[2], range.first); !status.ok()) return status;
    if (Status status = parse_position(args[3], range.last); !status.ok()) return status;
    if (args.size() == 5) {
      if (Status status = parse_unit(args[4], range); !status.ok()) return status;
    }
  } else if (args.size() != 2) {
    return errors::kSyntax;
  }
  auto value = context.string(args[1]);
  if (!value.ok()) return value.take_status();
  const std::string_view bytes = value->value_or("");
  const IndexRange clamped = clamp_ordered_range(range.first, range.last, positions(range, bytes));
  const IndexRange counted = to_bits(clamped, range);
  context.reply.integer(static_cast<std::int64_t>(bits::count(bytes, counted.begin, counted.end)));
  return {};
}

// [first [last [BYTE | BIT]]]
Result<RangeArguments> parse_bitpos_range(Args words) {
  RangeArguments range;
  if (words.size() > 3) return errors::kSyntax;
  if (!words.empty()) {
    if (Status status = parse_position(words[0], range.first); !status.ok()) return status;
  }
  // Redis looks at the unit before the end.
  if (words.size() == 3) {
    if (Status status = parse_unit(words[2], range); !status.ok()) return status;
  }
  if (words.size() >= 2) {
    if (Status status = parse_position(words[1], range.last); !status.ok()) return status;
  }
  return range;
}

// -1 means none. Without a given end the string goes on with zeros for ever.
std::int64_t bit_position(std::string_view bytes, IndexRange range, bool bit, bool end_given) {
  if (range.empty()) return -1;
  if (const auto position = bits::find(bytes, range.begin, range.end, bit)) {
    return static_cast<std::int64_t>(*position);
  }
  return bit || end_given ? -1 : static_cast<std::int64_t>(range.end);
}

// BITPOS key bit [first [last [BYTE | BIT]]]
Status bitpos(Context& context, Args args) {
  auto bit = integer_argument(args[2]);
  if (!bit.ok()) return bit.take_status();
  if (*bit != 0 && *bit != 1) return errors::kBitposBit;
  auto range = parse_bitpos_range(args.subspan(3));
  if (!range.ok()) return range.take_status();
  auto value = context.string(args[1]);
  if (!value.ok()) return value.take_status();
  if (!*value) {
    context.reply.integer(*bit == 1 ? -1 : 0);
    return {};
  }
  const IndexRange clamped = clamp_range(range->first, range->last, positions(*range, **value));
  context.reply.integer(bit_position(**value, to_bits(clamped, *range), *bit == 1, args.size() > 4));
  return {};
}

constexpr KeyRange kFirst{1, 1, 1};

constexpr Command kBitmapCommands[] = {
    data_command("bitcount", bitcount, -2, kReadOnly, kFirst, "bitmap"),
    data_command("bitfield", bitfield_command, -2, kWrite | kDenyOom, kFirst, "bitmap"),
    data_command("bitfield_ro", bitfield_ro, -2, kReadOnly | kFast, kFirst, "bitmap"),
    data_command("bitop", bitop, -4, kWrite | kDenyOom, {2, -1, 1}, "bitmap"),
    data_command("bitpos", bitpos, -3, kReadOnly, kFirst, "bitmap"),
    data_command("getbit", getbit, 3, kReadOnly | kFast, kFirst, "bitmap"),
    data_command("setbit", setbit, 4, kWrite | kDenyOom, kFirst, "bitmap"),
};

}  // namespace

std::span<const Command> bitmap_commands() {
  return kBitmapCommands;
}

}  // namespace stave
