// SPDX-License-Identifier: Apache-2.0
// SessionTester: a session without a socket, of a worker that never runs. Session commands are called on it
// as a connection calls them; the reply comes back as bytes.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "src/command.h"
#include "src/router.h"
#include "src/server.h"
#include "src/session.h"
#include "src/worker.h"

namespace stave::testing {

class SessionTester {
 public:
  explicit SessionTester(Settings settings = {})
      : server_(Launch{.settings = std::move(settings)}),
        worker_(server_, 0),
        writer_(output_),
        session(worker_, writer_) {
    session.client.id = 42;
    session.client.authenticated = worker_.settings().requirepass.empty();
  }

  // `line` is cut at blanks.
  std::string run(std::string_view line) {
    std::vector<std::string_view> args;
    while (!line.empty()) {
      const std::size_t blank = std::min(line.find(' '), line.size());
      args.push_back(line.substr(0, blank));
      line.remove_prefix(std::min(blank + 1, line.size()));
    }
    return run_args(args);
  }

  std::string run_args(const std::vector<std::string_view>& args) {
    output_.clear();
    const Command* const command = find_command(args);
    Status status = check_request(command, args, session);
    if (status.ok()) {
      REQUIRE((command->session != nullptr));
      status = command->session(session, args);
    }
    if (status.ok()) return output_;
    output_.clear();
    writer_.error(status.message());
    return output_;
  }

 private:
  Server server_;
  Worker worker_;
  std::string output_;
  resp::ReplyWriter writer_;

 public:
  Session session;
};

}  // namespace stave::testing
