// SPDX-License-Identifier: Apache-2.0
// Shows how the outcome of a system call moves a request on, for outcomes that a healthy disk does not give.
#include "shards/posix_disk.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "shards/posix_file.h"

namespace {

using stave::AlignedBuffer;
using stave::IoRequest;
using stave::kBlockBytes;
using stave::PosixFile;
using stave::settle;
using stave::Transfer;
using Kind = stave::IoRequest::Kind;

// A request of four blocks at block 2 of a new file, begun.
struct Begun {
  std::string path =
      std::filesystem::temp_directory_path() / ("stave-posix-disk-test-" + std::to_string(::getpid()));
  std::unique_ptr<stave::File> file;
  AlignedBuffer buffer{4 * kBlockBytes};
  IoRequest request;

  explicit Begun(Kind kind) {
    file = std::move(*PosixFile::open(path, true));
    request.kind = kind;
    request.file = file.get();
    request.offset = 2 * kBlockBytes;
    request.data = buffer.data();
    request.bytes = 4 * kBlockBytes;
    request.done = [](IoRequest&) {};
    stave::begin(request);
  }
  ~Begun() { std::filesystem::remove(path); }

  Transfer next() const { return stave::next_transfer(request); }
  const PosixFile& posix_file() const { return static_cast<const PosixFile&>(*file); }
};

}  // namespace

TEST_CASE("a request begins with all of it, by O_DIRECT") {
  const Begun begun(Kind::kRead);
  CHECK(begun.next().fd == begun.posix_file().direct_fd());
  CHECK(begun.next().offset == 2 * kBlockBytes);
  CHECK(begun.next().bytes == 4 * kBlockBytes);
}

TEST_CASE("a short transfer goes on where it stopped, by the buffered descriptor") {
  for (const Kind kind : {Kind::kRead, Kind::kDurableWrite}) {
    Begun begun(kind);
    CHECK_FALSE(settle(begun.request, 1000));
    CHECK(begun.next().fd == begun.posix_file().buffered_fd());
    CHECK(begun.next().data == begun.buffer.data() + 1000);
    CHECK(begun.next().offset == 2 * kBlockBytes + 1000);
    CHECK(begun.next().bytes == 4 * kBlockBytes - 1000);
    CHECK(settle(begun.request, 4 * kBlockBytes - 1000));
    CHECK(begun.request.result == 4 * kBlockBytes);
  }
}

TEST_CASE("an interrupted transfer is made again, without losing what was done") {
  Begun begun(Kind::kRead);
  CHECK_FALSE(settle(begun.request, -EINTR));
  CHECK(begun.next().bytes == 4 * kBlockBytes);
  CHECK_FALSE(settle(begun.request, kBlockBytes));
  CHECK_FALSE(settle(begun.request, -EAGAIN));
  CHECK(begun.next().bytes == 3 * kBlockBytes);
}

TEST_CASE("an error after a part is the error") {
  Begun begun(Kind::kDurableWrite);
  CHECK_FALSE(settle(begun.request, kBlockBytes));
  CHECK(settle(begun.request, -ENOSPC));
  CHECK(begun.request.result == -ENOSPC);
}

TEST_CASE("nothing transferred ends a read, and fails a write") {
  Begun read(Kind::kRead);
  CHECK_FALSE(settle(read.request, 5));
  CHECK(settle(read.request, 0));
  CHECK(read.request.result == 5);
  std::filesystem::remove(read.path);

  Begun write(Kind::kDurableWrite);
  CHECK(settle(write.request, 0));
  CHECK(write.request.result == -EIO);
}
