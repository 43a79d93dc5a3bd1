// SPDX-License-Identifier: Apache-2.0
// SLOWLOG: the commands that took long. Every worker keeps its own; a reply has those of all, newest first,
// as one log of slowlog-max-len entries.
#include <algorithm>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "src/call.h"
#include "src/commands/help.h"
#include "src/commands/server.h"
#include "src/numbers.h"
#include "src/server.h"
#include "src/session.h"
#include "src/worker.h"

namespace stave {
namespace {

using SlowCommands = std::vector<SlowCommand>;

std::size_t length_max(Call& call) {
  return static_cast<std::size_t>(call.home().settings().slowlog_max_len);
}

void reply_slow(resp::ReplyWriter& reply, const SlowCommand& slow) {
  reply.array(6);
  reply.integer(static_cast<std::int64_t>(slow.id));
  reply.integer(slow.unix_seconds);
  reply.integer(slow.microseconds);
  reply.array(slow.arguments.size());
  for (const std::string& argument : slow.arguments) reply.bulk(argument);
  reply.bulk(slow.client_address);
  reply.bulk(slow.client_name);
}

void reply_newest(Call& call, std::vector<SlowCommands>& by_worker, std::size_t count_max) {
  SlowCommands all;
  for (SlowCommands& some : by_worker) std::move(some.begin(), some.end(), std::back_inserter(all));
  std::sort(all.begin(), all.end(), [](const SlowCommand& a, const SlowCommand& b) { return a.id > b.id; });
  const std::size_t count = std::min({all.size(), count_max, length_max(call)});
  call.reply.array(count);
  for (std::size_t i = 0; i < count; ++i) reply_slow(call.reply, all[i]);
  call.finish();
}

// [count], by default 10; -1 means all.
Result<std::size_t> parse_count(Args words) {
  constexpr std::size_t kDefault = 10;
  if (words.empty()) return kDefault;
  const auto count = parse_integer(words[0]);
  if (!count || *count < -1) return Error{"ERR count should be greater than or equal to -1"};
  return *count == -1 ? std::numeric_limits<std::size_t>::max() : static_cast<std::size_t>(*count);
}

}  // namespace

// SLOWLOG GET [count]
void slowlog_get(Call& call) {
  if (call.args().size() > 3) {
    return call.finish(errors::wrong_subcommand_arguments(call.args()[1], "SLOWLOG"));
  }
  auto count = parse_count(call.args().subspan(2));
  if (!count.ok()) return call.finish(count.take_status());
  const auto by_worker = std::make_shared<std::vector<SlowCommands>>(call.server().worker_count());
  const auto work = [by_worker](Worker& here) {
    const auto& slow = here.stats().slow;
    (*by_worker)[here.number()] = SlowCommands(slow.begin(), slow.end());
  };
  call.on_workers(work,
                  [&call, by_worker, count_max = *count] { reply_newest(call, *by_worker, count_max); });
}

void slowlog_len(Call& call) {
  const auto by_worker = std::make_shared<std::vector<std::size_t>>(call.server().worker_count());
  const auto work = [by_worker](Worker& here) { (*by_worker)[here.number()] = here.stats().slow.size(); };
  call.on_workers(work, [&call, by_worker] {
    std::size_t length = 0;
    for (const std::size_t part : *by_worker) length += part;
    call.reply.integer(static_cast<std::int64_t>(std::min(length, length_max(call))));
    call.finish();
  });
}

void slowlog_reset(Call& call) {
  call.on_workers([](Worker& here) { here.stats().slow.clear(); }, [&call] { call.finish(Status()); });
}

Status slowlog_help(Session& session, Args) {
  constexpr std::string_view kLines[] = {
      "SLOWLOG <subcommand> [<argument> ...]",
      "GET [<count>]",
      "    Show the newest <count> slow commands, 10 by default, all with -1. Each has: id,",
      "    Unix time, microseconds that it took, arguments, address and name of the client.",
      "LEN",
      "    Count the slow commands that are kept.",
      "RESET",
      "    Forget them all.",
      "HELP",
      "    Show this text.",
  };
  reply_help(session.reply, kLines);
  return {};
}

}  // namespace stave
