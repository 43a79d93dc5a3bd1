// SPDX-License-Identifier: Apache-2.0
// Shows that a manifest is read as it was written, or not at all.
#include "shards/manifest.h"

#include <doctest/doctest.h>

#include "tests/sim/sim_disk.h"

namespace stave {
namespace {

constexpr DatabaseId kDatabase{1, 2, 3};

Manifest some() {
  Manifest manifest = Manifest::none();
  manifest.log_gsn = 1000;
  manifest.settled = 7;
  manifest.swap_gsn = 900;
  std::swap(manifest.db_map[1], manifest.db_map[2]);
  manifest.flush_gsn[3] = 800;
  manifest.segments = {2, 5, 9};
  return manifest;
}

std::string error_of(std::string_view bytes, const DatabaseId& database = kDatabase,
                     std::uint32_t shard = 4) {
  const auto manifest = Manifest::decode(bytes, database, shard);
  return manifest.ok() ? std::string() : manifest.message();
}

TEST_CASE("a manifest comes back as it was") {
  const auto manifest = Manifest::decode(some().encode(kDatabase, 4), kDatabase, 4);
  REQUIRE(manifest.ok());
  CHECK(manifest->log_gsn == 1000);
  CHECK(manifest->settled == 7);
  CHECK(manifest->swap_gsn == 900);
  CHECK(manifest->db_map == some().db_map);
  CHECK(manifest->flush_gsn == some().flush_gsn);
  CHECK(manifest->segments == some().segments);
  CHECK(manifest->lists(5));
  CHECK_FALSE(manifest->lists(4));
}

TEST_CASE("a manifest of which any byte differs or is missing is an error") {
  const std::string bytes = some().encode(kDatabase, 4);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    CAPTURE(at);
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    CHECK_FALSE(error_of(damaged).empty());
    CHECK_FALSE(error_of(bytes.substr(0, at)).empty());
  }
  CHECK(error_of(bytes + std::string(8, '\0')) == "has a wrong checksum");
  CHECK(error_of(bytes, DatabaseId{}) == "belongs to another database or shard");
  CHECK(error_of(bytes, kDatabase, 5) == "belongs to another database or shard");
}

TEST_CASE("a shard without a manifest was never compacted") {
  sim::SimDisk disk(sim::Storage(), 1);
  const auto manifest = Manifest::load(disk, "shard", kDatabase, 4);
  REQUIRE(manifest.ok());
  CHECK(manifest->segments.empty());
  CHECK(manifest->log_gsn == 0);
  for (std::size_t db = 0; db < manifest->db_map.size(); ++db) CHECK(manifest->db_map[db] == db);
}

TEST_CASE("a power loss while a manifest is replaced leaves the old one or the new one") {
  Manifest next = some();
  next.segments = {11};
  std::size_t old = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    sim::SimDisk disk(sim::Storage(), seed);
    REQUIRE(some().save(disk, "shard", kDatabase, 4).ok());
    disk.crash_at(1 + seed % 6, sim::Crash::kPowerLoss);
    REQUIRE(next.save(disk, "shard", kDatabase, 4).ok());
    if (!disk.crashed()) continue;
    sim::SimDisk left(disk.take_image(), seed);
    const auto manifest = Manifest::load(left, "shard", kDatabase, 4);
    REQUIRE(manifest.ok());
    CHECK((manifest->segments == some().segments || manifest->segments == next.segments));
    old += manifest->lists(2) ? 1 : 0;
  }
  CHECK(old > 10);
}

}  // namespace
}  // namespace stave
