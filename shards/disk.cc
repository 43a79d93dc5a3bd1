// SPDX-License-Identifier: Apache-2.0
#include "shards/disk.h"

#include <cstdlib>
#include <new>

#include "shards/thread_disk.h"
#include "shards/uring_disk.h"

namespace stave {

AlignedBuffer::AlignedBuffer(std::size_t bytes)
    : bytes_((bytes + kBlockBytes - 1) / kBlockBytes * kBlockBytes) {
  if (bytes_ == 0) return;
  data_.reset(static_cast<char*>(std::aligned_alloc(kBlockBytes, bytes_)));
  if (data_ == nullptr) throw std::bad_alloc();  // as operator new would
}

void AlignedBuffer::Free::operator()(char* data) const {
  std::free(data);
}

FileReplacement::FileReplacement(Disk& disk, std::string directory, std::string name)
    : disk_(disk), directory_(std::move(directory)), path_(directory_ + "/" + name), status_(create()) {}

FileReplacement::~FileReplacement() {
  if (file_ == nullptr) return;
  file_ = nullptr;
  static_cast<void>(disk_.remove(temporary()));  // on a full disk its space is wanted elsewhere
}

Status FileReplacement::create() {
  if (disk_.exists(temporary())) {
    if (auto removed = disk_.remove(temporary()); !removed.ok()) return removed;
  }
  auto file = disk_.create(temporary());
  if (!file.ok()) return file.take_status();
  file_ = std::move(*file);
  return {};
}

void FileReplacement::write(std::uint64_t offset, std::string_view bytes) {
  if (status_.ok()) status_ = file_->write(offset, bytes);
}

Status FileReplacement::finish(bool* in_doubt) {
  if (status_.ok()) status_ = file_->sync();
  if (in_doubt != nullptr) *in_doubt = status_.ok();
  if (status_.ok()) status_ = disk_.rename(temporary(), path_);
  if (!status_.ok()) return std::move(status_);
  file_ = nullptr;
  return disk_.sync_directory(directory_);
}

Status replace_file(Disk& disk, const std::string& directory, const std::string& name, std::string_view bytes,
                    bool* in_doubt) {
  FileReplacement file(disk, directory, name);
  file.write(0, bytes);
  return file.finish(in_doubt);
}

Result<std::string> read_file(Disk& disk, const std::string& path) {
  std::string bytes;
  if (auto status = read_file(disk, path, bytes); !status.ok()) return status;
  return bytes;
}

Status read_file(Disk& disk, const std::string& path, std::string& bytes) {
  auto file = disk.open(path);
  if (!file.ok()) return file.take_status();
  auto size = (*file)->size();
  if (!size.ok()) return size.take_status();
  bytes.resize(*size);
  auto got = (*file)->read(0, bytes);
  if (!got.ok()) return got.take_status();
  bytes.resize(*got);
  return {};
}

Status remove_directory(Disk& disk, const std::string& path) {
  auto names = disk.list(path);
  if (!names.ok()) return names.take_status();
  for (const std::string& name : *names) {
    const std::string inner = path + "/" + name;
    auto status = disk.is_directory(inner) ? remove_directory(disk, inner) : disk.remove(inner);
    if (!status.ok()) return status;
  }
  return disk.remove(path);
}

Result<std::unique_ptr<Disk>> open_disk(std::string_view choice, std::string* reason) {
  if (choice == "threads") return open_thread_disk();
  if (choice != "uring" && choice != "auto") {
    return Status::error("unknown I/O backend \"" + std::string(choice) + "\"");
  }
  Result<std::unique_ptr<Disk>> uring = open_uring_disk();
  if (uring.ok() || choice == "uring") return uring;
  if (reason != nullptr) *reason = uring.message();
  return open_thread_disk();
}

}  // namespace stave
