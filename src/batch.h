// SPDX-License-Identifier: Apache-2.0
// Batch: the commands of one turn of one connection that go to one worker, in order. The connection owns it
// and fills it; it is then run by the worker that owns the shards (a function call when that is the same
// one), and comes back with the replies once what they tell is committed.
//
// While it is away nobody but that worker touches it. Arguments are views into the connection's input, which
// stays put until the turn is over.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shards/locks.h"
#include "shards/stager.h"
#include "src/command.h"
#include "src/input_buffer.h"
#include "src/message.h"

namespace stave {

class BlockingPlace;
class Connection;
class ShardHost;

struct Request {
  const Command* command = nullptr;
  std::uint32_t first_argument = 0;  // in Batch::arguments
  std::uint32_t argument_count = 0;
  std::uint32_t shard = 0;
  std::uint8_t db = 0;
  std::uint8_t protocol = 2;
  bool touch = true;
  bool may_block = false;            // wait when there is nothing, instead of replying that
  std::uint64_t first_key_hash = 0;  // if the command has a first key
};

// REQUIRES: the command has one.
inline Key first_key(const Request& request, Args arguments) {
  return {request.db, arguments[static_cast<std::size_t>(request.command->keys.first)],
          request.first_key_hash};
}

class Batch final : public Message, public LockWaiter, public StageWaiter {
 public:
  Batch(Connection& connection, std::size_t home, std::size_t worker)
      : connection_(connection), home_(home), worker_(worker) {}

  // --- The connection's side.
  void clear();
  bool empty() const { return requests_.empty(); }
  std::size_t size() const { return requests_.size(); }
  // Copies arguments that do not view `input` (quoted words of inline requests).
  void add(Request request, Args arguments, const InputBuffer& input);
  // For the one request that it has, which may block.
  void wait_at(BlockingPlace& place) { place_ = &place; }
  std::size_t worker() const { return worker_; }
  // True when all requests have run; otherwise it stopped because its replies had grown large, and may be
  // sent again.
  bool finished() const { return next_ == requests_.size(); }
  std::string& replies() { return replies_; }
  // End of the reply to request i in replies(); REQUIRES: it has run.
  std::size_t reply_end(std::size_t i) const { return reply_ends_[i]; }
  std::size_t replies_ready() const { return reply_ends_.size(); }
  // Gives away the replies that were taken by the connection before the batch is sent again.
  void drop_replies();

  // --- The worker's side.
  void arrive(Worker& here) override;
  void granted() override;
  void staged(const Status& status) override;
  void committed(const std::string& failure);

 private:
  enum class Step : std::uint8_t { kAtHome, kAway, kBack };

  void run(Worker& here);
  bool run_one(Worker& here, Request& request);
  bool called_off() const;
  void end_called_off(Worker& here, const Request& request, Args arguments, resp::ReplyWriter& writer);
  bool wait_for_space(Worker& here, ShardHost& host);
  bool wait_for_locks(ShardHost& host, const Request& request, Args arguments);
  void wait_for_values(Worker& here, ShardHost& host, const Request& request, std::vector<Key> wanted);
  void release_demotion();
  void stage_ahead(Worker& here);
  void prefetch(Worker& here);
  // REQUIRES: the command has one.
  Key first_key(const Request& request) const { return stave::first_key(request, arguments_of(request)); }
  Key key_at(const Request& request, int position) const;
  void note_commit(ShardHost& host, const Request& request, Args arguments, std::uint64_t gsn_before);
  void finish(Worker& here);
  void come_back();
  Args arguments_of(const Request& request) const {
    return Args(arguments_).subspan(request.first_argument, request.argument_count);
  }

  Connection& connection_;
  const std::size_t home_;
  const std::size_t worker_;
  std::vector<Request> requests_;
  std::vector<std::string_view> arguments_;
  std::deque<std::string> copied_arguments_;
  std::string replies_;
  std::vector<std::size_t> reply_ends_;
  std::size_t next_ = 0;  // request to run next
  Step step_ = Step::kAtHome;
  Worker* here_ = nullptr;               // while it is parked
  std::optional<LockTable::Pass> pass_;  // while it waits for a key that is locked
  std::size_t staging_ = 0;              // values that it waits for
  std::string stage_error_;
  int attempts_ = 0;                    // times that the next request has found a value cold
  ShardHost* demotion_held_ = nullptr;  // where it keeps values in memory
  std::int64_t space_deadline_ms_ = 0;  // of waiting for disk space; 0 = it has not waited yet
  struct Wait {
    ShardHost* host;
    std::uint64_t gsn;
  };
  std::vector<Wait> waits_;
  std::size_t committing_ = 0;
  BlockingPlace* place_ = nullptr;  // of a blocking command
};

}  // namespace stave
