// SPDX-License-Identifier: Apache-2.0
// Sets against a std::set, packed and native at once; the encoding that OBJECT ENCODING tells, as Redis 7.2
// decides it; reading in all ways; memory.
#include "shards/set.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "shards/keyspace.h"
#include "tests/shards/collection_testing.h"

namespace stave {
namespace {

using testing::BothForms;
using testing::random_name;
using Members = std::set<std::string>;

SetView packed_view(const BothForms& forms) {
  return SetView(std::string_view(forms.packed()));
}

SetView native_view(const BothForms& forms) {
  return SetView(static_cast<const SetValue&>(forms.native()));
}

void check_members(const SetView& view, const Members& expected) {
  REQUIRE(view.size() == expected.size());
  Members seen;
  view.for_each([&](std::string_view member) { REQUIRE(seen.emplace(member).second); });
  REQUIRE(seen == expected);
  for (const auto& member : expected) REQUIRE(view.contains(member));
  REQUIRE_FALSE(view.contains("a member that is not there"));
}

void check_both(const BothForms& forms, const Members& expected) {
  check_members(packed_view(forms), expected);
  check_members(native_view(forms), expected);
}

TEST_CASE("a set does what a std::set does, packed and native") {
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6}) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const std::uint64_t names = std::uint64_t{4} << (2 * (seed % 4));
    BothForms forms(Type::kSet);
    Members members;
    for (int round = 0; round < 500; ++round) {
      Edits edits;
      EditResult expected;
      for (auto count = random() % 6; count > 0; --count) {
        const std::string member =
            random() % 2 == 0 ? random_name(random, names) : std::to_string(random() % names);
        if (random() % 3 == 0) {
          edits.remove(member);
          expected.removed += members.erase(member);
        } else {
          edits.add(member);
          expected.added += members.insert(member).second ? 1 : 0;
        }
      }
      const EditResult result = forms.apply(edits);
      REQUIRE(result.added == expected.added);
      REQUIRE(result.updated == 0);
      REQUIRE(result.removed == expected.removed);
      if (random() % 16 == 0) forms.exchange();
      if (random() % 16 == 0) check_both(forms, members);
    }
    check_both(forms, members);
  }
}

TEST_CASE("members may be long and of any bytes") {
  BothForms forms(Type::kSet);
  Members members;
  for (const std::size_t length : {0, 1, 127, 128, 254, 255, 256, 20'000, 100'000}) {
    for (const char byte : {'m', '\0', '\xff'}) {
      const std::string member(length, byte);
      Edits edits;
      edits.add(member);
      CHECK(forms.apply(edits).any() == members.insert(member).second);
    }
    forms.exchange();
  }
  check_both(forms, members);
}

TEST_CASE("edits of another type, or none at all, are refused; those in front have happened") {
  Edits edits;
  edits.add("a");
  std::string bad(edits.bytes());
  SUBCASE("another type") {
    bad += "\1\1a\1b";
  }
  SUBCASE("no edit") {
    bad += '\0';
  }
  SUBCASE("cut off") {
    bad += "\3\5mem";
  }
  std::string packed = empty_packed(Type::kSet);
  SetValue native(packed);
  EditResult result;
  CHECK(edit_packed(Type::kSet, packed, bad, {}, result).message() == "an edit does not fit a set");
  CHECK(native.apply(bad, {}, result).message() == "an edit does not fit a set");
  CHECK(result.added == 2);
  CHECK(is_packed(Type::kSet, packed));
  check_members(SetView(native), {"a"});
}

// A set to which commands add; tells the encoding that it has then.
class Encoded {
 public:
  explicit Encoded(CollectionLimits limits = {}) : limits_(limits) {}

  // One command for all.
  Encoding add(const std::vector<std::string>& members) {
    Edits edits;
    for (const auto& member : members) edits.add(member);
    forms_.apply(edits, limits_);
    return forms_.encoding();
  }
  Encoding remove(const std::string& member) {
    Edits edits;
    edits.remove(member);
    forms_.apply(edits, limits_);
    return forms_.encoding();
  }
  // A command for each of the numbers.
  Encoding add_numbers(int first, int last) {
    for (int i = first; i <= last; ++i) add({std::to_string(i)});
    return forms_.encoding();
  }

 private:
  CollectionLimits limits_;
  BothForms forms_{Type::kSet};
};

TEST_CASE("the first member makes an intset if it is an integer") {
  for (const char* const integer : {"0", "1", "-1", "9223372036854775807", "-9223372036854775808"})
    CHECK(Encoded().add({integer}) == Encoding::kIntset);
  for (const char* const other :
       {"", "-", "+1", "01", "-0", "00", " 1", "1 ", "1.0", "1e3", "0x1", "9223372036854775808",
        "-9223372036854775809", "18446744073709551615", "--1", "a"})
    CHECK(Encoded().add({other}) == Encoding::kListpack);
}

TEST_CASE("an intset becomes a hashtable by its size, and a listpack or a hashtable by a member") {
  CHECK(Encoded().add_numbers(1, 512) == Encoding::kIntset);
  CHECK(Encoded().add_numbers(1, 513) == Encoding::kHashtable);

  Encoded small;
  small.add_numbers(1, 127);
  CHECK(small.add({"a"}) == Encoding::kListpack);
  CHECK(small.add({"b"}) == Encoding::kHashtable);  // the 129th

  Encoded large;
  large.add_numbers(1, 128);
  CHECK(large.add({"1"}) == Encoding::kIntset);
  CHECK(large.add({"a"}) == Encoding::kHashtable);

  Encoded long_member;
  long_member.add({"1"});
  CHECK(long_member.add({std::string(65, 'm')}) == Encoding::kHashtable);
}

TEST_CASE("a long integer of an intset counts when it would become a listpack") {
  CollectionLimits limits;
  limits.set_listpack_value = 3;
  Encoded fits(limits);
  fits.add({"-12"});
  CHECK(fits.add({"a"}) == Encoding::kListpack);
  Encoded does_not(limits);
  does_not.add({"-123"});
  CHECK(does_not.add({"a"}) == Encoding::kHashtable);
}

TEST_CASE("a listpack becomes a hashtable by its size and by a long member") {
  Encoded by_size;
  by_size.add({"a"});
  CHECK(by_size.add_numbers(1, 127) == Encoding::kListpack);
  CHECK(by_size.add({"127"}) == Encoding::kListpack);
  CHECK(by_size.add({"128"}) == Encoding::kHashtable);
  CHECK(by_size.remove("128") == Encoding::kHashtable);  // never back

  CHECK(Encoded().add({std::string(64, 'm')}) == Encoding::kListpack);
  CHECK(Encoded().add({std::string(65, 'm')}) == Encoding::kHashtable);
  Encoded integers;
  integers.add({"a"});
  integers.add({"1"});
  CHECK(integers.remove("a") == Encoding::kListpack);
}

TEST_CASE("a command that names many members makes a hashtable at once") {
  CHECK(Encoded().add(std::vector<std::string>(128, "a")) == Encoding::kListpack);
  CHECK(Encoded().add(std::vector<std::string>(129, "a")) == Encoding::kHashtable);
  CHECK(Encoded().add(std::vector<std::string>(512, "1")) == Encoding::kIntset);
  CHECK(Encoded().add(std::vector<std::string>(513, "1")) == Encoding::kHashtable);
  Encoded listpack;
  listpack.add({"a"});
  CHECK(listpack.add(std::vector<std::string>(129, "a")) == Encoding::kHashtable);
  Encoded intset;
  intset.add({"1"});
  CHECK(intset.add(std::vector<std::string>(512, "1")) == Encoding::kIntset);
  CHECK(intset.add(std::vector<std::string>(513, "1")) == Encoding::kHashtable);

  CollectionLimits limits;
  limits.set_listpack_entries = 1000;
  CHECK(Encoded(limits).add(std::vector<std::string>(513, "1")) == Encoding::kListpack);
}

BothForms filled(int count) {
  BothForms forms(Type::kSet);
  Edits edits;
  for (int i = 0; i < count; ++i) edits.add("member " + std::to_string(i));
  forms.apply(edits);
  return forms;
}

TEST_CASE("random(), scan() and for_each_while() reach every member") {
  std::mt19937_64 random(3);
  for (const int count : {1, 5, 100, 1500}) {
    const BothForms forms = filled(count);
    for (const SetView& view : {packed_view(forms), native_view(forms)}) {
      Members all;
      view.for_each([&](std::string_view member) { all.emplace(member); });
      Members drawn;
      for (int i = 0; i < count * 20; ++i) drawn.emplace(view.random(random()));
      CHECK(drawn == all);
      Members scanned;
      std::uint64_t cursor = 0;
      do {
        cursor = view.scan(cursor, 10, [&](std::string_view member) { scanned.emplace(member); });
      } while (cursor != 0);
      CHECK(scanned == all);
      Members walked;
      view.for_each_while([&](std::string_view member) { return walked.emplace(member).second; });
      CHECK(walked == all);
    }
  }
}

TEST_CASE("for_each_while() ends where it is told to") {
  const BothForms forms = filled(1500);
  for (const SetView& view : {packed_view(forms), native_view(forms)}) {
    int visited = 0;
    view.for_each_while([&](std::string_view) { return ++visited < 700; });
    CHECK(visited == 700);
  }
}

TEST_CASE("random() prefers none") {
  std::mt19937_64 random(4);
  for (const int count : {3, 20, 200, 400}) {
    const BothForms forms = filled(count);
    for (const SetView& view : {packed_view(forms), native_view(forms)}) {
      std::map<std::string_view, int> drawn;
      for (int i = 0; i < count * 200; ++i) ++drawn[view.random(random())];
      for (const auto& [member, times] : drawn) {
        CHECK(times > 100);
        CHECK(times < 300);
      }
    }
  }
}

TEST_CASE("a view of what a keyspace found") {
  const BothForms forms = filled(3);
  Found found;
  CHECK(SetView(found).size() == 0);
  CHECK_FALSE(SetView(found).contains("member 1"));
  SetView().for_each([](std::string_view) { FAIL("no members"); });
  found.exists = found.resident = true;
  found.type = Type::kSet;
  found.value = forms.packed();
  CHECK(SetView(found).contains("member 1"));
  CHECK(SetView(found).longest_bytes() == 8);
  found.value = {};
  found.collection = &forms.native();
  CHECK(SetView(found).contains("member 2"));
}

TEST_CASE("memory is that of all entries, and goes when they go") {
  std::mt19937_64 random(9);
  SetValue set(empty_packed(Type::kSet));
  const std::size_t at_first = set.memory_bytes();
  Members members;
  for (int i = 0; i < 20'000; ++i) {
    const std::string member = *members.insert(random_name(random, 3000)).first;
    if (random() % 4 == 0) {
      set.remove(member);
    } else {
      set.add(member);
    }
  }
  std::size_t counted = sizeof set + set.index().table_bytes();
  set.index().for_each([&](const Slot& slot) { counted += slot.entry()->allocated_bytes(true); });
  CHECK(set.memory_bytes() == counted);
  CHECK(set.memory_bytes() > 100'000);
  for (const std::string& member : members) set.remove(member);
  CHECK(set.size() == 0);
  CHECK(set.memory_bytes() <= at_first + 1000);
}

}  // namespace
}  // namespace stave
