// SPDX-License-Identifier: Apache-2.0
// MULTI, EXEC, DISCARD, WATCH, UNWATCH. What comes between MULTI and EXEC is queued by the connection.
#include <memory>
#include <vector>

#include "src/call.h"
#include "src/command.h"
#include "src/server.h"
#include "src/session.h"
#include "src/worker.h"

namespace stave {
namespace {

constexpr Error kNested{"ERR MULTI calls can not be nested"};
constexpr Error kExecWithoutMulti{"ERR EXEC without MULTI"};
constexpr Error kDiscardWithoutMulti{"ERR DISCARD without MULTI"};
constexpr Error kWatchInMulti{"ERR WATCH inside MULTI is not allowed"};
constexpr Error kAborted{"EXECABORT Transaction discarded because of previous errors."};

Status multi(Session& session, Args) {
  if (session.multi.open) return kNested;
  session.multi.open = true;
  session.reply.ok();
  return {};
}

Status discard(Session& session, Args) {
  if (!session.multi.open) return kDiscardWithoutMulti;
  session.multi.close();
  session.unwatch();
  session.reply.ok();
  return {};
}

void exec(Call& call) {
  Session& session = call.session();
  if (!session.multi.open) return call.finish(kExecWithoutMulti);
  if (!session.multi.failed) return call.run_multi();
  session.multi.close();
  session.unwatch();
  call.finish(kAborted);
}

// The keys are registered where they are, before the reply.
void watch(Call& call) {
  Session& session = call.session();
  if (session.multi.open) return call.finish(kWatchInMulti);
  const auto added = std::make_shared<std::vector<std::string_view>>();
  const int db = session.client.db;
  for (const std::string_view name : call.args().subspan(1)) {
    if (session.multi.watches(db, name)) continue;
    session.multi.watched.emplace_back(db, name);
    added->push_back(name);
  }
  const auto work = [added, db, id = session.client.id, &server = call.server()](Worker& here) {
    for (const std::string_view name : *added) {
      const std::uint32_t shard = server.shard_of(name);
      if (server.worker_of(shard) == here.number()) here.host(shard).watch(id, {db, name}, here.now_ms());
    }
  };
  call.on_workers(work, [&call] { call.finish(Status()); });
}

Status unwatch(Session& session, Args) {
  session.unwatch();
  session.reply.ok();
  return {};
}

constexpr std::uint32_t kFlags = kNoScript | kLoading | kStale | kNotQueued;

constexpr Command watch_row() {
  Command command = call_command("watch", watch, -2, kFlags | kFast | kAllowBusy, "transactions");
  command.keys = {1, -1, 1};
  return command;
}

constexpr Command kCommands[] = {
    session_command("discard", discard, 1, kFlags | kFast | kAllowBusy, "transactions"),
    call_command("exec", exec, 1, kFlags | kSkipSlowlog, "transactions"),
    session_command("multi", multi, 1, kFlags | kFast | kAllowBusy, "transactions"),
    session_command("unwatch", unwatch, 1, (kFlags & ~kNotQueued) | kFast | kAllowBusy, "transactions"),
    watch_row(),
};

}  // namespace

std::span<const Command> transaction_commands() {
  return kCommands;
}

}  // namespace stave
