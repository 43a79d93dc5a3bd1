// SPDX-License-Identifier: Apache-2.0
// QuicklistNodes: where Redis begins a new node of a quicklist, if its elements are pushed at the tail one by
// one. So it says how many listpacks a list is written as, and whether one that was read fits into one.
#pragma once

#include <cstddef>
#include <string_view>

#include "shards/collection_limits.h"
#include "shards/list.h"

namespace stave {

class QuicklistNodes {
 public:
  explicit QuicklistNodes(const CollectionLimits& limits) : limits_(limits) {}

  // True when the next element is the first of a node.
  bool begins_one(std::string_view element) {
    constexpr std::size_t kEstimatedMore = 8;  // what Redis adds to an element's length for this question
    const bool begins =
        elements_ == 0 || !fits_listpack(elements_ + 1, bytes_ + element.size() + kEstimatedMore, limits_);
    if (begins) {
      ++nodes_;
      elements_ = 0;
      bytes_ = kListpackHeaderBytes;
    }
    ++elements_;
    bytes_ += listpack_bytes(element);
    return begins;
  }
  // Whether Redis would make one listpack of the list of all elements so far.
  bool is_one_listpack() const { return nodes_ == 1 && fits_listpack(elements_, bytes_, limits_); }

 private:
  const CollectionLimits& limits_;
  std::size_t nodes_ = 0;
  std::size_t elements_ = 0;  // of the last node
  std::size_t bytes_ = 0;     // of its listpack
};

}  // namespace stave
