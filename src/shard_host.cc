// SPDX-License-Identifier: Apache-2.0
#include "src/shard_host.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <optional>

#include "src/worker.h"

namespace stave {

ShardHost::ShardHost(Disk& disk, Background& background, Shard::Options options)
    : shard(disk, background, std::move(options)) {
  shard.log().on_progress([this] { release(); });
}

void ShardHost::when_committed(std::uint64_t gsn, Then then) {
  assert(!shard.committed(gsn));
  // Nearly always the newest; a reader may wait for less.
  auto at = waiting_.end();
  while (at != waiting_.begin() && std::prev(at)->gsn > gsn) --at;
  waiting_.insert(at, {gsn, std::move(then)});
}

void ShardHost::release() {
  const std::string failure = shard.log().failure();
  while (!waiting_.empty() && (!failure.empty() || shard.committed(waiting_.front().gsn))) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    next.then(shard.committed(next.gsn) ? std::string() : failure);
  }
}

void ShardHost::watch(std::uint64_t client, Key key, std::int64_t now_ms) {
  shard.set_now(now_ms);
  watches_.add(client, key.db, key.name, shard.find(key, false).exists);
  observe_if_needed();
}

void ShardHost::unwatch(std::uint64_t client) {
  watches_.remove(client);
  observe_if_needed();
}

bool ShardHost::watched_changed(std::uint64_t client) {
  if (watches_.touched(client)) return true;
  const auto* const keys = watches_.of(client);
  if (keys == nullptr) return false;
  return std::any_of(keys->begin(), keys->end(), [this](const WatchTable::Watched& key) {
    return key.existed && !shard.find({key.db, key.name}, false).exists;
  });
}

// Nearly always nobody wants to know.
void ShardHost::observe_if_needed() {
  shard.observe(watches_.empty() && blocked_.empty() ? nullptr : this);
}

void ShardHost::changed(int db, std::string_view name) {
  watches_.changed(db, name);
  blocked_.changed(db, name);
}

void ShardHost::flushed(int db) {
  watches_.replaced(db, [](const WatchTable::Watched&) { return false; });
}

void ShardHost::swapped(int db, int other_db) {
  for (const int replaced : {db, other_db}) {
    watches_.replaced(replaced, [this](const WatchTable::Watched& key) {
      return shard.holds({key.db, key.name});
    });
    blocked_.replaced(replaced);
  }
}

void ShardHost::block(BlockedPlace& place) {
  blocked_.wait(place);
  observe_if_needed();
}

void ShardHost::unblock(BlockedPlace& place) {
  blocked_.leave(place);
  observe_if_needed();
}

// Whoever is served may make keys for others in turn; they follow in this loop. A key that a transaction
// holds is looked at when that unlocks it, before the commands that have waited for it too.
void ShardHost::serve_ready(Worker& here) {
  if (serving_ || here.paused(true)) return;
  serving_ = true;
  shard.set_now(here.now_ms());
  std::vector<std::pair<int, std::string>> locked;
  while (const auto key = blocked_.take_ready()) {
    if (!shard.locks().free(*key)) {
      locked.emplace_back(key->db, key->name);
      continue;
    }
    const Found found = shard.find(*key, false);
    BlockedPlace* const next =
        blocked_.tried_next(*key, found.exists ? std::optional(found.type) : std::nullopt);
    if (next != nullptr) next->try_again(here);
  }
  for (const auto& [db, name] : locked) blocked_.changed(db, name);
  serving_ = false;
  observe_if_needed();
}

bool ShardHost::wait_for_claim(Key key, LockWaiter& waiter) {
  if (!blocked_.any_claimed() || !blocked_.claimed(key)) return false;
  blocked_.wait_for_claim(key, waiter);
  return true;
}

}  // namespace stave
