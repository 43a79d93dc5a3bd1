// SPDX-License-Identifier: Apache-2.0
// How appended bytes reach the disk: group commits (always), buffered writes and syncs (everysec, no),
// zeroing ahead.
#include <cassert>
#include <cerrno>
#include <cstring>

#include "shards/limits.h"
#include "shards/log.h"

namespace stave {
namespace {

std::uint64_t round_up(std::uint64_t bytes) {
  return (bytes + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
}

bool overlaps(const IoRequest& request, const File* file, std::uint64_t offset, std::uint64_t bytes) {
  return request.file == file && offset < request.offset + request.bytes && request.offset < offset + bytes;
}

}  // namespace

void Log::flush() {
  if (failed()) return progress();
  if (mode_ == SyncMode::kAlways && options_.fault != Fault::kAckBeforeSync) return start_commit();
  // After a change of mode a durable write may still own the last block; its completion calls flush() again.
  if (commit_in_flight_ || zero_in_flight_) return;
  // Who began to wait in the mode `always` may have nothing to wait for any more.
  if (last_gsn_ == written_gsn_) return progress();
  for (LogBuffer& rolled : rolled_) write_buffered(rolled);
  rolled_.clear();
  if (active_ != kNoSegment) {
    write_buffered(buffer_);
    buffer_.drop_whole_blocks();
    buffer_.trim();
  }
  seal_rolled();
  // Nobody else asks for a sync then, and only what is durable is sealed.
  if (mode_ == SyncMode::kNo && !unsealed_.empty()) start_sync();
  progress();
}

void Log::write_buffered(LogBuffer& buffer) {
  if (failed()) return;
  Segment& segment = *segments_[buffer.segment];
  const std::uint64_t end = buffer.base + buffer.used;
  if (segment.written_bytes == end) return;
  const std::string_view bytes(buffer.memory.data() + (segment.written_bytes - buffer.base),
                               end - segment.written_bytes);
  if (auto status = segment.file->write(segment.written_bytes, bytes); !status.ok())
    return fail(status.message());
  counters_.bytes_written += bytes.size();
  segment.written_bytes = end;
  written_gsn_ = buffer.last_gsn;
  if (options_.fault == Fault::kAckBeforeSync) {
    segment.durable_bytes = end;
    durable_gsn_ = written_gsn_;
  }
}

void Log::start_commit() {
  if (commit_in_flight_ || syncs_in_flight_ > 0 || durable_gsn_ == last_gsn_) return;
  // What was written before the mode became `always` must be durable first.
  if (written_gsn_ > durable_gsn_) return start_sync();
  LogBuffer& buffer = rolled_.empty() ? buffer_ : rolled_.front();
  const Segment& segment = *segments_[buffer.segment];
  if (zero_in_flight_ && overlaps(zero_, segment.file.get(), buffer.base, round_up(buffer.used))) return;
  submit_commit(buffer);
  zero_ahead();
}

void Log::submit_commit(LogBuffer& buffer) {
  const std::size_t bytes = buffer.pad_to_block();
  Segment& segment = *segments_[buffer.segment];
  commit_gsn_ = buffer.last_gsn;
  committing_ = std::move(buffer);
  if (!rolled_.empty()) {
    rolled_.pop_front();
  } else {
    // What follows begins with a copy of the last, partly filled block.
    const std::size_t whole = committing_.used / kBlockBytes * kBlockBytes;
    buffer_ = LogBuffer{};
    buffer_.memory = std::move(spare_.memory);
    buffer_.segment = committing_.segment;
    buffer_.base = committing_.base + whole;
    buffer_.last_gsn = committing_.last_gsn;
    const std::size_t tail = committing_.used - whole;
    if (tail > 0) std::memcpy(buffer_.grow(tail), committing_.memory.data() + whole, tail);
    zeroed_bytes_ = std::max(zeroed_bytes_, committing_.base + bytes);
  }
  commit_ = IoRequest{};
  commit_.kind = IoRequest::Kind::kDurableWrite;
  commit_.file = segment.file.get();
  commit_.offset = committing_.base;
  commit_.data = committing_.memory.data();
  commit_.bytes = static_cast<std::uint32_t>(bytes);
  commit_.owner = this;
  commit_.done = [](IoRequest& request) { static_cast<Log*>(request.owner)->commit_done(request); };
  commit_in_flight_ = true;
  disk_.submit(commit_);
  if (options_.fault == Fault::kAckBeforeWrite) written_gsn_ = durable_gsn_ = commit_gsn_;
}

void Log::commit_done(IoRequest& request) {
  commit_in_flight_ = false;
  Segment& segment = *segments_[committing_.segment];
  if (request.result < 0) {
    fail(segment.file->path() + ": " + std::strerror(static_cast<int>(-request.result)));
    return progress();
  }
  ++counters_.commits;
  counters_.bytes_written += request.bytes;
  segment.written_bytes = segment.durable_bytes = committing_.base + committing_.used;
  written_gsn_ = durable_gsn_ = commit_gsn_;
  committing_.used = 0;
  committing_.trim();
  spare_.memory = std::move(committing_.memory);
  drop_written();
  seal_rolled();
  progress();
  flush();
}

// Ends of earlier segments that were written before they ended, or with the commit before. A segment that is
// sealed may go at any time, so none of these may be left then.
void Log::drop_written() {
  while (!rolled_.empty() &&
         segments_[rolled_.front().segment]->written_bytes >= rolled_.front().end_bytes()) {
    rolled_.pop_front();
  }
}

// Overwriting blocks that were written before is faster than writing fresh ones, whose extents must be
// converted.
void Log::zero_ahead() {
  if (zero_in_flight_ || active_ == kNoSegment || failed()) return;
  Segment& segment = *segments_[active_];
  const std::uint64_t end = round_up(end_bytes());
  const std::uint64_t from = std::max(zeroed_bytes_, end);
  if (from >= segment.capacity_bytes || from >= end + limits::kZeroedAheadBytes) return;
  if (zeros_.bytes() == 0) {
    zeros_ = AlignedBuffer(limits::kZeroChunkBytes);
    std::memset(zeros_.data(), 0, zeros_.bytes());
  }
  zero_ = IoRequest{};
  zero_.kind = IoRequest::Kind::kDurableWrite;
  zero_.file = segment.file.get();
  zero_.offset = from;
  zero_.data = zeros_.data();
  zero_.bytes = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(zeros_.bytes(), (segment.capacity_bytes - from) / kBlockBytes * kBlockBytes));
  zero_.owner = this;
  zero_.done = [](IoRequest& request) { static_cast<Log*>(request.owner)->zero_done(request); };
  if (zero_.bytes == 0) return;
  zero_in_flight_ = true;
  disk_.submit(zero_);
}

void Log::zero_done(IoRequest& request) {
  zero_in_flight_ = false;
  if (request.result < 0) {
    fail("zeroing ahead: " + std::string(std::strerror(static_cast<int>(-request.result))));
  } else if (active_ != kNoSegment && segments_[active_]->file.get() == request.file) {
    zeroed_bytes_ = std::max(zeroed_bytes_, request.offset + request.bytes);
    if (mode_ == SyncMode::kAlways) zero_ahead();
  }
  seal_rolled();
  flush();
}

void Log::start_sync() {
  if (failed() || syncs_in_flight_ > 0 || commit_in_flight_) return;
  to_sync_.clear();
  for (const std::uint32_t slot : unsealed_) {
    if (segments_[slot]->durable_bytes < segments_[slot]->written_bytes) to_sync_.push_back(slot);
  }
  if (active_ != kNoSegment && segments_[active_]->durable_bytes < segments_[active_]->written_bytes) {
    to_sync_.push_back(active_);
  }
  sync_gsn_ = written_gsn_;
  sync_next();
}

bool Log::make_durable(std::uint64_t gsn) {
  if (durable_gsn_ >= gsn) return true;
  if (failed()) return false;
  flush();
  if (idle()) start_sync();
  return false;
}

void Log::sync_next() {
  if (to_sync_.empty()) {
    durable_gsn_ = std::max(durable_gsn_, sync_gsn_);
    seal_rolled();
    progress();
    if (mode_ == SyncMode::kAlways) flush();
    return;
  }
  const Segment& segment = *segments_[to_sync_.front()];
  sync_written_bytes_ = segment.written_bytes;
  sync_ = IoRequest{};
  sync_.kind = IoRequest::Kind::kSync;
  sync_.file = segment.file.get();
  sync_.owner = this;
  sync_.done = [](IoRequest& request) { static_cast<Log*>(request.owner)->sync_done(request); };
  ++syncs_in_flight_;
  disk_.submit(sync_);
}

void Log::sync_done(IoRequest& request) {
  --syncs_in_flight_;
  Segment& segment = *segments_[to_sync_.front()];
  if (request.result < 0 && options_.fault == Fault::kRetryFailedSync) return sync_next();
  if (request.result < 0) {
    fail(segment.file->path() + ": fdatasync: " + std::strerror(static_cast<int>(-request.result)));
    return progress();
  }
  ++counters_.syncs;
  segment.durable_bytes = std::max(segment.durable_bytes, sync_written_bytes_);
  to_sync_.pop_front();
  sync_next();
}

void Log::seal_rolled() {
  while (!unsealed_.empty()) {
    Segment& segment = *segments_[unsealed_.front()];
    const bool busy = (zero_in_flight_ && zero_.file == segment.file.get()) || syncs_in_flight_ > 0;
    const std::uint64_t safe_bytes =
        options_.fault == Fault::kHintBeforeData ? segment.written_bytes : segment.durable_bytes;
    if (safe_bytes < segment.end_bytes || busy) return;
    segment.sealed = true;
    const std::uint32_t slot = unsealed_.front();
    unsealed_.pop_front();
    if (on_sealed_) on_sealed_(slot);
  }
}

}  // namespace stave
