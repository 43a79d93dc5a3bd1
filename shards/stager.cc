// SPDX-License-Identifier: Apache-2.0
#include "shards/stager.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "shards/packed.h"
#include "shards/record.h"
#include "shards/shard.h"

namespace stave {
namespace {

constexpr std::size_t kSpareBytesMax = 16u << 10;  // buffers up to this size are kept
constexpr std::size_t kSparesMax = 256;            // as many as reads are in flight on a busy device
constexpr std::size_t kNameBytesShown = 128;       // of a key, in an error
// Edits are read together up to so many bytes, with gaps up to so many between them.
constexpr std::uint64_t kPieceBytesMax = 1u << 20;
constexpr std::uint64_t kGapBytesMax = 32u << 10;

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
  std::unique_ptr<Read> read = take_read();
  read->db = key.db;
  read->name.assign(key.name);
  read->location = location;
  read->record_bytes = record_bytes(entry);
  if (waiter != nullptr) read->waiters.push_back(waiter);
  read->snapshot.segment = location.segment();
  submit(read->snapshot, location.offset_bytes(), location.offset_bytes() + read->record_bytes);
  if (entry.has(Entry::kChained)) read_edits(*read, *shard_.chain_of(key));
  reads_.emplace(location.packed, std::move(read));
}

// Records that stand near each other are read at once.
void Stager::read_edits(Read& read, const ColdChain& chain) {
  std::vector<const ColdChain::Edits*> by_place;
  for (const ColdChain::Edits& edits : chain.edits) by_place.push_back(&edits);
  std::sort(by_place.begin(), by_place.end(),
            [](const auto* a, const auto* b) { return a->location.packed < b->location.packed; });
  std::unordered_map<std::uint64_t, const Piece*> piece_of;  // by GSN
  for (std::size_t i = 0; i < by_place.size();) {
    const std::uint32_t segment = by_place[i]->location.segment();
    const std::uint64_t begin = by_place[i]->location.offset_bytes();
    std::uint64_t end = begin;
    auto piece = std::make_unique<Piece>();
    for (; i < by_place.size(); ++i) {
      const ColdChain::Edits& edits = *by_place[i];
      const std::uint64_t at = edits.location.offset_bytes();
      const bool near =
          end == begin || (at <= end + kGapBytesMax && at + edits.bytes <= begin + kPieceBytesMax);
      if (edits.location.segment() != segment || !near) break;
      end = at + edits.bytes;
      piece_of[edits.gsn] = piece.get();
    }
    piece->read = &read;
    piece->segment = segment;
    submit(*piece, begin, end);
    read.pieces.push_back(std::move(piece));
  }
  for (const ColdChain::Edits& edits : chain.edits)
    read.edits.push_back({piece_of[edits.gsn], edits.location.offset_bytes(), edits.bytes});
}

// Reads the blocks that hold the bytes from `begin` to `end` of the piece's segment.
void Stager::submit(Piece& piece, std::uint64_t begin, std::uint64_t end) {
  begin = block_start(begin);
  const std::uint64_t bytes = block_start(end + kBlockBytes - 1) - begin;
  if (piece.memory.bytes() < bytes) piece.memory = AlignedBuffer(bytes);
  piece.request = IoRequest{};
  piece.request.kind = IoRequest::Kind::kRead;
  piece.request.file = shard_.segments_[piece.segment]->file.get();
  piece.request.offset = begin;
  piece.request.data = piece.memory.data();
  piece.request.bytes = static_cast<std::uint32_t>(bytes);
  piece.request.owner = piece.read;
  piece.request.done = [](IoRequest& request) {
    auto* const read = static_cast<Read*>(request.owner);
    if (--read->waiting == 0) read->stager->done(*read);
  };
  ++piece.read->waiting;
  disk_.submit(piece.request);
}

bool Stager::reads(std::uint32_t slot) const {
  return std::any_of(reads_.begin(), reads_.end(), [&](const auto& each) {
    const Read& read = *each.second;
    return read.snapshot.segment == slot ||
           std::any_of(read.pieces.begin(), read.pieces.end(),
                       [&](const auto& piece) { return piece->segment == slot; });
  });
}

std::unique_ptr<Stager::Read> Stager::take_read() {
  std::unique_ptr<Read> read;
  if (!spare_.empty()) {
    read = std::move(spare_.back());
    spare_.pop_back();
  } else {
    read = std::make_unique<Read>();
    read->stager = this;
    read->snapshot.read = read.get();
  }
  return read;
}

void Stager::done(Read& finished) {
  auto node = reads_.extract(finished.location.packed);
  std::unique_ptr<Read> read = std::move(node.mapped());
  const Status status = install(*read);
  if (!status.ok()) {
    ++shard_.counters_.stage_errors;
    shard_.options_.warn(status.message());
  }
  const std::vector<StageWaiter*> waiters = std::exchange(read->waiters, {});
  read->pieces.clear();
  read->edits.clear();
  if (read->snapshot.memory.bytes() <= kSpareBytesMax && spare_.size() < kSparesMax)
    spare_.push_back(std::move(read));
  for (StageWaiter* waiter : waiters) waiter->staged(status);
}

Status Stager::install(const Read& read) {
  Record snapshot;
  Status status = check(read, {&read.snapshot, read.location.offset_bytes(), read.record_bytes}, snapshot);
  if (!status.ok()) return status;
  std::vector<std::string_view> edits;
  for (const Part& part : read.edits) {
    Record record;
    status = check(read, part, record);
    if (!status.ok()) return status;
    edits.push_back(record.value);
  }
  status = shard_.install({read.db, read.name}, snapshot, read.location, edits);
  return status.ok() ? Status()
                     : unreadable(read, {&read.snapshot, read.location.offset_bytes(), 0}, status.message());
}

Status Stager::unreadable(const Read& read, const Part& part, std::string_view why) {
  return Status::error("ERR cannot read the value of '" + read.name.substr(0, kNameBytesShown) +
                       "': " + part.piece->request.file->path() + " offset " +
                       std::to_string(part.offset_bytes) + ": " + std::string(why));
}

// What was written must be what is read: length, checksum, key.
Status Stager::check(const Read& read, const Part& part, Record& record) const {
  const Piece& piece = *part.piece;
  const auto bad = [&](std::string_view what) { return unreadable(read, part, what); };
  if (piece.request.result < 0) return bad(std::strerror(static_cast<int>(-piece.request.result)));
  const std::uint64_t at = part.offset_bytes - piece.request.offset;
  if (static_cast<std::uint64_t>(piece.request.result) < at + part.record_bytes)
    return bad("the file ends early");
  std::uint64_t size = 0;
  const std::string_view bytes(piece.memory.data() + at, part.record_bytes);
  const std::uint32_t seed = shard_.segments_[piece.segment]->seed;
  const bool verify = shard_.options_.fault() != Fault::kSkipChecksum;
  if (decode_record(bytes, seed, record, size, verify) != DecodeResult::kOk) return bad("checksum mismatch");
  if (record.key != read.name || size != part.record_bytes) return bad("another record is there");
  if (is_collection(record.kind) && !is_packed(type_of(record.kind), record.value))
    return bad("no collection is there");
  return {};
}

}  // namespace stave
