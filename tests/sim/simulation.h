// SPDX-License-Identifier: Apache-2.0
// The simulation: some shards in one thread over a simulated disk and clock, a random workload, and crashes,
// all from one seed. Lives follow each other on what the crash before left. After each start it shows that
//
//   - every shard stands exactly where its log stood after some whole batch: nothing that nobody wrote,
//   nothing out
//     of order, no deleted or expired key
//   - that is not before what the mode promised: after a kill what was answered, after a power loss what was
//   durable
//   - a transaction is there in all of its shards or in none, and in all if it was answered
//   - a backup that was completed still holds what was there at its cut, in all shards
//
// and in between that every read gives what was written last. A violation throws Violation.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "shards/recovery.h"
#include "shards/shard.h"
#include "shards/transaction_ledger.h"
#include "shards/undo.h"
#include "tests/shards/waiter.h"
#include "tests/sim/coverage.h"
#include "tests/sim/damage.h"
#include "tests/sim/sim_disk.h"

namespace stave {
class ListView;
}

namespace stave::sim {

struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed, Fault fault = Fault::kNone);
  ~Simulation();
  // Some lives of some hundred steps each.
  void run();
  const Coverage& coverage() const { return coverage_; }

 private:
  static constexpr int kDbs = 2;
  static constexpr std::int64_t kSecondMs = 1000;
  static constexpr std::uint64_t kRecordBytesMax = 8u << 10;  // more than any that the workload writes

  using Name = std::pair<int, std::string>;  // db, key
  using Fields = std::map<std::string, std::string>;
  // A string, or a hash if it has fields, or a list if it has elements.
  struct Value {
    std::string bytes;
    std::int64_t expiry_ms = 0;
    Fields fields = {};
    std::vector<std::string> elements = {};
    bool is_collection() const { return !fields.empty() || !elements.empty(); }
    bool same_as(const Value& other) const {
      return bytes == other.bytes && fields == other.fields && elements == other.elements;
    }
  };
  using Contents = std::map<Name, Value>;
  // What a command does to a hash: fields that get a value, or go. The text of one that expires says when.
  using HashEdits = std::vector<std::pair<std::string, std::optional<std::string>>>;

  // What one command did to one shard: a batch of its log.
  struct Batch {
    std::uint64_t first_gsn = 0;
    std::uint64_t last_gsn = 0;
    std::uint64_t transaction = 0;  // 0: none
    std::vector<std::pair<Name, std::optional<Value>>> changes;
    std::vector<std::pair<Name, HashEdits>> edits;  // of hashes that were not written as a whole
    std::vector<std::pair<Name, std::string>> list_edits;
    std::vector<std::pair<Name, std::int64_t>> expiries;  // of such hashes and lists, in ms
    int flushed_db = -1;
  };
  struct ShardModel {
    Contents base;               // as the last start found it
    std::vector<Batch> batches;  // after that
    // What must be there after a kill, and after a power loss.
    std::uint64_t answered_gsn = 0;
    std::uint64_t durable_gsn = 0;
    Contents now;
  };
  struct TransactionModel {
    bool open = true;
    std::map<std::uint32_t, std::uint64_t> gsns;  // by shard: of its last record there
    bool is_void = false;
  };
  // One that is being made, or the last that was completed: its directories are `name` and the shard's
  // number.
  struct BackupModel {
    std::string name;
    std::vector<Contents> contents;  // by shard, at the cut
    std::size_t parts_left = 0;
    bool failed = false;
  };
  // A read that goes on while other things happen.
  struct StartedRead {
    std::uint32_t shard = 0;
    Name name;
    testing::Waiter waiter;
  };
  // Work that is done, or will be, by another thread.
  struct Job {
    std::function<void()> work;
    std::function<void()> done;
    bool worked = false;
  };
  class Jobs final : public Background {
   public:
    explicit Jobs(Simulation& simulation) : simulation_(simulation) {}
    void run(std::function<void()> work, std::function<void()> done) override {
      simulation_.jobs_.push_back({std::move(work), std::move(done)});
    }

   private:
    Simulation& simulation_;
  };
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  [[noreturn]] void violate(const std::string& what) const;

  void choose_workload();
  void live();
  void fail_within(std::uint64_t calls);
  // False when the start was cut short by a crash, of this kind, or a failed call.
  bool start(Crash kind);
  bool recover();
  void verify_start(const std::vector<std::uint64_t>& found_gsns);
  void step();
  void write_some(std::uint32_t shard);
  void write_batch(std::uint32_t shard);
  void write_hash(std::uint32_t shard);
  void write_list(std::uint32_t shard);
  // One edit of a hash that is resident or absent, and its part of the batch.
  Status edit_hash(Shard& shard, const Name& name, Batch& batch);
  // A hash that a transaction has edited where it is.
  struct Borrowed {
    std::uint32_t shard;
    Key key;
    std::unique_ptr<Undo> undo;
  };
  bool add_hash_edits(std::uint32_t shard, Batch& batch, std::vector<Change>& changes,
                      std::deque<std::string>& bytes, std::vector<Borrowed>& borrowed);
  bool add_list_edit(std::uint32_t shard, Batch& batch, std::vector<Change>& changes,
                     std::deque<std::string>& bytes, std::vector<Borrowed>& borrowed);
  // The change that the edits are, of what was found.
  void add_change(std::uint32_t shard, const Name& name, const Found& found, Type type,
                  const std::string& edits, std::vector<Change>& changes, std::deque<std::string>& bytes,
                  std::vector<Borrowed>& borrowed);
  std::string random_list_edit(std::size_t size, bool grows);
  static void apply(Contents& contents, const Name& name, const std::string& list_edit);
  static std::vector<std::string> elements_of(const ListView& list);
  // What the edits are in the log: such, which `kind` of the batch notes, or the whole value.
  template <typename AnyEdits>
  static void note_edits(const Name& name, const Found& before, const AnyEdits& edits,
                         std::vector<std::pair<Name, AnyEdits>>& kind, Batch& batch) {
    Contents contents;
    if (before.exists) contents[name] = value_of(before);
    apply(contents, name, edits);
    const auto after = contents.find(name);
    if (after == contents.end())
      batch.changes.emplace_back(name, std::nullopt);
    else if (before.collection != nullptr)
      kind.emplace_back(name, edits);
    else
      batch.changes.emplace_back(name, after->second);
  }
  static std::string edit_bytes(const HashEdits& edits);
  HashEdits random_edits();
  static void apply(Contents& contents, const Name& name, const HashEdits& edits);
  static Value value_of(const Found& found);
  static std::string expiring(std::string_view text, std::int64_t expiry_ms);
  // The shard removes what is due.
  void expire(std::uint32_t shard);
  void note_expired(std::uint32_t shard, const Name& name);
  void write_transaction();
  void flush_db(std::uint32_t shard);
  void read_one(std::uint32_t shard);
  void start_read(std::uint32_t shard);
  void stage(std::uint32_t shard, const Name& name);
  void end_reads();
  void begin_backup();
  void end_part(const Status& status);
  void drop_other_backups(Storage& storage) const;
  void verify_backup(const Storage& storage);
  void compare_backup(SimDisk& disk, Shard& shard, const Contents& contents) const;
  void turn();
  void tick();
  void log_parts(std::uint32_t shard, std::uint64_t turns_max);
  void compact();
  void do_job();
  void note_progress();
  void stop_cleanly();
  void tear_down();
  void settle();

  void check_found(const std::vector<std::uint64_t>& found_gsns);
  void forget_expired(std::uint32_t shard, const Batch& batch);
  void note(std::uint32_t shard, Batch batch);
  void apply(Contents& contents, const Batch& batch) const;
  static bool complete(const TransactionModel& transaction, const std::vector<std::uint64_t>& gsns);
  Name random_name();
  Name random_hash_name();
  Name random_list_name();
  Name random_collection_name();
  Name rather_under_way(std::uint32_t shard, const std::function<Name()>& random);
  Value random_value();
  std::string directory(std::uint32_t shard) const { return "shard-" + std::to_string(shard); }
  bool is_there(const Value& value) const { return value.expiry_ms == 0 || value.expiry_ms > now_ms_; }
  // Stages the value when it is cold. Null when that was not possible, and rightly so.
  struct Answer {
    bool exists = false;
    Value value;
  };
  std::optional<Answer> read(std::uint32_t shard, const Name& name);
  bool may_be_unreadable(std::uint32_t shard, const Name& name, const std::string& error) const;
  // Bits turn over, or back.
  void age(Storage& storage);
  void compare(std::uint32_t shard);

  const std::uint64_t seed_;
  const Fault fault_;
  Random random_;
  Coverage coverage_;
  // Of the hashes in memory, when a shard is about to remove it.
  struct DueFields {
    bool outgrown = false;
    HashEdits removals;
  };
  std::map<Name, DueFields> due_fields_;
  Jobs background_;
  std::vector<Job> jobs_;
  std::unique_ptr<SimDisk> disk_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<ShardModel> models_;
  std::map<std::uint64_t, TransactionModel> transactions_;
  std::unique_ptr<TransactionLedger> ledger_;
  std::vector<std::unique_ptr<StartedRead>> reads_;
  std::int64_t now_ms_ = 1'000'000;
  std::int64_t last_sync_ms_ = 0;
  SyncMode mode_ = SyncMode::kEverysec;
  std::uint64_t segment_bytes_ = 64u << 10;
  unsigned threshold_percent_ = 100;
  std::uint64_t memory_bytes_ = 20000;
  std::size_t part_bytes_ = 256;
  bool slow_reads_ = false;
  // Of each database: there are so many keys, most commands are about the first few, and one write in so many
  // removes one.
  std::uint64_t keys_ = 30;
  std::uint64_t hot_keys_ = 30;
  std::uint64_t removal_in_ = 4;
  std::optional<BackupModel> making_;
  std::optional<BackupModel> backup_;
  std::uint64_t backups_begun_ = 0;
  std::optional<Damage> damage_;
  bool refused_ = false;              // the last start, as it met the damage
  Crash worst_crash_ = Crash::kKill;  // since the last start that came to its end
};

}  // namespace stave::sim
