// SPDX-License-Identifier: Apache-2.0
#include "shards/uring_disk.h"

#include <liburing.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <system_error>

#include "shards/posix_disk.h"
#include "shards/request_list.h"

namespace stave {
namespace {

// One entry into the kernel starts at most this many; a loop turn with more enters twice.
constexpr unsigned kSubmissionEntries = 1024;
// Bounds what is in the ring: 128 KiB of kernel memory, and far beyond the depth at which any device is
// saturated.
constexpr unsigned kCompletionEntries = 8192;
// Completions are copied out in batches of this many, so that done() may go on to use the ring.
constexpr unsigned kReapBatch = 64;

class UringDisk final : public PosixDisk {
 public:
  // `ring` was set up with IORING_SETUP_R_DISABLED.
  explicit UringDisk(const io_uring& ring) : ring_(ring) {}
  UringDisk(const UringDisk&) = delete;
  UringDisk& operator=(const UringDisk&) = delete;
  ~UringDisk() override;

  std::string_view name() const override { return "uring"; }
  void submit(IoRequest& request) override;
  void flush() override;
  bool poll() override;
  void wait() override;
  std::size_t in_flight() const override { return in_flight_; }
  int pollable_fd() const override { return ring_.ring_fd; }

 private:
  struct Completion {
    IoRequest* request;
    int outcome;
  };

  void enable();
  bool prepare(const IoRequest& request);
  void enter();
  unsigned reap(Completion* into);
  bool complete(const Completion& completion);

  io_uring ring_;
  bool enabled_ = false;
  bool polling_ = false;
  bool flush_owed_ = false;    // poll() left something in queue_ that no caller knows of
  RequestList queue_;          // to be prepared by flush()
  std::size_t in_ring_ = 0;    // prepared and not yet reaped
  std::size_t in_flight_ = 0;  // submitted and not yet done
};

UringDisk::~UringDisk() {
  assert(in_flight_ == 0);
  io_uring_queue_exit(&ring_);
}

void UringDisk::submit(IoRequest& request) {
  begin(request);
  queue_.push_back(request);
  ++in_flight_;
}

// Binds the ring to the calling thread, which is the owner from now on. The plain system call, because
// liburing 2.3 declares io_uring_enable_rings but its shared library does not export it.
void UringDisk::enable() {
  [[maybe_unused]] const long outcome =
      ::syscall(__NR_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  assert(outcome == 0);
  enabled_ = true;
}

void UringDisk::flush() {
  if (!enabled_) enable();
  while (!queue_.empty() && in_ring_ < kCompletionEntries) {
    if (!prepare(queue_.front())) break;
    queue_.pop_front();
    ++in_ring_;
  }
  flush_owed_ = !queue_.empty();
  enter();
}

// Fills a submission entry; false if there is none to be had now.
bool UringDisk::prepare(const IoRequest& request) {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  if (entry == nullptr) {
    enter();
    entry = io_uring_get_sqe(&ring_);
    if (entry == nullptr) return false;
  }
  const Transfer transfer = next_transfer(request);
  switch (request.kind) {
    case IoRequest::Kind::kRead:
      io_uring_prep_read(entry, transfer.fd, transfer.data, transfer.bytes, transfer.offset);
      break;
    case IoRequest::Kind::kDurableWrite:
      io_uring_prep_write(entry, transfer.fd, transfer.data, transfer.bytes, transfer.offset);
      entry->rw_flags = RWF_DSYNC;
      break;
    case IoRequest::Kind::kSync:
      io_uring_prep_fsync(entry, transfer.fd, IORING_FSYNC_DATASYNC);
      break;
  }
  io_uring_sqe_set_data(entry, const_cast<IoRequest*>(&request));
  return true;
}

// Hands the prepared entries to the kernel and lets it finish what it has ready. What it does not take for
// want of memory stays prepared until the next flush().
void UringDisk::enter() {
  while (io_uring_sq_ready(&ring_) > 0) {
    const int outcome = io_uring_submit_and_get_events(&ring_);
    if (outcome >= 0 || outcome == -EINTR) continue;
    assert(outcome == -EAGAIN || outcome == -EBUSY);  // else: not the owner thread, or a ring set up wrongly
    flush_owed_ = true;
    return;
  }
}

unsigned UringDisk::reap(Completion* into) {
  io_uring_cqe* entries[kReapBatch];
  const unsigned count = io_uring_peek_batch_cqe(&ring_, entries, kReapBatch);
  for (unsigned i = 0; i < count; ++i) {
    into[i] = {static_cast<IoRequest*>(io_uring_cqe_get_data(entries[i])), entries[i]->res};
  }
  io_uring_cq_advance(&ring_, count);
  in_ring_ -= count;
  return count;
}

// True if the request is done.
bool UringDisk::complete(const Completion& completion) {
  IoRequest& request = *completion.request;
  if (!settle(request, completion.outcome)) {
    queue_.push_back(request);
    flush_owed_ = true;
    return false;
  }
  --in_flight_;
  request.done(request);
  return true;
}

bool UringDisk::poll() {
  if (in_flight_ == 0) return false;
  assert(!polling_);
  polling_ = true;
  bool any = false;
  Completion batch[kReapBatch];
  unsigned count = 0;
  do {
    count = reap(batch);
    for (unsigned i = 0; i < count; ++i) any |= complete(batch[i]);
  } while (count == kReapBatch);
  if (flush_owed_) flush();
  polling_ = false;
  return any;
}

void UringDisk::wait() {
  assert(in_flight_ > 0);
  flush();
  while (!poll()) {
    if (in_ring_ == io_uring_sq_ready(&ring_)) {
      ::sched_yield();  // the kernel took none for want of memory: nothing there to wait for
      continue;
    }
    io_uring_cqe* entry = nullptr;
    (void)io_uring_wait_cqe(&ring_, &entry);  // an interruption only means another turn
  }
}

// Sets the ring up with the best flags that the kernel knows. 0, or -errno.
int set_up(io_uring& ring) {
  // Completions are posted when the owner enters or leaves the kernel anyway; nothing interrupts it while it
  // computes. Not IORING_SETUP_DEFER_TASKRUN: with that, a completion does not wake an epoll_wait on the
  // ring's descriptor. Linux 6.0, 5.19, 5.10.
  constexpr unsigned kFlagSets[] = {
      IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
      IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
      0,
  };
  int outcome = -EINVAL;
  for (const unsigned flags : kFlagSets) {
    io_uring_params params{};
    params.flags = flags | IORING_SETUP_R_DISABLED | IORING_SETUP_CQSIZE;
    params.cq_entries = kCompletionEntries;
    outcome = io_uring_queue_init_params(kSubmissionEntries, &ring, &params);
    if (outcome != -EINVAL) break;
  }
  return outcome;
}

}  // namespace

Result<std::unique_ptr<Disk>> open_uring_disk() {
  io_uring ring;
  const int outcome = set_up(ring);
  if (outcome < 0) return Status::error("io_uring_setup: " + std::generic_category().message(-outcome));
  return std::unique_ptr<Disk>(std::make_unique<UringDisk>(ring));
}

}  // namespace stave
