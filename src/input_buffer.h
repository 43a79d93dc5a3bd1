// SPDX-License-Identifier: Apache-2.0
// InputBuffer: bytes read from a socket and not yet consumed. Memory is taken when there is something to read
// and given back when all is consumed, so an idle connection holds none.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace stave {

class InputBuffer {
 public:
  std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }
  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  void consume(std::size_t bytes) { begin_ += bytes; }

  // Room behind what is there.
  char* free_space() { return data_.get() + end_; }
  std::size_t free_bytes() const { return capacity_ - end_; }
  void filled(std::size_t bytes) { end_ += bytes; }

  // Makes room for `bytes` in all (what is there included). Moves what is there: REQUIRES that nobody views
  // it.
  void make_room(std::size_t bytes) {
    if (bytes <= capacity_ - begin_) return;
    if (bytes <= capacity_) {
      std::memmove(data_.get(), data_.get() + begin_, size());
    } else {
      std::unique_ptr<char[]> larger(new char[bytes]);
      if (!empty()) std::memcpy(larger.get(), data_.get() + begin_, size());
      data_ = std::move(larger);
      capacity_ = bytes;
    }
    end_ -= begin_;
    begin_ = 0;
  }
  // Gives the memory back. REQUIRES: empty(), and that nobody views it.
  void release() {
    data_.reset();
    begin_ = end_ = capacity_ = 0;
  }
  bool views(std::string_view bytes) const {
    return bytes.data() >= data_.get() && bytes.data() < data_.get() + capacity_;
  }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace stave
