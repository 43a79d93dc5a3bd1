// SPDX-License-Identifier: Apache-2.0
// RequestList: a queue of IoRequests, linked through their `next`, so that queueing allocates nothing.
// Used by the I/O backends only; a request is in at most one list. Owns nothing.
#pragma once

#include "shards/disk.h"

namespace stave {

class RequestList {
 public:
  bool empty() const { return first_ == nullptr; }
  std::size_t size() const { return size_; }

  void push_back(IoRequest& request) {
    request.next = nullptr;
    *(first_ == nullptr ? &first_ : &last_->next) = &request;
    last_ = &request;
    ++size_;
  }

  // REQUIRES: !empty().
  IoRequest& front() { return *first_; }
  IoRequest& pop_front() {
    IoRequest& request = *first_;
    first_ = request.next;
    --size_;
    return request;
  }

  // Moves all of `other` to the end of this.
  void append(RequestList& other) {
    if (other.empty()) return;
    *(first_ == nullptr ? &first_ : &last_->next) = other.first_;
    last_ = other.last_;
    size_ += other.size_;
    other = RequestList();
  }

 private:
  IoRequest* first_ = nullptr;
  IoRequest* last_ = nullptr;  // meaningless while empty
  std::size_t size_ = 0;
};

}  // namespace stave
