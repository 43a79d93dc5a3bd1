// SPDX-License-Identifier: Apache-2.0
#include "src/router.h"

#include <array>
#include <charconv>

#include "src/ascii.h"
#include "src/errors.h"
#include "src/worker.h"

namespace stave {
namespace {

constexpr std::array<std::uint16_t, 256> make_crc16_table() {
  std::array<std::uint16_t, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    unsigned crc = byte << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
    table[byte] = static_cast<std::uint16_t>(crc);
  }
  return table;
}
constexpr auto kCrc16 = make_crc16_table();

// The cursor of SCAN names its shard in its low bits.
constexpr std::uint64_t kCursorShardMask = 1023;

using errors::kBytesShown;
using errors::shown;

std::string quoted_arguments(Args arguments) {
  std::string text;
  for (std::size_t i = 1; i < arguments.size() && text.size() < kBytesShown; ++i) {
    const std::size_t room = kBytesShown - text.size();
    text.append("'").append(shown(arguments[i], room)).append("' ");
  }
  return text;
}

Status unknown_command(Args arguments) {
  return Status::error("ERR unknown command '" + std::string(shown(arguments[0])) +
                       "', with args beginning with: " + quoted_arguments(arguments));
}

Status unknown_subcommand(const Command& container, Args arguments) {
  std::string name(container.name);
  for (char& c : name) c = ascii::upper(c);
  return errors::unknown_subcommand(arguments[1], name);
}

// What RESP2 allows a client that listens: its other replies could not be told from messages.
bool may_run_while_listening(const Command& command) {
  const bool joins_or_leaves = command.has(kPubsub) && command.has(kNoScript);
  return joins_or_leaves || command.name == "ping" || command.name == "quit" || command.name == "reset";
}

bool is_container(const Command& command) {
  return command.has(kContainer) ||
         (command.data == nullptr && command.session == nullptr && command.call == nullptr);
}

}  // namespace

std::uint32_t key_slot(std::string_view key) {
  const std::size_t open = key.find('{');
  if (open != std::string_view::npos) {
    const std::size_t close = key.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1) key = key.substr(open + 1, close - open - 1);
  }
  std::uint16_t crc = 0;
  for (const char c : key)
    crc = static_cast<std::uint16_t>(crc << 8 ^ kCrc16[(crc >> 8 ^ static_cast<unsigned char>(c)) & 0xff]);
  return crc & 16383;
}

Route find_route(const Command& command, Args arguments, std::uint32_t shards) {
  Route route;
  if (shards == 1) return route;
  if (command.has(kByCursor)) {
    std::uint64_t cursor = 0;
    std::from_chars(arguments[1].data(), arguments[1].data() + arguments[1].size(), cursor);
    route.shard = static_cast<std::uint32_t>((cursor & kCursorShardMask) % shards);
    return route;
  }
  const KeyRange& keys = command.keys;
  if (keys.first == 0) return route;
  const auto first = static_cast<std::size_t>(keys.first);
  route.shard = shard_of_key(arguments[first], shards);
  route.several_shards = reaches_other_keys(command, arguments);
  if (keys.last == keys.first && !command.has(kMovableKeys)) return route;
  std::vector<int> positions;
  find_keys(command, arguments, positions);
  for (const int position : positions) {
    if (shard_of_key(arguments[static_cast<std::size_t>(position)], shards) != route.shard)
      route.several_shards = true;
  }
  return route;
}

bool reaches_other_keys(const Command& command, Args arguments) {
  if (!command.has(kReachesOtherKeys)) return false;
  for (std::size_t at = 2; at < arguments.size(); ++at) {
    if (ascii::equal(arguments[at], "limit")) {
      at += 2;
    } else if (ascii::equal(arguments[at], "store")) {
      ++at;
    } else if (ascii::equal(arguments[at], "by") || ascii::equal(arguments[at], "get")) {
      ++at;
      if (at < arguments.size() && arguments[at].find('*') != std::string_view::npos) return true;
    }
  }
  return false;
}

Status check_request(const Command* command, Args arguments, const Session& session) {
  if (command == nullptr) return unknown_command(arguments);
  if (is_container(*command) && arguments.size() > 1) return unknown_subcommand(*command, arguments);
  if (!command->accepts(arguments.size())) {
    return Status::error("ERR wrong number of arguments for '" + std::string(command->name) + "' command");
  }
  const bool needs_password = !session.client.authenticated && !session.worker.settings().requirepass.empty();
  if (needs_password && !command->has(kNoAuth)) return errors::kNoAuth;
  if (session.client.pubsub && session.client.protocol == 2 && !may_run_while_listening(*command))
    return errors::only_while_not_listening(command->name);
  if (session.multi.open && command->has(kNoMulti)) return errors::kNotInMulti;
  return {};
}

}  // namespace stave
