// SPDX-License-Identifier: Apache-2.0
// The I/O backend over io_uring; its .cc is the only file that knows liburing.
//
// submit() queues, flush() moves the queue to the ring and enters the kernel once for all of it, poll() reads
// the completions that the kernel has put into shared memory and makes a system call only when the kernel
// says that it has work to do for that. The ring's own descriptor is the pollable one. As many requests are
// in the ring as its completion queue holds; more wait in the queue, so completions never overflow.
#pragma once

#include <memory>

#include "shards/disk.h"

namespace stave {

// An error where the kernel has no io_uring or denies it: "io_uring_setup: Operation not permitted".
Result<std::unique_ptr<Disk>> open_uring_disk();

}  // namespace stave
