// SPDX-License-Identifier: Apache-2.0
// Listener: one listening socket of one worker. Every worker listens on the same TCP addresses
// (SO_REUSEPORT), so the kernel spreads connections; the Unix socket belongs to worker 0 alone.
#pragma once

#include <uv.h>

#include <memory>
#include <string>

#include "shards/status.h"

namespace stave {

class Worker;

class Listener {
 public:
  static Result<std::unique_ptr<Listener>> tcp(Worker& worker, const std::string& address, int port,
                                               int backlog);
  // Whether the address, as it stands in `bind`, can be listened on; false when it may be missing and this
  // machine lacks it. An error when it is taken: listening itself cannot tell, as SO_REUSEPORT would share it
  // with another server.
  static Result<bool> probe(const std::string& address, int port);
  static Result<std::unique_ptr<Listener>> unix_socket(Worker& worker, const std::string& path, unsigned mode,
                                                       int backlog);
  // Stops accepting; the object must stay until the loop has closed the handle.
  void close();

 private:
  Listener(Worker& worker, int fd, bool is_unix) : worker_(worker), fd_(fd), unix_(is_unix) {}
  Status start();
  void accept_all();

  Worker& worker_;
  int fd_;
  const bool unix_;
  std::string path_;
  uv_poll_t poll_{};
};

}  // namespace stave
