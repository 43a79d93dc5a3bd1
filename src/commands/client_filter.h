// SPDX-License-Identifier: Apache-2.0
// Which connections CLIENT KILL and CLIENT LIST mean. A filter is parsed on the worker of the caller and then
// used, as a copy, on all workers; it views nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "src/context.h"
#include "src/session.h"

namespace stave {

enum class ClientType : std::uint8_t { kNormal, kReplica, kPubsub, kMaster };

// All that are set must be true of a connection.
struct ClientFilter {
  std::optional<std::uint64_t> id;
  std::optional<std::string> address;
  std::optional<std::string> local_address;
  std::optional<ClientType> type;
  std::int64_t age_seconds_min = 0;
  bool skip_caller = false;

  bool matches(const ClientInfo& client, std::uint64_t caller, std::int64_t now_ms) const;
};

// What follows CLIENT KILL: an address alone, or pairs of a filter's name and its value. REQUIRES: not empty.
Result<ClientFilter> parse_kill(Args words);

// What follows CLIENT LIST.
struct ClientSelection {
  ClientFilter filter;
  std::optional<std::vector<std::int64_t>> ids;  // these, in this order
};
// [TYPE type | ID id ...]
Result<ClientSelection> parse_list(Args words);

}  // namespace stave
