// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/simulation.h"

#include <algorithm>

#include "shards/hash_key.h"

namespace stave::sim {
namespace {

constexpr std::uint64_t kKeys = 30;
constexpr std::size_t kValueBytesMax = 6000;
constexpr std::uint64_t kCapacityBytes = 1u << 20;

// Bytes that tell which write they are of.
std::string bytes_of(Random& random) {
  const std::size_t size = one_in(random, 4) ? random() % kValueBytesMax : random() % 100;
  std::string bytes = std::to_string(random()) + ":";
  bytes.resize(std::max(size, bytes.size()), static_cast<char>('a' + random() % 26));
  return bytes;
}

}  // namespace

void Coverage::add(const Coverage& other) {
  lives += other.lives;
  kills += other.kills;
  power_losses += other.power_losses;
  crashes_in_recovery += other.crashes_in_recovery;
  clean_stops += other.clean_stops;
  failed_calls += other.failed_calls;
  refused_writes += other.refused_writes;
  segments_by_hint += other.segments_by_hint;
  dropped_hints += other.dropped_hints;
  cut_tails += other.cut_tails;
  void_transactions += other.void_transactions;
  compactions += other.compactions;
  segments_freed += other.segments_freed;
  reads += other.reads;
  writes += other.writes;
}

Simulation::Simulation(std::uint64_t seed) : seed_(seed), random_(seed), background_(*this) {
  seed_hash_key(seed);
  models_.resize(1 + below(3));
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

// From a start to a crash or a stop.
void Simulation::live() {
  ++coverage_.lives;
  constexpr SyncMode kModes[] = {SyncMode::kAlways, SyncMode::kEverysec, SyncMode::kNo};
  mode_ = kModes[below(3)];
  threshold_percent_ = one_in(random_, 4) ? 100 : 1 + static_cast<unsigned>(below(60));
  segment_bytes_ = one_in(random_, 2) ? 64u << 10 : 16u << 10;
  disk_->set_capacity(one_in(random_, 8) ? kCapacityBytes : ~std::uint64_t{0});
  const bool crashes_early = one_in(random_, 4);
  const Crash kind = one_in(random_, 2) ? Crash::kKill : Crash::kPowerLoss;
  if (crashes_early) disk_->crash_at(1 + below(200), kind);
  while (!start(kind)) {
  }
  if (!disk_->crashed() && !crashes_early) disk_->crash_at(1 + below(3000), kind);
  if (one_in(random_, 6)) disk_->fail_at(1 + below(2000));
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
  for (const auto& shard : shards_) {
    coverage_.compactions += shard->compaction().counters().runs;
    coverage_.segments_freed += shard->compaction().counters().segments_freed;
  }
  tear_down();
  disk_ = std::make_unique<SimDisk>(std::move(left), random_());
}

bool Simulation::start(Crash kind) {
  if (recover()) return true;
  tear_down();
  if (disk_->crashed()) {
    ++coverage_.crashes_in_recovery;
    worst_crash_ = std::max(worst_crash_, kind);
    Storage left = disk_->take_image();
    disk_ = std::make_unique<SimDisk>(std::move(left), random_());
  } else if (!disk_->has_failed()) {
    violate("the start was refused");
  } else {
    ++coverage_.failed_calls;
    disk_ = std::make_unique<SimDisk>(disk_->image(Crash::kKill), random_());
  }
  return false;
}

// As the server does it.
bool Simulation::recover() {
  std::vector<std::unique_ptr<Recovery>> recoveries(models_.size());
  shards_.resize(models_.size());
  ledger_ = std::make_unique<TransactionLedger>(models_.size());
  std::string refusal;
  const auto read = [&](std::uint32_t number) {
    Shard::Options options;
    options.number = number;
    options.ledger = ledger_.get();
    options.memory_bytes_max = 20000;
    options.log.directory = directory(number);
    options.log.shard = number;
    options.log.segment_bytes = segment_bytes_;
    options.log.mode = mode_;
    shards_[number] = std::make_unique<Shard>(*disk_, background_, options);
    shards_[number]->set_now(now_ms_);
    shards_[number]->compaction().set({.threshold_percent = threshold_percent_, .budget_bytes = 0});
    recoveries[number] = std::make_unique<Recovery>(*disk_, *shards_[number], options);
    return recoveries[number]->read();
  };
  const Recovery::Complete complete = Recovery::verdict_of(recoveries);
  const auto failed = [&](const Status& status) {
    if (status.ok()) return disk_->crashed();
    if (!disk_->crashed() && !disk_->has_failed()) violate("the start was refused: " + status.message());
    return true;
  };
  for (std::uint32_t shard = 0; shard < models_.size(); ++shard) {
    if (failed(read(shard))) return false;
  }
  std::vector<std::uint32_t> again;
  for (std::uint32_t shard = 0; shard < models_.size(); ++shard) {
    auto dropped = recoveries[shard]->drop_hints(complete);
    if (failed(dropped.ok() ? Status() : dropped.take_status())) return false;
    if (*dropped) again.push_back(shard);
  }
  coverage_.dropped_hints += again.size();
  for (const std::uint32_t shard : again) {
    if (failed(read(shard))) return false;
  }
  std::vector<std::uint64_t> found_gsns;
  found_gsns.reserve(recoveries.size());
  for (const auto& recovery : recoveries) found_gsns.push_back(recovery->last_gsn());
  check_found(found_gsns);
  for (const auto& recovery : recoveries) {
    ledger_->start_after(recovery->highest_transaction());
    if (failed(recovery->finish(complete))) return false;
    coverage_.segments_by_hint += recovery->report().segments_with_hint;
    coverage_.cut_tails += recovery->report().cut_bytes > 0 ? 1 : 0;
    coverage_.void_transactions += recovery->report().void_transactions;
  }
  verify_start(found_gsns);
  return true;
}

// Each log ends at a batch's end, and not before what was promised. What a start does not find can never come
// back, even if this start is cut short: it goes on to write from there.
void Simulation::check_found(const std::vector<std::uint64_t>& found_gsns) {
  for (auto& [id, transaction] : transactions_) transaction.is_void |= !complete(transaction, found_gsns);
  for (std::uint32_t number = 0; number < models_.size(); ++number) {
    const std::uint64_t found = found_gsns[number];
    const ShardModel& model = models_[number];
    const std::uint64_t promised = worst_crash_ == Crash::kKill ? model.answered_gsn : model.durable_gsn;
    if (found < promised) {
      violate(directory(number) + " ends with GSN " + std::to_string(found) + ", promised was " +
              std::to_string(promised));
    }
    std::erase_if(models_[number].batches, [&](const Batch& batch) {
      if (batch.first_gsn <= found && batch.last_gsn > found)
        violate(directory(number) + " has a part of a batch");
      return batch.first_gsn > found;
    });
  }
}

bool Simulation::complete(const TransactionModel& transaction, const std::vector<std::uint64_t>& gsns) {
  return std::all_of(transaction.gsns.begin(), transaction.gsns.end(),
                     [&](const auto& part) { return part.second <= gsns[part.first]; });
}

// Each shard holds what its log tells up to where it was found to end.
void Simulation::verify_start(const std::vector<std::uint64_t>& found_gsns) {
  for (std::uint32_t number = 0; number < models_.size(); ++number) {
    ShardModel& model = models_[number];
    for (const Batch& batch : model.batches) {
      if (batch.transaction == 0 || !transactions_.at(batch.transaction).is_void) {
        apply(model.base, batch);
      } else {
        forget_expired(number, batch);
      }
    }
    model.batches.clear();
    model.now = model.base;
    // What a start has found stays: answers from now on tell of it.
    model.answered_gsn = model.durable_gsn = found_gsns[number];
    compare(number);
  }
  transactions_.clear();
}

// A value of a transaction that is void now may have expired before the power loss, and that it expired may
// be in the log.
void Simulation::forget_expired(std::uint32_t number, const Batch& batch) {
  for (const auto& [name, value] : batch.changes) {
    if (!value || is_there(*value)) continue;
    if (!shards_[number]->find({name.first, name.second}, false).exists) models_[number].base.erase(name);
  }
}

// Every key and value, by a walk and by reads.
void Simulation::compare(std::uint32_t number) {
  std::set<Name> walked;
  for (int db = 0; db < kDbs; ++db) {
    shards_[number]->for_each(db, [&](std::string_view key, const Entry&) { walked.emplace(db, key); });
  }
  const Contents now = models_[number].now;
  for (const auto& [name, value] : now) {
    if (!is_there(value)) continue;
    if (walked.erase(name) == 0) violate(directory(number) + ": key " + name.second + " is lost");
    const std::optional<std::string> found = read(number, name);
    if (disk_->crashed() || disk_->has_failed()) return;
    if (found != value.bytes) violate(directory(number) + ": key " + name.second + " has another value");
  }
  if (!walked.empty())
    violate(directory(number) + ": key " + walked.begin()->second + " should not be there");
}

std::optional<std::string> Simulation::read(std::uint32_t number, const Name& name) {
  Shard& shard = *shards_[number];
  const Key key(name.first, name.second);
  for (;;) {
    const Found found = shard.find(key, true);
    if (!found.exists) return std::nullopt;
    if (found.resident) return std::string(found.value);
    testing::Waiter waiter;
    shard.stage(key, &waiter);
    while (!waiter.called) disk_->wait();
    if (!waiter.error.empty()) {
      if (!disk_->has_failed()) violate("a read failed: " + waiter.error);
      return std::nullopt;
    }
  }
}

void Simulation::step() {
  const auto shard = static_cast<std::uint32_t>(below(models_.size()));
  const std::uint64_t what = below(100);
  if (what < 35) return write_some(shard);
  if (what < 40) return write_batch(shard);
  if (what < 45) return write_transaction();
  if (what < 46) return flush_db(shard);
  if (what < 60) return read_one(shard);
  if (what < 80) return turn();
  if (what < 90) return tick();
  if (what < 99) return do_job();
  if (!one_in(random_, 4)) return;
  constexpr SyncMode kModes[] = {SyncMode::kAlways, SyncMode::kEverysec, SyncMode::kNo};
  mode_ = kModes[below(3)];
  for (const auto& each : shards_) each->log().set_mode(mode_);
}

Simulation::Name Simulation::random_name() {
  return {static_cast<int>(below(kDbs)), "key:" + std::to_string(below(kKeys))};
}

Simulation::Value Simulation::random_value() {
  Value value;
  value.bytes = bytes_of(random_);
  if (one_in(random_, 5)) value.expiry_ms = now_ms_ + 1 + static_cast<std::int64_t>(below(5000));
  return value;
}

void Simulation::apply(Contents& contents, const Batch& batch) const {
  if (batch.flushed_db >= 0) {
    std::erase_if(contents, [&](const auto& each) { return each.first.first == batch.flushed_db; });
  }
  for (const auto& [name, value] : batch.changes) {
    if (value) {
      contents[name] = *value;
    } else {
      contents.erase(name);
    }
  }
}

void Simulation::note(std::uint32_t shard, Batch batch) {
  ++coverage_.writes;
  apply(models_[shard].now, batch);
  models_[shard].batches.push_back(std::move(batch));
}

void Simulation::write_some(std::uint32_t number) {
  Shard& shard = *shards_[number];
  const Name name = random_name();
  const Key key(name.first, name.second);
  const Found found = shard.find(key, true);  // may log that it has expired
  Batch batch;
  batch.first_gsn = shard.last_gsn() + 1;
  Status status;
  if (found.exists && one_in(random_, 4)) {
    status = shard.remove(key);
    batch.changes.emplace_back(name, std::nullopt);
  } else if (found.exists && found.resident && one_in(random_, 5)) {
    Value value{std::string(found.value),
                one_in(random_, 2) ? 0 : now_ms_ + 1 + static_cast<std::int64_t>(below(5000))};
    status = shard.set_expiry(key, value.expiry_ms);
    batch.changes.emplace_back(name, std::move(value));
  } else {
    Value value = random_value();
    status = shard.set_string(key, {value.bytes, value.expiry_ms, false});
    batch.changes.emplace_back(name, std::move(value));
  }
  batch.last_gsn = shard.last_gsn();
  if (!status.ok()) {
    ++coverage_.refused_writes;
    if (batch.last_gsn >= batch.first_gsn) violate("a refused write is in the log");
    return;
  }
  // An expiry that stays as it was needs no record.
  if (batch.last_gsn >= batch.first_gsn) note(number, std::move(batch));
}

void Simulation::write_batch(std::uint32_t number) {
  Shard& shard = *shards_[number];
  Batch batch;
  const std::uint64_t count = 1 + below(4);
  for (std::uint64_t i = 0; i < count; ++i) batch.changes.emplace_back(random_name(), random_value());
  batch.first_gsn = shard.last_gsn() + 1;
  if (!shard.begin_batch(count * (kValueBytesMax + 200)).ok()) {
    ++coverage_.refused_writes;
    return;
  }
  for (const auto& [name, value] : batch.changes) {
    const Status status =
        shard.set_string({name.first, name.second}, {value->bytes, value->expiry_ms, false});
    if (!status.ok()) violate("a write within a batch was refused: " + status.message());
  }
  shard.end_batch();
  batch.last_gsn = shard.last_gsn();
  note(number, std::move(batch));
}

// As MSET over shards: space everywhere, then everywhere the changes.
void Simulation::write_transaction() {
  std::vector<std::uint16_t> participants;
  for (std::size_t shard = 0; shard < models_.size(); ++shard) {
    if (one_in(random_, 2)) participants.push_back(static_cast<std::uint16_t>(shard));
  }
  std::vector<std::vector<Change>> changes(participants.size());
  std::vector<Batch> batches(participants.size());
  std::vector<std::uint64_t> held(participants.size());
  std::size_t ready = 0;
  for (; ready < participants.size(); ++ready) {
    Batch& batch = batches[ready];
    const std::uint64_t count = 1 + below(3);
    for (std::uint64_t i = 0; i < count; ++i) {
      const Name name = random_name();
      const bool twice = std::any_of(batch.changes.begin(), batch.changes.end(),
                                     [&](const auto& change) { return change.first == name; });
      if (twice) continue;
      const bool removes = one_in(random_, 4) && models_[participants[ready]].now.contains(name);
      batch.changes.emplace_back(name, removes ? std::nullopt : std::optional<Value>(random_value()));
    }
    for (const auto& [name, value] : batch.changes) {
      Change change;
      change.kind = value ? Change::Kind::kSetString : Change::Kind::kRemove;
      change.key = Key(name.first, name.second);
      if (value) change.string = {value->bytes, value->expiry_ms, false};
      changes[ready].push_back(change);
    }
    held[ready] = Shard::batch_bytes(changes[ready], participants.size());
    if (!shards_[participants[ready]]->hold(held[ready]).ok()) break;
  }
  for (std::size_t i = 0; i < ready; ++i) shards_[participants[i]]->unhold(held[i]);
  if (ready < participants.size()) {
    ++coverage_.refused_writes;
    return;
  }
  const std::uint64_t id = participants.size() > 1 ? ledger_->open() : 0;
  for (std::size_t i = 0; i < participants.size(); ++i) {
    Shard& shard = *shards_[participants[i]];
    batches[i].first_gsn = shard.last_gsn() + 1;
    shard.apply(changes[i], id, participants);
    batches[i].last_gsn = shard.last_gsn();
    batches[i].transaction = id;
    if (i == 0 && id != 0) transactions_[id] = {};
    if (id != 0) transactions_[id].gsns[participants[i]] = batches[i].last_gsn;
    note(participants[i], std::move(batches[i]));
  }
}

void Simulation::flush_db(std::uint32_t number) {
  Shard& shard = *shards_[number];
  Change change;
  change.kind = Change::Kind::kFlushDb;
  change.key.db = static_cast<int>(below(kDbs));
  const std::vector<Change> changes{change};
  const std::uint64_t bytes = Shard::batch_bytes(changes, 1);
  if (!shard.hold(bytes).ok()) return;
  shard.unhold(bytes);
  Batch batch;
  batch.first_gsn = shard.last_gsn() + 1;
  batch.flushed_db = change.key.db;
  shard.apply(changes, 0, {static_cast<std::uint16_t>(number)});
  batch.last_gsn = shard.last_gsn();
  note(number, std::move(batch));
}

void Simulation::read_one(std::uint32_t number) {
  const Name name = random_name();
  const std::optional<std::string> found = read(number, name);
  if (disk_->crashed() || disk_->has_failed()) return;
  ++coverage_.reads;
  const auto expected = models_[number].now.find(name);
  const bool there = expected != models_[number].now.end() && is_there(expected->second);
  if (found != (there ? std::optional<std::string>(expected->second.bytes) : std::nullopt))
    violate(directory(number) + ": a read of " + name.second + " gave a wrong answer");
}

// The end of a loop turn, and what has completed.
void Simulation::turn() {
  compact();
  for (const auto& shard : shards_) shard->log().flush();
  disk_->flush();
  if (!one_in(random_, 3)) disk_->poll();
}

void Simulation::tick() {
  now_ms_ += static_cast<std::int64_t>(below(500));
  for (const auto& shard : shards_) {
    shard->set_now(now_ms_);
    shard->expire_due();
    shard->tidy_expiry();
    shard->demote();
  }
  compact();
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
  shards_.clear();
}

}  // namespace stave::sim
