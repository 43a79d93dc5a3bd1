// SPDX-License-Identifier: Apache-2.0
// The index against a model, its walks while it changes, and hashes so bad that only the overflow list helps.
#include "shards/index.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <unordered_map>

namespace stave {
namespace {

Entry* make_entry(std::string_view key, std::string_view value, bool resident) {
  Entry::Fields fields;
  fields.key = key;
  fields.value = value;
  fields.value_bytes = static_cast<std::uint32_t>(value.size());
  fields.resident = resident;
  return Entry::create(fields);
}

// An index and the std::unordered_map that it should equal. Values carry a number, as their length when cold.
class Model {
 public:
  explicit Model(Index::HashFunction hash = hash_key) : hash_(hash), index_(hash) {}

  Index& index() { return index_; }
  const std::unordered_map<std::string, std::string>& expected() const { return expected_; }

  Slot* find(const std::string& key) { return index_.find(key, hash_(key)); }

  void put(const std::string& key, const std::string& value, bool resident) {
    Entry* const entry = make_entry(key, value, resident);
    if (Slot* const slot = find(key)) {
      Entry* const old = slot->entry();
      slot->set_entry(entry, resident);
      Entry::destroy(old);
    } else {
      Slot* const placed = index_.insert(hash_(key), entry, resident);
      REQUIRE(placed->entry() == entry);
    }
    expected_[key] = value;
  }

  void erase(const std::string& key) {
    Slot* const slot = find(key);
    REQUIRE((slot != nullptr) == (expected_.erase(key) == 1));
    if (slot != nullptr) index_.erase(slot);
  }

  // An entry is what the model says of it.
  void check_slot(const Slot& slot) const {
    const auto found = expected_.find(std::string(slot.entry()->key()));
    REQUIRE(found != expected_.end());
    REQUIRE(slot.entry()->value_bytes() == found->second.size());
    if (slot.resident()) REQUIRE(slot.entry()->value() == found->second);
  }

  void check_key(const std::string& key) {
    Slot* const slot = find(key);
    REQUIRE((slot != nullptr) == expected_.contains(key));
    if (slot == nullptr) return;
    REQUIRE(slot->entry()->key() == key);
    check_slot(*slot);
    Slot* const same =
        index_.find_if(hash_(key), [&](const Slot& candidate) { return candidate.entry()->key() == key; });
    REQUIRE(same == slot);
  }

  void check_all() {
    REQUIRE(index_.size() == expected_.size());
    for (const auto& [key, value] : expected_) check_key(key);
    std::size_t visited = 0;
    index_.for_each([&](const Slot& slot) {
      ++visited;
      check_slot(slot);
    });
    REQUIRE(visited == expected_.size());
  }

 private:
  Index::HashFunction hash_;
  Index index_;
  std::unordered_map<std::string, std::string> expected_;
};

std::string key_of(std::uint64_t i) {
  return "key:" + std::to_string(i);
}

// Random operations over `key_count` keys; `growth` of 100 are insertions.
void run_random(Model& model, std::mt19937_64& random, int steps, std::uint64_t key_count, unsigned growth) {
  Index::Hand hand;
  Index::Hand forgetting;
  for (int i = 0; i < steps; ++i) {
    if (random() % 1000 == 0) model.index().forget_cold(forgetting, random() % 1000);
    const std::string key = key_of(random() % key_count);
    const auto choice = random() % 100;
    if (choice < growth) {
      model.put(key, std::string(random() % 40, 'v'), random() % 2 == 0);
    } else if (choice < 95) {
      model.erase(key);
    } else if (choice < 98) {
      model.check_key(key);
    } else if (Slot* const slot = model.index().next_resident(hand, random() % 100)) {
      REQUIRE(slot->resident());
      model.check_slot(*slot);
      slot->set_clock((slot->clock() + 1) % 4);
    }
  }
}

TEST_CASE("the index equals its model while it grows, changes and shrinks") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed ", seed);
  std::mt19937_64 random(seed);
  Model model;
  for (const unsigned growth : {80u, 48u, 10u, 60u, 2u}) {
    run_random(model, random, 60000, 20000, growth);
    model.check_all();
  }
  model.index().clear();
  CHECK(model.index().size() == 0);
  CHECK(model.index().random_slot(1) == nullptr);
}

TEST_CASE("keys that differ only in length or in their last byte are different") {
  Model model;
  std::string key;
  for (int i = 0; i < 600; ++i) {
    model.put(key, "1", true);
    model.put(key + "x", "2", true);
    key += "a";
  }
  model.check_all();
}

TEST_CASE("a slot keeps its tag and clock when its entry is replaced") {
  Slot slot(0xabcd, make_entry("k", "v", true), true);
  slot.set_clock(3);
  Entry::destroy(slot.entry());
  Entry* const cold = make_entry("k", "v", false);
  slot.set_entry(cold, false);
  CHECK(slot.tag() == 0xabcd);
  CHECK(slot.clock() == 3);
  CHECK_FALSE(slot.resident());
  CHECK(slot.entry() == cold);
  Entry::destroy(cold);
}

TEST_CASE("memory for the tables returns when most keys go") {
  Model model;
  for (std::uint64_t i = 0; i < 50000; ++i) model.put(key_of(i), "", false);
  const std::size_t full = model.index().table_bytes();
  CHECK(full < std::size_t{50000} * 11);
  for (std::uint64_t i = 500; i < 50000; ++i) model.erase(key_of(i));
  CHECK(model.index().table_bytes() < full / 10);
  model.check_all();
}

TEST_CASE("an index made ready for many keys holds them all, and needs no more memory than one that grew") {
  Model grown;
  for (std::uint64_t i = 0; i < 100000; ++i) grown.put(key_of(i), "", false);
  Model model;
  for (std::uint64_t i = 0; i < 5000; ++i) model.put(key_of(i), "", i % 3 == 0);
  model.index().fit(100000);
  model.check_all();
  const std::size_t ready = model.index().table_bytes();
  for (std::uint64_t i = 5000; i < 100000; ++i) model.put(key_of(i), "", false);
  model.check_all();
  CHECK(model.index().table_bytes() < ready + ready / 50);
  CHECK(model.index().table_bytes() < grown.index().table_bytes() * 11 / 10);
  for (std::uint64_t i = 100; i < 100000; ++i) model.erase(key_of(i));
  model.check_all();
}

TEST_CASE("trim takes back what an index was made ready for in vain, and nothing else") {
  Model model;
  for (std::uint64_t i = 0; i < 20000; ++i) model.put(key_of(i), "", false);
  const std::size_t grown = model.index().table_bytes();
  model.index().trim();
  CHECK(model.index().table_bytes() == grown);
  model.index().fit(160000);
  CHECK(model.index().table_bytes() > grown * 5);
  model.index().trim();
  CHECK(model.index().table_bytes() < grown * 11 / 10);
  model.check_all();
}

TEST_CASE("an index with hashes so bad that they overflow is made anew as well") {
  Model model([](std::string_view) -> std::uint64_t { return 42; });
  for (std::uint64_t i = 0; i < 300; ++i) model.put(key_of(i), "", false);
  for (const std::size_t keys : {std::size_t{0}, std::size_t{100000}, std::size_t{300}}) {
    model.index().fit(keys);
    model.check_all();
  }
}

TEST_CASE("scan visits what is there throughout, however the index changes between calls") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed ", seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20; ++round) {
    Model model;
    const std::uint64_t stable = random() % 3000;
    for (std::uint64_t i = 0; i < stable; ++i) model.put("stable:" + std::to_string(i), "", false);
    std::uint64_t extra = 0;
    if (round % 2 == 1) {  // shrinks while it is scanned
      for (; extra < 30000; ++extra) model.put(key_of(extra), "", false);
    }

    std::set<std::string> seen;
    std::uint64_t cursor = 0;
    std::size_t calls = 0;
    do {
      cursor = model.index().scan(cursor, 1 + random() % 30, [&](const Slot& slot) {
        model.check_slot(slot);
        seen.insert(std::string(slot.entry()->key()));
      });
      REQUIRE(cursor < 1ull << 54);
      REQUIRE(++calls < 100000);
      for (std::uint64_t i = random() % 200; i > 0; --i) {
        if (round % 2 == 1 && extra > 0) model.erase(key_of(--extra));
        if (round % 2 == 0 && extra < 30000) model.put(key_of(extra++), "", false);
      }
    } while (cursor != 0);
    std::size_t stable_seen = 0;
    for (const std::string& key : seen) stable_seen += key.starts_with("stable:");
    REQUIRE(stable_seen == stable);
  }
}

TEST_CASE("an undisturbed scan visits every key once, about `count` in a call") {
  Model model;
  for (std::uint64_t i = 0; i < 20000; ++i) model.put(key_of(i), "", false);
  for (const std::size_t count : {1, 10, 1000, 1000000}) {
    std::set<std::string> seen;
    std::size_t visits = 0;
    std::uint64_t cursor = 0;
    do {
      std::size_t visits_now = 0;
      cursor = model.index().scan(cursor, count, [&](const Slot& slot) {
        ++visits_now;
        seen.insert(std::string(slot.entry()->key()));
      });
      CHECK(visits_now <= count * 2 + 20);
      visits += visits_now;
    } while (cursor != 0);
    CHECK(visits == 20000);
    CHECK(seen.size() == 20000);
  }
}

TEST_CASE("any number is a safe cursor") {
  Model model;
  for (std::uint64_t i = 0; i < 5000; ++i) model.put(key_of(i), "", false);
  std::mt19937_64 random(1);
  for (int i = 0; i < 1000; ++i) {
    std::uint64_t cursor = random();
    for (int step = 0; step < 3; ++step) {
      cursor = model.index().scan(cursor, 10, [&](const Slot& slot) { model.check_slot(slot); });
    }
  }
  CHECK(model.index().scan(UINT64_MAX, SIZE_MAX, [](Slot&) {}) == 0);
}

TEST_CASE("the clock's hand reaches every resident slot in one round, and only those") {
  Model model;
  std::size_t resident = 0;
  for (std::uint64_t i = 0; i < 10000; ++i) {
    const bool now = i % 10 == 0;
    resident += now;
    model.put(key_of(i), "v", now);
  }
  Index::Hand hand;
  std::set<const Entry*> seen;
  for (std::size_t i = 0; i < resident; ++i) {
    Slot* const slot = model.index().next_resident(hand, 1000000);
    REQUIRE(slot != nullptr);
    REQUIRE(slot->resident());
    seen.insert(slot->entry());
  }
  CHECK(seen.size() == resident);
}

TEST_CASE("the clock's hand stops after the slots that it may skip, and goes on from there") {
  Model model;
  for (std::uint64_t i = 0; i < 10000; ++i) model.put(key_of(i), "v", false);
  model.put("resident", "v", true);
  Index::Hand hand;
  Slot* slot = nullptr;
  int calls = 0;
  for (; slot == nullptr; ++calls) slot = model.index().next_resident(hand, 50);
  CHECK(slot->entry()->key() == "resident");
  CHECK(calls <= 400);

  Index empty;
  Index::Hand of_empty;
  for (int i = 0; i < 10; ++i) CHECK(empty.next_resident(of_empty, 100) == nullptr);
}

TEST_CASE("forgetting reaches every cold slot in one round, and no resident one") {
  Model model;
  for (std::uint64_t i = 0; i < 10000; ++i) model.put(key_of(i), "v", i % 10 == 0);
  model.index().for_each([](Slot& slot) { slot.set_clock(3); });
  const auto remembered = [&] {
    std::size_t cold = 0;
    model.index().for_each([&](Slot& slot) {
      if (slot.resident()) CHECK(slot.clock() == 3);
      cold += !slot.resident() && slot.clock() != 0;
    });
    return cold;
  };
  Index::Hand hand;
  model.index().forget_cold(hand, 100);
  CHECK(remembered() > 8800);
  for (int i = 0; i < 250; ++i) model.index().forget_cold(hand, 100);
  CHECK(remembered() == 0);
}

TEST_CASE("random_slot reaches every key, each about equally often") {
  std::mt19937_64 random(3);
  for (const std::uint64_t keys : {1, 2, 3, 50, 2000}) {
    CAPTURE(keys);
    Model model;
    for (std::uint64_t i = 0; i < keys; ++i) model.put(key_of(i), "", false);
    std::map<std::string, int> hits;
    constexpr int kHitsPerKey = 100;
    for (std::uint64_t i = 0; i < keys * kHitsPerKey; ++i) {
      Slot* const slot = model.index().random_slot(random());
      REQUIRE(slot != nullptr);
      ++hits[std::string(slot->entry()->key())];
    }
    CHECK(hits.size() == keys);
    if (keys < 50) continue;
    for (const auto& [key, count] : hits) CHECK(count < 3 * kHitsPerKey);
  }
}

std::uint64_t digits_of(std::string_view key) {
  return std::stoull(std::string(key.substr(key.find(':') + 1)));
}

std::uint64_t same_hash(std::string_view) {
  return 0x123456789abcdef0;
}
std::uint64_t same_tag(std::string_view key) {
  return digits_of(key) * 0x9e3779b97f4a7c15 & ~0xffffull;
}
std::uint64_t same_table(std::string_view key) {
  return 0xffffffff00000000 | digits_of(key) * 40503 % 65536;
}
std::uint64_t few_hashes(std::string_view key) {
  return digits_of(key) % 50 * 0x9e3779b97f4a7c15;
}

TEST_CASE("bad hashes cost time and nothing else") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed ", seed);
  for (const Index::HashFunction hash : {same_hash, same_tag, same_table, few_hashes}) {
    std::mt19937_64 random(seed);
    Model model(hash);
    for (const unsigned growth : {85u, 10u, 60u}) {
      run_random(model, random, 6000, 3000, growth);
      model.check_all();
    }
    CHECK(model.index().table_bytes() < 200000);

    std::set<std::string> scanned;
    std::uint64_t cursor = 0;
    do {
      cursor = model.index().scan(
          cursor, 10, [&](const Slot& slot) { scanned.insert(std::string(slot.entry()->key())); });
    } while (cursor != 0);
    CHECK(scanned.size() == model.expected().size());

    std::size_t resident = 0;
    model.index().for_each([&](const Slot& slot) { resident += slot.resident(); });
    Index::Hand hand;
    std::set<const Entry*> seen;
    for (std::size_t i = 0; i < resident; ++i)
      seen.insert(model.index().next_resident(hand, 100000)->entry());
    CHECK(seen.size() == resident);

    std::set<const Entry*> drawn;
    for (std::size_t i = 0; i < model.expected().size() * 20; ++i) {
      drawn.insert(model.index().random_slot(random())->entry());
    }
    CHECK(drawn.size() == model.expected().size());

    while (!model.expected().empty()) model.erase(std::string(model.expected().begin()->first));
    model.check_all();
  }
}

TEST_CASE("prefetching changes nothing and takes any hash") {
  Model model;
  std::mt19937_64 random(5);
  for (std::uint64_t i = 0; i < 3000; ++i) {
    model.put(key_of(i), "", false);
    model.index().prefetch(random());
    model.index().prefetch_alternate(random());
    model.index().prefetch_entry(random());
  }
  model.check_all();
}

TEST_CASE("the hash is the same for equal keys, and spreads") {
  CHECK(hash_key("abc") == hash_key("abc"));
  std::set<std::uint64_t> hashes;
  for (std::uint64_t i = 0; i < 1000; ++i) hashes.insert(hash_key(key_of(i)));
  CHECK(hashes.size() == 1000);
}

}  // namespace
}  // namespace stave
