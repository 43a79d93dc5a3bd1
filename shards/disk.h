// SPDX-License-Identifier: Apache-2.0
// Disk: the narrow interface through which shards reach files. Three implementations: io_uring (uring_disk),
// a pool of threads (thread_disk), and the simulated disk of the tests.
//
// One Disk belongs to one worker; everything here is owner thread only. The owner is the thread that first
// calls flush() or wait(), so open_disk() and the blocking calls may come from another thread before that.
// Different files may be read by different threads at once.
// Requests complete in poll() or wait(), never inside submit() or flush(); done() may free its request and
// may call submit() and flush(), but not poll() or wait(). A Disk is destroyed with nothing in flight. Files
// are opened twice where the file system allows: buffered, and with O_DIRECT for reads of cold values and for
// durable writes; both views are coherent.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shards/status.h"

namespace stave {

// Alignment of offset, length and memory of every submitted read and write, bytes.
inline constexpr std::size_t kBlockBytes = 4096;

// Memory aligned to kBlockBytes, for requests. Frees itself.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t bytes);  // rounded up to kBlockBytes; contents undefined
  char* data() const { return data_.get(); }
  std::size_t bytes() const { return data_ == nullptr ? 0 : bytes_; }

 private:
  struct Free {
    void operator()(char* data) const;
  };
  std::unique_ptr<char, Free> data_;
  std::size_t bytes_ = 0;
};

// An open file. Blocking calls here are for recovery, for metadata, and for buffered appends, which only copy
// to the kernel's page cache. Errors name the file and the reason (strerror).
class File {
 public:
  virtual ~File() = default;
  virtual const std::string& path() const = 0;
  virtual Result<std::uint64_t> size() = 0;
  // Reads up to `into.size()` bytes; fewer only at the end of the file. Returns how many.
  virtual Result<std::size_t> read(std::uint64_t offset, std::span<char> into) = 0;
  // Hands all bytes to the kernel (survives the process, not the machine).
  virtual Status write(std::uint64_t offset, std::string_view bytes) = 0;
  // Waits until everything written is durable (fdatasync). After an error, what was written before it may be
  // lost.
  virtual Status sync() = 0;
  // Reserves disk space for [0, bytes) and makes the file that long, so that later writes cannot run out of
  // space.
  virtual Status allocate(std::uint64_t bytes) = 0;
  virtual Status truncate(std::uint64_t bytes) = 0;
};

// One asynchronous operation; owned by the caller, untouched by the caller from submit() until done() was
// called.
struct IoRequest {
  enum class Kind : std::uint8_t {
    kRead,          // O_DIRECT where there is; aligned
    kDurableWrite,  // O_DIRECT where there is; durable when done (RWF_DSYNC); aligned
    kSync,          // fdatasync of the file
  };
  Kind kind = Kind::kRead;
  File* file = nullptr;
  std::uint64_t offset = 0;
  char* data = nullptr;
  std::uint32_t bytes = 0;
  std::int64_t result =
      0;  // bytes done (a write is always whole; a read is short only at the end of the file), or -errno
  void (*done)(IoRequest&) = nullptr;
  void* owner = nullptr;
  IoRequest* next = nullptr;  // the Disk's own while in flight
};

class Disk {
 public:
  virtual ~Disk() = default;
  virtual std::string_view name() const = 0;  // "uring", "threads", "simulated": for INFO and the log

  // Queues; started at the latest by flush().
  virtual void submit(IoRequest& request) = 0;
  // Starts what is queued: once for each loop turn.
  virtual void flush() = 0;
  // Calls done() of whatever has completed; true if there was anything. Never waits.
  virtual bool poll() = 0;
  // Blocks until at least one request in flight has completed, and then does as poll(). REQUIRES: in_flight()
  // > 0.
  virtual void wait() = 0;
  virtual std::size_t in_flight() const = 0;
  // A descriptor that becomes readable when there are completions to poll().
  virtual int pollable_fd() const = 0;

  // Blocking, by path. A directory's changes are durable after sync_directory.
  virtual Result<std::unique_ptr<File>> open(const std::string& path) = 0;    // read and write; must exist
  virtual Result<std::unique_ptr<File>> create(const std::string& path) = 0;  // must not exist
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;  // names, sorted
  virtual Status make_directory(const std::string& path) = 0;  // one level; ok if it is there
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status remove(const std::string& path) = 0;  // a file or an empty directory
  // A second name for the same file, whose bytes are then shared; `to` must not exist.
  virtual Status link(const std::string& from, const std::string& to) = 0;
  // How many names the file has.
  virtual Result<std::uint64_t> links(const std::string& path) = 0;
  virtual Status sync_directory(const std::string& path) = 0;
  virtual bool exists(const std::string& path) = 0;
  // Not by way of a symbolic link.
  virtual bool is_directory(const std::string& path) = 0;
};

// A file that is written anew as a whole and durably: a crash leaves the old one or the new one. By way of
// `name`.new, which is gone when this goes without a finish() that went well.
class FileReplacement {
 public:
  FileReplacement(Disk& disk, std::string directory, std::string name);
  ~FileReplacement();
  FileReplacement(const FileReplacement&) = delete;
  FileReplacement& operator=(const FileReplacement&) = delete;
  // In any order; behind an error only finish() may be called, which tells it.
  void write(std::uint64_t offset, std::string_view bytes);
  // `in_doubt` says, after an error, whether the new file may stand under its name; otherwise the old one
  // surely does.
  Status finish(bool* in_doubt = nullptr);

 private:
  std::string temporary() const { return path_ + ".new"; }
  Status create();

  Disk& disk_;
  std::string directory_;
  std::string path_;
  std::unique_ptr<File> file_;
  Status status_;
};

// Likewise, all of it at once.
Status replace_file(Disk& disk, const std::string& directory, const std::string& name, std::string_view bytes,
                    bool* in_doubt = nullptr);
// All bytes of a file.
Result<std::string> read_file(Disk& disk, const std::string& path);
// Likewise, into `bytes`, whose memory is used again where it is enough.
Status read_file(Disk& disk, const std::string& path, std::string& bytes);

// Removes a directory with everything in it. Of a symbolic link in it only the link. REQUIRES: it is no link
// itself.
Status remove_directory(Disk& disk, const std::string& path);

// The backend that `choice` asks for: "auto" (io_uring where the kernel grants it, else threads), "uring",
// "threads". `reason` says in a few words why threads was chosen by "auto" ("io_uring_setup: Operation not
// permitted"); may be null.
Result<std::unique_ptr<Disk>> open_disk(std::string_view choice, std::string* reason);

}  // namespace stave
