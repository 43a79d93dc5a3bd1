// SPDX-License-Identifier: Apache-2.0
// Shows that this version reads what each earlier version wrote: the databases in tests/formats, each with a
// list of all its keys beside it (see write.py there).
#include <algorithm>
#include <fstream>
#include <sstream>

#include "shards/check.h"
#include "shards/database.h"
#include "shards/hash.h"
#include "shards/list.h"
#include "shards/manifest.h"
#include "shards/set.h"
#include "shards/zset.h"
#include "tests/shards/shard_testing.h"

namespace stave {
namespace {

using testing::ShardUnderTest;
using testing::TempDirectory;

struct Line {
  int db = 0;
  std::string key;
  std::string value;
  std::int64_t expiry_ms = 0;
  bool raw = false;
};

std::string from_hex(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  return bytes;
}

// "616263*9" is "abc" nine times, and "61*9+62" nine "a" with a "b" behind them.
std::string value_of(const std::string& text) {
  if (const std::size_t plus = text.find('+'); plus != std::string::npos)
    return value_of(text.substr(0, plus)) + value_of(text.substr(plus + 1));
  const std::string once = from_hex(text.substr(0, text.find('*')));
  if (text.find('*') == std::string::npos) return once;
  std::string value;
  for (int times = std::stoi(text.substr(text.find('*') + 1)); times > 0; --times) value += once;
  return value;
}

std::vector<Line> read_list(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<Line> lines;
  std::string key;
  std::string value;
  std::string encoding;
  for (Line line; file >> line.db >> key >> value >> line.expiry_ms >> encoding;) {
    line.key = from_hex(key);
    line.value = value_of(value);  // "-" is too short for a byte
    if (line.expiry_ms < 0) line.expiry_ms = 0;
    line.raw = encoding == "raw" && line.value.size() <= 44;
    lines.push_back(line);
  }
  return lines;
}

// A string, or the elements of a collection as the list has them.
std::string text_of(const Found& found) {
  REQUIRE(found.resident);
  if (found.type == Type::kString) return std::string(found.value);
  std::vector<std::string> lines;
  const auto add_pair = [&](std::string_view name, std::string_view value) {
    lines.push_back(std::string(name) + "=" + std::string(value));
  };
  if (found.type == Type::kHash) {
    const HashView hash(found);
    hash.for_each([&](std::string_view field, std::string_view value) {
      add_pair(field, value);
      const std::int64_t expiry_ms = hash.element(field)->expiry_ms;
      if (expiry_ms != 0) lines.back() += "@" + std::to_string(expiry_ms);
    });
  }
  if (found.type == Type::kSet)
    SetView(found).for_each([&](std::string_view member) { lines.emplace_back(member); });
  if (found.type == Type::kHash || found.type == Type::kSet) std::sort(lines.begin(), lines.end());
  if (found.type == Type::kList)
    ListView(found).for_each_while(0, false, [&](std::string_view element) {
      lines.emplace_back(element);
      return true;
    });
  if (found.type == Type::kZset)
    ZsetView(found).walk(0, false, [&](std::string_view member, double score) {
      std::ostringstream text;
      text << score;
      add_pair(member, text.str());
      return true;
    });
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

using Shards = std::vector<std::unique_ptr<ShardUnderTest>>;

// Returns how many of the values are in parts.
std::size_t compare(Shards& shards, const std::vector<Line>& lines) {
  std::array<std::size_t, limits::kDatabases> keys{};
  std::size_t in_parts = 0;
  for (const Line& line : lines) {
    CAPTURE(line.db);
    CAPTURE(line.key);
    ++keys[static_cast<std::size_t>(line.db)];
    std::size_t holders = 0;
    for (const auto& shard : shards) {
      if (!shard->get(line.key, line.db).has_value()) continue;
      ++holders;
      const Found found = shard->shard().find({line.db, line.key}, false);
      CHECK(text_of(found) == line.value);
      if (found.collection != nullptr && !found.collection->chain.parts.empty()) ++in_parts;
      const Entry* entry = shard->shard().entry({line.db, line.key});
      CHECK(entry->expiry_ms() == line.expiry_ms);
      if (line.raw) CHECK(entry->has(Entry::kRawEncoding));
    }
    CHECK(holders == 1);
  }
  for (std::size_t db = 0; db < keys.size(); ++db) {
    std::size_t found = 0;
    for (const auto& shard : shards) found += shard->shard().sizes().keys[db].load();
    CHECK(found == keys[db]);
  }
  return in_parts;
}

// What any version may have left must be among the files, so that it is read again by every later one.
struct Seen {
  std::size_t compacted = 0;
  std::size_t log_behind_compacted = 0;
  std::uint64_t compacted_tombstone_bytes = 0;
  std::size_t open = 0;
  std::size_t manifests = 0;

  void add(const ShardCheck& shard) {
    bool behind = false;
    for (const SegmentCheck& segment : shard.segments) {
      if (!segment.sealed) ++open;
      if (segment.kind == SegmentKind::kLog && behind) ++log_behind_compacted;
      if (segment.kind == SegmentKind::kLog) continue;
      behind = true;
      ++compacted;
      compacted_tombstone_bytes += segment.tombstone_bytes;
    }
  }
};

// Every byte of the directory is as it was written.
void check_format(const std::string& directory, const std::vector<Line>& lines, bool has_parts) {
  auto disk = std::move(*open_disk("threads", nullptr));
  auto database = Database::open_existing(*disk, directory);
  REQUIRE(database.ok());
  std::vector<std::string> directories;
  for (std::uint32_t shard = 0; shard < database->shards(); ++shard)
    directories.push_back(database->shard_directory(shard));
  DatabaseCheck check(*disk, database->id(), directories);
  std::uint64_t keys = 0;
  Seen seen;
  for (std::uint32_t shard = 0; shard < database->shards(); ++shard) {
    const ShardCheck found = check.shard(shard);
    CHECK(found.problems.empty());
    for (const std::uint64_t count : found.keys) keys += count;
    seen.add(found);
    if (std::filesystem::exists(directories[shard] + "/" + kManifestName)) ++seen.manifests;
  }
  CHECK(seen.manifests == database->shards());
  CHECK(seen.compacted >= database->shards());
  CHECK(seen.log_behind_compacted > 0);
  CHECK(seen.compacted_tombstone_bytes > 0);
  CHECK(seen.open > 0);
  CHECK(keys == lines.size());
  // Once by the hints, and once more by what that start has written.
  for (int start = 0; start < 2; ++start) {
    Shards shards;
    for (std::uint32_t shard = 0; shard < database->shards(); ++shard)
      shards.push_back(std::make_unique<ShardUnderTest>(
          directories[shard], testing::ShardSetup{.number = shard, .database = database->id()}));
    CHECK((compare(shards, lines) > 0) == has_parts);
    for (const auto& shard : shards) shard->close();
  }
}

TEST_CASE("this version reads the databases that each version wrote") {
  const std::filesystem::path formats = std::filesystem::path(STAVE_SOURCE_DIRECTORY) / "tests/formats";
  std::size_t tested = 0;
  for (const auto& found : std::filesystem::directory_iterator(formats)) {
    if (!found.is_directory() || found.path().filename().string()[0] != 'v') continue;
    CAPTURE(found.path().string());
    const auto lines = read_list(found.path().string() + ".keys");
    REQUIRE(lines.size() > 50);
    const TempDirectory copy;
    std::filesystem::copy(found.path(), copy.path(), std::filesystem::copy_options::recursive);
    const int version = std::stoi(found.path().filename().string().substr(1));
    check_format(copy.path(), lines, version >= 3);
    ++tested;
  }
  CHECK(tested >= 3);
}

}  // namespace
}  // namespace stave
