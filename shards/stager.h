// SPDX-License-Identifier: Apache-2.0
// Stager: reads cold values of one shard, many at a time; equal reads are shared. What it reads is checked
// (checksum, key) before it becomes resident. Of a collection that is more than one record (cold_chains.h)
// all are read at once; a large one is then put together a piece in each loop turn. Owner thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "shards/chain_builder.h"
#include "shards/cold_chains.h"
#include "shards/disk.h"
#include "shards/entry.h"
#include "shards/keyspace.h"
#include "shards/record.h"
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
  // Goes on with a large value whose records are all read, for about as much as a part of a snapshot takes;
  // true when there is more to do.
  bool build_some();
  std::size_t in_flight() const { return reads_.size(); }
  // True while something is read from the segment in `slot`.
  bool reads(std::uint32_t slot) const;

 private:
  struct Read;
  // Bytes of one file with one or more records.
  struct Piece {
    IoRequest request;
    AlignedBuffer memory;
    Read* read = nullptr;
    std::uint32_t segment = 0;  // slot
    // Of records behind the first of a chain: where those in it begin and end.
    std::uint64_t begin_bytes = 0;
    std::uint64_t end_bytes = 0;
  };
  // A record that is read: where it begins in which piece.
  struct Part {
    const Piece* piece = nullptr;
    std::uint64_t offset_bytes = 0;  // in the file
    std::uint64_t record_bytes = 0;
  };
  struct Read {
    Piece snapshot;
    Stager* stager = nullptr;
    int db = 0;
    std::string name;
    Location location;
    std::uint64_t record_bytes = 0;
    std::vector<std::unique_ptr<Piece>> pieces;  // of the records behind the first
    std::vector<Part> links;                     // those, in their order
    std::uint64_t link_bytes = 0;                // of all of them
    std::size_t waiting = 0;                     // pieces that are under way
    std::vector<StageWaiter*> waiters;
    std::unique_ptr<ChainBuilder> builder;  // until the value is resident
    std::size_t taken = 0;                  // of the links, by the builder
  };

  void read_links(Read& read, const ColdChain& chain);
  static Piece& piece_for(Read& read, const ColdChain::Link& link);
  void submit(Piece& piece, std::uint64_t begin, std::uint64_t end);
  void done(Read& read);
  void end(Read& read, const Status& status);
  void give_up(Read& read);
  Status begin(Read& read);
  Status build(Read& read, std::uint64_t& bytes);
  Status take(Read& read, std::uint64_t& bytes);
  Status install(Read& read);
  static Status unreadable(const Read& read, const Part& part, std::string_view why);
  Status check(const Read& read, const Part& part, Record& record) const;
  std::unique_ptr<Read> take_read();

  Disk& disk_;
  Shard& shard_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Read>> reads_;  // by location
  std::deque<Read*> building_;                                      // of these
  std::vector<std::unique_ptr<Read>> spare_;                        // small buffers to be used again
};

}  // namespace stave
