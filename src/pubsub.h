// SPDX-License-Identifier: Apache-2.0
// Pubsub: which connections of one worker listen to which channels, patterns and shard channels. SUBSCRIBE
// and its like change the table of their connection's worker and nothing else; who publishes (publish.h) has
// the message delivered from the tables of all workers.
//
// Owner thread only, but for anybody(). A topic without subscribers is forgotten.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "shards/hash_key.h"

namespace stave {

enum class Topic : std::uint8_t { kChannel, kPattern, kShardChannel };
inline constexpr std::size_t kTopics = 3;

// What is sent. `publisher` is the client that caused it; 0: none. It gets its own messages behind the reply
// to the command by which it sent them.
struct Publication {
  bool sharded = false;
  std::string_view channel;
  std::string_view message;
  std::uint64_t publisher = 0;
};

// A message as subscribers to one topic read it, encoded once for each protocol that any of them speaks.
class PubsubMessage {
 public:
  // `pattern` is the one that the channel matches, for its subscribers; null: for those of the channel.
  PubsubMessage(const Publication& publication, const std::string* pattern)
      : publication_(publication), pattern_(pattern) {}

  std::string_view bytes(int protocol);
  std::uint64_t publisher() const { return publication_.publisher; }

 private:
  const Publication& publication_;
  const std::string* const pattern_;
  std::array<std::string, 2> encoded_;  // RESP2, RESP3
};

// Clients choose the names, so the hash is one whose collisions they cannot choose.
struct TopicHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const { return hash_key(name); }
};

// A connection that listens. It leaves before it is destroyed.
class Subscriber {
 public:
  virtual ~Subscriber() = default;
  // False when so much waits for it that shed() must follow, outside of the delivery.
  virtual bool receive(PubsubMessage& message) = 0;
  // Closes itself if its output limit says so.
  virtual void shed() = 0;

  std::size_t count(Topic topic) const { return names_ == nullptr ? 0 : names(topic).size(); }
  bool listens() const { return names_ != nullptr; }

 private:
  friend class Pubsub;
  using Names = std::unordered_set<std::string_view, TopicHash>;  // views of the table's
  const Names& names(Topic topic) const { return (*names_)[static_cast<std::size_t>(topic)]; }

  std::unique_ptr<std::array<Names, kTopics>> names_;  // null: it listens to nothing
};

class Pubsub {
 public:
  // Joining twice, or leaving what one has not joined, changes nothing.
  void join(Subscriber& subscriber, Topic topic, std::string_view name);
  void leave(Subscriber& subscriber, Topic topic, std::string_view name);
  void leave_all(Subscriber& subscriber);
  std::vector<std::string> names_of(const Subscriber& subscriber, Topic topic) const;

  // To all that listen here. Returns how many times it was received: a client gets a message once for its
  // channel and once for each of its patterns that matches.
  std::uint64_t deliver(const Publication& publication);

  std::size_t topics(Topic topic) const { return table(topic).size(); }
  std::size_t subscribers(Topic topic, std::string_view name) const;
  void for_each_name(Topic topic, const std::function<void(const std::string&)>& visit) const;

  // Any thread. False: nothing needs to be delivered here.
  bool anybody() const { return listeners_.load(std::memory_order_acquire) != 0; }

 private:
  using Subscribers = std::unordered_set<Subscriber*>;
  using Table = std::unordered_map<std::string, Subscribers, TopicHash, std::equal_to<>>;

  Table& table(Topic topic) { return tables_[static_cast<std::size_t>(topic)]; }
  const Table& table(Topic topic) const { return tables_[static_cast<std::size_t>(topic)]; }
  static std::uint64_t deliver_to(const Subscribers& subscribers, PubsubMessage message,
                                  std::vector<Subscriber*>& crowded);
  void forget_if_idle(Subscriber& subscriber);

  std::array<Table, kTopics> tables_;
  std::atomic<std::size_t> listeners_{0};  // subscribers of anything
};

}  // namespace stave
