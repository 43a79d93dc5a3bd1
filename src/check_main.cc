// SPDX-License-Identifier: Apache-2.0
// stave-check DIR: verifies a database that no server has open and prints what it holds. Reads every record
// of every segment and compares the hints with them; changes nothing. Exit status 0: all is well; 1:
// something is damaged, and is named; 2: wrong use.
#include <cinttypes>
#include <cstdio>
#include <string>

#include "shards/check.h"
#include "shards/database.h"

namespace {

constexpr const char* kHelp =
    "Usage: stave-check DIR\n"
    "       stave-check --help | --version\n\n"
    "Verifies the Stave database in DIR, which no server may have open, and prints what it holds. Changes "
    "nothing.\n"
    "Exit status: 0 if all is well, 1 if something is damaged or cannot be read, 2 for a wrong use of this "
    "program.\n";

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

int check(const std::string& directory) {
  auto disk = stave::open_disk("threads", nullptr);
  if (!disk.ok()) {
    std::fprintf(stderr, "stave-check: %s\n", disk.message().c_str());
    return 1;
  }
  auto database = stave::Database::open_existing(**disk, directory);
  if (!database.ok()) {
    std::fprintf(stderr, "stave-check: %s\n", database.message().c_str());
    return 1;
  }
  std::printf("%s: format %u, %u shard%s\n", directory.c_str(), stave::kFormatVersion, database->shards(),
              database->shards() == 1 ? "" : "s");
  std::vector<std::string> directories;
  for (std::uint32_t shard = 0; shard < database->shards(); ++shard)
    directories.push_back(database->shard_directory(shard));
  stave::DatabaseCheck check(**disk, database->id(), std::move(directories));
  bool damaged = false;
  for (std::uint32_t shard = 0; shard < database->shards(); ++shard) {
    std::printf("%s\n", stave::shard_name(shard).c_str());
    const stave::ShardCheck found = check.shard(shard);
    print(found);
    damaged |= !found.problems.empty();
  }
  std::printf(damaged ? "damaged: see above\n" : "all is well\n");
  return damaged ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string argument = argc == 2 ? argv[1] : "";
  if (argument == "-h" || argument == "--help") {
    std::fputs(kHelp, stdout);
    return 0;
  }
  if (argument == "-v" || argument == "--version") {
    std::printf("stave-check v=%s\n", STAVE_VERSION);
    return 0;
  }
  if (argument.empty() || argument.starts_with("-")) {
    std::fputs(kHelp, stderr);
    return 2;
  }
  return check(argument);
}
