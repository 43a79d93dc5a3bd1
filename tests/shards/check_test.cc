// SPDX-License-Identifier: Apache-2.0
// Shows that the check sees what a start sees: which segments count, what is live, which transactions are
// void; and that it names damage that a start does not read.
#include "shards/check.h"

#include "tests/shards/segment_testing.h"
#include "tests/shards/shard_testing.h"

namespace stave {
namespace {

using testing::compacted_header;
using testing::flip_byte;
using testing::log_header;
using testing::MadeRecord;
using testing::MadeSegment;
using testing::ShardUnderTest;
using testing::TempDirectory;
using testing::transaction_value;

constexpr auto kTombstone = RecordKind::kTombstone;
constexpr std::uint64_t kSmallBytes = 32;  // of a record with a key and a value of a few bytes

struct Checked {
  std::unique_ptr<Disk> disk = std::move(*open_disk("threads", nullptr));
  TempDirectory directory;

  void make(const MadeSegment& segment) { segment.write(*disk, directory.path()); }
  std::string path(const std::string& name) const { return directory.path() + "/" + name; }
  void save(const Manifest& manifest) {
    REQUIRE(manifest.save(*disk, directory.path(), DatabaseId{}, 0).ok());
  }
  ShardCheck check() { return DatabaseCheck(*disk, DatabaseId{}, {directory.path()}).shard(0); }
  // The one problem that there is.
  std::string problem() {
    const ShardCheck found = check();
    REQUIRE(found.problems.size() == 1);
    return found.problems[0];
  }
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("the check counts live, dead and tombstone bytes for each segment") {
  Checked test;
  test.make({log_header(1), {{1, RecordKind::kString, "a", "1"}, {2, RecordKind::kString, "b", "1"}}});
  test.make({log_header(2), {{3, RecordKind::kString, "a", "2"}, {4, kTombstone, "b", ""}}});
  const ShardCheck found = test.check();
  CHECK(found.problems.empty());
  CHECK(found.keys[0] == 1);
  REQUIRE(found.segments.size() == 2);
  CHECK(found.segments[0].live_bytes == 0);
  CHECK(found.segments[0].dead_bytes() == 2 * kSmallBytes);
  CHECK(found.segments[1].live_bytes == kSmallBytes);
  CHECK(found.segments[1].tombstone_bytes == kSmallBytes);
  CHECK(found.segments[1].dead_bytes() == 0);
  for (const SegmentCheck& segment : found.segments) CHECK(segment.hint == "hint");
}

// Segments 1 to 3 were made into 5, which stands in place of 2; 3 stays, 4 is the log behind.
struct Compacted : Checked {
  Compacted() {
    make({compacted_header(5, 2), {{4, RecordKind::kString, "b", "4"}, {2, RecordKind::kString, "a", "2"}}});
    make({log_header(3), {{5, RecordKind::kString, "c", "5"}}});
    make({log_header(4), {{6, RecordKind::kString, "a", "6"}}});
    manifest = Manifest::none();
    manifest.log_gsn = 5;
    manifest.segments = {3, 5};
    save(manifest);
  }
  Manifest manifest;
};

TEST_CASE("the check replays compacted segments in their order and skips what is left over") {
  Compacted test;
  test.make({log_header(1), {{1, RecordKind::kString, "gone", "1"}}});
  std::ofstream(test.path("00000006.seg.new")) << "half";
  const ShardCheck found = test.check();
  CHECK(found.problems.empty());
  REQUIRE(found.segments.size() == 3);
  CHECK(found.segments[0].kind == SegmentKind::kCompacted);
  CHECK(found.segments[0].live_bytes == kSmallBytes);
  CHECK(found.keys[0] == 3);
  REQUIRE(found.notes.size() == 2);
  CHECK(contains(found.notes[0], "00000006.seg.new"));
  CHECK(contains(found.notes[1], "00000001.seg: left over from compaction"));
  ShardUnderTest start(test.directory.path());
  CHECK(start.get("a") == "6");
  CHECK(start.get("b") == "4");
}

TEST_CASE("the check names a damaged manifest, and goes on without it") {
  Compacted test;
  flip_byte(test.path("manifest"), 41);
  CHECK(contains(test.problem(), "manifest: has a wrong checksum"));
  CHECK(test.check().segments.size() == 3);
}

TEST_CASE("the check names a listed segment that is missing") {
  Compacted test;
  std::filesystem::remove(test.path("00000003.seg"));
  CHECK(contains(test.problem(), "00000003.seg: is missing, the manifest lists it"));
}

TEST_CASE("the check names records that stand outside of what their compacted segment says") {
  Compacted test;
  SegmentHeader header = compacted_header(5, 2);
  header.lowest_gsn = 3;
  test.make({header, {{4, RecordKind::kString, "b", "4"}, {2, RecordKind::kString, "a", "2"}}});
  CHECK(contains(test.check().problems.at(0), "00000005.seg: bad record at offset 4128"));
}

TEST_CASE("the check names a segment whose records would replace newer ones") {
  Compacted test;
  test.make({compacted_header(5, 3), {{4, RecordKind::kString, "c", "4"}}});
  test.make({compacted_header(3, 2), {{5, kTombstone, "c", ""}}});
  CHECK(contains(test.problem(), "00000005.seg: records that would replace newer ones: 1"));
}

TEST_CASE("flush floors and the swap map of the manifest hold in the check") {
  Compacted test;
  test.manifest.flush_gsn[0] = 4;
  std::swap(test.manifest.db_map[0], test.manifest.db_map[1]);
  test.save(test.manifest);
  const ShardCheck found = test.check();
  CHECK(found.keys[0] == 0);
  CHECK(found.keys[1] == 2);
}

TEST_CASE("the check names a hint that does not say what its segment says") {
  Checked test;
  const MadeSegment whole{log_header(1), {{1, RecordKind::kString, "a", "1"}, {2, kTombstone, "b", ""}}};
  SegmentHeader header;
  static_cast<void>(whole.bytes(header));
  const Record a{RecordKind::kString, 0, 0, 1, 0, "a", "1"};
  const Record b{kTombstone, 0, 0, 2, 0, "b", ""};
  SUBCASE("a record is not in it") {
    test.make(whole);
    HintWriter writer(*test.disk, test.directory.path(), header);
    writer.add(a, kSegmentHeaderBytes);
    REQUIRE(writer.finish().ok());
    CHECK(contains(test.problem(), "00000001.hint: records that it lacks: 1"));
  }
  SUBCASE("another key") {
    test.make(whole);
    HintWriter writer(*test.disk, test.directory.path(), header);
    writer.add({RecordKind::kString, 0, 0, 1, 0, "x", "1"}, kSegmentHeaderBytes);
    writer.add(b, kSegmentHeaderBytes + kSmallBytes);
    REQUIRE(writer.finish().ok());
    CHECK(contains(test.problem(), "00000001.hint: entries that name no record of the segment: 1"));
  }
  SUBCASE("a record that is not there") {
    test.make(whole);
    HintWriter writer(*test.disk, test.directory.path(), header);
    writer.add(a, kSegmentHeaderBytes);
    writer.add(b, kSegmentHeaderBytes + kSmallBytes);
    writer.add(b, kSegmentHeaderBytes + 2 * kSmallBytes);
    REQUIRE(writer.finish().ok());
    CHECK(contains(test.problem(), "00000001.hint: entries that name no record of the segment: 1"));
  }
}

// Shard 0 has a transaction with shard 1.
std::vector<MadeRecord> transaction_records(const std::string& key) {
  return {{1, RecordKind::kTransaction, "", transaction_value(9, {0, 1}), kContinues},
          {2, RecordKind::kString, key, "new"}};
}

TEST_CASE("a transaction counts in the check when all of its shards have it") {
  Checked first;
  const TempDirectory second;
  first.make({log_header(1), transaction_records("a")});
  SegmentHeader header = log_header(1);
  header.shard = 1;
  const auto keys = [&] {
    DatabaseCheck check(*first.disk, DatabaseId{}, {first.directory.path(), second.path()});
    const ShardCheck found = check.shard(0);
    CHECK(found.problems.empty());
    CHECK(check.shard(1).problems.empty());
    return found.keys[0];
  };
  CHECK(keys() == 0);
  SUBCASE("all have it") {
    MadeSegment{header, transaction_records("b")}.write(*first.disk, second.path());
    CHECK(keys() == 1);
  }
  SUBCASE("the other shard knows that it is settled") {
    Manifest manifest = Manifest::none();
    manifest.settled = 10;
    REQUIRE(manifest.save(*first.disk, second.path(), DatabaseId{}, 1).ok());
    CHECK(keys() == 1);
  }
  SUBCASE("all have it, but the first says that it is void") {
    MadeSegment{header, transaction_records("b")}.write(*first.disk, second.path());
    std::string id;
    put(id, std::uint64_t{9});
    first.make({log_header(2), {{3, RecordKind::kAbort, "", id}}, false});
    CHECK(keys() == 0);
  }
}

}  // namespace
}  // namespace stave
