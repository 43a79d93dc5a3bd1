// SPDX-License-Identifier: Apache-2.0
#include "shards/stager.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "shards/limits.h"
#include "shards/packed.h"
#include "shards/record.h"
#include "shards/shard.h"

namespace stave {
namespace {

constexpr std::size_t kSpareBytesMax = 16u << 10;  // buffers up to this size are kept
constexpr std::size_t kSparesMax = 256;            // as many as reads are in flight on a busy device
constexpr std::size_t kNameBytesShown = 128;       // of a key, in an error
// Records of a chain are read together up to so many bytes, with gaps up to so many between them.
constexpr std::uint64_t kPieceBytesMax = 1u << 20;
constexpr std::uint64_t kGapBytesMax = 32u << 10;
// A value of more bytes is put together over several turns.
constexpr std::uint64_t kAtOnceBytesMax = 2 * limits::kPartBytes;

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
  if (entry.has(Entry::kChained)) read_links(*read, *shard_.chain_of(key));
  reads_.emplace(location.packed, std::move(read));
}

// There may be millions, so they are not sorted by place: in the order of their GSNs there are few runs in
// each segment, as compaction copies one segment behind the other.
void Stager::read_links(Read& read, const ColdChain& chain) {
  read.links.reserve(chain.links.size());
  for (const ColdChain::Link& link : chain.links) {
    const Piece& piece = piece_for(read, link);
    read.links.push_back({&piece, link.location.offset_bytes(), link.bytes});
    read.link_bytes += link.bytes;
  }
  for (const auto& piece : read.pieces) submit(*piece, piece->begin_bytes, piece->end_bytes);
}

// Records that stand near each other are read at once: extends the last piece of the segment, or adds one.
Stager::Piece& Stager::piece_for(Read& read, const ColdChain::Link& link) {
  const std::uint32_t segment = link.location.segment();
  const std::uint64_t begin = link.location.offset_bytes();
  const std::uint64_t end = begin + link.bytes;
  const auto last = std::find_if(read.pieces.rbegin(), read.pieces.rend(),
                                 [segment](const auto& piece) { return piece->segment == segment; });
  if (last != read.pieces.rend()) {
    Piece& piece = **last;
    const bool near = begin >= piece.end_bytes && begin <= piece.end_bytes + kGapBytesMax &&
                      end <= piece.begin_bytes + kPieceBytesMax;
    if (near) {
      piece.end_bytes = end;
      return piece;
    }
  }
  Piece& piece = *read.pieces.emplace_back(std::make_unique<Piece>());
  piece.read = &read;
  piece.segment = segment;
  piece.begin_bytes = begin;
  piece.end_bytes = end;
  return piece;
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

void Stager::done(Read& read) {
  Status status = begin(read);
  const bool large = read.record_bytes + read.link_bytes > kAtOnceBytesMax;
  if (large && read.builder != nullptr) return building_.push_back(&read);
  std::uint64_t bytes = 0;
  while (status.ok() && read.builder != nullptr) status = build(read, bytes);
  end(read, status);
}

bool Stager::build_some() {
  if (building_.empty()) return false;
  Read& read = *building_.front();
  building_.pop_front();
  if (!shard_.is_wanted({read.db, read.name}, read.location)) give_up(read);
  Status status;
  for (std::uint64_t bytes = 0; status.ok() && read.builder != nullptr && bytes < limits::kPartBytes;)
    status = build(read, bytes);
  if (status.ok() && read.builder != nullptr)
    building_.push_back(&read);
  else
    end(read, status);
  return !building_.empty();
}

// What there is of the value by now is of no use.
void Stager::give_up(Read& read) {
  if (read.builder != nullptr) shard_.graves_.put_large(read.builder->collection());
  read.builder = nullptr;
}

void Stager::end(Read& finished, const Status& status) {
  auto node = reads_.extract(finished.location.packed);
  std::unique_ptr<Read> read = std::move(node.mapped());
  if (!status.ok()) {
    ++shard_.counters_.stage_errors;
    shard_.options_.warn(status.message());
  }
  const std::vector<StageWaiter*> waiters = std::exchange(read->waiters, {});
  read->pieces.clear();
  read->links = {};
  read->link_bytes = 0;
  read->taken = 0;
  give_up(*read);
  if (read->snapshot.memory.bytes() <= kSpareBytesMax && spare_.size() < kSparesMax)
    spare_.push_back(std::move(read));
  for (StageWaiter* waiter : waiters) waiter->staged(status);
}

// The first record: for most values it is all there is.
Status Stager::begin(Read& read) {
  Record record;
  const Part part{&read.snapshot, read.location.offset_bytes(), read.record_bytes};
  if (auto status = check(read, part, record); !status.ok()) return status;
  ++shard_.counters_.staged;
  const Key key{read.db, read.name};
  if (!shard_.is_wanted(key, read.location)) return {};
  if (is_value(record.kind) && !record.has(kChainHead) && read.links.empty()) {
    if (is_collection(record.kind) && !is_packed(type_of(record.kind), record.value))
      return unreadable(read, part, "no collection is there");
    return shard_.install(key, record.value);
  }
  if (record.kind == RecordKind::kString || (!is_value(record.kind) && !is_link(record.kind)))
    return unreadable(read, part, "no collection is there");
  read.builder = std::make_unique<ChainBuilder>(type_of(record.kind), shard_.options_.collections);
  if (auto status = read.builder->take(record); !status.ok()) return unreadable(read, part, status.message());
  return {};
}

// A piece of work; adds for how many bytes of the log it stands. Without a builder it was the last.
Status Stager::build(Read& read, std::uint64_t& bytes) {
  if (read.builder->step()) {
    bytes += limits::kPartBytes;
    return {};
  }
  return read.taken < read.links.size() ? take(read, bytes) : install(read);
}

Status Stager::take(Read& read, std::uint64_t& bytes) {
  const Part& part = read.links[read.taken++];
  Record record;
  if (auto status = check(read, part, record); !status.ok()) return status;
  if (!is_link(record.kind)) return unreadable(read, part, "another record is there");
  if (is_edits(record.kind)) bytes += part.record_bytes;
  const Status status = read.builder->take(record);
  return status.ok() ? Status() : unreadable(read, part, status.message());
}

Status Stager::install(Read& read) {
  Status status = read.builder->finish();
  if (status.ok()) {
    status = shard_.install({read.db, read.name}, read.builder->collection(), read.builder->first_gsn());
    read.builder = nullptr;
  }
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
  return {};
}

}  // namespace stave
