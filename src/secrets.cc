// SPDX-License-Identifier: Apache-2.0
#include "src/secrets.h"

#include <algorithm>
#include <iterator>

#include "src/ascii.h"
#include "src/numbers.h"

namespace stave {
namespace {

using Positions = std::vector<std::size_t>;

// AUTH [user] password
Positions secrets_of_auth(Args arguments) {
  Positions positions;
  for (std::size_t at = 1; at < arguments.size() && arguments.size() <= 3; ++at) positions.push_back(at);
  return positions;
}

// HELLO [protocol [AUTH user password] [SETNAME name]]
Positions secrets_of_hello(Args arguments) {
  Positions positions;
  const auto protocol = arguments.size() > 1 ? parse_integer(arguments[1]) : std::nullopt;
  if (protocol != 2 && protocol != 3) return positions;
  for (std::size_t at = 2; at < arguments.size(); ++at) {
    const std::size_t more = arguments.size() - 1 - at;
    if (ascii::equal(arguments[at], "auth") && more >= 2) {
      positions.insert(positions.end(), {at + 1, at + 2});
      at += 2;
    } else if (ascii::equal(arguments[at], "setname") && more >= 1) {
      ++at;
    } else {
      break;
    }
  }
  return positions;
}

// CONFIG SET name value [name value ...]. Of settings that only Redis has, too: their passwords are sent all
// the same.
Positions secrets_of_config_set(Args arguments) {
  constexpr std::string_view kNames[] = {"requirepass", "masterauth", "masteruser", "tls-key-file-pass",
                                         "tls-client-key-file-pass"};
  Positions positions;
  if (arguments.size() % 2 != 0) return positions;
  for (std::size_t at = 2; at < arguments.size(); at += 2) {
    const auto is_name = [&](std::string_view name) { return ascii::equal(name, arguments[at]); };
    if (std::any_of(std::begin(kNames), std::end(kNames), is_name)) positions.push_back(at + 1);
  }
  return positions;
}

}  // namespace

Positions find_secrets(const Command& command, Args arguments) {
  if (command.name == "auth") return secrets_of_auth(arguments);
  if (command.name == "hello") return secrets_of_hello(arguments);
  if (command.name == "config|set") return secrets_of_config_set(arguments);
  return {};
}

}  // namespace stave
