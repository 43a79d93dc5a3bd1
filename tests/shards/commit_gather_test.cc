// SPDX-License-Identifier: Apache-2.0
// Shows when a group commit waits for more to come, and for how long.
#include "shards/commit_gather.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace stave {
namespace {

constexpr std::int64_t kCommitNs = 300'000;

// A commit of all `pending` records that takes kCommitNs, while `arriving` others come.
void commit(CommitGather& gather, std::int64_t& now_ns, std::uint64_t pending, std::uint64_t arriving) {
  gather.began(pending, now_ns);
  now_ns += kCommitNs;
  gather.ended(pending, arriving, now_ns);
}

// How long a commit of the `pending` records is held from now on.
std::int64_t held_ns(const CommitGather& gather, std::int64_t now_ns, std::uint64_t pending) {
  constexpr std::int64_t kStepNs = 1000;
  std::int64_t waited_ns = 0;
  while (gather.holds(pending, now_ns + waited_ns)) waited_ns += kStepNs;
  return waited_ns;
}

TEST_CASE("a commit waits for those whom the last one answered, and no longer than until they are back") {
  CommitGather gather;
  std::int64_t now_ns = 1'000'000;
  CHECK_FALSE(gather.holds(24, now_ns));
  commit(gather, now_ns, 24, 26);
  CHECK(gather.holds(26, now_ns));
  CHECK(gather.holds(49, now_ns));
  CHECK_FALSE(gather.holds(50, now_ns));
  commit(gather, now_ns, 50, 0);
  CHECK(gather.holds(49, now_ns));
  CHECK_FALSE(gather.holds(50, now_ns));
}

TEST_CASE("a commit is held at most twice as long as commits take, and never beyond the limit") {
  CommitGather gather;
  std::int64_t now_ns = 1'000'000;
  commit(gather, now_ns, 50, 0);
  CHECK(held_ns(gather, now_ns, 1) == 2 * kCommitNs);

  CommitGather slow;
  slow.began(50, now_ns);
  now_ns += 500'000'000;
  slow.ended(50, 0, now_ns);
  CHECK(held_ns(slow, now_ns, 1) == CommitGather::kHoldNsMax);
}

TEST_CASE("few clients are never held up") {
  CommitGather gather;
  std::int64_t now_ns = 1'000'000;
  commit(gather, now_ns, CommitGather::kRecordsMin / 2, CommitGather::kRecordsMin / 2 - 1);
  CHECK_FALSE(gather.holds(1, now_ns));
}

TEST_CASE("where holds are in vain ever more commits go out at once, until one is not") {
  CommitGather gather;
  std::int64_t now_ns = 1'000'000;
  commit(gather, now_ns, 50, 0);
  std::uint32_t at_once_max = 0;
  int holds = 0;
  std::uint32_t at_once = 0;
  for (int i = 0; i < 1000; ++i) {
    if (gather.holds(20, now_ns)) {
      ++holds;
      at_once = 0;
      now_ns += held_ns(gather, now_ns, 20);
    } else {
      at_once_max = std::max(at_once_max, ++at_once);
    }
    commit(gather, now_ns, 20, 20);  // 20 of 40 come in time: the others are there only later
  }
  CHECK(at_once_max == CommitGather::kSkippedMax);
  CHECK(holds < 30);

  while (!gather.holds(20, now_ns)) commit(gather, now_ns, 20, 20);
  commit(gather, now_ns, 40, 0);  // they came
  CHECK(gather.holds(20, now_ns));
}

TEST_CASE("a few that stay away do not end the holding") {
  CommitGather gather;
  std::int64_t now_ns = 1'000'000;
  commit(gather, now_ns, 50, 0);
  now_ns += held_ns(gather, now_ns, 46);
  commit(gather, now_ns, 46, 0);
  CHECK(gather.holds(45, now_ns));
  CHECK_FALSE(gather.holds(46, now_ns));
}

TEST_CASE("a clock that stands still or goes back does not hold a commit for ever") {
  CommitGather gather;
  gather.began(50, 1'000'000);
  gather.ended(50, 0, 900'000);
  CHECK_FALSE(gather.holds(1, 900'000));
}

}  // namespace
}  // namespace stave
