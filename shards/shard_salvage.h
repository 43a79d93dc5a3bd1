// SPDX-License-Identifier: Apache-2.0
// ShardSalvage: one shard's part of a salvage (salvage.h), step by step: scan() of all shards comes first, as
// only all together tell which transactions are void.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "shards/hint.h"
#include "shards/key_table.h"
#include "shards/salvage_parts.h"
#include "shards/salvage_scan.h"
#include "shards/segment_writer.h"

namespace stave {

class ShardSalvage {
 public:
  using IsVoid = std::function<bool(const TransactionHeader&)>;
  using Tell = std::function<void(const std::string&)>;

  ShardSalvage(Disk& disk, std::string directory, const DatabaseId& database, std::uint32_t shard, Tell lost);

  // Finds what is intact in every segment.
  void scan();
  bool has_losses() const { return places_lost_ != 0; }
  bool has_part(std::uint64_t id) const { return parts_.contains(id); }
  bool aborted(std::uint64_t id) const { return aborted_.contains(id); }
  std::uint64_t settled() const { return files_.manifest.settled; }

  // Finds the newest record of each key.
  void index(const IsVoid& is_void);
  // Tells of every place that is lost, and of the keys there.
  void tell_losses();
  // Writes the live records as the shard of a new database. `keys` is how many.
  Status write(const std::string& into, const DatabaseId& database, std::uint64_t segment_bytes,
               std::uint64_t& keys);
  // Gives the memory of index() back.
  void forget_keys() {
    tables_ = {};
    value_parts_ = {};
  }
  std::uint64_t places_lost() const { return places_lost_; }
  // The databases as clients see them.
  const std::array<std::uint8_t, limits::kDatabases>& db_map() const { return db_map_; }

 private:
  void find_segments();
  void find_lost_segments();
  ScannedSegment prepared(SegmentFile file);
  void set_bounds();
  void find_gaps();
  bool manifest_is_lost() const;
  Result<HintReader> hint_of(const ScannedSegment& segment);
  void for_lost_entries(const ScannedSegment& segment, const std::function<void(const HintEntry&)>& visit);
  void for_records(std::size_t segment, const std::function<void(const Record&, std::uint64_t)>& visit);
  void apply(std::size_t segment, const Record& record, std::uint64_t offset_bytes, bool is_value_there);
  void note_lost(const Record& record);
  void choose_parts();
  // The snapshot that counts for a key: one record or a series; none without one that is there.
  using Base = SalvageParts::Series;
  std::optional<Base> base_of(std::uint8_t db, const KeyDigest& key) const;
  bool may_lack_edits(std::uint8_t db, const KeyDigest& key, const Base& base) const;
  void tell_lacking(const Record& record);
  // Of the newest value of its key. Records whose edits are lost from somewhere on count up to there.
  bool is_live_edits(const Record& record) const;
  bool is_live_part(const Record& record) const;
  const std::vector<std::uint64_t>& lost_gsns(std::uint8_t db, const KeyDigest& key) const;
  void for_records_at(std::size_t segment, const std::vector<std::uint64_t>& offsets,
                      const std::function<void(const Record&)>& visit);
  bool is_newest(std::size_t segment, const Record& record, std::uint64_t offset_bytes) const;
  void place_lost(std::string line);
  void tell_key(const HintEntry& entry);
  void tell_damaged_header(const ScannedSegment& segment, const ByteRange& range);
  std::uint8_t client_db(std::uint8_t log_db) const;

  Disk& disk_;
  const std::string directory_;
  const DatabaseId database_;
  const std::uint32_t shard_;
  const Tell lost_;
  ShardFiles files_;
  std::vector<ScannedSegment> segments_;  // in the order of replay
  std::vector<std::string> lines_;        // losses that concern no segment's file alone
  std::uint64_t places_lost_ = 0;
  std::unordered_set<std::uint64_t> parts_;
  std::unordered_set<std::uint64_t> aborted_;
  IsVoid is_void_;
  bool in_void_batch_ = false;
  KeyTables tables_;
  std::array<SalvageParts, limits::kDatabases> value_parts_;
  using GsnTable = std::unordered_map<KeyDigest, std::vector<std::uint64_t>, KeyDigestHash>;
  std::array<GsnTable, limits::kDatabases> lost_gsns_;  // of values and edits that are lost, by key
  using LostValues = std::unordered_map<KeyDigest, std::uint64_t, KeyDigestHash>;
  std::array<LostValues, limits::kDatabases> lost_values_;  // GSNs of the newest
  std::array<std::uint64_t, limits::kDatabases> flush_gsn_{};
  std::array<std::uint8_t, limits::kDatabases> db_map_{};
  std::uint64_t swap_gsn_ = 0;
};

}  // namespace stave
