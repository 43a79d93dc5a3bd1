// SPDX-License-Identifier: Apache-2.0
// Inserting and erasing, and how nodes come, grow, split, join and go.
#include <algorithm>
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <utility>

#include "shards/ranked_tree.h"
#include "shards/ranked_tree_node.h"

namespace stave {
namespace {

void* allocate(std::size_t bytes) {
  void* const memory = std::malloc(bytes);
  if (memory == nullptr) {
    std::fprintf(stderr, "stave: out of memory for %zu bytes of a sorted set\n", bytes);
    std::abort();
  }
  return memory;
}

// How many of a full node's things stay in it when one more comes at `place` and another node takes the rest.
// What comes in order leaves full nodes behind.
std::uint32_t staying(std::uint32_t count, std::uint32_t place, bool first, bool last) {
  if (last && place == count) return count;
  if (first && place == 0) return 0;
  return count / 2;
}

}  // namespace

RankedTree::~RankedTree() {
  if (root_.node != nullptr) free_all(root_, levels_);
}

// --- Inserting. A node that is full splits: what a function returns is a new node to stand behind its own.

void RankedTree::insert(Item item) {
  if (root_.node == nullptr) root_ = {create_leaf(1), item, 0};
  const auto behind = insert(root_, levels_, {}, item);
  if (!behind) return;
  Inner* const top = create_inner();
  top->insert(0, root_);
  top->insert(1, *behind);
  root_ = {top, root_.first, root_.size + behind->size};
  ++levels_;
}

std::optional<RankedTree::Child> RankedTree::insert(Child& at, unsigned level, Edge edge, Item item) {
  if (level == 0) return insert_item(at, edge, item);
  Inner& node = inner(at);
  const std::uint32_t place = node.place_of(item);
  const Edge below{edge.first && place == 0, edge.last && place + 1 == node.count};
  const auto behind = insert(node.children[place], level - 1, below, item);
  ++at.size;
  at.first = node.children[0].first;
  if (!behind) return std::nullopt;
  return insert_child(at, edge, place + 1, *behind);
}

std::optional<RankedTree::Child> RankedTree::insert_item(Child& at, Edge edge, Item item) {
  const std::uint32_t place = leaf(at).place_of(item);
  const std::uint32_t count = leaf(at).count;
  if (count == Leaf::kItemsMax) {
    const std::uint32_t stay = staying(count, place, edge.first, edge.last);
    Child behind{create_leaf(std::max(count - stay, 1u)), item, count - stay};
    leaf(behind).copy_items(0, leaf(at), stay, count - stay);
    leaf(behind).count = count - stay;
    if (count > stay) behind.first = leaf(behind).item(0);
    leaf(at).count = at.size = stay;
    if (stay < count) refit(at, stay);
    insert_item(place > stay || stay == count ? behind : at, edge, item);
    return behind;
  }
  if (count == leaf(at).capacity) refit(at, count + std::max(4u, count / 8));
  Leaf& node = leaf(at);
  node.copy_items(place + 1, node, place, count - place);
  node.set_item(place, item);
  ++node.count;
  ++at.size;
  at.first = node.item(0);
  return std::nullopt;
}

// The new child is counted already, as part of the one in front of it.
std::optional<RankedTree::Child> RankedTree::insert_child(Child& at, Edge edge, std::uint32_t place,
                                                          const Child& child) {
  Inner& node = inner(at);
  if (node.count < Inner::kChildrenMax) {
    node.insert(place, child);
    return std::nullopt;
  }
  const std::uint32_t stay = std::max(staying(node.count, place, edge.first, edge.last), 1u);
  Inner* const upper = create_inner();
  std::copy(node.children + stay, node.children + node.count, upper->children);
  upper->count = node.count - stay;
  node.count = stay;
  if (place <= stay && upper->count > 0) {
    node.insert(place, child);
  } else {
    upper->insert(place - stay, child);
  }
  const Child behind{upper, upper->children[0].first, upper->size()};
  at.size -= behind.size;
  return behind;
}

// --- Erasing.

void RankedTree::erase(Item item) {
  assert(size() > 0);
  erase(root_, levels_, item);
  if (root_.size == 0) {
    free_node(root_, levels_);
    root_ = {};
    levels_ = 0;
    return;
  }
  while (levels_ > 0 && inner(root_).count == 1) {
    const Child only = inner(root_).children[0];
    free_node(root_, levels_);
    root_ = only;
    --levels_;
  }
}

void RankedTree::erase(Child& at, unsigned level, Item item) {
  if (level == 0) return erase_item(at, item);
  Inner& node = inner(at);
  const std::uint32_t place = node.place_of(item);
  erase(node.children[place], level - 1, item);
  --at.size;
  tidy(node, place, level - 1);
  if (node.count > 0) at.first = node.children[0].first;
}

void RankedTree::erase_item(Child& at, Item item) {
  Leaf& node = leaf(at);
  const std::uint32_t place = node.place_of(item);
  assert(place < node.count && node.item(place).entry == item.entry);
  node.copy_items(place, node, place + 1, node.count - place - 1);
  --node.count;
  --at.size;
  if (node.count == 0) return;
  at.first = node.item(0);
  // The more room the slower it goes, so that no run of changes makes a leaf anew all the time.
  if (node.capacity - node.count > std::max(8u, node.capacity / 4)) refit(at, node.count + node.count / 8);
}

// Frees the child, which has lost an item, when it is empty, or joins it with a neighbour.
void RankedTree::tidy(Inner& parent, std::uint32_t place, unsigned level) {
  if (parent.children[place].size == 0) {
    free_node(parent.children[place], level);
    parent.erase(place);
    return;
  }
  for (const std::uint32_t upper : {place + 1, place}) {
    if (upper == 0 || upper >= parent.count) continue;
    if (!join(parent.children[upper - 1], parent.children[upper], level)) continue;
    parent.erase(upper);
    return;
  }
}

// Makes one of two neighbours when three quarters of a node are enough for both.
bool RankedTree::join(Child& lower, Child& upper, unsigned level) {
  if (level == 0) {
    const std::uint32_t count = lower.size + upper.size;
    if (count > Leaf::kItemsMax / 4 * 3) return false;
    if (count > leaf(lower).capacity) refit(lower, count);
    leaf(lower).copy_items(lower.size, leaf(upper), 0, upper.size);
    leaf(lower).count = count;
  } else {
    const std::uint32_t count = inner(lower).count + inner(upper).count;
    if (count > Inner::kChildrenMax / 4 * 3) return false;
    std::copy_n(inner(upper).children, inner(upper).count, inner(lower).children + inner(lower).count);
    inner(lower).count = count;
  }
  lower.size += upper.size;
  free_node(upper, level);
  return true;
}

// --- Nodes.

// With room for so many items, and for what the allocator gives anyway.
RankedTree::Leaf* RankedTree::create_leaf(std::uint32_t count) {
  const std::size_t bytes = Entry::allocated_bytes(sizeof(Leaf) + std::size_t{count} * Leaf::kItemBytes);
  auto* const created = new (allocate(bytes)) Leaf;
  const std::size_t room = (bytes - sizeof(Leaf)) / Leaf::kItemBytes;
  created->capacity = static_cast<std::uint32_t>(std::min<std::size_t>(room, Leaf::kItemsMax));
  memory_bytes_ += bytes;
  return created;
}

// Gives a leaf another capacity: for so many items at least.
void RankedTree::refit(Child& at, std::uint32_t count) {
  Leaf* const old = &leaf(at);
  const std::uint32_t capacity = std::min(std::max(count, 1u), Leaf::kItemsMax);
  Leaf* const fresh = create_leaf(capacity);
  fresh->copy_items(0, *old, 0, old->count);
  fresh->count = old->count;
  at.node = fresh;
  free_leaf(old);
}

void RankedTree::free_leaf(Leaf* leaf) {
  memory_bytes_ -= Entry::allocated_bytes(sizeof(Leaf) + std::size_t{leaf->capacity} * Leaf::kItemBytes);
  std::free(leaf);
}

RankedTree::Inner* RankedTree::create_inner() {
  memory_bytes_ += Entry::allocated_bytes(sizeof(Inner));
  return new (allocate(sizeof(Inner))) Inner;
}

void RankedTree::free_node(const Child& at, unsigned level) {
  if (level == 0) return free_leaf(&leaf(at));
  memory_bytes_ -= Entry::allocated_bytes(sizeof(Inner));
  std::free(at.node);
}

void RankedTree::free_all(const Child& at, unsigned level) {
  for (std::uint32_t i = 0; level > 0 && i < inner(at).count; ++i) {
    free_all(inner(at).children[i], level - 1);
  }
  free_node(at, level);
}

}  // namespace stave
