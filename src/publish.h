// SPDX-License-Identifier: Apache-2.0
// Publishing: from the worker of whoever publishes to the subscribers of all workers. Those of the same
// worker get the message within the call; workers without any subscriber are not asked. Messages that one
// worker sends arrive everywhere in the order in which it sent them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "src/keyspace_events.h"
#include "src/pubsub.h"

namespace stave {

class Worker;

// A worker other than this one has subscribers.
bool subscribers_elsewhere(Worker& home);

// PUBLISH and SPUBLISH. `then` is called on `home`, within this call when no other worker is concerned, with
// the number of times that the message was received; by then every subscriber has it in its output.
using Published = std::function<void(std::uint64_t receivers)>;
void publish(Worker& home, const Publication& publication, const Published& then);
inline void publish(Worker& home, bool sharded, std::string_view channel, std::string_view message,
                    const Published& then) {
  publish(home, {.sharded = sharded, .channel = channel, .message = message}, then);
}

// Keyspace events, on the channels that notify-keyspace-events asks for. Nobody waits for them.
void publish(Worker& home, std::vector<KeyspaceEvent> events, std::uint64_t publisher);

}  // namespace stave
