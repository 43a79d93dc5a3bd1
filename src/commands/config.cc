// SPDX-License-Identifier: Apache-2.0
// CONFIG: the settings and the statistics of the running server. What a setting may be is known to
// src/config.h.
#include <vector>

#include "src/call.h"
#include "src/commands/help.h"
#include "src/commands/server.h"
#include "src/errors.h"
#include "src/logger.h"
#include "src/server.h"
#include "src/session.h"
#include "src/worker.h"

namespace stave {

// CONFIG GET pattern [pattern ...]. Of workers and shards it shows how many there are: the settings may leave
// it to the cores or to an older database.
Status config_get(Session& session, Args args) {
  const Server& server = session.worker.server();
  Settings in_force = session.worker.settings();
  in_force.workers = static_cast<std::int64_t>(server.worker_count());
  in_force.shards = server.shard_count();
  const auto found = get_settings(in_force, args.subspan(2));
  session.reply.map(found.size());
  for (const auto& [name, value] : found) {
    session.reply.bulk(name);
    session.reply.bulk(value);
  }
  return {};
}

// CONFIG SET name value [name value ...]. The reply comes when every worker goes by the new settings.
void config_set(Call& call) {
  const Args words = call.args().subspan(2);
  if (words.size() % 2 != 0) return call.finish(errors::kSyntax);
  std::vector<NameAndValue> changes;
  for (std::size_t at = 0; at < words.size(); at += 2) changes.emplace_back(words[at], words[at + 1]);
  Status status =
      call.server().change_settings([&](Settings& settings) { return set_settings(settings, changes); });
  if (!status.ok()) return call.finish(status);
  // Each takes what is valid when it does: of two changes at the same time the later one wins everywhere.
  const auto work = [](Worker& here) { here.apply_settings(here.server().settings()); };
  call.on_workers(work, [&call] { call.finish(Status()); });
}

void config_resetstat(Call& call) {
  const auto work = [](Worker& here) {
    here.stats().reset();
    for (ShardHost* host : here.hosts()) host->reset_counters();
  };
  call.on_workers(work, [&call] { call.finish(Status()); });
}

Status config_rewrite(Session& session, Args) {
  const Server& server = session.worker.server();
  Status status = rewrite_settings(server.config_file(), server.settings());
  if (!status.ok()) {
    log_warning("CONFIG REWRITE failed: " + status.message().substr(status.message().find(' ') + 1));
    return status;
  }
  log_notice("CONFIG REWRITE has written " + server.config_file());
  session.reply.ok();
  return {};
}

Status config_help(Session& session, Args) {
  constexpr std::string_view kLines[] = {
      "CONFIG <subcommand> [<argument> ...]",
      "GET <pattern> [<pattern> ...]",
      "    Show the settings whose names match, with their values.",
      "SET <name> <value> [<name> <value> ...]",
      "    Change settings, all of them or none.",
      "RESETSTAT",
      "    Set the counters of INFO back to zero.",
      "REWRITE",
      "    Write the settings as they are to the configuration file.",
      "HELP",
      "    Show this text.",
  };
  reply_help(session.reply, kLines);
  return {};
}

}  // namespace stave
