// SPDX-License-Identifier: Apache-2.0
#include "shards/transaction_ledger.h"

#include <algorithm>

namespace stave {

void TransactionLedger::start_after(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  next_ = std::max(next_, id + 1);
}

std::uint64_t TransactionLedger::open() {
  const std::lock_guard lock(mutex_);
  open_.insert(next_);
  return next_++;
}

void TransactionLedger::close(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  open_.erase(id);
}

void TransactionLedger::reopen(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  open_.insert(id);
}

std::uint64_t TransactionLedger::lowest_open() const {
  const std::lock_guard lock(mutex_);
  return open_.empty() ? next_ : *open_.begin();
}

std::uint64_t TransactionLedger::next_id() const {
  const std::lock_guard lock(mutex_);
  return next_;
}

void TransactionLedger::answer(std::uint32_t shard, std::uint64_t round) {
  const std::lock_guard lock(mutex_);
  answers_[shard] = std::max(answers_[shard], round);
}

bool TransactionLedger::all_answered(std::uint64_t round) const {
  const std::lock_guard lock(mutex_);
  return std::all_of(answers_.begin(), answers_.end(),
                     [&](std::uint64_t answered) { return answered >= round; });
}

}  // namespace stave
