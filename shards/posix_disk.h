// SPDX-License-Identifier: Apache-2.0
// PosixDisk: what the two real I/O backends (uring_disk, thread_disk) share: the blocking calls by path,
// which descriptor a request uses, and how the outcome of a system call moves a request on.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shards/disk.h"

namespace stave {

class PosixDisk : public Disk {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path) override;
  Result<std::unique_ptr<File>> create(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Status make_directory(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status link(const std::string& from, const std::string& to) override;
  Result<std::uint64_t> links(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  bool exists(const std::string& path) override;
  bool is_directory(const std::string& path) override;
};

// What is left of a request to do: one system call's worth. While a request is in flight, `result` counts the
// bytes done so far.
struct Transfer {
  int fd;
  char* data;
  std::uint32_t bytes;
  std::uint64_t offset;
};

// Makes the request ready for its first transfer. REQUIRES: offset, bytes and data aligned to kBlockBytes.
void begin(IoRequest& request);

// The first transfer goes by O_DIRECT; the rest of a short one by the buffered descriptor, which takes any
// alignment.
Transfer next_transfer(const IoRequest& request);

// Takes in what a system call returned (bytes, or -errno). True when the request is complete and `result`
// final, false when it needs another transfer.
bool settle(IoRequest& request, std::int64_t outcome);

}  // namespace stave
