// SPDX-License-Identifier: Apache-2.0
// Chain: which records of the log make up a collection that is in memory: a snapshot, and the edits after it
// (edits.h). The snapshot is one record, or, of a large collection, a series of parts that are logged one at
// a time while the collection goes on changing:
//
//   - Each part has some elements as they are when it is logged. Part after part and edits after edits, in
//   the
//     order of their GSNs, make the collection again (chain_builder.h): what a part has was true when it was
//     logged, and what has changed since is in an edit behind it. Edits of lists go by index; they are
//     applied to what is in front of the place up to which the parts have come (list_prefix.h).
//   - Until the last part is logged the old chain is what counts, with all edits. Then the new one takes its
//     place at once; it begins with the first part, and edits behind that are its own. So a crash between two
//     parts leaves the old chain, and parts that nothing belongs to.
//   - Parts of a series under way are live for compaction, as the old chain is.
//   - A transaction over several shards may turn out to be void, and its edits with it, but not a snapshot
//   that
//     has what it did. So the last part waits until all transactions whose changes are in the parts are
//     settled (Shard::all_settled()), and has no elements then; a snapshot in one record that would have to
//     wait is a series as well.
//
// Owner thread only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "shards/entry.h"
#include "shards/part_cursor.h"

namespace stave {

// The one of `records`, ascending by GSN, with this GSN; null when there is none.
template <typename Record>
Record* find_gsn(std::vector<Record>& records, std::uint64_t gsn) {
  const auto found = std::ranges::lower_bound(records, gsn, {}, &Record::gsn);
  return found != records.end() && found->gsn == gsn ? &*found : nullptr;
}

// Bytes of records, by segment.
struct SegmentBytes {
  struct Share {
    std::uint32_t segment = 0;
    std::uint64_t bytes = 0;
  };
  std::uint64_t total = 0;
  std::vector<Share> shares;

  void add(std::uint32_t segment, std::uint64_t bytes);
  void add(const SegmentBytes& other);
  // Up to `bytes` from the segment; returns how many there were.
  std::uint64_t take(std::uint32_t segment, std::uint64_t bytes);
};

struct Chain {
  struct Part {
    std::uint64_t gsn = 0;
    Location location;
    std::uint64_t bytes = 0;  // of the record
  };
  // A snapshot under way.
  struct Series {
    std::vector<Part> parts;
    PartCursor cursor;
    SegmentBytes edits;             // behind the first part; the chain that counts has them as well
    bool covered = false;           // the parts have all elements, and only the last part is to come,
    std::uint64_t transaction = 0;  // when this one is settled
  };

  std::uint64_t snapshot_gsn = 0;   // of the first record
  std::uint64_t last_gsn = 0;       // of the last record of edits, or the snapshot
  std::uint64_t refused_bytes = 0;  // so many of edits there were when an element was too large for a record
  SegmentBytes edits;               // after the snapshot, those of the series left out
  std::vector<Part> parts;          // of the snapshot, behind the record that the entry points at
  std::uint64_t part_bytes = 0;     // of all these
  std::unique_ptr<Series> series;
  std::uint64_t transaction = 0;  // the newest over several shards that has changed the collection
  // Where the edits ended, and when, as demotion first saw them end there.
  std::uint64_t seen_gsn = 0;
  std::int64_t seen_ms = 0;

  // There is a new snapshot, and nothing behind it.
  void begin(std::uint64_t gsn) {
    const std::uint64_t changed_by = transaction;
    *this = Chain();
    transaction = changed_by;
    snapshot_gsn = last_gsn = gsn;
  }
  std::uint64_t edit_bytes() const { return edits.total + (series ? series->edits.total : 0); }
  // The snapshot is whole from this GSN on.
  std::uint64_t whole_gsn() const { return parts.empty() ? snapshot_gsn : parts.back().gsn; }

  // Edits were logged.
  void add_edits(std::uint32_t segment, std::uint64_t record_bytes);
  // Edits with this GSN were moved: up to `record_bytes` are taken from the segment.
  std::uint64_t take_edits(std::uint64_t gsn, std::uint32_t segment, std::uint64_t record_bytes);
  void give_edits(std::uint64_t gsn, std::uint32_t segment, std::uint64_t record_bytes);
  void add_part(const Part& part);
  // Of the snapshot or the series; null when there is none with this GSN.
  Part* find_part(std::uint64_t gsn);
  // The series is complete: its first part, and all that follows is as if it had always been the chain.
  Part end_series();
  // Nothing is to come of it. Its parts are the caller's to count as dead.
  std::vector<Part> drop_series();

 private:
  SegmentBytes& edits_of(std::uint64_t gsn);
};

}  // namespace stave
