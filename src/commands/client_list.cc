// SPDX-License-Identifier: Apache-2.0
// CLIENT LIST and CLIENT INFO: connections, a line each. Every worker describes its own.
#include <fmt/format.h>

#include <cassert>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "src/call.h"
#include "src/commands/client.h"
#include "src/commands/client_filter.h"
#include "src/connection.h"
#include "src/server.h"
#include "src/worker.h"

namespace stave {
namespace {

std::string flags_of(const Connection& connection) {
  const Session& session = connection.session();
  std::string flags;
  if (session.client.pubsub) flags += 'P';
  if (connection.held() || connection.blocked()) flags += 'b';
  if (session.close_after_reply) flags += 'c';
  if (session.client.unix_socket) flags += 'U';
  if (session.client.no_evict) flags += 'e';
  if (session.client.no_touch) flags += 'T';
  return flags.empty() ? "N" : flags;
}

// Redis' fields in Redis' order. What Stave lacks (MULTI, tracking) reads as unused. All
// output is in one buffer: obl and omem are what waits in it, oll, rbs and rbp are of Redis' own buffers.
std::string describe(const Connection& connection, std::int64_t now_ms) {
  const ClientInfo& client = connection.session().client;
  const std::size_t input_bytes = connection.input_bytes() + connection.input_free_bytes();
  std::string line;
  const auto add = std::back_inserter(line);
  fmt::format_to(add, "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={} db={}", client.id,
                 client.address, client.local_address, client.fd, client.name,
                 now_ms / 1000 - client.connected_ms / 1000, now_ms / 1000 - client.last_active_ms / 1000,
                 flags_of(connection), client.db);
  fmt::format_to(add, " sub={} psub={} ssub={}", connection.count(Topic::kChannel),
                 connection.count(Topic::kPattern), connection.count(Topic::kShardChannel));
  fmt::format_to(add, " multi=-1 qbuf={} qbuf-free={} argv-mem=0 multi-mem=0 rbs=0 rbp=0",
                 connection.input_bytes(), connection.input_free_bytes());
  fmt::format_to(add, " obl={0} oll=0 omem={0} tot-mem={1} events={2}", connection.output_bytes(),
                 sizeof(Connection) + input_bytes + connection.output_bytes(),
                 connection.has_output() ? "rw" : "r");
  fmt::format_to(add, " cmd={} user=default redir=-1 resp={} lib-name={} lib-ver={}\n",
                 client.last_command != nullptr ? client.last_command->name : "NULL", client.protocol,
                 client.library_name, client.library_version);
  return line;
}

using Lines = std::map<std::uint64_t, std::string>;  // by id, so oldest first

Lines describe_here(Worker& here, const ClientFilter& filter) {
  Lines lines;
  for (const auto& [id, connection] : here.connections()) {
    if (connection->closing() || !filter.matches(connection->session().client, 0, here.now_ms())) continue;
    lines.emplace(id, describe(*connection, here.now_ms()));
  }
  return lines;
}

Lines describe_here(Worker& here, const std::vector<std::int64_t>& ids) {
  Lines lines;
  for (const std::int64_t id : ids) {
    const Connection* const connection = here.find_connection(static_cast<std::uint64_t>(id));
    if (connection != nullptr) lines.try_emplace(connection->id(), describe(*connection, here.now_ms()));
  }
  return lines;
}

void reply_lines(Call& call, std::vector<Lines>& by_worker, const ClientSelection& selection) {
  Lines all;
  for (Lines& lines : by_worker) all.merge(lines);
  std::string text;
  if (selection.ids) {
    for (const std::int64_t id : *selection.ids) {
      if (const auto found = all.find(static_cast<std::uint64_t>(id)); found != all.end())
        text += found->second;
    }
  } else {
    for (const auto& [id, line] : all) text += line;
  }
  call.reply.verbatim(text, "txt");
  call.finish();
}

}  // namespace

Status client_info(Session& session, Args) {
  const Connection* const self = session.worker.find_connection(session.client.id);
  assert(self != nullptr);  // it would not run commands if it were closing
  session.reply.verbatim(describe(*self, session.worker.now_ms()), "txt");
  return {};
}

// CLIENT LIST [TYPE type | ID id ...]
void client_list(Call& call) {
  auto parsed = parse_list(call.args().subspan(2));
  if (!parsed.ok()) return call.finish(parsed.take_status());
  const auto selection = std::make_shared<const ClientSelection>(std::move(*parsed));
  const auto by_worker = std::make_shared<std::vector<Lines>>(call.server().worker_count());
  const auto work = [by_worker, selection](Worker& here) {
    (*by_worker)[here.number()] =
        selection->ids ? describe_here(here, *selection->ids) : describe_here(here, selection->filter);
  };
  call.on_workers(work, [&call, by_worker, selection] { reply_lines(call, *by_worker, *selection); });
}

}  // namespace stave
