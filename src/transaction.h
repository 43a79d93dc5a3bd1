// SPDX-License-Identifier: Apache-2.0
// Transaction: one command over keys of several shards, isolated and atomic. It is one object that travels:
// to the owner of each shard in ascending order to lock and load, then it runs its command where it is, then
// back and forth to make sure of space, to apply, to wait for the commits, and to unlock. Only the worker
// that it is at touches it.
//
//   lock    ascending   gate, keys in ascending order; copies of what is there go into the view
//   run     at the last owner; a cold value sends it round once more, to load values too
//   reserve descending  space in each log that it changes; without it nothing is changed anywhere
//   apply   ascending   each owner logs and applies its changes as one batch
//   commit  descending  waits until each owner's log has them (or what the command read) committed
//   unlock  ascending   then home, with the reply
//
// FLUSHALL, FLUSHDB and SWAPDB are transactions over all shards that hold the gates alone and bring their
// changes with them instead of a command.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "resp/reply.h"
#include "shards/locks.h"
#include "shards/stager.h"
#include "src/batch.h"
#include "src/message.h"
#include "src/transaction_view.h"

namespace stave {

struct ClientInfo;
class ShardHost;

class Transaction final : public Message, public LockWaiter, public StageWaiter {
 public:
  // A command over keys. `keys` are the positions of its keys in `arguments`.
  // `done` is called on the home worker when the reply is there.
  using Done = std::function<void()>;
  Transaction(Done done, Worker& home, const Request& request, Args arguments, const std::vector<int>& keys,
              const ClientInfo& client);
  // Changes of whole databases, on all shards; replies OK.
  Transaction(Done done, Worker& home, const Command& command, const std::vector<Change>& for_each_shard);

  void start();
  void arrive(Worker& here) override;
  void granted() override;
  void staged(const Status& status) override;

  const std::string& reply_bytes() const { return reply_bytes_; }

 private:
  enum class Step : std::uint8_t { kLock, kLoad, kRun, kReserve, kApply, kCommit, kUnlock, kHome, kDone };

  struct Part {
    std::uint16_t shard = 0;
    std::vector<std::string_view> names;  // ascending, each once
    std::vector<Change> changes;
    std::uint64_t held_bytes = 0;  // space that is held in its log
    std::uint64_t gsn = 0;         // to be committed before the reply
  };

  void go_on();
  // Each returns true when the part is done and the next may follow, false when it waits here for something.
  bool lock(ShardHost& host, Part& part);
  bool load(ShardHost& host, Part& part);
  void run();
  bool reserve(ShardHost& host, Part& part);
  bool apply(ShardHost& host, Part& part);
  static bool must_sync(ShardHost& host, const Part& part);
  bool commit(ShardHost& host, Part& part);
  bool unlock(ShardHost& host, Part& part);
  static void give_space_back(ShardHost& host, Part& part);

  void begin(Step step, bool ascending);
  void next_part();
  std::vector<int> dbs() const;

  const Done done_;
  Worker* const home_;
  Worker* here_;
  const Request request_;
  const Args arguments_;
  const bool exclusive_;
  std::vector<Part> parts_;                  // by shard, ascending
  std::vector<std::uint16_t> participants_;  // shards that it changes
  TransactionView view_;
  std::string reply_bytes_;
  std::uint64_t id_ = 0;  // 0 until it changes several shards

  Step step_ = Step::kLock;
  bool ascending_ = true;
  std::size_t at_ = 0;        // part
  std::size_t locked_ = 0;    // of the present part: 0 = nothing, 1 = the gate, then its keys
  bool with_values_ = false;  // load cold values too
  std::size_t staging_ = 0;
  bool waiting_commit_ = false;
  std::string failure_;  // the reply is this error
  std::int64_t started_ns_ = 0;
  const ClientInfo* const client_ = nullptr;  // who sent the command, for the slow log
};

}  // namespace stave
