// SPDX-License-Identifier: Apache-2.0
// Task: a function that runs on another worker; nothing comes back. It deletes itself.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "src/message.h"

namespace stave {

class Task final : public Message {
 public:
  explicit Task(std::function<void(Worker&)> work) : work_(std::move(work)) {}
  void arrive(Worker& here) override {
    const std::unique_ptr<Task> self(this);
    work_(here);
  }

 private:
  std::function<void(Worker&)> work_;
};

}  // namespace stave
