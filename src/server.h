// SPDX-License-Identifier: Apache-2.0
// Server: what the workers of a process share: the database, the settings, the list of workers, a few
// counters. Constant once the workers run, but for what says "any thread".
#pragma once

#include <uv.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "shards/database.h"
#include "shards/recovery.h"
#include "shards/transaction_ledger.h"
#include "src/backups.h"
#include "src/config.h"
#include "src/file_limit.h"
#include "src/router.h"

namespace stave {

class Worker;

class Server {
 public:
  explicit Server(Launch launch);
  ~Server();

  // Opens the database, starts the workers, serves until it is told to stop. An error means that it never
  // served.
  Status run();

  const std::string& config_file() const { return config_file_; }
  const std::string& run_id() const { return run_id_; }
  const Database& database() const { return *database_; }
  std::int64_t started_ms() const { return started_ms_; }
  std::int64_t recovery_ms() const { return recovery_ms_; }
  const RecoveryReport& recovery() const { return recovery_report_; }
  const std::string& backend_reason() const { return backend_reason_; }

  std::size_t worker_count() const { return worker_count_; }
  Worker& worker(std::size_t number) { return *workers_[number]; }
  std::uint32_t shard_count() const { return shard_count_; }
  std::size_t worker_of(std::uint32_t shard) const { return shard % worker_count_; }
  std::uint32_t shard_of(std::string_view key) const { return shard_of_key(key, shard_count_); }
  // Numbers of keys of a shard: any thread.
  const DbSizes& sizes(std::uint32_t shard) const { return *sizes_[shard]; }
  // Keys of a database: any thread.
  std::uint64_t db_size(int db) const;
  std::uint64_t db_expiring(int db) const;

  // --- Any thread.
  std::uint64_t next_client_id() { return next_client_id_.fetch_add(1, std::memory_order_relaxed); }
  TransactionLedger& ledger() { return *ledger_; }
  Backups& backups() { return backups_; }
  std::uint64_t next_slow_id() { return next_slow_id_.fetch_add(1, std::memory_order_relaxed); }
  // False when maxclients are connected already.
  bool add_client(std::int64_t clients_max);
  void remove_client() { clients_.fetch_sub(1, std::memory_order_relaxed); }
  std::int64_t clients() const { return clients_.load(std::memory_order_relaxed); }
  Settings settings() const;
  // CONFIG SET: changes the common copy, all or nothing, and only if the system has files for maxclients; the
  // workers take it over with Worker::apply_settings.
  Status change_settings(const std::function<Status(Settings&)>& change);
  // SIGTERM, SIGINT, SHUTDOWN, called on the loop of `here`: finishes what is in flight, closes the database,
  // ends run(). Once.
  void begin_shutdown(Worker& here);

 private:
  friend class Worker;

  void count_segments(Disk& disk);
  void share_open_files();
  StoreFiles store_files(const Settings& settings) const;
  void remove_partial_backups(Disk& disk) const;
  Status probe_addresses() const;
  void worker_main(std::size_t number);
  Status start_worker(std::size_t number);
  void watch_signals(Worker& here);
  bool started_so_far(Status status);
  void worker_drained(Worker& here);
  void log_start() const;

  const std::string config_file_;
  mutable std::mutex settings_mutex_;
  Settings settings_;
  std::unique_ptr<Database> database_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::size_t worker_count_ = 0;
  std::uint32_t shard_count_ = 0;
  std::uint64_t segments_at_start_ = 0;
  std::vector<const DbSizes*> sizes_;
  std::string run_id_;
  std::string backend_reason_;
  std::int64_t started_ms_ = 0;
  std::int64_t recovery_ms_ = 0;
  RecoveryReport recovery_report_;

  struct Start;  // what workers tell each other while they start
  std::unique_ptr<TransactionLedger> ledger_;
  std::unique_ptr<Start> start_;
  std::array<uv_signal_t, 2> signals_{};
  Backups backups_;
  std::atomic<std::uint64_t> next_client_id_{1};
  std::atomic<std::uint64_t> next_slow_id_{0};
  std::atomic<std::int64_t> clients_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> drained_{0};
};

}  // namespace stave
