// SPDX-License-Identifier: Apache-2.0
#include "shards/database.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sstream>

#include "shards/crc32c.h"
#include "shards/limits.h"

namespace stave {
namespace {

constexpr std::string_view kMetaName = "stave.meta";
constexpr std::string_view kLockName = "LOCK";

std::string to_hex(const DatabaseId& id) {
  std::string text;
  char digits[3];
  for (const std::uint8_t byte : id) {
    std::snprintf(digits, sizeof digits, "%02x", byte);
    text += digits;
  }
  return text;
}

bool from_hex(const std::string& text, DatabaseId& id) {
  if (text.size() != 2 * id.size() || text.find_first_not_of("0123456789abcdef") != std::string::npos)
    return false;
  for (std::size_t i = 0; i < id.size(); ++i) {
    id[i] = static_cast<std::uint8_t>(std::stoul(text.substr(2 * i, 2), nullptr, 16));
  }
  return true;
}

std::string crc_line(const std::string& text) {
  char line[32];
  std::snprintf(line, sizeof line, "crc32c %08x\n", crc32c(0, text.data(), text.size()));
  return line;
}

Result<DatabaseId> random_id() {
  DatabaseId id;
  if (getrandom(id.data(), id.size(), 0) != static_cast<ssize_t>(id.size())) {
    return Status::error("getrandom: " + std::string(std::strerror(errno)));
  }
  return id;
}

}  // namespace

Database::Database(Database&& other) noexcept
    : directory_(std::move(other.directory_)),
      id_(other.id_),
      history_(other.history_),
      shards_(other.shards_),
      lock_fd_(std::exchange(other.lock_fd_, -1)) {}

Database::~Database() {
  if (lock_fd_ >= 0) close(lock_fd_);
}

Result<Database> Database::open(Disk& disk, const std::string& directory, std::uint32_t shards) {
  Database database;
  database.directory_ = directory;
  if (auto status = disk.make_directory(directory); !status.ok())
    return Status::error("dir: " + status.message());
  if (disk.exists(directory + "/" + std::string(kMetaName))) {
    if (auto status = database.lock(true); !status.ok()) return status;
    if (auto status = database.read_meta(disk); !status.ok()) return status;
    return database;
  }
  // Never mix with files of something else: only what a first start that was cut short may have left is fine.
  auto names = disk.list(directory);
  if (!names.ok()) return names.take_status();
  for (const std::string& name : *names) {
    if (!name.starts_with("shard-")) continue;
    auto files = disk.list(directory + "/" + name);
    if (files.ok() && files->empty()) continue;
    return Status::error(directory + ": has shards of a database but no " + std::string(kMetaName));
  }
  if (auto status = database.lock(true); !status.ok()) return status;
  if (auto status = database.create(disk, shards); !status.ok()) return status;
  return database;
}

Result<Database> Database::open_existing(Disk& disk, const std::string& directory) {
  Database database;
  database.directory_ = directory;
  if (auto names = disk.list(directory); !names.ok()) return names.take_status();
  if (!disk.exists(directory + "/" + std::string(kMetaName))) {
    return Status::error(directory + ": holds no database (" + std::string(kMetaName) + " is missing)");
  }
  if (auto status = database.lock(false); !status.ok()) return status;
  if (auto status = database.read_meta(disk); !status.ok()) return status;
  return database;
}

Status Database::lock(bool create) {
  const std::string path = directory_ + "/" + std::string(kLockName);
  lock_fd_ = ::open(path.c_str(), (create ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC, 0640);
  if (lock_fd_ < 0) return Status::error(path + ": " + std::strerror(errno));
  if (flock(lock_fd_, LOCK_EX | LOCK_NB) == 0) return {};
  if (errno != EWOULDBLOCK) return Status::error(path + ": " + std::strerror(errno));
  char owner[32] = {};
  const ssize_t got = pread(lock_fd_, owner, sizeof owner - 1, 0);
  std::string who = got > 0 ? std::string(owner, static_cast<std::size_t>(got)) : std::string();
  if (!who.empty() && who.back() == '\n') who.pop_back();
  return Status::error(directory_ + ": is in use by another process" + (who.empty() ? "" : " (" + who + ")"));
}

void Database::write_owner() {
  const std::string owner = "pid " + std::to_string(getpid()) + "\n";
  if (ftruncate(lock_fd_, 0) == 0) static_cast<void>(!pwrite(lock_fd_, owner.data(), owner.size(), 0));
}

Status Database::read_meta(Disk& disk) {
  const std::string path = directory_ + "/" + std::string(kMetaName);
  auto file = disk.open(path);
  if (!file.ok()) return file.take_status();
  std::string text(4096, '\0');
  auto got = (*file)->read(0, text);
  if (!got.ok()) return got.take_status();
  text.resize(*got);
  const std::size_t crc_at = text.rfind("crc32c ");
  std::istringstream lines(text);
  std::string word;
  std::uint32_t version = 0;
  if (!(lines >> word >> version) || word != "stave-database")
    return Status::error(path + ": is not the meta file of a database");
  if (version < kFormatVersionMin || version > kFormatVersion) {
    return Status::error(path + ": has format version " + std::to_string(version) +
                         ", this program reads version " + std::to_string(kFormatVersion));
  }
  if (crc_at == std::string::npos || crc_line(text.substr(0, crc_at)) != text.substr(crc_at)) {
    return Status::error(path + ": wrong checksum");
  }
  std::string value;
  while (lines >> word >> value) {
    if (word == "id" && !from_hex(value, id_)) return Status::error(path + ": bad id");
    if (word == "history" && !from_hex(value, history_)) return Status::error(path + ": bad history");
    if (word == "shards") shards_ = static_cast<std::uint32_t>(std::strtoul(value.c_str(), nullptr, 10));
  }
  if (shards_ == 0 || shards_ > limits::kShardsMax) return Status::error(path + ": bad number of shards");
  return {};
}

Result<Database> Database::begin(Disk& disk, const std::string& directory, std::uint32_t shards) {
  Database database;
  database.directory_ = directory;
  if (auto status = disk.make_directory(directory); !status.ok()) return status;
  auto names = disk.list(directory);
  if (!names.ok()) return names.take_status();
  if (!names->empty()) return Status::error(directory + ": is not empty");
  if (auto status = database.lock(true); !status.ok()) return status;
  if (auto status = database.make_shards(disk, shards); !status.ok()) return status;
  return database;
}

Status Database::create(Disk& disk, std::uint32_t shards) {
  // The meta file comes last: once it is there, so is everything else.
  if (auto status = make_shards(disk, shards); !status.ok()) return status;
  return publish(disk);
}

Status Database::make_shards(Disk& disk, std::uint32_t shards) {
  auto id = random_id();
  if (!id.ok()) return id.take_status();
  auto history = random_id();
  if (!history.ok()) return history.take_status();
  id_ = *id;
  history_ = *history;
  shards_ = shards;
  for (std::uint32_t shard = 0; shard < shards; ++shard) {
    if (auto status = disk.make_directory(shard_directory(shard)); !status.ok()) return status;
  }
  return {};
}

std::string Database::meta() const {
  std::string text = "stave-database " + std::to_string(kFormatVersion) + "\nid " + to_hex(id_) +
                     "\nshards " + std::to_string(shards_) + "\nhistory " + to_hex(history_) + "\n";
  return text + crc_line(text);
}

Status Database::publish(Disk& disk) const {
  return replace_file(disk, directory_, std::string(kMetaName), meta());
}

Status Database::copy_meta(Disk& disk, const std::string& directory) const {
  // Who only reads a database (stave-check) makes no lock.
  auto lock = disk.create(directory + "/" + std::string(kLockName));
  if (!lock.ok()) return lock.take_status();
  return replace_file(disk, directory, std::string(kMetaName), meta());
}

}  // namespace stave
