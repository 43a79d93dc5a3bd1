// SPDX-License-Identifier: Apache-2.0
#include "src/shard_host.h"

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

}  // namespace stave
