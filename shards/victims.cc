// SPDX-License-Identifier: Apache-2.0
#include "shards/victims.h"

#include <algorithm>
#include <limits>

#include "shards/limits.h"

namespace stave {
namespace {

constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();

struct Candidate {
  std::uint32_t slot = 0;
  const Segment* segment = nullptr;
  std::uint64_t bytes = 0;
  std::uint64_t kept_bytes = 0;  // what a copy takes

  std::uint64_t reclaimable() const { return bytes - std::min(bytes, kept_bytes); }
  bool worth(std::uint64_t percent) const { return reclaimable() * 100 >= bytes * percent; }
  // Segments whose records have outlived as many copies are of one temperature.
  unsigned temperature() const { return std::min<unsigned>(segment->header.generation, 2); }
};

bool before(const Candidate& a, const Candidate& b) {
  return a.segment->header.order < b.segment->header.order;
}

// In the order of replay.
std::vector<Candidate> candidates_of(const SegmentTable& segments) {
  std::vector<Candidate> all;
  for (std::uint32_t slot = 0; slot < segments.size(); ++slot) {
    if (segments[slot] != nullptr) all.push_back({.slot = slot, .segment = segments[slot].get()});
  }
  std::sort(all.begin(), all.end(), before);
  std::uint64_t lowest = kNone;
  for (Candidate& candidate : all) {
    const Segment& segment = *candidate.segment;
    const bool tombstones_may_go = lowest >= segment.header.highest_gsn;
    candidate.bytes = segment.end_bytes - kSegmentHeaderBytes;
    candidate.kept_bytes = segment.live_bytes + (tombstones_may_go ? 0 : segment.tombstone_bytes);
    lowest = std::min(lowest, segment.header.clean_gsn);
  }
  std::erase_if(all, [](const Candidate& candidate) {
    const Segment& segment = *candidate.segment;
    return !segment.complete || segment.sealing || segment.damaged;
  });
  return all;
}

SpaceUse sum_of(const std::vector<Candidate>& candidates) {
  SpaceUse use;
  for (const Candidate& candidate : candidates) {
    use.bytes += candidate.bytes;
    use.live_bytes += candidate.segment->live_bytes;
    use.tombstone_bytes += candidate.kept_bytes - candidate.segment->live_bytes;
    use.reclaimable_bytes += candidate.reclaimable();
  }
  return use;
}

std::vector<std::uint32_t> in_order(std::vector<const Candidate*> chosen) {
  std::sort(chosen.begin(), chosen.end(),
            [](const Candidate* a, const Candidate* b) { return before(*a, *b); });
  std::vector<std::uint32_t> slots;
  slots.reserve(chosen.size());
  for (const Candidate* candidate : chosen) slots.push_back(candidate->slot);
  return slots;
}

std::vector<std::uint32_t> all_dead(const std::vector<Candidate>& candidates) {
  std::vector<const Candidate*> chosen;
  for (const Candidate& candidate : candidates) {
    if (candidate.kept_bytes == 0 && chosen.size() < limits::kVictimsMax) chosen.push_back(&candidate);
  }
  return in_order(std::move(chosen));
}

// Takes of `sorted` what fits into one segment.
std::vector<std::uint32_t> fill_one(const std::vector<const Candidate*>& sorted,
                                    std::uint64_t segment_bytes) {
  std::vector<const Candidate*> chosen;
  std::uint64_t bytes = kSegmentHeaderBytes;
  for (const Candidate* candidate : sorted) {
    if (chosen.size() == limits::kVictimsMax) break;
    if (!chosen.empty() && bytes + candidate->kept_bytes > segment_bytes) continue;
    bytes += candidate->kept_bytes;
    chosen.push_back(candidate);
  }
  return in_order(std::move(chosen));
}

std::vector<std::uint32_t> most_dead(const std::vector<Candidate>& candidates, unsigned threshold_percent,
                                     std::uint64_t segment_bytes) {
  std::vector<const Candidate*> sorted;
  for (const Candidate& candidate : candidates) sorted.push_back(&candidate);
  std::sort(sorted.begin(), sorted.end(), [](const Candidate* a, const Candidate* b) {
    return static_cast<double>(a->reclaimable()) * static_cast<double>(b->bytes) >
           static_cast<double>(b->reclaimable()) * static_cast<double>(a->bytes);
  });
  const Candidate& best = *sorted.front();
  std::erase_if(sorted, [&](const Candidate* candidate) {
    return candidate != &best && (candidate->temperature() != best.temperature() ||
                                  !candidate->worth(std::max(threshold_percent / 2, 1u)));
  });
  return fill_one(sorted, segment_bytes);
}

std::vector<std::uint32_t> many_small(const std::vector<Candidate>& candidates, std::uint64_t segment_bytes) {
  std::vector<const Candidate*> small;
  for (const Candidate& candidate : candidates) {
    if (candidate.bytes < segment_bytes / limits::kSmallSegmentPart) small.push_back(&candidate);
  }
  if (small.size() < limits::kSmallSegmentsMax) return {};
  return fill_one(small, segment_bytes);
}

// The first segment that keeps tombstones behind it from going.
std::vector<std::uint32_t> blocking(const std::vector<Candidate>& candidates) {
  std::vector<std::uint64_t> tombstones_up_to(candidates.size());  // GSN, behind the candidate
  std::uint64_t highest = 0;
  for (std::size_t i = candidates.size(); i-- > 0;) {
    tombstones_up_to[i] = highest;
    const Segment& segment = *candidates[i].segment;
    if (segment.tombstone_bytes > 0) highest = std::max(highest, segment.header.highest_gsn);
  }
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i].segment->header.clean_gsn < tombstones_up_to[i]) return {candidates[i].slot};
  }
  return {};
}

}  // namespace

SpaceUse space_use(const SegmentTable& segments) {
  return sum_of(candidates_of(segments));
}

std::vector<std::uint32_t> choose_victims(const SegmentTable& segments, unsigned threshold_percent,
                                          std::uint64_t segment_bytes) {
  const std::vector<Candidate> candidates = candidates_of(segments);
  if (candidates.empty()) return {};
  if (auto victims = all_dead(candidates); !victims.empty()) return victims;
  const SpaceUse use = sum_of(candidates);
  if (use.reclaimable_bytes * 100 > use.bytes * threshold_percent)
    return most_dead(candidates, threshold_percent, segment_bytes);
  if (auto victims = many_small(candidates, segment_bytes); !victims.empty()) return victims;
  if (use.tombstone_bytes * 100 > use.bytes * threshold_percent) return blocking(candidates);
  return {};
}

std::uint64_t lowest_clean_gsn(const SegmentTable& segments, std::uint64_t order,
                               const std::vector<std::uint32_t>& victims) {
  std::uint64_t lowest = kNone;
  for (std::uint32_t slot = 0; slot < segments.size(); ++slot) {
    const Segment* segment = segments[slot].get();
    if (segment == nullptr || segment->header.order >= order) continue;
    if (std::find(victims.begin(), victims.end(), slot) != victims.end()) continue;
    lowest = std::min(lowest, segment->header.clean_gsn);
  }
  return lowest;
}

}  // namespace stave
