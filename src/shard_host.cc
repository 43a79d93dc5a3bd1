// SPDX-License-Identifier: Apache-2.0
#include "src/shard_host.h"

#include <algorithm>
#include <cassert>
#include <iterator>

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
  shard.observe(watches_.empty() ? nullptr : this);
}

void ShardHost::changed(int db, std::string_view name) {
  watches_.changed(db, name);
}

void ShardHost::flushed(int db) {
  watches_.replaced(db, [](const WatchTable::Watched&) { return false; });
}

void ShardHost::swapped(int db, int other_db) {
  for (const int replaced : {db, other_db}) {
    watches_.replaced(replaced, [this](const WatchTable::Watched& key) {
      return shard.holds({key.db, key.name});
    });
  }
}

}  // namespace stave
