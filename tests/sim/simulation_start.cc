// SPDX-License-Identifier: Apache-2.0
// Starts, and what they must find.
#include <algorithm>

#include "tests/sim/simulation.h"

namespace stave::sim {
bool Simulation::start(Crash kind) {
  if (recover()) return true;
  tear_down();
  if (disk_->crashed()) {
    ++coverage_.crashes_in_recovery;
    worst_crash_ = std::max(worst_crash_, kind);
    Storage left = disk_->take_image();
    disk_ = std::make_unique<SimDisk>(std::move(left), random_());
  } else if (refused_) {
    ++coverage_.refused_starts;
    Storage left = disk_->image(Crash::kKill);
    damage_->undo(left);
    damage_.reset();
    disk_ = std::make_unique<SimDisk>(std::move(left), random_());
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
  refused_ = false;
  const auto read = [&](std::uint32_t number) {
    Shard::Options options;
    options.number = number;
    options.ledger = ledger_.get();
    options.gone = [this, number](Gone why, int db, std::string_view name) {
      if (why == Gone::kFields) note_expired(number, {db, std::string(name)});
    };
    options.memory_bytes_max = memory_bytes_;
    options.part_bytes = part_bytes_;
    options.log.directory = directory(number);
    options.log.shard = number;
    options.log.segment_bytes = segment_bytes_;
    options.log.mode = mode_;
    options.log.fault = fault_;
    shards_[number] = std::make_unique<Shard>(*disk_, background_, options);
    shards_[number]->set_now(now_ms_);
    shards_[number]->compaction().set({.threshold_percent = threshold_percent_, .budget_bytes = 0});
    recoveries[number] = std::make_unique<Recovery>(*disk_, *shards_[number], options);
    return recoveries[number]->read();
  };
  const Recovery::Complete complete = Recovery::verdict_of(recoveries);
  const auto failed = [&](const Status& status) {
    if (status.ok()) return disk_->crashed();
    if (disk_->crashed() || disk_->has_failed()) return true;
    refused_ = damage_ && damage_->is_named_by(status.message(), kRecordBytesMax);
    if (!refused_) violate("the start was refused: " + status.message());
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
    const std::optional<Answer> answer = read(number, name);
    if (disk_->crashed() || disk_->has_failed()) return;
    if (answer && (!answer->exists || !answer->value.same_as(value)))
      violate(directory(number) + ": key " + name.second + " has another value");
  }
  // Edits on top of what a transaction has made that is void now may turn out to make nothing.
  for (const Name& name : walked) {
    const std::optional<Answer> answer = read(number, name);
    if (disk_->crashed() || disk_->has_failed()) return;
    if (answer && answer->exists)
      violate(directory(number) + ": key " + name.second + " should not be there");
  }
}

}  // namespace stave::sim
