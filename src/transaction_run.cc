// SPDX-License-Identifier: Apache-2.0
// The commands of a transaction, run one after the other over its view. A command that finds a value cold has
// changed nothing: it runs again when the value is there, and those before it do not.
#include <cassert>
#include <utility>

#include "src/blocking.h"
#include "src/call.h"
#include "src/connection.h"
#include "src/executor.h"
#include "src/transaction.h"
#include "src/worker.h"

namespace stave {
namespace {

constexpr Error kSwapInTransaction{"ERR SWAPDB is not possible inside a transaction"};

}  // namespace

bool Transaction::run() {
  if (is_exec() && here_ != home_) {
    here_->send(home_->number(), this);
    return false;
  }
  if (now_ms_ == 0) {
    now_ms_ = here_->now_ms();
    if (is_exec()) resp::ReplyWriter(reply_bytes_, protocol_).array(commands_.size());
  }
  while (next_ < commands_.size() && failure_.empty()) {
    const Ran ran = run_next();
    if (ran == Ran::kAway) return false;
    if (ran == Ran::kNeedsValues) {
      load_more();
      return true;
    }
    ++next_;
  }
  end_run();
  return true;
}

Transaction::Ran Transaction::run_next() {
  const TransactionCommand& command = commands_[next_];
  const Command& called = *command.request.command;
  if (called.call != nullptr || called.has(kByCursor)) return run_call(command);
  if (called.data != nullptr) return run_data(command);
  connection_->run_session_command(called, command.arguments, reply_bytes_);
  return Ran::kYes;
}

Transaction::Ran Transaction::run_data(const TransactionCommand& command) {
  const Request& request = command.request;
  const std::size_t begin = reply_bytes_.size();
  const std::int64_t started_ns = here_->command_clock_ns();
  view_.set_collection_limits(here_->command_limits().collections);
  resp::ReplyWriter writer(reply_bytes_, is_exec() ? client_->protocol : protocol_);
  Context context(view_, writer, request.db, now_ms_);
  context.limits = here_->command_limits();
  context.touch = request.touch;
  context.events = &events_;
  const std::size_t events_before = events_.size();
  const bool called_off = blocking_ != nullptr && blocking_->client_has_gone();
  const Status status = called_off ? Status() : request.command->data(context, command.arguments);
  if (called_off || (blocking_ != nullptr && context.blocks)) {
    found_nothing_ = true;
    events_.drop_changes(0, false);
    return Ran::kYes;
  }
  if (!status.ok()) {
    reply_bytes_.resize(begin);
    events_.drop_changes(events_before, !is_cold(status));
  }
  if (is_cold(status)) return Ran::kNeedsValues;
  counters_.hits += context.counters.hits;
  counters_.misses += context.counters.misses;
  counters_.expired_fields += context.counters.expired_fields;
  if (!is_exec()) {
    // An error tells what is there, too (ERR no such key), so it waits for the commits of what was seen.
    if (!status.ok()) failure_ = status.message();
    return Ran::kYes;
  }
  const std::string_view error = status.ok() ? std::string_view() : status.message();
  if (!status.ok()) writer.error(error);
  here_->count_command(*request.command, command.arguments, *client_, started_ns, error);
  return Ran::kYes;
}

// A command that asks workers: the transaction goes on when it has its answer.
Transaction::Ran Transaction::run_call(const TransactionCommand& command) {
  const Command& called = *command.request.command;
  const auto done = [this, &called] {
    const auto ended = std::move(call_);  // it owns this function
    reply_bytes_.append(ended->reply_bytes());
    here_->count_command(called, ended->args(), *client_, ended->started_ns(), ended->error());
    ++next_;
    go_on();
  };
  call_ = std::make_unique<Call>(done, *connection_, *home_, called, command.arguments);
  call_->set_transaction(*this);
  called.call != nullptr ? called.call(*call_) : run_on_shard(*call_);
  return Ran::kAway;
}

// Values that are cold, or all that there is to know of keys that only turned up now.
void Transaction::load_more() {
  for (const Key& key : view_.take_wanted()) part_of(key.name).keys.push_back(key);
  with_values_ = true;
  begin(Step::kLoad, true);
}

void Transaction::end_run() {
  if (found_nothing_) return begin(Step::kUnlock, true);
  // The flushes come first: what was before them in the view is gone.
  for (Part& part : parts_) {
    part.changes = database_changes_;
    if (!failure_.empty()) continue;
    for (Change& change : view_.changes_of(part.names)) part.changes.push_back(change);
    if (!part.changes.empty()) participants_.push_back(part.shard);
  }
  if (participants_.empty()) publish_events();
  begin(participants_.empty() ? Step::kCommit : Step::kReserve, false);
}

Status Transaction::change_databases(const std::vector<Change>& changes) {
  for (const Change& change : changes) {
    if (change.kind == Change::Kind::kSwapDbs) return kSwapInTransaction;
  }
  assert(exclusive_);
  for (const Change& change : changes) view_.flush(change.key.db);
  database_changes_.insert(database_changes_.end(), changes.begin(), changes.end());
  return {};
}

}  // namespace stave
