// SPDX-License-Identifier: Apache-2.0
// Shows what a start removes from the folder of backups: what a backup left unfinished, and nothing else.
#include "shards/backup_folder.h"

#include <fstream>

#include "tests/shards/shard_testing.h"

namespace stave {
namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() {
    auto disk = open_disk("threads", nullptr);
    REQUIRE(disk.ok());
    disk_ = std::move(*disk);
    auto database = Database::open(*disk_, directory_.path() + "/data", 1);
    REQUIRE(database.ok());
    database_ = std::make_unique<Database>(std::move(*database));
    fs::create_directories(path());
  }
  fs::path path() const { return fs::path(directory_.path()) / "data/backups"; }
  fs::path outside() const { return fs::path(directory_.path()) / "outside"; }
  void make(const fs::path& directory) const {
    fs::create_directories(directory / "shard-0000");
    std::ofstream(directory / "shard-0000/00000001.seg") << "bytes";
  }
  BackupFolder folder() { return {*disk_, *database_}; }

 private:
  testing::TempDirectory directory_;
  std::unique_ptr<Disk> disk_;
  std::unique_ptr<Database> database_;
};

TEST_CASE("a backup that did not come to its end is removed, and no other name") {
  Folder test;
  const std::vector<std::string> kept = {"20261126-081500",           "mine.partial",
                                         "20261126.partial",          "20261126-0815.partial",
                                         "2026112-0081500.partial",   "20261126-081500-.partial",
                                         "20261126-081500-x.partial", "20261126-081500.partial.partial"};
  for (const std::string& name : kept) test.make(test.path() / name);
  test.make(test.path() / "20261126-081500.partial");
  test.make(test.path() / "20261126-081500-12.partial");
  auto begun = test.folder().begin(1'700'000'000);
  REQUIRE(begun.ok());
  test.make(test.folder().partial_path_of(*begun));
  auto removed = test.folder().remove_partial();
  REQUIRE(removed.ok());
  CHECK(removed->size() == 3);
  CHECK_FALSE(fs::exists(test.folder().partial_path_of(*begun)));
  for (const std::string& name : kept) CHECK(fs::exists(test.path() / name / "shard-0000/00000001.seg"));
  std::size_t left = 0;
  for (const auto& entry : fs::directory_iterator(test.path())) left += entry.exists() ? 1 : 0;
  CHECK(left == kept.size());
}

TEST_CASE("what a symbolic link among backups leads to stays") {
  Folder test;
  test.make(test.outside());
  fs::create_directory_symlink(test.outside(), test.path() / "20261126-081500.partial");
  fs::create_directories(test.path() / "20261126-081501.partial");
  fs::create_directory_symlink(test.outside(), test.path() / "20261126-081501.partial/shard-0000");
  auto removed = test.folder().remove_partial();
  REQUIRE(removed.ok());
  CHECK(*removed == std::vector{(test.path() / "20261126-081501.partial").string()});
  CHECK(fs::exists(test.outside() / "shard-0000/00000001.seg"));
  CHECK(fs::is_symlink(test.path() / "20261126-081500.partial"));
  CHECK_FALSE(fs::exists(test.path() / "20261126-081501.partial"));
}

}  // namespace
}  // namespace stave
