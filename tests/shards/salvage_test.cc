// SPDX-License-Identifier: Apache-2.0
// Shows that salvage writes all that is intact, whatever is damaged beside it, that it names what is lost,
// and that nothing comes back that was deleted, replaced, or void.
#include "shards/salvage.h"

#include <algorithm>

#include "shards/check.h"
#include "shards/manifest.h"
#include "shards/set.h"
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

constexpr auto kString = RecordKind::kString;
constexpr auto kTombstone = RecordKind::kTombstone;
constexpr std::uint64_t kSmallBytes = 32;  // of a record with a key and a value of a few bytes

// A database of two shards, made by hand, and what salvage makes of it.
class Salvaged {
 public:
  Salvaged() {
    auto made = Database::begin(*disk_, from_, 2);
    REQUIRE(made.ok());
    REQUIRE(made->publish(*disk_).ok());
    id_ = made->id();
  }

  void make(MadeSegment segment, std::uint32_t shard = 0) {
    segment.header.database = id_;
    segment.header.shard = shard;
    segment.write(*disk_, from_ + "/" + shard_name(shard));
  }
  void save(const Manifest& manifest) {
    REQUIRE(manifest.save(*disk_, from_ + "/" + shard_name(0), id_, 0).ok());
  }
  void damage_other(std::uint64_t offset) {
    flip_byte(from_ + "/" + shard_name(1) + "/00000001.seg", offset);
  }
  // Of shard 0.
  std::string path(const std::string& name) const { return from_ + "/" + shard_name(0) + "/" + name; }

  void run() {
    auto from = Database::open_existing(*disk_, from_);
    REQUIRE(from.ok());
    SalvageOptions options;
    options.segment_bytes = 64u << 10;
    options.lost = [this](const std::string& line) { lost += line + "\n"; };
    auto report = salvage(*disk_, *from, into_, options);
    REQUIRE(report.ok());
    places = report->places_lost;
    keys = report->keys;
    auto into = Database::open_existing(*disk_, into_);
    REQUIRE(into.ok());
    CHECK(into->id() != id_);
    check(*into);
  }
  // "key=value" of what a start of the new database finds, sorted.
  std::string found(int db = 0, std::uint32_t shard = 0) {
    auto into = Database::open_existing(*disk_, into_);
    REQUIRE(into.ok());
    ShardUnderTest start(into->shard_directory(shard), {.number = shard, .database = into->id()});
    std::vector<std::string> names;
    start.shard().for_each(db, [&](std::string_view name, const Entry&) { names.emplace_back(name); });
    std::sort(names.begin(), names.end());
    std::string text;
    for (const std::string& name : names) {
      std::string value = *start.get(name, db);
      if (value.size() > 20) value = std::to_string(value.size()) + " bytes";
      text += (text.empty() ? "" : " ") + name + "=" + value;
    }
    return text;
  }
  // Of a set in shard 0, as a start of the new database finds it.
  std::string members(std::string_view key) {
    auto into = Database::open_existing(*disk_, into_);
    REQUIRE(into.ok());
    ShardUnderTest start(into->shard_directory(0), {.number = 0, .database = into->id()});
    REQUIRE(start.get(key) == "");
    std::vector<std::string> members;
    SetView(start.shard().find({0, key}, false)).for_each([&](std::string_view member) {
      members.emplace_back(member);
    });
    std::sort(members.begin(), members.end());
    std::string text;
    for (const std::string& member : members) text += (text.empty() ? "" : " ") + member;
    return text;
  }
  bool told(const std::string& part) const { return lost.find(part) != std::string::npos; }

  std::string lost;
  std::uint64_t places = 0;
  std::uint64_t keys = 0;

 private:
  void check(const Database& into) {
    DatabaseCheck check(*disk_, into.id(), {into.shard_directory(0), into.shard_directory(1)});
    std::uint64_t counted = 0;
    for (std::uint32_t shard = 0; shard < 2; ++shard) {
      const ShardCheck result = check.shard(shard);
      CHECK(result.problems.empty());
      for (const SegmentCheck& segment : result.segments) CHECK(segment.hint == "hint");
      for (const std::uint64_t count : result.keys) counted += count;
    }
    CHECK(counted == keys);
  }

  std::unique_ptr<Disk> disk_ = std::move(*open_disk("threads", nullptr));
  TempDirectory directory_;
  const std::string from_ = directory_.path() + "/from";
  const std::string into_ = directory_.path() + "/into";
  DatabaseId id_;
};

// a=1 b=1 c=1, then a=2 and no c any more.
void make_two(Salvaged& test, bool hinted = true) {
  test.make({log_header(1),
             {{1, kString, "a", "1"}, {2, kString, "b", "1"}, {3, kString, "c", "1"}},
             true,
             hinted});
  test.make({log_header(2),
             {{4, kString, "a", "2"}, {5, kTombstone, "c", ""}, {6, kString, "d", "1"}},
             true,
             hinted});
}

TEST_CASE("salvage of an intact database writes all keys and loses nothing") {
  Salvaged test;
  make_two(test);
  test.make({log_header(1), {{1, kString, "x", std::string(100'000, 'x')}, {2, kString, "y", "1"}}}, 1);
  test.run();
  CHECK(test.places == 0);
  CHECK(test.lost.empty());
  CHECK(test.found() == "a=2 b=1 d=1");
  CHECK(test.found(0, 1) == "x=100000 bytes y=1");
}

TEST_CASE("salvage goes on behind a damaged record and names its key by the hint") {
  Salvaged test;
  make_two(test);
  SUBCASE("the only value") {
    flip_byte(test.path("00000001.seg"), kSegmentHeaderBytes + kSmallBytes + 24);
    test.run();
    CHECK(test.told("00000001.seg: 32 bytes from offset 4128 on are no intact records"));
    CHECK(test.told("key \"b\" of db0: its value"));
    CHECK(test.found() == "a=2 d=1");
  }
  SUBCASE("the newest of two values") {
    flip_byte(test.path("00000002.seg"), kSegmentHeaderBytes + 5);
    test.run();
    CHECK(test.told("key \"a\" of db0: its last value; an older one is written"));
    CHECK(test.found() == "a=1 b=1 d=1");
  }
  SUBCASE("a dead value") {
    flip_byte(test.path("00000001.seg"), kSegmentHeaderBytes + 20);
    test.run();
    CHECK_FALSE(test.told("key"));
    CHECK(test.found() == "a=2 b=1 d=1");
  }
  SUBCASE("a tombstone, which the hint still has") {
    flip_byte(test.path("00000002.seg"), kSegmentHeaderBytes + kSmallBytes + 8);
    test.run();
    CHECK(test.found() == "a=2 b=1 d=1");
  }
  CHECK(test.places == 1);
}

TEST_CASE("without a hint the damaged record itself may tell its key") {
  Salvaged test;
  make_two(test, false);
  flip_byte(test.path("00000001.seg"), kSegmentHeaderBytes + kSmallBytes + 25);  // the value
  test.run();
  CHECK(test.told("perhaps key \"b\" of db0"));
  CHECK(test.found() == "a=2 d=1");
}

TEST_CASE("salvage takes what is left of a file that was cut, and names the rest") {
  Salvaged test;
  make_two(test);
  std::filesystem::resize_file(test.path("00000002.seg"), kSegmentHeaderBytes + kSmallBytes + 7);
  test.run();
  CHECK(test.places == 1);
  CHECK(test.told("00000002.seg: 64 bytes from offset 4128 on"));
  CHECK(test.told("key \"d\" of db0: its value"));
  CHECK(test.found() == "a=2 b=1");
}

TEST_CASE("salvage names a segment that is missing") {
  Salvaged test;
  SUBCASE("by its hint, with its keys") {
    make_two(test);
    std::filesystem::remove(test.path("00000001.seg"));
    test.run();
    CHECK(test.told("00000001.seg: 96 bytes from offset 4096 on, as the file is missing"));
    CHECK(test.told("key \"b\" of db0: its value"));
    CHECK_FALSE(test.told("key \"a\""));
  }
  SUBCASE("by the gap that it leaves") {
    make_two(test, false);
    std::filesystem::remove(test.path("00000001.seg"));
    test.run();
    CHECK(test.told("changes with the GSNs 1 to 3: no segment has them"));
  }
  CHECK(test.places == 1);
  CHECK(test.found() == "a=2 d=1");
}

TEST_CASE("a segment without its header is read all the same") {
  for (const bool hinted : {true, false}) {
    CAPTURE(hinted);
    Salvaged test;
    make_two(test, hinted);
    flip_byte(test.path("00000001.seg"), 40);
    test.run();
    CHECK(test.places == 0);
    CHECK(test.found() == "a=2 b=1 d=1");
  }
}

TEST_CASE("records that a start has cut, and whose GSNs others have, do not come back") {
  Salvaged test;
  MadeSegment cut{
      log_header(1), {{1, kString, "a", "1"}, {2, kString, "x", "1"}, {3, kString, "a", "cut"}}, false};
  test.make(cut);
  flip_byte(test.path("00000001.seg"), kSegmentHeaderBytes + kSmallBytes + 24);
  test.make({log_header(2), {{2, kString, "b", "1"}}});
  test.run();
  CHECK(test.found() == "a=1 b=1");
}

TEST_CASE("a batch at the end of the log that is not whole is left out, one with a hole is kept") {
  Salvaged test;
  SUBCASE("at the end") {
    test.make({log_header(1), {{1, kString, "a", "1"}, {2, kString, "a", "2", kContinues}}, false});
    test.run();
    CHECK(test.places == 0);
    CHECK(test.found() == "a=1");
  }
  SUBCASE("with a hole") {
    test.make({log_header(1),
               {{1, kString, "a", "1", kContinues}, {2, kString, "b", "1"}, {3, kString, "c", "1"}}});
    flip_byte(test.path("00000001.seg"), kSegmentHeaderBytes + kSmallBytes + 24);
    test.run();
    CHECK(test.found() == "a=1 c=1");
  }
}

TEST_CASE("bytes of a value do not pass for a record") {
  Salvaged test;
  SegmentHeader header;
  const std::string other = MadeSegment{log_header(9), {{9, kString, "z", "1"}}}.bytes(header);
  const std::string inside(other.substr(kSegmentHeaderBytes));
  test.make({log_header(1), {{1, kString, "a", inside + inside}, {2, kString, "b", "1"}}});
  flip_byte(test.path("00000001.seg"), kSegmentHeaderBytes + 4);
  test.run();
  CHECK(test.found() == "b=1");
}

TEST_CASE("flushes and swaps hold in what is written") {
  Salvaged test;
  std::string map;
  for (char db = 0; db < limits::kDatabases; ++db) map += db;
  std::swap(map[0], map[1]);
  test.make(
      {log_header(1), {{1, kString, "a", "1"}, {2, RecordKind::kFlush, "", ""}, {3, kString, "b", "1"}}});
  test.make({log_header(2), {{4, RecordKind::kSwap, "", map}}});
  test.make({log_header(1), {{1, RecordKind::kSwap, "", map}}}, 1);
  test.run();
  CHECK(test.places == 0);
  CHECK(test.found(1) == "b=1");
  CHECK(test.found(0).empty());
}

// Segment 3 was made of 1 and 2, and 1 is still there; 4 is the log behind it. A "c" was deleted.
Manifest make_compacted(Salvaged& test) {
  make_two(test);
  std::filesystem::remove(test.path("00000002.seg"));
  std::filesystem::remove(test.path("00000002.hint"));
  test.make(
      {compacted_header(3, 2), {{4, kString, "a", "2"}, {2, kString, "b", "1"}, {6, kString, "d", "1"}}});
  test.make({log_header(4), {{7, kString, "d", "2"}}});
  Manifest manifest = Manifest::none();
  manifest.log_gsn = 6;
  manifest.segments = {3};
  test.save(manifest);
  return manifest;
}

TEST_CASE("what compaction has replaced does not come back as long as the manifest is whole") {
  Salvaged test;
  make_compacted(test);
  test.run();
  CHECK(test.places == 0);
  CHECK(test.found() == "a=2 b=1 d=2");
}

TEST_CASE("without a whole manifest all segments count, by their GSNs, and the list says so") {
  Salvaged test;
  make_compacted(test);
  SUBCASE("damaged") {
    flip_byte(test.path("manifest"), 50);
    test.run();
    CHECK(test.told("manifest: has a wrong checksum: keys that were deleted"));
  }
  SUBCASE("missing") {
    std::filesystem::remove(test.path("manifest"));
    std::filesystem::remove(test.path("00000001.seg"));
    std::filesystem::remove(test.path("00000001.hint"));
    test.run();
    CHECK(test.told("manifest: is missing"));
  }
  CHECK(test.places == 1);
  CHECK(test.found().find("a=2 b=1") == 0);
  CHECK(test.found().find("d=2") != std::string::npos);
}

TEST_CASE("the first compaction, not brought to its end, is no loss") {
  Salvaged test;
  make_two(test);
  test.make({compacted_header(3, 2), {{2, kString, "b", "1"}}});
  test.run();
  CHECK(test.places == 0);
  CHECK(test.found() == "a=2 b=1 d=1");
}

TEST_CASE("a transaction is void for salvage when a shard without any loss lacks it") {
  Salvaged test;
  const std::string value = transaction_value(9, {0, 1});
  test.make({log_header(1), {{1, RecordKind::kTransaction, "", value, kContinues}, {2, kString, "a", "1"}}});
  test.make({log_header(1), {{1, kString, "x", "1"}, {2, kString, "y", "1"}}}, 1);
  SUBCASE("void") {
    test.run();
    CHECK(test.places == 0);
    CHECK(test.found().empty());
  }
  SUBCASE("it may have been in what the other shard has lost") {
    test.damage_other(kSegmentHeaderBytes + kSmallBytes + 24);
    test.run();
    CHECK(test.found() == "a=1");
  }
}

TEST_CASE("salvage writes to nothing but an absent or empty directory") {
  auto disk = std::move(*open_disk("threads", nullptr));
  const TempDirectory directory;
  auto from = Database::open(*disk, directory.path() + "/from", 1);
  REQUIRE(from.ok());
  std::filesystem::create_directory(directory.path() + "/into");
  std::ofstream(directory.path() + "/into/file") << "x";
  const auto report = salvage(*disk, *from, directory.path() + "/into", {});
  CHECK(report.message().find("into: is not empty") != std::string::npos);
}

// A set of old members, then a snapshot of it in two parts, with an edit in between.
std::string packed_set(std::initializer_list<std::string_view> members) {
  std::string packed = empty_packed(Type::kSet);
  set_packed_encoding(packed, Encoding::kListpack);
  for (const std::string_view member : members) PackedSet(packed).add(member);
  return packed;
}

std::string set_part(std::initializer_list<std::string_view> members, std::uint32_t number) {
  std::string value = packed_set(members);
  PartRecord::end(value, number, 3);
  return value;
}

std::vector<MadeRecord> set_in_parts() {
  Edits edits;
  edits.add("x");
  const auto chain_head = static_cast<std::uint8_t>(kHasExpiry | kChainHead);
  const auto last_part = static_cast<std::uint8_t>(kHasExpiry | kLastPart);
  return {{1, RecordKind::kSet, "s", packed_set({"old"}), chain_head},
          {2, RecordKind::kSetPart, "s", set_part({"a", "b"}, 0), chain_head},
          {3, RecordKind::kSetEdits, "s", std::string(edits.bytes()), kHasExpiry},
          {4, RecordKind::kSetPart, "s", set_part({"c"}, 1), last_part}};
}

TEST_CASE("salvage of a snapshot in parts writes all of it, or what was there before") {
  Salvaged test;
  std::vector<MadeRecord> records = set_in_parts();
  std::string expected = "a b c x";
  SUBCASE("intact") {
    test.make({log_header(1), records});
    test.run();
    CHECK(test.places == 0);
  }
  SUBCASE("in another order, as compaction may leave them") {
    std::swap(records[0], records[3]);
    test.make({compacted_header(1, 1), records});
    Manifest manifest = Manifest::none();
    manifest.log_gsn = 4;
    manifest.segments = {1};
    test.save(manifest);
    test.run();
    CHECK(test.places == 0);
  }
  SUBCASE("the last part was not logged") {
    records.pop_back();
    test.make({log_header(1), records});
    test.run();
    CHECK(test.places == 0);
    expected = "old x";
  }
  SUBCASE("a part is damaged") {
    std::uint64_t at = kSegmentHeaderBytes;
    for (int i = 0; i < 3; ++i)
      at += record_bytes(1, records[static_cast<std::size_t>(i)].value.size(), true);
    test.make({log_header(1), records});
    flip_byte(test.path("00000001.seg"), at + kRecordHeaderBytes + 12);
    test.run();
    CHECK(test.told("key \"s\" of db0: a part of its last snapshot; its value is made of the one before"));
    expected = "old x";
  }
  SUBCASE("a part is damaged of a snapshot that was not brought to its end") {
    records.pop_back();
    test.make({log_header(1), records});
    flip_byte(test.path("00000001.seg"),
              kSegmentHeaderBytes + record_bytes(1, records[0].value.size(), true) + kRecordHeaderBytes + 12);
    test.run();
    CHECK(test.places == 1);
    expected = "old x";
  }
  SUBCASE("a part is gone, and nothing tells of it") {
    records.erase(records.begin() + 1);
    test.make({compacted_header(1, 1), records});
    Manifest manifest = Manifest::none();
    manifest.log_gsn = 4;
    manifest.segments = {1};
    test.save(manifest);
    test.run();
    CHECK(test.places == 1);
    CHECK(
        test.told("key \"s\" of db0: its last snapshot; what is written is the one before, without changes"));
    expected = "old";
  }
  CHECK(test.keys == 1);
  CHECK(test.members("s") == expected);
}

std::string added(std::string_view member) {
  Edits edits;
  edits.add(member);
  return std::string(edits.bytes());
}

TEST_CASE("salvage puts no edits on a snapshot of which compaction may have removed some") {
  Salvaged test;
  const auto chain_head = static_cast<std::uint8_t>(kHasExpiry | kChainHead);
  const std::string last = packed_set({"a", "b", "c"});
  std::vector<MadeRecord> records = {{1, RecordKind::kSet, "s", packed_set({"a"}), chain_head},
                                     {2, RecordKind::kSetEdits, "s", added("b"), kHasExpiry},
                                     {3, RecordKind::kSetEdits, "s", added("c"), kHasExpiry},
                                     {4, RecordKind::kSet, "s", last, chain_head},
                                     {5, RecordKind::kSetEdits, "s", added("d"), kHasExpiry}};
  std::string expected = "a b c";
  SUBCASE("the log has all of them") {
    test.make({log_header(1), records});
  }
  SUBCASE("one is gone") {
    records.erase(records.begin() + 1);
    test.make({compacted_header(1, 1), records});
    Manifest manifest = Manifest::none();
    manifest.log_gsn = 5;
    manifest.segments = {1};
    test.save(manifest);
    expected = "a";
  }
  std::uint64_t at = kSegmentHeaderBytes;
  for (const MadeRecord& made : records) {
    if (made.gsn < 4) at += record_bytes(1, made.value.size(), true);
  }
  flip_byte(test.path("00000001.seg"), at + kRecordHeaderBytes + 12);
  test.run();
  CHECK(test.told("key \"s\" of db0: its last value; an older one is written"));
  CHECK(test.told("as some of them may be gone") == (expected == "a"));
  CHECK(test.members("s") == expected);
}

}  // namespace
}  // namespace stave
