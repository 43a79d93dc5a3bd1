// SPDX-License-Identifier: Apache-2.0
// What the commands that wait for elements (BLPOP, BLMOVE, BZPOPMIN, ...) have in common, and what the server
// must know of one before it runs.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "src/command.h"

namespace stave {

// Milliseconds; 0 means for ever. The text is in seconds, with a fraction. `now_ms`: Unix time.
Result<std::int64_t> timeout_argument(std::string_view text, std::int64_t now_ms);
// That of a blocking command's arguments.
Result<std::int64_t> blocking_timeout(const Command& command, Args args, std::int64_t now_ms);

// The command has found nothing: it waits, or replies what a timeout would.
inline Status wait_for_elements(Context& context) {
  context.blocks = true;
  context.reply.null_array();
  return {};
}

// The keys of BLMPOP and BZMPOP, which stand behind a timeout and their number.
void find_keys_behind_timeout(Args args, std::vector<int>& positions);

// Rows. The keys of BLPOP and the like are all arguments but the last, a timeout.
constexpr std::uint32_t kBlocks = kWrite | kBlocking | kEdits;
constexpr Command blocking_command(std::string_view name, DataFunction function, std::uint32_t flags,
                                   std::string_view group) {
  return data_command(name, function, -3, kBlocks | kOneChange | flags, {1, -2, 1}, group);
}
constexpr Command blocking_counted_command(std::string_view name, DataFunction function,
                                           std::string_view group) {
  Command command = data_command(name, function, -5, kBlocks | kOneChange | kMovableKeys, {3, -1, 1}, group);
  command.find_keys = find_keys_behind_timeout;
  return command;
}

}  // namespace stave
