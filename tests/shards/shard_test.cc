// SPDX-License-Identifier: Apache-2.0
// Shows that a shard keeps what it was given: over demotion, clean stops and crashes, against a std::map.
#include "shards/shard.h"

#include <map>
#include <random>

#include "tests/shards/shard_testing.h"

namespace stave {
namespace {

using testing::ShardSetup;
using testing::ShardUnderTest;
using testing::TempDirectory;
using testing::TestBackground;

TEST_CASE("a value comes back after a clean stop, by its hint, with one read") {
  const TempDirectory directory;
  {
    ShardUnderTest first(directory.path());
    first.put("k", "value");
    first.put("gone", "x");
    first.del("gone");
    first.close();
  }
  ShardUnderTest second(directory.path());
  CHECK(second.report().segments_with_hint == 1);
  CHECK_FALSE(second.shard().find({0, "k"}, true).resident);
  CHECK(second.get("k") == "value");
  CHECK(second.shard().counters().staged == 1);
  CHECK_FALSE(second.get("gone").has_value());
}

TEST_CASE("what was flushed survives a crash, what was not does not") {
  const TempDirectory directory;
  {
    ShardUnderTest first(directory.path());
    first.put("k", "1");
    first.flush();
    first.put("k", "2");
    first.crash();
  }
  ShardUnderTest second(directory.path());
  CHECK(second.report().segments_with_hint == 0);
  CHECK(second.get("k") == "1");
}

TEST_CASE("a torn tail is cut and told of, and the log goes on behind it") {
  const TempDirectory directory;
  {
    ShardUnderTest first(directory.path());
    first.put("a", "1");
    first.put("b", "2");
    first.flush();
    first.crash();
  }
  {
    const std::string path = directory.path() + "/00000001.seg";
    FILE* file = std::fopen(path.c_str(), "r+");
    REQUIRE(file != nullptr);
    std::fseek(file, 4096 + 32 + 24, SEEK_SET);  // inside the second record
    std::fputs("!!", file);
    std::fclose(file);
  }
  {
    ShardUnderTest second(directory.path());
    CHECK(second.get("a") == "1");
    CHECK_FALSE(second.get("b").has_value());
    CHECK(second.report().cut_bytes > 0);
    REQUIRE(second.warnings().size() == 1);
    CHECK(second.warnings()[0].find("torn tail") != std::string::npos);
    second.put("c", "3");
    second.flush();
    second.crash();
  }
  ShardUnderTest third(directory.path());
  CHECK(third.get("a") == "1");
  CHECK(third.get("c") == "3");
  CHECK(third.report().cut_bytes == 0);
}

TEST_CASE("damage in a sealed segment stops the start with file and offset") {
  const TempDirectory directory;
  {
    ShardUnderTest first(directory.path());
    first.put("a", "1");
    first.put("b", "2");
    first.close();
  }
  std::filesystem::remove(directory.path() + "/00000001.hint");
  {
    FILE* file = std::fopen((directory.path() + "/00000001.seg").c_str(), "r+");
    REQUIRE(file != nullptr);
    std::fseek(file, 4096 + 24, SEEK_SET);
    std::fputs("!", file);
    std::fclose(file);
  }
  ShardUnderTest second(directory.path(), {}, nullptr);
  CHECK(second.error().find("00000001.seg") != std::string::npos);
  CHECK(second.error().find("offset 4096") != std::string::npos);
}

TEST_CASE("a missing segment stops the start") {
  const TempDirectory directory;
  {
    ShardUnderTest first(directory.path());
    for (int i = 0; i < 100; ++i) first.put("k" + std::to_string(i), std::string(3000, 'x'));
    first.close();
  }
  REQUIRE(std::filesystem::exists(directory.path() + "/00000003.seg"));
  std::filesystem::remove(directory.path() + "/00000002.seg");
  ShardUnderTest second(directory.path(), {}, nullptr);
  CHECK(second.error().find("missing") != std::string::npos);
}

TEST_CASE("segments are sealed in order, so that a crash between two jobs leaves no gap") {
  TempDirectory directory;
  TempDirectory crashed;
  {
    ShardUnderTest test(directory.path(), {.mode = SyncMode::kNo});
    TestBackground& background = test.background();
    background.keep = true;
    for (int i = 0; i < 200; ++i) {
      test.put("key:" + std::to_string(i), std::string(2000, 'v'));
      test.settle();
    }
    REQUIRE(test.shard().segments().size() > 4);
    REQUIRE_FALSE(background.kept.empty());
    // A pool may finish the job that came last before the others. What a kill would leave then:
    background.kept.back().work();
    std::filesystem::copy(directory.path(), crashed.path());
    background.finish();
  }
  ShardUnderTest again(crashed.path());
  for (int i = 0; i < 200; ++i) CHECK(again.get("key:" + std::to_string(i)).has_value());
}

TEST_CASE("a batch that is torn is cut as a whole") {
  const TempDirectory directory;
  {
    ShardUnderTest first(directory.path());
    first.put("a", "old");
    REQUIRE(first.shard().begin_batch(1000).ok());
    first.put("a", "new");
    first.put("b", "new");
    first.shard().end_batch();
    first.flush();
    first.crash();
  }
  {
    FILE* file = std::fopen((directory.path() + "/00000001.seg").c_str(), "r+");
    REQUIRE(file != nullptr);
    std::fseek(file, 4096 + 32 + 32 + 24, SEEK_SET);  // inside the batch's second record
    std::fputs("!", file);
    std::fclose(file);
  }
  ShardUnderTest second(directory.path());
  CHECK(second.get("a") == "old");
  CHECK_FALSE(second.get("b").has_value());
}

TEST_CASE("a transaction that another shard lacks is dropped, now and at the next start") {
  const TempDirectory directory;
  for (const bool complete : {true, false}) {
    CAPTURE(complete);
    const std::string path = directory.path() + (complete ? "/complete" : "/void");
    std::filesystem::create_directory(path);
    {
      ShardUnderTest first(path);
      first.put("k", "old");
      Change change;
      change.key = {0, "k"};
      change.value.value = "new";
      const std::vector<Change> changes{change};
      REQUIRE(first.shard().hold(Shard::batch_bytes(changes, 2)).ok());
      first.shard().unhold(Shard::batch_bytes(changes, 2));
      first.shard().apply(changes, 77, {0, 1});
      first.put("other", "x");
      first.flush();
      first.crash();
    }
    // The fixture's verdict is always "complete"; a void one is recorded by hand, as recovery does.
    auto disk = open_disk("threads", nullptr);
    REQUIRE(disk.ok());
    TestBackground background;
    Shard::Options options;
    options.log.directory = path;
    for (int start = 0; start < 2; ++start) {
      CAPTURE(start);
      Shard shard(**disk, background, options);
      Recovery recovery(**disk, shard, options);
      REQUIRE(recovery.read().ok());
      // The hint that the first start wrote leaves a void one out.
      CHECK(recovery.transactions().contains(77) == (complete || start == 0));
      // At the second start the verdict is on disk already.
      REQUIRE(
          recovery.finish([&](const TransactionHeader& header) { return complete && header.id == 77; }).ok());
      CHECK(shard.find({0, "k"}, true).value_bytes == 3);
      testing::Waiter waiter;
      shard.stage({0, "k"}, &waiter);
      (*disk)->flush();
      while ((*disk)->in_flight() > 0) (*disk)->wait();
      CHECK(waiter.called);
      CHECK(waiter.error.empty());
      CHECK(shard.find({0, "k"}, true).value == (complete ? "new" : "old"));
      CHECK(shard.find({0, "other"}, true).exists);
      shard.log().flush();
      (*disk)->flush();
      while ((*disk)->in_flight() > 0) (*disk)->wait();
    }
  }
}

TEST_CASE("keys expire on time, once, and stay away after a crash") {
  const TempDirectory directory;
  {
    ShardUnderTest first(directory.path());
    first.shard().set_now(1000);
    first.put("soon", "x", 1500);
    first.put("later", "x", 9000);
    CHECK(first.shard().next_expiry_ms() == 1500);
    first.shard().set_now(1499);
    CHECK(first.get("soon") == "x");
    first.shard().set_now(1500);
    CHECK_FALSE(first.shard().expire_due());
    CHECK(first.shard().sizes().keys[0] == 1);
    CHECK(first.shard().counters().expired == 1);
    first.flush();
    first.crash();
  }
  ShardUnderTest second(directory.path());
  second.shard().set_now(1000);  // even if the clock were set back
  CHECK_FALSE(second.get("soon").has_value());
  CHECK(second.get("later") == "x");
  second.shard().set_now(9000);
  CHECK_FALSE(second.get("later").has_value());
}

TEST_CASE("the expiry queue does not grow with keys that are gone or expire later than once said") {
  TempDirectory directory;
  ShardUnderTest test(directory.path());
  Shard& shard = test.shard();
  const std::int64_t now_ms = 1'000'000;
  const std::int64_t year_ms = 31'536'000'000;
  shard.set_now(now_ms);
  for (int i = 0; i < 3000; ++i) test.put("due:" + std::to_string(i), "v", now_ms + 1000 + i);
  const auto tidy = [&] {
    for (int step = 0; shard.tidy_expiry(); ++step) {
      REQUIRE(step < 1000);
      // The shard goes on meanwhile.
      test.put("new:" + std::to_string(step), "v", now_ms + 500);
      test.put("due:" + std::to_string(step), "w", now_ms + 2000);
    }
  };
  const std::uint64_t before = shard.index_bytes();
  for (int i = 0; i < 200'000; ++i) {
    test.put("session", "v", now_ms + year_ms + i);
    i % 2 == 0 ? test.del("session") : test.put("session", "v");
    if (i % 5000 == 0) tidy();
  }
  tidy();
  CHECK(shard.index_bytes() < before + (512u << 10));

  // And still everything expires on time.
  shard.set_now(now_ms + 10'000);
  while (shard.expire_due()) {
  }
  CHECK(shard.sizes().expiring[0] == 0);
  CHECK(test.get("due:7") == std::nullopt);
  CHECK(shard.counters().expired >= 3000);
  CHECK(shard.sizes().keys[0] <= 1);
}

TEST_CASE("a key that expires in a billion years keeps no other from expiring, and no loop busy") {
  TempDirectory directory;
  ShardUnderTest test(directory.path());
  Shard& shard = test.shard();
  shard.set_now(1000);
  std::int64_t never_ms = std::int64_t{1} << 60;
  SUBCASE("2^60 ms") {}
  SUBCASE("a little more") {
    never_ms += 5;
  }
  SUBCASE("the last ms") {
    never_ms = INT64_MAX;
  }
  test.put("never", "v", never_ms);
  test.put("soon", "v", 2000);
  CHECK(shard.next_expiry_ms() == 2000);
  shard.set_now(2000);
  CHECK_FALSE(shard.expire_due());
  CHECK(shard.sizes().keys[0] == 1);
  CHECK(test.get("never") == "v");
}

TEST_CASE("demotion keeps within the budget and values come back") {
  const TempDirectory directory;
  ShardSetup setup;
  setup.memory_bytes_max = 600u << 10;
  ShardUnderTest shard(directory.path(), setup);
  for (int i = 0; i < 1000; ++i) {
    shard.put("key" + std::to_string(i), std::string(2000, static_cast<char>('a' + i % 26)));
    shard.flush();
    while (shard.shard().demote()) {
    }
  }
  CHECK(shard.shard().counters().demoted > 500);
  CHECK(shard.shard().memory_bytes() <= setup.memory_bytes_max);
  for (int i = 0; i < 1000; i += 37) {
    CHECK(shard.get("key" + std::to_string(i)) == std::string(2000, static_cast<char>('a' + i % 26)));
  }
}

TEST_CASE("records that end with a block, and segments that end with a record") {
  const TempDirectory directory;
  ShardSetup setup;
  setup.mode = SyncMode::kAlways;
  const auto name = [](int i) { return "k" + std::to_string(100 + i); };
  const auto value = [](int i) {
    return std::string(4096 - kRecordHeaderBytes - 4, static_cast<char>('a' + i % 26));
  };
  {
    ShardUnderTest first(directory.path(), setup);
    for (int i = 0; i < 50; ++i) {
      first.put(name(i), value(i));
      if (i % 3 != 0) first.settle();
    }
    first.settle();
    CHECK(first.shard().log().durable_gsn() == 50);
    first.crash();
  }
  ShardUnderTest second(directory.path(), setup);
  for (int i = 0; i < 50; ++i) CHECK(second.get(name(i)) == value(i));
}

TEST_CASE("SWAPDB and FLUSHDB survive") {
  const TempDirectory directory;
  const auto apply = [](ShardUnderTest& shard, Change change) {
    const std::vector<Change> changes{change};
    REQUIRE(shard.shard().hold(Shard::batch_bytes(changes, 1)).ok());
    shard.shard().unhold(Shard::batch_bytes(changes, 1));
    shard.shard().apply(changes, 0, {0});
  };
  {
    ShardUnderTest first(directory.path());
    first.put("k", "zero", 0, 0);
    first.put("k", "one", 0, 1);
    first.put("k", "two", 0, 2);
    Change swap;
    swap.kind = Change::Kind::kSwapDbs;
    swap.key.db = 0;
    swap.other_db = 1;
    apply(first, swap);
    Change flush;
    flush.kind = Change::Kind::kFlushDb;
    flush.key.db = 2;
    apply(first, flush);
    first.put("new", "x", 0, 2);
    first.flush();
    first.crash();
  }
  for (int start = 0; start < 2; ++start) {  // scanned first, then by hint
    ShardUnderTest second(directory.path());
    CHECK(second.get("k", 0) == "one");
    CHECK(second.get("k", 1) == "zero");
    CHECK_FALSE(second.get("k", 2).has_value());
    CHECK(second.get("new", 2) == "x");
    CHECK(second.shard().sizes().keys[2] == 1);
    second.close();
  }
}

TEST_CASE("a shard agrees with a map through puts, deletes, expiry, demotion, stops and crashes") {
  const std::uint32_t seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (const std::string backend : {"threads", "uring"}) {
    for (const SyncMode mode : {SyncMode::kAlways, SyncMode::kEverysec, SyncMode::kNo}) {
      if (!open_disk(backend, nullptr).ok()) continue;
      const TempDirectory directory;
      ShardSetup setup;
      setup.backend = backend;
      setup.mode = mode;
      setup.memory_bytes_max = 300u << 10;
      std::map<std::string, std::pair<std::string, std::int64_t>> model;
      std::int64_t now_ms = 1'000'000;
      for (int life = 0; life < 6; ++life) {
        ShardUnderTest shard(directory.path(), setup);
        shard.shard().set_now(now_ms);
        for (int step = 0; step < 400; ++step) {
          const std::string key = "k" + std::to_string(random() % 200);
          const auto found = model.find(key);
          switch (random() % 8) {
            case 0:
            case 1:
            case 2: {
              const std::string value(random() % 3000, static_cast<char>('a' + random() % 26));
              const std::int64_t expiry_ms = random() % 4 == 0 ? now_ms + 1 + random() % 300 : 0;
              shard.put(key, value, expiry_ms);
              model[key] = {value, expiry_ms};
              break;
            }
            case 3:
              shard.del(key);
              model.erase(key);
              break;
            case 4:
            case 5: {
              const auto value = shard.get(key);
              REQUIRE(value.has_value() == (found != model.end()));
              if (value.has_value()) REQUIRE(*value == found->second.first);
              break;
            }
            case 6:
              now_ms += random() % 50;
              shard.shard().set_now(now_ms);
              std::erase_if(model, [&](const auto& item) {
                return item.second.second != 0 && item.second.second <= now_ms;
              });
              shard.shard().expire_due();
              break;
            default:
              shard.flush();
              shard.shard().demote();
          }
        }
        shard.settle();
        REQUIRE(shard.shard().sizes().keys[0] == model.size());
        random() % 2 == 0 ? shard.close() : shard.crash();
      }
    }
  }
}

}  // namespace
}  // namespace stave
