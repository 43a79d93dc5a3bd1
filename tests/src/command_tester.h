// SPDX-License-Identifier: Apache-2.0
// CommandTester: runs rows of the command table over a FakeKeyspace, as the executor would, and gives back
// the bytes of the reply.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/ascii.h"
#include "src/command.h"
#include "tests/src/fake_keyspace.h"

namespace stave::testing {

class CommandTester {
 public:
  CommandTester(std::initializer_list<std::span<const Command>> tables) : tables_(tables) {}

  FakeKeyspace keys;
  CommandLimits limits;
  KeyspaceEvents events;  // of all commands
  int db = 0;
  int protocol = 2;
  int stagings = 0;  // how often a command met a cold value

  // `line` is cut at blanks; '' is an empty argument.
  std::string run(std::string_view line) {
    std::vector<std::string_view> args;
    while (!line.empty()) {
      const std::size_t blank = std::min(line.find(' '), line.size());
      const std::string_view word = line.substr(0, blank);
      if (!word.empty()) args.push_back(word == "''" ? std::string_view() : word);
      line.remove_prefix(std::min(blank + 1, line.size()));
    }
    return run_args(args);
  }

  std::string run_args(const std::vector<std::string_view>& args) {
    const Command* const command = find(args);
    REQUIRE(command != nullptr);
    if (!command->accepts(args.size())) return "-" + errors::wrong_arity(command->name).message() + "\r\n";
    for (;;) {
      std::string output;
      resp::ReplyWriter writer(output, protocol);
      Context context(keys, writer, db, keys.now_ms);
      context.limits = limits;
      context.events = &events;
      const std::size_t events_before = events.size();
      const int changes_before = keys.changes;
      Status status = command->data(context, args);
      if (status.ok()) return output;
      events.drop_changes(events_before, status.message() != kCold.text);
      if (status.message() == kCold.text) {
        CHECK(keys.changes == changes_before);
        REQUIRE_FALSE(keys.wanted.empty());
        keys.stage_wanted();
        ++stagings;
        continue;
      }
      output.clear();
      writer.error(status.message());
      return output;
    }
  }

  // A bulk's bytes of the value, "(absent)" when there is none.
  std::string value(std::string_view name) const {
    const auto at = keys.stored.find({db, std::string(name)});
    return at == keys.stored.end() ? "(absent)" : at->second.value;
  }

 private:
  const Command* search(std::string_view name) const {
    for (const auto& table : tables_) {
      for (const Command& command : table) {
        if (ascii::equal(command.name, name)) return &command;
      }
    }
    return nullptr;
  }

  const Command* find(std::span<const std::string_view> args) const {
    const Command* const command = search(args[0]);
    if (command == nullptr || command->data != nullptr || args.size() < 2) return command;
    return search(std::string(command->name) + "|" + std::string(args[1]));
  }

  std::vector<std::span<const Command>> tables_;
};

}  // namespace stave::testing
