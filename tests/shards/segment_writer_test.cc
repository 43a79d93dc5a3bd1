// SPDX-License-Identifier: Apache-2.0
// Shows that a segment that is given up is gone, file and name, before its writer is destroyed.
#include "shards/segment_writer.h"

#include "tests/shards/shard_testing.h"

namespace stave {
namespace {

std::size_t open_files_below(const std::string& directory) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;  // the iterator's own descriptor may be gone
    const auto target = std::filesystem::read_symlink(entry.path(), error);
    if (!error && target.string().starts_with(directory)) ++count;
  }
  return count;
}

TEST_CASE("a segment that is given up has neither an open file nor a name left") {
  const testing::TempDirectory directory;
  auto disk = open_disk("threads", nullptr);
  REQUIRE(disk.ok());
  SegmentHeader header;
  header.number = 7;
  SegmentWriter writer(**disk, directory.path(), header, 1 << 20);
  Record record;
  record.kind = RecordKind::kString;
  record.gsn = 1;
  record.key = "key";
  record.value = "value";
  REQUIRE(writer.add(record).ok());
  REQUIRE(open_files_below(directory.path()) > 0);
  writer.give_up();
  CHECK(open_files_below(directory.path()) == 0);
  CHECK(std::filesystem::is_empty(directory.path()));
}

}  // namespace
}  // namespace stave
