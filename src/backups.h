// SPDX-License-Identifier: Apache-2.0
// Backups: which hot backup is under way, and what became of those before: what BGSAVE, SAVE and LASTSAVE ask
// and INFO tells. One for all workers; any thread. The work is a BackupRun's.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>

#include "shards/status.h"

namespace stave {

class Worker;

class Backups {
 public:
  enum class Begun : std::uint8_t { kStarted, kScheduled, kUnderWay, kStopping };
  // Called on the worker that began the backup.
  using Done = std::function<void(const Status&)>;

  struct Facts {
    bool under_way = false;
    bool scheduled = false;            // another one after that
    std::int64_t started_ms = 0;       // of the one under way
    std::int64_t last_success_ms = 0;  // or when the server was started
    bool last_ok = true;
    std::int64_t last_took_ms = -1;
    std::uint64_t successes = 0;
    std::uint64_t saved_gsns = 0;  // sum over shards, when the last success was cut
  };

  // After recovery.
  void start_after(std::int64_t now_ms, std::uint64_t gsns);
  Facts facts() const;

  // Begins a backup from this worker. While there is one under way, `schedule` has another follow it; then
  // `done` is not called.
  Begun begin(Worker& home, bool schedule, Done done);
  // The run is over. True: begin another one, from the same worker.
  bool end(bool ok, std::int64_t now_ms, std::uint64_t gsns);

  // The server is to stop: what is under way gives up soon, and nothing is begun any more.
  void cancel();
  const std::atomic<bool>& cancelled() const { return cancelled_; }

 private:
  mutable std::mutex mutex_;
  Facts facts_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace stave
