// SPDX-License-Identifier: Apache-2.0
#include "shards/field_expiries.h"

#include <utility>

namespace stave {

void FieldExpiries::set(int db, std::uint64_t hash, std::int64_t due_ms) {
  if (due_ms == 0 && order_.empty()) return;
  const auto found = due_.find({db, hash});
  const std::int64_t old_ms = found == due_.end() ? 0 : found->second;
  if (old_ms == due_ms) return;
  if (old_ms != 0) order_.erase({old_ms, db, hash});
  if (due_ms == 0) {
    due_.erase(found);
    return;
  }
  order_.insert({due_ms, db, hash});
  due_[{db, hash}] = due_ms;
}

void FieldExpiries::clear(int db) {
  std::erase_if(order_, [db](const Element& element) { return element.db == db; });
  std::erase_if(due_, [db](const auto& element) { return element.first.db == db; });
}

// Nodes of both, and the table of one, as an allocator rounds them.
std::size_t FieldExpiries::bytes() const {
  constexpr std::size_t kElementBytes = 64 + 48 + sizeof(void*);
  return order_.size() * kElementBytes;
}

}  // namespace stave
