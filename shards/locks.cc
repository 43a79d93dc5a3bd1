// SPDX-License-Identifier: Apache-2.0
#include "shards/locks.h"

#include <cassert>

namespace stave {

LockTable::Pass LockTable::wait(Key key, LockWaiter& waiter) {
  const auto held = keys_.find(std::string(key.name));
  if (held != keys_.end() && held->second.taken) {
    held->second.waiting.push_back({&waiter, Waiting::For::kPass});
    return {key, false};
  }
  assert(gate_taken_);
  gate_.push_back({&waiter, Waiting::For::kPass});
  return {key, true};
}

void LockTable::come_back(const Pass& pass) {
  if (pass.gate) {
    --gate_passing_;
    return;
  }
  const auto held = keys_.find(std::string(pass.key.name));
  assert(held != keys_.end() && held->second.passing > 0);
  if (--held->second.passing == 0 && !held->second.held) keys_.erase(held);
  tell_if_idle();
}

bool LockTable::lock_gate(bool exclusive, LockWaiter& waiter) {
  const bool busy = exclusive_ || !gate_.empty() || (exclusive && sharers_ > 0);
  if (busy) {
    gate_.push_back({&waiter, exclusive ? Waiting::For::kHoldExclusive : Waiting::For::kHold});
    return false;
  }
  if (!exclusive) {
    ++sharers_;
    return true;
  }
  exclusive_ = true;
  gate_taken_ = gate_passing_ == 0;
  if (!gate_taken_) waiter.granted();  // behind those that pass
  return gate_taken_;
}

bool LockTable::lock(Key key, LockWaiter& waiter) {
  const auto [held, fresh] = keys_.try_emplace(std::string(key.name));
  if (fresh) return true;
  if (held->second.held) {
    held->second.waiting.push_back({&waiter, Waiting::For::kHold});
  } else {
    held->second.held = true;
    waiter.granted();  // behind those that pass
  }
  return false;
}

void LockTable::take(Key key) {
  const auto held = keys_.find(std::string(key.name));
  assert(held != keys_.end());
  held->second.taken = true;
}

void LockTable::unlock(Key key) {
  const auto held = keys_.find(std::string(key.name));
  assert(held != keys_.end());
  Held& state = held->second;
  state.held = state.taken = false;
  while (!state.waiting.empty() && !state.held) {
    const Waiting next = state.waiting.front();
    state.waiting.pop_front();
    next.purpose == Waiting::For::kHold ? void(state.held = true) : void(++state.passing);
    next.waiter->granted();
  }
  if (!state.held && state.passing == 0) keys_.erase(held);
}

void LockTable::unlock_gate(bool exclusive) {
  exclusive ? void(exclusive_ = gate_taken_ = false) : void(--sharers_);
  tell_if_idle();
  open_gate();
}

void LockTable::tell_if_idle() {
  if (!idle() || wait_for_idle_.empty()) return;
  for (LockWaiter* const waiter : std::exchange(wait_for_idle_, {})) waiter->granted();
}

void LockTable::open_gate() {
  while (!gate_.empty() && !exclusive_) {
    const Waiting next = gate_.front();
    if (next.purpose == Waiting::For::kHoldExclusive) {
      if (sharers_ > 0) return;
      exclusive_ = true;
    } else if (next.purpose == Waiting::For::kHold) {
      ++sharers_;
    } else {
      ++gate_passing_;
    }
    gate_.pop_front();
    next.waiter->granted();
  }
}

}  // namespace stave
