// SPDX-License-Identifier: Apache-2.0
#include "src/backup_run.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "src/logger.h"
#include "src/server.h"
#include "src/worker.h"

namespace stave {

void BackupRun::start(Worker& home, Backups::Done done) {
  (new BackupRun(home, std::move(done)))->prepare();
}

BackupRun::BackupRun(Worker& home, Backups::Done done)
    : home_(home),
      server_(home.server()),
      here_(&home),
      done_(std::move(done)),
      folder_(home.disk(), server_.database()),
      began_ms_(home.now_ms()) {}

void BackupRun::prepare() {
  const auto work = [this] {
    // What the start, or a backup before this one, could not remove.
    auto removed = folder_.remove_partial();
    if (removed.ok()) {
      for (const std::string& path : *removed) log_warning(path + ": did not come to its end, removed");
    }
    auto name = removed.ok() ? folder_.begin(began_ms_ / 1000) : removed.take_status();
    name.ok() ? name_ = std::move(*name) : failure_ = name.message();
  };
  const auto done = [this] {
    if (failure_.empty()) log_notice("Backup " + folder_.path_of(name_) + ": begun");
    begin(failure_.empty() ? Step::kLock : Step::kFinish);
    home_.ready(this);
  };
  home_.background().run(work, done);
}

void BackupRun::granted() {
  granted_ = true;
  here_->ready(this);
}

void BackupRun::begin(Step step) {
  step_ = step;
  shard_ = 0;
  granted_ = false;
}

void BackupRun::arrive(Worker& here) {
  here_ = &here;
  if (step_ == Step::kEnd) return end();
  visit_shards();
}

void BackupRun::visit_shards() {
  while (step_ != Step::kFinish) {
    if (shard_ == server_.shard_count()) {
      begin(step_ == Step::kLock ? Step::kCut : step_ == Step::kCut ? Step::kWrite : Step::kFinish);
      continue;
    }
    const std::size_t owner = server_.worker_of(shard_);
    if (owner != here_->number()) return here_->send(owner, this);
    ShardHost& host = here_->host(shard_);
    if (step_ == Step::kLock && !lock(host)) return;
    if (step_ == Step::kCut) cut(host);
    if (step_ == Step::kWrite && !write(host)) return;
    ++shard_;
  }
  if (here_ != &home_) return here_->send(home_.number(), this);
  finish();
}

bool BackupRun::lock(ShardHost& host) {
  LockTable& locks = host.shard.locks();
  if (!granted_ && !locks.lock_gate(true, *this)) return false;
  locks.take_gate(true);
  granted_ = false;
  return true;
}

void BackupRun::cut(ShardHost& host) {
  host.shard.backup().cut();
  gsns_ += host.shard.last_gsn();
  host.shard.locks().unlock_gate(true);
}

bool BackupRun::write(ShardHost& host) {
  if (!failure_.empty()) {
    host.shard.backup().drop();
    return true;
  }
  const auto done = [this](const Status& status, const ShardBackup::Size& size) {
    if (!status.ok()) failure_ = status.message();
    size_.linked_segments += size.linked_segments;
    size_.copied_bytes += size.copied_bytes;
    ++shard_;
    here_->ready(this);
  };
  const std::string directory = Database::shard_directory(folder_.partial_path_of(name_), shard_);
  host.shard.backup().write(directory, server_.backups().cancelled(), done);
  return false;
}

void BackupRun::finish() {
  step_ = Step::kEnd;
  const auto work = [this] {
    if (failure_.empty()) {
      if (auto status = folder_.publish(name_); !status.ok()) failure_ = status.message();
    }
    if (failure_.empty() || name_.empty()) return;
    if (auto status = folder_.discard(name_); !status.ok())
      log_warning("a backup that failed cannot be removed: " + status.message());
  };
  home_.background().run(work, [this] { home_.ready(this); });
}

void BackupRun::end() {
  const std::unique_ptr<BackupRun> self(this);
  tell();
  const bool again = server_.backups().end(failure_.empty(), home_.now_ms(), gsns_);
  if (done_ != nullptr)
    done_(failure_.empty() ? Status() : Status::error("ERR the backup failed: " + failure_));
  if (again) start(home_, nullptr);
}

void BackupRun::tell() const {
  if (!failure_.empty()) return log_warning("The backup failed: " + failure_);
  log_notice(fmt::format("Backup {}: complete, with {} segments linked and {} bytes copied, in {} ms",
                         folder_.path_of(name_), size_.linked_segments, size_.copied_bytes,
                         home_.now_ms() - began_ms_));
}

}  // namespace stave
