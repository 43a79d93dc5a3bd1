// SPDX-License-Identifier: Apache-2.0
// The course of a run. What is judged and changed record by record is in compaction_batch.cc.
#include "shards/compaction.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "shards/hash_key.h"
#include "shards/shard.h"
#include "shards/victims.h"

namespace stave {
namespace {

// So that the file does not pass for the segment that it was.
Status blank_header(Disk& disk, const std::string& path) {
  auto file = disk.open(path);
  if (!file.ok()) return file.take_status();
  const std::string zeros(kSegmentHeaderBytes, '\0');
  if (auto status = (*file)->write(0, zeros); !status.ok()) return status;
  return (*file)->sync();
}

}  // namespace

Compaction::Compaction(Shard& shard) : shard_(shard) {}

Compaction::~Compaction() {
  assert(idle());
}

std::int64_t Compaction::step() {
  if (job_under_way_ || stopped_ || stopping_) return 0;
  const std::int64_t now_ms = shard_.now_ms_;
  // The clock may have been set back.
  if (now_ms < next_ms_ && next_ms_ - now_ms <= limits::kCompactionRetryMs)
    return run_ == nullptr ? 0 : next_ms_;
  if (run_ == nullptr) {
    const bool short_of_disk = shard_.log_.short_of_disk(now_ms);
    const std::int64_t pause_ms = short_of_disk ? limits::kUrgentCheckMs : limits::kCompactionCheckMs;
    if (now_ms < idle_until_ms_ && idle_until_ms_ - now_ms <= pause_ms) return 0;
    idle_until_ms_ = now_ms + pause_ms;
    looked_gsn_ = shard_.log_.last_gsn();
    if (!begin()) {
      // Only what is sealed can be compacted, and only what is durable is sealed.
      if (short_of_disk && shard_.log_.has_unsealed()) shard_.log_.make_durable(looked_gsn_);
      return 0;
    }
    idle_until_ms_ = 0;
  }
  switch (run_->phase) {
    case Phase::kCopy:
      run_->looked_up < run_->batch.size() ? judge_slice() : copy_batch();
      break;
    case Phase::kSeal:
      seal();
      break;
    case Phase::kSettle:
      settle();
      break;
    case Phase::kSwitch:
      switch_over();
      break;
    case Phase::kRepoint:
      run_->looked_up < run_->batch.size() ? repoint_slice() : repoint_batch();
      break;
    case Phase::kRelease:
      release();
      break;
  }
  return run_ != nullptr && !job_under_way_ ? now_ms + 1 : 0;
}

bool Compaction::enabled() const {
  return settings_.threshold_percent < 100 && !shard_.log_.failed() && shard_.options_.ledger != nullptr;
}

bool Compaction::begin() {
  if (!enabled()) return false;
  // Where maxdisk leaves no room for another segment, any dead bytes are worth it.
  const unsigned threshold = shard_.log_.short_of_disk(shard_.now_ms_) ? 1 : settings_.threshold_percent;
  auto victims = choose_victims(shard_.segments_, threshold, shard_.log_.usual_segment_bytes());
  if (victims.empty()) return false;
  run_ = std::make_unique<Run>();
  Run& run = *run_;
  run.victims = std::move(victims);
  run.started_ms = shard_.now_ms_;
  run.clean_gsn = shard_.log_.last_gsn();
  run.manifest = shard_.manifest_;
  SegmentHeader header = shard_.segments_[run.victims.back()]->header;
  header.number = shard_.log_.next_number();
  header.kind = SegmentKind::kCompacted;
  header.clean_gsn = run.clean_gsn;
  header.generation = 255;
  std::uint64_t bytes_max = 0;
  for (const std::uint32_t slot : run.victims) {
    const Segment& segment = *shard_.segments_[slot];
    bytes_max += segment.live_bytes + segment.tombstone_bytes;
    run.freed_bytes += segment.end_bytes;
    header.generation = std::min(header.generation, segment.header.generation);
  }
  header.generation = static_cast<std::uint8_t>(std::min(header.generation + 1, 255));
  run.writer = std::make_unique<SegmentWriter>(shard_.disk_, shard_.options_.log.directory, header, bytes_max,
                                               shard_.options_.fault());
  run.reader = open_victim();
  return true;
}

// Readies the run for the victim whose turn it is.
std::unique_ptr<SegmentReader> Compaction::open_victim() {
  Run& run = *run_;
  const Segment& victim = *shard_.segments_[run.victims[run.at]];
  run.end_bytes = victim.end_bytes;
  run.hiding_gsn = lowest_clean_gsn(shard_.segments_, victim.header.order, run.victims);
  run.older_log = std::any_of(shard_.segments_.begin(), shard_.segments_.end(), [&](const auto& segment) {
    return segment != nullptr && segment->header.kind == SegmentKind::kLog &&
           segment->header.order < victim.header.order;
  });
  const SpaceUse use = space_use(shard_.segments_);
  const auto dead = static_cast<double>(use.reclaimable_bytes);
  const double percent = 100 * dead / static_cast<double>(std::max<std::uint64_t>(use.bytes, 1));
  run.urgency = (percent - settings_.threshold_percent) / limits::kUrgentPercent;
  return std::make_unique<SegmentReader>(*victim.file, victim.header, victim.end_bytes);
}

void Compaction::seal() {
  Run& run = *run_;
  run.phase = Phase::kSeal;
  job(
      [&run] {
        run.status = write_batch(run);
        if (!run.status.ok()) return;
        auto output = run.writer->finish();
        if (output.ok())
          run.output = std::move(*output);
        else
          run.status = output.take_status();
      },
      &Compaction::settle);
}

void Compaction::settle() {
  Run& run = *run_;
  if (!run.status.ok()) return give_up(run.status);
  run.phase = Phase::kSettle;
  if (shard_.options_.fault() == Fault::kDropUnsettled) {
    run.phase = Phase::kSwitch;
    return;
  }
  if (shard_.log_.failed()) return give_up(Status::error(shard_.log_.failure()));
  if (!shard_.log_.make_durable(run.judged_gsn)) return;
  if (!shard_.all_settled(run.judged_transaction)) return;
  run.manifest.settled = std::max(run.manifest.settled, run.judged_transaction);
  run.phase = Phase::kSwitch;
}

void Compaction::switch_over() {
  if (shard_.backup_.holds_files()) return;
  Run& run = *run_;
  std::uint64_t live_bytes = 0;
  for (const std::uint32_t slot : run.victims) live_bytes += shard_.segments_[slot]->live_bytes;
  if (live_bytes > run.kept_bytes)
    return give_up(Status::error("the copy lacks records that are live; nothing was replaced"));
  run.manifest.segments.clear();
  for (std::uint32_t slot = 0; slot < shard_.segments_.size(); ++slot) {
    const Segment* segment = shard_.segments_[slot].get();
    if (segment == nullptr || !segment->complete) continue;
    if (segment->header.kind == SegmentKind::kLog)
      run.manifest.log_gsn = std::max(run.manifest.log_gsn, segment->header.highest_gsn);
    if (std::find(run.victims.begin(), run.victims.end(), slot) == run.victims.end())
      run.manifest.segments.push_back(segment->header.number);
  }
  if (run.output != nullptr) run.manifest.segments.push_back(run.output->header.number);
  std::sort(run.manifest.segments.begin(), run.manifest.segments.end());
  job(
      [this, &run] {
        const Log::Options& log = shard_.options_.log;
        run.status = run.manifest.save(shard_.disk_, log.directory, log.database, log.shard, &run.in_doubt);
      },
      &Compaction::switched);
}

void Compaction::switched() {
  Run& run = *run_;
  if (!run.status.ok() && !run.in_doubt) return give_up(run.status);
  if (!run.status.ok()) {
    // The old manifest is in force, or the new one: all files stay until the next start looks.
    stopped_ = true;
    fail(run.status);
    run_ = nullptr;
    return;
  }
  shard_.manifest_ = run.manifest;
  run.phase = Phase::kRelease;
  if (run.output == nullptr) return;
  counters_.bytes_written += run.output->end_bytes;
  run.freed_bytes -= run.output->end_bytes;
  run.output_slot = free_slot(shard_.segments_);
  shard_.segments_[run.output_slot] = std::move(run.output);
  start_repointing();
}

bool Compaction::victims_are_read() const {
  return std::any_of(run_->victims.begin(), run_->victims.end(),
                     [&](std::uint32_t slot) { return shard_.stager_.reads(slot); });
}

// Nothing points at the victims any more, but reads may be under way.
void Compaction::release() {
  Run& run = *run_;
  if (run.files_gone) return end_run();
  if (victims_are_read() && shard_.options_.fault() != Fault::kRecycleUnderReaders) return;
  std::vector<std::uint64_t> numbers;
  const std::uint64_t usual_bytes = shard_.log_.usual_segment_bytes();
  for (const std::uint32_t slot : run.victims) {
    const Segment& victim = *shard_.segments_[slot];
    assert(victim.live_bytes == 0);
    numbers.push_back(victim.header.number);
    const bool fits = victim.end_bytes >= usual_bytes / 2 && victim.end_bytes <= usual_bytes;
    if (!fits || !run.spare_path.empty() || !shard_.log_.wants_spare()) continue;
    run.spare_path = shard_.options_.log.directory + "/" + segment_name(victim.header.number);
    run.spare_bytes = victim.end_bytes;
  }
  job([this, &run, numbers = std::move(numbers)] { run.status = remove_files(run, numbers); },
      &Compaction::files_gone);
}

// On the other thread. What it leaves behind the next start removes.
Status Compaction::remove_files(Run& run, const std::vector<std::uint64_t>& numbers) const {
  Disk& disk = shard_.disk_;
  const std::string& directory = shard_.options_.log.directory;
  if (!run.spare_path.empty() && shard_.options_.fault() != Fault::kRecycleShared) {
    auto names = disk.links(run.spare_path);
    if (!names.ok()) return names.take_status();
    if (*names > 1) run.spare_path.clear();  // a backup has the file, too: it must stay as it is
  }
  if (!run.spare_path.empty()) {
    const std::string spare = directory + "/recycled.seg.new";
    Status status = disk.rename(run.spare_path, spare);
    run.spare_path = spare;
    // Under its old name it must not stand there without a header.
    if (status.ok()) status = disk.sync_directory(directory);
    if (status.ok()) status = blank_header(disk, spare);
    if (!status.ok()) return status;
  }
  for (const std::uint64_t number : numbers) {
    for (const std::string& name : {segment_name(number), hint_name(number)}) {
      const std::string path = directory + "/" + name;
      if (!disk.exists(path)) continue;
      if (auto status = disk.remove(path); !status.ok()) return status;
    }
  }
  return {};
}

void Compaction::files_gone() {
  Run& run = *run_;
  run.files_gone = true;
  if (!run.status.ok())
    fail(run.status);
  else if (!run.spare_path.empty())
    shard_.log_.take_spare(run.spare_path, run.spare_bytes);
  end_run();
}

void Compaction::end_run() {
  Run& run = *run_;
  if (victims_are_read()) return;
  // Closing a file without a name frees its blocks and pages: a tenth of a second for a large one.
  auto victims = std::make_shared<SegmentTable>();
  for (const std::uint32_t slot : run.victims) victims->push_back(std::move(shard_.segments_[slot]));
  shard_.log_.look_at_disk_again();
  ++counters_.runs;
  counters_.segments_freed += run.victims.size();
  counters_.bytes_freed += run.freed_bytes;
  const auto took_ms = static_cast<double>(std::max<std::int64_t>(shard_.now_ms_ - run.started_ms, 1));
  const double rate = static_cast<double>(run.freed_bytes) / took_ms;
  freed_bytes_per_ms_ = freed_bytes_per_ms_ == 0 ? rate : (3 * freed_bytes_per_ms_ + rate) / 4;
  run_ = nullptr;
  job_under_way_ = true;
  shard_.background_.run([victims] { victims->clear(); }, [this] { job_under_way_ = false; });
}

void Compaction::job(std::function<void()> work, void (Compaction::*then)()) {
  job_under_way_ = true;
  run_->status = Status();
  shard_.background_.run(std::move(work), [this, then] {
    job_under_way_ = false;
    if (stopping_ && run_->phase <= Phase::kSettle) return give_up(Status());
    if (stopping_ && then != &Compaction::switched) return;
    (this->*then)();
  });
}

void Compaction::stop() {
  stopping_ = true;
  if (run_ != nullptr && !job_under_way_ && run_->phase <= Phase::kSettle) give_up(Status());
}

// Before the switch, or where it surely failed: the victims stay what they were. An ok status: it was not an
// error.
void Compaction::give_up(const Status& status) {
  if (!status.ok()) fail(status);
  std::shared_ptr<SegmentWriter> writer = std::move(run_->writer);
  run_ = nullptr;
  next_ms_ = shard_.now_ms_ + limits::kCompactionRetryMs;
  job_under_way_ = true;
  shard_.background_.run([writer] { writer->give_up(); }, [this] { job_under_way_ = false; });
}

void Compaction::fail(const Status& status) {
  ++counters_.errors;
  if (last_error_ != status.message()) shard_.options_.warn("compaction: " + status.message());
  last_error_ = status.message();
}

// Slower when commands wait for the disk, and when there is little to give back.
void Compaction::pace(std::uint64_t bytes) {
  if (settings_.budget_bytes == 0) return;
  const double share = waits_for_commands() ? std::clamp(run_->urgency, limits::kPolitePart, 1.0) : 1.0;
  const double rate = share * static_cast<double>(settings_.budget_bytes) / 1000;  // bytes a ms
  next_ms_ = std::max(next_ms_, shard_.now_ms_ - limits::kPaceSlackMs) +
             static_cast<std::int64_t>(static_cast<double>(bytes) / rate);
}

bool Compaction::waits_for_commands() const {
  return shard_.stager_.in_flight() > 0 || !shard_.log_.idle();
}

bool Compaction::may_give_space() const {
  if (stopped_ || stopping_ || !enabled()) return false;
  if (run_ != nullptr) return true;
  if (shard_.now_ms_ < next_ms_) return false;  // after an error
  const bool looks = shard_.now_ms_ >= idle_until_ms_ || looked_gsn_ != shard_.log_.last_gsn();
  const bool seals = shard_.log_.has_unsealed() || shard_.sealing_ || !shard_.to_seal_.empty();
  return looks || (seals && !shard_.sealing_failed_);
}

std::uint64_t Compaction::backlog_bytes() const {
  const SpaceUse use = space_use(shard_.segments_);
  const std::uint64_t allowed = use.bytes / 100 * settings_.threshold_percent;
  return use.reclaimable_bytes > allowed ? use.reclaimable_bytes - allowed : 0;
}

std::int64_t Compaction::seconds_left() const {
  const std::uint64_t backlog = backlog_bytes();
  if (backlog == 0) return 0;
  if (freed_bytes_per_ms_ <= 0) return -1;
  return static_cast<std::int64_t>(static_cast<double>(backlog) / freed_bytes_per_ms_ / 1000) + 1;
}

}  // namespace stave
