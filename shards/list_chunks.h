// SPDX-License-Identifier: Apache-2.0
// ListChunks: the elements of a native list (list.h), in a doubly linked sequence of chunks. Owner thread
// only.
//
// A chunk has items, with room in front of them and behind them, so that both ends grow and shrink without
// moving the others. They have up to kChunkBytes; a larger element has a chunk of its own.
//
//   item := varint length | bytes | the bytes of that varint, last one first
//
// So items can be walked both ways, and a small element takes two bytes more than its own. As long as all
// elements of a chunk have one length (identifiers, numbers of jobs), the chunk knows it and the items are
// the bytes alone; the first element of another length gives each item its own.
//
// An index is found by walking over chunks from the head, the tail or the chunk found last, whichever is
// nearest, and then over the chunk's items from the nearer end.
//
// Each chunk knows how many bytes its elements would take in Redis' listpack, which the encoding's name
// depends on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace stave {

// Bytes of an element in a listpack, and of a listpack without elements.
std::size_t listpack_bytes(std::string_view element);
inline constexpr std::size_t kListpackHeaderBytes = 7;

enum class ListEnd : std::uint8_t { kHead, kTail };

struct ListChunk;

// REQUIRES, everywhere: indexes and counts are within the list; elements do not point into it.
class ListChunks {
 public:
  static constexpr std::size_t kChunkBytes = 8192;

  ListChunks() = default;
  ~ListChunks();
  ListChunks(const ListChunks&) = delete;
  ListChunks& operator=(const ListChunks&) = delete;

  void push(ListEnd end, std::string_view element);
  void pop(ListEnd end, std::size_t count);
  std::string_view at(std::size_t index) const;
  void set_at(std::size_t index, std::string_view element);
  // In front of the element at `index`, or at the tail when there is none.
  void insert_at(std::size_t index, std::string_view element);
  void erase(std::size_t index, std::size_t count);
  // From `index` on, until `visit` returns false. The list must not change meanwhile.
  void for_each_while(std::size_t index, bool backwards,
                      const std::function<bool(std::string_view element)>& visit) const;

  std::size_t size() const { return size_; }
  std::size_t memory_bytes() const { return memory_bytes_; }  // without the object itself
  std::size_t listpack_bytes() const { return listpack_bytes_; }

 private:
  // A chunk and the index of its first element.
  struct Place {
    ListChunk* chunk = nullptr;
    std::size_t first = 0;
  };

  // Bytes among the items of a chunk that are to be as many as `bytes`.
  struct Gap {
    std::uint32_t offset = 0;
    std::uint32_t old_bytes = 0;
    std::uint32_t bytes = 0;
  };

  Place find(std::size_t index) const;
  ListChunk* room_at(ListEnd end, std::size_t length);
  void slide(ListChunk* chunk, ListEnd end, std::uint32_t bytes);
  ListChunk* add_chunk(ListEnd end, std::size_t length);
  bool suit(ListChunk* chunk, std::size_t length);
  void give_lengths(ListChunk* chunk);
  std::uint32_t refit(ListChunk* chunk, Gap gap);
  void write(ListChunk* chunk, std::uint32_t offset, std::string_view element);
  void forget(ListChunk* chunk, std::uint32_t count, std::size_t listpack_bytes);
  void insert_alone(ListChunk* chunk, std::uint32_t nth, std::string_view element);
  void erase_within(ListChunk* chunk, std::uint32_t nth, std::uint32_t count);
  void halve(ListChunk* chunk);
  void split(ListChunk* chunk, std::uint32_t nth, std::uint32_t offset);
  void join(ListChunk* lower, ListChunk* upper);

  ListChunk* create(std::size_t length, std::size_t capacity, ListChunk* before, ListChunk* after);
  void replace_items(ListChunk* chunk, std::size_t capacity, std::size_t begin, Gap gap);
  void adopt(ListChunk* chunk, char* items, std::size_t capacity, std::size_t begin, std::size_t used);
  void fit(ListChunk* chunk);
  char* allocate(std::size_t capacity);
  void free_items(ListChunk* chunk);
  void remove(ListChunk* chunk);
  void drop(ListChunk* chunk);

  ListChunk* head_ = nullptr;
  ListChunk* tail_ = nullptr;
  std::size_t size_ = 0;
  std::size_t memory_bytes_ = 0;
  std::size_t listpack_bytes_ = kListpackHeaderBytes;
  mutable Place found_;  // the last one that was found, or nothing
};

}  // namespace stave
