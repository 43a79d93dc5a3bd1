// SPDX-License-Identifier: Apache-2.0
#include "shards/disk.h"

#include <cstdlib>
#include <new>

#include "shards/thread_disk.h"
#include "shards/uring_disk.h"

namespace stave {

AlignedBuffer::AlignedBuffer(std::size_t bytes)
    : bytes_((bytes + kBlockBytes - 1) / kBlockBytes * kBlockBytes) {
  if (bytes_ == 0) return;
  data_.reset(static_cast<char*>(std::aligned_alloc(kBlockBytes, bytes_)));
  if (data_ == nullptr) throw std::bad_alloc();  // as operator new would
}

void AlignedBuffer::Free::operator()(char* data) const {
  std::free(data);
}

Result<std::unique_ptr<Disk>> open_disk(std::string_view choice, std::string* reason) {
  if (choice == "threads") return open_thread_disk();
  if (choice != "uring" && choice != "auto") {
    return Status::error("unknown I/O backend \"" + std::string(choice) + "\"");
  }
  Result<std::unique_ptr<Disk>> uring = open_uring_disk();
  if (uring.ok() || choice == "uring") return uring;
  if (reason != nullptr) *reason = uring.message();
  return open_thread_disk();
}

}  // namespace stave
