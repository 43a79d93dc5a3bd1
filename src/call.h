// SPDX-License-Identifier: Apache-2.0
// Call: a command that concerns the server rather than keys of one shard (CONFIG SET, CLIENT LIST, INFO,
// KEYS, SHUTDOWN, ...). Its function gets the Call, may ask workers, and ends it with finish(), at once or
// later; nothing else of the connection runs meanwhile. Home thread only, except the work that it sends
// elsewhere.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "resp/reply.h"
#include "shards/status.h"
#include "src/context.h"
#include "src/message.h"

namespace stave {

class Connection;
class Transaction;
struct Change;
class Server;
class Session;
struct Command;

class Call final : public Message {
 public:
  // `done` is called when the reply is there; it may delete the call.
  Call(std::function<void()> done, Connection& connection, Worker& home, const Command& command,
       Args arguments);
  ~Call() override;

  Session& session();
  Server& server();
  Worker& home() { return home_; }
  const Command& command() const { return command_; }
  Args args() const { return arguments_; }
  resp::ReplyWriter reply;

  // The reply is complete. The Call is gone soon after.
  void finish();
  // Replies the error and finishes. An ok status: replies OK.
  void finish(const Status& status);

  // Runs `work` on every worker, at the same time, and `then` here when all have. `work` may use what it
  // captured by reference only for its own worker's share.
  void on_workers(std::function<void(Worker&)> work, std::function<void()> then);
  // The same, for work that looks at what is in the shards: `then` runs when all that their logs had by then
  // is committed. If it never will be, the call ends with an error instead.
  void read_on_workers(std::function<void(Worker&)> work, std::function<void()> then);
  // The same for one worker.
  void read_on_worker(std::size_t worker, std::function<void(Worker&)> work, std::function<void()> then);

  // Changes whole databases on all shards at once, isolated and atomic (FLUSHALL, SWAPDB), and then finishes
  // with OK or the error that prevented it. `changes`: what each shard does.
  void change_databases(const std::vector<Change>& changes);
  // EXEC: runs the commands of the session's MULTI as one transaction, and finishes with its reply.
  void run_multi();
  // It is one of the commands of a MULTI; null when not.
  Transaction* within() const { return within_; }
  void set_transaction(Transaction& within) { within_ = &within; }

  void arrive(Worker& here) override;

  // For the connection.
  const std::string& reply_bytes() const { return reply_bytes_; }
  std::int64_t started_ns() const { return started_ns_; }
  const std::string& error() const { return error_; }

 private:
  void read_on(std::size_t first, std::size_t last, std::function<void(Worker&)> work,
               std::function<void()> then);

  void start(std::unique_ptr<Transaction> transaction);
  void transaction_done();

  const std::function<void()> done_;
  Connection& connection_;
  Worker& home_;
  const Command& command_;
  const Args arguments_;
  const std::int64_t started_ns_;
  std::string reply_bytes_;
  std::unique_ptr<Transaction> transaction_;
  Transaction* within_ = nullptr;
  bool finished_ = false;
  std::string error_;  // what finish(status) replied, if it was one
};

// The function of a data command that a MULTI must send to a shard itself: SCAN.
void run_on_shard(Call& call);

}  // namespace stave
