// SPDX-License-Identifier: Apache-2.0
#include "src/call.h"

#include <cassert>

#include "src/connection.h"
#include "src/router.h"
#include "src/server.h"
#include "src/worker.h"

namespace stave {
namespace {

// What the errands of one call have in common. Those that are away touch `work` and `reads` only.
struct Errands {
  std::function<void(Worker&)> work;
  bool reads = false;  // its result waits for the commits of what it may have seen
  std::size_t away = 0;
  std::string failure;  // why one of those commits will never be
  std::function<void(const std::string& failure)> then;
};

// Goes to a worker, does its work there, and comes home.
class Errand final : public Message {
 public:
  Errand(std::shared_ptr<Errands> errands, std::size_t home) : errands_(std::move(errands)), home_(home) {}

  void arrive(Worker& here) override {
    if (done_) return end();
    errands_->work(here);
    done_ = true;
    if (errands_->reads) wait_for_commits(here);
    if (committing_ == 0) here.send(home_, this);
  }

 private:
  void wait_for_commits(Worker& here) {
    for (ShardHost* host : here.hosts()) {
      const std::uint64_t gsn = host->shard.last_gsn();
      // A log that has failed commits no more: what there is of keys is told as it is.
      if (host->shard.committed(gsn) || host->shard.log().failed()) continue;
      ++committing_;
      host->when_committed(gsn, [this, &here](const std::string& failure) {
        if (!failure.empty()) failure_ = failure;
        if (--committing_ == 0) here.send(home_, this);
      });
    }
  }

  void end() {
    const std::unique_ptr<Errand> self(this);
    if (!failure_.empty()) errands_->failure = failure_;
    if (--errands_->away == 0) errands_->then(errands_->failure);
  }

  const std::shared_ptr<Errands> errands_;
  const std::size_t home_;
  bool done_ = false;
  std::size_t committing_ = 0;  // shards whose commits it waits for
  std::string failure_;
};

void send_errands(Worker& home, std::size_t first, std::size_t last, bool reads,
                  std::function<void(Worker&)> work, std::function<void(const std::string&)> then) {
  const auto shared = std::make_shared<Errands>();
  shared->work = std::move(work);
  shared->reads = reads;
  shared->away = last - first;
  shared->then = std::move(then);
  for (std::size_t worker = first; worker < last; ++worker)
    home.send(worker, new Errand(shared, home.number()));
}

}  // namespace

Call::Call(std::function<void()> done, Connection& connection, Worker& home, const Command& command,
           Args arguments)
    : reply(reply_bytes_, connection.session().client.protocol),
      done_(std::move(done)),
      connection_(connection),
      home_(home),
      command_(command),
      arguments_(arguments),
      started_ns_(home.command_clock_ns()) {}

Call::~Call() = default;

void Call::change_databases(const std::vector<Change>& changes) {
  if (within_ != nullptr) return finish(within_->change_databases(changes));
  start(std::make_unique<Transaction>([this] { transaction_done(); }, home_, command_, changes));
}

void Call::run_multi() {
  Session& session = connection_.session();
  std::vector<TransactionCommand> commands;
  commands.reserve(session.multi.queue.size());
  Request request = connection_.request_of(command_);
  for (const QueuedCommand& queued : session.multi.queue) {
    request.command = queued.command;
    commands.push_back({request, queued.arguments});
    // SELECT is done when its turn comes; which keys are meant must be known before.
    if (const auto db = selected_database(*queued.command, queued.arguments, home_.settings().databases)) {
      request.db = static_cast<std::uint8_t>(*db);
    }
  }
  start(std::make_unique<Transaction>([this] { transaction_done(); }, home_, command_, std::move(commands),
                                      connection_));
}

void Call::start(std::unique_ptr<Transaction> transaction) {
  transaction_ = std::move(transaction);
  transaction_->start();
}

void Call::transaction_done() {
  reply.raw(transaction_->reply_bytes());
  error_ = transaction_->failure();
  finish();
}

Session& Call::session() {
  return connection_.session();
}

Server& Call::server() {
  return home_.server();
}

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

void Call::arrive(Worker&) {
  done_();
}

void Call::on_workers(std::function<void(Worker&)> work, std::function<void()> then) {
  const auto done = [then = std::move(then)](const std::string&) { then(); };
  send_errands(home_, 0, server().worker_count(), false, std::move(work), done);
}

void Call::read_on_workers(std::function<void(Worker&)> work, std::function<void()> then) {
  read_on(0, server().worker_count(), std::move(work), std::move(then));
}

void Call::read_on_worker(std::size_t worker, std::function<void(Worker&)> work, std::function<void()> then) {
  read_on(worker, worker + 1, std::move(work), std::move(then));
}

void Call::read_on(std::size_t first, std::size_t last, std::function<void(Worker&)> work,
                   std::function<void()> then) {
  const auto done = [this, then = std::move(then)](const std::string& failure) {
    failure.empty() ? then() : finish(log_failed(failure));
  };
  send_errands(home_, first, last, true, std::move(work), done);
}

void run_on_shard(Call& call) {
  const auto shard = find_route(call.command(), call.args(), call.server().shard_count()).shard;
  const auto replied = std::make_shared<std::string>();
  const ClientInfo& client = call.session().client;
  const auto work = [&call, shard, replied, db = client.db, protocol = client.protocol](Worker& here) {
    resp::ReplyWriter writer(*replied, protocol);
    Shard& asked = here.host(shard).shard;
    asked.set_now(here.now_ms());
    Context context(asked, writer, db, here.now_ms());
    context.limits = here.command_limits();
    const Status status = call.command().data(context, call.args());
    if (status.ok()) return;
    replied->clear();
    writer.error(status.message());
  };
  call.read_on_worker(call.server().worker_of(shard), work, [&call, replied] {
    call.reply.raw(*replied);
    call.finish();
  });
}

}  // namespace stave
