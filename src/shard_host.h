// SPDX-License-Identifier: Apache-2.0
// ShardHost: a shard with what its worker needs around it: who waits for commits, who watches keys or
// waits for their elements, and counters of its keyspace. Owner thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "shards/shard.h"
#include "src/blocked.h"
#include "src/context.h"
#include "src/watches.h"

namespace stave {

class Batch;

class ShardHost final : private ChangeObserver {
 public:
  ShardHost(Disk& disk, Background& background, Shard::Options options);
  ~ShardHost() override = default;

  Shard shard;
  KeyspaceCounters keyspace;
  Shard::Counters counters_at_reset;  // those of the shard when CONFIG RESETSTAT was called last
  int demotion_holds = 0;             // commands that need everything that they have read to stay in memory

  // WATCH and its end.
  void watch(std::uint64_t client, Key key, std::int64_t now_ms);
  void unwatch(std::uint64_t client);
  // One of the client's keys has changed since, or has expired. REQUIRES: they are locked.
  bool watched_changed(std::uint64_t client);

  // Blocking commands that wait here, see blocked.h.
  void block(BlockedPlace& place);
  void unblock(BlockedPlace& place);
  const BlockedTable& blocked() const { return blocked_; }
  // Serves those for whom there is something now; called after whatever may have made keys. Nearly always
  // nobody waits, and this is one look.
  void serve_blocked(Worker& here) {
    if (blocked_.any_ready()) serve_ready(here);
  }
  // True when the key was found for a command that is tried elsewhere: granted() follows when that is over.
  bool wait_for_claim(Key key, LockWaiter& waiter);

  void count(const KeyspaceCounters& counters) {
    keyspace.hits += counters.hits;
    keyspace.misses += counters.misses;
    keyspace.expired_fields += counters.expired_fields;
  }
  void reset_counters() {
    keyspace = {};
    counters_at_reset = shard.counters();
  }

  // Calls `then` when everything up to `gsn` is committed, with the reason in `failure` if it never will be
  // ("" otherwise). Never inside this call. REQUIRES: it is not committed yet, as only a change of the log
  // releases waiters.
  using Then = std::function<void(const std::string& failure)>;
  void when_committed(std::uint64_t gsn, Then then);
  // Releases who can go on; called after the log has moved.
  void release();
  // The batch is run again when there may be disk space, and at `look_ms` or before.
  void wait_for_space(Batch& batch, std::int64_t look_ms) {
    if (without_space_.empty()) space_look_ms_ = look_ms;
    without_space_.push_back(&batch);
  }
  bool lacks_space() const { return !without_space_.empty(); }
  std::int64_t space_look_ms() const { return space_look_ms_; }
  std::vector<Batch*> take_without_space() { return std::exchange(without_space_, {}); }

 private:
  void changed(int db, std::string_view name) override;
  void flushed(int db) override;
  void swapped(int db, int other_db) override;
  void observe_if_needed();
  void serve_ready(Worker& here);

  struct Waiting {
    std::uint64_t gsn;
    Then then;
  };
  std::deque<Waiting> waiting_;  // by gsn, ascending
  WatchTable watches_;
  BlockedTable blocked_;
  bool serving_ = false;
  std::vector<Batch*> without_space_;
  std::int64_t space_look_ms_ = 0;
};

}  // namespace stave
