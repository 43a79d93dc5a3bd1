// SPDX-License-Identifier: Apache-2.0
// Graves: large values, and the keys of flushed databases, that are still to be freed, a slice in each loop
// turn. They count as gone already. On another thread it would be no quicker for the loop: the allocator has
// the thread that has allocated them do most of the work, and all at once. Owner thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "shards/collection.h"
#include "shards/index.h"

namespace stave {

class Graves {
 public:
  Graves() = default;
  ~Graves();
  Graves(const Graves&) = delete;
  Graves& operator=(const Graves&) = delete;

  void put(std::unique_ptr<Collection> collection) { graves_.push_back({std::move(collection), nullptr, 0}); }
  void put(std::unique_ptr<Index> index) { graves_.push_back({nullptr, std::move(index), 0}); }
  // What is not large is freed at once.
  void put_large(std::unique_ptr<Collection> collection);
  // Of an entry that is about to be destroyed: its collection, if it is large.
  void take_large(Entry& entry);
  // Frees some of it; true when there is more to do.
  bool free_some(std::size_t count);

 private:
  struct Grave {
    std::unique_ptr<Collection> collection;
    std::unique_ptr<Index> index;
    std::uint64_t place = 0;  // of what is freed already
  };
  bool free_some(Grave& grave, std::size_t count);

  std::deque<Grave> graves_;
};

}  // namespace stave
