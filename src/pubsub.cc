// SPDX-License-Identifier: Apache-2.0
#include "src/pubsub.h"

#include "resp/reply.h"
#include "src/glob.h"

namespace stave {

std::string_view PubsubMessage::bytes(int protocol) {
  std::string& encoded = encoded_[protocol == 2 ? 0 : 1];
  if (!encoded.empty()) return encoded;
  encoded.reserve(publication_.channel.size() + publication_.message.size() + 64);
  resp::ReplyWriter writer(encoded, protocol);
  writer.push(pattern_ == nullptr ? 3 : 4);
  if (pattern_ != nullptr) {
    writer.bulk("pmessage");
    writer.bulk(*pattern_);
  } else {
    writer.bulk(publication_.sharded ? "smessage" : "message");
  }
  writer.bulk(publication_.channel);
  writer.bulk(publication_.message);
  return encoded;
}

void Pubsub::join(Subscriber& subscriber, Topic topic, std::string_view name) {
  if (subscriber.names_ == nullptr) {
    subscriber.names_ = std::make_unique<std::array<Subscriber::Names, kTopics>>();
    listeners_.fetch_add(1, std::memory_order_release);
  }
  Table& here = table(topic);
  auto found = here.find(name);
  if (found == here.end()) found = here.try_emplace(std::string(name)).first;
  found->second.insert(&subscriber);
  (*subscriber.names_)[static_cast<std::size_t>(topic)].insert(found->first);
}

void Pubsub::leave(Subscriber& subscriber, Topic topic, std::string_view name) {
  if (subscriber.names_ == nullptr) return;
  // First of all: it views the name in the table.
  if ((*subscriber.names_)[static_cast<std::size_t>(topic)].erase(name) == 0) return;
  const auto found = table(topic).find(name);
  found->second.erase(&subscriber);
  if (found->second.empty()) table(topic).erase(found);
  forget_if_idle(subscriber);
}

void Pubsub::leave_all(Subscriber& subscriber) {
  for (const Topic topic : {Topic::kChannel, Topic::kPattern, Topic::kShardChannel}) {
    for (const std::string& name : names_of(subscriber, topic)) leave(subscriber, topic, name);
  }
}

void Pubsub::forget_if_idle(Subscriber& subscriber) {
  for (const auto& names : *subscriber.names_) {
    if (!names.empty()) return;
  }
  subscriber.names_.reset();
  listeners_.fetch_sub(1, std::memory_order_release);
}

std::vector<std::string> Pubsub::names_of(const Subscriber& subscriber, Topic topic) const {
  if (!subscriber.listens()) return {};
  const auto& names = subscriber.names(topic);
  return {names.begin(), names.end()};
}

std::uint64_t Pubsub::deliver(const Publication& publication) {
  if (!anybody()) return 0;
  std::uint64_t receivers = 0;
  std::vector<Subscriber*> crowded;
  const Table& channels = table(publication.sharded ? Topic::kShardChannel : Topic::kChannel);
  if (const auto found = channels.find(publication.channel); found != channels.end())
    receivers += deliver_to(found->second, PubsubMessage(publication, nullptr), crowded);
  if (!publication.sharded) {
    for (const auto& [pattern, subscribers] : table(Topic::kPattern)) {
      if (glob_match(pattern, publication.channel))
        receivers += deliver_to(subscribers, PubsubMessage(publication, &pattern), crowded);
    }
  }
  for (Subscriber* const subscriber : crowded) subscriber->shed();
  return receivers;
}

std::uint64_t Pubsub::deliver_to(const Subscribers& subscribers, PubsubMessage message,
                                 std::vector<Subscriber*>& crowded) {
  for (Subscriber* const subscriber : subscribers) {
    if (!subscriber->receive(message)) crowded.push_back(subscriber);
  }
  return subscribers.size();
}

std::size_t Pubsub::subscribers(Topic topic, std::string_view name) const {
  const auto found = table(topic).find(name);
  return found == table(topic).end() ? 0 : found->second.size();
}

void Pubsub::for_each_name(Topic topic, const std::function<void(const std::string&)>& visit) const {
  for (const auto& [name, subscribers] : table(topic)) visit(name);
}

}  // namespace stave
