// SPDX-License-Identifier: Apache-2.0
// The rows of CLIENT, and what concerns nothing but the connection itself.
#include "src/commands/client.h"

#include <algorithm>
#include <string>

#include "src/ascii.h"
#include "src/session.h"

namespace stave {

bool is_client_attribute(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
}

Status wrong_client_arguments(std::string_view subcommand) {
  return errors::wrong_subcommand_arguments(subcommand, "CLIENT");
}

namespace {

Result<bool> on_or_off(std::string_view word) {
  if (ascii::equal(word, "on")) return true;
  if (ascii::equal(word, "off")) return false;
  return errors::kSyntax;
}

Status client_id(Session& session, Args) {
  session.reply.integer(static_cast<std::int64_t>(session.client.id));
  return {};
}

Status client_getname(Session& session, Args) {
  session.client.name.empty() ? session.reply.null() : session.reply.bulk(session.client.name);
  return {};
}

// CLIENT SETNAME name. The empty name is none.
Status client_setname(Session& session, Args args) {
  if (!is_client_attribute(args[2])) return kBadClientName;
  session.client.name = args[2];
  session.reply.ok();
  return {};
}

// CLIENT SETINFO LIB-NAME|LIB-VER text
Status client_setinfo(Session& session, Args args) {
  const std::string option(args[2]);
  const bool is_name = ascii::equal(option, "lib-name");
  if (!is_name && !ascii::equal(option, "lib-ver"))
    return Status::error("ERR Unrecognized option '" + option + "'");
  if (!is_client_attribute(args[3])) {
    return Status::error("ERR " + option + " cannot contain spaces, newlines or special characters.");
  }
  (is_name ? session.client.library_name : session.client.library_version) = args[3];
  session.reply.ok();
  return {};
}

// CLIENT REPLY ON|OFF|SKIP. The connection keeps the replies back, see Connection::take_blind().
Status client_reply(Session& session, Args args) {
  if (ascii::equal(args[2], "on")) {
    session.reply_mode = ReplyMode::kOn;
    session.reply.ok();
  } else if (ascii::equal(args[2], "off")) {
    session.reply_mode = ReplyMode::kOff;
  } else if (ascii::equal(args[2], "skip")) {
    if (session.reply_mode != ReplyMode::kOff) session.reply_mode = ReplyMode::kSkipNext;
  } else {
    return errors::kSyntax;
  }
  return {};
}

// Clients are never closed for the memory that all of them use, so this only shows in CLIENT LIST.
Status client_no_evict(Session& session, Args args) {
  const auto on = on_or_off(args[2]);
  if (!on.ok()) return errors::kSyntax;
  session.client.no_evict = *on;
  session.reply.ok();
  return {};
}

Status client_no_touch(Session& session, Args args) {
  const auto on = on_or_off(args[2]);
  if (!on.ok()) return errors::kSyntax;
  session.client.no_touch = *on;
  session.reply.ok();
  return {};
}

constexpr std::uint32_t kFlags = kNoScript | kLoading | kStale | kSentinel;

constexpr Command kClientCommands[] = {
    session_command("client", nullptr, -2, kSentinel, "connection"),
    session_command("client|getname", client_getname, 2, kFlags, "connection"),
    session_command("client|help", client_help, 2, kLoading | kStale | kSentinel, "connection"),
    session_command("client|id", client_id, 2, kFlags, "connection"),
    session_command("client|info", client_info, 2, kFlags, "connection"),
    call_command("client|kill", client_kill, -3, kFlags | kAdmin, "connection"),
    call_command("client|list", client_list, -2, kFlags | kAdmin, "connection"),
    session_command("client|no-evict", client_no_evict, 3, kFlags | kAdmin, "connection"),
    session_command("client|no-touch", client_no_touch, 3, kFlags, "connection"),
    call_command("client|pause", client_pause, -3, kFlags | kAdmin, "connection"),
    session_command("client|reply", client_reply, 3, kFlags, "connection"),
    session_command("client|setinfo", client_setinfo, 4, kFlags, "connection"),
    session_command("client|setname", client_setname, 3, kFlags, "connection"),
    call_command("client|unblock", client_unblock, -3, kFlags | kAdmin, "connection"),
    call_command("client|unpause", client_unpause, 2, kFlags | kAdmin, "connection"),
};

}  // namespace

std::span<const Command> client_commands() {
  return kClientCommands;
}

}  // namespace stave
