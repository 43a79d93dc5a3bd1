// SPDX-License-Identifier: Apache-2.0
// Database: a directory with everything of one server: its meta file, its lock, a folder for each shard.
// Opened once by main before any worker starts; constant afterwards.
//
// stave.meta is text, so that a person can read it; its last line is the CRC32C, in hex, of what stands
// before it:
//
//   stave-database 1
//   id 32 hex digits
//   shards N
//   history 32 hex digits
//   crc32c 8 hex digits
#pragma once

#include <cstdint>
#include <string>

#include "shards/disk.h"
#include "shards/segment.h"

namespace stave {

class Database {
 public:
  // Opens the database in `directory`, or makes one of `shards` shards where the directory is empty or
  // absent. Errors: in use by another process, another format version, damaged, not a database, unreadable.
  // On an error nothing has changed.
  static Result<Database> open(Disk& disk, const std::string& directory, std::uint32_t shards);
  // The same for reading only (stave-check): must exist; takes the lock, writes nothing.
  static Result<Database> open_existing(Disk& disk, const std::string& directory);

  // A new database in a directory that is absent or empty, for a program that fills it: it is one only once
  // publish() has written its meta file.
  static Result<Database> begin(Disk& disk, const std::string& directory, std::uint32_t shards);
  Status publish(Disk& disk) const;

  Database(Database&& other) noexcept;
  Database& operator=(Database&&) = delete;
  ~Database();  // gives the lock back

  const std::string& directory() const { return directory_; }
  const DatabaseId& id() const { return id_; }
  std::uint32_t shards() const { return shards_; }
  std::string shard_directory(std::uint32_t shard) const { return shard_directory(directory_, shard); }
  static std::string shard_directory(const std::string& directory, std::uint32_t shard) {
    return directory + "/" + shard_name(shard);
  }
  // Makes `directory`, which has a backup of every shard, a database like this one: adds its meta file and a
  // lock.
  Status copy_meta(Disk& disk, const std::string& directory) const;
  // Notes this process in the lock file, for whoever finds it locked. Called once the server is sure to
  // start.
  void write_owner();

 private:
  Database() = default;
  Status lock(bool create);
  Status read_meta(Disk& disk);
  Status create(Disk& disk, std::uint32_t shards);
  Status make_shards(Disk& disk, std::uint32_t shards);
  std::string meta() const;

  std::string directory_;
  DatabaseId id_{};
  DatabaseId history_{};
  std::uint32_t shards_ = 0;
  int lock_fd_ = -1;
};

}  // namespace stave
