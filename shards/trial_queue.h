// SPDX-License-Identifier: Apache-2.0
// TrialQueue: which keys' values are new to the cache, oldest first. A value that memory pressure finds at
// the head of it and that nobody has used meanwhile is the first to go: what is used once, as by a scan,
// passes through here and leaves the values in use alone (the idea of S3-FIFO, Yang et al., SOSP 2023). Who
// is used in time stays in memory, and its element here says nothing any more.
//
// 8 bytes for an element: the hash, with the database of the log in bits that the index does not use
// (index.h). Owner thread only; shard_cache.cc is its only user.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

namespace stave {

class TrialQueue {
 public:
  struct Element {
    std::uint64_t word;
    std::uint64_t hash() const { return word & ~kDbMask; }  // as good as the whole hash for Index::find_if
    int db() const { return static_cast<int>((word & kDbMask) >> kDbShift); }
  };

  void push(std::uint64_t hash, int db) {
    words_.push_back((hash & ~kDbMask) | static_cast<std::uint64_t>(db) << kDbShift);
  }
  // REQUIRES: not empty.
  Element front() const { return {words_.front()}; }
  void pop() { words_.pop_front(); }
  std::size_t size() const { return words_.size(); }
  std::size_t bytes() const { return words_.size() * sizeof(std::uint64_t); }

 private:
  static constexpr unsigned kDbShift = 16;  // the index uses bits 0 to 15 and 32 to 63
  static constexpr std::uint64_t kDbMask = 15ull << kDbShift;

  std::deque<std::uint64_t> words_;
};

}  // namespace stave
