// SPDX-License-Identifier: Apache-2.0
#include "src/session.h"

#include "src/worker.h"

namespace stave {

void Session::reset() {
  set_protocol(2);
  client.db = 0;
  // What CLIENT SETINFO said stays: the library behind the connection is still the same.
  client.name.clear();
  client.authenticated = worker.settings().requirepass.empty();
  client.no_evict = false;
  client.no_touch = false;
  // A SKIP is for the next command, whatever that is.
  if (reply_mode == ReplyMode::kOff) reply_mode = ReplyMode::kOn;
}

}  // namespace stave
