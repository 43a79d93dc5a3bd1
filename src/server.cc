// SPDX-License-Identifier: Apache-2.0
#include "src/server.h"

#include <sys/random.h>

#include <algorithm>
#include <barrier>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <thread>

#include "shards/backup_folder.h"
#include "src/allocator.h"
#include "src/logger.h"
#include "src/task.h"
#include "src/worker.h"

namespace stave {
namespace {

std::int64_t unix_ms() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

std::uint64_t random_u64() {
  std::uint64_t value = 0;
  while (getrandom(&value, sizeof value, 0) != sizeof value) {
  }
  return value;
}

std::string count_of(std::uint64_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

std::string random_hex40() {
  char text[49];
  std::snprintf(text, sizeof text, "%016llx%016llx%016llx", static_cast<unsigned long long>(random_u64()),
                static_cast<unsigned long long>(random_u64()), static_cast<unsigned long long>(random_u64()));
  return std::string(text, 40);
}

}  // namespace

// Workers start in step: all read their shards, then all know which transactions are whole, then all listen.
struct Server::Start {
  // At the end of each step, before anybody goes on.
  struct EndStep {
    Start* start;
    void operator()() noexcept { start->all_well = start->first_error.ok(); }
  };
  explicit Start(std::ptrdiff_t workers) : barrier(workers, EndStep{this}) {}
  std::barrier<EndStep> barrier;
  std::mutex mutex;
  Status first_error;
  // Of the steps that have ended, and the same for all: another worker may fail in the next step before this
  // one has looked.
  bool all_well = true;
  std::vector<std::unique_ptr<Recovery>> recoveries;  // by shard
};

Server::Server(Launch launch)
    : config_file_(std::move(launch.config_file)),
      settings_(std::move(launch.settings)),
      run_id_(random_hex40()) {}

Server::~Server() {
  workers_.clear();  // they use everything else
}

Status Server::run() {
  started_ms_ = unix_ms();
  if (auto status = probe_addresses(); !status.ok()) return status;
  // One core is left to the kernel's part of networking and disk.
  const std::size_t cores = std::max(2u, std::thread::hardware_concurrency());
  const std::size_t workers = cores - 1;
  {
    auto disk = open_disk("threads", nullptr);
    if (!disk.ok()) return disk.take_status();
    const auto shards = settings_.shards > 0 ? static_cast<std::uint32_t>(settings_.shards)
                                             : static_cast<std::uint32_t>(workers);
    auto database = Database::open(**disk, settings_.dir, shards);
    if (!database.ok()) return database.take_status();
    database_ = std::make_unique<Database>(std::move(*database));
    remove_partial_backups(**disk);
    shard_count_ = database_->shards();
    count_segments(**disk);
  }
  share_open_files();
  if (settings_.shards > 0 && static_cast<std::uint32_t>(settings_.shards) != shard_count_) {
    log_warning("the database has " + count_of(shard_count_, "shard") +
                ", which is fixed when it is made; `shards " + std::to_string(settings_.shards) +
                "` has no effect");
  }
  worker_count_ = std::min<std::size_t>(
      settings_.workers > 0 ? static_cast<std::size_t>(settings_.workers) : workers, shard_count_);
  sizes_.resize(shard_count_);
  ledger_ = std::make_unique<TransactionLedger>(shard_count_);
  start_ = std::make_unique<Start>(static_cast<std::ptrdiff_t>(worker_count_));
  start_->recoveries.resize(shard_count_);
  workers_.resize(worker_count_);
  for (std::size_t i = 0; i < worker_count_; ++i) workers_[i] = std::make_unique<Worker>(*this, i);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < worker_count_; ++i) threads.emplace_back([this, i] { worker_main(i); });
  for (std::thread& thread : threads) thread.join();
  Status status = std::move(start_->first_error);
  if (status.ok()) log_notice("Stave is now ready to exit, bye bye...");
  return status;
}

void Server::count_segments(Disk& disk) {
  for (std::uint32_t shard = 0; shard < shard_count_; ++shard) {
    const auto names = disk.list(database_->shard_directory(shard));
    if (!names.ok()) continue;  // the shard's recovery will say so
    segments_at_start_ += static_cast<std::uint64_t>(std::count_if(
        names->begin(), names->end(), [](const std::string& name) { return name.ends_with(".seg"); }));
  }
}

StoreFiles Server::store_files(const Settings& settings) const {
  return files_of_store(segments_at_start_, shard_count_, static_cast<std::uint64_t>(settings.maxdisk),
                        static_cast<std::uint64_t>(settings.segment_bytes));
}

// Lowers maxclients to what the system has files for.
void Server::share_open_files() {
  const StoreFiles store = store_files(settings_);
  const FileRoom room = make_room_for_files(settings_.maxclients, store);
  if (room.store_files < store.later) {
    log_warning("the database may come to need " + std::to_string(store.later) +
                " open files, and the system allows " + std::to_string(room.store_files) +
                " of them beside maxclients; raise the limit ('ulimit -n')");
  }
  if (room.clients == settings_.maxclients) return;
  log_warning("maxclients is " + std::to_string(room.clients) + " instead of " +
              std::to_string(settings_.maxclients) +
              ", as the system does not allow enough open files; for more, raise the limit ('ulimit -n')");
  settings_.maxclients = room.clients;
}

// No reason not to start.
void Server::remove_partial_backups(Disk& disk) const {
  auto removed = BackupFolder(disk, *database_).remove_partial();
  if (!removed.ok())
    return log_warning("a backup that did not come to its end cannot be removed: " + removed.message());
  for (const std::string& path : *removed) log_warning(path + ": did not come to its end, removed");
}

// Before anything is touched: a port that is taken must not cost a recovery, or change a file.
Status Server::probe_addresses() const {
  bool listens = !settings_.unixsocket.empty();
  for (const std::string& address : settings_.bind) {
    if (settings_.port == 0) break;
    auto possible = Listener::probe(address, static_cast<int>(settings_.port));
    if (!possible.ok()) return possible.take_status();
    listens |= *possible;
  }
  if (listens) return {};
  return Error{
      "nothing to listen on: port is 0 or bind has no address of this machine, and unixsocket is not set"};
}

void Server::worker_main(std::size_t number) {
  Worker& worker = *workers_[number];
  if (!start_worker(number).ok()) return worker.abandon();
  if (number == 0) {
    start_->recoveries.clear();
    log_start();
  }
  worker.run();
}

void Server::watch_signals(Worker& here) {
  constexpr int kNumbers[] = {SIGTERM, SIGINT};
  for (std::size_t i = 0; i < signals_.size(); ++i) {
    uv_signal_init(here.loop(), &signals_[i]);
    uv_signal_start(
        &signals_[i],
        [](uv_signal_t* handle, int number_received) {
          Worker& worker = *static_cast<Worker*>(handle->loop->data);
          log_notice(number_received == SIGTERM ? "Received SIGTERM, shutting down"
                                                : "Received SIGINT, shutting down");
          worker.server().begin_shutdown(worker);
        },
        kNumbers[i]);
  }
}

// Notes an error, waits for the others, and tells whether all is well so far.
bool Server::started_so_far(Status status) {
  if (!status.ok()) {
    const std::lock_guard lock(start_->mutex);
    if (start_->first_error.ok()) start_->first_error = std::move(status);
  }
  start_->barrier.arrive_and_wait();
  return start_->all_well;
}

Status Server::start_worker(std::size_t number) {
  const auto stopped = [] { return Status::error("another worker could not start"); };
  Worker& worker = *workers_[number];
  std::vector<std::uint32_t> owned;
  for (std::uint32_t shard = 0; shard < shard_count_; ++shard) {
    if (worker_of(shard) == number) owned.push_back(shard);
  }
  const auto read = [&](std::uint32_t shard) {
    Status status = worker.open_shard(shard, start_->recoveries[shard]);
    if (status.ok()) sizes_[shard] = &worker.host(shard).shard.sizes();
    return status;
  };
  Status status = worker.open_disk();
  for (const std::uint32_t shard : owned) {
    if (status.ok()) status = read(shard);
  }
  if (!started_so_far(std::move(status))) return stopped();

  const Recovery::Complete complete = Recovery::verdict_of(start_->recoveries);
  std::vector<std::uint32_t> again;
  status = Status();
  for (const std::uint32_t shard : owned) {
    if (!status.ok()) break;
    auto dropped = start_->recoveries[shard]->drop_hints(complete);
    if (!dropped.ok())
      status = dropped.take_status();
    else if (*dropped)
      again.push_back(shard);
  }
  // Others look into the recoveries of this worker until here.
  if (!started_so_far(std::move(status))) return stopped();
  status = Status();
  for (const std::uint32_t shard : again) {
    if (status.ok()) status = read(shard);
  }
  if (!started_so_far(std::move(status))) return stopped();

  status = Status();
  for (const std::uint32_t shard : owned) {
    if (status.ok()) status = start_->recoveries[shard]->finish(complete);
  }
  give_back_free_memory();
  if (!started_so_far(std::move(status))) return stopped();

  if (number == 0) {
    backend_reason_ = worker.backend_reason();
    recovery_ms_ = unix_ms() - started_ms_;
    std::uint64_t gsns = 0;
    for (const auto& recovery : start_->recoveries) {
      gsns += recovery->last_gsn();
      const RecoveryReport& report = recovery->report();
      ledger_->start_after(recovery->highest_transaction());
      recovery_report_.records += report.records;
      recovery_report_.segments += report.segments;
      recovery_report_.segments_with_hint += report.segments_with_hint;
      recovery_report_.cut_bytes += report.cut_bytes;
      recovery_report_.void_transactions += report.void_transactions;
      for (const std::string& warning : recovery->warnings()) log_warning(warning);
    }
    backups_.start_after(started_ms_, gsns);
    database_->write_owner();
  }
  worker.open_handles();
  // Before any worker answers: who can talk to the server can also stop it in order.
  if (number == 0) watch_signals(worker);
  // Messages may come as soon as anybody listens, so all must be ready to take them first.
  if (!started_so_far(Status())) return stopped();
  if (!started_so_far(worker.listen())) return stopped();
  return {};
}

void Server::log_start() const {
  log_notice("Stave started: " + count_of(worker_count_, "worker") + ", " + count_of(shard_count_, "shard") +
             ", I/O by " + std::string(workers_[0]->disk().name()) +
             (backend_reason_.empty() ? "" : " (" + backend_reason_ + ")") + ", data in " +
             database_->directory());
  std::uint64_t keys = 0;
  for (int db = 0; db < limits::kDatabases; ++db) keys += db_size(db);
  log_notice("Recovered " + count_of(keys, "key") + " from " + count_of(recovery_report_.records, "record") +
             " in " + count_of(recovery_report_.segments, "segment") + " (" +
             std::to_string(recovery_report_.segments_with_hint) + " by hint) in " +
             std::to_string(recovery_ms_) + " ms");
  // A copy: clients of the other workers may change the settings already.
  const Settings current = settings();
  std::vector<std::string> places;
  if (current.port != 0 && !current.bind.empty()) places.push_back("on port " + std::to_string(current.port));
  if (!current.unixsocket.empty()) places.push_back("at " + current.unixsocket);
  log_notice("Ready to accept connections " + places[0] + (places.size() > 1 ? " and " + places[1] : ""));
}

std::uint64_t Server::db_size(int db) const {
  std::uint64_t keys = 0;
  for (const DbSizes* sizes : sizes_)
    keys += sizes->keys[static_cast<std::size_t>(db)].load(std::memory_order_relaxed);
  return keys;
}

std::uint64_t Server::db_expiring(int db) const {
  std::uint64_t keys = 0;
  for (const DbSizes* sizes : sizes_)
    keys += sizes->expiring[static_cast<std::size_t>(db)].load(std::memory_order_relaxed);
  return keys;
}

bool Server::add_client(std::int64_t clients_max) {
  if (clients_.fetch_add(1, std::memory_order_relaxed) < clients_max) return true;
  clients_.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

Settings Server::settings() const {
  const std::lock_guard lock(settings_mutex_);
  return settings_;
}

Status Server::change_settings(const std::function<Status(Settings&)>& change) {
  const std::lock_guard lock(settings_mutex_);
  Settings changed = settings_;
  if (auto status = change(changed); !status.ok()) return status;
  if (changed.maxclients > settings_.maxclients) {
    const std::int64_t possible = make_room_for_files(changed.maxclients, store_files(changed)).clients;
    if (possible < changed.maxclients) {
      return cannot_set(
          "maxclients",
          "The operating system is not able to handle the specified number of clients, try with " +
              std::to_string(possible));
    }
  }
  settings_ = std::move(changed);
  return {};
}

void Server::begin_shutdown(Worker& here) {
  if (stopping_.exchange(true)) return;
  backups_.cancel();
  for (std::size_t i = 0; i < worker_count_; ++i) {
    here.send(
        i, new Task([this](Worker& worker) { worker.drain([this, &worker] { worker_drained(worker); }); }));
  }
}

void Server::worker_drained(Worker& here) {
  if (drained_.fetch_add(1) + 1 < worker_count_) return;
  for (std::size_t i = 0; i < worker_count_; ++i) {
    here.send(i, new Task([](Worker& worker) { worker.close_shards(); }));
  }
}

}  // namespace stave
