// SPDX-License-Identifier: Apache-2.0
// Sorted sets against a std::map and its sorted elements, packed and native at once; reading in all ways;
// large ones, whose order is a tree of several levels; the encoding that OBJECT ENCODING tells; memory.
#include "shards/zset.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "shards/keyspace.h"
#include "tests/shards/collection_testing.h"

namespace stave {
namespace {

using testing::BothForms;
using testing::random_name;
using Model = std::map<std::string, double>;
using Elements = std::vector<std::pair<double, std::string>>;  // compare as sorted sets do

constexpr double kInfinity = std::numeric_limits<double>::infinity();

ZsetView packed_view(const BothForms& forms) {
  return ZsetView(std::string_view(forms.packed()));
}

ZsetView native_view(const BothForms& forms) {
  return ZsetView(static_cast<const ZsetValue&>(forms.native()));
}

Elements sorted(const Model& model) {
  Elements elements;
  for (const auto& [member, score] : model) elements.emplace_back(score, member);
  std::sort(elements.begin(), elements.end());
  return elements;
}

// Up to `count` elements from `rank` on.
Elements walked(const ZsetView& view, std::size_t rank, bool backwards, std::size_t count) {
  Elements elements;
  view.walk(rank, backwards, [&](std::string_view member, double score) {
    elements.emplace_back(score, member);
    return elements.size() < count;
  });
  return elements;
}

void check_element(const ZsetView& view, const Elements& expected, std::size_t rank) {
  const auto& [score, member] = expected[rank];
  REQUIRE(view.score(member) == score);
  REQUIRE(view.rank(member) == rank);
  const ScoredMember element = view.at(rank);
  REQUIRE(element.member == member);
  REQUIRE(element.score == score);
  if (expected.front().first == expected.back().first) {
    REQUIRE(view.first_from(member) == rank);
    REQUIRE(view.first_above(member) == rank + 1);
    REQUIRE(view.first_from(member + '\0') == rank + 1);
  }
  const auto place = expected.begin() + static_cast<std::ptrdiff_t>(rank);
  const auto count = static_cast<std::ptrdiff_t>(1 + rank % 5);
  REQUIRE(walked(view, rank, false, static_cast<std::size_t>(count)) ==
          Elements(place, place + std::min(count, expected.end() - place)));
  const auto reversed = std::make_reverse_iterator(place + 1);
  REQUIRE(walked(view, rank, true, static_cast<std::size_t>(count)) ==
          Elements(reversed, reversed + std::min(count, expected.rend() - reversed)));
}

void check_bounds(const ZsetView& view, const Elements& expected, double score) {
  const auto below = std::count_if(expected.begin(), expected.end(),
                                   [&](const auto& element) { return element.first < score; });
  const auto to = std::count_if(expected.begin(), expected.end(),
                                [&](const auto& element) { return element.first <= score; });
  REQUIRE(view.first_from(score) == static_cast<std::size_t>(below));
  REQUIRE(view.first_above(score) == static_cast<std::size_t>(to));
}

void check_all(const ZsetView& view, const Elements& expected) {
  REQUIRE(view.size() == expected.size());
  REQUIRE(walked(view, 0, false, SIZE_MAX) == expected);
  REQUIRE(walked(view, expected.size(), true, SIZE_MAX).empty());
  if (!expected.empty()) {
    REQUIRE(walked(view, expected.size() - 1, true, SIZE_MAX) ==
            Elements(expected.rbegin(), expected.rend()));
  }
  REQUIRE_FALSE(view.score("a member that is not there").has_value());
  REQUIRE_FALSE(view.rank("a member that is not there").has_value());
  for (std::size_t rank = 0; rank < expected.size(); ++rank) check_element(view, expected, rank);
  for (const double score : {-kInfinity, -1.5, -0.0, 0.0, 2.0, 2.25, 1e300, kInfinity}) {
    check_bounds(view, expected, score);
  }
}

void check_both(const BothForms& forms, const Model& model) {
  const Elements expected = sorted(model);
  check_all(packed_view(forms), expected);
  check_all(native_view(forms), expected);
}

// Often one that others have, too.
double random_score(std::mt19937_64& random) {
  static constexpr double kUsual[] = {-kInfinity, -1.5, -0.0, 0.0, 1.0, 2.0, 2.25, kInfinity};
  if (random() % 2 == 0) return kUsual[random() % std::size(kUsual)];
  return std::ldexp(static_cast<double>(random() % 2000) - 1000.0, static_cast<int>(random() % 20) - 10);
}

// Changes the model as the edit should; counts what that does.
void put(Model& model, Edits& edits, EditResult& result, const std::string& member, double score) {
  edits.put(member, score);
  const auto [at, added] = model.try_emplace(member, score);
  if (added) {
    ++result.added;
  } else if (at->second != score) {
    ++result.updated;
    at->second = score;
  }
}

void remove(Model& model, Edits& edits, EditResult& result, const std::string& member) {
  edits.remove(member);
  result.removed += model.erase(member);
}

void check_result(const EditResult& result, const EditResult& expected) {
  REQUIRE(result.added == expected.added);
  REQUIRE(result.updated == expected.updated);
  REQUIRE(result.removed == expected.removed);
}

TEST_CASE("a sorted set does what a sorted map does, packed and native") {
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6}) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const std::uint64_t names = std::uint64_t{4} << (3 * (seed % 3));
    BothForms forms(Type::kZset);
    Model model;
    for (int round = 0; round < 300; ++round) {
      Edits edits;
      EditResult expected;
      for (auto count = random() % 6; count > 0; --count) {
        const std::string member = random_name(random, names);
        if (random() % 3 == 0) {
          remove(model, edits, expected, member);
        } else {
          put(model, edits, expected, member, random_score(random));
        }
      }
      check_result(forms.apply(edits), expected);
      if (random() % 16 == 0) forms.exchange();
      if (random() % 16 == 0) check_both(forms, model);
    }
    check_both(forms, model);
  }
}

TEST_CASE("members may be empty, long and of any bytes") {
  BothForms forms(Type::kZset);
  Model model;
  const std::string any("\0\xff\x80", 3);
  double score = 0;
  for (const std::size_t length : {0, 1, 127, 128, 254, 255, 256, 20'000, 100'000}) {
    for (const std::string& member : {std::string(length, 'm'), any + std::string(length, '\0')}) {
      for (const double next : {score, score - 10, 1.0}) {
        Edits edits;
        EditResult expected;
        put(model, edits, expected, member, next);
        check_result(forms.apply(edits), expected);
      }
      score += 1;
    }
    forms.exchange();
  }
  check_both(forms, model);
}

TEST_CASE("members of equal scores are in the order of their bytes, and found by them") {
  BothForms forms(Type::kZset);
  const std::vector<std::string> members = {
      "", std::string(1, '\0'), "a", "a\x01", "ab", "b", "\x7f", "\x80", "\xff"};
  Edits edits;
  for (auto member = members.rbegin(); member != members.rend(); ++member) edits.put(*member, 7);
  forms.apply(edits);
  for (const ZsetView& view : {packed_view(forms), native_view(forms)}) {
    for (std::size_t rank = 0; rank < members.size(); ++rank) {
      CHECK(view.at(rank).member == members[rank]);
      CHECK(view.first_from(members[rank]) == rank);
      CHECK(view.first_above(members[rank]) == rank + 1);
      CHECK(view.first_from(members[rank] + std::string(1, '\0')) >= rank);
    }
    CHECK(view.first_from(std::string_view("aa")) == 4);
    CHECK(view.first_above(std::string_view("aa")) == 4);
    CHECK(view.first_from(std::string_view("\xff\xff")) == members.size());
  }
}

TEST_CASE("-0 is kept and equals 0; NaN is no score") {
  BothForms forms(Type::kZset);
  Edits edits;
  edits.put("b", -0.0);
  edits.put("a", 0.0);
  CHECK(forms.apply(edits).added == 2);
  Edits vain;
  vain.put("b", 0.0);
  CHECK_FALSE(forms.apply(vain).any());
  for (const ZsetView& view : {packed_view(forms), native_view(forms)}) {
    CHECK(std::signbit(*view.score("b")));
    CHECK(std::signbit(view.at(1).score));
    CHECK(view.first_above(-0.0) == 2);
    CHECK(view.first_from(0.0) == 0);
  }
}

TEST_CASE("edits of another type, or none at all, are refused; those in front have happened") {
  Edits edits;
  edits.put("a", 1.0);
  std::string bad(edits.bytes());
  Edits more;
  SUBCASE("another type") {
    more.add("b");
  }
  SUBCASE("no score") {
    more.put("b", "1");
  }
  SUBCASE("NaN") {
    more.put("b", std::numeric_limits<double>::quiet_NaN());
  }
  SUBCASE("no edit") {
    bad += "\x7f";
  }
  SUBCASE("cut off") {
    bad += "\1\1a\x8";
  }
  bad += more.bytes();
  std::string packed = empty_packed(Type::kZset);
  ZsetValue native(packed);
  EditResult result;
  EditResult native_result;
  CHECK_FALSE(edit_packed_zset(packed, bad, {}, result).ok());
  CHECK_FALSE(native.apply(bad, {}, native_result).ok());
  CHECK(result.added == 1);
  CHECK(native_result.added == 1);
  check_all(ZsetView(std::string_view(packed)), {{1.0, "a"}});
  check_all(ZsetView(native), {{1.0, "a"}});
}

TEST_CASE("the encoding is a skiplist's once there are many members, or a long one, and stays it") {
  const CollectionLimits limits{.zset_listpack_entries = 3, .zset_listpack_value = 4};
  BothForms forms(Type::kZset);
  Edits few;
  for (const char* member : {"a", "b", "long"}) few.put(member, 1.0);
  few.put("a", 2.0);
  forms.apply(few, limits);
  CHECK(forms.encoding() == Encoding::kListpack);
  Edits more;
  SUBCASE("many") {
    more.put("d", 1.0);
  }
  SUBCASE("long") {
    more.remove("a");
    more.put("longer", 1.0);
  }
  forms.apply(more, limits);
  CHECK(forms.encoding() == Encoding::kSkiplist);
  Edits fewer;
  for (const char* member : {"a", "b", "d", "longer"}) fewer.remove(member);
  forms.apply(fewer, limits);
  CHECK(forms.encoding() == Encoding::kSkiplist);
  forms.exchange();
  CHECK(forms.encoding() == Encoding::kSkiplist);
}

TEST_CASE("a scan meets every member, and random ones are all met") {
  BothForms forms(Type::kZset);
  CHECK(packed_view(forms).size() == 0);
  Edits edits;
  for (int i = 0; i < 300; ++i) edits.put("member" + std::to_string(i), i % 7);
  forms.apply(edits);
  std::mt19937_64 random(1);
  for (const ZsetView& view : {packed_view(forms), native_view(forms)}) {
    std::set<std::string> scanned;
    std::uint64_t cursor = 0;
    do {
      cursor = view.scan(cursor, 10, [&](std::string_view member, double score) {
        CHECK(view.score(member) == score);
        scanned.emplace(member);
      });
    } while (cursor != 0);
    CHECK(scanned.size() == 300);
    std::set<std::string> met;
    for (int i = 0; i < 6000; ++i) met.emplace(view.random(random()).member);
    CHECK(met.size() == 300);
  }
}

TEST_CASE("a view of what the keyspace has found") {
  CHECK(ZsetView(Found{}).size() == 0);
  CHECK_FALSE(ZsetView().rank("a").has_value());
  CHECK(ZsetView().first_from(0.0) == 0);
  BothForms forms(Type::kZset);
  Edits edits;
  edits.put("a", 1.0);
  forms.apply(edits);
  Found found;
  found.exists = found.resident = true;
  found.type = Type::kZset;
  found.value = forms.packed();
  CHECK(ZsetView(found).score("a") == 1.0);
  found.value = {};
  found.collection = &forms.native();
  CHECK(ZsetView(found).score("a") == 1.0);
}

// A sorted set of many members that come in some order, and change and go again.
void check_large(const std::vector<std::pair<std::string, double>>& elements, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  ZsetValue zset(empty_packed(Type::kZset));
  Model model;
  for (const auto& [member, score] : elements) {
    REQUIRE(zset.put(member, score) == PutOutcome::kAdded);
    model.emplace(member, score);
  }
  const auto check = [&] {
    const Elements expected = sorted(model);
    const ZsetView view(zset);
    REQUIRE(view.size() == expected.size());
    REQUIRE(walked(view, 0, false, SIZE_MAX) == expected);
    for (int i = 0; i < 2000 && !expected.empty(); ++i)
      check_element(view, expected, random() % expected.size());
    for (int i = 0; i < 5 && !expected.empty(); ++i) {
      check_bounds(view, expected, expected[random() % expected.size()].first);
    }
  };
  check();
  for (std::size_t i = 0; i < elements.size() / 4; ++i) {
    const auto& [member, old] = elements[random() % elements.size()];
    const double score = random() % 2 == 0 ? old + 1 : elements[random() % elements.size()].second;
    const double before = std::exchange(model[member], score);
    REQUIRE((zset.put(member, score) == PutOutcome::kUpdated) == (before != score));
  }
  check();
  std::string packed;
  zset.pack(packed);
  REQUIRE(is_packed(Type::kZset, packed));
  REQUIRE(walked(ZsetView(ZsetValue(packed)), 0, false, SIZE_MAX) == sorted(model));
  // Some orders leave nodes of every fullness, some empty them one by one.
  std::vector<std::string> members;
  for (const auto& element : sorted(model)) members.push_back(element.second);
  if (seed % 3 == 0) std::shuffle(members.begin(), members.end(), random);
  if (seed % 3 == 1) std::reverse(members.begin(), members.end());
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i == members.size() / 2 || i == members.size() - 100) check();
    REQUIRE(zset.remove(members[i]));
    model.erase(members[i]);
  }
  CHECK_FALSE(zset.remove(members[0]));
  CHECK(zset.size() == 0);
  CHECK(zset.tree().memory_bytes() == 0);
}

std::vector<std::pair<std::string, double>> ascending(std::size_t count) {
  std::vector<std::pair<std::string, double>> elements(count);
  for (std::size_t i = 0; i < count; ++i) {
    elements[i] = {"member:" + std::to_string(i), static_cast<double>(i)};
  }
  return elements;
}

TEST_CASE("ranks and order of 200000 members") {
  auto elements = ascending(200'000);
  std::shuffle(elements.begin(), elements.end(), std::mt19937_64(1));
  check_large(elements, 3);
}

TEST_CASE("ranks and order of members that come in some order, or have few scores") {
  auto elements = ascending(30'000);
  std::mt19937_64 random(1);
  std::uint64_t seed = 0;
  SUBCASE("in ascending order") {
    seed = 1;
  }
  SUBCASE("in descending order") {
    seed = 2;
    std::reverse(elements.begin(), elements.end());
  }
  SUBCASE("with few scores") {
    seed = 4;
    for (auto& element : elements) element.second = static_cast<double>(random() % 10);
  }
  SUBCASE("all with one score") {
    seed = 5;
    for (auto& element : elements) element.second = 0;
  }
  check_large(elements, seed);
}

TEST_CASE("memory: what entries, the index and the order take, and less when members have gone") {
  ZsetValue zset(empty_packed(Type::kZset));
  constexpr std::size_t kMembers = 100'000;
  std::vector<std::size_t> order(kMembers);
  std::iota(order.begin(), order.end(), 1'000'000);
  std::shuffle(order.begin(), order.end(), std::mt19937_64(1));
  const auto name = [](std::size_t i) { return "element:" + std::to_string(i); };
  for (const std::size_t i : order) zset.put(name(i), static_cast<double>(i));
  const std::size_t full_bytes = zset.memory_bytes();
  CHECK(static_cast<double>(full_bytes) / kMembers < 80);
  CHECK(static_cast<double>(zset.tree().memory_bytes()) / kMembers < 18);
  for (std::size_t i = 0; i < kMembers / 10 * 9; ++i) zset.remove(name(order[i]));
  CHECK(zset.memory_bytes() < full_bytes / 5);
}

}  // namespace
}  // namespace stave
