// SPDX-License-Identifier: Apache-2.0
#include "shards/locks.h"

#include <cassert>

namespace stave {

void LockTable::wait(Key key, LockWaiter& waiter) {
  const auto held = keys_.find(std::string(key.name));
  if (held != keys_.end() && held->second.taken) {
    held->second.waiting.push_back({&waiter, Waiting::For::kPass});
  } else {
    assert(gate_taken_);
    gate_.push_back({&waiter, Waiting::For::kPass});
  }
}

bool LockTable::lock_gate(bool exclusive, LockWaiter& waiter) {
  const bool busy = exclusive_ || !gate_.empty() || (exclusive && sharers_ > 0);
  if (busy) {
    gate_.push_back({&waiter, exclusive ? Waiting::For::kHoldExclusive : Waiting::For::kHold});
    return false;
  }
  exclusive ? void(exclusive_ = gate_taken_ = true) : void(++sharers_);
  return true;
}

bool LockTable::lock(Key key, LockWaiter& waiter) {
  const auto [held, fresh] = keys_.try_emplace(std::string(key.name));
  if (!fresh) held->second.waiting.push_back({&waiter, Waiting::For::kHold});
  return fresh;
}

void LockTable::take(Key key) {
  const auto held = keys_.find(std::string(key.name));
  assert(held != keys_.end());
  held->second.taken = true;
}

void LockTable::unlock(Key key) {
  const auto held = keys_.find(std::string(key.name));
  assert(held != keys_.end());
  auto& waiting = held->second.waiting;
  while (!waiting.empty()) {
    const Waiting next = waiting.front();
    waiting.pop_front();
    next.waiter->granted();
    if (next.purpose == Waiting::For::kHold) {  // stays held, by the next
      held->second.taken = false;
      return;
    }
  }
  keys_.erase(held);
}

void LockTable::unlock_gate(bool exclusive) {
  exclusive ? void(exclusive_ = gate_taken_ = false) : void(--sharers_);
  open_gate();
}

void LockTable::open_gate() {
  while (!gate_.empty() && !exclusive_) {
    const Waiting next = gate_.front();
    if (next.purpose == Waiting::For::kHoldExclusive) {
      if (sharers_ > 0) return;
      exclusive_ = true;
    } else if (next.purpose == Waiting::For::kHold) {
      ++sharers_;
    }
    gate_.pop_front();
    next.waiter->granted();
  }
}

}  // namespace stave
