// SPDX-License-Identifier: Apache-2.0
// Which segments compaction should replace next: pure functions over the shard's segments. Owner thread only.
//
// Of a segment's bytes some are live, some are tombstones, the rest is dead. A tombstone may go when nothing
// before it in the order of replay can hold an older record of its key that is dead: a segment that was made
// by compaction after the tombstone has none (its clean GSN is higher).
#pragma once

#include <cstdint>
#include <vector>

#include "shards/segment.h"

namespace stave {

struct SpaceUse {
  std::uint64_t bytes = 0;  // of the records of segments that compaction may touch
  std::uint64_t live_bytes = 0;
  std::uint64_t tombstone_bytes = 0;    // that must stay
  std::uint64_t reclaimable_bytes = 0;  // the rest
};
SpaceUse space_use(const SegmentTable& segments);

// Slots in the order of replay; empty when nothing is to be done. In this order of preference: what costs
// nothing (all dead); from `threshold_percent` of reclaimable bytes on, those with the largest share of them,
// as many as fill one segment of `segment_bytes` with what is left, all about as often copied before; many
// small ones; what stands in the way of tombstones that have become many.
std::vector<std::uint32_t> choose_victims(const SegmentTable& segments, unsigned threshold_percent,
                                          std::uint64_t segment_bytes);

// The lowest clean GSN of the segments before `order`, `victims` left out: a tombstone of that GSN or a lower
// one has nothing to hide. The highest number when there are none.
std::uint64_t lowest_clean_gsn(const SegmentTable& segments, std::uint64_t order,
                               const std::vector<std::uint32_t>& victims);

}  // namespace stave
