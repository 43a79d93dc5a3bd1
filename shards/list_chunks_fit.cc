// SPDX-License-Identifier: Apache-2.0
// How the chunks of a list come, get room, split, join and go.
#include <algorithm>
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "shards/entry.h"
#include "shards/list_chunk.h"
#include "shards/list_chunks.h"

namespace stave {
namespace {

// Two neighbours of no more than this become one. Halves of a full chunk stay apart for a while.
constexpr std::size_t kJoinedBytesMax = ListChunks::kChunkBytes / 4 * 3;

// What the allocator gives.
std::size_t rounded_up(std::size_t capacity) {
  return Entry::allocated_bytes(capacity);
}

constexpr std::size_t kHeaderBytes = sizeof(ListChunk);
static_assert(kHeaderBytes % 16 == 0, "the allocator adds nothing");

void move_items(ListChunk& chunk, std::uint32_t from, std::uint32_t bytes, std::uint32_t to) {
  if (from != to) std::memmove(chunk.items + to, chunk.items + from, bytes);
}

}  // namespace

// --- Chunks and the memory of their items.

// Between two neighbours, either of which may be null. Has no elements yet, and room for one of this length
// at least. Length 0: items have theirs.
ListChunk* ListChunks::create(std::size_t length, std::size_t capacity, ListChunk* before, ListChunk* after) {
  auto* const chunk = new ListChunk;
  chunk->even_length = static_cast<std::uint32_t>(length);
  memory_bytes_ += kHeaderBytes;
  capacity = std::max<std::size_t>(capacity, chunk->item_bytes(length));
  if (capacity <= kChunkBytes) capacity = rounded_up(capacity);
  chunk->items = allocate(capacity);
  chunk->capacity = static_cast<std::uint32_t>(capacity);
  chunk->before = before;
  chunk->after = after;
  (before != nullptr ? before->after : head_) = chunk;
  (after != nullptr ? after->before : tail_) = chunk;
  return chunk;
}

char* ListChunks::allocate(std::size_t capacity) {
  auto* const items = static_cast<char*>(std::malloc(capacity));
  if (items == nullptr) {
    std::fprintf(stderr, "stave: out of memory for %zu bytes of a list\n", capacity);
    std::abort();
  }
  memory_bytes_ += rounded_up(capacity);
  return items;
}

void ListChunks::free_items(ListChunk* chunk) {
  memory_bytes_ -= rounded_up(chunk->capacity);
  std::free(chunk->items);
}

// Without its elements.
void ListChunks::remove(ListChunk* chunk) {
  (chunk->before != nullptr ? chunk->before->after : head_) = chunk->after;
  (chunk->after != nullptr ? chunk->after->before : tail_) = chunk->before;
  free_items(chunk);
  memory_bytes_ -= kHeaderBytes;
  delete chunk;
}

// With its elements.
void ListChunks::drop(ListChunk* chunk) {
  size_ -= chunk->count;
  listpack_bytes_ -= chunk->listpack_bytes;
  if (found_.chunk == chunk) found_ = chunk->after != nullptr ? Place{chunk->after, found_.first} : Place{};
  remove(chunk);
}

// Other memory for the items, which are from `begin` on there, with the gap made among them.
void ListChunks::replace_items(ListChunk* chunk, std::size_t capacity, std::size_t begin, Gap gap) {
  if (capacity <= kChunkBytes) capacity = rounded_up(capacity);
  char* const items = allocate(capacity);
  const std::uint32_t front = gap.offset - chunk->begin;
  const std::uint32_t back = chunk->end - gap.offset - gap.old_bytes;
  std::memcpy(items + begin, chunk->items + chunk->begin, front);
  std::memcpy(items + begin + front + gap.bytes, chunk->items + chunk->end - back, back);
  adopt(chunk, items, capacity, begin, front + gap.bytes + back);
}

// Takes these instead of its items.
void ListChunks::adopt(ListChunk* chunk, char* items, std::size_t capacity, std::size_t begin,
                       std::size_t used) {
  free_items(chunk);
  chunk->items = items;
  chunk->capacity = static_cast<std::uint32_t>(capacity);
  chunk->begin = static_cast<std::uint32_t>(begin);
  chunk->end = static_cast<std::uint32_t>(begin + used);
}

// Makes the chunk one that can have one more element, of this length. False when it would be too large.
bool ListChunks::suit(ListChunk* chunk, std::size_t length) {
  if (chunk->takes(length)) return chunk->used() + chunk->item_bytes(length) <= kChunkBytes;
  if (chunk->uneven_bytes() + ListItem::bytes(length) > kChunkBytes) return false;
  give_lengths(chunk);
  return true;
}

// To items that have none.
void ListChunks::give_lengths(ListChunk* chunk) {
  if (chunk->even_length == 0) return;
  const std::size_t used = chunk->uneven_bytes();
  const std::size_t capacity = rounded_up(std::max<std::size_t>(chunk->capacity, used));
  char* const items = allocate(capacity);
  char* to = items;
  for (std::uint32_t at = chunk->begin; at < chunk->end; at = chunk->next(at)) {
    ListItem::write(to, chunk->element(at));
    to += ListItem::bytes(chunk->even_length);
  }
  adopt(chunk, items, capacity, 0, used);
  chunk->even_length = 0;
}

// Takes the room away that the chunk does not need any more.
void ListChunks::fit(ListChunk* chunk) {
  if (rounded_up(chunk->used()) < chunk->capacity) {
    replace_items(chunk, chunk->used(), 0, {.offset = chunk->begin});
  }
}

// --- Room at an end of the list.

// The chunk at this end, with room there for an element of this length: as it is, with its items moved,
// larger, or a new one.
ListChunk* ListChunks::room_at(ListEnd end, std::size_t length) {
  ListChunk* const chunk = end == ListEnd::kHead ? head_ : tail_;
  if (chunk == nullptr || !suit(chunk, length)) return add_chunk(end, length);
  const std::uint32_t bytes = chunk->item_bytes(length);
  if (chunk->room(end) >= bytes) return chunk;
  const std::uint32_t room = chunk->capacity - chunk->used();
  // Moved items make room for at least a sixteenth of them, so what that costs is little for each element.
  if (room >= bytes && room >= chunk->capacity / 8) {
    slide(chunk, end, bytes);
    return chunk;
  }
  if (chunk->capacity >= kChunkBytes) return add_chunk(end, length);
  const std::size_t needed = chunk->used() + bytes;
  const std::size_t larger = rounded_up(std::min(kChunkBytes, needed + needed / 4));
  const std::size_t begin = end == ListEnd::kHead ? larger - chunk->used() : 0;
  replace_items(chunk, larger, begin, {.offset = chunk->begin});
  return chunk;
}

// Gives this end the room, or half of it when elements may come at the other end of the chunk, too.
void ListChunks::slide(ListChunk* chunk, ListEnd end, std::uint32_t bytes) {
  const std::uint32_t used = chunk->used();
  const std::uint32_t room = chunk->capacity - used;
  const std::uint32_t elsewhere = head_ == tail_ ? std::min(room / 2, room - bytes) : 0;
  const std::uint32_t begin = end == ListEnd::kHead ? room - elsewhere : elsewhere;
  move_items(*chunk, chunk->begin, used, begin);
  chunk->begin = begin;
  chunk->end = begin + used;
}

// The first chunks of a list are smaller, so that room does not count for much in it.
ListChunk* ListChunks::add_chunk(ListEnd end, std::size_t length) {
  const bool head = end == ListEnd::kHead;
  if (size_ > 0) fit(head ? head_ : tail_);
  ListChunk* const chunk = create(length, std::min(kChunkBytes, memory_bytes_ / 8), head ? nullptr : tail_,
                                  head ? head_ : nullptr);
  chunk->begin = chunk->end = head ? chunk->capacity : 0;
  return chunk;
}

// --- Room anywhere.

// Makes the gap as long as it is to be, whatever is in it: the shorter side moves, if there is room. Returns
// where the gap is then. REQUIRES: no more than kChunkBytes come of it.
std::uint32_t ListChunks::refit(ListChunk* chunk, Gap gap) {
  const std::uint32_t front = gap.offset - chunk->begin;
  const std::uint32_t back = chunk->end - gap.offset - gap.old_bytes;
  const std::uint32_t used = front + gap.bytes + back;
  const bool between = chunk->before != nullptr && chunk->after != nullptr;
  const bool too_large = chunk->capacity > kChunkBytes || (between && used < chunk->capacity / 2);
  if (used > chunk->capacity || too_large) {
    replace_items(chunk, used, 0, gap);
    return front;
  }
  const bool front_fits = chunk->begin + gap.old_bytes >= gap.bytes;
  const bool back_fits = chunk->capacity - chunk->end + gap.old_bytes >= gap.bytes;
  std::uint32_t begin = 0;
  if (back_fits && (!front_fits || back <= front)) {
    begin = chunk->begin;
  } else if (front_fits) {
    begin = chunk->begin + gap.old_bytes - gap.bytes;
  }
  // In this order neither overwrites the other: the front moves to the left, or within what becomes free.
  move_items(*chunk, chunk->begin, front, begin);
  move_items(*chunk, gap.offset + gap.old_bytes, back, begin + front + gap.bytes);
  chunk->begin = begin;
  chunk->end = begin + used;
  return begin + front;
}

// --- Splitting and joining.

// Into two of about as many bytes. REQUIRES: count > 1.
void ListChunks::halve(ListChunk* chunk) {
  std::uint32_t nth = 1;
  std::uint32_t offset = chunk->next(chunk->begin);
  for (; nth + 1 < chunk->count && offset - chunk->begin < chunk->used() / 2; ++nth) {
    offset = chunk->next(offset);
  }
  split(chunk, nth, offset);
}

// The elements from the nth on, which is at `offset`, get a chunk of their own behind this one.
// REQUIRES: neither is empty.
void ListChunks::split(ListChunk* chunk, std::uint32_t nth, std::uint32_t offset) {
  ListChunk* const upper = create(chunk->even_length, chunk->end - offset, chunk, chunk->after);
  upper->end = chunk->end - offset;
  upper->count = chunk->count - nth;
  std::memcpy(upper->items, chunk->items + offset, upper->end);
  for (std::uint32_t at = 0; at < upper->end; at = upper->next(at)) {
    upper->listpack_bytes += static_cast<std::uint32_t>(stave::listpack_bytes(upper->element(at)));
  }
  chunk->end = offset;
  chunk->count = nth;
  chunk->listpack_bytes -= upper->listpack_bytes;
  fit(chunk);
}

// Makes one of two neighbours, the lower one, if they are small enough. Either may be null.
void ListChunks::join(ListChunk* lower, ListChunk* upper) {
  if (lower == nullptr || upper == nullptr) return;
  const bool alike = lower->even_length == upper->even_length;
  const std::size_t used =
      alike ? lower->used() + upper->used() : lower->uneven_bytes() + upper->uneven_bytes();
  if (used > kJoinedBytesMax) return;
  if (!alike) {
    give_lengths(lower);
    give_lengths(upper);
  }
  const std::uint32_t offset = refit(lower, {lower->end, 0, upper->used()});
  std::memcpy(lower->items + offset, upper->items + upper->begin, upper->used());
  lower->count += upper->count;
  lower->listpack_bytes += upper->listpack_bytes;
  if (found_.chunk == upper) found_ = {};
  remove(upper);
}

}  // namespace stave
