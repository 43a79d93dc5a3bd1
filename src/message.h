// SPDX-License-Identifier: Apache-2.0
// Message: work that one worker hands to another. The queues between workers carry pointers to these;
// ownership goes with them, by whatever the message itself agrees with its sender.
#pragma once

namespace stave {

class Worker;

class Message {
 public:
  virtual ~Message() = default;
  // Called on the loop of the worker that it was sent to.
  virtual void arrive(Worker& here) = 0;
};

}  // namespace stave
