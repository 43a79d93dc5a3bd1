// SPDX-License-Identifier: Apache-2.0
#include "shards/posix_disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "shards/posix_file.h"

namespace stave {
namespace {

constexpr mode_t kDirectoryMode = 0750;

bool is_aligned(std::uint64_t number) {
  return number % kBlockBytes == 0;
}

bool leads_to_directory(const std::string& path) {
  struct stat facts;
  return ::stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
}

}  // namespace

Result<std::unique_ptr<File>> PosixDisk::open(const std::string& path) {
  return PosixFile::open(path, false);
}

Result<std::unique_ptr<File>> PosixDisk::create(const std::string& path) {
  return PosixFile::open(path, true);
}

Result<std::vector<std::string>> PosixDisk::list(const std::string& directory) {
  std::error_code error;
  std::vector<std::string> names;
  std::filesystem::directory_iterator entry(directory, error);
  while (!error && entry != std::filesystem::directory_iterator()) {
    names.push_back(entry->path().filename().string());
    entry.increment(error);
  }
  if (error) return file_error(directory, error.value());
  std::sort(names.begin(), names.end());
  return names;
}

Status PosixDisk::make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), kDirectoryMode) == 0) return Status();
  const int error_number = errno;
  if (error_number != EEXIST) return file_error(path, error_number);
  return leads_to_directory(path) ? Status() : file_error(path, ENOTDIR);
}

Status PosixDisk::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return file_error(from, errno);
  return Status();
}

Status PosixDisk::remove(const std::string& path) {
  if (std::remove(path.c_str()) != 0) return file_error(path, errno);
  return Status();
}

Status PosixDisk::link(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) != 0) return file_error(to, errno);
  return Status();
}

Result<std::uint64_t> PosixDisk::links(const std::string& path) {
  struct stat facts;
  if (::stat(path.c_str(), &facts) != 0) return file_error(path, errno);
  return static_cast<std::uint64_t>(facts.st_nlink);
}

Status PosixDisk::sync_directory(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return file_error(path, errno);
  const int outcome = ::fsync(fd);
  const int error_number = errno;
  ::close(fd);
  if (outcome != 0) return file_error(path, error_number);
  return Status();
}

bool PosixDisk::exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

bool PosixDisk::is_directory(const std::string& path) {
  struct stat facts;
  return ::lstat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
}

void begin(IoRequest& request) {
  assert(request.file != nullptr && request.done != nullptr);
  if (request.kind != IoRequest::Kind::kSync) {
    assert(request.bytes > 0 && is_aligned(request.bytes) && is_aligned(request.offset));
    assert(request.data != nullptr && is_aligned(reinterpret_cast<std::uintptr_t>(request.data)));
  }
  request.result = 0;
}

Transfer next_transfer(const IoRequest& request) {
  const auto& file = static_cast<const PosixFile&>(*request.file);
  if (request.kind == IoRequest::Kind::kSync) return {file.buffered_fd(), nullptr, 0, 0};
  const auto done = static_cast<std::uint32_t>(request.result);
  const int fd = done == 0 ? file.direct_fd() : file.buffered_fd();
  return {fd, request.data + done, request.bytes - done, request.offset + done};
}

bool settle(IoRequest& request, std::int64_t outcome) {
  if (outcome == -EINTR || outcome == -EAGAIN) return false;
  if (outcome < 0 || request.kind == IoRequest::Kind::kSync) {
    request.result = outcome;
    return true;
  }
  if (outcome == 0) {
    // End of file for a read. A write that moves nothing and names no reason would be tried forever.
    if (request.kind == IoRequest::Kind::kDurableWrite) request.result = -EIO;
    return true;
  }
  request.result += outcome;
  return request.result == request.bytes;
}

}  // namespace stave
