// SPDX-License-Identifier: Apache-2.0
// MEMORY: what keys take in RAM.
#include "src/ascii.h"
#include "src/commands/arguments.h"
#include "src/commands/help.h"
#include "src/commands/server.h"
#include "src/session.h"

namespace stave {
namespace {

// [SAMPLES count ...]. Nothing is sampled, as the whole is known, so the count is checked and forgotten.
Status check_samples(Args words) {
  for (std::size_t at = 0; at < words.size(); at += 2) {
    if (!ascii::equal(words[at], "samples") || at + 1 == words.size()) return errors::kSyntax;
    auto count = integer_argument(words[at + 1]);
    if (!count.ok()) return count.take_status();
    if (*count < 0) return errors::kSyntax;
  }
  return {};
}

}  // namespace

// MEMORY USAGE key [SAMPLES count]. The entry, with the value if that is resident, and the entry's slot in
// the index.
Status memory_usage(Context& context, Args args) {
  if (Status status = check_samples(args.subspan(3)); !status.ok()) return status;
  const std::size_t bytes = context.keys.memory_bytes(context.key(args[2]));
  bytes == 0 ? context.reply.null() : context.reply.integer(static_cast<std::int64_t>(bytes));
  return {};
}

Status memory_help(Session& session, Args) {
  constexpr std::string_view kLines[] = {
      "MEMORY <subcommand> [<argument> ...]",
      "USAGE <key> [SAMPLES <count>]",
      "    Bytes of memory that <key> takes: without its value when that is on disk only.",
      "HELP",
      "    Show this text.",
  };
  reply_help(session.reply, kLines);
  return {};
}

}  // namespace stave
