// SPDX-License-Identifier: Apache-2.0
// Transaction: commands over keys of several shards, isolated and atomic: one command whose keys do not share
// a shard, or the commands of a MULTI, wherever their keys are. It is one object that travels: to the owner
// of each shard in ascending order to lock and load, then it runs its commands where it is (those of a MULTI
// at home), then back and forth to make sure of space, to apply, to wait for the commits, and to unlock. Only
// the worker that it is at touches it.
//
//   lock    ascending   gate, keys in ascending order; copies of what is there go into the view
//   run     a cold value sends it round once more, to load values too; it goes on with that command then
//   reserve descending  space in each log that it changes; without it nothing is changed anywhere
//   apply   ascending   each owner logs and applies its changes as one batch
//   commit  descending  waits until each owner's log has them (or what the commands read) committed
//   unlock  ascending   then home, with the reply
//
// FLUSHALL, FLUSHDB and SWAPDB are transactions over all shards that hold the gates alone and bring their
// changes with them instead of a command. So does a MULTI that flushes, or that has a command which only
// finds out while it runs which keys it needs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "resp/reply.h"
#include "shards/locks.h"
#include "shards/stager.h"
#include "src/batch.h"
#include "src/message.h"
#include "src/transaction_view.h"

namespace stave {

class Blocking;
struct ClientInfo;
class Call;
class Connection;
class ShardHost;

// A command of a transaction. The arguments outlive it.
struct TransactionCommand {
  Request request;
  Args arguments;
};

class Transaction final : public Message, public LockWaiter, public StageWaiter {
 public:
  // `done` is called on the home worker when the reply is there.
  using Done = std::function<void()>;
  // A data command over keys of several shards.
  Transaction(Done done, Worker& home, const Request& request, Args arguments, const ClientInfo& client);
  // EXEC: the commands of a MULTI, all checked already. The reply is an array of theirs, or null if one of
  // the watched keys has changed, or the error that has kept all of them from happening.
  Transaction(Done done, Worker& home, const Command& exec, std::vector<TransactionCommand> commands,
              Connection& connection);
  // Changes of whole databases, on all shards; replies OK.
  Transaction(Done done, Worker& home, const Command& command, const std::vector<Change>& for_each_shard);
  ~Transaction() override;

  // For a command that may block: when it finds nothing there is no reply, and `blocking` has its places.
  void wait_as(Blocking& blocking) { blocking_ = &blocking; }
  bool found_nothing() const { return found_nothing_; }

  void start();
  void arrive(Worker& here) override;
  void granted() override;
  void staged(const Status& status) override;

  const std::string& reply_bytes() const { return reply_bytes_; }
  // Of a reply that is an error.
  const std::string& failure() const { return failure_; }

  // For the calls of a MULTI, while they run: FLUSHALL and FLUSHDB.
  Status change_databases(const std::vector<Change>& changes);
  // DBSIZE, when the shards have `keys`.
  std::int64_t keys_after(int db, std::int64_t keys) const { return view_.keys_after(db, keys); }

 private:
  enum class Step : std::uint8_t { kLock, kLoad, kRun, kReserve, kApply, kCommit, kUnlock, kHome, kDone };

  struct Part {
    std::uint16_t shard = 0;
    std::vector<std::string_view> names;  // to lock: ascending, each once
    std::vector<Key> keys;                // to load
    std::vector<Change> changes;
    std::uint64_t held_bytes = 0;  // space that is held in its log
    std::uint64_t gsn = 0;         // to be committed before the reply
  };

  void use(int db, std::string_view name);
  void use_keys(const TransactionCommand& command);
  void hold_all_shards();
  void use_all_shards();
  void sort_parts();
  Part& part_of_shard(std::uint32_t shard);
  Part& part_of(std::string_view name);

  void go_on();
  // Each returns true when the part is done and the next may follow, false when it waits here for something.
  bool lock(ShardHost& host, Part& part);
  bool load(ShardHost& host, Part& part);
  // Runs the commands (transaction_run.cc); false when it goes on later, elsewhere or with an answer.
  bool run();
  enum class Ran : std::uint8_t { kYes, kNeedsValues, kAway };
  Ran run_next();
  Ran run_data(const TransactionCommand& command);
  Ran run_call(const TransactionCommand& command);
  void load_more();
  void end_run();
  void publish_events();
  bool reserve(ShardHost& host, Part& part);
  bool apply(ShardHost& host, Part& part);
  static bool must_sync(ShardHost& host, const Part& part);
  bool commit(ShardHost& host, Part& part);
  bool unlock(ShardHost& host, Part& part);
  static void give_space_back(ShardHost& host, Part& part);

  void begin(Step step, bool ascending);
  void next_part();
  void end();
  void abandon(std::string_view error);
  bool is_exec() const { return connection_ != nullptr; }
  // Locks of keys are needed only beside others.
  std::size_t locks_of(const Part& part) const { return exclusive_ ? 1 : part.names.size() + 1; }

  const Done done_;
  Worker* const home_;
  Worker* here_;
  const Command& command_;                                  // what its reply is one of
  Connection* const connection_;                            // of an EXEC, at home only
  const std::vector<std::pair<int, std::string>> watched_;  // as it was when the EXEC came
  const std::uint64_t watcher_;                             // the client whose watched keys count; 0: none
  const std::vector<TransactionCommand> commands_;
  int protocol_ = 2;
  bool exclusive_ = false;
  bool adds_ = false;                        // one of its commands adds data
  bool touches_ = true;                      // its commands count as uses of their keys
  std::vector<Part> parts_;                  // by shard, ascending
  std::vector<std::uint16_t> participants_;  // shards that it changes
  TransactionView view_;
  std::vector<Change> database_changes_;  // come before those of keys
  std::size_t next_ = 0;                  // command to run
  std::unique_ptr<Call> call_;            // a command of a MULTI that is under way
  KeyspaceCounters counters_;
  bool touched_ = false;  // a watched key has changed
  std::string reply_bytes_;
  KeyspaceEvents events_;  // of the command, until they may be told
  std::uint64_t id_ = 0;   // 0 until it changes several shards

  Step step_ = Step::kLock;
  bool ascending_ = true;
  std::size_t at_ = 0;        // part
  std::size_t locked_ = 0;    // of the present part: 0 = nothing, 1 = the gate, then its keys
  bool with_values_ = false;  // load cold values too
  std::int64_t now_ms_ = 0;   // of all its commands
  std::size_t staging_ = 0;
  bool waiting_commit_ = false;
  std::string failure_;          // the reply is this error
  std::int64_t started_ns_ = 0;  // of the command
  Blocking* blocking_ = nullptr;
  bool found_nothing_ = false;
  const ClientInfo* const client_ = nullptr;  // who sent the command, for the slow log
};

}  // namespace stave
