// SPDX-License-Identifier: Apache-2.0
// CLIENT KILL: every worker closes those of its connections that the filter means.
#include <memory>
#include <vector>

#include "src/call.h"
#include "src/commands/client.h"
#include "src/commands/client_filter.h"
#include "src/connection.h"
#include "src/server.h"
#include "src/worker.h"

namespace stave {
namespace {

// By one worker.
struct Killed {
  std::int64_t clients = 0;  // the caller included
  bool caller = false;
};

// Leaves the caller open: it must get its reply first.
Killed kill_here(Worker& here, const ClientFilter& filter, std::uint64_t caller) {
  Killed killed;
  for (const auto& [id, connection] : here.connections()) {
    if (connection->closing() || !filter.matches(connection->session().client, caller, here.now_ms()))
      continue;
    ++killed.clients;
    if (id == caller) {
      killed.caller = true;
    } else {
      connection->close();
    }
  }
  return killed;
}

void reply_killed(Call& call, const std::vector<Killed>& by_worker) {
  std::int64_t clients = 0;
  for (const Killed& killed : by_worker) {
    clients += killed.clients;
    if (killed.caller) call.session().close_after_reply = true;
  }
  const bool old_form = call.args().size() == 3;
  if (old_form) return call.finish(clients > 0 ? Status() : Status(Error{"ERR No such client"}));
  call.reply.integer(clients);
  call.finish();
}

}  // namespace

// CLIENT KILL ip:port
// CLIENT KILL name value [name value ...], see client_filter.h
void client_kill(Call& call) {
  auto filter = parse_kill(call.args().subspan(2));
  if (!filter.ok()) return call.finish(filter.take_status());
  const auto by_worker = std::make_shared<std::vector<Killed>>(call.server().worker_count());
  const auto work = [by_worker, filter = *filter, caller = call.session().client.id](Worker& here) {
    (*by_worker)[here.number()] = kill_here(here, filter, caller);
  };
  call.on_workers(work, [&call, by_worker] { reply_killed(call, *by_worker); });
}

}  // namespace stave
