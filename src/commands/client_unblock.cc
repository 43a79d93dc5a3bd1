// SPDX-License-Identifier: Apache-2.0
// CLIENT UNBLOCK: ends a blocking command of another connection, on whichever worker that is. The reply comes
// when it is known whether that has ended it: an element may have come first.
#include "src/ascii.h"
#include "src/call.h"
#include "src/commands/arguments.h"
#include "src/commands/client.h"
#include "src/connection.h"
#include "src/server.h"
#include "src/task.h"
#include "src/worker.h"

namespace stave {
namespace {

// What all workers together have found. It ends the call when all have answered.
class Search {
 public:
  Search(Call& call, std::uint64_t client, CallOff why) : call_(call), client_(client), why_(why) {}

  void start() {
    left_ = call_.server().worker_count();
    for (std::size_t worker = 0; worker < call_.server().worker_count(); ++worker)
      call_.home().send(worker, new Task([this](Worker& here) { look(here); }));
  }

 private:
  void look(Worker& here) {
    const auto answer = [this, &here](bool unblocked) {
      here.send(call_.home().number(), new Task([this, unblocked](Worker&) { answered(unblocked); }));
    };
    Connection* const connection = here.find_connection(client_);
    connection != nullptr ? connection->unblock(why_, call_.within() != nullptr, answer) : answer(false);
  }

  void answered(bool unblocked) {
    unblocked_ |= unblocked;
    if (--left_ > 0) return;
    call_.reply.integer(unblocked_ ? 1 : 0);
    call_.finish();
    delete this;
  }

  Call& call_;
  const std::uint64_t client_;
  const CallOff why_;
  // Home thread only.
  std::size_t left_ = 0;
  bool unblocked_ = false;
};

}  // namespace

// CLIENT UNBLOCK id [TIMEOUT|ERROR]
void client_unblock(Call& call) {
  const Args args = call.args();
  if (args.size() > 4) return call.finish(wrong_client_arguments(args[1]));
  const bool as_error = args.size() == 4 && ascii::equal(args[3], "error");
  if (args.size() == 4 && !as_error && !ascii::equal(args[3], "timeout"))
    return call.finish(Error{"ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"});
  auto id = integer_argument(args[2]);
  if (!id.ok()) return call.finish(id.take_status());
  (new Search(call, static_cast<std::uint64_t>(*id), as_error ? CallOff::kError : CallOff::kTimeout))
      ->start();
}

}  // namespace stave
