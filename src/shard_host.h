// SPDX-License-Identifier: Apache-2.0
// ShardHost: a shard with what its worker needs around it: who waits for commits, and counters of its
// keyspace. Owner thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "shards/shard.h"
#include "src/context.h"

namespace stave {

class Batch;

class ShardHost {
 public:
  ShardHost(Disk& disk, Background& background, Shard::Options options);

  Shard shard;
  KeyspaceCounters keyspace;
  Shard::Counters counters_at_reset;  // those of the shard when CONFIG RESETSTAT was called last
  int demotion_holds = 0;             // commands that need everything that they have read to stay in memory

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
  struct Waiting {
    std::uint64_t gsn;
    Then then;
  };
  std::deque<Waiting> waiting_;  // by gsn, ascending
  std::vector<Batch*> without_space_;
  std::int64_t space_look_ms_ = 0;
};

}  // namespace stave
