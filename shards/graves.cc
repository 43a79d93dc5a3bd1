// SPDX-License-Identifier: Apache-2.0
#include "shards/graves.h"

#include "shards/limits.h"

namespace stave {

Graves::~Graves() {
  while (free_some(~std::size_t{0})) {
  }
}

void Graves::put_large(std::unique_ptr<Collection> collection) {
  if (collection != nullptr && collection->size() > limits::kFreedAtOnce) put(std::move(collection));
}

void Graves::take_large(Entry& entry) {
  if (entry.collection() == nullptr || entry.collection()->size() <= limits::kFreedAtOnce) return;
  put(std::unique_ptr<Collection>(entry.release_collection()));
}

bool Graves::free_some(std::size_t count) {
  if (graves_.empty()) return false;
  Grave grave = std::move(graves_.front());
  graves_.pop_front();
  if (!free_some(grave, count)) graves_.push_front(std::move(grave));
  return !graves_.empty();
}

// True when nothing of it is left. Collections among the keys get graves of their own.
bool Graves::free_some(Grave& grave, std::size_t count) {
  if (grave.collection != nullptr) return grave.collection->free_some(grave.place, count);
  grave.place = grave.index->destroy_some(grave.place, count, [this](Entry& entry) { take_large(entry); });
  return grave.place == 0;
}

}  // namespace stave
