// SPDX-License-Identifier: Apache-2.0
// RankedTree: the order of a sorted set's members (zset.h): by score, then by the member's bytes as memcmp
// has them, a shorter one before what continues it. Owner thread only.
//
// A B+ tree whose inner nodes know how many items are below each child: what has a rank, and which rank
// something has, takes one way down. Every change works on the nodes of one way down, so none takes long.
//
// An item is a score and the entry (entry.h) with the member as its key; the tree owns no entries, and keeps
// the scores itself, so that a search looks at entries only where scores are equal. A leaf is as large as it
// needs to be, up to 72 items of 14 bytes. Inner nodes have the first item of each child. Nodes that become
// small enough for it are joined, and nothing else is done for balance: all leaves are equally deep anyway.
//
// Scores are never NaN. -0 and 0 are equal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "shards/entry.h"

namespace stave {

class RankedTree {
 public:
  struct Item {
    double score = 0;
    const Entry* entry = nullptr;
  };

  RankedTree() = default;
  ~RankedTree();
  RankedTree(const RankedTree&) = delete;
  RankedTree& operator=(const RankedTree&) = delete;

  // REQUIRES: no item with this member is in the tree. The entry must stay until it is erased.
  void insert(Item item);
  // REQUIRES: the item is in the tree.
  void erase(Item item);

  std::size_t size() const { return root_.size; }
  std::size_t memory_bytes() const { return memory_bytes_; }  // without the object itself

  // REQUIRES: rank < size().
  Item at(std::size_t rank) const;
  // How many items are in front of one.
  std::size_t rank(double score, std::string_view member) const;
  // How many items have a lower score, or one no higher.
  std::size_t count_below(double score) const;
  std::size_t count_to(double score) const;
  // How many have a member in front of this one, or this one, too. REQUIRES: all scores are equal.
  std::size_t count_below(std::string_view member) const;
  std::size_t count_to(std::string_view member) const;
  // From `rank` on, until `visit` returns false. The tree must not change meanwhile.
  void walk(std::size_t rank, bool backwards, const std::function<bool(Item item)>& visit) const;

 private:
  struct Leaf;
  struct Inner;
  // A node, what it begins with, and how many items it holds.
  struct Child {
    void* node = nullptr;
    Item first;
    std::uint32_t size = 0;
  };
  // Where a node is among those of its level: items that come in order fill nodes to the full.
  struct Edge {
    bool first = true;
    bool last = true;
  };
  static Leaf& leaf(const Child& child) { return *static_cast<Leaf*>(child.node); }
  static Inner& inner(const Child& child) { return *static_cast<Inner*>(child.node); }

  std::optional<Child> insert(Child& at, unsigned level, Edge edge, Item item);
  std::optional<Child> insert_item(Child& at, Edge edge, Item item);
  std::optional<Child> insert_child(Child& at, Edge edge, std::uint32_t place, const Child& child);
  void erase(Child& at, unsigned level, Item item);
  void erase_item(Child& at, Item item);
  void tidy(Inner& parent, std::uint32_t place, unsigned level);
  bool join(Child& lower, Child& upper, unsigned level);

  template <typename Before>
  std::size_t count_before(Before before) const;
  bool walk(const Child& at, unsigned level, std::size_t rank, bool backwards,
            const std::function<bool(Item item)>& visit) const;

  Leaf* create_leaf(std::uint32_t count);
  void refit(Child& at, std::uint32_t count);
  void free_leaf(Leaf* leaf);
  Inner* create_inner();
  void free_node(const Child& at, unsigned level);
  void free_all(const Child& at, unsigned level);

  Child root_;
  unsigned levels_ = 0;  // of inner nodes above the leaves
  std::size_t memory_bytes_ = 0;
};

}  // namespace stave
