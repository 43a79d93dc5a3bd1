// SPDX-License-Identifier: Apache-2.0
// The executor: runs one data command on the shard that owns its keys, on the owner's thread.
#pragma once

#include <vector>

#include "src/batch.h"

namespace stave {

struct ClientInfo;  // src/session.h

struct ExecutorResult {
  bool cold = false;  // nothing has happened; stage `wanted` and run it again
  std::vector<Key> wanted;
};

// The reply, or the error, is appended to `writer`. `client` sent it, for the slow log.
ExecutorResult execute(Worker& worker, ShardHost& host, const Request& request, Args arguments,
                       const ClientInfo& client, resp::ReplyWriter& writer);

// True for an error that means: a value is cold.
bool is_cold(const Status& status);

}  // namespace stave
