// SPDX-License-Identifier: Apache-2.0
#include "src/call.h"

#include <cassert>

#include "src/connection.h"
#include "src/server.h"
#include "src/worker.h"

namespace stave {
namespace {

// Goes to a worker, does its work there, and comes home.
class Errand final : public Message {
 public:
  struct Shared {
    std::size_t away = 0;  // home thread only
    std::function<void(Worker&)> work;
    std::function<void()> then;
  };
  Errand(std::shared_ptr<Shared> shared, std::size_t home) : shared_(std::move(shared)), home_(home) {}

  void arrive(Worker& here) override {
    if (!done_) {
      shared_->work(here);
      done_ = true;
      here.send(home_, this);
      return;
    }
    const std::unique_ptr<Errand> self(this);
    if (--shared_->away == 0) shared_->then();
  }

 private:
  std::shared_ptr<Shared> shared_;
  const std::size_t home_;
  bool done_ = false;
};

void send_errands(Worker& home, std::size_t first, std::size_t last, std::function<void(Worker&)> work,
                  std::function<void()> then) {
  auto shared = std::make_shared<Errand::Shared>();
  shared->away = last - first;
  shared->work = std::move(work);
  shared->then = std::move(then);
  for (std::size_t worker = first; worker < last; ++worker) home.send(worker, new Errand(shared, home.number()));
}

}  // namespace

Call::Call(Connection& connection, Worker& home, const Command& command, Args arguments)
    : reply(reply_bytes_, connection.session().client.protocol),
      connection_(connection),
      home_(home),
      command_(command),
      arguments_(arguments),
      started_ns_(home.command_clock_ns()) {}

Call::~Call() = default;

void Call::change_databases(const std::vector<Change>& changes) {
  const auto done = [this] {
    reply.raw(transaction_->reply_bytes());
    finish();
  };
  transaction_ = std::make_unique<Transaction>(done, home_, command_, changes);
  transaction_->start();
}

Session& Call::session() { return connection_.session(); }

Server& Call::server() { return home_.server(); }

void Call::finish() {
  assert(!finished_);
  finished_ = true;
  home_.ready(this);
}

void Call::finish(const Status& status) {
  if (status.ok()) {
    reply.ok();
  } else {
    reply_bytes_.clear();
    reply.error(status.message());
    error_ = status.message();
  }
  finish();
}

void Call::arrive(Worker&) { connection_.special_came_back(); }

void Call::on_workers(std::function<void(Worker&)> work, std::function<void()> then) {
  send_errands(home_, 0, server().worker_count(), std::move(work), std::move(then));
}

void Call::on_worker(std::size_t worker, std::function<void(Worker&)> work, std::function<void()> then) {
  send_errands(home_, worker, worker + 1, std::move(work), std::move(then));
}

}  // namespace stave
