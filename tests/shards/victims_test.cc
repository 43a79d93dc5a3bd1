// SPDX-License-Identifier: Apache-2.0
// Shows which segments compaction takes next, and what that says about tombstones, by tables made by hand.
#include "shards/victims.h"

#include <doctest/doctest.h>

#include <limits>

#include "shards/limits.h"

namespace stave {
namespace {

constexpr std::uint64_t kSegmentBytes = 100'000;
constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();

using Slots = std::vector<std::uint32_t>;

// A sealed log segment of 50,000 bytes of records whose last GSN is 10 times its order. Live bytes: `live`.
Segment& add(SegmentTable& segments, std::uint64_t order, std::uint64_t live, std::uint64_t tombstones = 0) {
  segments.push_back(std::make_unique<Segment>());
  Segment& segment = *segments.back();
  segment.header.number = segment.header.order = order;
  segment.header.highest_gsn = 10 * order;
  segment.end_bytes = kSegmentHeaderBytes + 50'000;
  segment.live_bytes = live;
  segment.tombstone_bytes = tombstones;
  segment.sealed = segment.complete = true;
  return segment;
}

Segment& add_compacted(SegmentTable& segments, std::uint64_t order, std::uint64_t live,
                       std::uint64_t clean_gsn) {
  Segment& segment = add(segments, order, live);
  segment.header.kind = SegmentKind::kCompacted;
  segment.header.clean_gsn = clean_gsn;
  segment.header.generation = 1;
  return segment;
}

Slots choose(const SegmentTable& segments, unsigned threshold_percent = 30) {
  return choose_victims(segments, threshold_percent, kSegmentBytes);
}

TEST_CASE("no segment is a victim while dead bytes are below the threshold") {
  SegmentTable segments;
  for (std::uint64_t order = 1; order <= 4; ++order) add(segments, order, 36'000);  // 28 % are dead
  CHECK(choose(segments, 30).empty());
  CHECK(choose(segments, 28).empty());
  CHECK_FALSE(choose(segments, 27).empty());
}

TEST_CASE("the segment with the largest part of dead bytes is the first victim") {
  SegmentTable segments;
  add(segments, 1, 45'000);
  add(segments, 2, 3'000);
  add(segments, 3, 43'000);
  CHECK(choose(segments) == Slots{1});
  add(segments, 4, 99'000).end_bytes = kSegmentHeaderBytes + 2'000'000;  // 95 %, and no room beside it
  CHECK(choose(segments) == Slots{3});
}

TEST_CASE("as many victims are taken as fill one segment, in the order of replay") {
  SegmentTable segments;
  add(segments, 3, 30'000);
  add(segments, 1, 25'000);
  add(segments, 2, 26'000);
  add(segments, 4, 27'000);
  CHECK(choose(segments) == Slots{1, 2, 3});  // slots of orders 1, 2 and 4: 78,000 bytes
}

TEST_CASE("a segment without anything to keep is a victim though the threshold is not reached") {
  SegmentTable segments;
  for (std::uint64_t order = 1; order <= 9; ++order) add(segments, order, 50'000);
  add(segments, 10, 0);
  CHECK(choose(segments, 60) == Slots{9});
}

TEST_CASE("no more victims are taken than may be") {
  SegmentTable segments;
  for (std::uint64_t order = 1; order <= limits::kVictimsMax + 10; ++order) add(segments, order, 0);
  CHECK(choose(segments).size() == limits::kVictimsMax);
}

TEST_CASE("what is not sealed, waits for its hint or could not be read is no victim") {
  SegmentTable segments;
  add(segments, 1, 0).complete = false;
  add(segments, 2, 0).sealing = true;
  add(segments, 3, 0).damaged = true;
  segments.push_back(nullptr);
  CHECK(choose(segments, 1).empty());
  CHECK(space_use(segments).bytes == 0);
  segments[1]->sealing = false;
  CHECK(choose(segments, 1) == Slots{1});
}

TEST_CASE("segments that were copied often are not joined with fresh ones") {
  SegmentTable segments;
  add(segments, 1, 10'000).header.generation = 2;
  add(segments, 2, 20'000);
  add(segments, 3, 12'000).header.generation = 3;  // of the same temperature
  CHECK(choose(segments) == Slots{0, 2});
  segments[0]->live_bytes = segments[2]->live_bytes = 30'000;
  CHECK(choose(segments) == Slots{1});
}

TEST_CASE("segments that are hardly dead are not copied along") {
  SegmentTable segments;
  add(segments, 1, 1'000);
  add(segments, 2, 43'000);  // 14 %: less than half of the threshold
  add(segments, 3, 42'000);  // 16 %
  CHECK(choose(segments) == Slots{0, 2});
}

TEST_CASE("many small segments are joined though nothing in them is dead") {
  SegmentTable segments;
  for (std::uint64_t order = 1; order < limits::kSmallSegmentsMax; ++order)
    add(segments, order, 1'000).end_bytes = kSegmentHeaderBytes + 1'000;
  add(segments, 100, 50'000);
  CHECK(choose(segments).empty());
  add(segments, 101, 1'000).end_bytes = kSegmentHeaderBytes + 1'000;
  const Slots victims = choose(segments);
  CHECK(victims.size() == limits::kSmallSegmentsMax);
  CHECK(std::find(victims.begin(), victims.end(), limits::kSmallSegmentsMax - 1) == victims.end());
}

TEST_CASE("a tombstone is dead weight once no segment before it can hide anything from it") {
  SegmentTable segments;
  add(segments, 2, 10'000, 20'000);  // its GSNs end with 20
  CHECK(space_use(segments).tombstone_bytes == 0);
  CHECK(space_use(segments).reclaimable_bytes == 40'000);
  Segment& before = add(segments, 1, 50'000);
  CHECK(space_use(segments).tombstone_bytes == 20'000);
  CHECK(space_use(segments).reclaimable_bytes == 20'000);
  before.header.clean_gsn = 19;
  CHECK(space_use(segments).tombstone_bytes == 20'000);
  before.header.clean_gsn = 20;
  CHECK(space_use(segments).tombstone_bytes == 0);
  before.header.clean_gsn = 0;
  before.header.order = 3;  // behind it
  CHECK(space_use(segments).tombstone_bytes == 0);
}

TEST_CASE("a segment in the way of tombstones counts for them even while it is no candidate itself") {
  SegmentTable segments;
  add(segments, 1, 50'000).sealing = true;
  add(segments, 2, 10'000, 20'000);
  CHECK(space_use(segments).tombstone_bytes == 20'000);
}

TEST_CASE("what keeps many tombstones from going is a victim") {
  SegmentTable segments;
  add(segments, 1, 50'000);
  add(segments, 2, 14'000, 36'000);
  CHECK(choose(segments) == Slots{0});
  CHECK(choose(segments, 40).empty());  // they are 36 % of all
  segments[0]->header.clean_gsn = 20;   // it has been compacted since: now they go by themselves
  CHECK(choose(segments) == Slots{1});
}

TEST_CASE("how far tombstones may go depends on what stays before them") {
  SegmentTable segments;
  add_compacted(segments, 1, 50'000, 40);
  add_compacted(segments, 2, 50'000, 15);
  add(segments, 3, 50'000);
  CHECK(lowest_clean_gsn(segments, 1, {}) == kNone);
  CHECK(lowest_clean_gsn(segments, 2, {}) == 40);
  CHECK(lowest_clean_gsn(segments, 3, {}) == 15);
  CHECK(lowest_clean_gsn(segments, 3, {1}) == 40);  // what is a victim, too, does not stay
  CHECK(lowest_clean_gsn(segments, 4, {}) == 0);    // a segment of the log may hold anything
  CHECK(lowest_clean_gsn(segments, 4, {0, 1, 2}) == kNone);
}

}  // namespace
}  // namespace stave
