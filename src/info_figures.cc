// SPDX-License-Identifier: Apache-2.0
#include "src/info_figures.h"

#include <sys/resource.h>

#include <algorithm>

#include "src/connection.h"
#include "src/worker.h"

namespace stave {
namespace {

// Plain sums over the workers.
constexpr std::uint64_t InfoFigures::*kSums[] = {
    &InfoFigures::commands_processed,
    &InfoFigures::connections_received,
    &InfoFigures::connections_rejected,
    &InfoFigures::bytes_in,
    &InfoFigures::bytes_out,
    &InfoFigures::error_replies,
    &InfoFigures::messages_sent,
    &InfoFigures::wakes_sent,
    &InfoFigures::turns,
    &InfoFigures::clients_blocked,
    &InfoFigures::client_timeouts,
    &InfoFigures::blocking_keys,
    &InfoFigures::client_bytes,
    &InfoFigures::shard_bytes,
    &InfoFigures::memory_peak_bytes,
    &InfoFigures::resident_bytes,
    &InfoFigures::resident_values,
    &InfoFigures::log_buffer_bytes,
    &InfoFigures::log_bytes,
    &InfoFigures::disk_bytes,
    &InfoFigures::log_file_bytes,
    &InfoFigures::live_bytes,
    &InfoFigures::dead_bytes,
    &InfoFigures::segments,
    &InfoFigures::compactions_running,
    &InfoFigures::compaction_backlog_bytes,
    &InfoFigures::last_gsns,
    &InfoFigures::durable_gsns,
    &InfoFigures::logs_busy,
    &InfoFigures::logs_out_of_space,
};

void add(Stats::Rates& sum, const Stats::Rates& more) {
  sum.commands += more.commands;
  sum.bytes_in += more.bytes_in;
  sum.bytes_out += more.bytes_out;
}

void add(CommandCount& sum, const CommandCount& more) {
  sum.calls += more.calls;
  sum.nanoseconds += more.nanoseconds;
  sum.rejected += more.rejected;
  sum.failed += more.failed;
}

void add(Log::Counters& sum, const Log::Counters& more) {
  sum.bytes_written += more.bytes_written;
  sum.commits += more.commits;
  sum.syncs += more.syncs;
  sum.space_refusals += more.space_refusals;
}

void add(Compaction::Counters& sum, const Compaction::Counters& more) {
  sum.runs += more.runs;
  sum.bytes_read += more.bytes_read;
  sum.bytes_written += more.bytes_written;
  sum.bytes_freed += more.bytes_freed;
  sum.segments_freed += more.segments_freed;
  sum.errors += more.errors;
  sum.slices += more.slices;
  sum.slices_long += more.slices_long;
}

// Of two: the longer one, and "not known" above all.
std::int64_t longer(std::int64_t a, std::int64_t b) {
  return a < 0 || b < 0 ? -1 : std::max(a, b);
}

void add(Shard::Counters& sum, const Shard::Counters& more) {
  sum.expired += more.expired;
  sum.expired_fields += more.expired_fields;
  sum.demoted += more.demoted;
  sum.staged += more.staged;
  sum.stage_errors += more.stage_errors;
  sum.evicted += more.evicted;
  sum.snapshots += more.snapshots;
  sum.parts += more.parts;
}

void add(KeyspaceCounters& sum, const KeyspaceCounters& more) {
  sum.hits += more.hits;
  sum.misses += more.misses;
  sum.expired_fields += more.expired_fields;
}

Shard::Counters since_reset(const ShardHost& host) {
  const Shard::Counters& now = host.shard.counters();
  const Shard::Counters& then = host.counters_at_reset;
  Shard::Counters since = now;
  since.expired -= then.expired;
  since.expired_fields -= then.expired_fields;
  since.demoted -= then.demoted;
  since.staged -= then.staged;
  since.stage_errors -= then.stage_errors;
  since.evicted -= then.evicted;
  since.exceeded_ms -= then.exceeded_ms;
  since.snapshots -= then.snapshots;
  since.parts -= then.parts;
  return since;
}

void count_stats(InfoFigures& figures, const Stats& stats) {
  stats.commands.for_each(
      [&](const Command& command, const CommandCount& count) { figures.commands[&command] = count; });
  figures.errors = stats.errors;
  figures.last_second = stats.last_second;
  figures.commands_processed = stats.commands_processed;
  figures.connections_received = stats.connections_received;
  figures.connections_rejected = stats.connections_rejected;
  figures.bytes_in = stats.bytes_in;
  figures.bytes_out = stats.bytes_out;
  figures.error_replies = stats.error_replies;
  figures.messages_sent = stats.messages_sent;
  figures.wakes_sent = stats.wakes_sent;
  figures.turns = stats.turns;
}

void count_connections(InfoFigures& figures, Worker& here) {
  for (const auto& [id, connection] : here.connections()) {
    const std::size_t input_bytes = connection->input_bytes() + connection->input_free_bytes();
    figures.input_bytes_max = std::max(figures.input_bytes_max, input_bytes);
    figures.clients_blocked += connection->held() || connection->blocked() ? 1 : 0;
    figures.output_bytes_max = std::max(figures.output_bytes_max, connection->output_bytes());
  }
  figures.client_bytes = here.client_bytes();
  figures.client_timeouts = here.blocked_clients().deadline_count();
}

void count_topics(InfoFigures& figures, Worker& here) {
  for (const Topic topic : {Topic::kChannel, Topic::kPattern, Topic::kShardChannel}) {
    here.pubsub().for_each_name(topic, [&](const std::string& name) {
      figures.topics[static_cast<std::size_t>(topic)].insert(TopicHash()(name));
    });
  }
}

void count_log(InfoFigures& figures, Shard& shard) {
  const Log& log = shard.log();
  add(figures.log, log.counters());
  figures.disk_bytes += log.disk_bytes();
  figures.log_buffer_bytes += log.buffer_bytes();
  figures.last_gsns += log.last_gsn();
  figures.durable_gsns += log.durable_gsn();
  figures.logs_busy += log.idle() ? 0 : 1;
  figures.logs_out_of_space += log.out_of_space() ? 1 : 0;
  if (log.failed()) figures.log_failure = log.failure();
  figures.log_file_bytes += log.spare_bytes() + log.next_bytes();
  for (std::size_t slot = 0; slot < shard.segments().size(); ++slot) {
    const Segment* const segment = shard.segments()[slot].get();
    if (segment == nullptr) continue;
    const std::uint64_t end_bytes = log.end_of(static_cast<std::uint32_t>(slot));
    ++figures.segments;
    figures.log_bytes += end_bytes;
    figures.log_file_bytes += segment->capacity_bytes;
    figures.live_bytes += segment->live_bytes;
    figures.dead_bytes += end_bytes - kSegmentHeaderBytes - segment->live_bytes - segment->tombstone_bytes;
  }
}

void count_compaction(InfoFigures& figures, const Compaction& compaction) {
  add(figures.compaction, compaction.counters());
  figures.compactions_running += compaction.running() ? 1 : 0;
  figures.compaction_backlog_bytes += compaction.backlog_bytes();
  figures.compaction_seconds_left = longer(figures.compaction_seconds_left, compaction.seconds_left());
  figures.compaction_slice_us_max = std::max(figures.compaction_slice_us_max, compaction.slice_us_max());
  if (!compaction.last_error().empty()) figures.compaction_last_error = compaction.last_error();
}

// Shards exceed at the same time, so their times are not added up.
void count_exceeded(InfoFigures& figures, const ShardHost& host, std::int64_t now_ms) {
  const std::int64_t since_ms = host.shard.exceeded_since_ms();
  const auto current_ms =
      static_cast<std::uint64_t>(since_ms == 0 ? 0 : std::max<std::int64_t>(now_ms - since_ms, 0));
  const std::uint64_t total_ms = since_reset(host).exceeded_ms + current_ms;
  figures.exceeded_now_ms = std::max(figures.exceeded_now_ms, current_ms);
  figures.exceeded_ms = std::max(figures.exceeded_ms, total_ms);
}

void count_shard(InfoFigures& figures, ShardHost& host) {
  count_compaction(figures, host.shard.compaction());
  add(figures.keyspace, host.keyspace);
  figures.blocking_keys += host.blocked().key_count();
  add(figures.shard, since_reset(host));
  figures.shard_bytes += host.shard.memory_bytes();
  figures.resident_bytes += host.shard.resident_bytes();
  figures.resident_values += host.shard.resident_values();
  count_log(figures, host.shard);
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

InfoFigures count_here(Worker& here) {
  InfoFigures figures;
  count_stats(figures, here.stats());
  count_connections(figures, here);
  count_topics(figures, here);
  for (ShardHost* host : here.hosts()) {
    count_shard(figures, *host);
    count_exceeded(figures, *host, here.now_ms());
  }
  figures.memory_peak_bytes = here.note_memory_peak();
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  figures.cpu_user_seconds = seconds(usage.ru_utime);
  figures.cpu_system_seconds = seconds(usage.ru_stime);
  return figures;
}

void add(InfoFigures& sum, const InfoFigures& more) {
  for (const auto& counter : kSums) sum.*counter += more.*counter;
  for (const auto& [command, count] : more.commands) add(sum.commands[command], count);
  for (const auto& [code, count] : more.errors) sum.errors[code] += count;
  for (std::size_t i = 0; i < kTopics; ++i)
    sum.topics[i].insert(more.topics[i].begin(), more.topics[i].end());
  add(sum.last_second, more.last_second);
  add(sum.keyspace, more.keyspace);
  add(sum.shard, more.shard);
  add(sum.log, more.log);
  add(sum.compaction, more.compaction);
  sum.compaction_seconds_left = longer(sum.compaction_seconds_left, more.compaction_seconds_left);
  sum.compaction_slice_us_max = std::max(sum.compaction_slice_us_max, more.compaction_slice_us_max);
  if (!more.compaction_last_error.empty()) sum.compaction_last_error = more.compaction_last_error;
  sum.input_bytes_max = std::max(sum.input_bytes_max, more.input_bytes_max);
  sum.output_bytes_max = std::max(sum.output_bytes_max, more.output_bytes_max);
  sum.exceeded_ms = std::max(sum.exceeded_ms, more.exceeded_ms);
  sum.exceeded_now_ms = std::max(sum.exceeded_now_ms, more.exceeded_now_ms);
  if (!more.log_failure.empty()) sum.log_failure = more.log_failure;
  sum.cpu_user_seconds += more.cpu_user_seconds;
  sum.cpu_system_seconds += more.cpu_system_seconds;
}

}  // namespace stave
