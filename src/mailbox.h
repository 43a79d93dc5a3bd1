// SPDX-License-Identifier: Apache-2.0
// Mailbox: the messages that have come for one worker: a lock-free single-producer single-consumer queue from
// each other worker, and a flag that says whether its thread sleeps and must be woken. The only thing that
// two threads share.
//
// Bound: a connection has one turn under way, a turn one message for each worker, and a transaction or call
// is one turn, so the queues hold at most maxclients messages, and a few more for each blocking command.
#pragma once

#include <readerwriterqueue/readerwriterqueue.h>

#include <atomic>
#include <memory>
#include <vector>

#include "src/message.h"

namespace stave {

class Mailbox {
 public:
  explicit Mailbox(std::size_t workers) {
    for (std::size_t i = 0; i < workers; ++i) queues_.push_back(std::make_unique<Queue>(kFirstCapacity));
  }

  // Called by worker `from` only.
  void put(std::size_t from, Message* message) { queues_[from]->enqueue(message); }
  // After put(): true when the owner sleeps and this caller is the one to wake it.
  bool must_wake() { return asleep_.exchange(false, std::memory_order_acq_rel); }

  // The rest is the owner's.
  Message* take() {
    Message* message = nullptr;
    for (auto& queue : queues_) {
      if (queue->try_dequeue(message)) return message;
    }
    return nullptr;
  }
  // Announces sleep; false when there are messages, and then the owner must not sleep. Exchanges on both
  // sides are ordered among each other: either the sender's sees this one and wakes, or this one sees the
  // sender's, and with it its message.
  bool prepare_to_sleep() {
    asleep_.exchange(true, std::memory_order_acq_rel);
    for (auto& queue : queues_) {
      if (queue->peek() != nullptr) {
        awake();
        return false;
      }
    }
    return true;
  }
  void awake() { asleep_.exchange(false, std::memory_order_acq_rel); }

 private:
  static constexpr std::size_t kFirstCapacity = 512;
  using Queue = moodycamel::ReaderWriterQueue<Message*>;
  std::vector<std::unique_ptr<Queue>> queues_;  // by sender
  alignas(64) std::atomic<bool> asleep_{false};
};

}  // namespace stave
