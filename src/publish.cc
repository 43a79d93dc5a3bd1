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
