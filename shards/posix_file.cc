// SPDX-License-Identifier: Apache-2.0
#include "shards/posix_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace stave {
namespace {

constexpr mode_t kFileMode = 0640;
constexpr std::size_t kZeroChunkBytes = 256 * 1024;

// Repeats a system call that a signal interrupted.
template <typename Call>
auto retrying(Call call) {
  auto outcome = call();
  while (outcome < 0 && errno == EINTR) outcome = call();
  return outcome;
}

int open_fd(const std::string& path, int flags) {
  return retrying([&] { return ::open(path.c_str(), flags | O_RDWR | O_CLOEXEC, kFileMode); });
}

}  // namespace

Status file_error(const std::string& path, int error_number) {
  return Status::error(path + ": " + std::generic_category().message(error_number));
}

Result<std::unique_ptr<File>> PosixFile::open(const std::string& path, bool create) {
  const int buffered_fd = open_fd(path, create ? O_CREAT | O_EXCL : 0);
  if (buffered_fd < 0) return file_error(path, errno);
  int direct_fd = open_fd(path, O_DIRECT);
  if (direct_fd < 0) {
    if (errno != EINVAL) {
      const int error_number = errno;
      ::close(buffered_fd);
      if (create) ::unlink(path.c_str());
      return file_error(path, error_number);
    }
    direct_fd = buffered_fd;  // the file system has no O_DIRECT
  }
  return std::unique_ptr<File>(new PosixFile(path, buffered_fd, direct_fd));
}

PosixFile::PosixFile(std::string path, int buffered_fd, int direct_fd)
    : path_(std::move(path)), buffered_fd_(buffered_fd), direct_fd_(direct_fd) {}

PosixFile::~PosixFile() {
  if (direct_fd_ != buffered_fd_) ::close(direct_fd_);
  ::close(buffered_fd_);
}

Result<std::uint64_t> PosixFile::size() {
  struct stat facts;
  if (::fstat(buffered_fd_, &facts) != 0) return file_error(path_, errno);
  return static_cast<std::uint64_t>(facts.st_size);
}

Result<std::size_t> PosixFile::read(std::uint64_t offset, std::span<char> into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got = retrying([&] {
      return ::pread(buffered_fd_, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    });
    if (got < 0) return file_error(path_, errno);
    if (got == 0) break;  // end of file
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Status PosixFile::write(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = retrying(
        [&] { return ::pwrite(buffered_fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
    if (put < 0) return file_error(path_, errno);
    bytes.remove_prefix(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
  return Status();
}

Status PosixFile::sync() {
  if (::fdatasync(buffered_fd_) != 0) return file_error(path_, errno);
  return Status();
}

Status PosixFile::allocate(std::uint64_t bytes) {
  if (bytes == 0) return Status();
  const int outcome = retrying([&] { return ::fallocate(buffered_fd_, 0, 0, static_cast<off_t>(bytes)); });
  if (outcome == 0) return Status();
  if (errno != EOPNOTSUPP && errno != ENOSYS) return file_error(path_, errno);
  return fill_with_zeros(bytes);
}

// The way of file systems without fallocate: what the file lacks is written. Holes that it has already stay
// holes.
Status PosixFile::fill_with_zeros(std::uint64_t bytes) {
  Result<std::uint64_t> now = size();
  if (!now.ok()) return now.take_status();
  const std::string zeros(kZeroChunkBytes, '\0');
  for (std::uint64_t offset = *now; offset < bytes; offset += kZeroChunkBytes) {
    const std::uint64_t chunk = std::min<std::uint64_t>(kZeroChunkBytes, bytes - offset);
    Status status = write(offset, std::string_view(zeros).substr(0, chunk));
    if (!status.ok()) return status;
  }
  return Status();
}

Status PosixFile::truncate(std::uint64_t bytes) {
  const int outcome = retrying([&] { return ::ftruncate(buffered_fd_, static_cast<off_t>(bytes)); });
  if (outcome != 0) return file_error(path_, errno);
  return Status();
}

}  // namespace stave
