// SPDX-License-Identifier: Apache-2.0
#include "src/stats.h"

#include <algorithm>
#include <utility>

#include "src/secrets.h"
#include "src/session.h"

namespace stave {
namespace {

// As Redis' slow log: so many arguments, so many bytes of each.
constexpr std::size_t kSlowArguments = 32;
constexpr std::size_t kSlowArgumentBytes = 128;
constexpr std::string_view kRedacted = "(redacted)";

std::string shortened(std::string_view argument) {
  std::string text(argument.substr(0, kSlowArgumentBytes));
  if (argument.size() > kSlowArgumentBytes) {
    text += "... (" + std::to_string(argument.size() - kSlowArgumentBytes) + " more bytes)";
  }
  return text;
}

}  // namespace

void Stats::sample() {
  last_second = {commands_processed - at_last_sample_.commands, bytes_in - at_last_sample_.bytes_in,
                 bytes_out - at_last_sample_.bytes_out};
  at_last_sample_ = {commands_processed, bytes_in, bytes_out};
}

void Stats::reset() {
  std::deque<SlowCommand> kept = std::move(slow);
  *this = Stats();
  slow = std::move(kept);
}

void Stats::count_error_text(std::string_view text) {
  ++error_replies;
  const std::string_view code = text.substr(0, text.find(' '));
  const auto found = errors.find(code);
  if (found != errors.end()) {
    ++found->second;
  } else {
    errors.emplace(code, 1);
  }
}

void Stats::add_slow(std::uint64_t id, std::int64_t unix_seconds, std::int64_t microseconds,
                     const Command& command, Args arguments, const ClientInfo& client,
                     std::size_t length_max) {
  SlowCommand slow_command;
  slow_command.id = id;
  slow_command.unix_seconds = unix_seconds;
  slow_command.microseconds = microseconds;
  slow_command.client_address = client.address;
  slow_command.client_name = client.name;
  const std::vector<std::size_t> secrets = find_secrets(command, arguments);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (i + 1 == kSlowArguments && arguments.size() > kSlowArguments) {
      slow_command.arguments.push_back("... (" + std::to_string(arguments.size() - kSlowArguments + 1) +
                                       " more arguments)");
      break;
    }
    const bool secret = std::find(secrets.begin(), secrets.end(), i) != secrets.end();
    slow_command.arguments.push_back(secret ? std::string(kRedacted) : shortened(arguments[i]));
  }
  slow.push_front(std::move(slow_command));
  while (slow.size() > length_max) slow.pop_back();
}

}  // namespace stave
