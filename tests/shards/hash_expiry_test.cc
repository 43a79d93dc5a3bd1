// SPDX-License-Identifier: Apache-2.0
// Hashes whose fields expire against a std::map, packed and native at once: what edits do to expiries, what
// views hide, the encoding, and which bytes are such a hash.
#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>
#include <string>

#include "shards/hash.h"
#include "shards/keyspace.h"
#include "tests/shards/collection_testing.h"

namespace stave {
namespace {

using testing::BothForms;
using testing::random_name;

struct Field {
  std::string value;
  std::int64_t expiry_ms = 0;
  bool operator==(const Field&) const = default;
};
using Fields = std::map<std::string, Field>;

Found found_of(const BothForms& forms, bool natively) {
  Found found;
  found.exists = found.resident = true;
  found.type = Type::kHash;
  if (natively) {
    found.collection = &forms.native();
  } else {
    found.value = forms.packed();
  }
  return found;
}

// Of those that a view shows, in every way there is.
void check_shown(const HashView& view, const Fields& expected, std::mt19937_64& random) {
  REQUIRE(view.size() == expected.size());
  Fields seen;
  view.for_each_element([&](const HashElement& each) {
    seen[std::string(each.field)] = {std::string(each.value), each.expiry_ms};
  });
  REQUIRE(seen == expected);
  std::set<std::string> scanned;
  for (std::uint64_t cursor = 0, begun = 0; cursor != 0 || begun == 0; ++begun) {
    cursor = view.scan(cursor, 10, [&](std::string_view field, std::string_view) { scanned.emplace(field); });
  }
  REQUIRE(scanned.size() == expected.size());
  for (const auto& [field, each] : expected) {
    REQUIRE(scanned.contains(field));
    REQUIRE(view.find(field) == each.value);
    REQUIRE(view.element(field)->expiry_ms == each.expiry_ms);
  }
  if (expected.empty()) return;
  const auto [field, value] = view.random(random());
  REQUIRE(expected.at(std::string(field)).value == value);
}

void check(const BothForms& forms, const Fields& fields, std::mt19937_64& random) {
  std::int64_t next_ms = 0;
  for (const auto& [field, each] : fields) {
    if (each.expiry_ms != 0 && (next_ms == 0 || each.expiry_ms < next_ms)) next_ms = each.expiry_ms;
  }
  for (const bool natively : {false, true}) {
    const Found found = found_of(forms, natively);
    check_shown(HashView(found), fields, random);
    CHECK(HashView(found).next_expiry_ms() == next_ms);
    const auto now_ms = static_cast<std::int64_t>(random() % 110);
    Fields shown = fields;
    std::erase_if(shown, [&](const auto& field) {
      return field.second.expiry_ms != 0 && field.second.expiry_ms <= now_ms && now_ms != 0;
    });
    check_shown(HashView(found, now_ms), shown, random);
    for (const auto& [field, each] : fields) {
      if (!shown.contains(field)) CHECK_FALSE(HashView(found, now_ms).find(field));
    }
    const Edits removals = HashView(found).removals_due(now_ms, 1000);
    CHECK(count_edits(removals.bytes(), EditKind::kRemove) == fields.size() - shown.size());
    CHECK(HashView(found).removals_due(now_ms, 0).empty());
  }
}

TEST_CASE("fields expire as those of a map would, packed and native") {
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    BothForms forms(Type::kHash);
    Fields fields;
    for (int round = 0; round < 400; ++round) {
      const std::string field = random_name(random, 20);
      const auto expiry_ms = static_cast<std::int64_t>(random() % 3 == 0 ? 0 : 1 + random() % 100);
      Edits edits;
      EditResult expected;
      const auto at = fields.find(field);
      const bool there = at != fields.end();
      if (random() % 4 == 0) {
        edits.remove(field);
        expected.removed = fields.erase(field);
      } else if (random() % 2 == 0) {
        edits.expire(field, expiry_ms);
        expected.updated = there && at->second.expiry_ms != expiry_ms ? 1 : 0;
        if (there) at->second.expiry_ms = expiry_ms;
      } else {
        const Field put{random_name(random, 3), 0};
        edits.put(field, put.value);
        expected.added = there ? 0 : 1;
        expected.updated = there && at->second != put ? 1 : 0;
        fields[field] = put;
      }
      const EditResult result = forms.apply(edits);
      CHECK(result.added == expected.added);
      CHECK(result.updated == expected.updated);
      CHECK(result.removed == expected.removed);
      if (round % 7 == 0) forms.exchange();
      if (round % 5 == 0) check(forms, fields, random);
    }
  }
}

TEST_CASE("the encoding says whether fields may expire, small or large, and keeps to it") {
  BothForms forms(Type::kHash);
  Edits puts;
  puts.put("a", "1");
  puts.put("b", "2");
  puts.expire("none", 5);
  forms.apply(puts);
  CHECK(forms.encoding() == Encoding::kListpack);
  Edits expire;
  expire.expire("a", 5);
  forms.apply(expire);
  CHECK(forms.encoding() == Encoding::kListpackEx);
  Edits persist;
  persist.expire("a", 0);
  forms.apply(persist);
  CHECK(forms.encoding() == Encoding::kListpackEx);
  Edits lengthy;
  lengthy.put("c", std::string(100, 'c'));
  forms.apply(lengthy);
  CHECK(forms.encoding() == Encoding::kHashtableEx);
  BothForms large(Type::kHash);
  large.apply(lengthy);
  CHECK(large.encoding() == Encoding::kHashtable);
  Edits expire_it;
  expire_it.expire("c", 5);
  large.apply(expire_it);
  CHECK(large.encoding() == Encoding::kHashtableEx);
}

TEST_CASE("only hashes have expiries, and they are whole") {
  BothForms forms(Type::kHash);
  Edits edits;
  edits.put("a", "1");
  edits.expire("a", 5);
  forms.apply(edits);
  const std::string packed = forms.packed();
  CHECK(is_packed(Type::kHash, packed));
  for (const Type type : {Type::kSet, Type::kZset, Type::kList}) CHECK_FALSE(is_packed(type, packed));
  for (std::size_t bytes = 0; bytes < packed.size(); ++bytes)
    CHECK_FALSE(is_packed(Type::kHash, packed.substr(0, bytes)));
  std::string wrong = packed;
  wrong.back() = '\x80';  // a negative time
  CHECK_FALSE(is_packed(Type::kHash, wrong));
  wrong = packed.substr(0, packed.size() - 9) + std::string("\x07seven b");
  CHECK_FALSE(is_packed(Type::kHash, wrong));
  wrong = packed.substr(0, packed.size() - 9) + std::string("\x08\0\0\0\0\0\0\0\0", 9);  // 0 is no bytes
  CHECK_FALSE(is_packed(Type::kHash, wrong));
}

TEST_CASE("an expiry takes memory while it is there") {
  HashValue hash(empty_packed(Type::kHash));
  hash.put("field", "value");
  const std::size_t without = hash.memory_bytes();
  CHECK(hash.due() == nullptr);
  CHECK(hash.expire("field", 5));
  CHECK_FALSE(hash.expire("field", 5));
  CHECK(hash.memory_bytes() > without);
  CHECK(hash.put("field", "value") == PutOutcome::kUpdated);
  CHECK(hash.due() == nullptr);
  CHECK(hash.memory_bytes() == without);
}

}  // namespace
}  // namespace stave
