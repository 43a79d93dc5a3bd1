// SPDX-License-Identifier: Apache-2.0
// INFO on the process and its surroundings: Server, Clients, Replication, CPU, Cluster.
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <ctime>

#include "src/info_sections.h"
#include "src/server.h"
#include "src/version.h"
#include "src/worker.h"

namespace stave {
namespace {

std::string system_name() {
  utsname name{};
  if (uname(&name) != 0) return "unknown";
  return fmt::format("{} {} {}", name.sysname, name.release, name.machine);
}

std::string executable() {
  std::array<char, 4096> path{};
  const ssize_t bytes = ::readlink("/proc/self/exe", path.data(), path.size());
  return bytes > 0 ? std::string(path.data(), static_cast<std::size_t>(bytes)) : std::string();
}

std::int64_t unix_us() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

void write_listeners(InfoText& text) {
  const Settings& settings = text.home.settings();
  int number = 0;
  if (settings.port != 0) {
    std::string addresses;
    for (const std::string& address : settings.bind) addresses += ",bind=" + address;
    text.field(fmt::format("listener{}", number++),
               fmt::format("name=tcp{},port={}", addresses, settings.port));
  }
  if (!settings.unixsocket.empty()) {
    text.field(fmt::format("listener{}", number), fmt::format("name=unix,bind={}", settings.unixsocket));
  }
}

void write_own_fields(InfoText& text) {
  text.field("stave_version", STAVE_VERSION);
  text.field("stave_io_backend", text.home.disk().name());
  text.field("stave_io_backend_reason", text.server.backend_reason());
  text.field("stave_workers", text.server.worker_count());
  text.field("stave_shards", text.server.shard_count());
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

void info_server(InfoText& text) {
  const Settings& settings = text.home.settings();
  const std::int64_t now_us = unix_us();
  const std::int64_t uptime_seconds = (now_us / 1000 - text.server.started_ms()) / 1000;
  constexpr std::int64_t kDaySeconds = 86'400;
  constexpr std::int64_t kLruClockMax = (1 << 24) - 1;
  text.field("redis_version", kRedisVersion);
  text.field("redis_git_sha1", "00000000");
  text.field("redis_git_dirty", 0);
  text.field("redis_build_id", "0");
  text.field("redis_mode", "standalone");
  text.field("os", system_name());
  text.field("arch_bits", 64);
  text.field("monotonic_clock", "POSIX clock_gettime");
  text.field("multiplexing_api", "epoll");
  text.field("atomicvar_api", "c11-builtin");
  text.field("gcc_version", fmt::format("{}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__));
  text.field("process_id", ::getpid());
  text.field("process_supervised", "no");
  text.field("run_id", text.server.run_id());
  text.field("tcp_port", settings.port);
  text.field("server_time_usec", now_us);
  text.field("uptime_in_seconds", uptime_seconds);
  text.field("uptime_in_days", uptime_seconds / kDaySeconds);
  text.field("hz", settings.hz);
  text.field("configured_hz", settings.hz);
  text.field("lru_clock", now_us / 1'000'000 & kLruClockMax);
  text.field("executable", executable());
  text.field("config_file", text.server.config_file());
  text.field("io_threads_active", 0);
  write_listeners(text);
  write_own_fields(text);
}

void info_clients(InfoText& text) {
  text.field("connected_clients", text.server.clients());
  text.field("cluster_connections", 0);
  text.field("maxclients", text.home.settings().maxclients);
  text.field("client_recent_max_input_buffer", text.figures.input_bytes_max);
  text.field("client_recent_max_output_buffer", text.figures.output_bytes_max);
  text.field("blocked_clients", text.figures.clients_blocked);
  text.field("tracking_clients", 0);
  text.field("clients_in_timeout_table", text.figures.client_timeouts);
  text.field("total_blocking_keys", text.figures.blocking_keys);
  text.field("total_blocking_keys_on_nokey", 0);
}

// The database's own id stands for the history until there is replication.
void info_replication(InfoText& text) {
  std::string history;
  for (const std::uint8_t byte : text.server.database().id()) history += fmt::format("{:02x}", byte);
  constexpr std::size_t kDigits = 40;
  history.resize(kDigits, '0');
  text.field("role", "master");
  text.field("connected_slaves", 0);
  text.field("master_failover_state", "no-failover");
  text.field("master_replid", history);
  text.field("master_replid2", std::string(kDigits, '0'));
  text.field("master_repl_offset", text.figures.last_gsns);
  text.field("second_repl_offset", -1);
  text.field("repl_backlog_active", 0);
  text.field("repl_backlog_size", 0);
  text.field("repl_backlog_first_byte_offset", 0);
  text.field("repl_backlog_histlen", 0);
}

// "main thread": the workers, without what reads and writes in the background.
void info_cpu(InfoText& text) {
  rusage all{};
  getrusage(RUSAGE_SELF, &all);
  const auto write = [&text](std::string_view name, double value) {
    text.field(name, fmt::format("{:.6f}", value));
  };
  write("used_cpu_sys", seconds(all.ru_stime));
  write("used_cpu_user", seconds(all.ru_utime));
  write("used_cpu_sys_children", 0);
  write("used_cpu_user_children", 0);
  write("used_cpu_sys_main_thread", text.figures.cpu_system_seconds);
  write("used_cpu_user_main_thread", text.figures.cpu_user_seconds);
}

void info_cluster(InfoText& text) {
  text.field("cluster_enabled", 0);
}

}  // namespace stave
