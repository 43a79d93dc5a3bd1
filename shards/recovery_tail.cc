// SPDX-License-Identifier: Apache-2.0
// Recovery makes the tail of the log durable. What an earlier run wrote may only be with the kernel, and what
// is answered from now on relies on it. A sync alone is not enough: after one that failed, the kernel takes
// what the disk never got for written. So the tail's bytes are written again first.
//
// The disk needs longer for this than the tail's records take, so a helper thread begins with it while hints
// are loaded. It has ended before the first of the tail is read: what is read is durable then.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "shards/helper.h"
#include "shards/limits.h"
#include "shards/recovery.h"

namespace stave {
namespace {

constexpr std::uint64_t kAheadBytes = 8 << 20;  // for less, a thread costs more than it saves

// Writes the file's bytes up to `end_bytes` again and syncs them. Stops at its end, and at the first chunk
// that was never written to if `stop_at_zeros`. Returns how much of it is durable.
Result<std::uint64_t> rewrite(File& file, std::uint64_t end_bytes, bool stop_at_zeros) {
  std::string chunk;
  std::uint64_t offset = 0;
  while (offset < end_bytes) {
    chunk.resize(std::min<std::uint64_t>(end_bytes - offset, limits::kScanChunkBytes));
    auto count = file.read(offset, chunk);
    if (!count.ok()) return count.take_status();
    chunk.resize(*count);
    const bool blank = std::all_of(chunk.begin(), chunk.end(), [](char c) { return c == 0; });
    if (chunk.empty() || (stop_at_zeros && blank)) break;
    if (auto status = file.write(offset, chunk); !status.ok()) return status;
    offset += chunk.size();
  }
  if (auto status = file.sync(); !status.ok()) return status;
  return offset;
}

}  // namespace

// One segment after the other, as the disk is no faster with all at once, and there are many when an earlier
// run could not seal. Not where old bytes follow the tail's, as nothing tells them apart yet.
void Recovery::rewrite_ahead() {
  std::vector<std::pair<Piece*, File*>> tails;
  for (Piece& piece : pieces_) {
    if (!piece.tail || piece.gone() || fault_ != Fault::kNone) continue;
    if (piece.file_bytes < kAheadBytes || piece.segment->header.recycled) continue;
    tails.emplace_back(&piece, piece.segment->file.get());
  }
  if (tails.empty()) return;
  rewriting_ = run_aside([tails = std::move(tails)] {
    for (const auto& [piece, file] : tails) {
      auto durable = rewrite(*file, piece->file_bytes, true);
      if (durable.ok())
        piece->durable_bytes = *durable;
      else
        piece->rewritten = durable.take_status();
    }
  });
}

Status Recovery::end_rewrite(Piece& piece) {
  if (rewriting_.valid()) rewriting_.get();
  return std::move(piece.rewritten);
}

Status Recovery::make_durable(File& file, std::uint64_t end_bytes) const {
  if (fault_ == Fault::kNoSyncInRecovery) return {};
  if (fault_ == Fault::kOnlySyncInRecovery) return file.sync();
  auto durable = rewrite(file, end_bytes, false);
  if (!durable.ok()) return durable.take_status();
  return *durable == end_bytes ? Status() : Status::error(file.path() + ": became shorter while it was read");
}

}  // namespace stave
