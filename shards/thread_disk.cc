// SPDX-License-Identifier: Apache-2.0
#include "shards/thread_disk.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>
#include <csignal>

#include <atomic>
#include <cassert>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

#include "shards/posix_disk.h"
#include "shards/request_list.h"

namespace stave {
namespace {

// The depth at which the pool reads. Beyond this a device gains little, and the threads cost more than they
// bring.
constexpr std::size_t kThreadsMax = 32;

// Runs the system calls of one request until it is complete.
void perform(IoRequest& request) {
  std::int64_t outcome = 0;
  do {
    const Transfer transfer = next_transfer(request);
    const iovec vector{transfer.data, transfer.bytes};
    const auto offset = static_cast<off_t>(transfer.offset);
    switch (request.kind) {
      case IoRequest::Kind::kRead:
        outcome = ::pread(transfer.fd, transfer.data, transfer.bytes, offset);
        break;
      case IoRequest::Kind::kDurableWrite:
        outcome = ::pwritev2(transfer.fd, &vector, 1, offset, RWF_DSYNC);
        break;
      case IoRequest::Kind::kSync:
        outcome = ::fdatasync(transfer.fd);
        break;
    }
    if (outcome < 0) outcome = -errno;
  } while (!settle(request, outcome));
}

class ThreadDisk final : public PosixDisk {
 public:
  explicit ThreadDisk(int event_fd) : event_fd_(event_fd) {}
  ThreadDisk(const ThreadDisk&) = delete;
  ThreadDisk& operator=(const ThreadDisk&) = delete;
  ~ThreadDisk() override;

  // False, with errno, if the process may not have another thread.
  bool start_thread();

  std::string_view name() const override { return "threads"; }
  void submit(IoRequest& request) override;
  void flush() override;
  bool poll() override;
  void wait() override;
  std::size_t in_flight() const override { return in_flight_; }
  int pollable_fd() const override { return event_fd_; }

 private:
  void run();
  void announce(IoRequest& request);
  void grow(std::size_t wanted);

  const int event_fd_;

  // Owner thread only.
  RequestList queue_;  // to be handed over by flush()
  std::size_t in_flight_ = 0;
  bool polling_ = false;
  std::vector<std::thread> threads_;

  // Crosses threads, under mutex_.
  std::mutex mutex_;
  std::condition_variable work_;        // pending_ has something, or stopping_
  std::condition_variable completion_;  // completed_ has something
  RequestList pending_;
  RequestList completed_;
  std::size_t idle_threads_ = 0;
  bool stopping_ = false;

  // Crosses threads: lets poll() see without the lock that completed_ is empty.
  std::atomic<bool> has_completed_{false};
};

ThreadDisk::~ThreadDisk() {
  assert(in_flight_ == 0);
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  ::close(event_fd_);
}

bool ThreadDisk::start_thread() {
  // The process' signals are for the threads that expect them.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  bool started = true;
  try {
    threads_.emplace_back([this] { run(); });
  } catch (const std::system_error& error) {
    errno = error.code().value();
    started = false;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started;
}

void ThreadDisk::run() {
  pthread_setname_np(pthread_self(), "stave-disk");
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_threads_;
    work_.wait(lock, [this] { return stopping_ || !pending_.empty(); });
    --idle_threads_;
    if (pending_.empty()) return;
    IoRequest& request = pending_.pop_front();
    const bool wake_next = !pending_.empty() && idle_threads_ > 0;
    lock.unlock();
    if (wake_next) work_.notify_one();
    perform(request);
    lock.lock();
    announce(request);
  }
}

// REQUIRES: mutex_ is held.
void ThreadDisk::announce(IoRequest& request) {
  const bool first = completed_.empty();
  completed_.push_back(request);
  if (!first) return;  // whoever came first has told the owner
  has_completed_.store(true, std::memory_order_release);
  eventfd_write(event_fd_, 1);
  completion_.notify_one();
}

void ThreadDisk::submit(IoRequest& request) {
  begin(request);
  queue_.push_back(request);
  ++in_flight_;
}

// Wakes one thread; each that finds more to do wakes the next, off the owner's time.
void ThreadDisk::flush() {
  if (queue_.empty()) return;
  std::size_t idle = 0;
  std::size_t pending = 0;
  {
    const std::lock_guard lock(mutex_);
    pending_.append(queue_);
    pending = pending_.size();
    idle = idle_threads_;
  }
  if (idle > 0) work_.notify_one();
  if (pending > idle) grow(pending - idle);
}

// Starts up to `wanted` more threads. That the process may not have more of them only makes the pool slower.
void ThreadDisk::grow(std::size_t wanted) {
  for (; wanted > 0 && threads_.size() < kThreadsMax; --wanted) {
    if (!start_thread()) return;
  }
}

bool ThreadDisk::poll() {
  if (!has_completed_.load(std::memory_order_acquire)) return false;
  assert(!polling_);
  polling_ = true;
  // In this order: whoever completes between the two finds the list not empty, and is taken with it.
  eventfd_t count = 0;
  eventfd_read(event_fd_, &count);
  RequestList completed;
  {
    const std::lock_guard lock(mutex_);
    completed.append(completed_);
    has_completed_.store(false, std::memory_order_relaxed);
  }
  while (!completed.empty()) {
    IoRequest& request = completed.pop_front();
    --in_flight_;
    request.done(request);
  }
  polling_ = false;
  return true;
}

void ThreadDisk::wait() {
  assert(in_flight_ > 0);
  flush();
  {
    std::unique_lock lock(mutex_);
    completion_.wait(lock, [this] { return !completed_.empty(); });
  }
  [[maybe_unused]] const bool any = poll();
  assert(any);
}

}  // namespace

Result<std::unique_ptr<Disk>> open_thread_disk() {
  const int event_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event_fd < 0) return Status::error("eventfd: " + std::generic_category().message(errno));
  auto disk = std::make_unique<ThreadDisk>(event_fd);
  if (!disk->start_thread()) return Status::error("thread: " + std::generic_category().message(errno));
  return std::unique_ptr<Disk>(std::move(disk));
}

}  // namespace stave
