// SPDX-License-Identifier: Apache-2.0
// Stager: reads cold values of one shard, many at a time; equal reads are shared. What it reads is checked
// (checksum, key) before it becomes resident. Owner thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "shards/disk.h"
#include "shards/entry.h"
#include "shards/keyspace.h"
#include "shards/status.h"

namespace stave {

class Shard;

// Somebody who waits for a value. Called from Disk::poll.
class StageWaiter {
 public:
  virtual ~StageWaiter() = default;
  // ok: look the key up again (it may have changed meanwhile). Otherwise the text of the error that the
  // command gets.
  virtual void staged(const Status& status) = 0;
};

class Stager {
 public:
  Stager(Disk& disk, Shard& shard) : disk_(disk), shard_(shard) {}
  ~Stager();

  // `entry` is the cold entry of `key`. A null waiter only warms the value.
  void read(Key key, const Entry& entry, StageWaiter* waiter);
  std::size_t in_flight() const { return reads_.size(); }
  // True while something is read from the segment in `slot`.
  bool reads(std::uint32_t slot) const;

 private:
  struct Read {
    IoRequest request;
    AlignedBuffer memory;
    Stager* stager = nullptr;
    int db = 0;
    std::string name;
    Location location;
    std::uint64_t record_at = 0;  // offset of the record in memory
    std::uint64_t record_bytes = 0;
    std::vector<StageWaiter*> waiters;
  };

  void done(Read& read);
  Status check(const Read& read, std::string_view& value) const;
  std::unique_ptr<Read> take_read(std::size_t bytes);

  Disk& disk_;
  Shard& shard_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Read>> reads_;  // by location
  std::vector<std::unique_ptr<Read>> spare_;                        // small buffers to be used again
};

}  // namespace stave
