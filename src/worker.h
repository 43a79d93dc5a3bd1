// SPDX-License-Identifier: Apache-2.0
// Worker: one thread with one libuv loop, its connections, its shards and its disk. Everything here belongs
// to that thread, except post-like calls that say otherwise.
//
// A turn of the loop: libuv polls (sockets are read, commands are parsed and routed) -> messages of other
// workers and finished reads are taken -> logs are flushed -> replies that may leave are put out -> peers
// that sleep are woken.
#pragma once

#include <uv.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "shards/recovery.h"
#include "src/background.h"
#include "src/blocking.h"
#include "src/config.h"
#include "src/listener.h"
#include "src/mailbox.h"
#include "src/pubsub.h"
#include "src/shard_host.h"
#include "src/stats.h"

namespace stave {

class Connection;
class Server;
struct ClientInfo;
struct Request;

class Worker {
 public:
  Worker(Server& server, std::size_t number);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // --- Start, on the worker's own thread, in this order.
  Status open_disk();
  // Reads the shard, for a second time if a hint proved wrong; Recovery::finish must follow before it is
  // used.
  Status open_shard(std::uint32_t shard, std::unique_ptr<Recovery>& recovery);
  void open_handles();
  Status listen();
  void run();  // until close_shards() has done its work
  // Instead of run(), when the start has failed somewhere: ends what is under way.
  void abandon();

  // --- Any thread.
  Mailbox& mailbox() { return mailbox_; }
  void wake() { uv_async_send(&async_); }

  // --- Messages.
  std::size_t number() const { return number_; }
  Server& server() { return server_; }
  // Hands `message` to worker `to` (which may be this one) at the end of this turn.
  void send(std::size_t to, Message* message);
  // Has `message` arrive here, soon, outside of the present call.
  void ready(Message* message) { ready_.push_back(message); }

  // --- Shards.
  ShardHost& host(std::uint32_t shard) { return *hosts_[shard]; }
  const std::vector<ShardHost*>& hosts() const { return owned_; }
  Disk& disk() { return *disk_; }
  Background& background() { return background_; }

  // --- Time. Unix ms, read once for each stretch of work.
  std::int64_t now_ms() const { return now_ms_; }
  void update_time();
  std::int64_t command_clock_ns() const;  // monotonic
  // --- Settings. A copy for this worker; replaced by CONFIG SET.
  const Settings& settings() const { return settings_; }
  void apply_settings(const Settings& settings);
  const CommandLimits& command_limits() const { return command_limits_; }
  Stats& stats() { return stats_; }
  std::uint64_t client_bytes() const;  // of memory that its connections take
  // Notes how much memory its shards and connections take, and returns the most that there ever was.
  std::uint64_t note_memory_peak();
  // Counts a command that has run, and keeps it if it was slow. `error` is what it replied, "" for anything
  // else.
  void count_command(const Command& command, Args arguments, const ClientInfo& client,
                     std::int64_t started_ns, std::string_view error);
  // Counts a request that was refused before it ran. Null: no such command.
  void count_rejected(const Command* command, std::string_view error);

  // --- Connections.
  // Takes over a socket that was accepted, or refuses it.
  void accepted(int fd, bool is_unix);
  void remove_connection(Connection& connection);  // destroys it
  const std::unordered_map<std::uint64_t, std::unique_ptr<Connection>>& connections() const {
    return connections_;
  }
  Connection* find_connection(std::uint64_t id);
  void wants_output(Connection& connection) { outputs_.push_back(&connection); }
  Pubsub& pubsub() { return pubsub_; }
  // Keyspace events of this worker that are not published yet. `publisher`: the client whose command they are
  // of.
  KeyspaceEvents& events() { return events_; }
  void publish_events(std::uint64_t publisher) {
    if (!events_.empty()) send_events(publisher);
  }
  uv_loop_t* loop() { return &loop_; }

  BlockedClients& blocked_clients() { return blocked_clients_; }

  // CLIENT PAUSE; 0 ends it. Connections that are held are tried again then.
  void pause_until(std::int64_t until_ms, bool writes_only);
  bool paused(bool write) const { return pause_until_ms_ > now_ms_ && (write || !pause_writes_only_); }

  // --- Stop, in two steps: first no new work, until nothing is in flight; then the shards are closed.
  void drain(std::function<void()> drained);
  void close_shards();
  bool draining() const { return draining_; }
  const std::string& backend_reason() const { return backend_reason_; }

 private:
  void on_prepare();
  void on_check();
  void on_second();
  bool work_once();
  void flush_logs();
  void retry_for_space(ShardHost& host);
  void put_out();
  void wake_peers();
  void do_chores();
  void send_events(std::uint64_t publisher);
  void note_gone(Gone why, int db, std::string_view name);
  void schedule_timer(std::int64_t at_ms);
  void end_pause();
  void check_drained();
  void check_closed();
  void close_handles();

  Server& server_;
  const std::size_t number_;
  Settings settings_;
  CommandLimits command_limits_;

  uv_loop_t loop_{};
  uv_async_t async_{};
  uv_prepare_t prepare_{};
  uv_check_t check_{};
  uv_idle_t idle_{};  // active: do not sleep
  uv_timer_t second_{};
  uv_timer_t timer_{};  // for the next thing that is due: expiry, a timeout, the end of a pause, more chores
  uv_poll_t disk_poll_{};
  bool no_sleep_ = false;
  bool building_ = false;  // a value that was read is put together

  Mailbox mailbox_;
  std::vector<Message*> ready_;
  std::vector<char> wake_marks_;  // by worker: has got messages in this turn
  std::unique_ptr<Disk> disk_;
  UvBackground background_;
  std::vector<std::unique_ptr<ShardHost>> hosts_;  // by shard number; null for those of others
  std::vector<ShardHost*> owned_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  Pubsub pubsub_;
  KeyspaceEvents events_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> outputs_;
  BlockedClients blocked_clients_;

  std::int64_t now_ms_ = 0;
  std::int64_t timer_at_ms_ = 0;  // when it fires; 0 = not set
  bool timer_fired_ = false;      // since the last turn
  std::int64_t pause_until_ms_ = 0;
  bool pause_writes_only_ = false;
  Stats stats_;
  std::uint64_t memory_peak_bytes_ = 0;
  std::string backend_reason_;
  bool draining_ = false;
  bool closing_shards_ = false;
  bool sealed_ = false;
  std::int64_t drain_deadline_ms_ = 0;
  std::function<void()> on_drained_;
};

}  // namespace stave
