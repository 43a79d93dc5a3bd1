// SPDX-License-Identifier: Apache-2.0
// What lists do with their chunks. How chunks come, grow, split and go is in list_chunks_fit.cc.
#include "shards/list_chunks.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cstring>

#include "shards/list_chunk.h"

namespace stave {
namespace {

// Bytes of a listpack entry of this kind, its own length behind it included.
std::size_t with_back_length(std::size_t bytes) {
  if (bytes <= 127) return bytes + 1;
  if (bytes < 16'383) return bytes + 2;
  if (bytes < 2'097'151) return bytes + 3;
  return bytes + (bytes < 268'435'455 ? 4 : 5);
}

// True when the element is what a number's decimal form is: a listpack keeps it as one.
bool parse_integer(std::string_view element, std::int64_t& number) {
  constexpr std::size_t kDigitsMax = 20;
  if (element.empty() || element.size() > kDigitsMax) return false;
  const bool negative = element.front() == '-';
  const std::string_view digits = element.substr(negative ? 1 : 0);
  if (digits.empty() || (digits.front() == '0' && element.size() > 1)) return false;
  const char* const end = element.data() + element.size();
  const auto parsed = std::from_chars(element.data(), end, number);
  return parsed.ec == std::errc() && parsed.ptr == end;
}

std::size_t listpack_integer_bytes(std::int64_t number) {
  if (number >= 0 && number <= 127) return 1;
  if (number >= -4096 && number <= 4095) return 2;
  if (number >= INT16_MIN && number <= INT16_MAX) return 3;
  if (number >= -(1 << 23) && number < 1 << 23) return 4;
  return number >= INT32_MIN && number <= INT32_MAX ? 5 : 9;
}

}  // namespace

std::size_t listpack_bytes(std::string_view element) {
  std::int64_t number = 0;
  if (parse_integer(element, number)) return with_back_length(listpack_integer_bytes(number));
  const std::size_t length = element.size();
  if (length < 64) return with_back_length(length + 1);
  return with_back_length(length + (length < 4096 ? 2 : 5));
}

ListChunks::~ListChunks() {
  while (head_ != nullptr) drop(head_);
}

void ListChunks::push(ListEnd end, std::string_view element) {
  ListChunk* const chunk = room_at(end, element.size());
  const std::uint32_t bytes = chunk->item_bytes(element.size());
  if (end == ListEnd::kHead) {
    chunk->begin -= bytes;
    write(chunk, chunk->begin, element);
    found_ = {};
  } else {
    chunk->end += bytes;
    write(chunk, chunk->end - bytes, element);
  }
}

// Fills a gap of the right size.
void ListChunks::write(ListChunk* chunk, std::uint32_t offset, std::string_view element) {
  if (chunk->even_length == 0) {
    ListItem::write(chunk->items + offset, element);
  } else {
    std::memcpy(chunk->items + offset, element.data(), element.size());
  }
  const std::size_t bytes = stave::listpack_bytes(element);
  ++chunk->count;
  chunk->listpack_bytes += static_cast<std::uint32_t>(bytes);
  ++size_;
  listpack_bytes_ += bytes;
}

void ListChunks::pop(ListEnd end, std::size_t count) {
  assert(count <= size_);
  const bool head = end == ListEnd::kHead;
  if (head) found_ = {};
  while (count > 0) {
    ListChunk* const chunk = head ? head_ : tail_;
    if (count >= chunk->count) {
      count -= chunk->count;
      drop(chunk);
      continue;
    }
    const std::uint32_t offset = head ? chunk->begin : chunk->previous(chunk->end);
    forget(chunk, 1, stave::listpack_bytes(chunk->element(offset)));
    if (head) {
      chunk->begin = chunk->next(offset);
    } else {
      chunk->end = offset;
    }
    --count;
  }
}

std::string_view ListChunks::at(std::size_t index) const {
  const Place place = find(index);
  return place.chunk->element(place.chunk->offset_of(static_cast<std::uint32_t>(index - place.first)));
}

ListChunks::Place ListChunks::find(std::size_t index) const {
  assert(index < size_);
  Place place{head_, 0};
  const std::size_t tail_first = size_ - tail_->count;
  if (index >= tail_first || tail_first - index < index) place = {tail_, tail_first};
  const auto distance = [index](std::size_t first) { return index > first ? index - first : first - index; };
  if (found_.chunk != nullptr && distance(found_.first) < distance(place.first)) place = found_;
  while (index < place.first) {
    place.chunk = place.chunk->before;
    place.first -= place.chunk->count;
  }
  while (index >= place.first + place.chunk->count) {
    place.first += place.chunk->count;
    place.chunk = place.chunk->after;
  }
  found_ = place;
  return place;
}

void ListChunks::set_at(std::size_t index, std::string_view element) {
  const Place place = find(index);
  const auto nth = static_cast<std::uint32_t>(index - place.first);
  ListChunk* const chunk = place.chunk;
  const auto put_elsewhere = [&] {
    erase(index, 1);
    insert_at(index, element);
  };
  if (!chunk->takes(element.size()) && !suit(chunk, element.size())) return put_elsewhere();
  const std::uint32_t bytes = chunk->item_bytes(element.size());
  const std::uint32_t offset = chunk->offset_of(nth);
  const std::string_view old = chunk->element(offset);
  const std::uint32_t old_bytes = chunk->item_bytes(old.size());
  if (chunk->used() - old_bytes + bytes > kChunkBytes) return put_elsewhere();
  forget(chunk, 1, stave::listpack_bytes(old));
  write(chunk, refit(chunk, {offset, old_bytes, bytes}), element);
}

void ListChunks::insert_at(std::size_t index, std::string_view element) {
  assert(index <= size_);
  if (index == 0) return push(ListEnd::kHead, element);
  if (index == size_) return push(ListEnd::kTail, element);
  const Place place = find(index);
  auto nth = static_cast<std::uint32_t>(index - place.first);
  ListChunk* chunk = place.chunk;
  while (!suit(chunk, element.size())) {
    if (element.size() > kChunkBytes / 2 || chunk->count == 1) return insert_alone(chunk, nth, element);
    halve(chunk);
    if (nth <= chunk->count) continue;
    nth -= chunk->count;
    chunk = chunk->after;
  }
  const std::uint32_t bytes = chunk->item_bytes(element.size());
  write(chunk, refit(chunk, {chunk->offset_of(nth), 0, bytes}), element);
}

// A chunk of its own in front of the nth element of the chunk.
void ListChunks::insert_alone(ListChunk* chunk, std::uint32_t nth, std::string_view element) {
  if (nth > 0 && nth < chunk->count) {
    split(chunk, nth, chunk->offset_of(nth));
    chunk = chunk->after;
    nth = 0;
  }
  const bool in_front = nth == 0;
  ListChunk* const alone =
      create(element.size(), 0, in_front ? chunk->before : chunk, in_front ? chunk : chunk->after);
  found_ = {};
  alone->end = alone->item_bytes(element.size());
  write(alone, 0, element);
  join(alone, alone->after);
  join(alone->before, alone);
}

void ListChunks::erase(std::size_t index, std::size_t count) {
  assert(index <= size_ && count <= size_ - index);
  while (count > 0) {
    const Place place = find(index);
    const auto nth = static_cast<std::uint32_t>(index - place.first);
    const auto here = static_cast<std::uint32_t>(std::min<std::size_t>(count, place.chunk->count - nth));
    if (here == place.chunk->count) {
      drop(place.chunk);
    } else {
      erase_within(place.chunk, nth, here);
    }
    count -= here;
  }
  if (size_ == 0) return;
  ListChunk* const seam = find(std::min(index, size_ - 1)).chunk;
  join(seam, seam->after);
  join(seam->before, seam);
}

// REQUIRES: some elements stay.
void ListChunks::erase_within(ListChunk* chunk, std::uint32_t nth, std::uint32_t count) {
  const std::uint32_t begin = chunk->offset_of(nth);
  std::uint32_t end = begin;
  std::size_t bytes = 0;
  for (std::uint32_t i = 0; i < count; ++i, end = chunk->next(end)) {
    bytes += stave::listpack_bytes(chunk->element(end));
  }
  forget(chunk, count, bytes);
  refit(chunk, {begin, end - begin, 0});
}

// Elements of the chunk, which go, count no more.
void ListChunks::forget(ListChunk* chunk, std::uint32_t count, std::size_t listpack_bytes) {
  chunk->count -= count;
  chunk->listpack_bytes -= static_cast<std::uint32_t>(listpack_bytes);
  size_ -= count;
  listpack_bytes_ -= listpack_bytes;
}

void ListChunks::for_each_while(std::size_t index, bool backwards,
                                const std::function<bool(std::string_view element)>& visit) const {
  if (index >= size_) return;
  const Place place = find(index);
  ListChunk* chunk = place.chunk;
  std::uint32_t offset = chunk->offset_of(static_cast<std::uint32_t>(index - place.first));
  while (visit(chunk->element(offset))) {
    if (backwards && offset == chunk->begin) {
      chunk = chunk->before;
      if (chunk == nullptr) return;
      offset = chunk->end;
    }
    offset = backwards ? chunk->previous(offset) : chunk->next(offset);
    if (!backwards && offset == chunk->end) {
      chunk = chunk->after;
      if (chunk == nullptr) return;
      offset = chunk->begin;
    }
  }
}

}  // namespace stave
