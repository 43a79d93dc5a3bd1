// SPDX-License-Identifier: Apache-2.0
// Lives, steps and time; starts are in simulation_start.cc, writes in simulation_writes.cc, backups in
// simulation_backup.cc.
#include "tests/sim/simulation.h"

#include <algorithm>
#include <cerrno>

#include "shards/hash_key.h"
#include "tests/shards/waiter.h"

namespace stave::sim {
namespace {

constexpr std::uint64_t kCapacityBytes = 1u << 20;

}  // namespace

Simulation::Simulation(std::uint64_t seed, Fault fault)
    : seed_(seed), fault_(fault), random_(seed), background_(*this) {
  seed_hash_key(seed);
  models_.resize(1 + below(3));
  constexpr std::uint64_t kKeys[] = {8, 30, 30, 100};
  keys_ = kKeys[below(4)];
  disk_ = std::make_unique<SimDisk>(Storage(), random_());
}

Simulation::~Simulation() {
  tear_down();
}

void Simulation::violate(const std::string& what) const {
  throw Violation("seed " + std::to_string(seed_) + ", life " + std::to_string(coverage_.lives) + ": " +
                  what);
}

void Simulation::run() {
  const std::uint64_t lives = 2 + below(5);
  for (std::uint64_t i = 0; i < lives; ++i) live();
}

// Of some keys most values live long, so that their segments stay while others are compacted; and some lives
// have little memory and long reads, which go on while segments are replaced, or so much that collections
// stay where they are, and their edits without a snapshot.
void Simulation::choose_workload() {
  constexpr SyncMode kModes[] = {SyncMode::kAlways, SyncMode::kEverysec, SyncMode::kNo};
  mode_ = kModes[below(3)];
  threshold_percent_ = one_in(random_, 4) ? 100 : 1 + static_cast<unsigned>(below(60));
  constexpr std::uint64_t kSegmentKib[] = {8, 16, 64, 64};
  segment_bytes_ = kSegmentKib[below(4)] << 10;
  hot_keys_ = one_in(random_, 2) ? keys_ : std::max<std::uint64_t>(keys_ / 10, 2);
  removal_in_ = one_in(random_, 2) ? 4 : 2;
  slow_reads_ = one_in(random_, 2);
  constexpr std::size_t kPartBytes[] = {256, 256, 1500, 1u << 20};
  part_bytes_ = kPartBytes[below(4)];
  memory_bytes_ = slow_reads_ ? 2000 : one_in(random_, 2) ? 20000 : 200000;
}

// From a start to a crash or a stop.
void Simulation::live() {
  ++coverage_.lives;
  choose_workload();
  if (slow_reads_) disk_->set_slow_reads(2, 200);
  disk_->set_capacity(one_in(random_, 8) ? kCapacityBytes : ~std::uint64_t{0});
  const bool crashes_early = one_in(random_, 4);
  const Crash kind = one_in(random_, 2) ? Crash::kKill : Crash::kPowerLoss;
  if (crashes_early) disk_->crash_at(1 + below(200), kind);
  if (one_in(random_, 12)) fail_within(100);
  while (!start(kind)) {
  }
  if (!disk_->crashed() && !crashes_early) disk_->crash_at(1 + below(3000), kind);
  if (one_in(random_, 6) && !disk_->has_failed()) fail_within(2000);
  if (one_in(random_, 4)) disk_->fill_up_at(1 + below(2000));
  const std::uint64_t steps = 50 + below(1500);
  for (std::uint64_t i = 0; i < steps && !disk_->crashed(); ++i) {
    step();
    if (!disk_->crashed()) note_progress();
  }
  if (!disk_->crashed() && one_in(random_, 2)) stop_cleanly();
  if (disk_->has_failed()) ++coverage_.failed_calls;
  // What comes to an end below is of a process that is dead already.
  Storage left = disk_->crashed() ? disk_->take_image() : disk_->image(kind);
  ++(kind == Crash::kKill ? coverage_.kills : coverage_.power_losses);
  worst_crash_ = kind;
  making_.reset();
  drop_other_backups(left);
  if (backup_ && one_in(random_, 2)) verify_backup(left);
  age(left);
  for (const auto& shard : shards_) {
    coverage_.snapshots += shard->counters().snapshots;
    coverage_.parts += shard->counters().parts;
    coverage_.chains_read += shard->counters().chains_read;
    coverage_.chains_mended += shard->counters().chains_mended;
    coverage_.compactions += shard->compaction().counters().runs;
    coverage_.segments_made_ahead += shard->log().counters().made_ahead;
    coverage_.segments_freed += shard->compaction().counters().segments_freed;
  }
  tear_down();
  disk_ = std::make_unique<SimDisk>(std::move(left), random_());
}

void Simulation::age(Storage& storage) {
  if (damage_ && one_in(random_, 2)) {
    damage_->undo(storage);
    damage_.reset();
  }
  if (damage_ || one_in(random_, 2)) return;
  damage_ = Damage::make(storage, random_);
  if (damage_) ++coverage_.flipped_bits;
}

void Simulation::fail_within(std::uint64_t calls) {
  const std::uint64_t call = 1 + below(calls);
  if (one_in(random_, 3)) return disk_->fail_sync_at(call, EIO);
  disk_->fail_at(call, one_in(random_, 3) ? ENOSPC : EIO);
}

void Simulation::step() {
  const auto shard = static_cast<std::uint32_t>(below(models_.size()));
  const std::uint64_t what = below(100);
  if (what < 25) return write_some(shard);
  if (what < 33) return one_in(random_, 2) ? write_hash(shard) : write_list(shard);
  if (what < 37) return write_batch(shard);
  if (what < 41) return write_transaction();
  if (what < 42) return one_in(random_, 4) ? flush_db(shard) : do_job();
  if (what < 46) return log_parts(shard, 6);
  if (what < 52) return read_one(shard);
  if (what < 57) return start_read(shard);
  if (what < 73) return turn();
  if (what < 81) return tick();
  if (what < 99) return do_job();
  if (one_in(random_, 3)) return begin_backup();
  if (!one_in(random_, 3)) return;
  constexpr SyncMode kModes[] = {SyncMode::kAlways, SyncMode::kEverysec, SyncMode::kNo};
  mode_ = kModes[below(3)];
  for (const auto& each : shards_) each->log().set_mode(mode_);
}

std::optional<Simulation::Answer> Simulation::read(std::uint32_t number, const Name& name) {
  Shard& shard = *shards_[number];
  const Key key(name.first, name.second);
  for (;;) {
    const Found found = shard.find(key, true);
    if (!found.exists) return Answer{};
    if (found.resident) return Answer{true, value_of(found)};
    testing::Waiter waiter;
    shard.stage(key, &waiter);
    while (!waiter.called) {
      if (!shard.build_some() && !waiter.called) disk_->wait();
    }
    if (waiter.error.empty()) continue;
    if (disk_->has_failed()) return std::nullopt;
    if (!may_be_unreadable(number, name, waiter.error)) violate("a read failed: " + waiter.error);
    ++coverage_.damaged_reads;
    return std::nullopt;
  }
}

bool Simulation::may_be_unreadable(std::uint32_t number, const Name& name, const std::string& error) const {
  const auto found = models_[number].now.find(name);
  if (!damage_ || found == models_[number].now.end()) return false;
  const Value& value = found->second;
  return damage_->is_named_by(
      error, value.is_collection()
                 ? kRecordBytesMax
                 : record_bytes(name.second.size(), value.bytes.size(), value.expiry_ms != 0));
}

void Simulation::read_one(std::uint32_t number) {
  const Name name = one_in(random_, 3) ? random_collection_name() : random_name();
  const std::optional<Answer> answer = read(number, name);
  if (!answer || disk_->crashed() || disk_->has_failed()) return;
  ++coverage_.reads;
  const auto expected = models_[number].now.find(name);
  const bool there = expected != models_[number].now.end() && is_there(expected->second);
  if (answer->exists != there || (there && !answer->value.same_as(expected->second)))
    violate(directory(number) + ": a read of " + name.second + " gave a wrong answer");
}

// The end of a loop turn, and what has completed.
void Simulation::turn() {
  compact();
  for (const auto& shard : shards_) shard->log().flush();
  disk_->flush();
  if (!one_in(random_, 3)) disk_->poll();
  for (const auto& shard : shards_) shard->build_some();
  end_reads();
}

void Simulation::start_read(std::uint32_t number) {
  const Name name = one_in(random_, 3) ? random_collection_name() : random_name();
  const Found found = shards_[number]->find({name.first, name.second}, true);
  if (found.exists && !found.resident) stage(number, name);
}

void Simulation::stage(std::uint32_t number, const Name& name) {
  auto read = std::make_unique<StartedRead>();
  read->shard = number;
  read->name = name;
  shards_[number]->stage({name.first, read->name.second}, &read->waiter);
  reads_.push_back(std::move(read));
}

void Simulation::end_reads() {
  std::erase_if(reads_, [&](const auto& read) {
    const std::string& error = read->waiter.error;
    if (!read->waiter.called) return false;
    const bool may_fail =
        disk_->crashed() || disk_->has_failed() || (damage_ && damage_->is_named_by(error, kRecordBytesMax));
    if (!error.empty() && !may_fail) violate("a read failed: " + error);
    return true;
  });
}

// What a worker does in some of its turns.
void Simulation::log_parts(std::uint32_t number, std::uint64_t turns_max) {
  Shard& shard = *shards_[number];
  for (std::uint64_t turns = 1 + below(turns_max); turns > 0; --turns) shard.log_some_parts();
}

void Simulation::tick() {
  now_ms_ += static_cast<std::int64_t>(below(500));
  for (const auto& shard : shards_) {
    shard->set_now(now_ms_);
    expire(shard->number());
    shard->tidy_expiry();
    shard->free_some();
    shard->demote();
  }
  if (now_ms_ - last_sync_ms_ < kSecondMs) return;
  last_sync_ms_ = now_ms_;
  for (const auto& shard : shards_) {
    if (shard->log().mode() == SyncMode::kEverysec) shard->log().start_sync();
  }
}

void Simulation::compact() {
  for (const auto& shard : shards_) {
    shard->answer_ledger();
    shard->compact();
    shard->backup().step();
    // Not in all runs: a recycled file is used sooner where no file is made ahead.
    if (seed_ % 3 != 0) shard->prepare_segment();
  }
}

void Simulation::do_job() {
  if (jobs_.empty()) return;
  const std::size_t at = below(jobs_.size());
  if (!jobs_[at].worked) {
    jobs_[at].worked = true;
    // Another thread's time; a copy, as it may hand on more work.
    const auto work = jobs_[at].work;
    return work();
  }
  const auto done = jobs_[at].done;
  jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(at));
  done();
}

// What clients have been told by now.
void Simulation::note_progress() {
  for (auto& [id, transaction] : transactions_) {
    if (!transaction.open) continue;
    transaction.open = !std::all_of(transaction.gsns.begin(), transaction.gsns.end(), [&](const auto& part) {
      return shards_[part.first]->committed(part.second);
    });
    if (!transaction.open) ledger_->close(id);
  }
  for (std::uint32_t number = 0; number < models_.size(); ++number) {
    const Log& log = shards_[number]->log();
    ShardModel& model = models_[number];
    model.answered_gsn = std::max(model.answered_gsn, log.committed_gsn());
    model.durable_gsn = std::max(model.durable_gsn, log.durable_gsn());
  }
}

// Until nothing is under way.
void Simulation::settle() {
  for (;;) {
    for (const auto& shard : shards_) {
      if (shard != nullptr) shard->log().flush();
    }
    disk_->flush();
    bool builds = false;
    for (const auto& shard : shards_) builds |= shard != nullptr && shard->build_some();
    if (builds) continue;
    if (disk_->in_flight() > 0) {
      disk_->wait();
    } else if (!jobs_.empty()) {
      do_job();
    } else {
      return;
    }
  }
}

void Simulation::stop_cleanly() {
  settle();
  const auto clean = [&] {
    return std::all_of(shards_.begin(), shards_.end(),
                       [](const auto& shard) { return shard->log().clean() || shard->log().failed(); });
  };
  while (!clean()) {
    for (const auto& shard : shards_) shard->log().start_sync();
    settle();
  }
  for (const auto& shard : shards_) shard->close();
  settle();
  if (disk_->crashed() || disk_->has_failed()) return;
  ++coverage_.clean_stops;
  note_progress();
}

// Lets everything end in peace; whatever it still does is of a process that is dead.
void Simulation::tear_down() {
  settle();
  reads_.clear();
  shards_.clear();
}

}  // namespace stave::sim
