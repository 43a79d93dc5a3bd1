// SPDX-License-Identifier: Apache-2.0
#include "src/publish.h"

#include <memory>
#include <utility>

#include "src/message.h"
#include "src/server.h"
#include "src/worker.h"

namespace stave {
namespace {

// What the parts of one delivery have in common. Workers elsewhere only read the texts.
struct Delivery {
  bool sharded = false;
  std::string channel;
  std::string message;
  std::uint64_t publisher = 0;
  std::size_t home = 0;
  std::uint64_t receivers = 0;
  std::size_t away = 0;
  Published then;
};

// Goes to one worker, delivers there, and comes home with the number of receivers.
class Parcel final : public Message {
 public:
  explicit Parcel(std::shared_ptr<Delivery> delivery) : delivery_(std::move(delivery)) {}

  void arrive(Worker& here) override {
    if (delivered_) return end();
    receivers_ = here.pubsub().deliver(
        {delivery_->sharded, delivery_->channel, delivery_->message, delivery_->publisher});
    delivered_ = true;
    here.send(delivery_->home, this);
  }

 private:
  void end() {
    const std::unique_ptr<Parcel> self(this);
    delivery_->receivers += receivers_;
    if (--delivery_->away == 0) delivery_->then(delivery_->receivers);
  }

  const std::shared_ptr<Delivery> delivery_;
  bool delivered_ = false;
  std::uint64_t receivers_ = 0;
};

std::vector<std::size_t> others_with_subscribers(Worker& home) {
  std::vector<std::size_t> others;
  Server& server = home.server();
  for (std::size_t i = 0; i < server.worker_count(); ++i) {
    if (i != home.number() && server.worker(i).pubsub().anybody()) others.push_back(i);
  }
  return others;
}

}  // namespace

namespace {

// What goes to all listeners of one worker. Nobody waits for it.
struct Announcement {
  std::vector<KeyspaceEvent> events;
  EventClasses classes;
  std::uint64_t publisher = 0;

  void deliver(Pubsub& pubsub) const {
    std::string channel;
    for (const KeyspaceEvent& event : events) {
      const std::string db = std::to_string(event.db);
      if (classes.has(kKeyspaceChannels)) {
        channel.assign("__keyspace@").append(db).append("__:").append(event.key);
        pubsub.deliver({.channel = channel, .message = event.event, .publisher = publisher});
      }
      if (classes.has(kKeyeventChannels)) {
        channel.assign("__keyevent@").append(db).append("__:").append(event.event);
        pubsub.deliver({.channel = channel, .message = event.key, .publisher = publisher});
      }
    }
  }
};

class AnnouncementParcel final : public Message {
 public:
  explicit AnnouncementParcel(std::shared_ptr<const Announcement> announcement)
      : announcement_(std::move(announcement)) {}
  void arrive(Worker& here) override {
    const std::unique_ptr<AnnouncementParcel> self(this);
    announcement_->deliver(here.pubsub());
  }

 private:
  const std::shared_ptr<const Announcement> announcement_;
};

}  // namespace

void publish(Worker& home, std::vector<KeyspaceEvent> events, std::uint64_t publisher) {
  // Who stops may not be listened to any more.
  const std::vector<std::size_t> others =
      home.draining() ? std::vector<std::size_t>() : others_with_subscribers(home);
  if (others.empty() && !home.pubsub().anybody()) return;
  const auto announcement = std::make_shared<const Announcement>(
      Announcement{std::move(events), home.command_limits().events, publisher});
  announcement->deliver(home.pubsub());
  for (const std::size_t other : others) home.send(other, new AnnouncementParcel(announcement));
}

bool subscribers_elsewhere(Worker& home) {
  Server& server = home.server();
  for (std::size_t i = 0; i < server.worker_count(); ++i) {
    if (i != home.number() && server.worker(i).pubsub().anybody()) return true;
  }
  return false;
}

void publish(Worker& home, const Publication& publication, const Published& then) {
  const std::vector<std::size_t> others = others_with_subscribers(home);
  const std::uint64_t receivers = home.pubsub().deliver(publication);
  if (others.empty()) return then(receivers);
  const auto delivery = std::make_shared<Delivery>();
  delivery->sharded = publication.sharded;
  delivery->channel = publication.channel;
  delivery->message = publication.message;
  delivery->publisher = publication.publisher;
  delivery->home = home.number();
  delivery->receivers = receivers;
  delivery->away = others.size();
  delivery->then = then;
  for (const std::size_t other : others) home.send(other, new Parcel(delivery));
}

}  // namespace stave
