// SPDX-License-Identifier: Apache-2.0
// stave-check DIR: verifies a database that no server has open and prints what it holds. Reads every record
// of every segment and compares the hints with them; changes nothing. With --salvage OUT it writes all that
// is intact to a new database. Exit status 0: all is well; 1: something is damaged or lost, and is named; 2:
// wrong use.
#include <cinttypes>
#include <cstdio>
#include <string>
#include <vector>

#include "shards/check.h"
#include "shards/database.h"
#include "shards/salvage.h"

namespace {

constexpr const char* kHelp = R"(Usage: stave-check DIR
       stave-check DIR --salvage OUT
       stave-check --help | --version

Verifies the Stave database in DIR, which no server may have open: every record of every segment, every hint
and manifest. Prints for each segment its records and its bytes (live: the last values of keys; dead;
tombstones: of deleted keys), and how many keys there are. Changes nothing.

--salvage OUT writes all that is intact in DIR to a new database in OUT, which must be absent or empty, and
lists what is lost: file, place, and the keys as far as they are known. Where the last value of a key is lost
and an older one is intact, the older one is written, and the list says so. DIR is only read. Needs about 80
bytes of memory for each key of a shard, and as much as the largest value.

Exit status: 0 if all is well or nothing is lost, 1 if something is damaged, lost or cannot be read, 2 for a
wrong use of this program.
)";

void print(const stave::SegmentCheck& segment) {
  std::printf("  %-14s %-9s %-6s %-8s records %-9" PRIu64 " bytes %-11" PRIu64 " live %-11" PRIu64
              " dead %-11" PRIu64 " tombstones %-9" PRIu64 " GSN %" PRIu64 "-%" PRIu64 "%s%s\n",
              segment.name.c_str(), segment.kind == stave::SegmentKind::kLog ? "log" : "compacted",
              segment.sealed ? "sealed" : "open", segment.hint.c_str(), segment.records, segment.bytes,
              segment.live_bytes, segment.dead_bytes(), segment.tombstone_bytes, segment.lowest_gsn,
              segment.highest_gsn, segment.note.empty() ? "" : ", ", segment.note.c_str());
}

void print(const stave::ShardCheck& shard) {
  std::uint64_t bytes = 0;
  std::uint64_t live_bytes = 0;
  std::uint64_t dead_bytes = 0;
  std::uint64_t tombstone_bytes = 0;
  for (const stave::SegmentCheck& segment : shard.segments) {
    print(segment);
    bytes += segment.bytes;
    live_bytes += segment.live_bytes;
    dead_bytes += segment.dead_bytes();
    tombstone_bytes += segment.tombstone_bytes;
  }
  std::printf("  together: %" PRIu64 " bytes, %" PRIu64 " live, %" PRIu64 " dead, %" PRIu64
              " of tombstones\n",
              bytes, live_bytes, dead_bytes, tombstone_bytes);
  for (std::size_t db = 0; db < shard.keys.size(); ++db) {
    if (shard.keys[db] != 0)
      std::printf("  db%zu: %" PRIu64 " key%s\n", db, shard.keys[db], shard.keys[db] == 1 ? "" : "s");
  }
  for (const std::string& note : shard.notes) std::printf("  note: %s\n", note.c_str());
  for (const std::string& problem : shard.problems) std::printf("  DAMAGED %s\n", problem.c_str());
}

int complain(const std::string& why) {
  std::fprintf(stderr, "stave-check: %s\n", why.c_str());
  return 1;
}

int check(stave::Disk& disk, const stave::Database& database) {
  std::printf("%s: format %u, %u shard%s\n", database.directory().c_str(), stave::kFormatVersion,
              database.shards(), database.shards() == 1 ? "" : "s");
  std::vector<std::string> directories;
  for (std::uint32_t shard = 0; shard < database.shards(); ++shard)
    directories.push_back(database.shard_directory(shard));
  stave::DatabaseCheck check(disk, database.id(), std::move(directories));
  bool damaged = false;
  for (std::uint32_t shard = 0; shard < database.shards(); ++shard) {
    std::printf("%s\n", stave::shard_name(shard).c_str());
    const stave::ShardCheck found = check.shard(shard);
    print(found);
    damaged |= !found.problems.empty();
  }
  std::printf(damaged ? "damaged: see above\n" : "all is well\n");
  return damaged ? 1 : 0;
}

int salvage(stave::Disk& disk, const stave::Database& database, const std::string& into) {
  stave::SalvageOptions options;
  options.lost = [](const std::string& line) { std::printf("LOST %s\n", line.c_str()); };
  auto report = stave::salvage(disk, database, into, options);
  if (!report.ok()) return complain(report.message());
  std::printf("%s: %" PRIu64 " key%s written\n", into.c_str(), report->keys, report->keys == 1 ? "" : "s");
  if (report->places_lost == 0) {
    std::printf("nothing is lost\n");
    return 0;
  }
  std::printf("lost: %" PRIu64 " place%s, see above\n", report->places_lost,
              report->places_lost == 1 ? "" : "s");
  return 1;
}

// `into` is empty for a check.
int run(const std::string& directory, const std::string& into) {
  auto disk = stave::open_disk("threads", nullptr);
  if (!disk.ok()) return complain(disk.message());
  auto database = stave::Database::open_existing(**disk, directory);
  if (!database.ok()) return complain(database.message());
  return into.empty() ? check(**disk, *database) : salvage(**disk, *database, into);
}

int wrong_use() {
  std::fputs(kHelp, stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 1 && (words[0] == "-h" || words[0] == "--help")) {
    std::fputs(kHelp, stdout);
    return 0;
  }
  if (words.size() == 1 && (words[0] == "-v" || words[0] == "--version")) {
    std::printf("stave-check v=%s\n", STAVE_VERSION);
    return 0;
  }
  std::string directory;
  std::string into;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--salvage" && i + 1 < words.size() && into.empty()) {
      into = words[++i];
    } else if (!words[i].starts_with("-") && directory.empty()) {
      directory = words[i];
    } else {
      return wrong_use();
    }
  }
  return directory.empty() || into.starts_with("-") ? wrong_use() : run(directory, into);
}
