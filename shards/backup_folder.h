// SPDX-License-Identifier: Apache-2.0
// BackupFolder: the directory `backups` of a database, with a directory for each backup, named by the time
// (UTC) when it was begun: 20261126-081500, and 20261126-081500-2 for a second one in that second. As long as
// a backup is not whole and durable it has the suffix ".partial".
//
// All blocks, so it is for another thread than a worker's, one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shards/database.h"
#include "shards/disk.h"
#include "shards/status.h"

namespace stave {

class BackupFolder {
 public:
  // Both must outlive it.
  BackupFolder(Disk& disk, const Database& database)
      : disk_(disk), database_(database), path_(database.directory() + "/backups") {}

  // Removes what backups left that did not come to their end; returns their paths. Nothing that somebody else
  // has put there, or that a symbolic link leads to.
  Result<std::vector<std::string>> remove_partial();
  // Makes an empty partial backup and returns its name.
  Result<std::string> begin(std::int64_t now_s);
  // The partial backup of `name`, where it has all shards, becomes a backup.
  Status publish(const std::string& name);
  // Removes a backup that failed.
  Status discard(const std::string& name);

  std::string path_of(const std::string& name) const { return path_ + "/" + name; }
  std::string partial_path_of(const std::string& name) const { return path_of(name) + ".partial"; }

 private:
  Disk& disk_;
  const Database& database_;
  const std::string path_;
};

}  // namespace stave
