// SPDX-License-Identifier: Apache-2.0
// Searching and walking. The changes are in ranked_tree_change.cc.
#include "shards/ranked_tree.h"

#include <cassert>

#include "shards/ranked_tree_node.h"

namespace stave {

RankedTree::Item RankedTree::at(std::size_t rank) const {
  assert(rank < size());
  const Child* at = &root_;
  for (unsigned level = levels_; level > 0; --level) {
    const Child* child = inner(*at).children;
    for (; rank >= child->size; ++child) rank -= child->size;
    at = child;
  }
  return leaf(*at).item(static_cast<std::uint32_t>(rank));
}

// `before` is true of the first items only, and tells so of (score, entry).
template <typename Before>
std::size_t RankedTree::count_before(Before before) const {
  if (size() == 0) return 0;
  std::size_t count = 0;
  const Child* at = &root_;
  for (unsigned level = levels_; level > 0; --level) {
    const Inner& node = inner(*at);
    const std::uint32_t begun =
        partition_point(node.count, [&](std::uint32_t i) { return before(node.children[i].first); });
    if (begun == 0) return count;
    for (std::uint32_t i = 0; i + 1 < begun; ++i) count += node.children[i].size;
    at = &node.children[begun - 1];
  }
  const Leaf& node = leaf(*at);
  return count + partition_point(node.count, [&](std::uint32_t i) { return before(node.item(i)); });
}

std::size_t RankedTree::rank(double score, std::string_view member) const {
  return count_before([&](const Item& item) {
    return item.score != score ? item.score < score : item.entry->key() < member;
  });
}

std::size_t RankedTree::count_below(double score) const {
  return count_before([&](const Item& item) { return item.score < score; });
}

std::size_t RankedTree::count_to(double score) const {
  return count_before([&](const Item& item) { return item.score <= score; });
}

std::size_t RankedTree::count_below(std::string_view member) const {
  return count_before([&](const Item& item) { return item.entry->key() < member; });
}

std::size_t RankedTree::count_to(std::string_view member) const {
  return count_before([&](const Item& item) { return item.entry->key() <= member; });
}

void RankedTree::walk(std::size_t rank, bool backwards, const std::function<bool(Item item)>& visit) const {
  if (rank < size()) walk(root_, levels_, rank, backwards, visit);
}

// From the item with this rank within the node. False when `visit` has stopped it.
bool RankedTree::walk(const Child& at, unsigned level, std::size_t rank, bool backwards,
                      const std::function<bool(Item item)>& visit) const {
  const int step = backwards ? -1 : 1;
  if (level == 0) {
    // So far ahead of the visit that the entry, which is anywhere in memory, is there by then.
    constexpr int kAhead = 8;
    const Leaf& node = leaf(at);
    const auto count = static_cast<int>(node.count);
    for (auto i = static_cast<int>(rank); i >= 0 && i < count; i += step) {
      const int ahead = i + kAhead * step;
      if (ahead >= 0 && ahead < count) {
        __builtin_prefetch(node.item(static_cast<std::uint32_t>(ahead)).entry);
      }
      if (!visit(node.item(static_cast<std::uint32_t>(i)))) return false;
    }
    return true;
  }
  const Inner& node = inner(at);
  std::uint32_t place = 0;
  for (; rank >= node.children[place].size; ++place) rank -= node.children[place].size;
  for (;;) {
    if (!walk(node.children[place], level - 1, rank, backwards, visit)) return false;
    if (place == (backwards ? 0 : node.count - 1)) return true;
    place = backwards ? place - 1 : place + 1;
    rank = backwards ? node.children[place].size - 1 : 0;
  }
}

}  // namespace stave
