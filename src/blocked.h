// SPDX-License-Identifier: Apache-2.0
// BlockedTable: who waits for elements in one shard, and where: blocking commands (BLPOP) that have found all
// their keys empty. First come, first served for each key.
//
// A command takes a place in the table before anything else can happen to its keys (Batch::run_one, or the
// unlock of its transaction). The shard tells of changed keys; between two commands ShardHost::serve_blocked
// has the first one that waits for a key tried again, at once or, when its keys are in several shards, by its
// home worker. As long as it is being tried, those behind it wait, and after that the key is looked at again
// for them. Who was tried in vain has kept its place. Owner thread only.
#pragma once

#include <cassert>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shards/keyspace.h"
#include "shards/locks.h"

namespace stave {

class Worker;

// One command's place in the table of one shard.
class BlockedPlace {
 public:
  // The places of commands that are tried elsewhere claim the key that was found for them: until they have
  // been tried, other commands on it wait, as if they had been tried at once.
  BlockedPlace(int db, Type type, bool claims) : db_(db), type_(type), claims_(claims) {}
  virtual ~BlockedPlace() { assert(!waits()); }
  BlockedPlace(const BlockedPlace&) = delete;
  BlockedPlace& operator=(const BlockedPlace&) = delete;

  // A key has a value of the type that it waits for. wait() or leave() must follow, now or later.
  virtual void try_again(Worker& here) = 0;

  std::vector<std::string_view> names;  // of the keys that it waits for, each once
  bool waits() const { return number_ != 0; }
  bool is_tried() const { return tried_; }

 private:
  friend class BlockedTable;
  const int db_;
  const Type type_;
  const bool claims_;
  std::uint64_t number_ = 0;       // of the order in which places were taken; 0: not in the table
  bool tried_ = false;             // right now
  std::uint64_t tried_after_ = 0;  // changes that there had been when it was tried in vain
};

class BlockedTable {
 public:
  bool empty() const { return keys_.empty(); }
  std::size_t key_count() const { return keys_.size(); }
  bool any_ready() const { return !ready_.empty(); }

  // Takes a place, at the end, or keeps it after a try in vain. REQUIRES: its keys have nothing for it now.
  void wait(BlockedPlace& place);
  void leave(BlockedPlace& place);

  // What has changed is noted, and looked at later.
  void changed(int db, std::string_view name);
  void replaced(int db);  // any of its keys may be others now

  // A key that has changed, or whose first command has been tried. The view is good until tried_next() is
  // called with it, which must follow, or changed(), when it is to be looked at later.
  std::optional<Key> take_ready();
  // Who is to be tried now, as the key has a value of this type, or none; null when that is nobody.
  BlockedPlace* tried_next(Key key, std::optional<Type> type);

  // Claims, see BlockedPlace.
  bool any_claimed() const { return claims_ > 0; }
  bool claimed(Key key) const;
  // granted() is called when the claim is over. REQUIRES: claimed(key).
  void wait_for_claim(Key key, LockWaiter& waiter);

 private:
  struct Queue {
    std::map<std::uint64_t, BlockedPlace*> places;  // by number
    bool ready = false;                             // is in ready_
    BlockedPlace* claimed_by = nullptr;
    std::vector<LockWaiter*> kept_out;  // by the claim
  };
  // Ordered by name, then database, and found without making a string.
  struct Less {
    using is_transparent = void;
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      const int order = std::string_view(a.second).compare(b.second);
      return order < 0 || (order == 0 && a.first < b.first);
    }
  };
  using Name = std::pair<int, std::string>;
  using View = std::pair<int, std::string_view>;
  using Queues = std::map<Name, Queue, Less>;

  void end_try(BlockedPlace& place);
  void end_claim(Queue& queue);
  void mark_ready(Queues::iterator queue, bool first);
  void erase_if_unused(Queues::iterator queue);

  Queues keys_;
  std::deque<Queues::iterator> ready_;
  std::uint64_t last_number_ = 0;
  std::uint64_t changes_ = 1;
  std::size_t claims_ = 0;
};

}  // namespace stave
