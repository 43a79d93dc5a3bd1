// SPDX-License-Identifier: Apache-2.0
// Connection: one client's socket. Bytes in become requests, requests become a turn, a turn becomes replies
// in the order of its commands.
//
// A turn is what is parsed from the input at one time: session commands run at once, data commands are put
// into one batch for each worker, and a command that needs more than one shard (a transaction) or other
// workers (a call) is a turn of its own. One turn is under way at a time, so the commands of a connection
// never overtake each other. While it is, the input that its arguments view stays where it is. A client that
// does not read its replies stops being read.
//
// Owner thread only; it is a Message so that it can have itself called again outside of the present call.
#pragma once

#include <uv.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "resp/parser.h"
#include "src/batch.h"
#include "src/blocking.h"
#include "src/call.h"
#include "src/input_buffer.h"
#include "src/message.h"
#include "src/pubsub.h"
#include "src/session.h"
#include "src/transaction.h"

namespace stave {

class Connection final : public Message, public Subscriber {
 public:
  Connection(Worker& worker, int fd, bool is_unix, std::uint64_t id);
  ~Connection() override;  // REQUIRES: no turn is under way, or the loop has ended

  Status start();
  Session& session() { return session_; }
  const Session& session() const { return session_; }
  std::uint64_t id() const { return session_.client.id; }

  // Takes up the input that waits (after a pause, a turn, a drained output).
  void arrive(Worker& here) override;
  // The turn's parts, when they are done.
  void batch_came_back();
  void special_came_back();  // a call or a transaction
  // One more batch_came_back() will follow, and the turn does not end before.
  void await_one_more() { ++away_; }

  // --- For calls and the commands of a MULTI.
  Request request_of(const Command& command) const;
  // Appends the reply.
  void run_session_command(const Command& command, Args arguments, std::string& reply);

  // Puts out what can be; called once a loop turn when it asked for it.
  void put_out();
  // Closes as soon as no turn is under way; replies not yet sent are dropped.
  void close();
  // Closes once the client has its replies.
  void close_after_replies();
  // A message stands between two replies, never inside one.
  bool receive(PubsubMessage& message) override;
  void shed() override { enforce_output_limits(); }
  // Closes it when too many replies wait; at each change of the output, and each second.
  void enforce_output_limits();
  // Any thread.
  bool closing() const { return closing_.load(std::memory_order_relaxed); }
  // Has a turn under way, or input that may be one.
  bool busy() const { return turn_active_ || scheduled_; }
  // A turn is under way and will end whatever the client does.
  bool running() const { return turn_active_ && !stalled_; }
  bool has_output() const { return output_sent_ < output_.size(); }
  // The socket takes no more for now.
  bool output_blocked() const { return output_blocked_; }
  void schedule();
  // CLIENT PAUSE holds its next command.
  bool held() const { return held_; }
  // In a blocking command that has found nothing.
  bool blocked() const { return blocking_ != nullptr && blocking_->waits(); }
  bool hung_up() const { return peer_closed_; }
  // Nobody waits any more, as the peer or the server goes: closes it, after the element that it may have got.
  // REQUIRES: it is in a blocking command.
  void end_blocking();
  // CLIENT UNBLOCK, see Blocking::unblock().
  void unblock(CallOff why, bool at_once, Blocking::Then then);

  // For CLIENT LIST and INFO.
  // Read from the socket; what the turn under way has taken up is counted until its end.
  std::size_t input_bytes() const { return turn_bytes_ + input_.size(); }
  std::size_t input_free_bytes() const { return input_.free_bytes(); }
  std::size_t output_bytes() const { return output_.size() - output_sent_; }

 private:
  static constexpr std::uint16_t kLocal = 0xffff;  // source of a reply: the turn itself
  // Where a reply comes from, and whether it is unwanted (CLIENT REPLY).
  struct Source {
    std::uint16_t worker;
    bool blind;
  };
  enum class Taken : std::uint8_t { kYes, kLater };  // kLater: must begin a turn of its own

  void on_event(int status, int events);
  void on_readable();
  void process_input();
  bool build_turn();
  Taken take(Args arguments);
  Taken route(const Command& command, Args arguments);
  Taken block(const Command& command, Args arguments, bool several_shards, std::uint32_t shard);
  bool reject(const Command* command, Args arguments);
  void queue(const Command& command, Args arguments);
  Status run_session_command(const Command& command, Args arguments);
  void add_to_batch(const Command& command, Args arguments, std::uint32_t shard);
  void end_local_reply(bool blind);
  bool take_blind();
  bool answered_so_far() const { return sequence_.size() == local_ends_.size(); }
  void put_messages();
  void protocol_error(std::string_view text);
  void dispatch();
  void collect();
  void collect_replies();
  void resume();
  void end_stalled_turn();
  void end_turn();
  void make_input_room();
  void want_output();
  void update_poll();
  void watch_for_hangup();
  void destroy_when_possible();

  Worker& worker_;
  uv_poll_t poll_{};
  int poll_events_ = 0;
  std::string local_replies_;  // must stand before writer_ and session_
  resp::ReplyWriter writer_;
  Session session_;

  InputBuffer input_;
  resp::RequestParser parser_;
  resp::Arguments arguments_;

  // The turn.
  bool turn_active_ = false;
  std::size_t turn_bytes_ = 0;    // of the input that it was made from
  std::vector<Source> sequence_;  // of its replies, in order
  std::size_t collected_ = 0;     // replies of sequence_ that are in output_
  std::vector<std::size_t> local_ends_;
  std::vector<std::unique_ptr<Batch>> batches_;  // by worker; made when first needed
  std::vector<std::size_t> batch_positions_;     // replies taken from each batch since it was sent
  std::size_t local_position_ = 0;
  std::size_t away_ = 0;  // batches under way
  std::unique_ptr<Call> call_;
  std::unique_ptr<Transaction> transaction_;
  std::unique_ptr<Blocking> blocking_;
  bool special_blind_ = false;

  // What the command under way has sent to its own client, and what was published after that.
  std::string later_messages_;
  bool answering_ = false;  // runs a session command

  std::string output_;
  std::size_t output_sent_ = 0;
  std::int64_t output_high_since_ms_ = 0;  // when it reached the soft limit; 0: it is below
  bool output_blocked_ = false;            // the socket takes no more for now
  bool output_wanted_ = false;             // is in the worker's list
  bool scheduled_ = false;                 // is in the worker's ready list
  bool held_ = false;                      // input waits for a pause to end
  bool stalled_ = false;                   // a batch waits until the client has read
  bool peer_closed_ = false;               // no more input will come
  std::atomic<bool> closing_{false};
  bool closed_ = false;
  bool close_after_replies_ = false;
};

}  // namespace stave
