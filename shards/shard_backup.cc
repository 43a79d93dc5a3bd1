// SPDX-License-Identifier: Apache-2.0
#include "shards/shard_backup.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "shards/hint.h"
#include "shards/limits.h"
#include "shards/shard.h"

namespace stave {
namespace {

Status cancelled_error() {
  return Status::error("the server is shutting down");
}

}  // namespace

ShardBackup::~ShardBackup() {
  assert(idle());
}

void ShardBackup::cut() {
  assert(!cut_);
  const Log& log = shard_.log_;
  cut_ = Cut{.gsn = log.last_gsn()};
  if (const auto active = log.active()) {
    cut_->segment_number = shard_.segments_[*active]->header.number;
    cut_->end_bytes = log.end_of(*active);
  }
}

void ShardBackup::write(std::string directory, const std::atomic<bool>& cancelled, Done done) {
  assert(cut_ && done_ == nullptr);
  directory_ = std::move(directory);
  cancelled_ = &cancelled;
  done_ = std::move(done);
}

bool ShardBackup::step() {
  if (done_ == nullptr || job_under_way_) return false;
  Log& log = shard_.log_;
  if (cancelled_->load() || log.failed()) {
    end(log.failed() ? Status::error(log.failure()) : cancelled_error(), {});
    return false;
  }
  if (!log.make_durable(cut_->gsn) || shard_.compaction_.switching() || seals_more()) return true;
  auto plan = std::make_shared<Plan>(make_plan());
  job_under_way_ = true;
  shard_.background_.run([this, plan] { carry_out(shard_.disk_, *plan); },
                         [this, plan] {
                           job_under_way_ = false;
                           end(plan->status, plan->size);
                         });
  return false;
}

void ShardBackup::end(const Status& status, const Size& size) {
  cut_.reset();
  std::exchange(done_, nullptr)(status, size);
}

// True while a full segment is about to be sealed: then it need not be copied.
bool ShardBackup::seals_more() const {
  if (shard_.sealing_failed_) return false;
  return std::any_of(shard_.segments_.begin(), shard_.segments_.end(), [&](const auto& segment) {
    if (segment == nullptr || segment->header.number == cut_->segment_number) return false;
    const auto part = part_of(*segment);
    return part && !part->linked;
  });
}

ShardBackup::Plan ShardBackup::make_plan() const {
  Plan plan;
  plan.from = shard_.options_.log.directory;
  plan.to = directory_;
  plan.database = shard_.options_.log.database;
  plan.shard = shard_.options_.log.shard;
  plan.manifest = shard_.manifest_;
  plan.void_transactions = shard_.void_transactions_;
  plan.cancelled = cancelled_;
  for (const auto& segment : shard_.segments_) {
    if (segment == nullptr) continue;
    if (auto part = part_of(*segment)) plan.parts.push_back(*part);
  }
  return plan;
}

// None when the segment does not count, or is of after the cut.
std::optional<ShardBackup::Plan::Part> ShardBackup::part_of(const Segment& segment) const {
  Plan::Part part;
  part.header = segment.header;
  SegmentHeader& header = part.header;
  const bool listed = shard_.manifest_.lists(header.number);
  const bool in_log = header.kind == SegmentKind::kLog && header.lowest_gsn > shard_.manifest_.log_gsn;
  if (!listed && (!in_log || header.lowest_gsn > cut_->gsn)) return std::nullopt;
  const bool is_last = header.number == cut_->segment_number;
  // Its file may be gone already, as compaction takes it for a victim.
  const bool blank = segment.complete && header.highest_gsn < header.lowest_gsn;
  if (!listed && !is_last && blank) return std::nullopt;
  const bool grew = is_last && header.highest_gsn > cut_->gsn;
  // What a start found complete but without a hint may not be durable until it has been through sealing.
  const bool durable = !segment.sealing && (segment.hinted || !shard_.sealing_failed_);
  part.linked = segment.complete && durable && !grew;
  part.hinted = part.linked && segment.hinted;
  if (part.linked) return part;
  header.sealed = true;
  header.recycled = false;
  header.end_bytes = is_last ? cut_->end_bytes : segment.end_bytes;
  if (is_last) header.highest_gsn = cut_->gsn;
  return part;
}

void ShardBackup::carry_out(Disk& disk, Plan& plan) {
  Status& status = plan.status;
  status = disk.make_directory(plan.to);
  for (const Plan::Part& part : plan.parts) {
    if (status.ok() && plan.cancelled->load()) status = cancelled_error();
    if (!status.ok()) return;
    status = part.linked ? link_segment(disk, plan, part) : copy_segment(disk, plan, part);
    part.linked ? void(++plan.size.linked_segments) : void(plan.size.copied_bytes += part.header.end_bytes);
  }
  // Last, as it makes the directory durable.
  if (status.ok()) status = plan.manifest.save(disk, plan.to, plan.database, plan.shard);
}

Status ShardBackup::link_segment(Disk& disk, const Plan& plan, const Plan::Part& part) {
  const auto link = [&](const std::string& name) {
    return disk.link(plan.from + "/" + name, plan.to + "/" + name);
  };
  auto status = link(segment_name(part.header.number));
  if (status.ok() && part.hinted) status = link(hint_name(part.header.number));
  return status;
}

Status ShardBackup::copy_segment(Disk& disk, const Plan& plan, const Plan::Part& part) {
  const std::string name = segment_name(part.header.number);
  auto from = disk.open(plan.from + "/" + name);
  if (!from.ok()) return from.take_status();
  auto to = disk.create(plan.to + "/" + name);
  if (!to.ok()) return to.take_status();
  Status status = copy_records(plan, part.header, **from, **to);
  if (status.ok()) status = (*to)->write(0, part.header.encode());
  if (status.ok()) status = (*to)->sync();
  // Which reads and checks the records, too.
  if (status.ok()) status = write_hint(disk, plan.to, part.header, plan.void_transactions);
  return status;
}

Status ShardBackup::copy_records(const Plan& plan, const SegmentHeader& header, File& from, File& to) {
  if (auto status = to.allocate(header.end_bytes); !status.ok()) return status;
  std::string bytes;
  std::uint64_t synced_bytes = 0;
  for (std::uint64_t at = kSegmentHeaderBytes; at < header.end_bytes; at += bytes.size()) {
    if (plan.cancelled->load()) return cancelled_error();
    bytes.resize(std::min<std::uint64_t>(limits::kBackupCopyBytes, header.end_bytes - at));
    auto got = from.read(at, bytes);
    if (!got.ok()) return got.take_status();
    if (*got < bytes.size()) return Status::error(from.path() + ": is shorter than its records");
    if (auto status = to.write(at, bytes); !status.ok()) return status;
    if (at < synced_bytes + limits::kBackupSyncBytes) continue;
    synced_bytes = at;
    if (auto status = to.sync(); !status.ok()) return status;
  }
  return {};
}

}  // namespace stave
