// SPDX-License-Identifier: Apache-2.0
// A worker's loop: what happens in one turn, timers, and how it stops.
#include <algorithm>
#include <cassert>

#include "src/connection.h"
#include "src/limits.h"
#include "src/logger.h"
#include "src/server.h"
#include "src/worker.h"

namespace stave {
namespace {

Worker& worker_of(const void* handle) {
  return *static_cast<Worker*>(static_cast<const uv_handle_t*>(handle)->data);
}

}  // namespace

// Handles that must be there before any other thread sends to this worker.
void Worker::open_handles() {
  uv_async_init(&loop_, &async_, [](uv_async_t*) {});
  uv_prepare_init(&loop_, &prepare_);
  uv_check_init(&loop_, &check_);
  uv_idle_init(&loop_, &idle_);
  uv_timer_init(&loop_, &second_);
  uv_timer_init(&loop_, &timer_);
  uv_poll_init(&loop_, &disk_poll_, disk_->pollable_fd());
  prepare_.data = check_.data = second_.data = timer_.data = this;
  uv_prepare_start(&prepare_, [](uv_prepare_t* handle) { worker_of(handle).on_prepare(); });
  uv_check_start(&check_, [](uv_check_t* handle) { worker_of(handle).on_check(); });
  uv_timer_start(
      &second_, [](uv_timer_t* handle) { worker_of(handle).on_second(); }, 1000, 1000);
  uv_poll_start(&disk_poll_, UV_READABLE, [](uv_poll_t*, int, int) {});
}

void Worker::run() {
  uv_run(&loop_, UV_RUN_DEFAULT);
  background_.stop();
  for (auto& [id, connection] : connections_) connection->close();
  close_handles();
}

void Worker::close_handles() {
  uv_walk(
      &loop_,
      [](uv_handle_t* handle, void*) {
        if (!uv_is_closing(handle)) uv_close(handle, nullptr);
      },
      nullptr);
  while (uv_run(&loop_, UV_RUN_NOWAIT) != 0) {
  }
  connections_.clear();
  listeners_.clear();
}

void Worker::abandon() {
  const auto busy = [this] {
    return std::any_of(owned_.begin(), owned_.end(),
                       [](const ShardHost* host) { return !host->shard.idle(); });
  };
  while (busy()) {
    disk_->flush();
    disk_->poll();
    uv_run(&loop_, UV_RUN_NOWAIT);
  }
  close_handles();
}

void Worker::send(std::size_t to, Message* message) {
  if (to == number_) return ready(message);
  server_.worker(to).mailbox().put(number_, message);
  wake_marks_[to] = 1;
  ++stats_.messages_sent;
}

void Worker::wake_peers() {
  for (std::size_t to = 0; to < wake_marks_.size(); ++to) {
    if (wake_marks_[to] == 0) continue;
    wake_marks_[to] = 0;
    Worker& peer = server_.worker(to);
    if (!peer.mailbox().must_wake()) continue;
    peer.wake();
    ++stats_.wakes_sent;
  }
}

void Worker::on_prepare() {
  // What close callbacks and the like have left since on_check.
  if (!outputs_.empty()) put_out();
  wake_peers();
  const bool sleeps = ready_.empty() && !building_ && !timer_fired_ && mailbox_.prepare_to_sleep();
  if (sleeps == !no_sleep_) return;
  no_sleep_ = !sleeps;
  // An active idle handle makes libuv poll without waiting.
  no_sleep_ ? uv_idle_start(&idle_, [](uv_idle_t*) {}) : uv_idle_stop(&idle_);
}

void Worker::on_check() {
  mailbox_.awake();
  timer_fired_ = false;
  update_time();
  ++stats_.turns;
  for (int round = 0; round < limits::kRoundsPerTurn; ++round) {
    const bool worked = work_once();
    flush_logs();
    if (!worked && ready_.empty()) break;
  }
  building_ = false;
  for (ShardHost* host : owned_) building_ |= host->shard.build_some();
  // They append, and behind a closed log that begins a segment which nobody seals.
  if (!closing_shards_) do_chores();
  publish_events(0);
  disk_->flush();
  put_out();
  wake_peers();
  if (draining_) check_drained();
  if (closing_shards_) check_closed();
}

// Takes messages, finished reads and ready work; true if there was any.
bool Worker::work_once() {
  bool worked = disk_->poll();
  // So many at most: whoever sends without waiting for answers must not keep it from its sockets.
  for (std::size_t taken = 0; taken < limits::kMessagesPerRound; ++taken) {
    Message* const message = mailbox_.take();
    if (message == nullptr) break;
    message->arrive(*this);
    worked = true;
  }
  if (ready_.empty()) return worked;
  const std::vector<Message*> work = std::exchange(ready_, {});
  for (Message* message : work) message->arrive(*this);
  return true;
}

void Worker::flush_logs() {
  for (ShardHost* host : owned_) host->shard.log().flush();
}

void Worker::put_out() {
  const std::vector<Connection*> outputs = std::exchange(outputs_, {});
  for (Connection* connection : outputs) connection->put_out();
}

// Expiry, demotion, eviction and compaction, in slices.
void Worker::do_chores() {
  blocked_clients_.expire(now_ms_);
  std::int64_t next_ms = pause_until_ms_;
  bool more = false;
  for (ShardHost* host : owned_) {
    Shard& shard = host->shard;
    shard.set_now(now_ms_);
    const std::int64_t due_ms = shard.next_expiry_ms();
    if (due_ms != 0 && due_ms <= now_ms_) {
      more |= shard.expire_due();
      shard.log().flush();
    }
    more |= shard.tidy_expiry();
    const std::uint64_t gsn = shard.last_gsn();
    if (host->demotion_holds == 0) more |= shard.demote();
    more |= shard.log_some_parts();
    more |= shard.free_some();
    more |= shard.evict();
    host->serve_blocked(*this);
    if (shard.last_gsn() != gsn) shard.log().flush();
    more |= shard.answer_ledger();
    more |= shard.backup().step();
    shard.prepare_segment();
    const std::int64_t next_compaction_ms = draining_ ? 0 : shard.compact();
    if (host->lacks_space()) retry_for_space(*host);
    for (const std::int64_t due : {shard.next_expiry_ms(), next_compaction_ms}) {
      if (due != 0 && (next_ms == 0 || due < next_ms)) next_ms = due;
    }
  }
  if (pause_until_ms_ != 0 && pause_until_ms_ <= now_ms_) end_pause();
  const std::int64_t timeout_ms = blocked_clients_.next_deadline_ms();
  if (timeout_ms != 0 && (next_ms == 0 || timeout_ms < next_ms)) next_ms = timeout_ms;
  if (more) {
    schedule_timer(now_ms_ + 1);  // clients come first
  } else if (next_ms != 0) {
    schedule_timer(next_ms);
  }
}

// Commands that wait for disk space run again when there is some, when none will come, and now and then to
// see whether they have waited long enough.
void Worker::retry_for_space(ShardHost& host) {
  if (paused(true)) return;
  Shard& shard = host.shard;
  const bool may_come = !draining_ && shard.compaction().may_give_space();
  const std::int64_t look_ms = host.space_look_ms();
  // The clock may have been set back.
  const bool soon = now_ms_ < look_ms && look_ms - now_ms_ <= limits::kSpaceLookMs;
  if (may_come && soon && shard.log().quota_reached(now_ms_)) return schedule_timer(look_ms);
  for (Batch* batch : host.take_without_space()) ready(batch);
}

// Makes sure that the loop turns at `at_ms`, if not before. The loop looks at timers before it waits, and not
// behind it: what is due then is for one more turn. A timer may also come a millisecond early, as its clock
// is another one.
void Worker::schedule_timer(std::int64_t at_ms) {
  if (timer_at_ms_ != 0 && timer_at_ms_ <= at_ms && timer_at_ms_ > now_ms_) return;
  timer_at_ms_ = at_ms;
  uv_update_time(&loop_);
  const std::int64_t wait_ms = at_ms > now_ms_ ? at_ms - now_ms_ : 0;
  uv_timer_start(
      &timer_,
      [](uv_timer_t* handle) {
        worker_of(handle).timer_at_ms_ = 0;
        worker_of(handle).timer_fired_ = true;
      },
      static_cast<std::uint64_t>(wait_ms), 0);
}

void Worker::on_second() {
  update_time();
  stats_.sample();
  note_memory_peak();
  for (ShardHost* host : owned_) {
    if (host->shard.log().mode() == SyncMode::kEverysec) host->shard.log().start_sync();
  }
  for (const auto& [id, connection] : connections_) connection->enforce_output_limits();
  if (settings_.timeout <= 0) return;
  std::vector<Connection*> idle;
  for (auto& [id, connection] : connections_) {
    const ClientInfo& client = connection->session().client;
    const bool is_idle = now_ms_ - client.last_active_ms > settings_.timeout * 1000;
    if (is_idle && !client.pubsub && !connection->busy() && !connection->held())
      idle.push_back(connection.get());
  }
  for (Connection* connection : idle) connection->close();
}

void Worker::drain(std::function<void()> drained) {
  draining_ = true;
  drain_deadline_ms_ = now_ms_ + limits::kShutdownMs;
  on_drained_ = std::move(drained);
  for (auto& listener : listeners_) listener->close();
  if (pause_until_ms_ != 0) end_pause();
  blocked_clients_.close_all();
}

void Worker::check_drained() {
  if (on_drained_ == nullptr) return;
  // Only clients have a deadline: a transaction that has begun must end, or it would be left half done.
  bool runs = background_.in_flight() > 0 || server_.backups().facts().under_way;
  bool client_waits = false;
  for (auto& [id, connection] : connections_) {
    runs |= connection->running();
    // Nobody waits for a listener that does not read.
    const bool reads = !connection->session().client.pubsub || !connection->output_blocked();
    client_waits |= connection->busy() || (connection->has_output() && reads);
  }
  if (runs || (client_waits && now_ms_ < drain_deadline_ms_)) return schedule_timer(now_ms_ + 10);
  std::exchange(on_drained_, nullptr)();
}

void Worker::close_shards() {
  closing_shards_ = true;
}

// Syncs what is not durable, then seals the logs and writes their hints, then ends the loop.
void Worker::check_closed() {
  for (ShardHost* host : owned_) {
    Log& log = host->shard.log();
    if (!log.failed() && !log.clean()) {
      log.make_durable(log.last_gsn());
      disk_->flush();
      return schedule_timer(now_ms_ + 1);
    }
  }
  if (!sealed_) {
    sealed_ = true;
    for (ShardHost* host : owned_) host->shard.close();
  }
  for (ShardHost* host : owned_) {
    if (!host->shard.idle()) return schedule_timer(now_ms_ + 1);
  }
  uv_stop(&loop_);
}

}  // namespace stave
