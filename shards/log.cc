// SPDX-License-Identifier: Apache-2.0
// Appending, reserving and rolling; what follows flush() is in log_commit.cc.
#include "shards/log.h"

#include <cassert>
#include <utility>

#include "shards/limits.h"

namespace stave {

Status log_failed(const std::string& reason) {
  return Status::error("MISCONF Errors writing to the AOF file: " + reason);
}

Log::Log(Disk& disk, SegmentTable& segments, Options options)
    : disk_(disk),
      segments_(segments),
      options_(std::move(options)),
      mode_(options_.mode),
      quota_(options_.segment_bytes, options_.disk_bytes_max) {}

Log::~Log() {
  assert(idle());
  if (next_ != nullptr) next_->abandon();
}

void Log::start_after(std::uint64_t gsn, std::uint64_t segment_number) {
  last_gsn_ = written_gsn_ = durable_gsn_ = gsn;
  last_number_ = segment_number;
}

Status Log::reserve(std::uint64_t bytes, std::int64_t now_ms) {
  if (active_ != kNoSegment && end_bytes() + held_bytes_ + bytes <= segments_[active_]->capacity_bytes &&
      failure_.empty()) {
    return {};
  }
  if (in_batch_) return Status::error("ERR the changes of one command are larger than was reserved for them");
  return ensure(bytes, now_ms);
}

Status Log::hold(std::uint64_t bytes, std::int64_t now_ms) {
  auto status = reserve(bytes, now_ms);
  if (status.ok()) held_bytes_ += bytes;
  return status;
}

Status Log::ensure(std::uint64_t bytes, std::int64_t now_ms) {
  if (failed()) return log_failed(failure_);
  // The clock may have been set back.
  const bool soon = now_ms < space_retry_ms_ && space_retry_ms_ - now_ms <= limits::kSpaceRetryMs;
  if (soon) {
    ++counters_.space_refusals;
    return Status::error(space_error_);
  }
  // No fault of the disk: others' writes go on.
  if (kSegmentHeaderBytes + held_bytes_ + bytes > limits::kSegmentBytesMax)
    return log_failed("one write is larger than a segment may be");
  const auto capacity = quota_.new_segment_bytes(kSegmentHeaderBytes + held_bytes_ + bytes,
                                                 disk_bytes_lately(now_ms), adds_data_);
  if (!capacity) {
    tell_quota(true, now_ms);
    return kDiskQuotaReached;
  }
  auto status = roll(held_bytes_ + bytes, *capacity);
  tell_space(status, now_ms);
  if (status.ok()) {
    space_retry_ms_ = 0;
    return status;
  }
  ++counters_.space_refusals;
  space_retry_ms_ = now_ms + limits::kSpaceRetryMs;
  space_error_ = log_failed(status.message()).message();
  return Status::error(space_error_);
}

void Log::tell_space(const Status& status, std::int64_t now_ms) {
  if (status.ok() && told_of_space_) {
    told_of_space_ = false;
    options_.warn(options_.directory + ": a new segment could be made, writes are taken again");
  } else if (!status.ok() && !told_of_space_ && now_ms >= space_told_ms_ + limits::kSpaceToldMs) {
    told_of_space_ = true;
    space_told_ms_ = now_ms;
    options_.warn("writes are refused until a new segment can be made: " + status.message());
  }
}

void Log::set_disk_bytes_max(std::uint64_t bytes) {
  quota_.set_share(bytes);
  look_at_disk_again();
}

bool Log::quota_reached(std::int64_t now_ms) {
  const std::uint64_t used = quota_.limited() ? disk_bytes_lately(now_ms) : 0;
  const bool reached = quota_.limited() && used > quota_.growth_bytes_max();
  if (reached) tell_quota(true, now_ms);
  const bool room = !quota_.limited() || used + quota_.small_segment_bytes() <= quota_.growth_bytes_max();
  if (room) tell_quota(false, now_ms);
  return reached;
}

// The spare is not among them: the next segment is made of it. Walking over all segments takes its time, so
// not for each refused command.
std::uint64_t Log::disk_bytes_lately(std::int64_t now_ms) {
  if (disk_looked_ms_ < 0 || now_ms < disk_looked_ms_ || now_ms >= disk_looked_ms_ + limits::kSpaceRetryMs) {
    disk_bytes_ = file_bytes(segments_) + other_bytes_;
    disk_looked_ms_ = now_ms;
  }
  return disk_bytes_;
}

void Log::tell_quota(bool reached, std::int64_t now_ms) {
  if (!reached && told_of_quota_) {
    told_of_quota_ = false;
    options_.warn(options_.directory + ": there is room within maxdisk, writes are taken again");
  } else if (reached && !told_of_quota_ && now_ms >= quota_told_ms_ + limits::kSpaceToldMs) {
    told_of_quota_ = true;
    quota_told_ms_ = now_ms;
    options_.warn(options_.directory + ": its share of maxdisk is taken, writes that add data are refused");
  }
}

// Begins a new segment; the old one's bytes that are not handed on yet keep waiting in rolled_.
Status Log::roll(std::uint64_t batch_bytes, std::uint64_t capacity) {
  if (auto status = make_next(kSegmentHeaderBytes + batch_bytes, capacity); !status.ok()) return status;
  begin_segment(*std::exchange(next_, nullptr));
  return {};
}

// Makes sure that the next segment's file is there: the one that was made ahead, if it is good for
// `bytes_min` and no larger than `capacity`.
Status Log::make_next(std::uint64_t bytes_min, std::uint64_t capacity) {
  if (next_ != nullptr) {
    const bool made = next_->make().ok();
    if (made && next_->capacity_bytes() >= bytes_min && next_->capacity_bytes() <= capacity) {
      ++counters_.made_ahead;
      return {};
    }
    if (auto removed = next_->discard(); !removed.ok()) return removed;
    next_ = nullptr;
  }
  if (spare_bytes_ > capacity) drop_spare();
  NextSegment::Plan plan = plan_next(capacity);
  plan.bytes_min = bytes_min;
  next_ = std::make_shared<NextSegment>(disk_, std::move(plan));
  Status status = next_->make();
  if (status.ok()) return status;
  if (next_->discard().ok()) next_ = nullptr;
  return status;
}

NextSegment::Plan Log::plan_next(std::uint64_t capacity) {
  NextSegment::Plan plan;
  plan.directory = options_.directory;
  plan.number = next_number();
  plan.capacity_bytes = capacity;
  plan.spare_path = std::exchange(spare_path_, {});
  plan.spare_bytes = std::exchange(spare_bytes_, 0);
  plan.fault = options_.fault;
  return plan;
}

void Log::prepare_next(Background& background, std::int64_t now_ms) {
  if (active_ == kNoSegment || prepared_for_ == active_ || failed() || next_ != nullptr) return;
  if (end_bytes() < segments_[active_]->capacity_bytes / 2) return;
  prepared_for_ = active_;
  const auto capacity = quota_.new_segment_bytes(0, disk_bytes_lately(now_ms), true);
  // Near the limit of maxdisk it depends on what comes, how large it may be.
  if (!capacity || *capacity != usual_segment_bytes() || spare_bytes_ > *capacity) return;
  next_ = std::make_shared<NextSegment>(disk_, plan_next(*capacity));
  next_bytes_ = *capacity;
  // What fails is tried again, and told, when the segment is needed.
  background.run([next = next_] { static_cast<void>(next->make()); }, [] {});
}

void Log::begin_segment(NextSegment& next) {
  auto segment = std::make_unique<Segment>();
  segment->header.database = options_.database;
  segment->header.shard = options_.shard;
  segment->header.number = segment->header.order = next.number();
  segment->header.lowest_gsn = last_gsn_ + 1;
  segment->header.recycled = next.spare_bytes() > 0;
  segment->seed = segment->header.record_seed();
  segment->file = next.take_file();
  segment->capacity_bytes = next.capacity_bytes();
  segment->written_bytes = segment->durable_bytes = 0;

  if (active_ != kNoSegment) {
    segments_[active_]->end_bytes = end_bytes();
    segments_[active_]->header.highest_gsn = last_gsn_;
    unsealed_.push_back(active_);
    rolled_.push_back(std::move(buffer_));
    drop_written();
  }
  active_ = free_slot(segments_);
  prepared_for_ = kNoSegment;
  buffer_ = LogBuffer{};
  buffer_.segment = active_;
  const std::string header = segment->header.encode();
  std::memcpy(buffer_.grow(header.size()), header.data(), header.size());
  buffer_.last_gsn = last_gsn_;
  disk_bytes_ += segment->capacity_bytes;
  segments_[active_] = std::move(segment);
  zeroed_bytes_ = next.spare_bytes() / kBlockBytes * kBlockBytes;
}

void Log::take_spare(std::string path, std::uint64_t bytes) {
  spare_path_ = std::move(path);
  spare_bytes_ = bytes;
}

// Near the limit of maxdisk a segment may be smaller.
void Log::drop_spare() {
  if (auto removed = disk_.remove(spare_path_); !removed.ok()) options_.warn(removed.message());
  spare_path_.clear();
  spare_bytes_ = 0;
}

bool Log::wants_spare() const {
  const std::uint64_t files = next_ == nullptr ? 1 : 2;
  const bool room =
      !quota_.limited() || disk_bytes_ + files * quota_.segment_bytes() <= quota_.growth_bytes_max();
  return spare_path_.empty() && room;
}

Location Log::append(Record record) {
  record.gsn = ++last_gsn_;
  const std::uint64_t size = record_bytes(record.key.size(), record.value.size(), record.has(kHasExpiry));
  const std::uint64_t offset = end_bytes();
  assert(active_ != kNoSegment && offset + size <= segments_[active_]->capacity_bytes);
  const std::size_t at = buffer_.used;
  encode_record(record, buffer_.grow(size));
  buffer_.last_gsn = last_gsn_;
  if (in_batch_) {
    batch_.push_back(at);
  } else {
    finish_at(at, 0);
  }
  return {active_, offset};
}

void Log::end_batch() {
  in_batch_ = false;
  for (std::size_t i = 0; i < batch_.size(); ++i)
    finish_at(batch_[i], i + 1 < batch_.size() ? kContinues : 0);
  batch_.clear();
}

void Log::finish_at(std::size_t at, std::uint8_t flags) {
  finish_record(buffer_.memory.data() + at, flags, segments_[active_]->seed);
}

bool Log::readable(Location location) const {
  return location.offset_bytes() < segments_[location.segment()]->written_bytes;
}

bool Log::committed(Location location) const {
  const Segment& segment = *segments_[location.segment()];
  return location.offset_bytes() <
         (mode_ == SyncMode::kAlways ? segment.durable_bytes : segment.written_bytes);
}

void Log::close_active() {
  if (const auto unused = std::exchange(next_, nullptr)) {
    // The next start removes what is left.
    if (auto removed = unused->discard(); !removed.ok()) options_.warn(removed.message());
  }
  if (active_ == kNoSegment) return;
  assert(failed() || clean());
  segments_[active_]->end_bytes = end_bytes();
  segments_[active_]->header.highest_gsn = last_gsn_;
  unsealed_.push_back(active_);
  active_ = kNoSegment;
  buffer_ = LogBuffer{};
  if (!failed()) seal_rolled();
}

std::size_t Log::buffer_bytes() const {
  std::size_t bytes = buffer_.memory.bytes() + spare_.memory.bytes() + committing_.memory.bytes();
  for (const LogBuffer& buffer : rolled_) bytes += buffer.memory.bytes();
  return bytes;
}

void Log::fail(std::string reason) {
  if (!failure_.empty()) return;
  failure_ = std::move(reason);
  options_.warn("writes to " + options_.directory +
                " are refused until the server is started again: " + failure_);
}

}  // namespace stave
