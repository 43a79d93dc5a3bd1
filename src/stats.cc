// SPDX-License-Identifier: Apache-2.0
#include "src/stats.h"

#include <utility>

namespace stave {
namespace {

// As Redis' slow log: so many arguments, so many bytes of each.
constexpr std::size_t kSlowArguments = 32;
constexpr std::size_t kSlowArgumentBytes = 128;

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

void Stats::add_slow(std::uint64_t id, std::int64_t unix_seconds, std::int64_t microseconds, Args arguments,
                     const std::string& client_address, std::size_t length_max) {
  SlowCommand slow_command;
  slow_command.id = id;
  slow_command.unix_seconds = unix_seconds;
  slow_command.microseconds = microseconds;
  slow_command.client_address = client_address;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (i + 1 == kSlowArguments && arguments.size() > kSlowArguments) {
      slow_command.arguments.push_back("... (" + std::to_string(arguments.size() - kSlowArguments + 1) + " more arguments)");
      break;
    }
    std::string shown(arguments[i].substr(0, kSlowArgumentBytes));
    if (arguments[i].size() > kSlowArgumentBytes) {
      shown += "... (" + std::to_string(arguments[i].size() - kSlowArgumentBytes) + " more bytes)";
    }
    slow_command.arguments.push_back(std::move(shown));
  }
  slow.push_front(std::move(slow_command));
  while (slow.size() > length_max) slow.pop_back();
}

}  // namespace stave
