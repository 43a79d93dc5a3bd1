// SPDX-License-Identifier: Apache-2.0
// Recovery: builds a shard from its directory. In steps, so that all shards can do the first in parallel,
// exchange which transactions they have, and then do the others:
//
//   read()        checks every segment, loads hints, scans what has none; changes no byte of a file
//   drop_hints()  removes hints with a transaction that not every shard has (a power loss): read again then
//   finish()      replays what had to wait for the verdict on transactions, starts the log, tidies up
//
// Segments are replayed in their order: those that the manifest lists, and behind them the log. A sealed
// segment must be whole: anything wrong in it is an error with file and offset. The segments behind the last
// sealed one are the tail: it ends at its first bad or missing record, and what follows is cut, with a line
// in the log. A batch that is not complete at the end of the tail was never answered, and is cut too. What
// compaction has replaced or not brought to its end is removed.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "shards/hint_stream.h"
#include "shards/manifest.h"
#include "shards/segment_reader.h"
#include "shards/shard.h"

namespace stave {

struct RecoveryReport {
  std::uint64_t records = 0;
  std::uint64_t segments = 0;
  std::uint64_t segments_with_hint = 0;
  std::uint64_t cut_bytes = 0;          // of the tail
  std::uint64_t void_transactions = 0;  // dropped now, because a shard lacks its part
};

class Recovery {
 public:
  using Complete = std::function<bool(const TransactionHeader&)>;

  Recovery(Disk& disk, Shard& shard, const Shard::Options& options);

  // Whether a transaction is complete, by what all shards' recoveries have read. They must outlive it.
  static Complete verdict_of(const std::vector<std::unique_ptr<Recovery>>& recoveries);

  Status read();
  // After read(): ids of the transactions that this shard has.
  const std::unordered_set<std::uint64_t>& transactions() const { return transactions_; }
  // Likewise: where the log ends.
  std::uint64_t last_gsn() const { return last_gsn_; }
  // Likewise: no transaction that this shard knows of has a higher id.
  std::uint64_t highest_transaction() const { return highest_transaction_; }
  // Hints tell of transactions as if all were complete. True when one of them was not: its hint is removed,
  // and a new shard must be read in this one's place. `complete` says whether every participant has a
  // transaction.
  Result<bool> drop_hints(const Complete& complete);
  Status finish(const Complete& complete);
  const RecoveryReport& report() const { return report_; }
  // Lines for the server's log.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  struct Piece {
    std::uint64_t number = 0;
    std::uint64_t order = 0;
    std::unique_ptr<Segment> segment;  // null once the shard has it
    std::string header_error;          // why its header cannot be used
    std::uint32_t slot = 0;
    std::uint64_t file_bytes = 0;
    std::uint64_t records_max = 0;
    std::uint64_t resume_bytes = 0;  // where the replay of finish() begins; 0 = all done in read()
    // Of the tail, once rewriting_ has ended: how much of it is durable, or why it is not.
    std::uint64_t durable_bytes = 0;
    Status rewritten;
    bool listed = false;   // in the manifest
    bool garbage = false;  // neither there nor of the log behind it
    bool tail = false;
    bool blank = false;  // nothing was written to it
    bool drop = false;   // beyond a hole, or without a whole header
    bool gone() const { return garbage || drop; }
  };
  // A record of a batch that is not complete yet: the reader's views do not last.
  struct Held {
    Record record;
    std::string bytes;
    Location location;
  };

  // A transaction that a hint tells of.
  struct Hinted {
    std::uint64_t segment_number = 0;
    std::string header;  // an encoded TransactionHeader
  };

  // A record that is applied together with its neighbours, so that the cache misses of all overlap.
  struct Waiting {
    Record record;
    std::uint32_t value_bytes = 0;
    Location location;
    std::uint64_t hash = 0;
  };
  static constexpr std::size_t kGroup = 16;

  // Up to here all batches are complete.
  struct Good {
    std::uint64_t bytes = 0;
    std::uint64_t gsn = 0;
  };

  Status find_segments();
  Status open_segment(Piece& piece);
  Status judge_segment(Piece& piece, bool tail);
  Status check_listed() const;
  Status check_sequence();
  Status read_all();
  void rewrite_ahead();
  Status end_rewrite(Piece& piece);
  Status make_durable(File& file, std::uint64_t end_bytes) const;
  Status remove_garbage();
  Status read_segment(Piece& piece);
  void cut_from(std::size_t first);
  void seal_again();
  void set_aside(const Piece& piece, const std::string& why);
  bool load_hint(const Piece& piece);
  void read_hint_ahead(const Piece& piece);
  Result<HintReader> take_hint(const Piece& piece);
  void apply_items(std::span<const HintStream::Item> items, const Piece& piece);
  void apply_item(const HintStream::Item& item, const Piece& piece);
  Status scan(Piece& piece);
  Status replay(Piece& piece, const Complete& complete);
  void take(const Record& record, std::uint64_t offset_bytes, Piece& piece, const Complete* complete);
  Status end_scan(Piece& piece, SegmentReader& reader, SegmentReader::Outcome outcome, const Good& good);
  void apply_later(const Record& record, std::uint32_t value_bytes, Location location);
  void apply_group();
  void apply(const Record& record, std::uint64_t hash, std::uint32_t value_bytes, Location location);
  bool is_superseded(const Record& record) const;
  static std::uint64_t log_bytes(const Piece& piece) {
    return piece.tail ? piece.file_bytes / 2 : piece.file_bytes;
  }
  void plan_index();
  std::uint64_t records_max(const Piece& piece);
  void note_progress(std::uint64_t offset_bytes);
  void note_transaction(std::uint64_t id);
  void hold(const Record& record, Location location);
  void apply_batch(const Complete* complete);
  void warn(std::string line) { warnings_.push_back(std::move(line)); }
  std::string path(const Piece& piece) const { return directory_ + "/" + segment_name(piece.number); }

  Disk& disk_;
  Shard& shard_;
  const std::string directory_;
  const DatabaseId database_;
  const std::uint32_t number_;
  const Fault fault_;
  Manifest manifest_;
  std::vector<Piece> pieces_;            // in the order of replay
  std::vector<std::string> unfinished_;  // names of files that were being made
  std::vector<std::uint64_t> hints_;     // numbers of those that are there
  std::array<Waiting, kGroup> group_;
  std::size_t grouped_ = 0;
  std::vector<Held> batch_;
  std::vector<Hinted> hinted_;
  std::string hint_bytes_;  // of the hint before
  // The next hint, which a helper thread reads and checks meanwhile.
  std::uint64_t ahead_number_ = 0;  // of its segment; 0 = none
  std::future<Result<HintReader>> ahead_;
  // A helper thread makes the tail durable, from before it is read on.
  std::future<void> rewriting_;
  std::unordered_set<std::uint64_t> transactions_;
  std::unordered_set<std::uint64_t> aborted_;
  std::vector<std::uint64_t> newly_void_;
  // How much of the log is read, for the index' size. What is free in the tail is not known before, and half
  // of the tail is a guess.
  std::uint64_t log_bytes_ = 0;
  std::uint64_t bytes_before_ = 0;                    // in segments before the one being read
  std::uint64_t records_left_ = 0;                    // at most, from the segment on that is being read
  std::uint64_t records_before_ = 0;                  // report_.records where that one began
  std::uint64_t next_fit_bytes_ = ~std::uint64_t{0};  // when the index is made larger next
  bool fitted_ = false;
  std::uint64_t last_gsn_ = 0;
  std::uint64_t last_number_ = 0;
  std::uint64_t highest_transaction_ = 0;
  bool collecting_ = false;  // from the first transaction in doubt on, read() only collects ids
  RecoveryReport report_;
  std::vector<std::string> warnings_;
};

}  // namespace stave
