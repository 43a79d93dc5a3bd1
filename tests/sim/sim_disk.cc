// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/sim_disk.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <set>
#include <unordered_map>

namespace stave::sim {
namespace {

constexpr std::size_t kSectorBytes = 512;

void put_bytes(std::string& contents, std::uint64_t offset, std::string_view bytes) {
  if (contents.size() < offset + bytes.size()) contents.resize(offset + bytes.size(), '\0');
  contents.replace(offset, bytes.size(), bytes);
}

void apply_change(std::string& contents, const Unsynced& change) {
  if (change.size) {
    contents.resize(*change.size, '\0');
  } else {
    put_bytes(contents, change.offset, change.bytes);
  }
}

// Calls `visit(offset, bytes)` for each sector's part of a write.
template <typename Visit>
void for_each_sector(std::uint64_t offset, std::string_view bytes, Visit visit) {
  while (!bytes.empty()) {
    const std::size_t count = std::min<std::size_t>(kSectorBytes - offset % kSectorBytes, bytes.size());
    visit(offset, bytes.substr(0, count));
    bytes.remove_prefix(count);
    offset += count;
  }
}

std::string_view parent_of(std::string_view path) {
  return path.substr(0, path.rfind('/'));
}

}  // namespace

class SimFile final : public File {
 public:
  SimFile(SimDisk& disk, std::string path, std::shared_ptr<Inode> inode)
      : disk_(disk), path_(std::move(path)), inode_(std::move(inode)) {}

  const std::string& path() const override { return path_; }
  Inode& inode() { return *inode_; }

  Result<std::uint64_t> size() override {
    if (!disk_.begin_call()) return disk_.failure(path_);
    return std::uint64_t{inode_->kernel.size()};
  }
  Result<std::size_t> read(std::uint64_t offset, std::span<char> into) override {
    if (!disk_.begin_call()) return disk_.failure(path_);
    if (offset >= inode_->kernel.size()) return std::size_t{0};
    return inode_->kernel.copy(into.data(), into.size(), offset);
  }
  Status write(std::uint64_t offset, std::string_view bytes) override {
    if (!disk_.begin_call()) return disk_.write_failure(*inode_, offset, bytes, path_);
    if (auto status = disk_.grow(*inode_, offset + bytes.size(), path_); !status.ok()) return status;
    disk_.write(*inode_, offset, bytes);
    return {};
  }
  Status sync() override {
    if (!disk_.begin_call(true)) {
      SimDisk::lose_unsynced(*inode_);
      return disk_.failure(path_);
    }
    SimDisk::make_durable(*inode_, inode_->synced_changes + inode_->unsynced.size());
    return {};
  }
  Status allocate(std::uint64_t bytes) override {
    if (!disk_.begin_call()) return disk_.failure(path_);
    if (auto status = disk_.grow(*inode_, bytes, path_); !status.ok()) return status;
    if (inode_->kernel.size() < bytes) resize(bytes);
    return {};
  }
  Status truncate(std::uint64_t bytes) override {
    if (!disk_.begin_call()) return disk_.failure(path_);
    resize(bytes);
    return {};
  }

 private:
  void resize(std::uint64_t bytes) {
    Unsynced change;
    change.size = bytes;
    apply_change(inode_->kernel, change);
    inode_->unsynced.push_back(std::move(change));
  }

  SimDisk& disk_;
  const std::string path_;
  std::shared_ptr<Inode> inode_;
};

void SimDisk::crash_at(std::uint64_t call, Crash kind) {
  crashing_call_ = calls_ + call;
  crash_kind_ = kind;
}

Storage SimDisk::take_image() {
  Storage taken = std::move(*image_);
  image_.reset();
  return taken;
}

bool SimDisk::begin_call(bool is_sync) {
  ++calls_;
  if (calls_ == crashing_call_) image_ = image(crash_kind_);
  const bool fails =
      only_sync_fails_ ? is_sync && !failed_ && calls_ >= failing_call_ : calls_ == failing_call_;
  if (!fails) return true;
  failed_ = true;
  return false;
}

Status SimDisk::failure(const std::string& path) const {
  return Status::error(path + ": " + std::strerror(failing_error_));
}

// Only the beginning of the bytes came in, up to the end of a sector.
Status SimDisk::write_failure(Inode& inode, std::uint64_t offset, std::string_view bytes,
                              const std::string& path) {
  const std::uint64_t room = inode.kernel.size() > offset ? inode.kernel.size() - offset : 0;
  const std::uint64_t end = offset + random_() % (std::min<std::uint64_t>(bytes.size(), room) + 1);
  const std::uint64_t whole = end / kSectorBytes * kSectorBytes;
  if (whole > offset) write(inode, offset, bytes.substr(0, whole - offset));
  return failure(path);
}

void SimDisk::lose_unsynced(Inode& inode) {
  if (inode.unsynced.empty()) return;
  inode.synced_changes += inode.unsynced.size();
  inode.unsynced.clear();
}

// A deep copy, as a crash leaves it.
Storage SimDisk::image(Crash kind) {
  Storage::Names names = storage_.kernel_names;
  if (kind == Crash::kPowerLoss) {
    const std::uint64_t kept = random_() % (storage_.unsynced_names.size() + 1);
    names = kept == 0 ? storage_.device_names : storage_.unsynced_names[kept - 1];
  }
  Storage left;
  std::unordered_map<const Inode*, std::shared_ptr<Inode>> copies;
  for (const auto& [path, inode] : names) {
    if (const auto made = copies.find(inode.get()); made != copies.end()) {
      left.kernel_names.emplace(path, made->second);  // a second name
      continue;
    }
    auto copy = std::make_shared<Inode>(*inode);
    copies.emplace(inode.get(), copy);
    left.kernel_names.emplace(path, std::move(copy));
  }
  for (const Started& started : started_) {
    const IoRequest& request = *started.request;
    const auto copy = copies.find(&static_cast<SimFile*>(request.file)->inode());
    if (request.kind != IoRequest::Kind::kDurableWrite || copy == copies.end()) continue;
    const std::string_view bytes(request.data, request.bytes);
    if (kind == Crash::kKill) {
      if (one_in(random_, 2)) write_durably(*copy->second, request.offset, bytes);
      continue;
    }
    for_each_sector(request.offset, bytes, [&](std::uint64_t offset, std::string_view sector) {
      if (one_in(random_, 2)) copy->second->unsynced.push_back({offset, std::string(sector), std::nullopt});
    });
  }
  if (kind == Crash::kPowerLoss) {
    std::set<const Inode*> seen;
    for (auto& [path, inode] : left.kernel_names) {
      if (seen.insert(inode.get()).second) lose_some(*inode);
    }
    left.device_names = left.kernel_names;
    return left;
  }
  // The kernel goes on, and with it what it still owes to the device.
  for (const auto& [path, inode] : storage_.device_names) {
    auto [copy, made] = copies.try_emplace(inode.get());
    if (made) copy->second = std::make_shared<Inode>(*inode);
    left.device_names.emplace(path, copy->second);
  }
  if (!storage_.unsynced_names.empty()) left.unsynced_names.push_back(left.kernel_names);
  return left;
}

// What a power loss leaves of a file.
void SimDisk::lose_some(Inode& inode) {
  std::string contents = std::move(inode.device);
  const std::uint64_t way = random_() % 4;  // none, all, or any sectors
  for (const Unsynced& change : inode.unsynced) {
    if (way == 0) break;
    if (change.size) {
      if (way == 1 || one_in(random_, 2)) apply_change(contents, change);
      continue;
    }
    for_each_sector(change.offset, change.bytes, [&](std::uint64_t offset, std::string_view sector) {
      if (way == 1 || one_in(random_, 2)) put_bytes(contents, offset, sector);
    });
  }
  inode.unsynced.clear();
  inode.synced_changes = 0;
  inode.kernel = contents;
  inode.device = std::move(contents);
}

std::uint64_t SimDisk::used_bytes() const {
  std::uint64_t bytes = 0;
  std::set<const Inode*> seen;
  for (const auto& [path, inode] : storage_.kernel_names) {
    if (seen.insert(inode.get()).second) bytes += inode->kernel.size();
  }
  return bytes;
}

bool SimDisk::has_room(std::uint64_t bytes) {
  if (calls_ >= full_from_call_) {
    full_from_call_ = ~std::uint64_t{0};
    return false;
  }
  return capacity_bytes_ == ~std::uint64_t{0} || used_bytes() + bytes <= capacity_bytes_;
}

Status SimDisk::grow(Inode& inode, std::uint64_t bytes, const std::string& path) {
  if (bytes <= inode.kernel.size() || has_room(bytes - inode.kernel.size())) return {};
  return Status::error(path + ": " + std::strerror(ENOSPC));
}

void SimDisk::write(Inode& inode, std::uint64_t offset, std::string_view bytes) {
  put_bytes(inode.kernel, offset, bytes);
  inode.unsynced.push_back({offset, std::string(bytes), std::nullopt});
}

void SimDisk::make_durable(Inode& inode, std::uint64_t changes) {
  while (inode.synced_changes < changes) {
    apply_change(inode.device, inode.unsynced.front());
    inode.unsynced.pop_front();
    ++inode.synced_changes;
  }
}

// Past the page cache: what the kernel still owes of this file goes out first, so that nothing older can come
// later.
void SimDisk::write_durably(Inode& inode, std::uint64_t offset, std::string_view bytes) {
  make_durable(inode, inode.synced_changes + inode.unsynced.size());
  put_bytes(inode.kernel, offset, bytes);
  put_bytes(inode.device, offset, bytes);
}

void SimDisk::submit(IoRequest& request) {
  queued_.push_back(&request);
}

void SimDisk::flush() {
  for (IoRequest* request : std::exchange(queued_, {})) {
    Inode& inode = static_cast<SimFile*>(request->file)->inode();
    const bool slow = request->kind == IoRequest::Kind::kRead && one_in(random_, slow_read_in_);
    started_.push_back({request, inode.synced_changes + inode.unsynced.size(), slow});
    request->result = 0;
    if (begin_call(request->kind == IoRequest::Kind::kSync)) continue;
    request->result = -failing_error_;
    if (request->kind == IoRequest::Kind::kSync) lose_unsynced(inode);
    if (request->kind != IoRequest::Kind::kDurableWrite) continue;
    for_each_sector(request->offset, {request->data, request->bytes},
                    [&](std::uint64_t offset, std::string_view sector) {
                      if (one_in(random_, 2)) write(inode, offset, sector);
                    });
  }
}

// Any of those that are started, in any order.
bool SimDisk::poll() {
  bool any = false;
  std::shuffle(started_.begin(), started_.end(), random_);
  const std::size_t count = started_.empty() ? 0 : random_() % (started_.size() + 1);
  std::vector<Started> finished(started_.end() - static_cast<std::ptrdiff_t>(count), started_.end());
  for (const Started& each : finished) {
    if (each.slow && !one_in(random_, slow_polls_)) continue;
    begin_call();  // a crash can come just before it completes
    std::erase_if(started_, [&](const Started& started) { return started.request == each.request; });
    if (each.request->result == 0) each.request->result = carry_out(each);
    each.request->done(*each.request);
    any = true;
  }
  return any;
}

std::int64_t SimDisk::carry_out(const Started& started) {
  IoRequest& request = *started.request;
  Inode& inode = static_cast<SimFile*>(request.file)->inode();
  switch (request.kind) {
    case IoRequest::Kind::kRead:
      if (request.offset >= inode.kernel.size()) return 0;
      return static_cast<std::int64_t>(inode.kernel.copy(request.data, request.bytes, request.offset));
    case IoRequest::Kind::kDurableWrite:
      write_durably(inode, request.offset, {request.data, request.bytes});
      return request.bytes;
    case IoRequest::Kind::kSync:
      make_durable(inode, started.changes);
      return 0;
  }
  return -EINVAL;
}

void SimDisk::wait() {
  assert(in_flight() > 0);
  flush();
  while (!poll()) {
  }
}

void SimDisk::name_changed() {
  storage_.unsynced_names.push_back(storage_.kernel_names);
}

Result<std::unique_ptr<File>> SimDisk::open(const std::string& path) {
  if (!begin_call()) return failure(path);
  const auto found = storage_.kernel_names.find(path);
  if (found == storage_.kernel_names.end()) return Status::error(path + ": " + std::strerror(ENOENT));
  return std::unique_ptr<File>(std::make_unique<SimFile>(*this, path, found->second));
}

Result<std::unique_ptr<File>> SimDisk::create(const std::string& path) {
  if (!begin_call()) return failure(path);
  const auto [found, made] = storage_.kernel_names.emplace(path, std::make_shared<Inode>());
  if (!made) return Status::error(path + ": " + std::strerror(EEXIST));
  if (!has_room(0)) {
    storage_.kernel_names.erase(found);
    return Status::error(path + ": " + std::strerror(ENOSPC));
  }
  name_changed();
  return std::unique_ptr<File>(std::make_unique<SimFile>(*this, path, found->second));
}

Result<std::vector<std::string>> SimDisk::list(const std::string& directory) {
  if (!begin_call()) return failure(directory);
  std::vector<std::string> names;
  for (const auto& [path, inode] : storage_.kernel_names) {
    if (parent_of(path) == directory) names.push_back(path.substr(directory.size() + 1));
  }
  return names;
}

Status SimDisk::make_directory(const std::string& path) {
  return begin_call() ? Status() : failure(path);
}

Status SimDisk::rename(const std::string& from, const std::string& to) {
  if (!begin_call()) return failure(from);
  auto node = storage_.kernel_names.extract(from);
  if (node.empty()) return Status::error(from + ": " + std::strerror(ENOENT));
  storage_.kernel_names.insert_or_assign(to, std::move(node.mapped()));
  name_changed();
  return {};
}

Status SimDisk::remove(const std::string& path) {
  if (!begin_call()) return failure(path);
  if (storage_.kernel_names.erase(path) == 0) return Status::error(path + ": " + std::strerror(ENOENT));
  name_changed();
  return {};
}

Status SimDisk::link(const std::string& from, const std::string& to) {
  if (!begin_call()) return failure(to);
  const auto found = storage_.kernel_names.find(from);
  if (found == storage_.kernel_names.end()) return Status::error(from + ": " + std::strerror(ENOENT));
  if (!storage_.kernel_names.emplace(to, found->second).second)
    return Status::error(to + ": " + std::strerror(EEXIST));
  name_changed();
  return {};
}

Result<std::uint64_t> SimDisk::links(const std::string& path) {
  if (!begin_call()) return failure(path);
  const auto found = storage_.kernel_names.find(path);
  if (found == storage_.kernel_names.end()) return Status::error(path + ": " + std::strerror(ENOENT));
  std::uint64_t count = 0;
  for (const auto& [name, inode] : storage_.kernel_names) count += inode == found->second ? 1 : 0;
  return count;
}

// As a journal does it: with the directory everything that was changed before is durable.
Status SimDisk::sync_directory(const std::string& path) {
  if (!begin_call()) return failure(path);
  storage_.device_names = storage_.kernel_names;
  storage_.unsynced_names.clear();
  return {};
}

bool SimDisk::exists(const std::string& path) {
  return storage_.kernel_names.contains(path);
}

// Directories are there as long as a file is in them.
bool SimDisk::is_directory(const std::string& path) {
  const auto inner = storage_.kernel_names.lower_bound(path + "/");
  return inner != storage_.kernel_names.end() && inner->first.starts_with(path + "/");
}

}  // namespace stave::sim
