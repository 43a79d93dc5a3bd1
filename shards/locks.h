// SPDX-License-Identifier: Apache-2.0
// LockTable: the keys of one shard that transactions hold, and who waits for them, first come first served.
// Commands on one key hold nothing; they only wait until their key is free. Owner thread only.
//
// Who was granted a lock takes it when it gets on with its work, and only then it keeps others out: commands
// that waited before it, and were told just before it, run first. As long as such a command has not come
// back, nobody is granted the lock at once. Otherwise transactions that never cease would starve commands.
//
// A transaction locks shards in ascending order, and in a shard first the gate and then its keys in ascending
// order, so waiting can never form a circle. A name is locked in all databases at once, as COPY and MOVE
// reach from one to another. FLUSHALL and SWAPDB hold the gate alone; other transactions share it.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "shards/keyspace.h"

namespace stave {

// Somebody who waits. granted() must not lock, unlock or run commands itself: it marks the waiter as ready to
// go on.
class LockWaiter {
 public:
  virtual ~LockWaiter() = default;
  virtual void granted() = 0;
};

class LockTable {
 public:
  // True when nothing is locked: the usual case, checked before anything else.
  bool idle() const { return keys_.empty() && !exclusive_ && sharers_ == 0; }
  bool free(Key key) const {
    if (gate_taken_) return false;
    if (keys_.empty()) return true;
    const auto held = keys_.find(std::string(key.name));
    return held == keys_.end() || !held->second.taken;
  }

  // What a command waits for: a key, or the gate.
  struct Pass {
    Key key;  // the waiter's
    bool gate = false;
  };
  // Waits, without holding, until the key is free. After granted() the waiter comes back(), once, and looks
  // again. REQUIRES: !free(key).
  Pass wait(Key key, LockWaiter& waiter);
  void come_back(const Pass& pass);

  // Waits, without holding, until nothing is locked. After granted() it looks again. REQUIRES: !idle().
  void wait_until_idle(LockWaiter& waiter) { wait_for_idle_.push_back(&waiter); }

  // Each returns true when granted at once, and then the lock is taken; otherwise granted() follows. The
  // waiter must then take it before it looks at what the lock protects.
  bool lock_gate(bool exclusive, LockWaiter& waiter);
  bool lock(Key key, LockWaiter& waiter);
  void take_gate(bool exclusive) { gate_taken_ = exclusive; }
  void take(Key key);
  void unlock(Key key);
  void unlock_gate(bool exclusive);

 private:
  struct Waiting {
    LockWaiter* waiter;
    enum class For : std::uint8_t { kPass, kHold, kHoldExclusive } purpose;
  };

  struct Held {
    bool held = true;         // granted to a transaction
    bool taken = true;        // by that one
    std::size_t passing = 0;  // commands that were told and have yet to come back
    std::deque<Waiting> waiting;
  };

  void open_gate();
  void tell_if_idle();

  std::unordered_map<std::string, Held> keys_;
  std::deque<Waiting> gate_;
  std::vector<LockWaiter*> wait_for_idle_;
  std::size_t sharers_ = 0;
  std::size_t gate_passing_ = 0;
  bool exclusive_ = false;   // granted to one
  bool gate_taken_ = false;  // by that one
};

}  // namespace stave
