// SPDX-License-Identifier: Apache-2.0
#include "src/batch.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "src/blocking.h"
#include "src/connection.h"
#include "src/executor.h"
#include "src/limits.h"
#include "src/router.h"
#include "src/shard_host.h"
#include "src/worker.h"

namespace stave {

void Batch::clear() {
  requests_.clear();
  arguments_.clear();
  copied_arguments_.clear();
  replies_.clear();
  if (replies_.capacity() > limits::kKeptBufferBytes) replies_.shrink_to_fit();
  reply_ends_.clear();
  next_ = 0;
  space_deadline_ms_ = 0;
  step_ = Step::kAtHome;
  place_ = nullptr;
}

void Batch::add(Request request, Args arguments, const InputBuffer& input) {
  request.first_argument = static_cast<std::uint32_t>(arguments_.size());
  request.argument_count = static_cast<std::uint32_t>(arguments.size());
  for (const std::string_view argument : arguments) {
    arguments_.push_back(input.views(argument) ? argument
                                               : std::string_view(copied_arguments_.emplace_back(argument)));
  }
  if (const int first = request.command->keys.first; first > 0) {
    request.first_key_hash = hash_key(arguments[static_cast<std::size_t>(first)]);
  }
  requests_.push_back(request);
}

Key Batch::key_at(const Request& request, int position) const {
  if (position == request.command->keys.first) return first_key(request);
  return {request.db, arguments_of(request)[static_cast<std::size_t>(position)]};
}

void Batch::drop_replies() {
  replies_.clear();
  reply_ends_.clear();
  step_ = Step::kAtHome;
}

void Batch::arrive(Worker& here) {
  if (step_ == Step::kBack) return connection_.batch_came_back();
  step_ = Step::kAway;
  here_ = &here;
  run(here);
}

void Batch::granted() {
  here_->ready(this);
}

void Batch::staged(const Status& status) {
  if (!status.ok()) stage_error_ = status.message();
  if (--staging_ == 0) here_->ready(this);
}

void Batch::run(Worker& here) {
  prefetch(here);
  while (!finished() && replies_.size() < limits::kBatchReplyBytes) {
    Request& request = requests_[next_];
    ShardHost& host = here.host(request.shard);
    const bool has_run = run_one(here, request);
    if (has_run && place_ != nullptr) host.unblock(*place_);
    host.serve_blocked(here);
    // One that waits may have been served just now, and is at home already.
    if (!has_run) return;
    reply_ends_.push_back(replies_.size());
    ++next_;
  }
  finish(here);
}

// False when the request has to wait; it is run again from its start then.
bool Batch::run_one(Worker& here, Request& request) {
  ShardHost& host = here.host(request.shard);
  const Args arguments = arguments_of(request);
  if (wait_for_locks(host, request, arguments)) return false;
  const std::size_t reply_begin = replies_.size();
  resp::ReplyWriter writer(replies_, request.protocol);
  if (called_off()) {
    end_called_off(here, request, arguments, writer);
    return true;
  }
  if (!stage_error_.empty()) {
    writer.error(stage_error_);
    here.count_command(*request.command, arguments, connection_.session().client, here.command_clock_ns(),
                       stage_error_);
    stage_error_.clear();
    release_demotion();
    return true;
  }
  const std::uint64_t gsn_before = host.shard.last_gsn();
  const bool abandoned = space_deadline_ms_ != 0 && connection_.closing();
  ExecutorResult result;
  if (abandoned)
    result.no_disk = true;  // whoever was killed while they waited writes no more
  else
    result = execute(here, host, request, arguments, connection_.session().client, writer);
  if (result.no_disk && !abandoned && wait_for_space(here, host)) return false;
  if (result.no_disk) {
    writer.error(kDiskQuotaReached.text);
    here.count_rejected(request.command, kDiskQuotaReached.text);
  }
  if (result.cold) {
    replies_.resize(reply_begin);
    wait_for_values(here, host, request, result.wanted);
    return false;
  }
  release_demotion();
  if (result.blocks) {
    replies_.resize(reply_begin);
    space_deadline_ms_ = 0;
    place_->wait(here);
    return false;
  }
  note_commit(host, request, arguments, gsn_before);
  return true;
}

// By whoever it waits for, or who has gone: then what there is must stay.
bool Batch::called_off() const {
  return place_ != nullptr && (place_->called_off() != CallOff::kNone || connection_.closing());
}

void Batch::end_called_off(Worker& here, const Request& request, Args arguments, resp::ReplyWriter& writer) {
  place_->gave_up = true;
  stage_error_.clear();
  release_demotion();
  reply_called_off(place_->called_off(), *request.command, arguments, connection_.session().client, here,
                   writer);
}

// False when no space will come, or the batch has waited long enough.
bool Batch::wait_for_space(Worker& here, ShardHost& host) {
  const std::int64_t now_ms = here.now_ms();
  const std::int64_t longest_ms = here.settings().maxdisk_wait_ms;
  if (here.draining() || !host.shard.compaction().may_give_space()) return false;
  if (space_deadline_ms_ == 0) space_deadline_ms_ = now_ms + longest_ms;
  // The clock may have been set back.
  if (now_ms >= space_deadline_ms_ || space_deadline_ms_ - now_ms > longest_ms) return false;
  release_demotion();
  host.wait_for_space(*this, now_ms + limits::kSpaceLookMs);
  return true;
}

bool Batch::wait_for_locks(ShardHost& host, const Request& request, Args arguments) {
  LockTable& locks = host.shard.locks();
  if (pass_) locks.come_back(*std::exchange(pass_, std::nullopt));
  if (called_off() || (locks.idle() && !host.blocked().any_claimed())) return false;
  if (!locks.idle() && reaches_other_keys(*request.command, arguments)) {
    locks.wait_until_idle(*this);
    return true;
  }
  std::vector<int> positions;
  find_keys(*request.command, arguments, positions);
  for (const int position : positions) {
    const Key key = key_at(request, position);
    if (host.wait_for_claim(key, *this)) return true;
    if (locks.free(key)) continue;
    pass_ = locks.wait(key, *this);
    return true;
  }
  return false;
}

void Batch::wait_for_values(Worker& here, ShardHost& host, const Request& request, std::vector<Key> wanted) {
  // A command stops at its first cold value; the others that it will ask for are read at the same time.
  if (request.command->keys.last != request.command->keys.first && !request.command->has(kNoValues)) {
    const Args arguments = arguments_of(request);
    std::vector<int> positions;
    find_keys(*request.command, arguments, positions);
    wanted.clear();
    for (const int position : positions) {
      const Key key = key_at(request, position);
      if (host.shard.cold(key)) wanted.push_back(key);
    }
  }
  // Values may be demoted again while others are read. A command that has come back empty-handed a few times
  // keeps what is read in memory until it has run, or it might never run in a small cache.
  if (++attempts_ == limits::kStageAttempts) {
    demotion_held_ = &host;
    ++host.demotion_holds;
  }
  // One more than there are reads, so that none of them can wake the batch before all are started.
  staging_ = wanted.size() + 1;
  for (const Key& key : wanted) host.shard.stage(key, this);
  stage_ahead(here);
  staged(Status());
}

void Batch::release_demotion() {
  attempts_ = 0;
  if (demotion_held_ != nullptr) --std::exchange(demotion_held_, nullptr)->demotion_holds;
}

// The reads of the commands behind the one that waits: they will find their values resident.
void Batch::stage_ahead(Worker& here) {
  const std::size_t end = std::min(requests_.size(), next_ + limits::kStagedAhead);
  std::uint64_t bytes = 0;
  for (std::size_t i = next_ + 1; i < end && bytes < limits::kStagedAheadBytes; ++i) {
    const Request& request = requests_[i];
    if (request.command->has(kNoValues) || request.command->keys.first == 0) continue;
    const Key key = first_key(request);
    Shard& shard = here.host(request.shard).shard;
    const std::optional<std::uint32_t> value_bytes = shard.cold(key);
    if (!value_bytes) continue;
    bytes += *value_bytes;
    if (bytes <= limits::kStagedAheadBytes) shard.stage(key, nullptr);
  }
}

void Batch::prefetch(Worker& here) {
  if (requests_.size() - next_ < 2) return;
  const std::size_t count = std::min(requests_.size() - next_, limits::kPrefetched);
  const auto for_each_key = [&](auto prefetch) {
    for (std::size_t i = 0; i < count; ++i) {
      const Request& request = requests_[next_ + i];
      if (request.command->keys.first != 0) prefetch(here.host(request.shard).shard, request);
    }
  };
  for_each_key([this](const Shard& shard, const Request& request) { shard.prefetch(first_key(request)); });
  for_each_key([](const Shard& shard, const Request& request) {
    shard.prefetch_alternate(request.db, request.first_key_hash);
  });
  for_each_key([](const Shard& shard, const Request& request) {
    shard.prefetch_entry(request.db, request.first_key_hash);
  });
}

// Notes what must be committed before the replies may leave: what the command changed, and what it saw.
void Batch::note_commit(ShardHost& host, const Request& request, Args arguments, std::uint64_t gsn_before) {
  const Shard& shard = host.shard;
  std::uint64_t gsn = shard.last_gsn();
  if (shard.committed(gsn)) return;
  // A log that has failed never commits its end, but what was committed before can still be read. A walk
  // (SCAN) goes on, too: names are all that it tells, and who asks for one of them learns what it is worth.
  const bool failed = host.shard.log().failed();
  if (gsn == gsn_before && failed && request.command->keys.first == 0) return;
  const bool by_key = host.shard.log().mode() == SyncMode::kAlways || failed;
  const bool named = request.command->keys.first > 0 && !request.command->has(kReachesOtherKeys);
  if (gsn == gsn_before && by_key && named) {
    gsn = 0;
    std::vector<int> positions;
    find_keys(*request.command, arguments, positions);
    for (const int position : positions) {
      gsn = std::max(gsn, host.shard.gsn_to_wait_for(key_at(request, position)));
    }
    if (shard.committed(gsn)) return;
  }
  for (Wait& wait : waits_) {
    if (wait.host != &host) continue;
    wait.gsn = std::max(wait.gsn, gsn);
    return;
  }
  waits_.push_back({&host, gsn});
}

void Batch::finish(Worker&) {
  // What was committed while later requests waited for their values needs no waiting for.
  std::erase_if(waits_, [](const Wait& wait) { return wait.host->shard.committed(wait.gsn); });
  committing_ = waits_.size();
  if (committing_ == 0) return come_back();
  for (const Wait& wait : waits_) {
    wait.host->when_committed(wait.gsn, [this](const std::string& failure) { committed(failure); });
  }
  waits_.clear();
}

void Batch::committed(const std::string& failure) {
  if (!failure.empty()) {
    // The log took none of it for sure: no reply of this batch may claim otherwise.
    replies_.clear();
    resp::ReplyWriter writer(replies_);
    for (std::size_t& end : reply_ends_) {
      writer.error(log_failed(failure).message());
      end = replies_.size();
    }
  }
  if (--committing_ == 0) come_back();
}

void Batch::come_back() {
  step_ = Step::kBack;
  here_->send(home_, this);
}

}  // namespace stave
