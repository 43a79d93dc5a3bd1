// SPDX-License-Identifier: Apache-2.0
// The connection itself.
#include "src/command_docs_parts.h"

namespace stave {
namespace {

using namespace docs;

// An argument inside another is indented.
// clang-format off
constexpr Argument kPingArguments[] = {string("message").optional()};
constexpr Argument kEchoArguments[] = {string("message")};
constexpr Argument kAuthArguments[] = {string("username").since("6.0.0").optional(), string("password")};
constexpr Argument kHelloArguments[] = {
    block("arguments", 3).optional(),
      integer("protover"),
      block("auth", 2, "AUTH").optional(),
        string("username"),
        string("password"),
      string("clientname", "SETNAME").optional(),
};
constexpr Argument kSelectArguments[] = {integer("index")};
// clang-format on

constexpr Change kAuthHistory[] = {{"6.0.0", "A user name."}};
constexpr Change kHelloHistory[] = {
    {"6.2.0", "The protocol version may be left out: the connection keeps its own."}};

constexpr CommandDocs kDocs[] = {
    {.name = "ping",
     .since = "1.0.0",
     .summary = "Answers PONG, or the message given: shows that server and connection are alive.",
     .complexity = "O(1)",
     .arguments = kPingArguments,
     .tips = kAllShardsSucceed},
    {.name = "echo",
     .since = "1.0.0",
     .summary = "Replies its argument.",
     .complexity = "O(1)",
     .arguments = kEchoArguments},
    {.name = "auth",
     .since = "1.0.0",
     .summary = "Logs the connection in with a password, and optionally a user name.",
     .complexity = "O(N) in the number of passwords of the user",
     .arguments = kAuthArguments,
     .history = kAuthHistory},
    {.name = "hello",
     .since = "6.0.0",
     .summary = "Chooses the protocol version, optionally logs in and names the connection, and describes "
                "the server.",
     .complexity = "O(1)",
     .arguments = kHelloArguments,
     .history = kHelloHistory},
    {.name = "select",
     .since = "1.0.0",
     .summary = "Chooses the database of the connection.",
     .complexity = "O(1)",
     .arguments = kSelectArguments},
    {.name = "quit",
     .since = "1.0.0",
     .summary = "Closes the connection after its last reply.",
     .complexity = "O(1)",
     .deprecated_since = "7.2.0",
     .replaced_by = "closing the connection"},
    {.name = "reset",
     .since = "6.2.0",
     .summary = "Brings the connection back to the state of a new one.",
     .complexity = "O(1)"},
};

}  // namespace

std::span<const CommandDocs> connection_docs() {
  return kDocs;
}

}  // namespace stave
