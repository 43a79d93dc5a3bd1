// SPDX-License-Identifier: Apache-2.0
// The rows of commands on the server, its configuration and whole databases, and TIME and SHUTDOWN.
#include "src/commands/server.h"

#include <ctime>
#include <string>

#include "src/ascii.h"
#include "src/call.h"
#include "src/errors.h"
#include "src/logger.h"
#include "src/server.h"
#include "src/session.h"

namespace stave {
namespace {

Status time_command(Session& session, Args) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  session.reply.array(2);
  session.reply.bulk(std::to_string(now.tv_sec));
  session.reply.bulk(std::to_string(now.tv_nsec / 1000));
  return {};
}

struct ShutdownOptions {
  bool save = false;
  bool nosave = false;
  bool now = false;
  bool force = false;
  bool abort = false;

  bool any_but_abort() const { return save || nosave || now || force; }
};

// [NOSAVE|SAVE] [NOW] [FORCE], or ABORT
Result<ShutdownOptions> parse_shutdown(Args words) {
  ShutdownOptions options;
  for (const std::string_view word : words) {
    if (ascii::equal(word, "save")) {
      options.save = true;
    } else if (ascii::equal(word, "nosave")) {
      options.nosave = true;
    } else if (ascii::equal(word, "now")) {
      options.now = true;
    } else if (ascii::equal(word, "force")) {
      options.force = true;
    } else if (ascii::equal(word, "abort")) {
      options.abort = true;
    } else {
      return errors::kSyntax;
    }
  }
  if (options.save && options.nosave) return errors::kSyntax;
  if (options.abort && options.any_but_abort()) return errors::kSyntax;
  return options;
}

// All ways to stop are the same one here: what is in flight is finished and the log is on disk, whatever SAVE
// and NOW say. There is nothing to abort, as a stop that has begun cannot be taken back.
void shutdown(Call& call) {
  const auto options = parse_shutdown(call.args().subspan(1));
  if (!options.ok()) return call.finish(errors::kSyntax);
  if (options->abort) return call.finish(Error{"ERR No shutdown in progress."});
  call.session().close_after_reply = true;
  Server& server = call.server();
  Worker& home = call.home();
  log_notice("SHUTDOWN from " + call.session().client.address + ", shutting down");
  call.finish();
  server.begin_shutdown(home);
}

constexpr std::uint32_t kOperator = kAdmin | kNoScript | kLoading | kStale;
constexpr std::uint32_t kHelp = kLoading | kStale;
constexpr KeyRange kSecond{2, 2, 1};

constexpr Command kServerCommands[] = {
    call_command("bgsave", bgsave, -1, kAdmin | kNoScript | kNoAsyncLoading, "server"),
    session_command("config", nullptr, -2, 0, "server"),
    session_command("config|get", config_get, -3, kOperator, "server"),
    session_command("config|help", config_help, 2, kHelp, "server"),
    call_command("config|resetstat", config_resetstat, 2, kOperator, "server"),
    session_command("config|rewrite", config_rewrite, 2, kOperator, "server"),
    call_command("config|set", config_set, -4, kOperator, "server"),
    call_command("dbsize", dbsize, 1, kReadOnly | kFast, "server"),
    call_command("debug", debug, -2, kOperator, "server"),
    call_command("flushall", flushall, -1, kWrite | kFlushes, "server"),
    call_command("flushdb", flushdb, -1, kWrite | kFlushes, "server"),
    call_command("info", info, -1, kLoading | kStale, "server"),
    call_command("keys", keys_command, 2, kReadOnly, "generic"),
    call_command("lastsave", lastsave, 1, kLoading | kStale | kFast, "server"),
    session_command("memory", nullptr, -2, 0, "server"),
    session_command("memory|help", memory_help, 2, kHelp, "server"),
    data_command("memory|usage", memory_usage, -3, kReadOnly | kNoValues, kSecond, "server"),
    call_command("randomkey", randomkey, 1, kReadOnly, "generic"),
    call_command("save", save, 1, kAdmin | kNoScript | kNoAsyncLoading | kNoMulti, "server"),
    data_command("scan", scan, -2, kReadOnly | kByCursor, {}, "generic"),
    call_command("shutdown", shutdown, -1, kOperator | kNoMulti | kAllowBusy, "server"),
    session_command("slowlog", nullptr, -2, 0, "server"),
    call_command("slowlog|get", slowlog_get, -2, kAdmin | kLoading | kStale, "server"),
    session_command("slowlog|help", slowlog_help, 2, kHelp, "server"),
    call_command("slowlog|len", slowlog_len, 2, kAdmin | kLoading | kStale, "server"),
    call_command("slowlog|reset", slowlog_reset, 2, kAdmin | kLoading | kStale, "server"),
    call_command("swapdb", swapdb, 3, kWrite | kFast, "server"),
    session_command("time", time_command, 1, kLoading | kStale | kFast, "server"),
};

}  // namespace

std::span<const Command> server_commands() {
  return kServerCommands;
}

}  // namespace stave
