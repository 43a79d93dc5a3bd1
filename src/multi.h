// SPDX-License-Identifier: Apache-2.0
// Multi: the commands that a connection has queued since MULTI, and the keys that it watches. Part of its
// Session; home worker only, except that a transaction reads the arguments while the connection waits for it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/context.h"

namespace stave {

struct Command;

struct QueuedCommand {
  QueuedCommand(const Command& called, Args args);
  QueuedCommand(const QueuedCommand&) = delete;  // `arguments` view `bytes`
  QueuedCommand& operator=(const QueuedCommand&) = delete;

  const Command* command;
  std::string bytes;
  std::vector<std::string_view> arguments;
};

struct Multi {
  bool open = false;
  bool failed = false;      // a command was refused: EXEC does nothing
  std::uint32_t flags = 0;  // of all queued commands
  std::deque<QueuedCommand> queue;
  std::size_t bytes = 0;                             // of memory that the queue takes
  std::vector<std::pair<int, std::string>> watched;  // database and name, each once

  void add(const Command& command, Args arguments);
  // Ends it. What is watched stays.
  void close();
  bool watches(int db, std::string_view name) const;
};

// The database that a SELECT of these arguments selects; none when it is another command or fails.
std::optional<int> selected_database(const Command& command, Args arguments, std::int64_t databases);

}  // namespace stave
