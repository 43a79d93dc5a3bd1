// SPDX-License-Identifier: Apache-2.0
#include "src/blocked.h"

#include <cassert>

namespace stave {

void BlockedTable::wait(BlockedPlace& place) {
  if (place.waits()) {
    end_try(place);
  } else {
    place.number_ = ++last_number_;
    for (const std::string_view name : place.names) {
      keys_[{place.db_, std::string(name)}].places.emplace(place.number_, &place);
    }
  }
  place.tried_after_ = changes_;
}

void BlockedTable::leave(BlockedPlace& place) {
  if (!place.waits()) return;
  end_try(place);
  for (const std::string_view name : place.names) {
    const auto queue = keys_.find(View{place.db_, name});
    queue->second.places.erase(place.number_);
    erase_if_unused(queue);
  }
  place.number_ = 0;
}

// Those behind it may be served now, by any of its keys.
void BlockedTable::end_try(BlockedPlace& place) {
  if (!place.tried_) return;
  place.tried_ = false;
  for (const std::string_view name : place.names) {
    const auto queue = keys_.find(View{place.db_, name});
    if (queue->second.claimed_by == &place) end_claim(queue->second);
    mark_ready(queue, true);
  }
}

void BlockedTable::end_claim(Queue& queue) {
  queue.claimed_by = nullptr;
  --claims_;
  for (LockWaiter* waiter : std::exchange(queue.kept_out, {})) waiter->granted();
}

// In the order of changes; but a key of which somebody was served is done before the next.
void BlockedTable::mark_ready(Queues::iterator queue, bool first) {
  if (std::exchange(queue->second.ready, true)) return;
  first ? ready_.push_front(queue) : ready_.push_back(queue);
}

void BlockedTable::erase_if_unused(Queues::iterator queue) {
  if (queue->second.places.empty() && !queue->second.ready) keys_.erase(queue);
}

void BlockedTable::changed(int db, std::string_view name) {
  const auto queue = keys_.find(View{db, name});
  if (queue == keys_.end()) return;
  ++changes_;
  mark_ready(queue, false);
}

void BlockedTable::replaced(int db) {
  ++changes_;
  for (auto queue = keys_.begin(); queue != keys_.end(); ++queue) {
    if (queue->first.first == db) mark_ready(queue, false);
  }
}

std::optional<Key> BlockedTable::take_ready() {
  if (ready_.empty()) return std::nullopt;
  const auto queue = ready_.front();
  ready_.pop_front();
  queue->second.ready = false;
  return Key(queue->first.first, queue->first.second);
}

BlockedPlace* BlockedTable::tried_next(Key key, std::optional<Type> type) {
  const auto queue = keys_.find(View{key.db, key.name});
  assert(queue != keys_.end());
  for (const auto& [number, place] : queue->second.places) {
    if (place->type_ != type) continue;
    if (place->tried_) return nullptr;
    if (place->tried_after_ == changes_) continue;
    place->tried_ = true;
    if (place->claims_ && queue->second.claimed_by == nullptr) {
      queue->second.claimed_by = place;
      ++claims_;
    }
    return place;
  }
  erase_if_unused(queue);
  return nullptr;
}

bool BlockedTable::claimed(Key key) const {
  const auto queue = keys_.find(View{key.db, key.name});
  return queue != keys_.end() && queue->second.claimed_by != nullptr;
}

void BlockedTable::wait_for_claim(Key key, LockWaiter& waiter) {
  const auto queue = keys_.find(View{key.db, key.name});
  assert(queue != keys_.end() && queue->second.claimed_by != nullptr);
  queue->second.kept_out.push_back(&waiter);
}

}  // namespace stave
