// SPDX-License-Identifier: Apache-2.0
// Shows that a start by hints finds what was written, in order, however many entries a hint has: with and
// without a helper thread, and where the system refuses threads.
#include <pthread.h>

#include <map>
#include <random>
#include <system_error>
#include <thread>

#include "tests/shards/shard_testing.h"

namespace stave {
namespace {

using testing::ShardUnderTest;
using testing::TempDirectory;

struct Expected {
  std::string value;
  std::int64_t expiry_ms = 0;
  bool raw = false;
};

class Writer {
 public:
  explicit Writer(ShardUnderTest& test) : test_(test) {}

  // Mostly new keys; some are written again, removed, given an expiry.
  void write(int changes) {
    for (int i = 0; i < changes; ++i) {
      const std::string key = "key:" + std::to_string(random_() % (static_cast<unsigned>(changes) * 2));
      if (random_() % 8 == 0) {
        test_.del(key);
        keys_.erase(key);
      } else {
        const Expected made{std::string(random_() % 12, 'v') + std::to_string(i),
                            random_() % 5 == 0 ? std::int64_t{1} << 50 : 0, random_() % 7 == 0};
        REQUIRE(test_.shard().set_value({0, key}, {made.value, made.expiry_ms, made.raw}).ok());
        keys_[key] = made;
      }
      if (i % 1000 == 0) test_.settle();
    }
  }
  const std::map<std::string, Expected>& keys() const { return keys_; }

 private:
  ShardUnderTest& test_;
  std::map<std::string, Expected> keys_;
  std::mt19937_64 random_{11};
};

void check_restart(int changes) {
  CAPTURE(changes);
  const TempDirectory directory;
  std::map<std::string, Expected> keys;
  {
    ShardUnderTest first(directory.path(), {.segment_bytes = 4u << 20});
    Writer writer(first);
    writer.write(changes);
    keys = writer.keys();
    first.close();
  }
  ShardUnderTest second(directory.path(), {.segment_bytes = 4u << 20});
  CHECK(second.report().segments_with_hint == second.report().segments);
  CHECK(second.report().records == static_cast<std::uint64_t>(second.shard().last_gsn()));
  std::uint64_t expiring = 0;
  for (const auto& [key, expected] : keys) {
    expiring += expected.expiry_ms != 0 ? 1 : 0;
    const Found found = second.shard().find({0, key}, false);
    REQUIRE(found.exists);
    REQUIRE(found.expiry_ms == expected.expiry_ms);
    REQUIRE(found.raw_encoding == expected.raw);
    REQUIRE(second.get(key) == expected.value);
  }
  CHECK(second.shard().sizes().keys[0] == keys.size());
  CHECK(second.shard().sizes().expiring[0] == expiring);
}

TEST_CASE("a start by hints finds what was written, with one hint or several, small or large") {
  check_restart(10);
  check_restart(513);
  check_restart(20'000);   // one segment, with a helper
  check_restart(150'000);  // several
}

TEST_CASE("a start after a kill finds what was written, with a tail that is large enough for a helper") {
  constexpr std::uint32_t kSegmentBytes = 16u << 20;
  const std::string value(1 << 20, 'v');
  const TempDirectory directory;
  {
    ShardUnderTest first(directory.path(), {.segment_bytes = kSegmentBytes});
    for (int i = 0; i < 25; ++i) {  // one segment and a half
      REQUIRE(first.shard().set_value({0, "key:" + std::to_string(i)}, {value}).ok());
      first.settle();
    }
  }
  ShardUnderTest second(directory.path(), {.segment_bytes = kSegmentBytes});
  CHECK(second.report().records == 25);
  CHECK(second.report().cut_bytes == 0);
  for (int i = 0; i < 25; ++i) REQUIRE(second.get("key:" + std::to_string(i)) == value);
}

// The system refuses new threads meanwhile: no memory is there for a stack of that size.
class NoThreads {
 public:
  NoThreads() {
    pthread_getattr_default_np(&before_);
    pthread_attr_t huge;
    pthread_attr_init(&huge);
    pthread_attr_setstacksize(&huge, std::size_t{1} << 47);
    REQUIRE(pthread_setattr_default_np(&huge) == 0);
    pthread_attr_destroy(&huge);
    REQUIRE_THROWS_AS(std::thread([] {}).join(), std::system_error);
  }
  ~NoThreads() {
    pthread_setattr_default_np(&before_);
    pthread_attr_destroy(&before_);
  }
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;

 private:
  pthread_attr_t before_{};
};

TEST_CASE("a start for which the system has no helper threads finds what was written") {
  constexpr std::uint32_t kSegmentBytes = 16u << 20;
  const std::string large(1 << 20, 'v');
  const TempDirectory directory;
  std::map<std::string, Expected> keys;
  {
    ShardUnderTest first(directory.path(), {.segment_bytes = kSegmentBytes});
    Writer writer(first);
    writer.write(600'000);  // several segments with hints
    keys = writer.keys();
    first.close();
    ShardUnderTest second(directory.path(), {.segment_bytes = kSegmentBytes});
    for (int i = 0; i < 25; ++i) {  // and a tail
      REQUIRE(second.shard().set_value({0, "large:" + std::to_string(i)}, {large}).ok());
      second.settle();
    }
  }
  testing::Restart third(directory.path(), kSegmentBytes);
  const NoThreads no_threads;
  third.read();
  third.finish();
  CHECK(third.report().segments_with_hint >= 2);
  CHECK(third.shard().sizes().keys[0] == keys.size() + 25);
}

}  // namespace
}  // namespace stave
