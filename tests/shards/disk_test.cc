// SPDX-License-Identifier: Apache-2.0
// Shows that the real I/O backends keep the promises of shards/disk.h. Every case runs over both; io_uring is
// left out where the kernel denies it.
#include "shards/disk.h"

#include <doctest/doctest.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>
#include <csignal>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace {

using stave::AlignedBuffer;
using stave::Disk;
using stave::File;
using stave::IoRequest;
using stave::kBlockBytes;
using stave::Result;
using stave::Status;
using Kind = stave::IoRequest::Kind;

// A Disk and a directory of its own, which goes with it.
struct Fixture {
  std::string directory;
  std::unique_ptr<Disk> disk;

  explicit Fixture(const std::string& backend) {
    Result<std::unique_ptr<Disk>> opened = stave::open_disk(backend, nullptr);
    REQUIRE_MESSAGE(opened.ok(), opened.message());
    disk = std::move(*opened);
    directory = (std::filesystem::temp_directory_path() / "stave-disk-test-XXXXXX").string();
    REQUIRE(::mkdtemp(directory.data()) != nullptr);
  }
  ~Fixture() {
    disk.reset();
    std::filesystem::remove_all(directory);
  }

  std::string path(const std::string& name) const { return directory + "/" + name; }

  std::unique_ptr<File> create(const std::string& name) const {
    Result<std::unique_ptr<File>> file = disk->create(path(name));
    REQUIRE_MESSAGE(file.ok(), file.message());
    return std::move(*file);
  }

  void drain() const {
    while (disk->in_flight() > 0) disk->wait();
  }
};

std::vector<std::string> backends() {
  std::vector<std::string> names{"threads"};
  Result<std::unique_ptr<Disk>> uring = stave::open_disk("uring", nullptr);
  if (uring.ok()) {
    names.emplace_back("uring");
  } else {
    MESSAGE("without io_uring: ", uring.message());
  }
  return names;
}

// Runs the body once for each backend.
template <typename Body>
void over_backends(Body body) {
  for (const std::string& backend : backends()) {
    CAPTURE(backend);
    body(Fixture(backend));
  }
}

// A request with its own memory that counts how often it was done.
struct Operation {
  IoRequest request;
  AlignedBuffer buffer;
  int times_done = 0;

  Operation(Kind kind, File& file, std::uint64_t offset = 0, std::size_t bytes = kBlockBytes)
      : buffer(bytes) {
    request.kind = kind;
    request.file = &file;
    request.offset = offset;
    request.data = buffer.data();
    request.bytes = static_cast<std::uint32_t>(bytes);
    request.owner = this;
    request.done = [](IoRequest& done) { ++static_cast<Operation*>(done.owner)->times_done; };
  }
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  std::string_view contents() const { return {buffer.data(), request.bytes}; }
};

std::string block(char fill) {
  return std::string(kBlockBytes, fill);
}

void fill_blocks(File& file, int count) {
  for (int i = 0; i < count; ++i) {
    const auto offset = static_cast<std::uint64_t>(i) * kBlockBytes;
    REQUIRE(file.write(offset, block(static_cast<char>('a' + i % 26))).ok());
  }
}

std::string error_of(const Status& status) {
  return status.ok() ? "ok" : status.message();
}

// How many descriptors are ready within the time; a kernel that is done with an earlier ring may interrupt
// the wait.
int ready_within(int epoll_fd, int timeout_ms) {
  epoll_event event{};
  int count = ::epoll_wait(epoll_fd, &event, 1, timeout_ms);
  while (count < 0 && errno == EINTR) count = ::epoll_wait(epoll_fd, &event, 1, timeout_ms);
  return count;
}

// The process may make no file longer than this, as if the disk were full.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  sighandler_t handler_ = SIG_DFL;
};

}  // namespace

TEST_CASE("a buffer is aligned, whole blocks, and moves") {
  AlignedBuffer buffer(kBlockBytes + 1);
  CHECK(buffer.bytes() == 2 * kBlockBytes);
  CHECK(reinterpret_cast<std::uintptr_t>(buffer.data()) % kBlockBytes == 0);
  const AlignedBuffer other = std::move(buffer);
  CHECK(other.bytes() == 2 * kBlockBytes);
  CHECK(buffer.bytes() == 0);  // NOLINT(bugprone-use-after-move)
  CHECK(AlignedBuffer().bytes() == 0);
}

TEST_CASE("the backend is the one asked for") {
  over_backends([](const Fixture& fixture) { CHECK(fixture.disk->in_flight() == 0); });
  std::string reason;
  Result<std::unique_ptr<Disk>> disk = stave::open_disk("auto", &reason);
  REQUIRE(disk.ok());
  CHECK((*disk)->name() == (reason.empty() ? "uring" : "threads"));
  CHECK(stave::open_disk("tape", nullptr).message() == "unknown I/O backend \"tape\"");
}

TEST_CASE("blocking calls write, read, size, sync and truncate") {
  over_backends([](const Fixture& fixture) {
    const std::unique_ptr<File> file = fixture.create("f");
    CHECK(file->path() == fixture.path("f"));
    CHECK(file->write(3, "hello").ok());
    CHECK(file->sync().ok());
    CHECK(*file->size() == 8);

    std::string bytes(10, '?');
    CHECK(*file->read(3, bytes) == 5);
    CHECK(bytes == "hello?????");
    CHECK(*file->read(8, bytes) == 0);
    CHECK(*file->read(100, bytes) == 0);

    CHECK(file->truncate(4).ok());
    CHECK(*file->size() == 4);
    CHECK(*file->read(3, bytes) == 1);
  });
}

TEST_CASE("allocate makes a file long, reads as zeros, and never shortens") {
  over_backends([](const Fixture& fixture) {
    const std::unique_ptr<File> file = fixture.create("f");
    CHECK(file->write(0, "kept").ok());
    CHECK(file->allocate(1 << 20).ok());
    CHECK(*file->size() == 1 << 20);
    std::string bytes(8, '?');
    CHECK(*file->read(0, bytes) == 8);
    CHECK(bytes == std::string("kept\0\0\0\0", 8));
    CHECK(file->allocate(kBlockBytes).ok());
    CHECK(*file->size() == 1 << 20);
  });
}

TEST_CASE("paths: create, open, list, rename, remove, directories") {
  over_backends([](const Fixture& fixture) {
    Disk& disk = *fixture.disk;
    const std::string sub = fixture.path("sub");
    CHECK(disk.make_directory(sub).ok());
    CHECK(disk.make_directory(sub).ok());
    CHECK(disk.list(sub)->empty());
    fixture.create("sub/b");
    fixture.create("sub/a");
    CHECK(*disk.list(sub) == std::vector<std::string>{"a", "b"});
    CHECK(disk.rename(sub + "/a", sub + "/c").ok());
    CHECK(disk.sync_directory(sub).ok());
    CHECK(*disk.list(sub) == std::vector<std::string>{"b", "c"});
    CHECK(disk.exists(sub + "/c"));
    CHECK(disk.open(sub + "/c").ok());
    CHECK(disk.remove(sub + "/c").ok());
    CHECK_FALSE(disk.exists(sub + "/c"));
    const auto mode = std::filesystem::status(sub + "/b").permissions();
    CHECK((mode & std::filesystem::perms::others_all) == std::filesystem::perms::none);
  });
}

TEST_CASE("errors name the file and the reason") {
  over_backends([](const Fixture& fixture) {
    Disk& disk = *fixture.disk;
    const std::string missing = fixture.path("missing");
    const std::string absent = missing + ": No such file or directory";
    CHECK(disk.open(missing).message() == absent);
    CHECK(disk.list(missing).message() == absent);
    CHECK(error_of(disk.remove(missing)) == absent);
    CHECK(error_of(disk.rename(missing, fixture.path("x"))) == absent);
    CHECK(error_of(disk.sync_directory(missing)) == absent);
    CHECK(error_of(disk.make_directory(missing + "/x")) == missing + "/x: No such file or directory");

    fixture.create("f");
    CHECK(disk.create(fixture.path("f")).message() == fixture.path("f") + ": File exists");
    CHECK(error_of(disk.make_directory(fixture.path("f"))) == fixture.path("f") + ": Not a directory");
    CHECK(disk.open(fixture.directory).message() == fixture.directory + ": Is a directory");
  });
}

TEST_CASE("a durable write is whole, and both views see it") {
  over_backends([](const Fixture& fixture) {
    const std::unique_ptr<File> file = fixture.create("f");
    fill_blocks(*file, 4);
    Operation write(Kind::kDurableWrite, *file, kBlockBytes, 2 * kBlockBytes);
    std::memset(write.buffer.data(), 'X', write.buffer.bytes());
    fixture.disk->submit(write.request);
    CHECK(write.times_done == 0);
    CHECK(fixture.disk->in_flight() == 1);
    fixture.drain();
    CHECK(write.times_done == 1);
    CHECK(write.request.result == 2 * kBlockBytes);

    std::string bytes(4 * kBlockBytes, '?');
    CHECK(*file->read(0, bytes) == bytes.size());
    CHECK(bytes == block('a') + block('X') + block('X') + block('d'));

    Operation read(Kind::kRead, *file, 0, 4 * kBlockBytes);
    fixture.disk->submit(read.request);
    fixture.drain();
    CHECK(read.contents() == bytes);
  });
}

TEST_CASE("a durable write appends to a file that is too short for it") {
  over_backends([](const Fixture& fixture) {
    const std::unique_ptr<File> file = fixture.create("f");
    Operation write(Kind::kDurableWrite, *file, 3 * kBlockBytes);
    std::memset(write.buffer.data(), 'X', write.buffer.bytes());
    fixture.disk->submit(write.request);
    fixture.drain();
    CHECK(write.request.result == kBlockBytes);
    CHECK(*file->size() == 4 * kBlockBytes);
  });
}

TEST_CASE("a read sees what was written through the page cache") {
  over_backends([](const Fixture& fixture) {
    const std::unique_ptr<File> file = fixture.create("f");
    REQUIRE(file->allocate(4 * kBlockBytes).ok());
    REQUIRE(file->write(kBlockBytes + 10, "buffered").ok());
    Operation read(Kind::kRead, *file, kBlockBytes);
    fixture.disk->submit(read.request);
    fixture.drain();
    CHECK(read.contents().substr(10, 8) == "buffered");
  });
}

TEST_CASE("a sync completes with 0") {
  over_backends([](const Fixture& fixture) {
    const std::unique_ptr<File> file = fixture.create("f");
    REQUIRE(file->write(0, "bytes").ok());
    Operation sync(Kind::kSync, *file);
    sync.request.result = 77;
    fixture.disk->submit(sync.request);
    fixture.drain();
    CHECK(sync.times_done == 1);
    CHECK(sync.request.result == 0);
  });
}

TEST_CASE("a read is short only at the end of the file") {
  over_backends([](const Fixture& fixture) {
    const std::unique_ptr<File> file = fixture.create("f");
    fill_blocks(*file, 2);
    REQUIRE(file->write(2 * kBlockBytes, "tail").ok());
    Operation over_end(Kind::kRead, *file, kBlockBytes, 4 * kBlockBytes);
    Operation at_end(Kind::kRead, *file, 3 * kBlockBytes);
    Operation far_behind(Kind::kRead, *file, 300 * kBlockBytes);
    for (Operation* operation : {&over_end, &at_end, &far_behind}) fixture.disk->submit(operation->request);
    fixture.drain();
    CHECK(over_end.request.result == kBlockBytes + 4);
    CHECK(over_end.contents().substr(0, kBlockBytes + 4) == block('b') + "tail");
    CHECK(at_end.request.result == 0);
    CHECK(far_behind.request.result == 0);
  });
}

TEST_CASE("many in flight: each is done once and has its own bytes") {
  over_backends([](const Fixture& fixture) {
    constexpr int kBlocks = 300;
    const std::unique_ptr<File> file = fixture.create("f");
    fill_blocks(*file, kBlocks);
    std::vector<std::unique_ptr<Operation>> reads;
    for (int i = 0; i < kBlocks; ++i) {
      reads.push_back(std::make_unique<Operation>(Kind::kRead, *file, i * kBlockBytes));
      fixture.disk->submit(reads.back()->request);
    }
    CHECK(fixture.disk->in_flight() == kBlocks);
    fixture.disk->flush();
    fixture.drain();
    for (int i = 0; i < kBlocks; ++i) {
      CAPTURE(i);
      REQUIRE(reads[i]->times_done == 1);
      REQUIRE(reads[i]->request.result == kBlockBytes);
      REQUIRE(reads[i]->contents() == block(static_cast<char>('a' + i % 26)));
    }
  });
}

TEST_CASE("more in flight than any queue holds") {
  over_backends([](const Fixture& fixture) {
    constexpr int kReads = 20000;
    const std::unique_ptr<File> file = fixture.create("f");  // empty: every read ends at once
    const AlignedBuffer buffer(kBlockBytes);
    std::vector<IoRequest> requests(kReads);
    int done = 0;
    for (IoRequest& request : requests) {
      request.file = file.get();
      request.data = buffer.data();
      request.bytes = kBlockBytes;
      request.owner = &done;
      request.done = [](IoRequest& finished) { ++*static_cast<int*>(finished.owner); };
      fixture.disk->submit(request);
    }
    fixture.drain();
    CHECK(done == kReads);
  });
}

TEST_CASE("the descriptor wakes an epoll that sleeps") {
  over_backends([](const Fixture& fixture) {
    const std::unique_ptr<File> file = fixture.create("f");
    REQUIRE(file->allocate(64 * kBlockBytes).ok());
    const int epoll_fd = ::epoll_create1(0);
    epoll_event interest{};
    interest.events = EPOLLIN;
    REQUIRE(::epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fixture.disk->pollable_fd(), &interest) == 0);
    CHECK(ready_within(epoll_fd, 0) == 0);
    for (int round = 0; round < 64; ++round) {
      Operation write(Kind::kDurableWrite, *file, round * kBlockBytes);
      std::memset(write.buffer.data(), 'X', write.buffer.bytes());
      fixture.disk->submit(write.request);
      fixture.disk->flush();
      while (write.times_done == 0) {
        REQUIRE(ready_within(epoll_fd, 5000) == 1);
        (void)fixture.disk->poll();
      }
      CHECK(write.request.result == kBlockBytes);
      CHECK_FALSE(fixture.disk->poll());
      CHECK(ready_within(epoll_fd, 0) == 0);
    }
    ::close(epoll_fd);
  });
}

TEST_CASE("poll finds completions without a wait") {
  over_backends([](const Fixture& fixture) {
    const std::unique_ptr<File> file = fixture.create("f");
    fill_blocks(*file, 1);
    CHECK_FALSE(fixture.disk->poll());
    Operation read(Kind::kRead, *file);
    fixture.disk->submit(read.request);
    fixture.disk->flush();
    while (!fixture.disk->poll()) ::usleep(100);
    CHECK(read.times_done == 1);
  });
}

namespace {

// Reads a file's blocks one after the other, each from the callback of the one before.
struct Chain {
  Disk& disk;
  File& file;
  const int blocks;
  const bool flush;
  int reads = 0;
  AlignedBuffer buffer{kBlockBytes};
  IoRequest request{};

  void next() {
    request.file = &file;
    request.offset = static_cast<std::uint64_t>(reads) * kBlockBytes;
    request.data = buffer.data();
    request.bytes = kBlockBytes;
    request.owner = this;
    request.done = [](IoRequest& done) { static_cast<Chain*>(done.owner)->arrived(); };
    disk.submit(request);
    if (flush) disk.flush();
  }
  void arrived() {
    CHECK(request.result == kBlockBytes);
    CHECK(buffer.data()[0] == 'a' + reads);
    if (++reads < blocks) next();
  }
};

}  // namespace

TEST_CASE("done() submits the next request") {
  over_backends([](const Fixture& fixture) {
    const std::unique_ptr<File> file = fixture.create("f");
    fill_blocks(*file, 20);
    for (const bool flush : {false, true}) {
      Chain chain{*fixture.disk, *file, 20, flush};
      chain.next();
      fixture.drain();
      CHECK(chain.reads == 20);
    }
  });
}

TEST_CASE("done() may free its request") {
  over_backends([](const Fixture& fixture) {
    const std::unique_ptr<File> file = fixture.create("f");
    for (int i = 0; i < 100; ++i) {
      auto* operation = new Operation(Kind::kRead, *file);
      operation->request.done = [](IoRequest& done) { delete static_cast<Operation*>(done.owner); };
      fixture.disk->submit(operation->request);
    }
    fixture.drain();
  });
}

TEST_CASE("a disk without room is an error of the request or call, and goes away with its cause") {
  over_backends([](const Fixture& fixture) {
    const std::unique_ptr<File> file = fixture.create("f");
    fill_blocks(*file, 4);
    Operation write(Kind::kDurableWrite, *file, 4 * kBlockBytes);
    std::memset(write.buffer.data(), 'X', write.buffer.bytes());
    {
      const FileSizeLimit limit(4 * kBlockBytes);
      fixture.disk->submit(write.request);
      fixture.drain();
      CHECK(write.request.result == -EFBIG);
      const std::string reason = file->path() + ": File too large";
      CHECK(error_of(file->write(4 * kBlockBytes, "x")) == reason);
      CHECK(error_of(file->allocate(8 * kBlockBytes)) == reason);
      CHECK(error_of(file->truncate(8 * kBlockBytes)) == reason);
    }
    fixture.disk->submit(write.request);
    fixture.drain();
    CHECK(write.request.result == kBlockBytes);
  });
}

TEST_CASE("a write that the room cuts short reports the error, not a part") {
  over_backends([](const Fixture& fixture) {
    const std::unique_ptr<File> file = fixture.create("f");
    const FileSizeLimit limit(2 * kBlockBytes);
    Operation write(Kind::kDurableWrite, *file, 0, 4 * kBlockBytes);
    std::memset(write.buffer.data(), 'X', write.buffer.bytes());
    fixture.disk->submit(write.request);
    fixture.drain();
    CHECK(write.request.result == -EFBIG);
  });
}
