// SPDX-License-Identifier: Apache-2.0
#include "shards/index_table.h"

#include <array>
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace stave {
namespace {

// mimalloc puts blocks of these sizes (multiples of 512) on cache lines by itself, and its aligned_alloc
// would take the next larger size class. Other allocators are asked again.
void* allocate_lines(std::size_t bytes) {
  void* memory = std::malloc(bytes);
  if (reinterpret_cast<std::uintptr_t>(memory) % sizeof(Bucket) != 0) {
    std::free(memory);
    memory = std::aligned_alloc(sizeof(Bucket), bytes);
  }
  if (memory == nullptr) {
    std::fprintf(stderr, "stave: out of memory for an index table of %zu bytes\n", bytes);
    std::abort();
  }
  return memory;
}

}  // namespace

IndexTable IndexTable::create(unsigned size_class, unsigned depth) {
  assert(size_class <= kLargestClass);
  IndexTable table;
  table.word_ = size_class;
  void* const memory = allocate_lines(table.bytes());
  std::memset(memory, 0, table.bytes());
  table.word_ |= reinterpret_cast<std::uint64_t>(memory);
  table.set_depth(depth);
  return table;
}

void IndexTable::release() {
  std::free(buckets());
}

unsigned IndexTable::class_for(std::size_t count, unsigned percent) {
  unsigned size_class = 0;
  while (size_class < kLargestClass &&
         count * 100 > std::size_t{percent} * (size_class + 1) * 8 * Bucket::kSlots) {
    size_class = larger_class(size_class);
  }
  return size_class;
}

unsigned IndexTable::occupied() const {
  unsigned count = 0;
  for (unsigned i = 0; i < bucket_count(); ++i) {
    count += Bucket::kSlots - static_cast<unsigned>(std::popcount(buckets()[i].empty_slots()));
  }
  return count;
}

Slot* IndexTable::place(Slot slot) {
  const unsigned first = first_bucket(slot.tag());
  const unsigned alternate = alternate_bucket(slot.tag());
  Slot* to = vacancy(first);
  if (to == nullptr) to = vacancy(alternate);
  if (to == nullptr) to = displace(first, alternate);
  if (to != nullptr) *to = slot;
  return to;
}

// Empties a slot in one of two full buckets: a breadth-first search for the nearest bucket with a vacancy,
// along the moves that slots can make to their other bucket. Null when none is near.
Slot* IndexTable::displace(unsigned first, unsigned alternate) {
  // A longer search would fill tables to 97 %, but most of the insertions before that would be long searches.
  constexpr unsigned kStepsMax = 12;
  struct Step {
    std::uint8_t bucket;
    std::uint8_t from;  // the step before; its slot `slot` would move to `bucket`
    std::uint8_t slot;
  };
  std::array<Step, kStepsMax> steps;
  unsigned step_count = 0;
  std::uint64_t seen = 0;
  const auto add = [&](unsigned bucket, unsigned from, unsigned slot) {
    seen |= 1ull << bucket;
    steps[step_count++] = {static_cast<std::uint8_t>(bucket), static_cast<std::uint8_t>(from),
                           static_cast<std::uint8_t>(slot)};
  };
  add(first, 0, 0);
  if (alternate != first) add(alternate, 0, 0);
  const unsigned roots = step_count;

  for (unsigned at = 0; at < step_count && step_count < kStepsMax; ++at) {
    const unsigned bucket = steps[at].bucket;
    for (unsigned i = 0; i < Bucket::kSlots && step_count < kStepsMax; ++i) {
      const unsigned other = other_bucket(buckets()[bucket].slots[i].tag(), bucket);
      if ((seen >> other & 1) != 0) continue;
      add(other, at, i);
      Slot* to = vacancy(other);
      if (to == nullptr) continue;
      for (unsigned step = step_count - 1; step >= roots; step = steps[step].from) {
        Slot& moved = buckets()[steps[steps[step].from].bucket].slots[steps[step].slot];
        *to = moved;
        to = &moved;
      }
      return to;
    }
  }
  return nullptr;
}

}  // namespace stave
