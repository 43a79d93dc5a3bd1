// SPDX-License-Identifier: Apache-2.0
// The router: what a request may do, and which shard it concerns.
#pragma once

#include <cstdint>
#include <string_view>

#include "src/command.h"
#include "src/session.h"

namespace stave {

// CRC16 (XMODEM) of the key or of its hash tag, 0..16383: the same slots as Redis Cluster's.
std::uint32_t key_slot(std::string_view key);
inline std::uint32_t shard_of_key(std::string_view key, std::uint32_t shards) {
  return shards == 1 ? 0 : key_slot(key) % shards;
}

struct Route {
  std::uint32_t shard = 0;
  bool several_shards = false;
};
// REQUIRES: the command is a data command and accepts this many arguments.
Route find_route(const Command& command, Args arguments, std::uint32_t shards);

// Whether the command may look at keys that it does not name: SORT, when it has a BY or GET.
bool reaches_other_keys(const Command& command, Args arguments);

// Everything that is refused before a command runs, in Redis' order and words. `command` is null when there
// is none.
Status check_request(const Command* command, Args arguments, const Session& session);

}  // namespace stave
