// SPDX-License-Identifier: Apache-2.0
// CLIENT.
#include "src/command_docs_parts.h"

namespace stave {
namespace {

using namespace docs;

// An argument inside another is indented.
// clang-format off
constexpr Argument kClientSetnameArguments[] = {string("connection-name")};
constexpr Argument kClientSetinfoArguments[] = {
    one_of("attr", 2),
      string("libname", "lib-name"),
      string("libver", "lib-ver"),
};
constexpr Argument kClientListArguments[] = {
    one_of("client-type", 4, "TYPE").since("5.0.0").optional(),
      token("normal", "normal"),
      token("master", "master"),
      token("replica", "replica"),
      token("pubsub", "pubsub"),
    integer("client-id", "ID").since("6.2.0").optional().multiple(),
};
constexpr Argument kClientKillArguments[] = {
    one_of("filter", 2),
      string("old-format").shown_as("ip:port").deprecated("2.8.12"),
      one_of("new-format", 6).multiple(),
        integer("client-id", "ID").since("2.8.12").optional(),
        one_of("client-type", 5, "TYPE").since("2.8.12").optional(),
          token("normal", "normal"),
          token("master", "master").since("3.2.0"),
          token("slave", "slave"),
          token("replica", "replica").since("5.0.0"),
          token("pubsub", "pubsub"),
        string("username", "USER").optional(),
        string("addr", "ADDR").shown_as("ip:port").optional(),
        string("laddr", "LADDR").shown_as("ip:port").since("6.2.0").optional(),
        one_of("skipme", 2, "SKIPME").optional(),
          token("yes", "YES"),
          token("no", "NO"),
};
constexpr Argument kClientReplyArguments[] = {
    one_of("action", 3),
      token("on", "ON"),
      token("off", "OFF"),
      token("skip", "SKIP"),
};
constexpr Argument kClientPauseArguments[] = {
    integer("timeout"),
    one_of("mode", 2).since("6.2.0").optional(),
      token("write", "WRITE"),
      token("all", "ALL"),
};
constexpr Argument kClientNoEvictArguments[] = {
    one_of("enabled", 2),
      token("on", "ON"),
      token("off", "OFF"),
};
constexpr Argument kClientUnblockArguments[] = {
    integer("client-id"),
    one_of("unblock-type", 2).optional(),
      token("timeout", "TIMEOUT"),
      token("error", "ERROR"),
};
// clang-format on

constexpr Change kClientListHistory[] = {{"2.8.12", "Field id."},
                                         {"5.0.0", "Filter TYPE."},
                                         {"6.0.0", "Field user."},
                                         {"6.2.0", "Fields argv-mem, tot-mem, laddr and redir; filter ID."},
                                         {"7.0.0", "Fields resp, multi-mem, rbs and rbp."},
                                         {"7.0.3", "Field ssub."}};
constexpr Change kClientKillHistory[] = {{"2.8.12", "Filters by name and value."},
                                         {"2.8.12", "Filter ID."},
                                         {"3.2.0", "Type master."},
                                         {"5.0.0", "Type replica; slave stays as another name for it."},
                                         {"6.2.0", "Filter LADDR."}};
constexpr Change kClientPauseHistory[] = {{"6.2.0", "Mode WRITE, which holds back writes only."}};

constexpr CommandDocs kDocs[] = {
    {.name = "client",
     .since = "2.4.0",
     .summary = "Looks at and controls connections.",
     .complexity = kThatOfTheSubcommand},
    {.name = "client|id",
     .since = "5.0.0",
     .summary = "Replies the number of this connection.",
     .complexity = "O(1)"},
    {.name = "client|getname",
     .since = "2.6.9",
     .summary = "Replies what this connection is called.",
     .complexity = "O(1)"},
    {.name = "client|setname",
     .since = "2.6.9",
     .summary = "Names this connection, for CLIENT LIST and the logs.",
     .complexity = "O(1)",
     .arguments = kClientSetnameArguments},
    {.name = "client|setinfo",
     .since = "7.2.0",
     .summary = "Tells the server which client library, in which version, uses this connection.",
     .complexity = "O(1)",
     .arguments = kClientSetinfoArguments},
    {.name = "client|list",
     .since = "2.4.0",
     .summary = "Describes the open connections, one line each.",
     .complexity = "O(N) in the number of connections",
     .arguments = kClientListArguments,
     .tips = kVaries,
     .history = kClientListHistory},
    {.name = "client|info",
     .since = "6.2.0",
     .summary = "Describes this connection.",
     .complexity = "O(1)",
     .tips = kVaries},
    {.name = "client|kill",
     .since = "2.4.0",
     .summary = "Closes the connections that a filter picks.",
     .complexity = "O(N) in the number of connections",
     .arguments = kClientKillArguments,
     .history = kClientKillHistory},
    {.name = "client|reply",
     .since = "3.2.0",
     .summary = "Turns the replies to this connection on or off, or skips the next one.",
     .complexity = "O(1)",
     .arguments = kClientReplyArguments},
    {.name = "client|pause",
     .since = "3.0.0",
     .summary = "Holds back all commands, or only writes, for some time.",
     .complexity = "O(1)",
     .arguments = kClientPauseArguments,
     .history = kClientPauseHistory},
    {.name = "client|unpause",
     .since = "6.2.0",
     .summary = "Ends a pause.",
     .complexity = "O(N) in the number of connections that wait"},
    {.name = "client|no-evict",
     .since = "7.0.0",
     .summary = "Exempts this connection from being closed when clients use too much memory.",
     .complexity = "O(1)",
     .arguments = kClientNoEvictArguments},
    {.name = "client|no-touch",
     .since = "7.2.0",
     .summary = "Lets this connection read keys without marking them as used.",
     .complexity = "O(1)",
     .arguments = kClientNoEvictArguments},
    {.name = "client|unblock",
     .since = "5.0.0",
     .summary = "Wakes a connection that waits in a blocking command, as by its timeout or with an error.",
     .complexity = "O(log N) in the number of connections",
     .arguments = kClientUnblockArguments},
    {.name = "client|help", .since = "5.0.0", .summary = kListsSubcommands, .complexity = "O(1)"},
};

}  // namespace

std::span<const CommandDocs> client_docs() {
  return kDocs;
}

}  // namespace stave
