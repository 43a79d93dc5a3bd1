// SPDX-License-Identifier: Apache-2.0
// Hashes against a std::map, packed and native at once; the encoding that OBJECT ENCODING tells; reading in
// all ways; memory.
#include "shards/hash.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>
#include <string>

#include "shards/keyspace.h"
#include "tests/shards/collection_testing.h"

namespace stave {
namespace {

using testing::BothForms;
using testing::random_bytes;
using testing::random_name;
using Fields = std::map<std::string, std::string>;

HashView packed_view(const BothForms& forms) {
  return HashView(std::string_view(forms.packed()));
}

HashView native_view(const BothForms& forms) {
  return HashView(static_cast<const HashValue&>(forms.native()));
}

void check_fields(const HashView& view, const Fields& expected) {
  REQUIRE(view.size() == expected.size());
  Fields seen;
  view.for_each(
      [&](std::string_view field, std::string_view value) { REQUIRE(seen.emplace(field, value).second); });
  REQUIRE(seen == expected);
  for (const auto& [field, value] : expected) REQUIRE(view.find(field) == value);
  REQUIRE_FALSE(view.find("a field that is not there").has_value());
}

void check_both(const BothForms& forms, const Fields& expected) {
  check_fields(packed_view(forms), expected);
  check_fields(native_view(forms), expected);
}

// Changes the model as the edit should; counts what that does.
void put(Fields& fields, Edits& edits, EditResult& result, const std::string& field,
         const std::string& value) {
  edits.put(field, value);
  const auto [at, added] = fields.try_emplace(field, value);
  if (added) {
    ++result.added;
  } else if (at->second != value) {
    ++result.updated;
    at->second = value;
  }
}

void remove(Fields& fields, Edits& edits, EditResult& result, const std::string& field) {
  edits.remove(field);
  result.removed += fields.erase(field);
}

TEST_CASE("a hash does what a map does, packed and native") {
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6}) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const std::uint64_t names = std::uint64_t{4} << (2 * (seed % 4));
    BothForms forms(Type::kHash);
    Fields fields;
    for (int round = 0; round < 500; ++round) {
      Edits edits;
      EditResult expected;
      for (auto count = random() % 6; count > 0; --count) {
        const std::string field = random_name(random, names);
        if (random() % 3 == 0) {
          remove(fields, edits, expected, field);
        } else {
          put(fields, edits, expected, field, random_name(random, 50));
        }
      }
      const EditResult result = forms.apply(edits);
      REQUIRE(result.added == expected.added);
      REQUIRE(result.updated == expected.updated);
      REQUIRE(result.removed == expected.removed);
      if (random() % 16 == 0) forms.exchange();
      if (random() % 16 == 0) check_both(forms, fields);
    }
    check_both(forms, fields);
  }
}

TEST_CASE("fields and values may be long and of any bytes") {
  BothForms forms(Type::kHash);
  Fields fields;
  const std::string any("\0\xff\x80", 3);
  for (const std::size_t length : {0, 1, 127, 128, 254, 255, 256, 20'000, 100'000}) {
    for (const std::string& value : {std::string(length, 'v'), std::string(length / 2, 'w'), std::string(),
                                     any + std::string(length, '\0')}) {
      for (const std::string& field : {std::string("field"), any + std::string(length, '\0')}) {
        Edits edits;
        EditResult expected;
        put(fields, edits, expected, field, value);
        CHECK(forms.apply(edits).any() == expected.any());
      }
    }
    forms.exchange();
  }
  check_both(forms, fields);
}

TEST_CASE("edits say what they have done") {
  BothForms forms(Type::kHash);
  Edits edits;
  edits.put("a", "1");
  edits.put("b", "1");
  edits.put("a", "1");
  edits.put("a", "22");
  edits.put("a", "33");
  edits.remove("b");
  edits.remove("b");
  const EditResult result = forms.apply(edits);
  CHECK(result.added == 2);
  CHECK(result.updated == 2);
  CHECK(result.removed == 1);
  Edits vain;
  vain.put("a", "33");
  vain.remove("b");
  CHECK_FALSE(forms.apply(vain).any());
}

TEST_CASE("edits of another type, or none at all, are refused; those in front have happened") {
  Edits edits;
  edits.put("a", "1");
  std::string bad(edits.bytes());
  SUBCASE("another type") {
    bad += "\3\1a";
  }
  SUBCASE("no edit") {
    bad += '\xff';
  }
  SUBCASE("cut off") {
    bad += "\1\5fie";
  }
  std::string packed = empty_packed(Type::kHash);
  HashValue native(packed);
  EditResult result;
  CHECK(edit_packed(Type::kHash, packed, bad, {}, result).message() == "an edit does not fit a hash");
  CHECK(native.apply(bad, {}, result).message() == "an edit does not fit a hash");
  CHECK(result.added == 2);
  CHECK(is_packed(Type::kHash, packed));
  check_fields(HashView(native), {{"a", "1"}});
}

// The encoding after `count` fields came, each with its own edits, and then all went but one.
Encoding encoding_after(int count, const CollectionLimits& limits) {
  BothForms forms(Type::kHash);
  for (int i = 0; i < count; ++i) {
    Edits edits;
    edits.put(std::to_string(i), "v");
    forms.apply(edits, limits);
  }
  Edits removing;
  for (int i = 1; i < count; ++i) removing.remove(std::to_string(i));
  forms.apply(removing, limits);
  forms.exchange();
  return forms.encoding();
}

TEST_CASE("the encoding grows with the fields, and never back") {
  CHECK(encoding_after(512, {}) == Encoding::kListpack);
  CHECK(encoding_after(513, {}) == Encoding::kHashtable);
  CollectionLimits limits;
  limits.hash_listpack_entries = 3;
  CHECK(encoding_after(3, limits) == Encoding::kListpack);
  CHECK(encoding_after(4, limits) == Encoding::kHashtable);
}

TEST_CASE("a long field or value, or many at once, make the larger encoding") {
  const auto encoding_of = [](const Edits& edits) {
    BothForms forms(Type::kHash);
    forms.apply(edits);
    return forms.encoding();
  };
  const auto put_one = [&](std::size_t field_bytes, std::size_t value_bytes) {
    Edits edits;
    edits.put(std::string(field_bytes, 'f'), std::string(value_bytes, 'v'));
    return encoding_of(edits);
  };
  CHECK(put_one(64, 64) == Encoding::kListpack);
  CHECK(put_one(65, 1) == Encoding::kHashtable);
  CHECK(put_one(1, 65) == Encoding::kHashtable);
  Edits same;
  for (int i = 0; i < 512; ++i) same.put("f", "v");
  CHECK(encoding_of(same) == Encoding::kListpack);
  same.put("f", "v");
  CHECK(encoding_of(same) == Encoding::kHashtable);
}

BothForms filled(int count) {
  BothForms forms(Type::kHash);
  Edits edits;
  for (int i = 0; i < count; ++i) edits.put("field " + std::to_string(i), std::to_string(i));
  forms.apply(edits);
  return forms;
}

TEST_CASE("random() and scan() reach every field") {
  std::mt19937_64 random(3);
  for (const int count : {1, 5, 100, 1500}) {
    const BothForms forms = filled(count);
    for (const HashView& view : {packed_view(forms), native_view(forms)}) {
      Fields all;
      view.for_each([&](std::string_view field, std::string_view value) { all.emplace(field, value); });
      Fields drawn;
      for (int i = 0; i < count * 20; ++i) drawn.insert(view.random(random()));
      CHECK(drawn == all);
      Fields scanned;
      std::uint64_t cursor = 0;
      do {
        cursor = view.scan(cursor, 10, [&](std::string_view field, std::string_view value) {
          scanned.emplace(field, value);
        });
      } while (cursor != 0);
      CHECK(scanned == all);
    }
  }
}

TEST_CASE("random() prefers none") {
  std::mt19937_64 random(4);
  for (const int count : {3, 20, 200, 400}) {
    const BothForms forms = filled(count);
    for (const HashView& view : {packed_view(forms), native_view(forms)}) {
      std::map<std::string_view, int> drawn;
      for (int i = 0; i < count * 200; ++i) ++drawn[view.random(random()).first];
      for (const auto& [field, times] : drawn) {
        CHECK(times > 100);
        CHECK(times < 300);
      }
    }
  }
}

TEST_CASE("a view of what a keyspace found") {
  const BothForms forms = filled(3);
  Found found;
  CHECK(HashView(found).size() == 0);
  CHECK_FALSE(HashView(found).find("field 1").has_value());
  HashView().for_each([](std::string_view, std::string_view) { FAIL("no fields"); });
  found.exists = found.resident = true;
  found.type = Type::kHash;
  found.value = forms.packed();
  CHECK(HashView(found).find("field 1") == "1");
  found.value = {};
  found.collection = &forms.native();
  CHECK(HashView(found).find("field 2") == "2");
}

// What the entries of a native hash take, counted one by one.
std::size_t counted_bytes(const HashValue& hash) {
  std::size_t bytes = sizeof hash + hash.index().table_bytes();
  hash.index().for_each([&](const Slot& slot) { bytes += slot.entry()->allocated_bytes(true); });
  return bytes;
}

TEST_CASE("memory is that of all entries, and goes when they go") {
  std::mt19937_64 random(9);
  HashValue hash(empty_packed(Type::kHash));
  const std::size_t at_first = hash.memory_bytes();
  std::set<std::string> names;
  for (int i = 0; i < 20'000; ++i) {
    const std::string name = *names.insert(random_name(random, 3000)).first;
    if (random() % 4 == 0) {
      hash.remove(name);
    } else {
      hash.put(name, random_bytes(random));
    }
  }
  CHECK(hash.memory_bytes() == counted_bytes(hash));
  CHECK(hash.memory_bytes() > 100'000);
  std::string packed;
  hash.pack(packed);
  const HashValue copy(packed);
  CHECK(copy.memory_bytes() == counted_bytes(copy));
  for (const std::string& name : names) hash.remove(name);
  CHECK(hash.size() == 0);
  CHECK(hash.memory_bytes() <= at_first + 1000);
}

}  // namespace
}  // namespace stave
