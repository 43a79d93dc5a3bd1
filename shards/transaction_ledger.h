// SPDX-License-Identifier: Apache-2.0
// TransactionLedger: which transactions over several shards are behind us. Compaction takes records out of
// their transaction, and drops what a transaction has overwritten, so it must know that no power loss can
// make that transaction void any more: that all of its shards have their parts, durably. One for all shards;
// any thread.
//
//   ids    rise; open() gives one, close() says that all parts are written. Below lowest_open() all are.
//   rounds ask() begins a round in which every shard makes durable what it has, and says so by answer().
//          Whatever was closed before ask() is durable once all have answered.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <set>
#include <vector>

namespace stave {

class TransactionLedger {
 public:
  explicit TransactionLedger(std::uint32_t shards) : answers_(shards, 0) {}
  // After recovery: ids above `id` are free.
  void start_after(std::uint64_t id);

  std::uint64_t open();
  void close(std::uint64_t id);
  // After recovery: one that is void, which no record says yet.
  void reopen(std::uint64_t id);
  std::uint64_t lowest_open() const;
  // What the next open() gives.
  std::uint64_t next_id() const;

  std::uint64_t ask() { return asked_.fetch_add(1) + 1; }
  // The newest round.
  std::uint64_t asked() const { return asked_.load(); }
  void answer(std::uint32_t shard, std::uint64_t round);
  bool all_answered(std::uint64_t round) const;

 private:
  mutable std::mutex mutex_;
  std::set<std::uint64_t> open_;
  std::uint64_t next_ = 1;
  std::vector<std::uint64_t> answers_;  // by shard: the newest round
  std::atomic<std::uint64_t> asked_{0};
};

}  // namespace stave
