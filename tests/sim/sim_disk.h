// SPDX-License-Identifier: Apache-2.0
// SimDisk: a Disk in memory whose every choice comes from one seed. It knows what the kernel has and what the
// device has for sure, so that it can say what a kill or a power loss leaves:
//
//   kill         what the kernel has; requests in flight have happened or not
//   power loss   what was made durable; of the rest any sectors (512 bytes) in any order, any file size
//   between, and
//                the directory as after any number of its changes in their order
//
// Of calls that fail: a write has put any part of its bytes in place, and after a sync the device never gets
// what it was to have (the kernel takes it for written). Reads and writes that succeed are whole, as
// shards/disk.h promises; that the real backends go on after short ones is shown by
// tests/shards/short_calls_test.cc.
//
// The image of a crash is taken inside any call, blocking or not (crash_at), while whoever uses the disk goes
// on with it: objects above it end in peace, and the next life begins with a SimDisk of the image.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "shards/disk.h"

namespace stave::sim {

using Random = std::mt19937_64;

// True once in `n` times on average.
inline bool one_in(Random& random, std::uint64_t n) {
  return random() % n == 0;
}

enum class Crash : std::uint8_t { kKill, kPowerLoss };  // the worse one last

// A change of a file that the kernel has and the device may not have.
struct Unsynced {
  std::uint64_t offset = 0;
  std::string bytes;
  std::optional<std::uint64_t> size;  // a change of size instead
};

struct Inode {
  std::string kernel;  // contents as everybody reads them
  std::string device;  // contents that are durable
  std::deque<Unsynced> unsynced;
  std::uint64_t synced_changes = 0;  // changes before unsynced.front()
  bool damaged = false;              // a Damage is in it
};

// All that outlives a process.
struct Storage {
  using Names = std::map<std::string, std::shared_ptr<Inode>>;
  Names kernel_names;
  Names device_names;
  std::deque<Names> unsynced_names;  // states of the directory after each change since it was durable
};

class SimDisk final : public Disk {
 public:
  SimDisk(Storage storage, std::uint64_t seed) : storage_(std::move(storage)), random_(seed) {}

  // The `call`-th call from now on, submissions and completions included, takes the image of a crash just
  // before it does anything.
  void crash_at(std::uint64_t call, Crash kind);
  bool crashed() const { return image_.has_value(); }
  Storage take_image();
  // The image of a crash now.
  Storage image(Crash kind);
  // The `call`-th call from now on fails with this errno.
  void fail_at(std::uint64_t call, int error_number) {
    failing_call_ = calls_ + call;
    failing_error_ = error_number;
  }
  // The same for the first sync from then on.
  void fail_sync_at(std::uint64_t call, int error_number) {
    fail_at(call, error_number);
    only_sync_fails_ = true;
  }
  // From the `call`-th call from now on, the first that needs space finds none.
  void fill_up_at(std::uint64_t call) { full_from_call_ = calls_ + call; }
  bool has_failed() const { return failed_; }
  // Bytes that all files together may take.
  void set_capacity(std::uint64_t bytes) { capacity_bytes_ = bytes; }
  std::uint64_t calls() const { return calls_; }
  // One read in `n` is slow: of so many polls each completes it with the same chance.
  void set_slow_reads(std::uint64_t n, std::uint64_t polls) {
    slow_read_in_ = n;
    slow_polls_ = polls;
  }

  std::string_view name() const override { return "simulated"; }
  void submit(IoRequest& request) override;
  void flush() override;
  bool poll() override;
  void wait() override;
  std::size_t in_flight() const override { return queued_.size() + started_.size(); }
  int pollable_fd() const override { return -1; }
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

 private:
  friend class SimFile;
  struct Started {
    IoRequest* request;
    std::uint64_t changes;  // of the file when a sync was started
    bool slow;              // a read that takes its time
  };

  // Counts the call; false when it is to fail.
  bool begin_call(bool is_sync = false);
  Status failure(const std::string& path) const;
  Status write_failure(Inode& inode, std::uint64_t offset, std::string_view bytes, const std::string& path);
  static void lose_unsynced(Inode& inode);
  bool has_room(std::uint64_t bytes);
  void name_changed();
  std::uint64_t used_bytes() const;
  Status grow(Inode& inode, std::uint64_t bytes, const std::string& path);
  void write(Inode& inode, std::uint64_t offset, std::string_view bytes);
  static void make_durable(Inode& inode, std::uint64_t changes);
  void write_durably(Inode& inode, std::uint64_t offset, std::string_view bytes);
  std::int64_t carry_out(const Started& started);
  void lose_some(Inode& inode);

  Storage storage_;
  Random random_;
  std::uint64_t calls_ = 0;
  std::uint64_t crashing_call_ = 0;
  Crash crash_kind_ = Crash::kKill;
  std::optional<Storage> image_;
  std::uint64_t failing_call_ = 0;
  int failing_error_ = 0;
  bool only_sync_fails_ = false;
  std::uint64_t full_from_call_ = ~std::uint64_t{0};
  bool failed_ = false;
  std::uint64_t capacity_bytes_ = ~std::uint64_t{0};
  std::uint64_t slow_read_in_ = 4;
  std::uint64_t slow_polls_ = 30;
  std::vector<IoRequest*> queued_;
  std::vector<Started> started_;
};

}  // namespace stave::sim
