// SPDX-License-Identifier: Apache-2.0
// Shard: the unit of storage. It owns an index for each database, a log, the values that are resident, the
// locks of transactions and the expiry queue. Commands reach it as a Keyspace; the executor in src/ stages,
// locks and commits through the rest of this interface. Owner thread only, except DbSizes.
//
// "db" in this interface is what clients select. Records carry the number of a database of the log instead:
// SWAPDB only changes which one stands for which (db_map_).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "shards/compaction.h"
#include "shards/eviction.h"
#include "shards/expiry_queue.h"
#include "shards/index.h"
#include "shards/keyspace.h"
#include "shards/limits.h"
#include "shards/locks.h"
#include "shards/log.h"
#include "shards/manifest.h"
#include "shards/shard_backup.h"
#include "shards/stager.h"
#include "shards/trial_queue.h"

namespace stave {

// Numbers of keys, for any thread to read (DBSIZE, RANDOMKEY, INFO).
struct DbSizes {
  std::array<std::atomic<std::uint64_t>, limits::kDatabases> keys{};
  std::array<std::atomic<std::uint64_t>, limits::kDatabases> expiring{};
};

// One change of a transaction, as its view collected it. Views into the transaction's memory.
struct Change {
  enum class Kind : std::uint8_t { kSetString, kRemove, kFlushDb, kSwapDbs } kind = Kind::kSetString;
  Key key;  // kFlushDb: key.db only
  NewString string;
  int other_db = 0;  // kSwapDbs: swapped with key.db
};

class TransactionLedger;

class Shard final : public Keyspace {
 public:
  struct Options {
    std::uint32_t number = 0;
    std::uint64_t memory_bytes_max = 0;  // this shard's share of maxmemory; 0 = unbounded
    Eviction eviction;
    Log::Options log;
    TransactionLedger* ledger = nullptr;                                       // null: no compaction
    std::function<void(const std::string&)> warn = [](const std::string&) {};  // any thread

    Fault fault() const { return log.fault; }
  };
  struct Counters {
    std::uint64_t expired = 0;
    std::uint64_t demoted = 0;
    std::uint64_t staged = 0;  // cold values read
    std::uint64_t stage_errors = 0;
    std::uint64_t evicted = 0;
    std::uint64_t exceeded_ms = 0;  // with too little memory even for the index, until that was over
  };

  Shard(Disk& disk, Background& background, Options options);
  ~Shard() override;

  std::uint32_t number() const { return options_.number; }

  // --- Keyspace: what commands do.
  Found find(Key key, bool touch) override;
  void want(Key key) override { wanted_.push_back(key); }
  Status set_string(Key key, const NewString& string) override;
  Status remove(Key key) override;
  Status set_expiry(Key key, std::int64_t expiry_ms) override;

  // --- The executor: before and after commands.
  // Time for expiry and for retrying a full disk, Unix ms; set once for each command.
  void set_now(std::int64_t now_ms) { now_ms_ = now_ms; }
  // Keys that the last command found cold; the views are the command's arguments. Cleared by taking.
  std::vector<Key> take_wanted() { return std::exchange(wanted_, {}); }
  // Bring the index's buckets, and then the entry itself, near: in two passes over the keys of a pipeline, so
  // that the cache misses of all overlap. The first returns the hash that the second takes.
  std::uint64_t prefetch(Key key) const {
    index_of(key.db).prefetch(key.hash);
    return key.hash;
  }
  void prefetch_alternate(int db, std::uint64_t hash) const { index_of(db).prefetch_alternate(hash); }
  void prefetch_entry(int db, std::uint64_t hash) const { index_of(db).prefetch_entry(hash); }
  // The length of the key's value when that is cold, so that a read would have to be staged. Counts and
  // changes nothing.
  std::optional<std::uint32_t> cold(Key key);
  // Reads a cold value; staged() of the waiter is called from Disk::poll when it is resident (or gone, or
  // failed).
  void stage(Key key, StageWaiter* waiter);
  // Several changes as one log batch: room for `bytes_max` is made sure of first.
  Status begin_batch(std::uint64_t bytes_max);
  void end_batch();
  LockTable& locks() { return locks_; }

  // --- Transactions: changes of several shards, applied by each owner.
  // What the changes take in the log.
  static std::uint64_t batch_bytes(const std::vector<Change>& changes, std::size_t participants);
  // Keeps so much space aside, until unhold() gives it back.
  Status hold(std::uint64_t bytes) { return log_.hold(bytes, now_ms_); }
  void unhold(std::uint64_t bytes) { log_.unhold(bytes); }
  // REQUIRES: its space was held until now. `participants`: the shards of the transaction; with one alone no
  // transaction record is needed.
  void apply(const std::vector<Change>& changes, std::uint64_t transaction,
             const std::vector<std::uint16_t>& participants);

  // --- Commit: replies wait for gsns.
  std::uint64_t last_gsn() const { return log_.last_gsn(); }
  // The GSN that must be committed before a reply that saw `key` may leave; 0 when there is none to wait for.
  std::uint64_t gsn_to_wait_for(Key key);
  bool committed(std::uint64_t gsn) const { return gsn <= log_.committed_gsn(); }
  Log& log() { return log_; }

  // --- Chores, called by the worker.
  // Removes keys that are due; true when more are.
  bool expire_due();
  // Makes the expiry queue anew, a slice at a time, when most of it is of keys that are gone or expire later;
  // true when there is more to do.
  bool tidy_expiry();
  void set_active_expiry(bool on) { active_expiry_ = on; }
  // Unix ms of the next key to expire; 0 when none.
  std::int64_t next_expiry_ms() const {
    return active_expiry_ && !expiry_.empty() ? expiry_.next_due_ms() : 0;
  }
  // A step of compaction (Compaction::step).
  std::int64_t compact() { return compaction_.step(); }
  Compaction& compaction() { return compaction_; }
  ShardBackup& backup() { return backup_; }
  // Does what the ledger of transactions asks for; true when there is more to do.
  bool answer_ledger();
  // Drops values from memory until within the budget, a bounded step at a time; true when there is more to
  // do.
  bool demote();
  void set_memory_bytes_max(std::uint64_t bytes) { options_.memory_bytes_max = bytes; }
  void set_eviction(const Eviction& eviction) { options_.eviction = eviction; }
  // Evicts what is too much, a bounded step at a time; true when there is more to do.
  bool evict();
  // The same before a command that adds data: whether it may run.
  enum class Room : std::uint8_t { kEnough, kNoMemory, kNoDisk };
  Room make_room();
  // True when the index alone fills the budget: demoting cannot make room (Redis' OOM).
  bool out_of_memory() const;
  // Since when that is so, Unix ms; 0 when it is not.
  std::int64_t exceeded_since_ms() const { return exceeded_since_ms_; }

  // --- Walks, for SCAN, KEYS, RANDOMKEY, DEBUG.
  std::uint64_t scan(int db, std::uint64_t cursor, std::size_t count,
                     const std::function<void(std::string_view, const Entry&)>& visit);
  bool random_key(int db, std::uint64_t random, std::string& key);
  void for_each(int db, const std::function<void(std::string_view, const Entry&)>& visit);
  const Entry* entry(Key key);

  // --- Recovery (shards/recovery.h) builds the shard through these, before any command runs.
  void recover_segment(std::uint32_t slot, std::unique_ptr<Segment> segment);
  // `hash` is hash_key(record.key).
  void recover(const Record& record, std::uint64_t hash, std::uint32_t value_bytes, Location location);
  // A string, by a cold entry that was made for it and is the shard's from now on.
  void recover(int log_db, std::uint64_t hash, Entry* entry);
  // Makes the index of each database ready for `factor` times the keys that it has, but not for more than
  // `keys_max` more of them.
  void expect_more_keys(double factor, std::uint64_t keys_max);
  // Takes back what of that was too much.
  void trim_indexes();
  // The databases as clients see them when the log begins.
  void recover_db_map(const std::array<std::uint8_t, limits::kDatabases>& db_map);
  // Ends recovery: transactions that were found void only now are recorded as such, so that they stay void.
  void recovered(Manifest manifest, std::uint64_t last_gsn, std::uint64_t last_segment,
                 const std::vector<std::uint64_t>& newly_void, std::unordered_set<std::uint64_t> all_void);
  // Has the log's next file made in time; once for each loop turn.
  void prepare_segment() { log_.prepare_next(background_, now_ms_); }
  // Seals a segment that recovery had to read, and writes its hint, in the background. Until then a header
  // that says already that it is sealed may be in the page cache only.
  void seal_recovered(std::uint32_t slot, bool header_is_durable);

  // Seals the tail and writes its hint, in this thread. REQUIRES: the log is clean, or has failed.
  void close();

  const SegmentTable& segments() const { return segments_; }
  const DbSizes& sizes() const { return sizes_; }
  const Counters& counters() const { return counters_; }
  std::uint64_t memory_bytes() const;
  std::uint64_t index_bytes() const;
  std::uint64_t resident_bytes() const { return resident_bytes_; }
  std::uint64_t resident_values() const { return resident_values_; }
  std::uint64_t live_bytes() const { return live_bytes_; }
  bool idle() const {
    return log_.idle() && stager_.in_flight() == 0 && !sealing_ && compaction_.idle() && backup_.idle();
  }

 private:
  friend class Compaction;
  friend class ShardBackup;
  friend class Stager;
  struct Db {
    Index index;
    Index::Hand hand;        // of the cache's clock
    Index::Hand forgetting;  // what was demoted long ago
    std::uint64_t expiring = 0;
    std::uint64_t resident = 0;
  };

  Db& db_of(int db) { return dbs_[db_map_[static_cast<std::size_t>(db)]]; }
  const Index& index_of(int db) const { return dbs_[db_map_[static_cast<std::size_t>(db)]].index; }
  Slot* live_slot(Key key);

  Location log_string(int log_db, std::string_view name, const NewString& string);
  void store_string(int log_db, Slot* slot, std::uint64_t hash, std::string_view name,
                    const NewString& string, Location location, bool resident, std::uint32_t value_bytes);
  void put_entry(int log_db, Slot* slot, std::uint64_t hash, Entry* entry, bool resident);
  void note_expiry(int log_db, std::uint64_t hash, std::int64_t old_ms, std::int64_t new_ms);
  void erase(int log_db, Slot* slot);
  void log_tombstone(int log_db, std::string_view name);
  bool expire(int log_db, Slot* slot);
  bool drop(int log_db, Slot* slot);

  // Eviction (shard_evict.cc).
  enum class Evicted : std::uint8_t { kEnough, kMore, kNothingLeft };
  struct Candidate {
    int log_db = 0;
    Slot* slot = nullptr;
  };
  using Candidates = std::vector<Candidate>;
  bool must_evict() const;
  Evicted evict_some(std::size_t keys_max);
  bool evict_one();
  void sample(Candidates& candidates);
  bool goes_before(const Slot& a, const Slot& b) const;
  Candidate any_key();
  Candidate expiring_key(bool earliest);
  void note_use(Slot& slot);
  void note_exceeded();
  std::uint64_t next_random();

  void expect_expiry(std::int64_t due_ms, int log_db, std::uint64_t hash);
  bool expiry_is_untidy() const;
  void flush_db(int log_db);
  Status record_void();
  void count_live(const Entry& entry, int sign);
  void account(int log_db, const Entry& entry, bool resident, int sign);
  void publish_sizes(int log_db);
  void remap_dbs();
  void install(Key key, Location location, std::string_view value);
  void remake(int log_db, Slot& slot, const std::string_view* value);
  void touch(Slot& slot);
  void enter_cache(int log_db, Slot& slot, std::uint64_t hash);
  bool end_trial();
  bool demote_one(Db& db);
  void seal(std::uint32_t slot);
  void seal_next();

  Options options_;
  Disk& disk_;
  Background& background_;
  SegmentTable segments_;
  Log log_;
  Stager stager_;
  Compaction compaction_;
  ShardBackup backup_;
  LockTable locks_;
  ExpiryQueue expiry_;
  TrialQueue trial_;
  // While the queue is made anew: the new one, and where the walk over the keys is.
  struct Tidying {
    ExpiryQueue queue;
    std::size_t db = 0;
    std::uint64_t cursor = 0;
  };
  std::optional<Tidying> tidying_;
  std::array<Db, limits::kDatabases> dbs_;                 // by database of the log
  std::array<std::uint8_t, limits::kDatabases> db_map_;    // client's database -> database of the log
  std::array<std::uint8_t, limits::kDatabases> db_names_;  // the inverse
  DbSizes sizes_;
  Counters counters_;
  std::vector<Key> wanted_;
  Manifest manifest_;  // as it is on disk
  std::unordered_set<std::uint64_t> void_transactions_;
  std::vector<std::uint64_t> unrecorded_void_;  // of these, no record says so yet
  std::int64_t now_ms_ = 0;
  std::uint64_t tombstone_gsn_ = 0;   // of the newest removal
  std::uint64_t entry_bytes_ = 0;     // of all entries, resident values included
  std::uint64_t resident_bytes_ = 0;  // of entries with a resident value
  std::uint64_t resident_values_ = 0;
  std::uint64_t live_bytes_ = 0;  // of the log, summed over segments
  std::size_t demote_db_ = 0;
  std::int64_t exceeded_since_ms_ = 0;
  std::uint64_t random_ = 0x9e3779b97f4a7c15ull;  // for samples; the same in every run, for the simulation
  bool active_expiry_ = true;
  // The round of the ledger that is being answered (0: none), and what must be durable for it.
  std::uint64_t ledger_round_ = 0;
  std::uint64_t ledger_gsn_ = 0;
  std::uint64_t answered_round_ = 0;
  std::deque<std::uint32_t> to_seal_;  // slots, in the order of the log
  bool sealing_ = false;               // in the background
  bool sealing_failed_ = false;        // nothing is sealed any more
};

}  // namespace stave
