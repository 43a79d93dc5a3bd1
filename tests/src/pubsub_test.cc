// SPDX-License-Identifier: Apache-2.0
// Shows that a worker's table of listeners delivers each message once for its channel and once for each
// pattern, encodes it for both protocols, and forgets what nobody listens to any more.
#include "src/pubsub.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace stave {
namespace {

class Listener final : public Subscriber {
 public:
  explicit Listener(int protocol = 2) : protocol_(protocol) {}
  bool receive(PubsubMessage& message) override {
    messages.emplace_back(message.bytes(protocol_));
    publishers.push_back(message.publisher());
    return !crowded;
  }
  void shed() override {
    ++sheds;
    if (leaves != nullptr) leaves->leave_all(*this);
  }

  std::vector<std::string> messages;
  std::vector<std::uint64_t> publishers;
  bool crowded = false;
  int sheds = 0;
  Pubsub* leaves = nullptr;

 private:
  const int protocol_;
};

std::uint64_t publish(Pubsub& pubsub, std::string_view channel, std::string_view message) {
  return pubsub.deliver({.channel = channel, .message = message});
}

TEST_CASE("a message comes once for its channel and once for each pattern that matches") {
  Pubsub pubsub;
  Listener one, two;
  pubsub.join(one, Topic::kChannel, "news");
  pubsub.join(one, Topic::kChannel, "news");
  pubsub.join(one, Topic::kPattern, "n*");
  pubsub.join(one, Topic::kPattern, "*s");
  pubsub.join(two, Topic::kPattern, "x*");
  CHECK(publish(pubsub, "news", "m") == 3);
  CHECK(one.messages.size() == 3);
  CHECK(one.messages[0] == "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$1\r\nm\r\n");
  std::sort(one.messages.begin(), one.messages.end());
  CHECK(one.messages[1] == "*4\r\n$8\r\npmessage\r\n$2\r\n*s\r\n$4\r\nnews\r\n$1\r\nm\r\n");
  CHECK(one.messages[2] == "*4\r\n$8\r\npmessage\r\n$2\r\nn*\r\n$4\r\nnews\r\n$1\r\nm\r\n");
  CHECK(two.messages.empty());
  CHECK(publish(pubsub, "other", "m") == 0);
  pubsub.leave_all(one);
  pubsub.leave_all(two);
}

TEST_CASE("each protocol has its own bytes, and the publisher's number goes with them") {
  Pubsub pubsub;
  Listener old_one(2), new_one(3), another(3);
  for (Listener* listener : {&old_one, &new_one, &another}) pubsub.join(*listener, Topic::kShardChannel, "s");
  CHECK(pubsub.deliver({.sharded = true, .channel = "s", .message = "", .publisher = 7}) == 3);
  CHECK(old_one.messages[0] == "*3\r\n$8\r\nsmessage\r\n$1\r\ns\r\n$0\r\n\r\n");
  CHECK(new_one.messages[0] == ">3\r\n$8\r\nsmessage\r\n$1\r\ns\r\n$0\r\n\r\n");
  CHECK(another.messages == new_one.messages);
  CHECK(old_one.publishers[0] == 7);
  for (Listener* listener : {&old_one, &new_one, &another}) pubsub.leave_all(*listener);
}

TEST_CASE("shard channels and channels of one name have nothing in common") {
  Pubsub pubsub;
  Listener listener;
  pubsub.join(listener, Topic::kShardChannel, "a");
  pubsub.join(listener, Topic::kPattern, "*");
  CHECK(pubsub.deliver({.sharded = true, .channel = "a", .message = "m"}) == 1);
  CHECK(publish(pubsub, "a", "m") == 1);
  CHECK(listener.messages[1].starts_with("*4\r\n$8\r\npmessage"));
  pubsub.leave(listener, Topic::kPattern, "*");
  CHECK(publish(pubsub, "a", "m") == 0);
  pubsub.leave_all(listener);
}

TEST_CASE("what nobody listens to is forgotten") {
  Pubsub pubsub;
  Listener one, two;
  CHECK_FALSE(pubsub.anybody());
  pubsub.leave(one, Topic::kChannel, "a");
  pubsub.join(one, Topic::kChannel, "a");
  pubsub.join(two, Topic::kChannel, "a");
  pubsub.join(two, Topic::kPattern, "p");
  CHECK(pubsub.anybody());
  CHECK(pubsub.subscribers(Topic::kChannel, "a") == 2);
  CHECK(two.count(Topic::kChannel) == 1);
  CHECK(two.count(Topic::kPattern) == 1);
  CHECK(pubsub.names_of(two, Topic::kPattern) == std::vector<std::string>{"p"});

  pubsub.leave(two, Topic::kChannel, "a");
  pubsub.leave(two, Topic::kChannel, "a");
  CHECK(two.listens());
  CHECK(pubsub.subscribers(Topic::kChannel, "a") == 1);
  pubsub.leave_all(one);
  CHECK_FALSE(one.listens());
  CHECK(pubsub.topics(Topic::kChannel) == 0);
  CHECK(pubsub.topics(Topic::kPattern) == 1);
  pubsub.leave_all(two);
  pubsub.leave_all(two);
  CHECK(pubsub.topics(Topic::kPattern) == 0);
  CHECK_FALSE(pubsub.anybody());
}

TEST_CASE("a listener with too much to read may leave while a message is delivered") {
  Pubsub pubsub;
  Listener slow, fast;
  slow.crowded = true;
  slow.leaves = &pubsub;
  for (Listener* listener : {&slow, &fast}) pubsub.join(*listener, Topic::kChannel, "a");
  CHECK(publish(pubsub, "a", "m") == 2);
  CHECK(slow.sheds == 1);
  CHECK(fast.sheds == 0);
  CHECK(publish(pubsub, "a", "m") == 1);
  CHECK(slow.messages.size() == 1);
  CHECK(fast.messages.size() == 2);
  pubsub.leave_all(fast);
}

}  // namespace
}  // namespace stave
