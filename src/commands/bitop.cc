// SPDX-License-Identifier: Apache-2.0
// BITOP AND | OR | XOR | NOT destination source [source ...]. Replies the length of the result in bytes.
#include <optional>
#include <string>
#include <vector>

#include "src/ascii.h"
#include "src/commands/bitmaps.h"
#include "src/commands/bits.h"

namespace stave {
namespace {

std::optional<bits::Operation> parse_operation(std::string_view word) {
  if (ascii::equal(word, "and")) return bits::Operation::kAnd;
  if (ascii::equal(word, "or")) return bits::Operation::kOr;
  if (ascii::equal(word, "xor")) return bits::Operation::kXor;
  if (ascii::equal(word, "not")) return bits::Operation::kNot;
  return std::nullopt;
}

// An empty result removes the destination.
Status store(Context& context, std::string_view name, std::string_view value) {
  const bool removes = value.empty();
  if (removes && !context.peek(name).exists) return {};
  Status status =
      removes ? context.remove(name) : context.set_string(name, {.value = value, .raw_encoding = true});
  if (!status.ok()) return status;
  removes ? context.notify(kGenericEvents, "del", name) : context.notify(kStringEvents, "set", name);
  return {};
}

}  // namespace

Status bitop(Context& context, Args args) {
  const auto operation = parse_operation(args[1]);
  if (!operation) return errors::kSyntax;
  if (*operation == bits::Operation::kNot && args.size() != 4) return errors::kBitopNot;
  std::vector<std::string_view> sources;
  sources.reserve(args.size() - 3);
  for (const std::string_view name : args.subspan(3)) {
    auto value = context.string(name);
    if (!value.ok()) return value.take_status();
    sources.push_back(value->value_or(""));
  }
  const std::string result = bits::combine(*operation, sources);
  if (Status status = store(context, args[2], result); !status.ok()) return status;
  context.reply.integer(static_cast<std::int64_t>(result.size()));
  return {};
}

}  // namespace stave
