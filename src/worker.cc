// SPDX-License-Identifier: Apache-2.0
// A worker's start, its connections and its settings; the loop itself is in worker_loop.cc.
#include "src/worker.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "src/addresses.h"
#include "src/connection.h"
#include "src/logger.h"
#include "src/publish.h"
#include "src/server.h"

namespace stave {
namespace {

std::string_view name_of(IoBackend backend) {
  switch (backend) {
    case IoBackend::kAuto:
      return "auto";
    case IoBackend::kUring:
      return "uring";
    case IoBackend::kThreads:
      return "threads";
  }
  return "auto";
}

SyncMode mode_of(AppendFsync fsync) {
  switch (fsync) {
    case AppendFsync::kAlways:
      return SyncMode::kAlways;
    case AppendFsync::kEverysec:
      return SyncMode::kEverysec;
    case AppendFsync::kNo:
      return SyncMode::kNo;
  }
  return SyncMode::kEverysec;
}

CollectionLimits collection_limits_of(const Settings& settings) {
  CollectionLimits limits;
  limits.hash_listpack_entries = static_cast<std::uint64_t>(settings.hash_max_listpack_entries);
  limits.hash_listpack_value = static_cast<std::uint64_t>(settings.hash_max_listpack_value);
  limits.set_intset_entries = static_cast<std::uint64_t>(settings.set_max_intset_entries);
  limits.set_listpack_entries = static_cast<std::uint64_t>(settings.set_max_listpack_entries);
  limits.set_listpack_value = static_cast<std::uint64_t>(settings.set_max_listpack_value);
  limits.zset_listpack_entries = static_cast<std::uint64_t>(settings.zset_max_listpack_entries);
  limits.zset_listpack_value = static_cast<std::uint64_t>(settings.zset_max_listpack_value);
  limits.list_listpack_size = settings.list_max_listpack_size;
  return limits;
}

Eviction eviction_of(const Settings& settings) {
  using From = Eviction::From;
  using By = Eviction::By;
  const auto samples = static_cast<std::size_t>(settings.maxmemory_samples);
  switch (settings.maxmemory_policy) {
    case MaxmemoryPolicy::kVolatileLru:
      return {From::kExpiring, By::kAge, samples};
    case MaxmemoryPolicy::kVolatileLfu:
      return {From::kExpiring, By::kUse, samples};
    case MaxmemoryPolicy::kVolatileRandom:
      return {From::kExpiring, By::kChance, samples};
    case MaxmemoryPolicy::kVolatileTtl:
      return {From::kExpiring, By::kExpiry, samples};
    case MaxmemoryPolicy::kAllkeysLru:
      return {From::kAllKeys, By::kAge, samples};
    case MaxmemoryPolicy::kAllkeysLfu:
      return {From::kAllKeys, By::kUse, samples};
    case MaxmemoryPolicy::kAllkeysRandom:
      return {From::kAllKeys, By::kChance, samples};
    case MaxmemoryPolicy::kNoeviction:
      return {};
  }
  return {};
}

// A shard's share of a limit, however small, is a limit: 0 would mean none.
std::uint64_t share_of(std::int64_t limit, std::uint32_t shards) {
  return limit == 0 ? 0 : std::max<std::uint64_t>(static_cast<std::uint64_t>(limit) / shards, 1);
}

void refuse(int fd, std::string_view line) {
  static_cast<void>(!::send(fd, line.data(), line.size(), MSG_NOSIGNAL));
  ::close(fd);
}

constexpr std::string_view kDenied =
    "-DENIED Stave is in protected mode: no password is set (requirepass), so only clients of this machine "
    "are let in. "
    "Set requirepass, or, if everybody who can reach this port may use it, protected-mode no.\r\n";

}  // namespace

Worker::Worker(Server& server, std::size_t number)
    : server_(server),
      number_(number),
      settings_(server.settings()),
      mailbox_(server.worker_count()),
      wake_marks_(server.worker_count(), 0) {
  uv_loop_init(&loop_);
  loop_.data = this;
  background_.start(&loop_);
  update_time();
}

Worker::~Worker() {
  hosts_.clear();
  owned_.clear();
  disk_.reset();
  uv_loop_close(&loop_);
}

void Worker::update_time() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  now_ms_ = std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

std::int64_t Worker::command_clock_ns() const {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

Status Worker::open_disk() {
  auto disk = stave::open_disk(name_of(settings_.io_backend), &backend_reason_);
  if (!disk.ok()) return disk.take_status();
  disk_ = std::move(*disk);
  return {};
}

Status Worker::open_shard(std::uint32_t shard, std::unique_ptr<Recovery>& recovery) {
  Shard::Options options;
  options.number = shard;
  options.ledger = &server_.ledger();
  options.log.directory = server_.database().shard_directory(shard);
  options.log.database = server_.database().id();
  options.log.shard = shard;
  options.log.segment_bytes = static_cast<std::uint64_t>(settings_.segment_bytes);
  options.log.disk_bytes_max = share_of(settings_.maxdisk, server_.shard_count());
  options.log.mode = mode_of(settings_.appendfsync);
  options.gone = [this](Gone why, int db, std::string_view name) { note_gone(why, db, name); };
  options.warn = options.log.warn = [](const std::string& line) { log_warning(line); };
  hosts_.resize(server_.shard_count());
  std::erase(owned_, hosts_[shard].get());
  hosts_[shard] = std::make_unique<ShardHost>(*disk_, background_, options);
  owned_.push_back(hosts_[shard].get());
  hosts_[shard]->shard.set_now(now_ms_);
  recovery = std::make_unique<Recovery>(*disk_, hosts_[shard]->shard, options);
  return recovery->read();
}

Status Worker::listen() {
  apply_settings(server_.settings());
  const auto backlog = static_cast<int>(settings_.tcp_backlog);
  for (std::string address : settings_.bind) {
    if (settings_.port == 0) break;
    const bool optional = address.starts_with('-');
    if (optional) address.erase(0, 1);
    auto listener = Listener::tcp(*this, address, static_cast<int>(settings_.port), backlog);
    if (listener.ok()) {
      listeners_.push_back(std::move(*listener));
    } else if (!optional) {
      return listener.take_status();
    }
  }
  if (number_ == 0 && !settings_.unixsocket.empty()) {
    auto listener = Listener::unix_socket(*this, settings_.unixsocket,
                                          static_cast<unsigned>(settings_.unixsocketperm), backlog);
    if (!listener.ok()) return listener.take_status();
    listeners_.push_back(std::move(*listener));
  }
  return {};
}

void Worker::apply_settings(const Settings& settings) {
  settings_ = settings;
  command_limits_.string_bytes_max = static_cast<std::size_t>(settings.proto_max_bulk_len);
  command_limits_.databases = static_cast<int>(settings.databases);
  command_limits_.counts_use = settings.maxmemory_policy == MaxmemoryPolicy::kAllkeysLfu ||
                               settings.maxmemory_policy == MaxmemoryPolicy::kVolatileLfu;
  command_limits_.shard_count = server_.shard_count();
  command_limits_.hll_sparse_bytes_max = static_cast<std::size_t>(settings.hll_sparse_max_bytes);
  command_limits_.collections = collection_limits_of(settings);
  command_limits_.events =
      settings.notify_keyspace_events.any() ? settings.notify_keyspace_events : EventClasses();
  for (ShardHost* host : owned_) {
    host->shard.log().set_mode(mode_of(settings.appendfsync));
    host->shard.set_memory_bytes_max(share_of(settings.maxmemory, server_.shard_count()));
    host->shard.compaction().set(
        {.threshold_percent = static_cast<unsigned>(settings.compaction_threshold),
         .budget_bytes = share_of(settings.compaction_budget, server_.shard_count())});
    host->shard.set_eviction(eviction_of(settings));
    host->shard.set_collection_limits(command_limits_.collections);
    host->shard.log().set_disk_bytes_max(share_of(settings.maxdisk, server_.shard_count()));
  }
  set_log_level(settings.loglevel);
}

void Worker::accepted(int fd, bool is_unix) {
  if (!server_.add_client(settings_.maxclients)) {
    ++stats_.connections_rejected;
    return refuse(fd, "-ERR max number of clients reached\r\n");
  }
  ++stats_.connections_received;
  auto connection = std::make_unique<Connection>(*this, fd, is_unix, server_.next_client_id());
  if (auto status = connection->start(); !status.ok()) {
    log_warning(status.message());
    server_.remove_client();
    ::close(fd);
    return;
  }
  Connection& added = *connection;
  connections_.emplace(added.id(), std::move(connection));
  if (settings_.protected_mode && settings_.requirepass.empty() && !is_local(added.session().client)) {
    ++stats_.connections_rejected;
    static_cast<void>(!::send(fd, kDenied.data(), kDenied.size(), MSG_NOSIGNAL));
    added.close();
  }
}

void Worker::remove_connection(Connection& connection) {
  server_.remove_client();
  connections_.erase(connection.id());
}

Connection* Worker::find_connection(std::uint64_t id) {
  const auto found = connections_.find(id);
  return found == connections_.end() || found->second->closing() ? nullptr : found->second.get();
}

std::uint64_t Worker::client_bytes() const {
  std::uint64_t bytes = connections_.size() * sizeof(Connection);
  for (const auto& [id, connection] : connections_) {
    bytes += connection->input_bytes() + connection->input_free_bytes() + connection->output_bytes();
  }
  return bytes;
}

std::uint64_t Worker::note_memory_peak() {
  std::uint64_t bytes = client_bytes();
  for (const ShardHost* host : owned_) bytes += host->shard.memory_bytes();
  memory_peak_bytes_ = std::max(memory_peak_bytes_, bytes);
  return memory_peak_bytes_;
}

void Worker::count_command(const Command& command, Args arguments, const ClientInfo& client,
                           std::int64_t started_ns, std::string_view error) {
  const std::int64_t nanoseconds = command_clock_ns() - started_ns;
  CommandCount& count = stats_.commands.of(command);
  ++stats_.commands_processed;
  ++count.calls;
  count.nanoseconds += static_cast<std::uint64_t>(nanoseconds);
  if (!error.empty()) {
    ++count.failed;
    stats_.count_error_text(error);
  }
  const std::int64_t threshold = settings_.slowlog_log_slower_than;
  if (threshold < 0 || nanoseconds / 1000 < threshold || command.has(kSkipSlowlog)) return;
  stats_.add_slow(server_.next_slow_id(), now_ms_ / 1000, nanoseconds / 1000, command, arguments, client,
                  static_cast<std::size_t>(settings_.slowlog_max_len));
}

void Worker::count_rejected(const Command* command, std::string_view error) {
  stats_.count_error_text(error);
  if (command != nullptr) ++stats_.commands.of(*command).rejected;
}

void Worker::note_gone(Gone why, int db, std::string_view name) {
  const auto add = [&](EventClass event_class, std::string_view event) {
    if (command_limits_.events.has(event_class)) events_.add_lasting(event_class, event, db, name);
  };
  switch (why) {
    case Gone::kExpired:
      return add(kExpiredEvents, "expired");
    case Gone::kEvicted:
      return add(kEvictedEvents, "evicted");
    case Gone::kFields:
      return add(kHashEvents, "hexpired");
    case Gone::kLastField:
      return add(kGenericEvents, "del");
  }
}

void Worker::send_events(std::uint64_t publisher) {
  publish(*this, events_.take(), publisher);
}

void Worker::pause_until(std::int64_t until_ms, bool writes_only) {
  update_time();
  if (until_ms == 0) return end_pause();
  // As in Redis, the longer of two pauses counts, and what it holds is what the last one says.
  pause_writes_only_ = writes_only;
  pause_until_ms_ = std::max(until_ms, pause_until_ms_);
  schedule_timer(pause_until_ms_);
}

void Worker::end_pause() {
  pause_until_ms_ = 0;
  for (const auto& [id, connection] : connections_) {
    if (connection->held()) connection->schedule();
  }
  for (ShardHost* host : owned_) host->serve_blocked(*this);
  flush_logs();
}

}  // namespace stave
