// SPDX-License-Identifier: Apache-2.0
#include "src/session.h"

#include "src/server.h"
#include "src/shard_host.h"
#include "src/task.h"
#include "src/worker.h"

namespace stave {

void Session::unwatch() {
  if (multi.watched.empty()) return;
  multi.watched.clear();
  const auto unwatch = [id = client.id](Worker& here) {
    for (ShardHost* host : here.hosts()) host->unwatch(id);
  };
  for (std::size_t to = 0; to < worker.server().worker_count(); ++to) worker.send(to, new Task(unwatch));
}

void Session::multi_done() {
  if (!multi.open) return;
  multi.close();
  multi.watched.clear();
}

void Session::reset() {
  multi.close();
  unwatch();
  set_protocol(2);
  client.db = 0;
  // What CLIENT SETINFO said stays: the library behind the connection is still the same.
  client.name.clear();
  client.authenticated = worker.settings().requirepass.empty();
  client.no_evict = false;
  client.no_touch = false;
  if (client.pubsub) worker.pubsub().leave_all(*subscriber);
  client.pubsub = false;
  // A SKIP is for the next command, whatever that is.
  if (reply_mode == ReplyMode::kOff) reply_mode = ReplyMode::kOn;
}

}  // namespace stave
