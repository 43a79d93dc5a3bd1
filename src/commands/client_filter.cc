// SPDX-License-Identifier: Apache-2.0
#include "src/commands/client_filter.h"

#include "src/ascii.h"
#include "src/errors.h"
#include "src/numbers.h"

namespace stave {
namespace {

Result<ClientType> type_argument(std::string_view name) {
  if (ascii::equal(name, "normal")) return ClientType::kNormal;
  if (ascii::equal(name, "replica") || ascii::equal(name, "slave")) return ClientType::kReplica;
  if (ascii::equal(name, "pubsub")) return ClientType::kPubsub;
  if (ascii::equal(name, "master")) return ClientType::kMaster;
  return Status::error("ERR Unknown client type '" + std::string(name) + "'");
}

Status set_id(ClientFilter& filter, std::string_view text) {
  const auto number = parse_integer(text);
  if (!number || *number < 1) return Error{"ERR client-id should be greater than 0"};
  filter.id = static_cast<std::uint64_t>(*number);
  return {};
}

Status set_type(ClientFilter& filter, std::string_view text) {
  auto type = type_argument(text);
  if (!type.ok()) return type.take_status();
  filter.type = *type;
  return {};
}

// There is one user, and every connection is its.
Status check_user(std::string_view name) {
  if (name == "default") return {};
  return Status::error("ERR No such user '" + std::string(name) + "'");
}

Status set_age(ClientFilter& filter, std::string_view text) {
  const auto seconds = parse_integer(text);
  if (!seconds) return Error{"ERR maxage is not an integer or out of range"};
  if (*seconds < 1) return Error{"ERR maxage should be greater than 0"};
  filter.age_seconds_min = *seconds;
  return {};
}

Status set_skip_caller(ClientFilter& filter, std::string_view text) {
  filter.skip_caller = ascii::equal(text, "yes");
  return filter.skip_caller || ascii::equal(text, "no") ? Status() : Status(errors::kSyntax);
}

Status add_to_filter(ClientFilter& filter, std::string_view name, std::string_view value) {
  if (ascii::equal(name, "id")) return set_id(filter, value);
  if (ascii::equal(name, "type")) return set_type(filter, value);
  if (ascii::equal(name, "user")) return check_user(value);
  if (ascii::equal(name, "maxage")) return set_age(filter, value);
  if (ascii::equal(name, "skipme")) return set_skip_caller(filter, value);
  if (ascii::equal(name, "addr")) {
    filter.address = value;
  } else if (ascii::equal(name, "laddr")) {
    filter.local_address = value;
  } else {
    return errors::kSyntax;
  }
  return {};
}

}  // namespace

bool ClientFilter::matches(const ClientInfo& client, std::uint64_t caller, std::int64_t now_ms) const {
  if (id && client.id != *id) return false;
  if (address && client.address != *address) return false;
  if (local_address && client.local_address != *local_address) return false;
  if (type && *type != (client.pubsub ? ClientType::kPubsub : ClientType::kNormal)) return false;
  if (now_ms / 1000 - client.connected_ms / 1000 < age_seconds_min) return false;
  return !skip_caller || client.id != caller;
}

Result<ClientFilter> parse_kill(Args words) {
  ClientFilter filter;
  if (words.size() == 1) {
    filter.address = words[0];
    return filter;
  }
  filter.skip_caller = true;
  for (std::size_t at = 0; at < words.size(); at += 2) {
    if (at + 1 == words.size()) return errors::kSyntax;
    if (Status status = add_to_filter(filter, words[at], words[at + 1]); !status.ok()) return status;
  }
  return filter;
}

Result<ClientSelection> parse_list(Args words) {
  ClientSelection selection;
  if (words.empty()) return selection;
  if (words.size() == 2 && ascii::equal(words[0], "type")) {
    if (Status status = set_type(selection.filter, words[1]); !status.ok()) return status;
    return selection;
  }
  if (words.size() < 2 || !ascii::equal(words[0], "id")) return errors::kSyntax;
  selection.ids.emplace();
  for (const std::string_view word : words.subspan(1)) {
    const auto id = parse_integer(word);
    if (!id) return Error{"ERR Invalid client ID"};
    selection.ids->push_back(*id);
  }
  return selection;
}

}  // namespace stave
