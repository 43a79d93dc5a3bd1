// SPDX-License-Identifier: Apache-2.0
// The server's settings: what they are, how they are read at start, and what CONFIG GET, SET and REWRITE do
// with them.
//
// A setting comes from the TOML file (conf/stave.toml shows them all), then from the command line, then from
// CONFIG SET. Its name is Redis' directive where Redis has one; `-` and `_` are alike in the file and on the
// command line. One table (config_table.h) drives all of this. Settings is a plain value: main loads one,
// every worker keeps its own copy, and CONFIG SET hands a changed copy to each. Nothing here has state or
// knows threads.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shards/status.h"
#include "src/keyspace_events.h"

namespace stave {

enum class AppendFsync { kEverysec, kAlways, kNo };
enum class IoBackend { kAuto, kUring, kThreads };
enum class LogLevel { kDebug, kVerbose, kNotice, kWarning };
enum class DebugCommand { kNo, kYes, kLocal };
enum class MaxmemoryPolicy {
  kVolatileLru,
  kVolatileLfu,
  kVolatileRandom,
  kVolatileTtl,
  kAllkeysLru,
  kAllkeysLfu,
  kAllkeysRandom,
  kNoeviction,
};

// A client is disconnected when its unsent replies exceed hard_bytes, or soft_bytes for soft_seconds; 0 is no
// limit.
struct OutputBufferLimit {
  int64_t hard_bytes = 0;
  int64_t soft_bytes = 0;
  int64_t soft_seconds = 0;
  bool operator==(const OutputBufferLimit&) const = default;
};

struct OutputBufferLimits {
  OutputBufferLimit normal;
  OutputBufferLimit replica{256LL << 20, 64LL << 20, 60};
  OutputBufferLimit pubsub{32LL << 20, 8LL << 20, 60};
  bool operator==(const OutputBufferLimits&) const = default;
};

// Every field is a row of the table; its name is the directive's, with `_` for `-`.
struct Settings {
  // Network.
  int64_t port = 6379;                         // 0: no TCP
  std::vector<std::string> bind{"*", "-::*"};  // `-` before an address: no error if the machine lacks it
  std::string unixsocket;                      // "": none
  int64_t unixsocketperm = 0;                  // mode bits; 0: as the umask says
  int64_t tcp_backlog = 511;
  int64_t timeout = 0;          // seconds a client may be idle; 0: for ever
  int64_t tcp_keepalive = 300;  // seconds; 0: off
  int64_t maxclients = 10000;
  std::string requirepass;  // "": no password
  bool protected_mode = true;
  int64_t proto_max_bulk_len = 512LL << 20;       // bytes
  int64_t client_query_buffer_limit = 1LL << 30;  // bytes
  OutputBufferLimits client_output_buffer_limit;

  // Data.
  std::string dir = ".";  // load_settings makes it absolute
  int64_t databases = 16;
  AppendFsync appendfsync = AppendFsync::kEverysec;
  bool appendonly = true;  // cannot be false: the log is the database
  std::string save;        // cannot be anything else: there are no dumps
  int64_t maxmemory = 0;   // bytes for index and values; 0: no limit
  MaxmemoryPolicy maxmemory_policy = MaxmemoryPolicy::kNoeviction;
  int64_t maxmemory_samples = 5;  // keys that are looked at for each that is evicted
  // Of collections: up to which size OBJECT ENCODING calls them compact.
  int64_t hash_max_listpack_entries = 512;
  int64_t hash_max_listpack_value = 64;  // bytes
  int64_t set_max_intset_entries = 512;
  int64_t set_max_listpack_entries = 128;
  int64_t set_max_listpack_value = 64;  // bytes
  int64_t zset_max_listpack_entries = 128;
  int64_t zset_max_listpack_value = 64;  // bytes
  int64_t list_max_listpack_size = -2;   // elements; -1 to -5: 4, 8, 16, 32, 64 KiB
  int64_t list_compress_depth = 0;       // without effect
  int64_t hll_sparse_max_bytes = 3000;   // from which a HyperLogLog takes its dense form
  int64_t maxdisk = 0;                   // bytes of the database directory; 0: no limit
  int64_t maxdisk_wait_ms = 2000;        // for compaction, before it refuses a write; 0: not at all
  int64_t segment_bytes = 256LL << 20;   // bytes of a log segment
  int64_t compaction_threshold = 30;     // percent of dead bytes
  int64_t compaction_budget = 0;         // bytes a second; 0: no limit
  IoBackend io_backend = IoBackend::kAuto;
  int64_t workers = 0;  // 0: one for each core but one
  int64_t shards = 0;   // 0: one for each core but one, when the database is created

  // Operation.
  LogLevel loglevel = LogLevel::kNotice;
  std::string logfile;                      // "": standard output
  int64_t slowlog_log_slower_than = 10000;  // microseconds; negative: off
  int64_t slowlog_max_len = 128;            // entries
  bool latency_tracking = true;
  DebugCommand enable_debug_command = DebugCommand::kNo;
  EventClasses notify_keyspace_events;
  int64_t hz = 10;  // background rounds a second

  bool operator==(const Settings&) const = default;
};

// What the command line asks for.
struct Launch {
  enum class Action { kServe, kHelp, kVersion };
  Action action = Action::kServe;
  Settings settings = {};
  std::string config_file = {};  // absolute path for CONFIG REWRITE; "": started without a file
};

// `stave-server [file.toml] [--name value ...]`; argv[0] is skipped. A value is all the words up to the next
// `--`. The error is one line: "stave.toml:12: port: must be between 0 and 65535 inclusive" or "command line:
// --port: ...".
Result<Launch> load_settings(int argc, const char* const* argv);

// The text for --help: usage, and each setting with its default and a line on what it does.
std::string settings_help();

using NameAndValue = std::pair<std::string_view, std::string_view>;

// CONFIG SET: all of them or none. The error is Redis' reply, code included.
Status set_settings(Settings& settings, std::span<const NameAndValue> changes);
// That reply, for a setting that the system cannot follow.
Status cannot_set(std::string_view name, std::string_view reason);

// CONFIG GET: names and values, as Redis prints them, of the settings whose name matches any of the glob
// patterns.
// A pattern without wildcards comes back as it was written, MaxMemory for example.
std::vector<std::pair<std::string, std::string>> get_settings(const Settings& settings,
                                                              std::span<const std::string_view> patterns);

// CONFIG REWRITE: makes the file say what `settings` says. Comments and order stay; a changed value is
// replaced in place; what the file lacks and differs from the default is appended. Atomic: the file is the
// old or the new one. The error is Redis' reply. Blocks on the disk for a moment, which is accepted for this
// rare command.
Status rewrite_settings(const std::string& path, const Settings& settings);

}  // namespace stave
