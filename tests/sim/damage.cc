// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/damage.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "shards/segment.h"

namespace stave::sim {
namespace {

// How many bytes of the file are as they will stay for ever; 0 when it may still change, or when a failed
// sync has lost some of it.
std::uint64_t final_bytes(const std::string& path, const Inode& inode) {
  if (!inode.unsynced.empty() || inode.kernel != inode.device) return 0;
  if (path.ends_with(".hint") || path.ends_with("/manifest")) return inode.kernel.size();
  if (!path.ends_with(".seg")) return 0;
  const auto header = SegmentHeader::decode(inode.kernel);
  return header.ok() && header->sealed ? header->end_bytes : 0;
}

std::int64_t inode_names(const Storage& storage, const Inode& inode) {
  return std::count_if(storage.kernel_names.begin(), storage.kernel_names.end(),
                       [&](const auto& each) { return each.second.get() == &inode; });
}

}  // namespace

std::optional<Damage> Damage::make(Storage& storage, Random& random) {
  std::vector<std::pair<std::string, std::uint64_t>> files;
  for (const auto& [path, inode] : storage.kernel_names) {
    // A backup is to stay whole, so no file that it has; nor one that only it still has.
    if (!path.starts_with("shard-") || inode_names(storage, *inode) > 1) continue;
    if (const std::uint64_t bytes = final_bytes(path, *inode); bytes > 0) files.emplace_back(path, bytes);
  }
  if (files.empty()) return std::nullopt;
  const auto& [path, bytes] = files[random() % files.size()];
  Inode& inode = *storage.kernel_names.at(path);
  Damage damage;
  damage.path = path;
  damage.offset = random() % bytes;
  damage.good = inode.kernel[damage.offset];
  inode.kernel[damage.offset] = inode.device[damage.offset] =
      static_cast<char>(damage.good ^ (1 << random() % 8));
  inode.damaged = true;
  return damage;
}

// Whatever the file was replaced by meanwhile is not damaged.
void Damage::undo(Storage& storage) const {
  const auto found = storage.kernel_names.find(path);
  if (found == storage.kernel_names.end() || !found->second->damaged) return;
  found->second->kernel[offset] = found->second->device[offset] = good;
  found->second->damaged = false;
}

bool Damage::is_named_by(const std::string& message, std::uint64_t bytes) const {
  const std::size_t named = message.find(path);
  if (named == std::string::npos) return false;
  if (offset < kSegmentHeaderBytes) return true;  // all that there is to say is that the header is damaged
  static const std::string kOffset = "offset ";
  const std::size_t at = message.find(kOffset, named);
  if (at == std::string::npos) return false;
  const std::uint64_t from = std::strtoull(message.c_str() + at + kOffset.size(), nullptr, 10);
  return from <= offset && offset < from + bytes;
}

}  // namespace stave::sim
