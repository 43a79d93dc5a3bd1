// SPDX-License-Identifier: Apache-2.0
#include "src/multi.h"

#include <algorithm>

#include "src/command.h"
#include "src/numbers.h"

namespace stave {

QueuedCommand::QueuedCommand(const Command& called, Args args) : command(&called) {
  std::size_t size = 0;
  for (const std::string_view argument : args) size += argument.size();
  bytes.reserve(size);
  arguments.reserve(args.size());
  for (const std::string_view argument : args) {
    const std::size_t begin = bytes.size();
    bytes.append(argument);
    arguments.emplace_back(bytes.data() + begin, argument.size());
  }
}

void Multi::add(const Command& command, Args arguments) {
  const QueuedCommand& added = queue.emplace_back(command, arguments);
  bytes += sizeof added + added.bytes.capacity() + arguments.size() * sizeof(std::string_view);
  flags |= command.flags;
}

void Multi::close() {
  open = failed = false;
  flags = 0;
  bytes = 0;
  queue.clear();
}

bool Multi::watches(int db, std::string_view name) const {
  return std::any_of(watched.begin(), watched.end(),
                     [&](const auto& key) { return key.first == db && key.second == name; });
}

std::optional<int> selected_database(const Command& command, Args arguments, std::int64_t databases) {
  if (command.name != "select") return std::nullopt;
  const auto db = parse_integer(arguments[1]);
  if (!db || *db < 0 || *db >= databases) return std::nullopt;
  return static_cast<int>(*db);
}

}  // namespace stave
