// SPDX-License-Identifier: Apache-2.0
// Shows that reads and writes of the real backends are whole although the system calls below them are short
// or interrupted. This program's own pread, pwrite and pwritev2 stand before the C library's. (What io_uring
// does in the kernel they cannot reach; that it goes on after a short completion is shown by
// posix_disk_test.cc and, with a limit of the file's size, by disk_test.cc.)
#include <doctest/doctest.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>

#include "shards/disk.h"

namespace {

using stave::AlignedBuffer;
using stave::IoRequest;
using stave::kBlockBytes;

constexpr std::size_t kBlocks = 9;

std::atomic<bool> shortening{false};
std::atomic<unsigned> calls{0};

// Every third call is interrupted.
bool interrupts() {
  return shortening && ++calls % 3 == 0;
}

// A block at a time, which suits O_DIRECT, too.
std::size_t shortened(std::size_t bytes) {
  return shortening ? std::min(bytes, kBlockBytes) : bytes;
}

ssize_t interrupted() {
  errno = EINTR;
  return -1;
}

}  // namespace

extern "C" ssize_t pread(int fd, void* into, size_t bytes, off_t offset) {
  if (interrupts()) return interrupted();
  return ::syscall(SYS_pread64, fd, into, shortened(bytes), offset);
}

extern "C" ssize_t pwrite(int fd, const void* from, size_t bytes, off_t offset) {
  if (interrupts()) return interrupted();
  return ::syscall(SYS_pwrite64, fd, from, shortened(bytes), offset);
}

extern "C" ssize_t pwritev2(int fd, const iovec* vectors, int count, off_t offset, int flags) {
  if (interrupts()) return interrupted();
  iovec first = *vectors;
  if (shortening) {
    first.iov_len = shortened(first.iov_len);
    vectors = &first;
    count = 1;
  }
  return ::syscall(SYS_pwritev2, fd, vectors, count, offset, 0L, flags);
}

namespace {

// A file over the thread backend, with calls cut short while it lives.
struct ShortCalls {
  std::string path =
      std::filesystem::temp_directory_path() / ("stave-short-calls-test-" + std::to_string(::getpid()));
  std::unique_ptr<stave::Disk> disk = std::move(*stave::open_disk("threads", nullptr));
  std::unique_ptr<stave::File> file = std::move(*disk->create(path));

  ShortCalls() {
    calls = 0;
    shortening = true;
  }
  ~ShortCalls() {
    shortening = false;
    std::filesystem::remove(path);
  }

  std::int64_t run(IoRequest::Kind kind, AlignedBuffer& buffer) {
    IoRequest request;
    request.kind = kind;
    request.file = file.get();
    request.data = buffer.data();
    request.bytes = static_cast<std::uint32_t>(buffer.bytes());
    request.done = [](IoRequest&) {};
    disk->submit(request);
    while (disk->in_flight() > 0) disk->wait();
    return request.result;
  }
};

// Bytes of which no two blocks are alike.
std::string pattern() {
  std::string bytes(kBlocks * kBlockBytes, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>('a' + (i / kBlockBytes + i) % 23);
  return bytes;
}

}  // namespace

TEST_CASE("blocking reads and writes are whole over short calls") {
  ShortCalls over;
  const std::string bytes = pattern();
  CHECK(over.file->write(100, bytes).ok());
  CHECK(calls > kBlocks);
  std::string back(bytes.size() + 50, '?');
  CHECK(*over.file->read(100, back) == bytes.size());
  CHECK(back == bytes + std::string(50, '?'));
  CHECK(calls > 2 * kBlocks);
}

TEST_CASE("submitted reads and writes are whole over short calls") {
  ShortCalls over;
  const std::string bytes = pattern();
  AlignedBuffer out(bytes.size());
  std::memcpy(out.data(), bytes.data(), bytes.size());
  CHECK(over.run(IoRequest::Kind::kDurableWrite, out) == static_cast<std::int64_t>(bytes.size()));
  CHECK(calls > kBlocks);
  AlignedBuffer in(bytes.size());
  CHECK(over.run(IoRequest::Kind::kRead, in) == static_cast<std::int64_t>(bytes.size()));
  CHECK(std::string_view(in.data(), in.bytes()) == bytes);
  CHECK(calls > 2 * kBlocks);
}
