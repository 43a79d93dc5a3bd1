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
  bool damaged = false;
  for (std::uint32_t shard = 0; shard < database->shards(); ++shard) {
    const stave::ShardCheck result =
        stave::check_shard(**disk, database->shard_directory(shard), database->id(), shard);
    std::printf("%s\n", stave::shard_name(shard).c_str());
    for (const stave::SegmentCheck& segment : result.segments) {
      std::printf(
          "  %-14s %-6s %-8s records %-9" PRIu64 " bytes %-11" PRIu64 " GSN %" PRIu64 "-%" PRIu64 "%s\n",
          segment.name.c_str(), segment.sealed ? "sealed" : "open", segment.hint.c_str(), segment.records,
          segment.bytes, segment.lowest_gsn, segment.highest_gsn, segment.note.c_str());
    }
    for (int db = 0; db < stave::limits::kDatabases; ++db) {
      const auto i = static_cast<std::size_t>(db);
      if (result.keys[i] != 0)
        std::printf("  db%d: %" PRIu64 " key%s\n", db, result.keys[i], result.keys[i] == 1 ? "" : "s");
    }
    for (const std::string& problem : result.problems) std::printf("  DAMAGED %s\n", problem.c_str());
    damaged |= !result.problems.empty();
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
