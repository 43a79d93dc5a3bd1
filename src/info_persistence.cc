// SPDX-License-Identifier: Apache-2.0
// INFO Persistence. To monitoring, the log is an AOF that is always on and never rewritten. The rdb_ fields
// tell of hot backups, as those of BGSAVE and SAVE.
#include <fmt/format.h>

#include <algorithm>

#include "src/info_sections.h"
#include "src/server.h"
#include "src/worker.h"

namespace stave {
namespace {

std::string_view ok_or_err(bool ok) {
  return ok ? "ok" : "err";
}

// In seconds; -1: none.
std::int64_t seconds(std::int64_t ms) {
  return ms < 0 ? -1 : ms / 1000;
}

void write_rdb(InfoText& text) {
  const Backups::Facts backups = text.server.backups().facts();
  const std::uint64_t gsns = text.figures.last_gsns;
  text.field("rdb_changes_since_last_save", gsns - std::min(gsns, backups.saved_gsns));
  text.field("rdb_bgsave_in_progress", backups.under_way ? 1 : 0);
  text.field("rdb_last_save_time", seconds(backups.last_success_ms));
  text.field("rdb_last_bgsave_status", ok_or_err(backups.last_ok));
  text.field("rdb_last_bgsave_time_sec", seconds(backups.last_took_ms));
  const std::int64_t current_ms = text.home.now_ms() - backups.started_ms;
  text.field("rdb_current_bgsave_time_sec",
             backups.under_way ? seconds(std::max<std::int64_t>(current_ms, 0)) : -1);
  text.field("rdb_saves", backups.successes);
  text.field("rdb_last_cow_size", 0);
  text.field("rdb_last_load_keys_expired", 0);
  text.field("rdb_last_load_keys_loaded", 0);
}

void write_aof(InfoText& text) {
  const InfoFigures& figures = text.figures;
  text.field("aof_enabled", 1);
  text.field("aof_rewrite_in_progress", 0);
  text.field("aof_rewrite_scheduled", 0);
  text.field("aof_last_rewrite_time_sec", -1);
  text.field("aof_current_rewrite_time_sec", -1);
  text.field("aof_last_bgrewrite_status", "ok");
  text.field("aof_rewrites", 0);
  text.field("aof_rewrites_consecutive_failures", 0);
  text.field("aof_last_write_status",
             ok_or_err(figures.log_failure.empty() && figures.logs_out_of_space == 0));
  text.field("aof_last_cow_size", 0);
  text.field("module_fork_in_progress", 0);
  text.field("module_fork_last_cow_size", 0);
  text.field("aof_current_size", figures.log_bytes);
  text.field("aof_base_size", 0);
  text.field("aof_pending_rewrite", 0);
  text.field("aof_buffer_length", figures.log_buffer_bytes);
  text.field("aof_pending_bio_fsync", figures.logs_busy);
  text.field("aof_delayed_fsync", 0);
}

// With two digits; 1.00 where there is nothing to compare.
std::string ratio(std::uint64_t of, std::uint64_t to) {
  return fmt::format("{:.2f}", to == 0 ? 1.0 : static_cast<double>(of) / static_cast<double>(to));
}

void write_compaction(InfoText& text) {
  const InfoFigures& figures = text.figures;
  const Compaction::Counters& compaction = figures.compaction;
  text.field("stave_space_amplification", ratio(figures.log_file_bytes, figures.live_bytes));
  text.field("stave_write_amplification",
             ratio(figures.log.bytes_written + compaction.bytes_written, figures.log.bytes_written));
  text.field("stave_compaction_running", figures.compactions_running);
  text.field("stave_compaction_backlog_bytes", figures.compaction_backlog_bytes);
  text.field("stave_compaction_seconds_left", figures.compaction_seconds_left);
  text.field("stave_compaction_runs", compaction.runs);
  text.field("stave_compaction_bytes_read", compaction.bytes_read);
  text.field("stave_compaction_bytes_written", compaction.bytes_written);
  text.field("stave_compaction_bytes_freed", compaction.bytes_freed);
  text.field("stave_compaction_segments_freed", compaction.segments_freed);
  text.field("stave_compaction_errors", compaction.errors);
  text.field("stave_compaction_last_error", figures.compaction_last_error);
  text.field("stave_compaction_slices", compaction.slices);
  text.field("stave_compaction_slices_beyond_1ms", compaction.slices_long);
  text.field("stave_compaction_slice_us_max", figures.compaction_slice_us_max);
}

void write_own_fields(InfoText& text) {
  const InfoFigures& figures = text.figures;
  const RecoveryReport& recovery = text.server.recovery();
  text.field("stave_disk_bytes", figures.disk_bytes);
  text.field("stave_maxdisk", text.home.settings().maxdisk);
  text.field("stave_log_segments", figures.segments);
  text.field("stave_log_bytes", figures.log_bytes);
  text.field("stave_log_file_bytes", figures.log_file_bytes);
  text.field("stave_log_live_bytes", figures.live_bytes);
  text.field("stave_log_dead_bytes", figures.dead_bytes);
  text.field("stave_log_bytes_written", figures.log.bytes_written);
  text.field("stave_log_commits", figures.log.commits);
  text.field("stave_log_syncs", figures.log.syncs);
  text.field("stave_log_space_refusals", figures.log.space_refusals);
  text.field("stave_log_changes_not_durable", figures.last_gsns - figures.durable_gsns);
  text.field("stave_log_failure", figures.log_failure);
  text.field("stave_recovery_ms", text.server.recovery_ms());
  text.field("stave_recovery_records", recovery.records);
  text.field("stave_recovery_segments", recovery.segments);
  text.field("stave_recovery_segments_with_hint", recovery.segments_with_hint);
  text.field("stave_recovery_cut_bytes", recovery.cut_bytes);
  text.field("stave_recovery_void_transactions", recovery.void_transactions);
}

}  // namespace

void info_persistence(InfoText& text) {
  text.field("loading", 0);
  text.field("async_loading", 0);
  text.field("current_cow_peak", 0);
  text.field("current_cow_size", 0);
  text.field("current_cow_size_age", 0);
  text.field("current_fork_perc", "0.00");
  text.field("current_save_keys_processed", 0);
  text.field("current_save_keys_total", 0);
  write_rdb(text);
  write_aof(text);
  write_own_fields(text);
  write_compaction(text);
}

}  // namespace stave
