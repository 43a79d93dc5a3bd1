// SPDX-License-Identifier: Apache-2.0
// The socket of a connection: reading, writing, closing.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "src/addresses.h"
#include "src/connection.h"
#include "src/limits.h"
#include "src/logger.h"
#include "src/server.h"
#include "src/worker.h"

namespace stave {

Connection::Connection(Worker& worker, int fd, bool is_unix, std::uint64_t id)
    : worker_(worker), writer_(local_replies_), session_(worker, writer_) {
  session_.client.id = id;
  session_.subscriber = this;
  session_.client.fd = fd;
  session_.client.unix_socket = is_unix;
  session_.client.connected_ms = session_.client.last_active_ms = worker.now_ms();
  session_.client.authenticated = worker.settings().requirepass.empty();
}

Connection::~Connection() = default;

Status Connection::start() {
  const int fd = session_.client.fd;
  if (!session_.client.unix_socket) set_tcp_options(fd, worker_.settings().tcp_keepalive);
  describe_addresses(fd, session_.client);
  if (const int error = uv_poll_init(worker_.loop(), &poll_, fd); error != 0) {
    return Status::error(std::string("uv_poll_init: ") + uv_strerror(error));
  }
  poll_.data = this;
  update_poll();
  return {};
}

// Watches for what can be done now: input while there is room for it, output while some is left over.
void Connection::update_poll() {
  if (closing_) return;
  const bool room = !(turn_active_ || held_) || input_.size() < limits::kInputWaitingBytes;
  const bool reads = room && !peer_closed_ && !close_after_replies_ &&
                     output_bytes() < limits::kOutputBytesHigh && !worker_.draining();
  const int events = (reads ? UV_READABLE : 0) | (has_output() && output_blocked_ ? UV_WRITABLE : 0);
  if (events == poll_events_) return;
  poll_events_ = events;
  if (events == 0 && peer_closed_) {
    uv_poll_stop(&poll_);
    return;
  }
  // A peer that goes away must still be noticed, or a turn's worth of memory would wait for it for ever.
  if (events == 0) return watch_for_hangup();
  uv_poll_start(&poll_, events, [](uv_poll_t* handle, int status, int flags) {
    static_cast<Connection*>(handle->data)->on_event(status, flags);
  });
}

void Connection::watch_for_hangup() {
  uv_poll_start(&poll_, UV_DISCONNECT, [](uv_poll_t* handle, int status, int flags) {
    static_cast<Connection*>(handle->data)->on_event(status, flags);
  });
}

void Connection::on_event(int status, int events) {
  if (status != 0) return close();
  if ((events & UV_WRITABLE) != 0) {
    output_blocked_ = false;
    put_out();
  }
  if (closing_) return;
  if ((events & UV_READABLE) != 0) {
    on_readable();
  } else if ((events & UV_DISCONNECT) != 0 && blocked()) {
    uv_poll_stop(&poll_);
    end_blocking();
  } else if ((events & UV_DISCONNECT) != 0) {
    close();
  }
}

void Connection::on_readable() {
  if (input_.free_bytes() == 0) {
    // Arguments of the turn under way view the buffer: it may only grow between turns.
    if (turn_active_) {
      poll_events_ = 0;
      blocking_ != nullptr ? watch_for_hangup() : static_cast<void>(uv_poll_stop(&poll_));
      return;
    }
    make_input_room();
    if (closing_) return;
  }
  const std::size_t room = input_.free_bytes();
  const ssize_t got = recv(session_.client.fd, input_.free_space(), room, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got < 0) return close();
  if (got == 0) {
    // The client has sent all it will (`printf ... | nc`); it may still read: what it asked for is answered
    // before we hang up.
    peer_closed_ = true;
    if (blocked()) end_blocking();
    update_poll();
    return process_input();
  }
  input_.filled(static_cast<std::size_t>(got));
  worker_.stats().bytes_in += static_cast<std::uint64_t>(got);
  worker_.update_time();
  session_.client.last_active_ms = worker_.now_ms();
  process_input();
}

// Room for what the request is known to need; otherwise twice what there is.
void Connection::make_input_room() {
  const std::size_t needed = parser_.bytes_needed();
  std::size_t bytes = std::max({limits::kInputBytes, needed, 2 * input_.size()});
  // A client may announce more than it will ever send: memory follows what has come, in steps.
  if (needed > limits::kInputGrowBytes) bytes = std::max(2 * input_.size(), limits::kInputGrowBytes);
  if (needed > 0) bytes = std::min(bytes, std::max(needed, limits::kInputBytes));
  input_.make_room(bytes);
  const auto limit = static_cast<std::size_t>(worker_.settings().client_query_buffer_limit);
  if (limit != 0 && input_.size() > limit) close();
}

void Connection::want_output() {
  if (output_wanted_) return;
  output_wanted_ = true;
  worker_.wants_output(*this);
}

void Connection::put_out() {
  output_wanted_ = false;
  while (has_output() && !closing_ && !output_blocked_) {
    const ssize_t sent =
        send(session_.client.fd, output_.data() + output_sent_, output_bytes(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) {
      output_blocked_ = true;
      break;
    }
    if (sent < 0) return close();
    output_sent_ += static_cast<std::size_t>(sent);
    worker_.stats().bytes_out += static_cast<std::uint64_t>(sent);
  }
  if (!has_output()) {
    output_.clear();
    output_sent_ = 0;
    if (output_.capacity() > limits::kKeptBufferBytes) output_.shrink_to_fit();
  } else if (output_sent_ > limits::kOutputBytesHigh) {
    output_.erase(0, output_sent_);
    output_sent_ = 0;
  }
  enforce_output_limits();
  if (closing_) return destroy_when_possible();
  if (stalled_ && output_bytes() < limits::kOutputBytesHigh) {
    resume();
  } else if (!turn_active_ && !input_.empty() && output_bytes() < limits::kOutputBytesHigh) {
    schedule();
  }
  update_poll();
  destroy_when_possible();
}

void Connection::enforce_output_limits() {
  if (closing_) return;
  const OutputBufferLimits& classes = worker_.settings().client_output_buffer_limit;
  const OutputBufferLimit& limit = session_.client.pubsub ? classes.pubsub : classes.normal;
  const std::size_t waiting = output_bytes() + later_messages_.size();
  const std::size_t bytes = waiting > limits::kOutputBytesUncounted ? waiting : 0;
  const auto reached = [bytes](std::int64_t most) {
    return most != 0 && bytes >= static_cast<std::size_t>(most);
  };
  if (!reached(limit.soft_bytes)) {
    output_high_since_ms_ = 0;
  } else if (output_high_since_ms_ == 0) {
    output_high_since_ms_ = worker_.now_ms();
  }
  const bool for_too_long =
      output_high_since_ms_ != 0 && worker_.now_ms() - output_high_since_ms_ > limit.soft_seconds * 1000;
  if (!reached(limit.hard_bytes) && !for_too_long) return;
  log_warning("closed the client at " + session_.client.address + ", for which " + std::to_string(waiting) +
              " bytes of replies waited (client-output-buffer-limit)");
  close();
}

void Connection::close() {
  if (closing_) return;
  closing_ = true;
  worker_.pubsub().leave_all(*this);
  output_.clear();
  output_sent_ = 0;
  uv_poll_stop(&poll_);
  if (blocking_ != nullptr) blocking_->call_off(CallOff::kClosed);
  if (stalled_) {
    // Nobody reads it, but the turn must end. When the server stops, what has not run yet never will.
    worker_.draining() ? end_stalled_turn() : resume();
  }
  destroy_when_possible();
}

void Connection::end_blocking() {
  close_after_replies_ = true;
  blocking_->call_off(CallOff::kClosed);
}

void Connection::unblock(CallOff why, bool at_once, Blocking::Then then) {
  blocking_ != nullptr ? blocking_->unblock(why, at_once, std::move(then)) : then(false);
}

void Connection::close_after_replies() {
  close_after_replies_ = true;
  destroy_when_possible();
}

void Connection::destroy_when_possible() {
  if (close_after_replies_ && !turn_active_ && !has_output() && !closing_) return close();
  if (!closing_ || turn_active_ || scheduled_ || output_wanted_ || closed_) return;
  closed_ = true;
  // The commands of a MULTI may have joined since close().
  worker_.pubsub().leave_all(*this);
  if (!worker_.draining()) session_.unwatch();
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), [](uv_handle_t* handle) {
    auto* const self = static_cast<Connection*>(handle->data);
    self->worker_.remove_connection(*self);
  });
  ::close(session_.client.fd);
}

}  // namespace stave
