// SPDX-License-Identifier: Apache-2.0
// ExpiryQueue: when which keys of a shard expire, so that each goes on time. 16 bytes for an element; keys
// are remembered by hash only, the index knows the rest. Owner thread only.
//
// Invariant: for every key with an expiry there is an element that is due at or before it. A key whose expiry
// moves to a later time keeps its element, which is queued again when it comes up, so refreshing a session
// costs no memory. Elements of keys that are gone are dropped when they come up, or when the shard makes the
// queue anew (Shard::tidy_expiry).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace stave {

class ExpiryQueue {
 public:
  struct Element {
    std::uint64_t due_and_db;  // Unix ms << 4 | database of the records
    std::uint64_t hash;
    std::int64_t due_ms() const { return static_cast<std::int64_t>(due_and_db >> 4); }
    int db() const { return static_cast<int>(due_and_db & 15); }
  };

  void push(std::int64_t due_ms, int db, std::uint64_t hash) {
    due_ms = std::min(due_ms, kDueMsMax);
    heap_.push_back({static_cast<std::uint64_t>(due_ms) << 4 | static_cast<std::uint64_t>(db), hash});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  // REQUIRES: !empty().
  std::int64_t next_due_ms() const { return heap_.front().due_ms(); }
  Element pop() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const Element element = heap_.back();
    heap_.pop_back();
    return element;
  }
  // In no order. REQUIRES: i < size().
  const Element& at(std::size_t i) const { return heap_[i]; }
  void remove(std::size_t i) {
    heap_[i] = heap_.back();
    heap_.pop_back();
    if (i == heap_.size()) return;
    // Towards the end of what lies below it, and then up to where it belongs.
    for (std::size_t child = 2 * i + 1; child < heap_.size(); i = child, child = 2 * i + 1) {
      if (child + 1 < heap_.size() && later(heap_[child], heap_[child + 1])) ++child;
      std::swap(heap_[i], heap_[child]);
    }
    std::push_heap(heap_.begin(), heap_.begin() + static_cast<std::ptrdiff_t>(i) + 1, later);
  }
  void clear() { heap_ = {}; }
  std::size_t bytes() const { return heap_.capacity() * sizeof(Element); }

 private:
  // What has room beside the database, millions of years from now: what is due later comes up then and is
  // queued again.
  static constexpr std::int64_t kDueMsMax = (std::int64_t{1} << 59) - 1;

  static bool later(const Element& a, const Element& b) { return a.due_and_db > b.due_and_db; }
  std::vector<Element> heap_;
};

}  // namespace stave
