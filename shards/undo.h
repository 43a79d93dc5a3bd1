// SPDX-License-Identifier: Apache-2.0
// Undo: edits a collection where it is, and remembers how to take all of it back: a transaction changes large
// collections before it knows whether there is room in the logs for what it does. Whoever holds the lock of
// the key.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "shards/collection.h"

namespace stave {

class Undo {
 public:
  explicit Undo(Collection& collection)
      : collection_(collection), memory_bytes_(collection.memory_bytes()), encoding_(collection.encoding()) {}

  // As Collection::apply.
  Status apply(std::string_view edits, const CollectionLimits& limits, EditResult& result);
  // The collection has the same elements, order and encoding as at the beginning.
  void take_back(const CollectionLimits& limits);
  // Of the collection, at the beginning.
  std::size_t memory_bytes() const { return memory_bytes_; }
  Collection& collection() const { return collection_; }

 private:
  void note_names(std::string_view edits);
  void note_list(const Edit& edit);
  void note_elements(std::size_t index, std::size_t count);

  Collection& collection_;
  const std::size_t memory_bytes_;
  const Encoding encoding_;
  std::vector<std::string> steps_;  // edits, to be applied from the last one on
};

}  // namespace stave
