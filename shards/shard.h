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

#include "shards/chain.h"
#include "shards/change_observer.h"
#include "shards/cold_chains.h"
#include "shards/collection_limits.h"
#include "shards/compaction.h"
#include "shards/eviction.h"
#include "shards/expiry_queue.h"
#include "shards/field_expiries.h"
#include "shards/graves.h"
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
  enum class Kind : std::uint8_t { kSet, kEdit, kRemove, kFlushDb, kSwapDbs } kind = Kind::kSet;
  Key key;  // kFlushDb: key.db only
  NewValue value;
  // kEdit: what the transaction has changed of a collection that it borrowed, and its expiry now.
  std::string_view edits;
  std::int64_t expiry_ms = 0;
  int other_db = 0;  // kSwapDbs: swapped with key.db
};

// Bytes in the log of a key's value.
inline std::uint64_t bytes_of(std::string_view name, const NewValue& value) {
  return record_bytes(name.size(), value.value.size(), value.type != Type::kString || value.expiry_ms != 0);
}

class TransactionLedger;

// Why a key is gone that no command has removed; or fields of it, and then perhaps it too.
enum class Gone : std::uint8_t { kExpired, kEvicted, kFields, kLastField };

class Shard final : public Keyspace {
 public:
  struct Options {
    std::uint32_t number = 0;
    std::uint64_t memory_bytes_max = 0;  // this shard's share of maxmemory; 0 = unbounded
    Eviction eviction;
    CollectionLimits collections;
    std::size_t part_bytes = limits::kPartBytes;  // of a snapshot that is larger
    Log::Options log;
    TransactionLedger* ledger = nullptr;  // null: no compaction
    // Told of each, on the owner's thread, by the client's database.
    std::function<void(Gone why, int db, std::string_view name)> gone = [](Gone, int, std::string_view) {};
    std::function<void(const std::string&)> warn = [](const std::string&) {};  // any thread

    Fault fault() const { return log.fault; }
  };
  struct Counters {
    std::uint64_t expired = 0;
    std::uint64_t expired_fields = 0;
    std::uint64_t demoted = 0;
    std::uint64_t staged = 0;  // cold values read
    std::uint64_t stage_errors = 0;
    std::uint64_t chains_read = 0;    // collections of more than one record
    std::uint64_t chains_mended = 0;  // whose snapshot was of a transaction that is void
    std::uint64_t snapshots = 0;      // of collections that have outgrown their packed form
    std::uint64_t parts = 0;          // of them
    std::uint64_t evicted = 0;
    std::uint64_t exceeded_ms = 0;  // with too little memory even for the index, until that was over
  };

  Shard(Disk& disk, Background& background, Options options);
  ~Shard() override;

  std::uint32_t number() const { return options_.number; }

  // --- Keyspace: what commands do.
  Found find(Key key, bool touch) override;
  void want(Key key) override;
  std::size_t memory_bytes(Key key) override;
  Status set_value(Key key, const NewValue& value) override;
  Status edit(Key key, Type type, std::string_view edits, EditResult& result) override;
  Status remove(Key key) override;
  Status set_expiry(Key key, std::int64_t expiry_ms) override;

  // --- The executor: before and after commands.
  // Time for expiry and for retrying a full disk, Unix ms; set once for each command.
  void set_now(std::int64_t now_ms) { now_ms_ = now_ms; }
  // Keys that the last command found cold; the names are those of the entries,
  // good until the next change. Cleared by taking.
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
  // Told of every change from now on; null: nobody.
  void observe(ChangeObserver* observer) { observer_ = observer; }

  // --- Transactions: changes of several shards, applied by each owner.
  // The key's collection, if it has outgrown its packed form: whoever holds the lock of the key may edit it.
  // Afterwards, before apply() and before it is unlocked, the shard must be told of how much memory it took
  // at first.
  Collection* borrow(Key key);
  void give_back(Key key, std::size_t memory_bytes_before);
  // What the changes take in the log.
  static std::uint64_t batch_bytes(const std::vector<Change>& changes, std::size_t participants);
  // An error if one of them is larger than a record may be.
  static Status check(const std::vector<Change>& changes);
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
  // Removes keys that are due, and fields of hashes; true when more are.
  bool expire_due();
  // Makes the expiry queue anew, a slice at a time, when most of it is of keys that are gone or expire later;
  // true when there is more to do.
  bool tidy_expiry();
  // Logs a part of a snapshot that is under way; true when there is more to do.
  bool log_some_parts();
  // Frees some of what is gone; true when there is more to do.
  bool free_some() { return graves_.free_some(limits::kFreedPerSlice); }
  // Goes on with large values that were read; true when there is more to do.
  bool build_some() { return stager_.build_some(); }
  void set_active_expiry(bool on) { active_expiry_ = on; }
  // Unix ms of the next key or field to expire; 0 when none.
  std::int64_t next_expiry_ms() const;
  // A step of compaction (Compaction::step).
  std::int64_t compact() { return compaction_.step(); }
  Compaction& compaction() { return compaction_; }
  ShardBackup& backup() { return backup_; }
  // Does what the ledger of transactions asks for; true when there is more to do.
  bool answer_ledger();
  // True when no power loss can make a transaction void whose id is below this one; otherwise it is seen to.
  bool all_settled(std::uint64_t below);
  // Drops values from memory until within the budget, a bounded step at a time; true when there is more to
  // do.
  bool demote();
  void set_memory_bytes_max(std::uint64_t bytes) { options_.memory_bytes_max = bytes; }
  void set_collection_limits(const CollectionLimits& limits) { options_.collections = limits; }
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
  // The key is there. Unlike find() it does not remove one that has expired.
  bool holds(Key key);

  // --- Recovery (shards/recovery.h) builds the shard through these, before any command runs.
  void recover_segment(std::uint32_t slot, std::unique_ptr<Segment> segment);
  // A record of a transaction that is void.
  void note_void(const Record& record) { dbs_[record.db].chains.note_void(record.key, record.gsn); }
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
  Status recovered(Manifest manifest, std::uint64_t last_gsn, std::uint64_t last_segment,
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
    ColdChains chains;
    std::uint64_t expiring = 0;
    std::uint64_t resident = 0;
  };

  Db& db_of(int db) { return dbs_[db_map_[static_cast<std::size_t>(db)]]; }
  const Index& index_of(int db) const { return dbs_[db_map_[static_cast<std::size_t>(db)]].index; }
  Slot* live_slot(Key key);

  Location log_value(int log_db, std::string_view name, const NewValue& value);
  void store_value(int log_db, Slot* slot, std::uint64_t hash, std::string_view name, const NewValue& value,
                   Location location, bool resident, std::uint32_t value_bytes);

  // Collections (shard_collections.cc).
  void log_borrowed(const Change& change, int log_db, Slot& slot);
  void end_chains();
  void shorten_chain(int log_db, Slot& slot);
  void keep_packed(std::string packed);
  Status edit_packed_value(Key key, const Slot* slot, Type type, std::string_view edits, EditResult& result);
  Status edit_unpacked(Type type, std::string& packed, std::string_view edits, EditResult& result);
  Status edit_collection(int log_db, std::uint64_t hash, Slot* slot, std::string_view edits,
                         EditResult& result);
  void change_collection_expiry(Key key, int log_db, Slot& slot, std::int64_t expiry_ms);
  Status set_collection_expiry(Key key, int log_db, Slot* slot, std::int64_t expiry_ms);
  void log_edits(int log_db, Entry& entry, std::string_view edits, std::int64_t expiry_ms);

  // Snapshots (shard_snapshots.cc).
  bool has_long_chain(const Entry& entry) const;
  bool may_complete(std::uint64_t transaction);
  void log_snapshot(int log_db, Slot& slot);
  void log_whole(int log_db, Slot& slot, std::string_view packed);
  bool log_part(int log_db, Entry& entry, std::string& value, bool last);
  void go_on_with(int log_db, Entry& entry, bool covered);
  void visit_series(std::deque<std::pair<int, std::string>>& queue);
  void log_next_part(int log_db, Entry& entry);
  void log_last_part(int log_db, Entry& entry);
  void end_series(int log_db, Entry& entry);
  void drop_series(Entry& entry);
  bool is_worth_snapshot(const Entry& entry);
  static void follow_edits(Chain::Series& series, std::string_view edits);
  bool may_drop(int log_db, Slot& slot);

  // Chains (shard_chains.cc).
  void count_chain(const Entry& entry, int log_db, int sign);
  void count_edits(const Chain& chain, int sign);
  ColdChain& cold_chain(int log_db, const Entry& entry);
  std::uint32_t logged_bytes(int log_db, const Entry& entry);
  static ColdChain chain_of_parts(const Entry& entry);
  Status settle_chains();
  Status judge_parts(const Slot* slot, ColdChain& chain);
  void settle_chain(int log_db, const std::string& key, Slot* slot, ColdChain& chain);
  Status mend_chain(const Slot* slot, ColdChain& chain);
  Result<Record> read_record(Location location, std::string& bytes);
  // REQUIRES: kChained.
  const ColdChain* chain_of(Key key) { return db_of(key.db).chains.find(key.name); }
  Chain warm_chain(int log_db, const Entry& entry, std::uint64_t first_gsn);
  // Whether a record of edits, or a part, is part of the value that the key has now.
  bool begins_chain(int log_db, const Slot* slot, std::uint64_t gsn);
  bool is_live_edits(const Slot* slot, const Record& record);
  bool is_live_part(int log_db, const Slot* slot, std::uint64_t gsn);
  void repoint_link(int log_db, Slot* slot, const Record& record, Location location,
                    const std::vector<std::uint32_t>& victims);
  void put_entry(int log_db, Slot* slot, std::uint64_t hash, Entry* entry, bool resident);
  void note_expiry(int log_db, std::uint64_t hash, std::int64_t old_ms, std::int64_t new_ms);
  void erase(int log_db, Slot* slot);
  void forget_values(int log_db);
  void log_tombstone(int log_db, std::string_view name);
  void note_change(int log_db, std::string_view name) {
    if (observer_ != nullptr) observer_->changed(db_names_[static_cast<std::size_t>(log_db)], name);
  }
  bool expire_keys_due();
  bool expire(int log_db, Slot* slot);
  bool drop(int log_db, Slot* slot, Gone why);

  // Fields of hashes that expire (shard_fields.cc).
  void note_fields(int log_db, std::uint64_t hash, const Entry& entry);
  static bool fields_expire(const Collection& collection);
  bool expire_fields_due();
  std::int64_t expire_fields(const FieldExpiries::Element& due, Slot& slot, std::size_t& budget);
  std::int64_t stage_to_expire(Key key, std::uint64_t bytes, std::size_t& budget);
  void put_off_fields(int log_db, const Entry& entry);

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
  void count_live(int log_db, const Entry& entry, int sign);
  void count_bytes(std::uint32_t segment, std::uint64_t bytes, int sign);
  void account(int log_db, const Entry& entry, bool resident, int sign);
  void publish_sizes(int log_db);
  void remap_dbs();
  bool is_wanted(Key key, Location location);
  Status install(Key key, std::string_view value);
  Status install(Key key, std::unique_ptr<Collection> collection, std::uint64_t first_gsn);
  void install(Key key, Slot& slot, Entry::Fields fields);
  void remake(int log_db, Slot& slot, Entry::Fields fields);
  void drop_value(int log_db, Slot& slot);
  void touch(Slot& slot);
  void enter_cache(int log_db, Slot& slot, std::uint64_t hash);
  bool end_trial();
  void leave_memory(int log_db, Slot& slot);
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
  Graves graves_;
  ChangeObserver* observer_ = nullptr;
  ExpiryQueue expiry_;
  FieldExpiries field_expiries_;
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
  std::vector<std::pair<int, std::string>> long_chains_;  // of the open batch: log db, key
  // Snapshots under way, and some that are no more; and those of which only the last part is to come.
  std::deque<std::pair<int, std::string>> series_;
  std::deque<std::pair<int, std::string>> covered_series_;
  std::int64_t series_retry_ms_ = 0;  // after one for which there was no room
  std::string packed_;                // a collection while it is edited, or on its way to the log
  Manifest manifest_;                 // as it is on disk
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
  // Transactions below this id are settled; and below that, when all have answered the round (0: none).
  std::uint64_t settled_ = 0;
  std::uint64_t settling_ = 0;
  std::uint64_t settling_round_ = 0;
  std::deque<std::uint32_t> to_seal_;  // slots, in the order of the log
  bool sealing_ = false;               // in the background
  bool sealing_failed_ = false;        // nothing is sealed any more
};

}  // namespace stave
