// SPDX-License-Identifier: Apache-2.0
#include "src/transaction.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "src/ascii.h"
#include "src/executor.h"
#include "src/server.h"
#include "src/worker.h"

namespace stave {

Transaction::Transaction(Done done, Worker& home, const Request& request, Args arguments,
                         const std::vector<int>& keys, const ClientInfo& client)
    : done_(std::move(done)),
      home_(&home),
      here_(&home),
      request_(request),
      arguments_(arguments),
      exclusive_(false),
      client_(&client) {
  with_values_ = !request.command->has(kNoValues);
  for (const int position : keys) {
    const std::string_view name = arguments[static_cast<std::size_t>(position)];
    const auto shard = static_cast<std::uint16_t>(home.server().shard_of(name));
    auto part = std::find_if(parts_.begin(), parts_.end(), [&](const Part& p) { return p.shard == shard; });
    if (part == parts_.end()) {
      parts_.emplace_back();
      part = std::prev(parts_.end());
      part->shard = shard;
    }
    part->names.push_back(name);
  }
  std::sort(parts_.begin(), parts_.end(), [](const Part& a, const Part& b) { return a.shard < b.shard; });
  for (Part& part : parts_) {
    std::sort(part.names.begin(), part.names.end());
    part.names.erase(std::unique(part.names.begin(), part.names.end()), part.names.end());
  }
}

Transaction::Transaction(Done done, Worker& home, const Command& command,
                         const std::vector<Change>& for_each_shard)
    : done_(std::move(done)),
      home_(&home),
      here_(&home),
      request_{.command = &command},
      arguments_(),
      exclusive_(true) {
  for (std::uint32_t shard = 0; shard < home.server().shard_count(); ++shard) {
    parts_.emplace_back();
    parts_.back().shard = static_cast<std::uint16_t>(shard);
    parts_.back().changes = for_each_shard;
    participants_.push_back(static_cast<std::uint16_t>(shard));
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
  if (step_ == Step::kDone) return done_();
  go_on();
}

void Transaction::begin(Step step, bool ascending) {
  step_ = step;
  ascending_ = ascending;
  at_ = ascending ? 0 : parts_.size() - 1;
  locked_ = 0;
}

// Runs on as far as this worker goes; then travels on or waits.
void Transaction::go_on() {
  while (true) {
    if (step_ == Step::kRun) {
      run();
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
      if (!failure_.empty()) return begin(Step::kUnlock, true);
      if (exclusive_) return begin(Step::kReserve, false);
      step_ = Step::kRun;
      return;
    case Step::kReserve:
      if (!failure_.empty()) return begin(Step::kUnlock, true);
      if (participants_.size() > 1) id_ = home_->server().ledger().open();
      return begin(Step::kApply, true);
    case Step::kApply:
      return begin(Step::kCommit, false);
    case Step::kCommit:
      // When a log has failed, only the next start can tell whether the transaction is complete.
      if (id_ != 0 && failure_.empty()) home_->server().ledger().close(id_);
      return begin(Step::kUnlock, true);
    default:
      step_ = Step::kHome;
      resp::ReplyWriter writer(reply_bytes_, request_.protocol);
      if (!failure_.empty()) {
        reply_bytes_.clear();
        writer.error(failure_);
      } else if (exclusive_) {
        writer.ok();
      }
      // The call that brought whole databases' changes counts itself.
      if (is_refusal(failure_)) {
        here_->count_rejected(request_.command, failure_);
      } else if (!exclusive_) {
        here_->count_command(*request_.command, arguments_, *client_, started_ns_, failure_);
      }
  }
}

bool Transaction::lock(ShardHost& host, Part& part) {
  LockTable& locks = host.shard.locks();
  if (locked_ == 1 && exclusive_) locks.take_gate(true);
  if (locked_ > 1) locks.take({request_.db, part.names[locked_ - 2]});
  while (locked_ < part.names.size() + 1) {
    const bool granted = locked_ == 0 ? locks.lock_gate(exclusive_, *this)
                                      : locks.lock({request_.db, part.names[locked_ - 1]}, *this);
    if (!granted) return false;  // granted() counts it
    ++locked_;
  }
  return exclusive_ || load(host, part);
}

// Brings the part's keys into the view; with_values_: their values, too, which are staged first. A value may
// be demoted again while another is read, so this goes round until all have been seen.
bool Transaction::load(ShardHost& host, Part& part) {
  std::vector<Key> cold;
  for (const int db : dbs()) {
    for (const std::string_view name : part.names) {
      const Key key{db, name};
      if (view_.complete(key)) continue;
      const Found found = host.shard.find(key, request_.touch);
      view_.load(key, found);
      if (found.exists && !found.resident) cold.push_back(key);
      const std::uint64_t gsn = host.shard.gsn_to_wait_for(key);
      if (!host.shard.committed(gsn)) part.gsn = std::max(part.gsn, gsn);
    }
  }
  if (!with_values_ || cold.empty() || !failure_.empty()) return true;
  staging_ = cold.size() + 1;
  for (const Key& key : cold) host.shard.stage(key, this);
  staged(Status());
  return false;
}

// The databases that the command may reach: the selected one, and the one that COPY's DB option names.
std::vector<int> Transaction::dbs() const {
  std::vector<int> result{request_.db};
  if (request_.command->name != "copy") return result;
  for (std::size_t i = 3; i + 1 < arguments_.size(); ++i) {
    if (!ascii::equal(arguments_[i], "db")) continue;
    const std::string number(arguments_[i + 1]);
    char* end = nullptr;
    const long db = std::strtol(number.c_str(), &end, 10);
    if (*end == '\0' && db >= 0 && db < limits::kDatabases && db != request_.db)
      result.push_back(static_cast<int>(db));
  }
  return result;
}

void Transaction::run() {
  resp::ReplyWriter writer(reply_bytes_, request_.protocol);
  view_.set_collection_limits(here_->command_limits().collections);
  Context context(view_, writer, request_.db, here_->now_ms());
  context.limits = here_->command_limits();
  context.touch = request_.touch;
  Status status = request_.command->data(context, arguments_);
  if (is_cold(status) && !with_values_) {
    with_values_ = true;
    reply_bytes_.clear();
    view_.drop_changes();
    return begin(Step::kLoad, true);
  }
  if (!status.ok()) {
    // An error tells what is there, too (ERR no such key), so it waits for the commits of what the command
    // saw.
    failure_ = status.message();
    return begin(Step::kCommit, false);
  }
  ShardHost& host = here_->host(parts_.back().shard);
  host.keyspace.hits += context.counters.hits;
  host.keyspace.misses += context.counters.misses;
  for (Part& part : parts_) {
    part.changes = view_.changes_of(part.names);
    if (!part.changes.empty()) participants_.push_back(part.shard);
  }
  begin(participants_.empty() ? Step::kCommit : Step::kReserve, false);
}

bool Transaction::reserve(ShardHost& host, Part& part) {
  if (part.changes.empty() || !failure_.empty()) return true;
  const bool adds = request_.command->has(kDenyOom);
  if (adds) failure_ = refusal(host.shard);
  if (!failure_.empty()) return true;
  if (Status status = Shard::check(part.changes); !status.ok()) failure_ = status.message();
  if (!failure_.empty()) return true;
  const AddsData adds_data(host.shard.log(), adds);
  const std::uint64_t bytes = Shard::batch_bytes(part.changes, participants_.size());
  const Status status = host.shard.hold(bytes);
  if (status.ok()) part.held_bytes = bytes;
  if (!status.ok()) failure_ = status.message();
  return true;
}

void Transaction::give_space_back(ShardHost& host, Part& part) {
  host.shard.unhold(std::exchange(part.held_bytes, 0));
}

bool Transaction::apply(ShardHost& host, Part& part) {
  if (part.changes.empty()) return true;
  give_space_back(host, part);
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
  for (const std::string_view name : part.names) host.shard.locks().unlock({request_.db, name});
  host.shard.locks().unlock_gate(exclusive_);
  return true;
}

}  // namespace stave
