// SPDX-License-Identifier: Apache-2.0
// The turn: from requests to replies. The socket is in connection_io.cc.
#include "src/connection.h"

#include <cassert>

#include "src/ascii.h"
#include "src/limits.h"
#include "src/logger.h"
#include "src/publish.h"
#include "src/router.h"
#include "src/server.h"
#include "src/worker.h"

namespace stave {
namespace {

Status discarded_because(std::string_view error) {
  if (error.starts_with("ERR ")) error.remove_prefix(4);
  return Status::error("EXECABORT Transaction discarded because of: " + std::string(error));
}

}  // namespace

void Connection::arrive(Worker&) {
  scheduled_ = false;
  process_input();
}

void Connection::schedule() {
  if (scheduled_) return;
  scheduled_ = true;
  worker_.ready(this);
}

void Connection::process_input() {
  if (turn_active_ || closing_ || close_after_replies_) return destroy_when_possible();
  if (output_bytes() >= limits::kOutputBytesHigh) return;  // goes on when the client has read
  const bool has_turn = build_turn();
  if (closing_) return end_turn();
  if (!has_turn) {
    if (peer_closed_) return close_after_replies();
    return update_poll();
  }
  dispatch();
}

// Parses what is there, up to a turn's worth. False when there was no whole request.
bool Connection::build_turn() {
  const Settings& settings = worker_.settings();
  turn_bytes_ = 0;
  resp::Limits parser_limits;
  parser_limits.bulk_bytes_max = static_cast<std::size_t>(settings.proto_max_bulk_len);
  while (!input_.empty() && sequence_.size() < limits::kTurnCommands && !close_after_replies_ && !closing_) {
    parser_limits.authenticated = session_.client.authenticated;
    const resp::ParseStatus status = parser_.parse(input_.view(), parser_limits, arguments_);
    if (status == resp::ParseStatus::kError) {
      protocol_error(parser_.error());
      break;
    }
    if (status == resp::ParseStatus::kIncomplete) break;
    const std::size_t consumed = parser_.consumed();
    if (!arguments_.empty() && take(arguments_) == Taken::kLater) break;
    input_.consume(consumed);
    turn_bytes_ += consumed;
    if (call_ != nullptr || transaction_ != nullptr || blocking_ != nullptr) break;
  }
  return !sequence_.empty() || call_ != nullptr || transaction_ != nullptr || blocking_ != nullptr;
}

// One request: answered at once, put into a batch, or begun as the turn's only command.
Connection::Taken Connection::take(Args arguments) {
  const Command* command = find_command(arguments);
  if (command == nullptr && (ascii::equal(arguments[0], "post") || ascii::equal(arguments[0], "host:"))) {
    // A browser that was made to send a request here. Redis hangs up, too.
    log_warning("closed the client at " + session_.client.address +
                ", which sent POST or Host: commands, perhaps an attack across protocols");
    close();
    return Taken::kLater;
  }
  const bool queued = command != nullptr && session_.multi.open && !command->has(kNotQueued);
  const bool alone = command != nullptr && command->call != nullptr && !queued &&
                     (command->session == nullptr || subscribers_elsewhere(worker_));
  if (alone && !sequence_.empty()) return Taken::kLater;
  // What concerns messages takes effect between the replies before it and those behind it.
  const bool in_order = command != nullptr && !queued && command->session != nullptr &&
                        (command->has(kPubsub) || session_.client.pubsub);
  if (in_order && !answered_so_far()) return Taken::kLater;
  if (reject(command, arguments)) return Taken::kYes;
  const std::uint32_t flags = command->name == "exec" ? session_.multi.flags : command->flags;
  held_ = worker_.paused((flags & (kWrite | kMayReplicate)) != 0);
  if (held_) return Taken::kLater;
  session_.client.last_command = command;
  if (queued) {
    queue(*command, arguments);
    return Taken::kYes;
  }
  if (command->data != nullptr) return route(*command, arguments);
  session_.client.last_active_ms = worker_.now_ms();
  if (alone) {
    special_blind_ = take_blind();
    call_ = std::make_unique<Call>([this] { special_came_back(); }, *this, worker_, *command, arguments);
    return Taken::kYes;
  }
  const bool was_off = session_.reply_mode == ReplyMode::kOff;
  const bool blind_before = take_blind();
  const Status status = run_session_command(*command, arguments);
  // CLIENT REPLY and RESET answer when they leave replies on, whatever was before; but RESET can be skipped.
  bool blind = blind_before;
  if (command->name == "client|reply" && status.ok()) blind = session_.reply_mode != ReplyMode::kOn;
  if (command->name == "reset") blind = blind_before && !was_off;
  // The confirmations of SUBSCRIBE and its like are pushes.
  if (command->has(kPubsub) && command->call == nullptr) blind = false;
  if (session_.close_after_reply) close_after_replies_ = true;
  end_local_reply(blind);
  if (in_order) {
    collect_replies();
    put_messages();
    if (has_output()) want_output();
  }
  return Taken::kYes;
}

Status Connection::run_session_command(const Command& command, Args arguments) {
  const std::int64_t started_ns = worker_.command_clock_ns();
  const std::size_t begin = local_replies_.size();
  answering_ = true;
  Status status = command.session(session_, arguments);
  answering_ = false;
  if (!status.ok()) {
    local_replies_.resize(begin);
    writer_.error(status.message());
  }
  worker_.count_command(command, arguments, session_.client, started_ns,
                        status.ok() ? std::string_view() : status.message());
  return status;
}

void Connection::run_session_command(const Command& command, Args arguments, std::string& reply) {
  const std::size_t begin = local_replies_.size();
  static_cast<void>(run_session_command(command, arguments));
  reply.append(local_replies_, begin);
  local_replies_.resize(begin);
}

// Between MULTI and EXEC.
void Connection::queue(const Command& command, Args arguments) {
  session_.client.last_active_ms = worker_.now_ms();
  session_.multi.add(command, arguments);
  writer_.simple("QUEUED");
  end_local_reply(take_blind());
  const auto limit = static_cast<std::size_t>(worker_.settings().client_query_buffer_limit);
  if (limit != 0 && session_.multi.bytes > limit) close();
}

// Arity, authentication, unknown commands. True when the request has got its error.
bool Connection::reject(const Command* command, Args arguments) {
  Status status = check_request(command, arguments, session_);
  if (status.ok()) return false;
  if (session_.multi.open && command != nullptr && command->name == "exec") {
    session_.multi.close();
    session_.unwatch();
    status = discarded_because(status.message());
  }
  session_.multi.failed |= session_.multi.open;
  writer_.error(status.message());
  worker_.count_rejected(command, status.message());
  end_local_reply(take_blind());
  return true;
}

Connection::Taken Connection::route(const Command& command, Args arguments) {
  Server& server = worker_.server();
  const Route where = find_route(command, arguments, server.shard_count());
  if (command.has(kBlocking)) return block(command, arguments, where.several_shards, where.shard);
  if (!where.several_shards) {
    add_to_batch(command, arguments, where.shard);
    return Taken::kYes;
  }
  if (!sequence_.empty()) return Taken::kLater;
  special_blind_ = take_blind();
  transaction_ = std::make_unique<Transaction>([this] { special_came_back(); }, worker_, request_of(command),
                                               arguments, session_.client);
  return Taken::kYes;
}

// A turn of its own, so that replies to earlier commands do not wait with it.
Connection::Taken Connection::block(const Command& command, Args arguments, bool several_shards,
                                    std::uint32_t shard) {
  if (!sequence_.empty()) return Taken::kLater;
  blocking_ = std::make_unique<Blocking>(*this, worker_, request_of(command), arguments, several_shards);
  if (several_shards) {
    special_blind_ = take_blind();
    return Taken::kYes;
  }
  add_to_batch(command, arguments, shard);
  blocking_->run_as(*batches_[worker_.server().worker_of(shard)]);
  return Taken::kYes;
}

Request Connection::request_of(const Command& command) const {
  Request request;
  request.command = &command;
  request.db = static_cast<std::uint8_t>(session_.client.db);
  request.protocol = static_cast<std::uint8_t>(session_.client.protocol);
  request.touch = !session_.client.no_touch;
  return request;
}

void Connection::add_to_batch(const Command& command, Args arguments, std::uint32_t shard) {
  const std::size_t to = worker_.server().worker_of(shard);
  if (batches_.empty()) {
    batches_.resize(worker_.server().worker_count());
    batch_positions_.resize(batches_.size());
  }
  if (batches_[to] == nullptr) batches_[to] = std::make_unique<Batch>(*this, worker_.number(), to);
  Request request = request_of(command);
  request.shard = shard;
  request.may_block = blocking_ != nullptr;
  batches_[to]->add(request, arguments, input_);
  sequence_.push_back({static_cast<std::uint16_t>(to), take_blind()});
}

void Connection::end_local_reply(bool blind) {
  local_ends_.push_back(local_replies_.size());
  sequence_.push_back({kLocal, blind});
}

// Whether the reply to the present command is unwanted (CLIENT REPLY OFF or SKIP).
bool Connection::take_blind() {
  if (session_.reply_mode == ReplyMode::kOn) return false;
  if (session_.reply_mode == ReplyMode::kSkipNext) session_.reply_mode = ReplyMode::kOn;
  return true;
}

void Connection::protocol_error(std::string_view text) {
  writer_.error(text);
  end_local_reply(false);
  close_after_replies_ = true;
}

void Connection::dispatch() {
  turn_active_ = true;
  if (call_ != nullptr) return call_->command().call(*call_);
  if (transaction_ != nullptr) return transaction_->start();
  if (blocking_ != nullptr && blocking_->several_shards()) return blocking_->start();
  for (auto& batch : batches_) {
    if (batch == nullptr || batch->empty()) continue;
    ++away_;
    if (batch->worker() != worker_.number()) worker_.send(batch->worker(), batch.get());
  }
  // The own batch last, so that the others are under way meanwhile. It may come back before this returns.
  if (away_ == 0) return collect();
  if (!batches_.empty()) {
    Batch* own = batches_[worker_.number()].get();
    if (own != nullptr && !own->empty()) own->arrive(worker_);
  }
}

void Connection::batch_came_back() {
  if (--away_ == 0) collect();
}

void Connection::special_came_back() {
  if (!special_blind_ && !closing_) {
    output_.append(call_ != nullptr          ? call_->reply_bytes()
                   : transaction_ != nullptr ? transaction_->reply_bytes()
                                             : blocking_->reply_bytes());
  }
  enforce_output_limits();
  if (call_ != nullptr && session_.close_after_reply) close_after_replies_ = true;
  if (call_ != nullptr) {
    worker_.count_command(call_->command(), call_->args(), session_.client, call_->started_ns(),
                          call_->error());
    if (call_->command().name == "exec") session_.multi_done();
  }
  call_.reset();
  transaction_.reset();
  special_blind_ = false;
  end_turn();
}

bool Connection::receive(PubsubMessage& message) {
  if (closing_ || close_after_replies_) return true;
  const bool own = message.publisher() == id() && (turn_active_ || answering_);
  // What comes behind one of its own must not overtake it.
  const bool later = own || !later_messages_.empty();
  (later ? later_messages_ : output_).append(message.bytes(session_.client.protocol));
  if (has_output()) want_output();
  return output_bytes() + later_messages_.size() <= limits::kOutputBytesUncounted;
}

void Connection::put_messages() {
  if (later_messages_.empty()) return;
  if (!closing_) output_.append(later_messages_);
  std::string().swap(later_messages_);
}

void Connection::collect() {
  collect_replies();
  enforce_output_limits();
  if (has_output()) want_output();
  if (collected_ == sequence_.size()) return end_turn();
  // A batch has stopped because its replies were large: it goes on when the client has read them.
  stalled_ = true;
  if (output_bytes() < limits::kOutputBytesHigh || closing_) resume();
}

// Puts the replies that are there into the output, in the order of the commands.
void Connection::collect_replies() {
  for (; collected_ < sequence_.size(); ++collected_) {
    const Source source = sequence_[collected_];
    std::string_view reply;
    if (source.worker == kLocal) {
      const std::size_t begin = local_position_ == 0 ? 0 : local_ends_[local_position_ - 1];
      reply = std::string_view(local_replies_).substr(begin, local_ends_[local_position_] - begin);
      ++local_position_;
    } else {
      Batch& batch = *batches_[source.worker];
      std::size_t& position = batch_positions_[source.worker];
      if (position == batch.replies_ready()) break;
      const std::size_t begin = position == 0 ? 0 : batch.reply_end(position - 1);
      reply = std::string_view(batch.replies()).substr(begin, batch.reply_end(position) - begin);
      ++position;
    }
    if (!source.blind && !closing_) output_.append(reply);
  }
}

void Connection::resume() {
  stalled_ = false;
  for (auto& batch : batches_) {
    if (batch == nullptr || batch->finished()) continue;
    if (batch_positions_[batch->worker()] != batch->replies_ready()) continue;
    batch->drop_replies();
    batch_positions_[batch->worker()] = 0;
    ++away_;
    worker_.send(batch->worker(), batch.get());
  }
  assert(away_ > 0);
}

void Connection::end_stalled_turn() {
  stalled_ = false;
  end_turn();
}

void Connection::end_turn() {
  for (std::size_t i = 0; i < batches_.size(); ++i) {
    if (batches_[i] != nullptr && !batches_[i]->empty()) batches_[i]->clear();
    batch_positions_[i] = 0;
  }
  blocking_.reset();
  sequence_.clear();
  local_replies_.clear();
  local_ends_.clear();
  collected_ = local_position_ = 0;
  turn_bytes_ = 0;
  turn_active_ = false;
  put_messages();
  if (has_output()) want_output();
  if (input_.empty()) input_.release();
  if (closing_ || close_after_replies_) return destroy_when_possible();
  if (!input_.empty() || peer_closed_) schedule();
  update_poll();
}

}  // namespace stave
