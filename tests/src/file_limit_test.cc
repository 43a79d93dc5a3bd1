// SPDX-License-Identifier: Apache-2.0
// Shows how the open files that the system allows are shared between clients and the store's segments.
#include "src/file_limit.h"

#include <doctest/doctest.h>

namespace stave {
namespace {

constexpr std::uint64_t kGiB = 1ull << 30;
constexpr std::uint64_t kSegmentBytes = 256ull << 20;

TEST_CASE("a segment takes two files, and a database may double") {
  const StoreFiles none = files_of_store(0, 1, 0, kSegmentBytes);
  const StoreFiles some = files_of_store(624, 1, 0, kSegmentBytes);
  CHECK(some.at_start == none.at_start + 1248);
  CHECK(some.later == none.later + 2496);
  CHECK(none.later < 64);
}

TEST_CASE("what a database may come to need follows from maxdisk, whatever is there") {
  const StoreFiles small = files_of_store(0, 1, 15 * kGiB, kSegmentBytes);
  CHECK(small.later >= 2 * 480);  // segments of 32 MiB
  CHECK(small.later < 2 * 960);
  CHECK(files_of_store(0, 4, 1024 * kGiB, kSegmentBytes).later >= 2 * 16384);  // of 64 MiB
  CHECK(files_of_store(3000, 1, 15 * kGiB, kSegmentBytes).later >= 2 * 3000);
  // However small the share of a shard is.
  CHECK(files_of_store(0, 1024, 1 << 20, kSegmentBytes).later >= 1024);
}

TEST_CASE("where there are files enough, clients are as many as they may be and the store has the rest") {
  const FileRoom room = share_files(20'000, 10'000, {100, 3000});
  CHECK(room.clients == 10'000);
  CHECK(room.store_files == 10'000);
}

TEST_CASE("where there are not, the store gets what it needs now first, and a quarter for what may come") {
  CHECK(share_files(1024, 10'000, {100, 200}).clients == 768);
  CHECK(share_files(1024, 10'000, {600, 1200}).clients == 424);
  CHECK(share_files(20'000, 18'000, {100, 200}).clients == 20'000 - 4096);
  CHECK(share_files(40'000, 38'000, {100, 9000}).clients == 31'000);
  CHECK(share_files(40'000, 38'000, {100, 70'000}).clients == 30'000);
  const FileRoom full = share_files(1000, 50, {2000, 4000});
  CHECK(full.clients == 1);
  CHECK(full.store_files == 999);
}

}  // namespace
}  // namespace stave
