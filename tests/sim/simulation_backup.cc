// SPDX-License-Identifier: Apache-2.0
// Backups, and what they must hold whatever becomes of the database.
#include <cerrno>
#include <cstring>

#include "tests/sim/simulation.h"

namespace stave::sim {
namespace {

constexpr std::string_view kPrefix = "backup-";
const std::atomic<bool> kNotCancelled{false};

class AtOnce final : public Background {
 public:
  void run(std::function<void()> work, std::function<void()> done) override {
    work();
    done();
  }
};

}  // namespace

// All shards are cut in one step, as the server does it while it holds all gates.
void Simulation::begin_backup() {
  if (making_ || damage_) return;
  making_ = BackupModel();
  making_->name = std::string(kPrefix) + std::to_string(++backups_begun_) + "-";
  making_->parts_left = shards_.size();
  for (const ShardModel& model : models_) making_->contents.push_back(model.now);
  for (const auto& shard : shards_) shard->backup().cut();
  for (const auto& shard : shards_) {
    const auto done = [this, name = making_->name](const Status& status, const ShardBackup::Size&) {
      if (making_ && making_->name == name) end_part(status);
    };
    shard->backup().write(making_->name + std::to_string(shard->number()), kNotCancelled, done);
  }
}

void Simulation::end_part(const Status& status) {
  if (!status.ok()) {
    making_->failed = true;
    const bool may_fail = disk_->crashed() || disk_->has_failed() ||
                          status.message().find(std::strerror(ENOSPC)) != std::string::npos;
    if (!may_fail) violate("a backup failed: " + status.message());
  }
  if (--making_->parts_left > 0) return;
  if (!making_->failed && !disk_->crashed()) {
    ++coverage_.backups;
    backup_ = std::move(making_);
  }
  making_.reset();
}

// The directories of all others go, as the server removes what has not come to its end.
void Simulation::drop_other_backups(Storage& storage) const {
  const auto drop = [&](Storage::Names& names) {
    std::erase_if(names, [&](const auto& each) {
      return each.first.starts_with(kPrefix) && !(backup_ && each.first.starts_with(backup_->name));
    });
  };
  drop(storage.kernel_names);
  drop(storage.device_names);
  for (Storage::Names& names : storage.unsynced_names) drop(names);
}

// A server that starts from a copy finds what was there at the cut, and all of it by hints or by sealed
// segments.
void Simulation::verify_backup(const Storage& storage) {
  SimDisk disk(SimDisk(storage, 0).image(Crash::kKill), random_());
  AtOnce background;
  TransactionLedger ledger(models_.size());
  std::vector<std::unique_ptr<Shard>> shards(models_.size());
  std::vector<std::unique_ptr<Recovery>> recoveries(models_.size());
  const auto must = [&](const Status& status) {
    if (!status.ok()) violate(backup_->name + ": the start was refused: " + status.message());
  };
  const auto read = [&](std::uint32_t number) {
    Shard::Options options;
    options.number = options.log.shard = number;
    options.ledger = &ledger;
    options.log.directory = backup_->name + std::to_string(number);
    shards[number] = std::make_unique<Shard>(disk, background, options);
    shards[number]->set_now(now_ms_);
    recoveries[number] = std::make_unique<Recovery>(disk, *shards[number], options);
    must(recoveries[number]->read());
  };
  const Recovery::Complete complete = Recovery::verdict_of(recoveries);
  for (std::uint32_t number = 0; number < models_.size(); ++number) read(number);
  for (std::uint32_t number = 0; number < models_.size(); ++number) {
    auto dropped = recoveries[number]->drop_hints(complete);
    must(dropped.ok() ? Status() : dropped.take_status());
    if (*dropped) read(number);
  }
  for (std::uint32_t number = 0; number < models_.size(); ++number) {
    must(recoveries[number]->finish(complete));
    if (recoveries[number]->report().cut_bytes > 0) violate(backup_->name + ": has a torn tail");
    compare_backup(disk, *shards[number], backup_->contents[number]);
  }
  for (const auto& shard : shards) {
    while (!shard->idle()) disk.wait();
  }
  ++coverage_.backups_verified;
}

void Simulation::compare_backup(SimDisk& disk, Shard& shard, const Contents& contents) const {
  std::size_t there = 0;
  for (const auto& [name, value] : contents) {
    if (!is_there(value)) continue;
    ++there;
    const Key key(name.first, name.second);
    testing::Waiter waiter;
    if (!shard.find(key, true).exists) violate(backup_->name + ": key " + name.second + " is lost");
    shard.stage(key, &waiter);
    while (!waiter.called) disk.wait();
    if (!waiter.error.empty()) violate(backup_->name + ": " + waiter.error);
    if (!value_of(shard.find(key, true)).same_as(value))
      violate(backup_->name + ": key " + name.second + " has another value");
  }
  std::size_t found = 0;
  for (int db = 0; db < kDbs; ++db) shard.for_each(db, [&](std::string_view, const Entry&) { ++found; });
  if (found != there) violate(backup_->name + ": has a key that should not be there");
}

}  // namespace stave::sim
