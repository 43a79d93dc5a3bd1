// SPDX-License-Identifier: Apache-2.0
// The executor: runs one data command on the shard that owns its keys, on the owner's thread.
#pragma once

#include <vector>

#include "src/batch.h"

namespace stave {

struct ClientInfo;  // src/session.h

struct ExecutorResult {
  bool cold = false;     // nothing has happened; stage `wanted` and run it again
  bool no_disk = false;  // nothing has happened; run it again when there is disk space, or refuse it
  bool blocks = false;   // nothing was there; run it again when there is something, and count it then
  std::vector<Key> wanted;
};

// The reply, or the error, is appended to `writer`. `client` sent it, for the slow log.
ExecutorResult execute(Worker& worker, ShardHost& host, const Request& request, Args arguments,
                       const ClientInfo& client, resp::ReplyWriter& writer);

// Why a command that adds data may not run, a static text; empty when it may. Evicts keys if that is the
// policy.
std::string_view refusal(Shard& shard);
// True for a text that refusal() gave.
bool is_refusal(std::string_view text);

// True for an error that means: a value is cold.
bool is_cold(const Status& status);

}  // namespace stave
