// SPDX-License-Identifier: Apache-2.0
// Waiter: notes what became of a read of a cold value.
#pragma once

#include <string>

#include "shards/stager.h"

namespace stave::testing {

struct Waiter final : StageWaiter {
  void staged(const Status& status) override {
    called = true;
    if (!status.ok()) error = status.message();
  }
  bool called = false;
  std::string error;
};

}  // namespace stave::testing
