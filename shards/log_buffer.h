// SPDX-License-Identifier: Apache-2.0
// LogBuffer: bytes of one segment's end that are not all handed on yet. Begins at a block boundary of the
// file, so that the last, partly filled block can be written again together with what follows. Owner thread
// only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "shards/disk.h"

namespace stave {

struct LogBuffer {
  AlignedBuffer memory;
  std::uint32_t segment = 0;   // slot
  std::uint64_t base = 0;      // file offset of memory's first byte; a multiple of kBlockBytes
  std::size_t used = 0;        // bytes
  std::uint64_t last_gsn = 0;  // of the last record in it

  std::uint64_t end_bytes() const { return base + used; }

  // Room for `bytes` more; returns where they go.
  char* grow(std::size_t bytes) {
    if (used + bytes > memory.bytes()) {
      AlignedBuffer larger(std::max({used + bytes, 2 * memory.bytes(), std::size_t{64} << 10}));
      if (used > 0) std::memcpy(larger.data(), memory.data(), used);
      memory = std::move(larger);
    }
    char* at = memory.data() + used;
    used += bytes;
    return at;
  }

  // Zeroes the rest of the last block and returns the length in whole blocks.
  std::size_t pad_to_block() {
    const std::size_t whole = (used + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
    if (whole > memory.bytes()) {
      const std::size_t kept = used;
      grow(whole - used);
      used = kept;
    }
    std::memset(memory.data() + used, 0, whole - used);
    return whole;
  }

  // Forgets all whole blocks; the partial last one stays.
  void drop_whole_blocks() {
    const std::size_t whole = used / kBlockBytes * kBlockBytes;
    if (whole == 0) return;
    std::memmove(memory.data(), memory.data() + whole, used - whole);
    base += whole;
    used -= whole;
  }

  // Gives back memory that a large value made it take.
  void trim() {
    if (memory.bytes() <= kBytesKept || used > kBytesKept / 2) return;
    AlignedBuffer smaller(kBytesKept / 2);
    std::memcpy(smaller.data(), memory.data(), used);
    memory = std::move(smaller);
  }

  static constexpr std::size_t kBytesKept = 512u << 10;
};

}  // namespace stave
