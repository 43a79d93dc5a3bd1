// SPDX-License-Identifier: Apache-2.0
// Shows that parts of a collection, logged while it changes, and the edits between them make the same
// collection again, of every type; and that a part that is missing is noticed.
#include "shards/chain_builder.h"

#include <deque>

#include "shards/list.h"
#include "tests/shards/collection_testing.h"

namespace stave {
namespace {

using testing::random_bytes;
using testing::random_name;

constexpr std::uint64_t kNames = 300;

// One or a few edits that a collection of this type and size can have.
Edits random_edits(Type type, std::size_t size, std::mt19937_64& random) {
  Edits edits;
  for (std::uint64_t count = 1 + random() % 3; count > 0; --count) {
    const std::uint64_t what = random() % 10;
    const std::string name = random_name(random, kNames);
    if (type != Type::kList && what < 4) {
      edits.remove(name);
    } else if (type == Type::kHash) {
      edits.put(name, random_bytes(random));
    } else if (type == Type::kSet) {
      edits.add(name);
    } else if (type == Type::kZset) {
      constexpr double kScores[] = {0, -0.0, 1, 2, 3, 1e300};
      edits.put(name, kScores[random() % 6]);
    } else {
      if (what < 2) edits.push_head(name);
      if (what >= 2 && what < 4) edits.push_tail(name);
      if (what == 4) edits.insert_at(random() % (size + 1), name);
      if (what == 5 && size > 0) edits.set_at(random() % size, name);
      const std::size_t most = std::min<std::size_t>(size, random() % 20 == 0 ? 60 : 2);
      const std::size_t erased = most == 0 ? 0 : random() % (most + 1);
      if (what == 6) edits.pop_head(erased);
      if (what == 7) edits.pop_tail(erased);
      if (what >= 8) edits.erase_at(random() % (size - erased + 1), erased);
      return edits;  // the next would need the size behind this one
    }
  }
  return edits;
}

Edits addition(Type type, const std::string& name) {
  Edits edits;
  if (type == Type::kHash) edits.put(name, name);
  if (type == Type::kSet) edits.add(name);
  if (type == Type::kZset) edits.put(name, 1.5);
  if (type == Type::kList) edits.push_tail(name);
  return edits;
}

std::string packed_of(const Collection& collection) {
  std::string packed;
  collection.pack(packed);
  return packed;
}

// The elements, in an order that does not depend on how they came.
std::vector<std::string> elements_of(const Collection& collection) {
  std::vector<std::string> elements;
  const std::string packed = packed_of(collection);
  PackedItems items(packed);
  const bool pairs = collection.type() == Type::kHash || collection.type() == Type::kZset;
  for (std::string_view item; items.next(item);) {
    std::string element(item);
    if (pairs && items.next(item)) element.append("=").append(item);
    elements.push_back(element);
  }
  if (collection.type() != Type::kList) std::sort(elements.begin(), elements.end());
  return elements;
}

// A collection whose snapshot is taken while it changes.
struct Logged {
  explicit Logged(Type type) : collection(unpack(type, empty_packed(type))) {}

  void edit(const Edits& edits) {
    EditResult result;
    REQUIRE(collection->apply(edits.bytes(), {}, result).ok());
    if (!result.any()) return;
    if (under_way && collection->type() == Type::kList) {
      ListPrefix prefix{cursor.place, cursor.size};
      static_cast<void>(prefix.follow(edits.bytes()));
      cursor.place = prefix.elements;
      cursor.size = prefix.size;
    }
    if (under_way || done) add(edits_of(collection->type()), 0, std::string(edits.bytes()));
  }
  void log_part(std::size_t bytes_max) {
    if (!under_way) cursor.size = collection->size();
    std::string value;
    done = collection->pack_part(cursor, bytes_max, value);
    PartRecord::end(value, number, collection->size());
    const int flags = (number == 0 ? kChainHead : 0) | (done ? kLastPart : 0);
    ++number;
    under_way = !done;
    add(part_of(collection->type()), static_cast<std::uint8_t>(flags), value);
  }
  void add(RecordKind kind, std::uint8_t flags, std::string value) {
    Record record;
    record.kind = kind;
    record.flags = flags;
    record.gsn = records.size() + 1;
    record.value = values.emplace_back(std::move(value));
    records.push_back(record);
  }

  std::unique_ptr<Collection> collection;
  PartCursor cursor;
  bool under_way = false;
  bool done = false;
  std::uint32_t number = 0;
  std::vector<Record> records;
  std::deque<std::string> values;
};

std::unique_ptr<Collection> build(Type type, const std::vector<Record>& records, Status& status) {
  ChainBuilder builder(type, {});
  for (const Record& record : records) {
    status = builder.take(record);
    if (!status.ok()) return nullptr;
    while (builder.step()) {
    }
  }
  status = builder.finish();
  return builder.collection();
}

constexpr Type kTypes[] = {Type::kHash, Type::kSet, Type::kZset, Type::kList};

Logged grown(Type type, std::size_t edits, std::mt19937_64& random) {
  Logged logged(type);
  for (std::size_t i = 0; i < edits || logged.collection->size() == 0; ++i)
    logged.edit(random_edits(type, logged.collection->size(), random));
  return logged;
}

TEST_CASE("parts and the edits between them make the collection again") {
  for (const Type type : kTypes) {
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
      CAPTURE(static_cast<int>(type));
      CAPTURE(seed);
      std::mt19937_64 random(seed);
      Logged logged = grown(type, 600, random);
      const std::size_t part_bytes = 1 + random() % 3000;
      while (!logged.done) {
        logged.log_part(part_bytes);
        for (std::uint64_t count = random() % 6; count > 0 && logged.collection->size() > 0; --count)
          logged.edit(random_edits(type, logged.collection->size(), random));
      }
      for (int i = 0; i < 20; ++i) logged.edit(random_edits(type, logged.collection->size(), random));
      Status status;
      const auto built = build(type, logged.records, status);
      INFO(status.message());
      REQUIRE(status.ok());
      REQUIRE(elements_of(*built) == elements_of(*logged.collection));
      REQUIRE(built->encoding() == logged.collection->encoding());
    }
  }
}

TEST_CASE(
    "a collection that does not change is in parts of about the size that was asked for, each element once") {
  for (const Type type : kTypes) {
    constexpr std::size_t elements = 1000;
    Logged logged(type);
    for (std::size_t i = 0; i < elements; ++i) logged.edit(addition(type, std::to_string(10'000 + i)));
    while (!logged.done) logged.log_part(300);
    std::size_t count = 0;
    for (const Record& record : logged.records) {
      PartRecord part;
      REQUIRE(PartRecord::decode(type, record.value, part));
      CHECK(part.elements == elements);
      CHECK(part.packed.size() < 2'000);  // what is in one bucket is in one part
      count += packed_count(part.packed);
    }
    CHECK(count == elements);
    CHECK(logged.records.size() > 5);
  }
}

TEST_CASE("parts that are missing or not in their order are noticed") {
  for (const Type type : kTypes) {
    std::mt19937_64 random(11);
    Logged logged = grown(type, 600, random);
    while (!logged.done) logged.log_part(200);
    REQUIRE(logged.records.size() > 3);
    Status status;
    for (std::size_t missing = 0; missing < logged.records.size(); ++missing) {
      std::vector<Record> records = logged.records;
      records.erase(records.begin() + static_cast<std::ptrdiff_t>(missing));
      build(type, records, status);
      CHECK_FALSE(status.ok());
    }
    std::swap(logged.records[1], logged.records[2]);
    build(type, logged.records, status);
    CHECK_FALSE(status.ok());
  }
}

TEST_CASE("elements that come at the tail of a prefix that is the whole list belong to it") {
  Edits edits;
  edits.push_tail("a");
  edits.insert_at(3, "b");
  ListPrefix prefix{2, 2};
  CHECK(prefix.follow(edits.bytes()) == edits.bytes());
  CHECK(prefix.elements == 4);
  CHECK(prefix.size == 4);
}

TEST_CASE("a last part without elements ends the parts, though edits in front of it are void") {
  for (const Type type : kTypes) {
    std::mt19937_64 random(13);
    Logged logged = grown(type, 600, random);
    while (!logged.done) logged.log_part(200);
    Record& covering = logged.records.back();
    covering.flags = static_cast<std::uint8_t>(covering.flags & ~kLastPart);
    const auto expected = elements_of(*logged.collection);
    std::string value = empty_packed(type);
    set_packed_encoding(value, logged.collection->encoding());
    PartRecord::end(value, logged.number, logged.collection->size() + 7);
    logged.add(part_of(type), kLastPart, value);
    Status status;
    const auto built = build(type, logged.records, status);
    INFO(status.message());
    REQUIRE(status.ok());
    CHECK(elements_of(*built) == expected);
    CHECK(built->encoding() == logged.collection->encoding());
  }
}

TEST_CASE("bytes that are no part are no part") {
  std::string value = empty_packed(Type::kSet);
  PartRecord part;
  CHECK_FALSE(PartRecord::decode(Type::kSet, value, part));
  PartRecord::end(value, 3, 5);
  REQUIRE(PartRecord::decode(Type::kSet, value, part));
  CHECK(part.number == 3);
  CHECK(part.elements == 5);
  value[0] = 77;
  CHECK_FALSE(PartRecord::decode(Type::kSet, value, part));
}

TEST_CASE("the prefix of a list follows edits of the whole") {
  Edits edits;
  edits.push_head("a");     // in front
  edits.push_tail("b");     // behind
  edits.insert_at(4, "c");  // at the place up to which it has come: it will come with the next part
  edits.insert_at(3, "d");  // in front of its last element
  edits.set_at(5, "e");     // behind
  edits.set_at(4, "f");     // its last
  edits.erase_at(3, 5);     // two of them are in it
  edits.pop_tail(5);        // all but the first two
  edits.erase_at(9, 1);     // no such element
  ListPrefix prefix{3, 8};
  const std::string narrowed = prefix.follow(edits.bytes());
  Edits expected;
  expected.push_head("a");
  expected.insert_at(3, "d");
  expected.set_at(4, "f");
  expected.erase_at(3, 2);
  expected.erase_at(2, 1);
  CHECK(narrowed == expected.bytes());
  CHECK(prefix.elements == 2);
  CHECK(prefix.size == 2);
}

}  // namespace
}  // namespace stave
