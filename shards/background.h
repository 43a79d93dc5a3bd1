// SPDX-License-Identifier: Apache-2.0
// Background: runs work that may block for long, elsewhere, and then `done` on the owner's thread. The
// simulation runs both at once.
#pragma once

#include <functional>

namespace stave {

class Background {
 public:
  virtual ~Background() = default;
  virtual void run(std::function<void()> work, std::function<void()> done) = 0;
};

}  // namespace stave
