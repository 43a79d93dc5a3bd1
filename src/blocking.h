// SPDX-License-Identifier: Apache-2.0
// Blocking: a blocking command (BLPOP) of a client, from when it was read to its reply. It is a turn of its
// own of its connection, which owns it.
//
// Keys in one shard: the command is a batch. When it finds nothing it stays with the owner, with a place in
// the shard's BlockedTable, and the owner runs it again at once when one of the keys has something.
// Keys in several shards: it is a transaction. When that finds nothing, it leaves a place in each shard where
// the command waits, before it unlocks the keys. Owners tell of keys that have something, and the transaction
// is made once more. The places stay until one has brought a reply.
//
// It is called off by its timeout, by CLIENT UNBLOCK, or because the client has gone. Then the owners are
// asked to give the places up; a command that they have served by then has its reply, and nothing is called
// off. So whatever was taken out of a key is replied.
//
// Home thread only, but for the places: those belong to the owner of their shard.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "src/batch.h"
#include "src/blocked.h"

namespace stave {

class Blocking;
class Connection;
class Transaction;
struct ClientInfo;

enum class CallOff : std::uint8_t { kNone, kTimeout, kError, kClosed };

// What a command replies that was called off: nothing when its client has gone. Also counts it.
void reply_called_off(CallOff why, const Command& command, Args arguments, const ClientInfo& client,
                      Worker& here, resp::ReplyWriter& reply);

// A place of a Blocking. Its batch is there when all keys are in one shard.
class BlockingPlace final : public BlockedPlace {
 public:
  BlockingPlace(Blocking& blocking, std::uint32_t number_of_shard, int db, Type type, bool by_transaction)
      : BlockedPlace(db, type, by_transaction), shard(number_of_shard), blocking_(blocking) {}

  const std::uint32_t shard;
  Batch* batch = nullptr;
  bool gave_up = false;  // the batch's reply is that of having been called off

  void try_again(Worker& here) override;
  // The batch has found nothing: it waits here.
  void wait(Worker& here);
  // Gives the place up, and ends the batch as soon as it is not being run.
  void call_off(Worker& here, CallOff why);
  CallOff called_off() const { return called_off_; }

 private:
  Blocking& blocking_;
  CallOff called_off_ = CallOff::kNone;
};

class Blocking {
 public:
  Blocking(Connection& connection, Worker& home, const Request& request, Args arguments, bool several_shards);
  ~Blocking();
  Blocking(const Blocking&) = delete;
  Blocking& operator=(const Blocking&) = delete;

  // Keys in one shard: the batch that is about to be sent.
  void run_as(Batch& batch);
  // Keys in several shards; Connection::special_came_back() follows.
  bool several_shards() const { return several_shards_; }
  void start() { try_transaction(); }
  const std::string& reply_bytes() const { return reply_bytes_; }

  // It found nothing, and has waited since.
  bool waits() const { return waits_; }
  // The connection ends its turn when this has got through to the owners.
  void call_off(CallOff why);
  // CLIENT UNBLOCK. `then` is told whether that was what ended it; `at_once`: whether it may have been, for
  // whoever holds locks that the command may need to end.
  using Then = std::function<void(bool unblocked)>;
  void unblock(CallOff why, bool at_once, Then then);

  // --- For BlockedClients and the owners' messages.
  std::uint64_t id() const { return id_; }
  std::size_t home() const;
  Connection& connection() { return connection_; }
  void blocked();  // the batch has got its place
  void told();     // some key has something
  // --- For the transaction.
  bool client_has_gone() const;  // any thread
  // In its unlock step, at the owner `here`.
  void settle(Worker& here, std::uint32_t shard, bool found_nothing);

 private:
  void find_places();
  BlockingPlace* place_in(std::uint32_t shard);
  void try_transaction();
  void tried();
  void begin_waiting();
  void leave_places();
  void left();

  Connection& connection_;
  Worker& home_;
  const std::uint64_t id_;
  const Request request_;
  const Args arguments_;
  const bool several_shards_;
  std::vector<int> key_positions_;
  std::vector<std::unique_ptr<BlockingPlace>> places_;  // by shard
  std::unique_ptr<Transaction> attempt_;
  std::string reply_bytes_;  // of the last attempt

  bool waits_ = false;
  bool trying_ = true;
  bool told_ = false;     // while it was being tried
  bool leaving_ = false;  // the owners have been asked to give the places up
  std::size_t places_left_ = 0;
  CallOff called_off_ = CallOff::kNone;
  bool gave_up_ = false;  // the reply is that of having been called off
  Then unblocker_;
  std::int64_t deadline_ms_ = 0;
};

// The blocking commands of one worker's connections, by id and by the time when they end.
class BlockedClients {
 public:
  std::uint64_t add(Blocking& blocking);
  void remove(std::uint64_t id, std::int64_t deadline_ms);
  Blocking* find(std::uint64_t id) const;  // null: it has ended
  void set_deadline(std::uint64_t id, std::int64_t deadline_ms) { deadlines_.emplace(deadline_ms, id); }

  std::int64_t next_deadline_ms() const { return deadlines_.empty() ? 0 : deadlines_.begin()->first; }
  std::size_t deadline_count() const { return deadlines_.size(); }
  void expire(std::int64_t now_ms);
  // The server stops: their connections are closed.
  void close_all();

 private:
  std::uint64_t last_id_ = 0;
  std::unordered_map<std::uint64_t, Blocking*> by_id_;
  std::set<std::pair<std::int64_t, std::uint64_t>> deadlines_;
};

}  // namespace stave
