// SPDX-License-Identifier: Apache-2.0
#include "src/commands/client.h"
#include "src/commands/help.h"
#include "src/session.h"

namespace stave {
namespace {

constexpr std::string_view kLines[] = {
    "CLIENT <subcommand> [<argument> ...]",
    "GETNAME",
    "    Show the name of this connection.",
    "ID",
    "    Show the number of this connection.",
    "INFO",
    "    Describe this connection.",
    "KILL <ip:port>",
    "    Close the connection that comes from this address.",
    "KILL <filter> <value> [<filter> <value> ...]",
    "    Close the connections that all filters let through:",
    "    ADDR <ip:port>, LADDR <ip:port>",
    "        from, or to, this address; <path>:0 for a Unix socket",
    "    ID <number>",
    "        of this number",
    "    MAXAGE <seconds>",
    "        at least that old",
    "    SKIPME (YES|NO)",
    "        without this connection (yes, the default), or with it",
    "    TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
    "        of this type",
    "    USER <name>",
    "        of this user",
    "LIST [TYPE (NORMAL|MASTER|REPLICA|PUBSUB) | ID <number> ...]",
    "    Describe all connections, those of one type, or these.",
    "NO-EVICT (ON|OFF)",
    "    Never close this connection for the memory that all connections use.",
    "NO-TOUCH (ON|OFF)",
    "    Let commands of this connection not count as a use of their keys.",
    "PAUSE <milliseconds> [WRITE|ALL]",
    "    Let all clients wait so long, with all commands or only with writes.",
    "REPLY (ON|OFF|SKIP)",
    "    Send replies to this connection, send none, or leave out the next one.",
    "SETINFO (LIB-NAME|LIB-VER) <text>",
    "    Say which library uses this connection.",
    "SETNAME <name>",
    "    Name this connection.",
    "UNBLOCK <number> [TIMEOUT|ERROR]",
    "    Wake a connection that waits in a blocking command.",
    "UNPAUSE",
    "    End a pause.",
    "HELP",
    "    Show this text.",
};

}  // namespace

Status client_help(Session& session, Args) {
  reply_help(session.reply, kLines);
  return {};
}

}  // namespace stave
