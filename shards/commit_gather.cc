// SPDX-License-Identifier: Apache-2.0
#include "shards/commit_gather.h"

#include <algorithm>

namespace stave {

void CommitGather::began(std::uint64_t pending, std::int64_t now_ns) {
  began_ns_ = now_ns;
  if (hold_until_ns_ != 0) {
    // A few that stay away do not make a hold vain: the next target is without them.
    const bool vain = pending < target_ - target_ / 8;
    backoff_ = vain ? std::clamp(backoff_ * 2, 1u, kSkippedMax) : 0;
    skipped_ = backoff_;
  } else if (skipped_ > 0) {
    --skipped_;
  }
  hold_until_ns_ = 0;
}

void CommitGather::ended(std::uint64_t committed, std::uint64_t pending, std::int64_t now_ns) {
  const std::int64_t taken_ns = std::max<std::int64_t>(now_ns - began_ns_, 0);
  commit_ns_ = commit_ns_ == 0 ? taken_ns : commit_ns_ + (taken_ns - commit_ns_) / 8;
  target_ = committed + pending;
  if (skipped_ > 0 || target_ < kRecordsMin) return;
  hold_until_ns_ = now_ns + std::min(kCommitsMax * commit_ns_, kHoldNsMax);
}

}  // namespace stave
