// SPDX-License-Identifier: Apache-2.0
// PosixFile: a File over two descriptors of the same file, one buffered and one with O_DIRECT.
//
// Both I/O backends use it: the blocking calls go through the buffered descriptor on the owner thread, the
// requests take the descriptor that they need. Where the file system has no O_DIRECT the buffered one serves
// for both.
#pragma once

#include <memory>
#include <string>

#include "shards/disk.h"

namespace stave {

// "PATH: reason", the reason being that of `error_number` (an errno).
Status file_error(const std::string& path, int error_number);

class PosixFile final : public File {
 public:
  // Opens read and write. `create`: the file must not exist and is made with mode 0640; otherwise it must
  // exist.
  static Result<std::unique_ptr<File>> open(const std::string& path, bool create);
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;
  ~PosixFile() override;

  const std::string& path() const override { return path_; }
  Result<std::uint64_t> size() override;
  Result<std::size_t> read(std::uint64_t offset, std::span<char> into) override;
  Status write(std::uint64_t offset, std::string_view bytes) override;
  Status sync() override;
  Status allocate(std::uint64_t bytes) override;
  Status truncate(std::uint64_t bytes) override;

  int buffered_fd() const { return buffered_fd_; }
  int direct_fd() const { return direct_fd_; }  // equals buffered_fd() where there is no O_DIRECT

 private:
  PosixFile(std::string path, int buffered_fd, int direct_fd);
  Status fill_with_zeros(std::uint64_t bytes);

  const std::string path_;
  const int buffered_fd_;
  const int direct_fd_;
};

}  // namespace stave
