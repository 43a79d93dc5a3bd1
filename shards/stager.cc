// SPDX-License-Identifier: Apache-2.0
#include "shards/stager.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "shards/record.h"
#include "shards/shard.h"

namespace stave {
namespace {

constexpr std::size_t kSpareBytesMax = 16u << 10;  // buffers up to this size are kept
constexpr std::size_t kSparesMax = 256;            // as many as reads are in flight on a busy device
constexpr std::size_t kNameBytesShown = 128;       // of a key, in an error

std::uint64_t block_start(std::uint64_t offset) {
  return offset / kBlockBytes * kBlockBytes;
}

}  // namespace

Stager::~Stager() {
  assert(reads_.empty());
}

void Stager::read(Key key, const Entry& entry, StageWaiter* waiter) {
  const Location location = entry.location();
  const auto under_way = reads_.find(location.packed);
  if (under_way != reads_.end()) {
    if (waiter != nullptr) under_way->second->waiters.push_back(waiter);
    return;
  }
  const std::uint64_t offset = location.offset_bytes();
  const std::uint64_t size = record_bytes(entry.key_bytes(), entry.value_bytes(), entry.has(Entry::kExpires));
  const std::uint64_t begin = block_start(offset);
  const std::uint64_t bytes = block_start(offset + size + kBlockBytes - 1) - begin;
  std::unique_ptr<Read> read = take_read(bytes);
  read->db = key.db;
  read->name.assign(key.name);
  read->location = location;
  read->record_at = offset - begin;
  read->record_bytes = size;
  if (waiter != nullptr) read->waiters.push_back(waiter);
  read->request = IoRequest{};
  read->request.kind = IoRequest::Kind::kRead;
  read->request.file = shard_.segments_[location.segment()]->file.get();
  read->request.offset = begin;
  read->request.data = read->memory.data();
  read->request.bytes = static_cast<std::uint32_t>(bytes);
  read->request.owner = read.get();
  read->request.done = [](IoRequest& request) {
    auto* const finished = static_cast<Read*>(request.owner);
    finished->stager->done(*finished);
  };
  IoRequest& request = read->request;
  reads_.emplace(location.packed, std::move(read));
  disk_.submit(request);
}

bool Stager::reads(std::uint32_t slot) const {
  return std::any_of(reads_.begin(), reads_.end(),
                     [&](const auto& each) { return each.second->location.segment() == slot; });
}

std::unique_ptr<Stager::Read> Stager::take_read(std::size_t bytes) {
  std::unique_ptr<Read> read;
  if (!spare_.empty()) {
    read = std::move(spare_.back());
    spare_.pop_back();
  } else {
    read = std::make_unique<Read>();
    read->stager = this;
  }
  if (read->memory.bytes() < bytes) read->memory = AlignedBuffer(bytes);
  return read;
}

void Stager::done(Read& finished) {
  auto node = reads_.extract(finished.location.packed);
  std::unique_ptr<Read> read = std::move(node.mapped());
  std::string_view value;
  const Status status = check(*read, value);
  if (status.ok()) {
    shard_.install({read->db, read->name}, read->location, value);
  } else {
    ++shard_.counters_.stage_errors;
    shard_.options_.warn(status.message());
  }
  const std::vector<StageWaiter*> waiters = std::exchange(read->waiters, {});
  if (read->memory.bytes() <= kSpareBytesMax && spare_.size() < kSparesMax) spare_.push_back(std::move(read));
  for (StageWaiter* waiter : waiters) waiter->staged(status);
}

// What was written must be what is read: length, checksum, key.
Status Stager::check(const Read& read, std::string_view& value) const {
  const auto bad = [&](std::string_view what) {
    return Status::error("ERR cannot read the value of '" + read.name.substr(0, kNameBytesShown) +
                         "': " + read.request.file->path() + " offset " +
                         std::to_string(read.location.offset_bytes()) + ": " + std::string(what));
  };
  if (read.request.result < 0) return bad(std::strerror(static_cast<int>(-read.request.result)));
  if (static_cast<std::uint64_t>(read.request.result) < read.record_at + read.record_bytes)
    return bad("the file ends early");
  Record record;
  std::uint64_t size = 0;
  const std::string_view bytes(read.memory.data() + read.record_at, read.record_bytes);
  const std::uint32_t seed = shard_.segments_[read.location.segment()]->seed;
  const bool verify = shard_.options_.fault() != Fault::kSkipChecksum;
  if (decode_record(bytes, seed, record, size, verify) != DecodeResult::kOk) return bad("checksum mismatch");
  if (record.key != read.name || size != read.record_bytes) return bad("another record is there");
  value = record.value;
  return {};
}

}  // namespace stave
