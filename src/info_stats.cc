// SPDX-License-Identifier: Apache-2.0
// INFO on what the server has done: Stats, Commandstats, Errorstats, and Keyspace.
#include "src/command.h"
#include "src/info_sections.h"
#include "src/server.h"
#include "src/worker.h"

namespace stave {
namespace {

constexpr std::string_view kNoReplication[] = {"sync_full", "sync_partial_ok", "sync_partial_err"};
constexpr std::string_view kNoForks[] = {"latest_fork_usec", "total_forks", "migrate_cached_sockets",
                                         "slave_expires_tracked_keys"};
constexpr std::string_view kNoDefragNorTracking[] = {
    "active_defrag_hits",       "active_defrag_misses",     "active_defrag_key_hits",
    "active_defrag_key_misses", "total_active_defrag_time", "current_active_defrag_time",
    "tracking_total_keys",      "tracking_total_items",     "tracking_total_prefixes"};
constexpr std::string_view kNoAcl[] = {"acl_access_denied_auth", "acl_access_denied_cmd",
                                       "acl_access_denied_key", "acl_access_denied_channel"};

// Counters of what Stave does not do. Exporters want to see them.
void write_zeros(InfoText& text, std::span<const std::string_view> names) {
  for (const std::string_view name : names) text.field(name, 0);
}

void write_traffic(InfoText& text) {
  const InfoFigures& figures = text.figures;
  constexpr double kKilobyte = 1024;
  text.field("total_connections_received", figures.connections_received);
  text.field("total_commands_processed", figures.commands_processed);
  text.field("instantaneous_ops_per_sec", figures.last_second.commands);
  text.field("total_net_input_bytes", figures.bytes_in);
  text.field("total_net_output_bytes", figures.bytes_out);
  text.field("total_net_repl_input_bytes", 0);
  text.field("total_net_repl_output_bytes", 0);
  text.decimal("instantaneous_input_kbps", static_cast<double>(figures.last_second.bytes_in) / kKilobyte);
  text.decimal("instantaneous_output_kbps", static_cast<double>(figures.last_second.bytes_out) / kKilobyte);
  text.decimal("instantaneous_input_repl_kbps", 0);
  text.decimal("instantaneous_output_repl_kbps", 0);
  text.field("rejected_connections", figures.connections_rejected);
}

void write_own_fields(InfoText& text) {
  const InfoFigures& figures = text.figures;
  text.field("stave_cold_reads", figures.shard.staged);
  text.field("stave_cold_read_errors", figures.shard.stage_errors);
  text.field("stave_demoted_values", figures.shard.demoted);
  text.field("stave_collection_snapshots", figures.shard.snapshots);
  text.field("stave_collection_parts", figures.shard.parts);
  text.field("stave_messages_sent", figures.messages_sent);
  text.field("stave_wakes_sent", figures.wakes_sent);
  text.field("stave_loop_turns", figures.turns);
}

}  // namespace

void info_stats(InfoText& text) {
  const InfoFigures& figures = text.figures;
  write_traffic(text);
  write_zeros(text, kNoReplication);
  text.field("expired_keys", figures.shard.expired);
  text.field("expired_subkeys", figures.shard.expired_fields + figures.keyspace.expired_fields);
  text.field("expired_stale_perc", "0.00");
  text.field("expired_time_cap_reached_count", 0);
  text.field("expire_cycle_cpu_milliseconds", 0);
  text.field("evicted_keys", figures.shard.evicted);
  text.field("evicted_clients", 0);
  text.field("total_eviction_exceeded_time", figures.exceeded_ms);
  text.field("current_eviction_exceeded_time", figures.exceeded_now_ms);
  text.field("keyspace_hits", figures.keyspace.hits);
  text.field("keyspace_misses", figures.keyspace.misses);
  text.field("pubsub_channels", figures.topics[0].size());
  text.field("pubsub_patterns", figures.topics[1].size());
  text.field("pubsubshard_channels", figures.topics[2].size());
  write_zeros(text, kNoForks);
  write_zeros(text, kNoDefragNorTracking);
  text.field("unexpected_error_replies", 0);
  text.field("total_error_replies", figures.error_replies);
  text.field("dump_payload_sanitizations", 0);
  write_zeros(text, kNoAcl);
  write_own_fields(text);
}

void info_commandstats(InfoText& text) {
  for (const Command* command : all_commands()) {
    const auto found = text.figures.commands.find(command);
    if (found == text.figures.commands.end()) continue;
    const CommandCount& count = found->second;
    if (count.calls + count.rejected == 0) continue;
    const double us = static_cast<double>(count.nanoseconds) / 1000;
    text.field(fmt::format("cmdstat_{}", command->name),
               fmt::format("calls={},usec={:.0f},usec_per_call={:.2f},rejected_calls={},failed_calls={}",
                           count.calls, us, count.calls == 0 ? 0 : us / static_cast<double>(count.calls),
                           count.rejected, count.failed));
  }
}

void info_errorstats(InfoText& text) {
  for (const auto& [code, count] : text.figures.errors) {
    text.field(fmt::format("errorstat_{}", code), fmt::format("count={}", count));
  }
}

void info_keyspace(InfoText& text) {
  for (int db = 0; db < limits::kDatabases; ++db) {
    const std::uint64_t keys = text.server.db_size(db);
    if (keys == 0) continue;
    text.field(fmt::format("db{}", db),
               fmt::format("keys={},expires={},avg_ttl=0", keys, text.server.db_expiring(db)));
  }
}

}  // namespace stave
