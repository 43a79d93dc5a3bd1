// SPDX-License-Identifier: Apache-2.0
// Stats: what one worker counts. Owner thread only; INFO and SLOWLOG gather copies from all workers.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "src/command.h"

namespace stave {

struct ClientInfo;  // src/session.h

struct CommandCount {
  std::uint64_t calls = 0;
  std::uint64_t nanoseconds = 0;
  std::uint64_t rejected = 0;  // refused before it ran: arity, permissions
  std::uint64_t failed = 0;    // replied an error
};

struct SlowCommand {
  std::uint64_t id = 0;
  std::int64_t unix_seconds = 0;
  std::int64_t microseconds = 0;
  std::vector<std::string> arguments;  // shortened and without passwords, as in Redis
  std::string client_address;
  std::string client_name;
};

struct Stats {
  // Counters by command; open addressing on the address of the row, as rows never move.
  class CommandTable {
   public:
    CommandCount& of(const Command& command) {
      std::size_t i = (reinterpret_cast<std::uintptr_t>(&command) >> 5) % kSlots;
      while (slots_[i].command != &command && slots_[i].command != nullptr) i = (i + 1) % kSlots;
      slots_[i].command = &command;
      return slots_[i].count;
    }
    template <typename Visit>
    void for_each(Visit visit) const {
      for (const Item& item : slots_) {
        if (item.command != nullptr) visit(*item.command, item.count);
      }
    }

   private:
    static constexpr std::size_t kSlots = 1024;  // several times the number of rows
    struct Item {
      const Command* command = nullptr;
      CommandCount count;
    };
    std::array<Item, kSlots> slots_{};
  };

  CommandTable commands;
  std::map<std::string, std::uint64_t, std::less<>> errors;  // by code, the first word
  std::deque<SlowCommand> slow;                              // newest first
  std::uint64_t commands_processed = 0;
  std::uint64_t connections_received = 0;
  std::uint64_t connections_rejected = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t messages_sent = 0;  // to other workers
  std::uint64_t wakes_sent = 0;
  std::uint64_t turns = 0;  // of the loop
  std::uint64_t error_replies = 0;

  // What happened in the last whole second; sample() is called each second.
  struct Rates {
    std::uint64_t commands = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
  };
  Rates last_second;
  void sample();
  // CONFIG RESETSTAT: everything but the slow log.
  void reset();

  void count_error_text(std::string_view text);
  void add_slow(std::uint64_t id, std::int64_t unix_seconds, std::int64_t microseconds,
                const Command& command, Args arguments, const ClientInfo& client, std::size_t length_max);

 private:
  Rates at_last_sample_;
};

}  // namespace stave
