// SPDX-License-Identifier: Apache-2.0
#include "src/backups.h"

#include <utility>

#include "src/backup_run.h"
#include "src/worker.h"

namespace stave {

void Backups::start_after(std::int64_t now_ms, std::uint64_t gsns) {
  const std::lock_guard lock(mutex_);
  facts_.last_success_ms = now_ms;
  facts_.saved_gsns = gsns;
}

Backups::Facts Backups::facts() const {
  const std::lock_guard lock(mutex_);
  return facts_;
}

Backups::Begun Backups::begin(Worker& home, bool schedule, Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (facts_.under_way) {
      facts_.scheduled |= schedule;
      return schedule ? Begun::kScheduled : Begun::kUnderWay;
    }
    if (cancelled_) return Begun::kStopping;
    facts_.under_way = true;
    facts_.started_ms = home.now_ms();
  }
  BackupRun::start(home, std::move(done));
  return Begun::kStarted;
}

bool Backups::end(bool ok, std::int64_t now_ms, std::uint64_t gsns) {
  const std::lock_guard lock(mutex_);
  facts_.last_ok = ok;
  facts_.last_took_ms = now_ms - facts_.started_ms;
  if (ok) {
    facts_.last_success_ms = now_ms;
    facts_.saved_gsns = gsns;
    ++facts_.successes;
  }
  facts_.started_ms = now_ms;
  facts_.under_way = std::exchange(facts_.scheduled, false) && !cancelled_;
  return facts_.under_way;
}

void Backups::cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
}

}  // namespace stave
