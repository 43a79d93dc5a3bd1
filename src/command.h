// SPDX-License-Identifier: Apache-2.0
// Command: one row of the command table. It drives arity errors, routing, staging, permissions, COMMAND and
// its docs. Rows are constexpr tables in src/commands/*.cc, gathered by src/command_table.cc; nobody changes
// them at run time.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "src/context.h"

namespace stave {

class Session;  // src/session.h: the state of a connection
class Call;     // src/call.h: a command that needs other workers, answered later

// What Redis calls command flags, as COMMAND INFO reports them; then our own.
enum CommandFlag : std::uint32_t {
  kWrite = 1u << 0,
  kReadOnly = 1u << 1,
  kDenyOom = 1u << 2,
  kAdmin = 1u << 3,
  kPubsub = 1u << 4,
  kNoScript = 1u << 5,
  kBlocking = 1u << 6,
  kLoading = 1u << 7,
  kStale = 1u << 8,
  kSkipMonitor = 1u << 9,
  kSkipSlowlog = 1u << 10,
  kAsking = 1u << 11,
  kFast = 1u << 12,
  kNoAuth = 1u << 13,
  kMayReplicate = 1u << 14,
  kSentinel = 1u << 15,
  kMovableKeys = 1u << 16,
  kAllowBusy = 1u << 17,
  kNoAsyncLoading = 1u << 18,
  kNoMulti = 1u << 19,
  // Ours; never reported.
  kNoValues = 1u << 28,          // usually needs no value, only what the index knows: nothing is staged ahead
  kEdits = 1u << 27,             // changes collections, and never writes a large one as a whole
  kByCursor = 1u << 29,          // SCAN: the shard is named by the cursor in argument 1
  kReachesOtherKeys = 1u << 26,  // SORT: patterns name keys which are not among its arguments
  kFlushes = 1u << 25,           // removes whole databases
  kNotQueued = 1u << 24,         // runs at once inside a MULTI, too
  kContainer = 1u << 23,         // has subcommands, and is a command itself when called without
  kOneChange = 1u << 22,         // changes one of its keys at most
};

// First, last and step of the keys among the arguments, as COMMAND reports them. A negative last counts from
// the end.
struct KeyRange {
  int first = 0;
  int last = 0;
  int step = 0;
};

// A command is one of three kinds of function. PUBLISH has a session function, too, for when nobody listens
// on another worker.
using DataFunction = Status (*)(Context&, Args);  // reads and changes keys; runs where the shard is
using SessionFunction = Status (*)(Session&,
                                   Args);  // touches only its connection; runs at once on its worker
using CallFunction = void (*)(Call&);      // everything else: may ask all workers, and answers later

struct Command {
  std::string_view name;  // lower case; "client|id" for a subcommand
  int arity = 0;          // with the name; negative: at least that many
  std::uint32_t flags = 0;
  KeyRange keys;
  std::string_view group;  // as COMMAND DOCS: "string", "generic", "server", "connection", "bitmap"
  DataFunction data = nullptr;
  SessionFunction session = nullptr;
  CallFunction call = nullptr;
  // For kMovableKeys: writes the positions of the keys.
  void (*find_keys)(Args args, std::vector<int>& positions) = nullptr;

  bool has(CommandFlag flag) const { return (flags & flag) != 0; }
  bool accepts(std::size_t arguments) const {
    return arity >= 0 ? arguments == static_cast<std::size_t>(arity)
                      : arguments >= static_cast<std::size_t>(-arity);
  }
};

// Rows for the three kinds, so that tables read in columns.
constexpr Command data_command(std::string_view name, DataFunction function, int arity, std::uint32_t flags,
                               KeyRange keys, std::string_view group) {
  Command command{.name = name, .arity = arity, .flags = flags, .keys = keys, .group = group};
  command.data = function;
  return command;
}
constexpr Command session_command(std::string_view name, SessionFunction function, int arity,
                                  std::uint32_t flags, std::string_view group) {
  Command command{.name = name, .arity = arity, .flags = flags, .keys = {}, .group = group};
  command.session = function;
  return command;
}
constexpr Command call_command(std::string_view name, CallFunction function, int arity, std::uint32_t flags,
                               std::string_view group) {
  Command command{.name = name, .arity = arity, .flags = flags, .keys = {}, .group = group};
  command.call = function;
  return command;
}

// Tables by file of src/commands/.
std::span<const Command> string_commands();
std::span<const Command> bitmap_commands();
std::span<const Command> hash_commands();
std::span<const Command> list_commands();
std::span<const Command> set_commands();
std::span<const Command> zset_commands();
std::span<const Command> hyperloglog_commands();
std::span<const Command> geo_commands();
std::span<const Command> key_commands();
std::span<const Command> transaction_commands();
std::span<const Command> pubsub_commands();
std::span<const Command> connection_commands();
std::span<const Command> client_commands();
std::span<const Command> server_commands();
std::span<const Command> introspection_commands();

// The command, or its subcommand, that `args` calls; null when there is none of that name. Any case.
const Command* find_command(Args args);
// By full name in lower case ("client|id"); null when there is none.
const Command* find_command_by_name(std::string_view name);
// All rows, subcommands included, in a fixed order.
std::span<const Command* const> all_commands();
// The rows "parent|...".
std::span<const Command* const> subcommands_of(std::string_view parent);
// Positions of the keys in `args`.
void find_keys(const Command& command, Args args, std::vector<int>& positions);

}  // namespace stave
