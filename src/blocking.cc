// SPDX-License-Identifier: Apache-2.0
#include "src/blocking.h"

#include <algorithm>
#include <cassert>

#include "src/commands/blocking.h"
#include "src/connection.h"
#include "src/server.h"
#include "src/task.h"
#include "src/transaction.h"
#include "src/worker.h"

namespace stave {

void BlockingPlace::try_again(Worker& here) {
  if (batch != nullptr) return batch->arrive(here);
  here.send(blocking_.home(), new Task([id = blocking_.id()](Worker& home) {
              if (Blocking* const blocking = home.blocked_clients().find(id)) blocking->told();
            }));
}

void BlockingPlace::wait(Worker& here) {
  const bool first_time = !waits();
  here.host(shard).block(*this);
  if (!first_time) return;
  here.send(blocking_.home(), new Task([id = blocking_.id()](Worker& home) {
              if (Blocking* const blocking = home.blocked_clients().find(id)) blocking->blocked();
            }));
}

void BlockingPlace::call_off(Worker& here, CallOff why) {
  called_off_ = why;
  if (batch == nullptr) {
    here.host(shard).unblock(*this);
    here.host(shard).serve_blocked(here);
  } else if (waits() && !is_tried()) {
    batch->arrive(here);
  }
}

Blocking::Blocking(Connection& connection, Worker& home, const Request& request, Args arguments,
                   bool several_shards)
    : connection_(connection),
      home_(home),
      id_(home.blocked_clients().add(*this)),
      request_(request),
      arguments_(arguments),
      several_shards_(several_shards) {
  find_keys(*request_.command, arguments_, key_positions_);
  find_places();
  // An error is the command's reply, and then it does not wait.
  const auto timeout_ms = blocking_timeout(*request_.command, arguments_, home_.now_ms());
  if (timeout_ms.ok() && *timeout_ms > 0) deadline_ms_ = home_.now_ms() + *timeout_ms;
}

Blocking::~Blocking() {
  home_.blocked_clients().remove(id_, deadline_ms_);
  if (!unblocker_) return;
  unblocker_(several_shards_ ? gave_up_ : places_.front()->gave_up);
}

std::size_t Blocking::home() const {
  return home_.number();
}

void Blocking::find_places() {
  const Command& command = *request_.command;
  const Type type = command.group == "list" ? Type::kList : Type::kZset;
  // What moves an element waits for its source only.
  const bool moves = command.keys.last > 0;
  for (const int position : key_positions_) {
    const std::string_view name = arguments_[static_cast<std::size_t>(position)];
    const std::uint32_t shard = home_.server().shard_of(name);
    BlockingPlace* place = place_in(shard);
    if (place == nullptr) {
      places_.push_back(std::make_unique<BlockingPlace>(*this, shard, request_.db, type, several_shards_));
      place = places_.back().get();
    }
    std::vector<std::string_view>& names = place->names;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    if (moves) return;
  }
}

BlockingPlace* Blocking::place_in(std::uint32_t shard) {
  const auto found = std::find_if(places_.begin(), places_.end(),
                                  [shard](const auto& place) { return place->shard == shard; });
  return found == places_.end() ? nullptr : found->get();
}

void Blocking::run_as(Batch& batch) {
  // Arguments that make no sense have no keys; the command replies its error.
  if (places_.empty()) return;
  places_.front()->batch = &batch;
  batch.wait_at(*places_.front());
}

void Blocking::try_transaction() {
  trying_ = true;
  told_ = false;
  attempt_ = std::make_unique<Transaction>([this] { tried(); }, home_, request_, arguments_,
                                           connection_.session().client);
  attempt_->wait_as(*this);
  attempt_->start();
}

bool Blocking::client_has_gone() const {
  return connection_.closing();
}

void Blocking::settle(Worker& here, std::uint32_t shard, bool found_nothing) {
  BlockingPlace* const place = place_in(shard);
  if (place == nullptr) return;  // the destination's
  found_nothing ? here.host(shard).block(*place) : here.host(shard).unblock(*place);
}

void Blocking::tried() {
  if (!attempt_->found_nothing()) {
    reply_bytes_ = attempt_->reply_bytes();
    return connection_.special_came_back();
  }
  begin_waiting();
  if (told_ && !leaving_) try_transaction();
}

void Blocking::told() {
  told_ = true;
  if (!trying_ && !leaving_) try_transaction();
}

void Blocking::blocked() {
  begin_waiting();
}

void Blocking::begin_waiting() {
  trying_ = false;
  if (!std::exchange(waits_, true) && deadline_ms_ != 0)
    home_.blocked_clients().set_deadline(id_, deadline_ms_);
  if (called_off_ != CallOff::kNone) return leave_places();
  if (connection_.hung_up() || home_.draining()) connection_.end_blocking();
}

void Blocking::call_off(CallOff why) {
  if (called_off_ != CallOff::kNone) return;
  called_off_ = why;
  if (!trying_) leave_places();
}

void Blocking::unblock(CallOff why, bool at_once, Then then) {
  if (!waits_ || called_off_ != CallOff::kNone) return then(false);
  if (at_once) {
    call_off(why);
    return then(true);
  }
  unblocker_ = std::move(then);
  call_off(why);
}

void Blocking::leave_places() {
  leaving_ = true;
  places_left_ = places_.size();
  if (!several_shards_) connection_.await_one_more();
  for (const auto& each : places_) {
    const auto leave = [this, place = each.get(), why = called_off_](Worker& here) {
      place->call_off(here, why);
      here.send(home(), new Task([this](Worker&) { left(); }));
    };
    home_.send(home_.server().worker_of(each->shard), new Task(leave));
  }
}

// May delete this.
void Blocking::left() {
  if (--places_left_ > 0) return;
  if (!several_shards_) return connection_.batch_came_back();
  gave_up_ = true;
  reply_bytes_.clear();
  resp::ReplyWriter writer(reply_bytes_, request_.protocol);
  reply_called_off(called_off_, *request_.command, arguments_, connection_.session().client, home_, writer);
  connection_.special_came_back();
}

void reply_called_off(CallOff why, const Command& command, Args arguments, const ClientInfo& client,
                      Worker& here, resp::ReplyWriter& reply) {
  constexpr std::string_view kUnblocked = "UNBLOCKED client unblocked via CLIENT UNBLOCK";
  if (why == CallOff::kTimeout) {
    reply.null_array();
    here.count_command(command, arguments, client, here.command_clock_ns(), {});
  } else if (why == CallOff::kError) {
    reply.error(kUnblocked);
    here.count_command(command, arguments, client, here.command_clock_ns(), kUnblocked);
  }
}

std::uint64_t BlockedClients::add(Blocking& blocking) {
  by_id_.emplace(++last_id_, &blocking);
  return last_id_;
}

void BlockedClients::remove(std::uint64_t id, std::int64_t deadline_ms) {
  by_id_.erase(id);
  deadlines_.erase({deadline_ms, id});
}

Blocking* BlockedClients::find(std::uint64_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

void BlockedClients::expire(std::int64_t now_ms) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now_ms) {
    const std::uint64_t id = deadlines_.begin()->second;
    deadlines_.erase(deadlines_.begin());
    by_id_.at(id)->call_off(CallOff::kTimeout);
  }
}

// No turn ends at once, so none of them goes meanwhile.
void BlockedClients::close_all() {
  for (const auto& [id, blocking] : by_id_) blocking->connection().end_blocking();
}

}  // namespace stave
