// SPDX-License-Identifier: Apache-2.0
// CommitGather: lets a group commit wait a moment for the clients that the last one has just answered.
//
// Clients that wait for each reply fall into two groups: while one group's commit is under way the other's
// commands arrive, and each commit carries half of what it could. Where clients come back at once, waiting
// for them halves the number of commits. Where they do not, waiting gains nothing, and is soon left alone.
#pragma once

#include <cstdint>

namespace stave {

class CommitGather {
 public:
  // Commits that carry less are cheap, and never held.
  static constexpr std::uint64_t kRecordsMin = 8;
  // A commit is held at most as long as so many of the last commits took, and never longer than this.
  static constexpr std::int64_t kCommitsMax = 2;
  static constexpr std::int64_t kHoldNsMax = 2'000'000;
  // After holds that were in vain so many commits at most go out at once.
  static constexpr std::uint32_t kSkippedMax = 64;

  // True while a commit of the `pending` records should not begin yet.
  bool holds(std::uint64_t pending, std::int64_t now_ns) const {
    return hold_until_ns_ != 0 && pending < target_ && now_ns < hold_until_ns_;
  }
  // A commit of the `pending` records begins.
  void began(std::uint64_t pending, std::int64_t now_ns);
  // The commit ended; it carried `committed` records, and meanwhile `pending` have come.
  void ended(std::uint64_t committed, std::uint64_t pending, std::int64_t now_ns);

 private:
  std::uint64_t target_ = 0;
  std::int64_t hold_until_ns_ = 0;  // 0: commits are not held
  std::int64_t began_ns_ = 0;
  std::int64_t commit_ns_ = 0;  // smoothed
  std::uint32_t backoff_ = 0;   // commits to be left alone after the last hold in vain
  std::uint32_t skipped_ = 0;   // of these, still to come
};

}  // namespace stave
