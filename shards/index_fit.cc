// SPDX-License-Identifier: Apache-2.0
// Making all tables anew for a number of keys, for recovery.
#include <algorithm>
#include <cmath>
#include <utility>

#include "shards/index.h"
#include "shards/index_table.h"

namespace stave {
namespace {

constexpr double kPercentMax = 90;  // how full a table is to get
constexpr double kDeviations =
    1.5;  // by how much more keys than expected come to a table before it must grow
constexpr unsigned kDepthMax = 31;
// Tables that grew one by one are at least about so full, all together.
constexpr std::size_t kTrimPercent = 65;

// The inverse of Index::place_of as fractions: the share of all keys whose place is below `place`.
double share_below(double place) {
  return std::sqrt(1 + 3 * place) - 1;
}

// The smallest size class for a table that can expect so many keys; above the largest one if none is enough.
// Finer steps than those of growing, as no slot has to move for them.
unsigned class_expecting(double keys) {
  const double slots = (keys + kDeviations * std::sqrt(keys)) * 100 / kPercentMax;
  return static_cast<unsigned>(std::min(slots / (8 * Bucket::kSlots), 1e6));
}

}  // namespace

void Index::fit(std::size_t keys) {
  const auto expected = [&](std::uint64_t first, unsigned depth) {
    const double width = std::ldexp(1.0, -static_cast<int>(depth));
    const double place = std::ldexp(static_cast<double>(first >> 32), -32);
    return static_cast<double>(keys) * (share_below(place + width) - share_below(place));
  };
  // Keys are densest at the directory's beginning.
  unsigned depth_max = 1;
  while (depth_max < kDepthMax && class_expecting(expected(0, depth_max)) > IndexTable::kLargestClass)
    ++depth_max;

  std::vector<IndexTable> old(std::size_t{1} << depth_max);
  old.swap(directory_);
  const unsigned old_shift = std::exchange(directory_shift_, 64 - depth_max);
  std::vector<Slot> old_overflow;
  old_overflow.swap(overflow_);
  std::uint64_t place = 0;
  do {
    unsigned depth = depth_max;
    // As wide as is right here and as its beginning allows.
    while (depth > 1 && (place & (1ull << (64 - depth))) == 0 &&
           class_expecting(expected(place, depth - 1)) <= IndexTable::kLargestClass) {
      --depth;
    }
    const unsigned size_class = std::min(class_expecting(expected(place, depth)), IndexTable::kLargestClass);
    const IndexTable table = create_table(size_class, depth);
    set_table(place, table);
    place += table.width();
  } while (place != 0);

  for (std::size_t i = 0; i < old.size();) {
    const IndexTable table = old[i];
    take_slots(table);
    i += std::max<std::size_t>(1, table.width() >> old_shift);
    free_table(table);
  }
  for (const Slot& slot : old_overflow) put(hash_(slot.entry()->key()), slot);
}

void Index::trim() {
  const std::size_t slots = table_bytes_ / sizeof(Slot);
  if (size_ * 100 < slots * kTrimPercent) fit(size_);
}

void Index::take_slots(IndexTable from) {
  for (unsigned i = 0; i < from.slot_count(); ++i) __builtin_prefetch(from.slot(i).entry());
  for (unsigned i = 0; i < from.slot_count(); ++i) {
    const Slot& slot = from.slot(i);
    if (!slot.empty()) put(hash_(slot.entry()->key()), slot);
  }
}

}  // namespace stave
