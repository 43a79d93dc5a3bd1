// SPDX-License-Identifier: Apache-2.0
#include "src/config_table.h"

#include <algorithm>
#include <filesystem>
#include <limits>

#include "shards/limits.h"
#include "src/ascii.h"
#include "src/sizes.h"

namespace stave {

namespace {

constexpr int64_t kInt32Max = std::numeric_limits<int32_t>::max();
constexpr int64_t kUint32Max = std::numeric_limits<uint32_t>::max();
constexpr int64_t kInt64Max = std::numeric_limits<int64_t>::max();
constexpr int64_t kMiB = 1LL << 20;

// An absolute directory stays the same one whatever becomes of the working directory.
Status make_dir_absolute(Settings& settings) {
  if (settings.dir.empty()) return Status::error("argument must be a directory");
  std::error_code error;
  auto path = std::filesystem::absolute(settings.dir, error).lexically_normal();
  if (error) return Status::error("the working directory is unknown: " + error.message());
  if (!path.has_filename() && path.has_relative_path()) path = path.parent_path();  // "/data/" is "/data"
  settings.dir = path.string();
  return {};
}

Status check_appendonly(Settings& settings) {
  if (settings.appendonly) return {};
  return Status::error("argument must be 'yes': the log on disk is the database");
}

Status check_save(Settings& settings) {
  if (settings.save.empty()) return {};
  return Status::error("argument must be \"\": every write is in the log, there are no dumps");
}

// Redis allows more, the log does not.
Status check_proto_max_bulk_len(Settings& settings) {
  constexpr auto kMax = static_cast<int64_t>(limits::kValueBytesMax);
  if (settings.proto_max_bulk_len <= kMax) return {};
  return Status::error("argument must be at most " + format_bytes(kMax));
}

// As Redis does, without an error.
Status clamp_hz(Settings& settings) {
  settings.hz = std::clamp<int64_t>(settings.hz, 1, 500);
  return {};
}

// clang-format off
constexpr Setting kSettings[] = {
    {.name = "port", .field = &Settings::port, .help = "TCP port; 0: no TCP",
     .change = Change::kImmutable, .max = 65535},
    {.name = "bind", .field = &Settings::bind, .help = "addresses to listen on; one after a - may be missing",
     .change = Change::kImmutable},
    {.name = "unixsocket", .field = &Settings::unixsocket, .help = "path of a Unix socket to listen on",
     .change = Change::kImmutable},
    {.name = "unixsocketperm", .field = &Settings::unixsocketperm, .help = "its mode, in octal; 0: by the umask",
     .change = Change::kImmutable, .form = NumberForm::kOctal, .max = 0777},
    {.name = "tcp-backlog", .field = &Settings::tcp_backlog, .help = "connections that may wait to be accepted",
     .change = Change::kImmutable, .max = kInt32Max},
    {.name = "timeout", .field = &Settings::timeout, .help = "seconds a client may be idle; 0: for ever",
     .max = kInt32Max},
    {.name = "tcp-keepalive", .field = &Settings::tcp_keepalive, .help = "seconds between probes of a silent client; 0: none",
     .max = kInt32Max},
    {.name = "maxclients", .field = &Settings::maxclients, .help = "connections at the same time",
     .min = 1, .max = kUint32Max},
    {.name = "requirepass", .field = &Settings::requirepass, .help = "password that clients must give"},
    {.name = "protected-mode", .field = &Settings::protected_mode,
     .help = "without a password, serve this machine only"},
    {.name = "proto-max-bulk-len", .field = &Settings::proto_max_bulk_len, .help = "longest argument of a request",
     .form = NumberForm::kBytes, .min = kMiB, .max = kInt64Max, .check = check_proto_max_bulk_len},
    {.name = "client-query-buffer-limit", .field = &Settings::client_query_buffer_limit,
     .help = "bytes of requests that a client may have waiting",
     .form = NumberForm::kBytes, .min = kMiB, .max = kInt64Max},
    {.name = "client-output-buffer-limit", .field = &Settings::client_output_buffer_limit,
     .help = "class, hard limit, soft limit, seconds: when a slow reader is cut off"},

    {.name = "dir", .field = &Settings::dir, .help = "directory of the database",
     .change = Change::kProtected, .check = make_dir_absolute},
    {.name = "databases", .field = &Settings::databases, .help = "numbers that SELECT takes",
     .change = Change::kImmutable, .min = 1, .max = limits::kDatabases},
    {.name = "appendfsync", .field = &Settings::appendfsync, .help = "when writes reach the disk for good: everysec, always, no"},
    {.name = "appendonly", .field = &Settings::appendonly, .help = "only yes: the log is the database",
     .check = check_appendonly},
    {.name = "save", .field = &Settings::save, .help = "only \"\": there are no dumps", .check = check_save},
    {.name = "maxmemory", .field = &Settings::maxmemory,
     .help = "bytes of memory for index and values; 0: no limit",
     .form = NumberForm::kBytes, .max = kInt64Max},
    {.name = "maxmemory-policy", .field = &Settings::maxmemory_policy, .help = "which keys may be evicted when maxmemory or maxdisk is reached"},
    {.name = "maxmemory-samples", .field = &Settings::maxmemory_samples, .help = "keys looked at for each that is evicted",
     .min = 1, .max = kInt32Max},
    {.name = "hash-max-listpack-entries", .field = &Settings::hash_max_listpack_entries,
     .help = "fields up to which OBJECT ENCODING calls a hash listpack", .max = kInt64Max, .old_name = "hash-max-ziplist-entries"},
    {.name = "hash-max-listpack-value", .field = &Settings::hash_max_listpack_value,
     .help = "bytes of a field or value, likewise", .form = NumberForm::kBytes, .max = kInt64Max, .old_name = "hash-max-ziplist-value"},
    {.name = "set-max-intset-entries", .field = &Settings::set_max_intset_entries,
     .help = "members up to which OBJECT ENCODING calls a set of integers intset", .max = kInt64Max},
    {.name = "set-max-listpack-entries", .field = &Settings::set_max_listpack_entries,
     .help = "members up to which it calls another set listpack", .max = kInt64Max},
    {.name = "set-max-listpack-value", .field = &Settings::set_max_listpack_value,
     .help = "bytes of a member, likewise", .form = NumberForm::kBytes, .max = kInt64Max},
    {.name = "zset-max-listpack-entries", .field = &Settings::zset_max_listpack_entries,
     .help = "members up to which OBJECT ENCODING calls a sorted set listpack", .max = kInt64Max, .old_name = "zset-max-ziplist-entries"},
    {.name = "zset-max-listpack-value", .field = &Settings::zset_max_listpack_value,
     .help = "bytes of a member, likewise", .form = NumberForm::kBytes, .max = kInt64Max, .old_name = "zset-max-ziplist-value"},
    {.name = "list-max-listpack-size", .field = &Settings::list_max_listpack_size,
     .help = "elements up to which it calls a list listpack; -1 to -5: 4, 8, 16, 32, 64 KiB", .min = -1 - kInt32Max, .max = kInt32Max, .old_name = "list-max-ziplist-size"},
    {.name = "list-compress-depth", .field = &Settings::list_compress_depth,
     .help = "taken for Redis' sake, without effect: lists are not compressed", .max = kInt32Max},
    {.name = "hll-sparse-max-bytes", .field = &Settings::hll_sparse_max_bytes,
     .help = "bytes from which a HyperLogLog takes its dense form", .form = NumberForm::kBytes, .max = kInt64Max},
    {.name = "maxdisk", .field = &Settings::maxdisk, .help = "bytes of disk for the database; 0: no limit",
     .form = NumberForm::kBytes, .max = kInt64Max},
    {.name = "maxdisk-wait-ms", .field = &Settings::maxdisk_wait_ms,
     .help = "time that writes wait for compaction before maxdisk refuses them", .max = 3'600'000},
    {.name = "segment-bytes", .field = &Settings::segment_bytes, .help = "largest size of a log segment",
     .change = Change::kImmutable, .form = NumberForm::kBytes, .min = limits::kSegmentBytesMin, .max = limits::kSegmentBytesMax},
    {.name = "compaction-threshold", .field = &Settings::compaction_threshold,
     .help = "percent of dead bytes from which compaction runs; 100: never", .min = 1, .max = 100},
    {.name = "compaction-budget", .field = &Settings::compaction_budget,
     .help = "bytes a second that compaction may read and write; 0: no limit",
     .form = NumberForm::kBytes, .max = kInt64Max},
    {.name = "io-backend", .field = &Settings::io_backend, .help = "how the disk is reached: auto, uring, threads",
     .change = Change::kImmutable},
    {.name = "workers", .field = &Settings::workers, .help = "threads that serve; 0: one for each core but one",
     .change = Change::kImmutable, .max = 256},
    {.name = "shards", .field = &Settings::shards, .help = "parts of a new database; 0: one for each core but one",
     .change = Change::kImmutable, .max = limits::kShardsMax},

    {.name = "loglevel", .field = &Settings::loglevel, .help = "debug, verbose, notice, warning"},
    {.name = "logfile", .field = &Settings::logfile, .help = "path of the log; empty: standard output",
     .change = Change::kImmutable},
    {.name = "slowlog-log-slower-than", .field = &Settings::slowlog_log_slower_than,
     .help = "microseconds from which SLOWLOG keeps a command; -1: none", .min = -1, .max = kInt64Max},
    {.name = "slowlog-max-len", .field = &Settings::slowlog_max_len, .help = "commands that SLOWLOG keeps",
     .max = kInt64Max},
    {.name = "latency-tracking", .field = &Settings::latency_tracking, .help = "keep the figures of INFO latencystats"},
    {.name = "enable-debug-command", .field = &Settings::enable_debug_command,
     .help = "who may use DEBUG: no, yes, local", .change = Change::kImmutable},
    {.name = "notify-keyspace-events", .field = &Settings::notify_keyspace_events,
     .help = "classes of keyspace events that are published, in letters; empty: none"},
    {.name = "hz", .field = &Settings::hz, .help = "rounds of background work a second",
     .max = kInt32Max, .check = clamp_hz},
};
// clang-format on

const Setting* find(std::string_view name, char (*fold)(char)) {
  auto same = [&](const Setting& setting) {
    return std::ranges::equal(setting.name, name, {}, {}, fold) ||
           (!setting.old_name.empty() && std::ranges::equal(setting.old_name, name, {}, {}, fold));
  };
  auto found = std::ranges::find_if(kSettings, same);
  return found == std::end(kSettings) ? nullptr : &*found;
}

char lower_with_dashes(char c) {
  return c == '_' ? '-' : ascii::lower(c);
}

}  // namespace

std::span<const Setting> setting_table() {
  return kSettings;
}
const Setting* find_setting(std::string_view name) {
  return find(name, ascii::lower);
}
const Setting* find_setting_loosely(std::string_view name) {
  return find(name, lower_with_dashes);
}

}  // namespace stave
