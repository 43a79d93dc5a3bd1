// SPDX-License-Identifier: Apache-2.0
// The nodes of a RankedTree. Only ranked_tree*.cc use this.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "shards/entry.h"
#include "shards/ranked_tree.h"

namespace stave {

inline bool ranks_before(const RankedTree::Item& a, const RankedTree::Item& b) {
  if (a.score != b.score) return a.score < b.score;
  return a.entry->key() < b.entry->key();
}

// Of `count` things the first ones are in front of something: how many. `before` tells of the nth.
template <typename Before>
std::uint32_t partition_point(std::uint32_t count, Before before) {
  std::uint32_t begin = 0;
  while (count > 0) {
    const std::uint32_t half = count / 2;
    if (before(begin + half)) {
      begin += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return begin;
}

// In memory followed by scores (8 bytes) * capacity, and pointers to entries (6 bytes, as in slot.h) *
// capacity.
struct RankedTree::Leaf {
  static constexpr std::uint32_t kItemsMax = 72;  // 1 KiB with the header
  static constexpr std::uint32_t kPointerBytes = 6;
  static constexpr std::uint32_t kItemBytes = sizeof(double) + kPointerBytes;

  std::uint32_t count = 0;
  std::uint32_t capacity = 0;

  double* scores() { return reinterpret_cast<double*>(this + 1); }
  const double* scores() const { return reinterpret_cast<const double*>(this + 1); }
  char* pointers() { return reinterpret_cast<char*>(scores() + capacity); }
  const char* pointers() const { return reinterpret_cast<const char*>(scores() + capacity); }

  Item item(std::uint32_t i) const {
    std::uint64_t pointer = 0;
    std::memcpy(&pointer, pointers() + i * kPointerBytes, kPointerBytes);
    return {scores()[i], reinterpret_cast<const Entry*>(pointer)};
  }
  void set_item(std::uint32_t i, Item item) {
    const auto pointer = reinterpret_cast<std::uint64_t>(item.entry);
    scores()[i] = item.score;
    std::memcpy(pointers() + i * kPointerBytes, &pointer, kPointerBytes);
  }
  // Copies, also within a leaf. Changes no count.
  void copy_items(std::uint32_t to, const Leaf& source, std::uint32_t from, std::uint32_t items) {
    std::memmove(scores() + to, source.scores() + from, items * sizeof(double));
    std::memmove(pointers() + to * kPointerBytes, source.pointers() + from * kPointerBytes,
                 items * kPointerBytes);
  }
  // How many of its items rank before this one.
  std::uint32_t place_of(const Item& other) const {
    return partition_point(count, [&](std::uint32_t i) {
      return scores()[i] != other.score ? scores()[i] < other.score : ranks_before(item(i), other);
    });
  }
};

struct RankedTree::Inner {
  static constexpr std::uint32_t kChildrenMax = 31;  // 1 KiB with the count

  std::uint32_t count = 0;
  Child children[kChildrenMax];

  // The child that has the item, or would get it.
  std::uint32_t place_of(const Item& item) const {
    const std::uint32_t after =
        partition_point(count, [&](std::uint32_t i) { return !ranks_before(item, children[i].first); });
    return after == 0 ? 0 : after - 1;
  }
  void insert(std::uint32_t place, const Child& child) {
    std::copy_backward(children + place, children + count, children + count + 1);
    children[place] = child;
    ++count;
  }
  void erase(std::uint32_t place) {
    std::copy(children + place + 1, children + count, children + place);
    --count;
  }
  std::uint32_t size() const {
    std::uint32_t sum = 0;
    for (std::uint32_t i = 0; i < count; ++i) sum += children[i].size;
    return sum;
  }
};

}  // namespace stave
