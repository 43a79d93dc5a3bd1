// SPDX-License-Identifier: Apache-2.0
#include "src/executor.h"

#include "shards/list.h"
#include "src/session.h"
#include "src/shard_host.h"
#include "src/worker.h"

namespace stave {
namespace {

// Of the elements that may move from a list to another.
std::uint64_t bytes_of_ends(const Found& found) {
  if (found.type != Type::kList) return 0;
  const ListView list(found);
  return list.at(0)->size() + list.at(list.size() - 1)->size();
}

// More than the log can need for one command's changes: its arguments, and the values of its keys, each
// perhaps twice.
std::uint64_t batch_bytes_max(Shard& shard, const Request& request, Args arguments) {
  constexpr std::uint64_t kOverhead = 64;  // record header, expiry, padding
  constexpr std::uint64_t kScoredMember =
      6;  // a member of one byte takes 2 bytes in a set, 11 in a sorted set
  std::uint64_t bytes = 0;
  for (const std::string_view argument : arguments) bytes += argument.size() + kOverhead;
  if (!request.command->has(kNoValues)) {
    std::vector<int> positions;
    find_keys(*request.command, arguments, positions);
    for (const int position : positions) {
      const Found found = shard.find({request.db, arguments[static_cast<std::size_t>(position)]}, false);
      const bool only_edits = request.command->has(kEdits) && found.collection != nullptr;
      const bool gets_scores = found.type == Type::kSet && request.command->group == "sorted-set";
      bytes += only_edits ? bytes_of_ends(found)
                          : std::uint64_t{found.value_bytes} * (gets_scores ? kScoredMember : 1);
      bytes += kOverhead;
    }
  }
  return 2 * bytes;
}

// What it changes must be one batch. MOVE names one key, and changes it in two databases.
bool changes_several_keys(const Command& command, Args arguments) {
  if (!command.has(kWrite) || command.has(kOneChange)) return false;
  return (command.keys.last != command.keys.first && arguments.size() > 2) || command.name == "move";
}

}  // namespace

std::string_view refusal(Shard& shard) {
  switch (shard.make_room()) {
    case Shard::Room::kEnough:
      return {};
    case Shard::Room::kNoMemory:
      return errors::kOutOfMemory.text;
    case Shard::Room::kNoDisk:
      return kDiskQuotaReached.text;
  }
  return {};
}

bool is_refusal(std::string_view text) {
  return text == errors::kOutOfMemory.text || text == kDiskQuotaReached.text;
}

bool is_cold(const Status& status) {
  return !status.ok() && status.message() == kCold.text;
}

ExecutorResult execute(Worker& worker, ShardHost& host, const Request& request, Args arguments,
                       const ClientInfo& client, resp::ReplyWriter& writer) {
  const Command& command = *request.command;
  Shard& shard = host.shard;
  ExecutorResult result;
  const std::size_t reply_begin = writer.output().size();
  const std::int64_t started_ns = worker.command_clock_ns();
  shard.set_now(worker.now_ms());

  const std::string_view refused = command.has(kDenyOom) ? refusal(shard) : std::string_view();
  if (!refused.empty()) {
    result.no_disk = refused == kDiskQuotaReached.text;
    if (result.no_disk) return result;
    writer.error(refused);
    worker.count_rejected(&command, refused);
    return result;
  }
  Status status;
  const bool several = changes_several_keys(command, arguments);
  if (several) status = shard.begin_batch(batch_bytes_max(shard, request, arguments));
  if (status.ok()) {
    Context context(shard, writer, request.db, worker.now_ms());
    context.limits = worker.command_limits();
    context.touch = request.touch;
    context.events = &worker.events();
    const std::size_t events_before = worker.events().size();
    if (command.keys.first > 0) context.first_key = first_key(request, arguments);
    status = command.data(context, arguments);
    if (several) shard.end_batch();
    if (!status.ok()) worker.events().drop_changes(events_before, !is_cold(status));
    if (is_cold(status)) {
      result.cold = true;
      result.wanted = shard.take_wanted();
      return result;
    }
    if (status.ok() && context.blocks && request.may_block) {
      worker.events().drop_changes(events_before, false);
      result.blocks = true;
      return result;
    }
    host.count(context.counters);
  }
  worker.publish_events(client.id);
  if (!status.ok()) {
    writer.output().resize(reply_begin);
    writer.error(status.message());
  }
  worker.count_command(command, arguments, client, started_ns,
                       status.ok() ? std::string_view() : status.message());
  return result;
}

}  // namespace stave
