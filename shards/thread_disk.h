// SPDX-License-Identifier: Apache-2.0
// The I/O backend over a pool of threads that make blocking system calls, for where io_uring is denied.
//
// The pool is the Disk's own rather than libuv's: a Disk knows no uv_loop, reads in parallel need more than
// libuv's four threads, and these would stand behind its name look-ups. Threads are started as the load asks
// for them, up to kThreadsMax, and stay. flush() hands the queue to the pool under one lock; a thread that
// finds the list of completed requests empty makes the eventfd readable, and poll() takes the whole list.
#pragma once

#include <memory>

#include "shards/disk.h"

namespace stave {

// An error where the process may not have an eventfd or a thread more.
Result<std::unique_ptr<Disk>> open_thread_disk();

}  // namespace stave
