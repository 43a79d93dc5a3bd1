// SPDX-License-Identifier: Apache-2.0
#include "shards/chain.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace stave {

void SegmentBytes::add(std::uint32_t segment, std::uint64_t bytes) {
  total += bytes;
  for (auto share = shares.rbegin(); share != shares.rend(); ++share) {  // the last is the likeliest
    if (share->segment != segment) continue;
    share->bytes += bytes;
    return;
  }
  shares.push_back({segment, bytes});
}

void SegmentBytes::add(const SegmentBytes& other) {
  for (const Share& share : other.shares) add(share.segment, share.bytes);
}

std::uint64_t SegmentBytes::take(std::uint32_t segment, std::uint64_t bytes) {
  const auto share = std::find_if(shares.begin(), shares.end(),
                                  [&](const Share& candidate) { return candidate.segment == segment; });
  if (share == shares.end()) return 0;
  const std::uint64_t taken = std::min(share->bytes, bytes);
  share->bytes -= taken;
  total -= taken;
  if (share->bytes == 0) shares.erase(share);
  return taken;
}

SegmentBytes& Chain::edits_of(std::uint64_t gsn) {
  const bool in_series = series != nullptr && !series->parts.empty() && gsn > series->parts.front().gsn;
  return in_series ? series->edits : edits;
}

void Chain::add_edits(std::uint32_t segment, std::uint64_t record_bytes) {
  (series != nullptr ? series->edits : edits).add(segment, record_bytes);
}

std::uint64_t Chain::take_edits(std::uint64_t gsn, std::uint32_t segment, std::uint64_t record_bytes) {
  return edits_of(gsn).take(segment, record_bytes);
}

void Chain::give_edits(std::uint64_t gsn, std::uint32_t segment, std::uint64_t record_bytes) {
  edits_of(gsn).add(segment, record_bytes);
}

void Chain::add_part(const Part& part) {
  parts.push_back(part);
  part_bytes += part.bytes;
}

Chain::Part* Chain::find_part(std::uint64_t gsn) {
  Part* const part = find_gsn(parts, gsn);
  return part != nullptr || series == nullptr ? part : find_gsn(series->parts, gsn);
}

Chain::Part Chain::end_series() {
  assert(series != nullptr && series->parts.size() > 1);
  const std::unique_ptr<Series> ended = std::move(series);
  const Part first = ended->parts.front();
  const std::uint64_t edits_gsn = last_gsn;
  begin(first.gsn);
  last_gsn = std::max(edits_gsn, first.gsn);
  edits = std::move(ended->edits);
  for (std::size_t i = 1; i < ended->parts.size(); ++i) add_part(ended->parts[i]);
  return first;
}

std::vector<Chain::Part> Chain::drop_series() {
  if (series == nullptr) return {};
  const std::unique_ptr<Series> dropped = std::move(series);
  edits.add(dropped->edits);
  return std::move(dropped->parts);
}

}  // namespace stave
