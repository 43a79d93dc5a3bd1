// SPDX-License-Identifier: Apache-2.0
// Shows that compaction loses nothing, whichever of its calls the machine dies in or fails, and that the
// shard serves on.
#include <algorithm>
#include <cerrno>

#include "tests/shards/compaction_testing.h"

namespace stave {
namespace {

using sim::Crash;
using testing::CompactedShard;
using Contents = CompactedShard::Contents;

// A segment that stays, and three victims: of one nothing is left, of one the file is large enough to be used
// again. There is one of everything that may be lost or may come back.
Contents fill(CompactedShard& test) {
  test.put("deleted", "old");
  test.put("changed", "old");
  test.put("flushed", "old", 0, 1);
  test.ballast("ballast");
  test.seal();
  test.put("live", "value");
  test.put("changed", "newer");
  test.put("expired", "soon", test.now_ms() + 1);
  for (int i = 0; i < 4; ++i) test.waste();
  test.seal();
  test.del("deleted");
  test.put("large", std::string(7000, 'l'));
  test.flush_db(1);
  test.waste();
  test.seal();
  for (int i = 0; i < 4; ++i) test.put("rewritten", std::string(3000, 'r'));
  test.seal();
  test.put("rewritten", "now");
  test.put("changed", "newest");
  test.seal();
  test.turn(5);
  return {{"ballast", std::string(20000, 'b')},
          {"live", "value"},
          {"changed", "newest"},
          {"large", std::string(7000, 'l')},
          {"rewritten", "now"}};
}

void check(CompactedShard& test, const Contents& expected) {
  CHECK(test.contents() == expected);
  CHECK(test.shard().sizes().keys[1].load() == 0);
}

// Each file in the directory is of a segment that is in use.
void check_files(CompactedShard& test) {
  const auto names = test.disk().list("shard");
  REQUIRE(names.ok());
  for (const std::string& name : *names) {
    CAPTURE(name);
    if (name == kManifestName) continue;
    const std::uint64_t number =
        std::max(parse_segment_name(name, ".seg"), parse_segment_name(name, ".hint"));
    CHECK(number > 0);
    CHECK(test.segment(number) != nullptr);
  }
}

void turns(CompactedShard& test) {
  for (int i = 0; i < 60; ++i) {
    test.turn();
    test.settle();
  }
}

// What a shard does afterwards is as it should be.
void serve_on(CompactedShard& test, Contents expected) {
  REQUIRE_FALSE(test.shard().log().failed());
  test.put("live", "after");
  test.put("fresh", "value");
  test.del("rewritten");
  expected["live"] = "after";
  expected["fresh"] = "value";
  expected.erase("rewritten");
  check(test, expected);
  test.make_durable();
  test.crash(Crash::kPowerLoss);
  check(test, expected);
  check_files(test);
  test.compact();
  check(test, expected);
  test.crash();
  check(test, expected);
}

std::uint64_t calls_of_compaction() {
  CompactedShard test;
  fill(test);
  const std::uint64_t before = test.disk().calls();
  turns(test);
  REQUIRE(test.counters().segments_freed >= 3);
  REQUIRE(test.shard().log().spare_bytes() > 0);
  return test.disk().calls() - before;
}

TEST_CASE("a crash in any call of compaction loses nothing and brings nothing back") {
  const std::uint64_t calls = calls_of_compaction();
  CHECK(calls > 30);
  for (std::uint64_t call = 1; call <= calls; ++call) {
    for (const Crash kind : {Crash::kKill, Crash::kPowerLoss}) {
      CAPTURE(call);
      CAPTURE(static_cast<int>(kind));
      CompactedShard test({.seed = call});
      const Contents expected = fill(test);
      test.disk().crash_at(call, kind);
      turns(test);
      REQUIRE(test.disk().crashed());
      test.crash_as_taken();
      check(test, expected);
      check_files(test);
      serve_on(test, expected);
    }
  }
}

TEST_CASE("a power loss that undoes a change does not find what it replaced gone") {
  std::size_t undone = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    CompactedShard test({.seed = seed});
    Contents expected = fill(test);
    test.put("live", "not durable");  // its old value is in a victim
    test.shard().log().flush();
    test.disk().crash_at(1 + seed % 50, Crash::kPowerLoss);
    turns(test);
    if (!test.disk().crashed()) continue;
    test.crash_as_taken();
    const std::optional<std::string> live = test.get("live");
    undone += live == "value" ? 1 : 0;
    if (live == "not durable") expected["live"] = "not durable";
    check(test, expected);
  }
  CHECK(undone > 0);
}

// With a disk that goes wrong at some call, in this way.
template <typename Fail>
void fail_at_each_call(Fail fail) {
  const std::uint64_t calls = calls_of_compaction();
  std::uint64_t errors = 0;
  std::uint64_t tried_again = 0;
  for (std::uint64_t call = 1; call <= calls; ++call) {
    CAPTURE(call);
    CompactedShard test({.seed = call});
    const Contents expected = fill(test);
    fail(test.disk(), call);
    turns(test);
    if (!test.disk().has_failed()) continue;  // no sync came after that call
    check(test, expected);
    errors += test.counters().errors;
    if (test.counters().errors > 0) {
      CHECK_FALSE(test.compaction().last_error().empty());
      tried_again += test.counters().segments_freed > 0 ? 1 : 0;
    } else {
      CHECK(test.counters().segments_freed >= 3);
    }
    serve_on(test, expected);
  }
  MESSAGE(calls, " calls, ", errors, " errors, ", tried_again, " times gone on with");
  CHECK(errors > 2);
  CHECK(tried_again > 2);
}

TEST_CASE("compaction that meets an error loses nothing, and the shard serves on") {
  fail_at_each_call([](sim::SimDisk& disk, std::uint64_t call) { disk.fail_at(call, EIO); });
}

TEST_CASE("compaction that meets a full disk loses nothing, and the shard serves on") {
  fail_at_each_call([](sim::SimDisk& disk, std::uint64_t call) { disk.fail_at(call, ENOSPC); });
}

TEST_CASE("compaction whose sync fails loses nothing, and the shard serves on") {
  fail_at_each_call([](sim::SimDisk& disk, std::uint64_t call) { disk.fail_sync_at(call, EIO); });
}

TEST_CASE("compaction without room for its copy waits, and goes on when there is room") {
  CompactedShard test;
  const Contents expected = fill(test);
  test.disk().set_capacity(0);
  turns(test);
  CHECK(test.counters().errors > 1);  // again and again
  CHECK(test.compaction().last_error().find("No space left") != std::string::npos);
  check(test, expected);
  check_files(test);
  test.disk().set_capacity(~std::uint64_t{0});
  turns(test);
  CHECK(test.counters().segments_freed >= 3);
  serve_on(test, expected);
}

TEST_CASE("a segment that cannot be read is left alone, the others are not") {
  CompactedShard test;
  test.put("k", "value");
  test.waste();
  const std::uint64_t damaged = test.seal();
  test.ballast("ballast");
  test.seal();
  REQUIRE(test.segment(damaged)->file->write(kSegmentHeaderBytes + 24, "!!").ok());
  test.compact();
  CHECK(test.counters().errors == 1);
  CHECK(test.compaction().last_error().find(segment_name(damaged) + ": bad record at offset 4096") !=
        std::string::npos);
  CHECK(test.segment(damaged)->damaged);
  test.put("other", "value");
  test.waste();
  const std::uint64_t sound = test.seal();
  turns(test);  // after an error it waits
  CHECK(test.segment(damaged) != nullptr);
  CHECK(test.segment(sound) == nullptr);
  CHECK(test.counters().errors == 1);
  CHECK(test.get("other") == "value");
}

}  // namespace
}  // namespace stave
