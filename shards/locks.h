// SPDX-License-Identifier: Apache-2.0
// LockTable: the keys of one shard that transactions hold, and who waits for them, first come first served.
// Commands on one key hold nothing; they only wait until their key is free. Owner thread only.
//
// A transaction locks shards in ascending order, and in a shard first the gate and then its keys in ascending
// order, so waiting can never form a circle. A name is locked in all databases at once, as COPY and MOVE
// reach from one to another. FLUSHALL and SWAPDB hold the gate alone; other transactions share it.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

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
    return !exclusive_ && (keys_.empty() || !keys_.contains(std::string(key.name)));
  }

  // Waits, without holding, until the key is free. REQUIRES: !free(key).
  void wait(Key key, LockWaiter& waiter);

  // Each returns true when granted at once; otherwise granted() follows, and then the lock is held.
  bool lock_gate(bool exclusive, LockWaiter& waiter);
  bool lock(Key key, LockWaiter& waiter);
  void unlock(Key key);
  void unlock_gate(bool exclusive);

 private:
  struct Waiting {
    LockWaiter* waiter;
    enum class For : std::uint8_t { kPass, kHold, kHoldExclusive } purpose;
  };

  void open_gate();

  std::unordered_map<std::string, std::deque<Waiting>> keys_;  // held keys and who waits for each
  std::deque<Waiting> gate_;
  std::size_t sharers_ = 0;
  bool exclusive_ = false;
};

}  // namespace stave
