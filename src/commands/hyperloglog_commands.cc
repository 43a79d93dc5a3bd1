// SPDX-License-Identifier: Apache-2.0
// PFADD, PFCOUNT and PFMERGE, over strings (hyperloglog.h).
#include "src/command.h"
#include "src/commands/hyperloglog.h"
#include "src/commands/object.h"

namespace stave {
namespace {

using hyperloglog::Outcome;
using hyperloglog::Registers;

// Redis calls a string raw once one of these commands has met it.
Status store(Context& context, std::string_view name, const Found& old, std::string_view bytes) {
  return context.set_string(
      name, {.value = bytes, .expiry_ms = old.exists ? old.expiry_ms : 0, .raw_encoding = true});
}

// PFADD key [element ...]. Replies 1 when a register has changed, or the key is new.
Status pfadd(Context& context, Args args) {
  auto found = context.string_to_change(args[1]);
  if (!found.ok()) return found.take_status();
  if (found->exists && !hyperloglog::is_hyperloglog(found->value)) return errors::kNotHyperLogLog;
  std::string bytes = found->exists ? std::string(found->value) : hyperloglog::make_empty();
  bool changed = !found->exists;
  for (const std::string_view element : args.subspan(2)) {
    const auto outcome =
        hyperloglog::raise(bytes, hyperloglog::observe(element), context.limits.hll_sparse_bytes_max);
    if (outcome == Outcome::kDamaged) return errors::kDamagedHyperLogLog;
    changed |= outcome == Outcome::kChanged;
  }
  if (changed) hyperloglog::forget_cardinality(bytes);
  if (changed || encoding_name(*found) != "raw") {
    if (Status status = store(context, args[1], *found, bytes); !status.ok()) return status;
  }
  if (changed) context.notify(kStringEvents, "pfadd", args[1]);
  context.reply.integer(changed ? 1 : 0);
  return {};
}

// Keeps the estimate in the value, although PFCOUNT is called a read. Where a write is refused, nothing is
// lost: the next one estimates again. Some bytes that no PFADD makes have an estimate that cannot be kept.
void keep(Context& context, std::string_view name, const Found& found, std::uint64_t cardinality) {
  const bool raw = encoding_name(found) == "raw";
  if (raw && hyperloglog::known_cardinality(found.value)) return;
  std::string bytes(found.value);
  hyperloglog::remember_cardinality(bytes, cardinality);
  if (raw && bytes == found.value) return;
  static_cast<void>(store(context, name, found, bytes));
}

Status count_one(Context& context, std::string_view name) {
  auto value = context.string(name);
  if (!value.ok()) return value.take_status();
  if (!*value) {
    context.reply.integer(0);
    return {};
  }
  if (!hyperloglog::is_hyperloglog(**value)) return errors::kNotHyperLogLog;
  const auto known = hyperloglog::known_cardinality(**value);
  const auto cardinality = known ? known : hyperloglog::estimate(**value);
  if (!cardinality) return errors::kDamagedHyperLogLog;
  keep(context, name, context.peek(name), *cardinality);
  context.reply.integer(static_cast<std::int64_t>(*cardinality));
  return {};
}

// The highest registers of all; keys that are absent have none.
struct Merged {
  Registers registers{};
  bool any_dense = false;
};

Status merge(Context& context, Args names, Merged& merged) {
  for (const std::string_view name : names) {
    auto value = context.string(name);
    if (!value.ok()) return value.take_status();
    if (!*value) continue;
    if (!hyperloglog::is_hyperloglog(**value)) return errors::kNotHyperLogLog;
    merged.any_dense |= hyperloglog::is_dense(**value);
    if (!hyperloglog::merge(merged.registers, **value)) return errors::kDamagedHyperLogLog;
  }
  return {};
}

// PFCOUNT key [key ...]
Status pfcount(Context& context, Args args) {
  if (args.size() == 2) return count_one(context, args[1]);
  Merged merged;
  if (Status status = merge(context, args.subspan(1), merged); !status.ok()) return status;
  context.reply.integer(static_cast<std::int64_t>(hyperloglog::estimate(merged.registers)));
  return {};
}

// PFMERGE destination [source ...]. The destination is merged, too.
Status pfmerge(Context& context, Args args) {
  Merged merged;
  if (Status status = merge(context, args.subspan(1), merged); !status.ok()) return status;
  auto found = context.string_to_change(args[1]);
  if (!found.ok()) return found.take_status();
  std::string bytes = found->exists ? std::string(found->value) : hyperloglog::make_empty();
  if (merged.any_dense && !hyperloglog::make_dense(bytes)) return errors::kDamagedHyperLogLog;
  for (std::uint32_t i = 0; i < merged.registers.size(); ++i) {
    if (merged.registers[i] == 0) continue;
    const auto outcome =
        hyperloglog::raise(bytes, {i, merged.registers[i]}, context.limits.hll_sparse_bytes_max);
    if (outcome == Outcome::kDamaged) return errors::kDamagedHyperLogLog;
  }
  hyperloglog::forget_cardinality(bytes);
  if (Status status = store(context, args[1], *found, bytes); !status.ok()) return status;
  context.notify(kStringEvents, "pfadd", args[1]);
  context.reply.ok();
  return {};
}

constexpr Command kHyperLogLogCommands[] = {
    data_command("pfadd", pfadd, -2, kWrite | kDenyOom | kFast, {1, 1, 1}, "hyperloglog"),
    data_command("pfcount", pfcount, -2, kReadOnly | kMayReplicate, {1, -1, 1}, "hyperloglog"),
    data_command("pfmerge", pfmerge, -2, kWrite | kDenyOom | kOneChange, {1, -1, 1}, "hyperloglog"),
};

}  // namespace

std::span<const Command> hyperloglog_commands() {
  return kHyperLogLogCommands;
}

}  // namespace stave
