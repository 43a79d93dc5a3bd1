// SPDX-License-Identifier: Apache-2.0
// UvBackground: long blocking work (sealing a segment, writing a hint) on libuv's thread pool.
#pragma once

#include <uv.h>

#include "shards/background.h"

namespace stave {

class UvBackground final : public Background {
 public:
  void start(uv_loop_t* loop) { loop_ = loop; }
  // Without a loop (before it runs) or after stop(), both happen at once, here.
  void run(std::function<void()> work, std::function<void()> done) override;
  void stop() { loop_ = nullptr; }
  int in_flight() const { return in_flight_; }

 private:
  struct Job {
    uv_work_t request{};
    UvBackground* background = nullptr;
    std::function<void()> work;
    std::function<void()> done;
  };
  uv_loop_t* loop_ = nullptr;
  int in_flight_ = 0;
};

}  // namespace stave
