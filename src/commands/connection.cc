// SPDX-License-Identifier: Apache-2.0
// PING, ECHO, AUTH, HELLO, SELECT, QUIT, RESET: what a connection asks about itself.
#include <optional>
#include <string>

#include "src/ascii.h"
#include "src/command.h"
#include "src/commands/arguments.h"
#include "src/commands/client.h"
#include "src/errors.h"
#include "src/numbers.h"
#include "src/session.h"
#include "src/version.h"
#include "src/worker.h"

namespace stave {
namespace {

constexpr std::string_view kDefaultUser = "default";

constexpr Error kWrongPassword{"WRONGPASS invalid username-password pair or user is disabled."};
constexpr Error kNoPasswordSet{
    "ERR AUTH <password> called without any password configured for the default user. Are you sure your "
    "configuration is correct?"};
constexpr Error kHelloNoAuth{
    "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH "
    "<user> <pass> option can be used to authenticate the client and select the RESP protocol version at the "
    "same time"};

// Takes a time that depends on the length of `given` only, so it tells nothing about the secret. REQUIRES:
// there is one.
bool is_secret(std::string_view given, std::string_view secret) {
  unsigned difference = given.size() == secret.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    difference |= static_cast<unsigned>(static_cast<unsigned char>(given[i] ^ secret[i % secret.size()]));
  }
  return difference == 0;
}

// Without a password, the default user may log in with any. An attempt that fails changes nothing.
Status log_in(Session& session, std::string_view user, std::string_view password) {
  const std::string& secret = session.worker.settings().requirepass;
  if (user != kDefaultUser) return kWrongPassword;
  if (!secret.empty() && !is_secret(password, secret)) return kWrongPassword;
  session.client.authenticated = true;
  return {};
}

// PING [message]. Who listens in RESP2 gets a reply that looks like a message.
Status ping(Session& session, Args args) {
  if (args.size() > 2) return errors::wrong_arity("ping");
  if (session.client.pubsub && session.client.protocol == 2) {
    session.reply.array(2);
    session.reply.bulk("pong");
    session.reply.bulk(args.size() == 1 ? "" : args[1]);
    return {};
  }
  args.size() == 1 ? session.reply.simple("PONG") : session.reply.bulk(args[1]);
  return {};
}

Status echo(Session& session, Args args) {
  session.reply.bulk(args[1]);
  return {};
}

// AUTH [user] password
Status auth(Session& session, Args args) {
  if (args.size() > 3) return errors::kSyntax;
  if (args.size() == 2 && session.worker.settings().requirepass.empty()) return kNoPasswordSet;
  Status status = log_in(session, args.size() == 3 ? args[1] : kDefaultUser, args.back());
  if (status.ok()) session.reply.ok();
  return status;
}

struct Login {
  std::string_view user;
  std::string_view password;
};

struct HelloOptions {
  std::optional<int> protocol;
  std::optional<Login> login;
  std::optional<std::string_view> name;
};

Result<int> protocol_argument(std::string_view text) {
  const auto number = parse_integer(text);
  if (!number) return Error{"ERR Protocol version is not an integer or out of range"};
  if (*number != 2 && *number != 3) return Error{"NOPROTO unsupported protocol version"};
  return static_cast<int>(*number);
}

// [protocol [AUTH user password] [SETNAME name]]
Result<HelloOptions> parse_hello(Args words) {
  HelloOptions options;
  if (words.empty()) return options;
  auto protocol = protocol_argument(words[0]);
  if (!protocol.ok()) return protocol.take_status();
  options.protocol = *protocol;
  for (std::size_t at = 1; at < words.size(); ++at) {
    const std::size_t more = words.size() - 1 - at;
    if (ascii::equal(words[at], "auth") && more >= 2) {
      options.login = Login{words[at + 1], words[at + 2]};
      at += 2;
    } else if (ascii::equal(words[at], "setname") && more >= 1) {
      options.name = words[++at];
      if (!is_client_attribute(*options.name)) return kBadClientName;
    } else {
      return Status::error("ERR Syntax error in HELLO option '" + std::string(words[at]) + "'");
    }
  }
  return options;
}

void describe_server(Session& session) {
  resp::ReplyWriter& reply = session.reply;
  reply.map(7);
  reply.bulk("server");
  reply.bulk("redis");
  reply.bulk("version");
  reply.bulk(kRedisVersion);
  reply.bulk("proto");
  reply.integer(session.client.protocol);
  reply.bulk("id");
  reply.integer(static_cast<std::int64_t>(session.client.id));
  reply.bulk("mode");
  reply.bulk("standalone");
  reply.bulk("role");
  reply.bulk("master");
  reply.bulk("modules");
  reply.array(0);
}

// HELLO [protocol [AUTH user password] [SETNAME name]]
Status hello(Session& session, Args args) {
  auto options = parse_hello(args.subspan(1));
  if (!options.ok()) return options.take_status();
  if (options->login) {
    Status status = log_in(session, options->login->user, options->login->password);
    if (!status.ok()) return status;
  }
  if (!session.client.authenticated) return kHelloNoAuth;
  if (options->name) session.client.name = *options->name;
  if (options->protocol) session.set_protocol(*options->protocol);
  describe_server(session);
  return {};
}

Status select_db(Session& session, Args args) {
  auto db = database_argument(args[1], static_cast<int>(session.worker.settings().databases));
  if (!db.ok()) return db.take_status();
  session.client.db = *db;
  session.reply.ok();
  return {};
}

Status quit(Session& session, Args) {
  session.reply.ok();
  session.close_after_reply = true;
  return {};
}

Status reset(Session& session, Args) {
  session.reset();
  session.reply.simple("RESET");
  return {};
}

// What must work in every state of a server and of a connection.
constexpr std::uint32_t kAlways = kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy;

constexpr Command kConnectionCommands[] = {
    session_command("ping", ping, -1, kFast | kSentinel, "connection"),
    session_command("echo", echo, 2, kLoading | kStale | kFast, "connection"),
    session_command("auth", auth, -2, kAlways | kSentinel, "connection"),
    session_command("hello", hello, -1, kAlways | kSentinel, "connection"),
    session_command("select", select_db, 2, kLoading | kStale | kFast, "connection"),
    session_command("quit", quit, -1, kAlways | kNotQueued, "connection"),
    session_command("reset", reset, 1, kAlways | kNotQueued, "connection"),
};

}  // namespace

std::span<const Command> connection_commands() {
  return kConnectionCommands;
}

}  // namespace stave
