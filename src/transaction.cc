// SPDX-License-Identifier: Apache-2.0
#include "src/transaction.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "src/ascii.h"
#include "src/blocking.h"
#include "src/call.h"
#include "src/connection.h"
#include "src/executor.h"
#include "src/numbers.h"
#include "src/publish.h"
#include "src/server.h"
#include "src/worker.h"

namespace stave {
namespace {

// A database that the command may reach besides the selected one: that of MOVE, and of COPY's DB option; -1
// when there is none.
int other_database(const Command& command, Args arguments) {
  const auto number = [](std::string_view text) {
    const auto db = parse_integer(text);
    return db && *db >= 0 && *db < limits::kDatabases ? static_cast<int>(*db) : -1;
  };
  if (command.name == "move") return number(arguments[2]);
  if (command.name != "copy") return -1;
  int db = -1;
  for (std::size_t i = 3; i + 1 < arguments.size(); ++i) {
    if (ascii::equal(arguments[i], "db")) db = number(arguments[i + 1]);
  }
  return db;
}

}  // namespace

Transaction::Transaction(Done done, Worker& home, const Request& request, Args arguments,
                         const ClientInfo& client)
    : done_(std::move(done)),
      home_(&home),
      here_(&home),
      command_(*request.command),
      connection_(nullptr),
      watcher_(0),
      commands_{{request, arguments}},
      protocol_(request.protocol),
      adds_(request.command->has(kDenyOom)),
      touches_(request.touch),
      with_values_(!request.command->has(kNoValues)),
      client_(&client) {
  use_keys(commands_.front());
  if (reaches_other_keys(*request.command, arguments)) hold_all_shards();
  sort_parts();
}

Transaction::Transaction(Done done, Worker& home, const Command& exec,
                         std::vector<TransactionCommand> commands, Connection& connection)
    : done_(std::move(done)),
      home_(&home),
      here_(&home),
      command_(exec),
      connection_(&connection),
      watched_(connection.session().multi.watched),
      watcher_(watched_.empty() ? 0 : connection.id()),
      commands_(std::move(commands)),
      protocol_(connection.session().client.protocol),
      touches_(!connection.session().client.no_touch),
      client_(&connection.session().client) {
  for (const TransactionCommand& command : commands_) {
    const Command& called = *command.request.command;
    if (called.has(kFlushes) || reaches_other_keys(called, command.arguments)) hold_all_shards();
    adds_ |= called.has(kDenyOom);
    with_values_ |= called.data != nullptr && !called.has(kNoValues);
    if (called.data != nullptr) use_keys(command);
  }
  for (const auto& [db, name] : watched_) part_of(name).names.push_back(name);
  sort_parts();
}

Transaction::Transaction(Done done, Worker& home, const Command& command,
                         const std::vector<Change>& for_each_shard)
    : done_(std::move(done)),
      home_(&home),
      here_(&home),
      command_(command),
      connection_(nullptr),
      watcher_(0),
      exclusive_(true),
      database_changes_(for_each_shard) {
  use_all_shards();
}

Transaction::~Transaction() = default;

Transaction::Part& Transaction::part_of_shard(std::uint32_t shard) {
  const auto number = static_cast<std::uint16_t>(shard);
  const auto at = std::lower_bound(parts_.begin(), parts_.end(), number,
                                   [](const Part& part, std::uint16_t value) { return part.shard < value; });
  if (at != parts_.end() && at->shard == number) return *at;
  Part part;
  part.shard = number;
  return *parts_.insert(at, std::move(part));
}

Transaction::Part& Transaction::part_of(std::string_view name) {
  return part_of_shard(home_->server().shard_of(name));
}

void Transaction::use(int db, std::string_view name) {
  Part& part = part_of(name);
  part.names.push_back(name);
  part.keys.emplace_back(db, name);
}

// The keys that the command names, in the selected database, and in the one that COPY or MOVE names.
void Transaction::use_keys(const TransactionCommand& command) {
  const Request& request = command.request;
  std::vector<int> positions;
  find_keys(*request.command, command.arguments, positions);
  const int other_db = other_database(*request.command, command.arguments);
  for (const int position : positions) {
    const std::string_view name = command.arguments[static_cast<std::size_t>(position)];
    use(request.db, name);
    if (other_db >= 0 && other_db != request.db) use(other_db, name);
  }
}

void Transaction::hold_all_shards() {
  exclusive_ = true;
  use_all_shards();
  view_.load_on_demand(true);
}

void Transaction::use_all_shards() {
  for (std::uint32_t shard = 0; shard < home_->server().shard_count(); ++shard) part_of_shard(shard);
}

// Names and keys: ascending, each once.
void Transaction::sort_parts() {
  const auto before = [](const Key& a, const Key& b) { return a.db != b.db ? a.db < b.db : a.name < b.name; };
  const auto same = [](const Key& a, const Key& b) { return a.db == b.db && a.name == b.name; };
  for (Part& part : parts_) {
    std::sort(part.names.begin(), part.names.end());
    part.names.erase(std::unique(part.names.begin(), part.names.end()), part.names.end());
    std::sort(part.keys.begin(), part.keys.end(), before);
    part.keys.erase(std::unique(part.keys.begin(), part.keys.end(), same), part.keys.end());
  }
}

void Transaction::start() {
  started_ns_ = home_->command_clock_ns();
  begin(Step::kLock, true);
  go_on();
}

void Transaction::granted() {
  ++locked_;
  here_->ready(this);
}

void Transaction::staged(const Status& status) {
  if (!status.ok() && failure_.empty()) failure_ = status.message();
  if (--staging_ == 0) here_->ready(this);
}

void Transaction::arrive(Worker& here) {
  here_ = &here;
  if (step_ == Step::kDone) return end();
  go_on();
}

void Transaction::begin(Step step, bool ascending) {
  step_ = step;
  ascending_ = ascending;
  at_ = ascending || parts_.empty() ? 0 : parts_.size() - 1;
  locked_ = 0;
  // A MULTI of commands without keys.
  if (parts_.empty()) step_ = step == Step::kLock ? Step::kRun : Step::kHome;
}

// Runs on as far as this worker goes; then travels on or waits.
void Transaction::go_on() {
  while (true) {
    if (step_ == Step::kRun) {
      if (!run()) return;
      continue;
    }
    if (step_ == Step::kHome) {
      step_ = Step::kDone;
      here_->send(home_->number(), this);
      return;
    }
    Part& part = parts_[at_];
    const std::size_t owner = home_->server().worker_of(part.shard);
    if (owner != here_->number()) {
      here_->send(owner, this);
      return;
    }
    ShardHost& host = here_->host(part.shard);
    host.shard.set_now(here_->now_ms());
    bool done = true;
    switch (step_) {
      case Step::kLock:
        done = lock(host, part);
        break;
      case Step::kLoad:
        done = load(host, part);
        break;
      case Step::kReserve:
        done = reserve(host, part);
        break;
      case Step::kApply:
        done = apply(host, part);
        break;
      case Step::kCommit:
        done = commit(host, part);
        break;
      case Step::kUnlock:
        done = unlock(host, part);
        break;
      default:
        assert(false);
    }
    if (!done) return;
    next_part();
  }
}

void Transaction::next_part() {
  locked_ = 0;
  const bool last = ascending_ ? at_ + 1 == parts_.size() : at_ == 0;
  if (!last) {
    ascending_ ? ++at_ : --at_;
    return;
  }
  switch (step_) {
    case Step::kLock:
    case Step::kLoad:
      if (!failure_.empty() || touched_) return begin(Step::kUnlock, true);
      step_ = Step::kRun;
      return;
    case Step::kReserve:
      if (!failure_.empty()) return begin(Step::kUnlock, true);
      if (participants_.size() > 1) id_ = home_->server().ledger().open();
      return begin(Step::kApply, true);
    case Step::kApply:
      publish_events();
      return begin(Step::kCommit, false);
    case Step::kCommit:
      // When a log has failed, only the next start can tell whether the transaction is complete.
      if (id_ != 0 && failure_.empty()) home_->server().ledger().close(id_);
      return begin(Step::kUnlock, true);
    default:
      step_ = Step::kHome;
  }
}

// At home, with everything done. What came by a call is counted by that.
void Transaction::end() {
  if (found_nothing_) return done_();
  resp::ReplyWriter writer(reply_bytes_, protocol_);
  if (!failure_.empty()) {
    reply_bytes_.clear();
    writer.error(failure_);
  } else if (touched_) {
    writer.null_array();
  } else if (commands_.empty() && !is_exec()) {
    writer.ok();
  }
  const bool counts = !is_exec() && !commands_.empty();
  if (counts && is_refusal(failure_)) {
    here_->count_rejected(&command_, failure_);
  } else if (counts) {
    here_->count_command(command_, commands_.front().arguments, *client_, started_ns_, failure_);
  }
  done_();
}

// Nothing has changed yet, and nothing will.
void Transaction::abandon(std::string_view error) {
  if (error.empty() || !failure_.empty()) return;
  failure_ = is_exec() ? "EXECABORT Transaction discarded because of: " + std::string(error) : error;
}

bool Transaction::lock(ShardHost& host, Part& part) {
  LockTable& locks = host.shard.locks();
  if (locked_ == 1 && exclusive_) locks.take_gate(true);
  if (locked_ > 1) locks.take({0, part.names[locked_ - 2]});
  while (locked_ < locks_of(part)) {
    const bool granted =
        locked_ == 0 ? locks.lock_gate(exclusive_, *this) : locks.lock({0, part.names[locked_ - 1]}, *this);
    if (!granted) return false;  // granted() counts it
    ++locked_;
  }
  if (watcher_ != 0 && host.watched_changed(watcher_)) touched_ = true;
  if (touched_) return true;
  if (is_exec() && adds_) abandon(refusal(host.shard));
  return load(host, part);
}

// Brings the part's keys into the view; with_values_: their values, too, which are staged first. A value may
// be demoted again while another is read, so this goes round until all have been seen.
bool Transaction::load(ShardHost& host, Part& part) {
  std::vector<Key> cold;
  for (const Key& key : part.keys) {
    if (view_.complete(key)) continue;
    const Found found = host.shard.find(key, touches_);
    view_.load(key, found, found.collection != nullptr ? host.shard.borrow(key) : nullptr);
    if (found.exists && !found.resident) cold.push_back(key);
    const std::uint64_t gsn = host.shard.gsn_to_wait_for(key);
    if (!host.shard.committed(gsn)) part.gsn = std::max(part.gsn, gsn);
  }
  if (!with_values_ || cold.empty() || !failure_.empty()) return true;
  staging_ = cold.size() + 1;
  for (const Key& key : cold) host.shard.stage(key, this);
  staged(Status());
  return false;
}

// While the keys are locked: what happens to them later is told later.
void Transaction::publish_events() {
  if (!events_.empty()) publish(*here_, events_.take(), client_->id);
}

bool Transaction::reserve(ShardHost& host, Part& part) {
  if (part.changes.empty() || !failure_.empty()) return true;
  if (adds_ && !is_exec()) abandon(refusal(host.shard));
  if (Status status = Shard::check(part.changes); !status.ok()) abandon(status.message());
  if (!failure_.empty()) return true;
  const AddsData adds_data(host.shard.log(), adds_);
  const std::uint64_t bytes = Shard::batch_bytes(part.changes, participants_.size());
  const Status status = host.shard.hold(bytes);
  if (status.ok()) part.held_bytes = bytes;
  if (!status.ok()) abandon(status.message());
  return true;
}

void Transaction::give_space_back(ShardHost& host, Part& part) {
  host.shard.unhold(std::exchange(part.held_bytes, 0));
}

bool Transaction::apply(ShardHost& host, Part& part) {
  if (part.changes.empty()) return true;
  give_space_back(host, part);
  view_.give_back(part.names, host.shard, TransactionView::GiveBack::kEdited);
  host.shard.apply(part.changes, id_, participants_);
  part.gsn = host.shard.last_gsn();
  return true;
}

// SWAPDB must be on every shard's disk before anybody writes again, in any mode: what is logged behind it
// stands in the databases as it left them, and would appear in the wrong one if a power loss undid it.
bool Transaction::must_sync(ShardHost& host, const Part& part) {
  Log& log = host.shard.log();
  const bool swaps = !part.changes.empty() && part.changes.front().kind == Change::Kind::kSwapDbs;
  return swaps && !log.failed() && !log.make_durable(part.gsn);
}

bool Transaction::commit(ShardHost& host, Part& part) {
  if (failure_.empty() && must_sync(host, part)) {
    here_->ready(this);
    return false;
  }
  if (host.shard.committed(part.gsn) || waiting_commit_) {
    waiting_commit_ = false;
    return true;
  }
  waiting_commit_ = true;
  host.when_committed(part.gsn, [this](const std::string& failure) {
    if (!failure.empty()) failure_ = log_failed(failure).message();
    here_->ready(this);
  });
  return false;
}

bool Transaction::unlock(ShardHost& host, Part& part) {
  give_space_back(host, part);
  view_.give_back(part.names, host.shard, TransactionView::GiveBack::kAsItWas);
  if (watcher_ != 0) host.unwatch(watcher_);
  if (&part == &parts_.back()) host.count(counters_);
  if (blocking_ != nullptr) blocking_->settle(*here_, part.shard, found_nothing_);
  for (std::size_t i = 1; i < locks_of(part); ++i) host.shard.locks().unlock({0, part.names[i - 1]});
  host.shard.locks().unlock_gate(exclusive_);
  host.serve_blocked(*here_);
  return true;
}

}  // namespace stave
