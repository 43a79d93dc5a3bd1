// SPDX-License-Identifier: Apache-2.0
// Shows that a hint gives back every entry as it was put in, at the ends of what its numbers can be, that it
// takes little more than the keys where records follow each other, and that what is not a whole hint is
// refused.
#include "shards/hint.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "shards/disk.h"
#include "shards/limits.h"
#include "tests/shards/shard_testing.h"

namespace stave {
namespace {

constexpr auto kLowest = std::numeric_limits<std::int64_t>::min();
constexpr auto kHighest = std::numeric_limits<std::int64_t>::max();

struct Put {
  Record record;
  std::uint64_t offset_bytes;
};

class Hint {
 public:
  explicit Hint(std::uint64_t lowest_gsn) {
    header_.number = 1;
    header_.lowest_gsn = lowest_gsn;
    header_.highest_gsn = 1000;
    header_.end_bytes = std::uint64_t{1} << 31;
    header_.sealed = true;
  }
  std::string write(const std::vector<Put>& all) {
    HintWriter writer(*disk_, directory_.path(), header_);
    for (const Put& each : all) writer.add(each.record, each.offset_bytes);
    REQUIRE(writer.finish().ok());
    auto bytes = read_file(*disk_, directory_.path() + "/" + hint_name(1));
    REQUIRE(bytes.ok());
    return *bytes;
  }
  Result<HintReader> open(std::string bytes) const { return HintReader::open(std::move(bytes), header_); }

 private:
  SegmentHeader header_;
  testing::TempDirectory directory_;
  std::unique_ptr<Disk> disk_ = std::move(*open_disk("threads", nullptr));
};

void check_same(const HintEntry& found, const Put& put) {
  CHECK(found.record.kind == put.record.kind);
  CHECK(found.record.flags == put.record.flags);
  CHECK(found.record.db == put.record.db);
  CHECK(found.record.gsn == put.record.gsn);
  CHECK(found.record.expiry_ms == put.record.expiry_ms);
  CHECK(found.record.key == put.record.key);
  CHECK(found.value_bytes == put.record.value.size());
  CHECK(found.record.value == (hint_has_value(put.record.kind) ? put.record.value : ""));
  CHECK(found.offset_bytes == put.offset_bytes);
}

TEST_CASE("a hint of many pieces is whole, and is refused with any bit wrong") {
  std::vector<Put> all;
  for (std::uint64_t i = 0; i < 20'000; ++i)
    all.push_back({{RecordKind::kString, 0, 0, i, 0, "key", "x"}, kSegmentHeaderBytes + i * 64});
  Hint hint(0);
  const std::string bytes = hint.write(all);
  CHECK(bytes.size() > 2 * limits::kHintPieceBytes);
  const auto reader = hint.open(bytes);
  REQUIRE(reader.ok());
  std::size_t found = 0;
  reader->for_each([&](const HintEntry& entry) { check_same(entry, all[found++]); });
  CHECK(found == all.size());
  for (std::size_t at = 0; at < bytes.size(); at += at < 200 ? 1 : 997) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    CHECK(!hint.open(damaged).ok());
  }
}

TEST_CASE("a hint gives back what was put in, with any gaps and GSNs") {
  const std::string key(300, 'k');
  const std::string value(70'000, 'v');
  const std::vector<Put> all = {
      {{RecordKind::kString, 0, 0, 7, 0, "a", value}, kSegmentHeaderBytes},
      {{RecordKind::kString, kHasExpiry, 15, 3, kHighest, key, ""}, kSegmentHeaderBytes + 80'000},
      {{RecordKind::kString, kHasExpiry, 1, 1u << 30, kLowest, "", "x"}, kSegmentHeaderBytes + 80'400},
      {{RecordKind::kString, kHasExpiry, 1, 4, -1, "b", "x"}, std::uint64_t{1} << 30},
      {{RecordKind::kTransaction, 0, 0, 5, 0, "", "who takes part"}, (std::uint64_t{1} << 30) + 4096},
  };
  Hint hint(7);
  auto reader = hint.open(hint.write(all));
  REQUIRE(reader.ok());
  REQUIRE(reader->count() == all.size());
  std::size_t i = 0;
  reader->for_each([&](const HintEntry& found) { check_same(found, all[i++]); });
  CHECK(i == all.size());
}

TEST_CASE("records that follow each other take at most eight bytes of a hint, and their keys") {
  std::vector<Put> all;
  std::uint64_t offset = kSegmentHeaderBytes;
  for (std::uint64_t gsn = 1; gsn <= 1000; ++gsn) {
    all.push_back({{RecordKind::kString, kHasExpiry, 0, gsn, 0, "key", "value"}, offset});
    offset += record_bytes(3, 5, true);
  }
  Hint hint(1);
  CHECK(hint.write(all).size() <= 80 + all.size() * (8 + 3));
}

TEST_CASE("a hint that was cut or has other bytes is refused") {
  Hint hint(1);
  const std::string bytes = hint.write({{{RecordKind::kString, 0, 0, 1, 0, "a", "1"}, kSegmentHeaderBytes}});
  REQUIRE(hint.open(bytes).ok());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    CHECK_FALSE(hint.open(bytes.substr(0, i)).ok());
    std::string other = bytes;
    other[i] = static_cast<char>(other[i] ^ 1);
    CHECK_FALSE(hint.open(other).ok());
  }
}

}  // namespace
}  // namespace stave
