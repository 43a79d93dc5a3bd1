// SPDX-License-Identifier: Apache-2.0
// Shows what PING, ECHO, AUTH, HELLO, SELECT, QUIT, RESET and the CLIENT commands that concern nothing but
// their connection reply, and what they leave behind in the session.
#include <doctest/doctest.h>

#include "src/ascii.h"
#include "tests/src/session_tester.h"

namespace stave {
namespace {

using testing::SessionTester;

constexpr std::string_view kOk = "+OK\r\n";
constexpr std::string_view kWrongPassword =
    "-WRONGPASS invalid username-password pair or user is disabled.\r\n";

Settings with_password(std::string password) {
  Settings settings;
  settings.requirepass = std::move(password);
  return settings;
}

TEST_CASE("PING and ECHO") {
  SessionTester tester;
  CHECK(tester.run("PING") == "+PONG\r\n");
  CHECK(tester.run("ping hi") == "$2\r\nhi\r\n");
  CHECK(tester.run("PING a b") == "-ERR wrong number of arguments for 'ping' command\r\n");
  CHECK(tester.run_args({"ECHO", ""}) == "$0\r\n\r\n");
  CHECK(tester.run("ECHO") == "-ERR wrong number of arguments for 'echo' command\r\n");
}

TEST_CASE("AUTH without a password that is set") {
  SessionTester tester;
  CHECK(tester.run("AUTH x").starts_with("-ERR AUTH <password> called without any password configured"));
  CHECK(tester.run("AUTH default x") == kOk);
  CHECK(tester.run("AUTH nobody x") == kWrongPassword);
  CHECK(tester.run("AUTH a b c") == "-ERR syntax error\r\n");
}

TEST_CASE("only the whole password opens, and a failed attempt closes nothing") {
  SessionTester tester(with_password("secret"));
  CHECK(tester.run("PING") == "-NOAUTH Authentication required.\r\n");
  for (const std::string_view attempt : {"", "s", "secre", "Secret", "secrets", "secretsecret", "xxxxxx"}) {
    CAPTURE(attempt);
    CHECK(tester.run_args({"AUTH", attempt}) == kWrongPassword);
    CHECK_FALSE(tester.session.client.authenticated);
  }
  CHECK(tester.run_args({"AUTH", std::string_view("secret\0", 7)}) == kWrongPassword);
  CHECK(tester.run("AUTH Default secret") == kWrongPassword);
  CHECK(tester.run("AUTH secret") == kOk);
  CHECK(tester.run("AUTH wrong") == kWrongPassword);
  CHECK(tester.run("PING") == "+PONG\r\n");
}

TEST_CASE("HELLO describes the server in the protocol that it chooses") {
  SessionTester tester;
  const std::string two =
      "*14\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.2.0\r\n$5\r\nproto\r\n:2\r\n$"
      "2\r\nid\r\n:42\r\n"
      "$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n";
  CHECK(tester.run("HELLO") == two);
  const std::string three = tester.run("hello 3");
  CHECK(three.starts_with("%7\r\n"));
  CHECK(three.find("proto\r\n:3\r\n") != std::string::npos);
  CHECK(tester.run("HELLO").starts_with("%7\r\n"));  // keeps what it is
  CHECK(tester.run("CLIENT GETNAME") == "_\r\n");
  CHECK(tester.run("HELLO 2") == two);
  CHECK(tester.session.client.protocol == 2);
}

TEST_CASE("HELLO that fails changes nothing") {
  SessionTester tester(with_password("secret"));
  CHECK(tester.run("HELLO 3").starts_with(
      "-NOAUTH HELLO must be called with the client already authenticated"));
  CHECK(tester.run("HELLO 3 SETNAME me AUTH default wrong") == kWrongPassword);
  CHECK(tester.run("HELLO 1") == "-NOPROTO unsupported protocol version\r\n");
  CHECK(tester.run("HELLO 02") == "-ERR Protocol version is not an integer or out of range\r\n");
  CHECK(tester.run("HELLO 3 AUTH default") == "-ERR Syntax error in HELLO option 'AUTH'\r\n");
  CHECK(tester.run("HELLO 3 SETNAME") == "-ERR Syntax error in HELLO option 'SETNAME'\r\n");
  CHECK(tester.run("HELLO 3 AUTH default secret More") == "-ERR Syntax error in HELLO option 'More'\r\n");
  CHECK(tester.run_args({"HELLO", "3", "SETNAME", "a b", "AUTH", "default", "secret"}) ==
        "-ERR Client names cannot contain spaces, newlines or special characters.\r\n");
  CHECK_FALSE(tester.session.client.authenticated);
  CHECK(tester.session.client.name.empty());
  CHECK(tester.session.client.protocol == 2);
  CHECK(tester.run("HELLO 3 setname me auth default secret").starts_with("%7\r\n"));
  CHECK(tester.session.client.name == "me");
}

TEST_CASE("SELECT takes the numbers of databases only") {
  SessionTester tester;
  CHECK(tester.run("SELECT 15") == kOk);
  CHECK(tester.session.client.db == 15);
  CHECK(tester.run("SELECT 16") == "-ERR DB index is out of range\r\n");
  CHECK(tester.run("SELECT -1") == "-ERR DB index is out of range\r\n");
  CHECK(tester.run("SELECT one") == "-ERR value is not an integer or out of range\r\n");
  CHECK(tester.session.client.db == 15);
}

TEST_CASE("QUIT closes after its reply, whatever its arguments") {
  SessionTester tester(with_password("secret"));
  CHECK(tester.run("QUIT now") == kOk);
  CHECK(tester.session.close_after_reply);
}

TEST_CASE("RESET gives a new connection, but for its library") {
  SessionTester tester(with_password("secret"));
  CHECK(tester.run("HELLO 3 AUTH default secret SETNAME me").starts_with("%7\r\n"));
  for (const std::string_view line :
       {"SELECT 3", "CLIENT NO-EVICT on", "CLIENT NO-TOUCH ON", "CLIENT SETINFO LIB-NAME lib"}) {
    CHECK(tester.run(line) == kOk);
  }
  CHECK(tester.run("CLIENT REPLY OFF").empty());
  CHECK(tester.run("RESET") == "+RESET\r\n");
  const ClientInfo& client = tester.session.client;
  CHECK(client.id == 42);
  CHECK(client.protocol == 2);
  CHECK(client.db == 0);
  CHECK(client.name.empty());
  CHECK(client.library_name == "lib");
  CHECK_FALSE(client.authenticated);
  CHECK_FALSE(client.no_evict);
  CHECK_FALSE(client.no_touch);
  CHECK(tester.session.reply_mode == ReplyMode::kOn);
}

TEST_CASE("CLIENT ID, names and libraries") {
  SessionTester tester;
  CHECK(tester.run("CLIENT ID") == ":42\r\n");
  CHECK(tester.run("CLIENT GETNAME") == "$-1\r\n");
  CHECK(tester.run("CLIENT SETNAME me~!") == kOk);
  CHECK(tester.run_args({"CLIENT", "SETNAME", "a\nb"}) ==
        "-ERR Client names cannot contain spaces, newlines or special characters.\r\n");
  CHECK(tester.run("CLIENT GETNAME") == "$4\r\nme~!\r\n");
  CHECK(tester.run_args({"CLIENT", "SETNAME", ""}) == kOk);
  CHECK(tester.run("CLIENT GETNAME") == "$-1\r\n");
  CHECK(tester.run("CLIENT SETINFO Lib-Ver 1.0") == kOk);
  CHECK(tester.session.client.library_version == "1.0");
  CHECK(tester.run_args({"CLIENT", "SETINFO", "Lib-Ver", "1 0"}) ==
        "-ERR Lib-Ver cannot contain spaces, newlines or special characters.\r\n");
  CHECK(tester.run("CLIENT SETINFO lib x") == "-ERR Unrecognized option 'lib'\r\n");
}

TEST_CASE("CLIENT REPLY sets the mode; OFF is stronger than SKIP") {
  SessionTester tester;
  CHECK(tester.run("CLIENT REPLY maybe") == "-ERR syntax error\r\n");
  CHECK(tester.run("CLIENT REPLY skip").empty());
  CHECK(tester.session.reply_mode == ReplyMode::kSkipNext);
  CHECK(tester.run("CLIENT REPLY OFF").empty());
  CHECK(tester.run("CLIENT REPLY SKIP").empty());
  CHECK(tester.session.reply_mode == ReplyMode::kOff);
  CHECK(tester.run("CLIENT REPLY ON") == kOk);
  CHECK(tester.session.reply_mode == ReplyMode::kOn);
}

TEST_CASE("CLIENT HELP names every subcommand") {
  SessionTester tester;
  const std::string help = tester.run("CLIENT HELP");
  for (const Command* row : subcommands_of("client")) {
    std::string name(row->name.substr(row->name.find('|') + 1));
    for (char& c : name) c = ascii::upper(c);
    CAPTURE(name);
    CHECK((help.find("+" + name + " ") != std::string::npos ||
           help.find("+" + name + "\r\n") != std::string::npos));
  }
}

}  // namespace
}  // namespace stave
