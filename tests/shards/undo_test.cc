// SPDX-License-Identifier: Apache-2.0
// Whatever edits did to a large collection, taking them back leaves it as it was, byte for byte.
#include "shards/undo.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "shards/collection.h"

namespace stave {
namespace {

std::string packed_of(const Collection& collection) {
  std::string packed;
  collection.pack(packed);
  return packed;
}

// The same elements, whatever their order, which is nobody's business in hashes and sets.
std::vector<std::string> elements_of(const Collection& collection) {
  const std::string packed = packed_of(collection);
  std::vector<std::string> items;
  PackedItems reader(packed);
  for (std::string_view item; reader.next(item);) {
    items.emplace_back(item);
    if (collection.type() != Type::kHash && collection.type() != Type::kZset) continue;
    reader.next(item);
    items.back().append("=").append(item);
    if (!keeps_expiries(collection.encoding())) continue;
    reader.next(item);
    items.back().append(" until ").append(item);
  }
  if (collection.type() == Type::kHash || collection.type() == Type::kSet)
    std::sort(items.begin(), items.end());
  return items;
}

class RandomEdits {
 public:
  RandomEdits(Type type, std::mt19937_64& random)
      : type_(type), expires_(random() % 2 == 0), random_(random) {}

  // `size` follows what the edits make of a list.
  Edits make(std::size_t& size) {
    Edits edits;
    for (std::uint64_t count = 1 + below(20); count > 0; --count) add(edits, size);
    return edits;
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  std::string name() {
    return "name:" + std::to_string(below(60)) + std::string(below(3) == 0 ? 30 : 0, 'x');
  }

  void add(Edits& edits, std::size_t& size) {
    if (type_ == Type::kList) return add_list(edits, size);
    if (below(3) == 0) return edits.remove(name());
    if (type_ == Type::kHash && expires_ && below(2) == 0)
      return edits.expire(name(), static_cast<std::int64_t>(below(10)));
    if (type_ == Type::kHash) return edits.put(name(), std::to_string(below(1000)));
    if (type_ == Type::kZset) return edits.put(name(), static_cast<double>(below(50)) / 4);
    edits.add(name());
  }

  void add_list(Edits& edits, std::size_t& size) {
    switch (below(7)) {
      case 0:
        ++size;
        return edits.push_head(name());
      case 1:
        ++size;
        return edits.push_tail(name());
      case 2: {
        const std::size_t count = below(size + 1);
        size -= count;
        return below(2) == 0 ? edits.pop_head(count) : edits.pop_tail(count);
      }
      case 3:
        if (size > 0) edits.set_at(below(size), name());
        return;
      case 4:
        edits.insert_at(below(size + 1), name());
        ++size;
        return;
      default: {
        if (size == 0) return;
        const std::size_t index = below(size);
        const std::size_t count = std::min<std::size_t>(below(5), size - index);
        size -= count;
        return edits.erase_at(index, count);
      }
    }
  }

  const Type type_;
  const bool expires_;  // fields of a hash may
  std::mt19937_64& random_;
};

TEST_CASE("edits are taken back, for every type") {
  std::mt19937_64 random(1);
  for (const Type type : {Type::kHash, Type::kSet, Type::kZset, Type::kList}) {
    for (int round = 0; round < 300; ++round) {
      CAPTURE(round);
      const auto collection = unpack(type, empty_packed(type));
      RandomEdits maker(type, random);
      std::size_t size = 0;
      EditResult result;
      for (std::uint64_t i = random() % 8; i > 0; --i)
        REQUIRE(collection->apply(maker.make(size).bytes(), {}, result).ok());
      const auto before = elements_of(*collection);
      const Encoding encoding = collection->encoding();

      // Beside one that knows nothing of it: Undo::apply() does what apply() does.
      const auto plain = unpack(type, packed_of(*collection));
      Undo undo(*collection);
      CHECK(undo.memory_bytes() == collection->memory_bytes());
      for (std::uint64_t i = 1 + random() % 4; i > 0; --i) {
        const Edits edits = maker.make(size);
        EditResult expected;
        EditResult got;
        REQUIRE(plain->apply(edits.bytes(), {}, expected).ok());
        REQUIRE(undo.apply(edits.bytes(), {}, got).ok());
        CHECK(got.added == expected.added);
        CHECK(got.updated == expected.updated);
        CHECK(got.removed == expected.removed);
      }
      CHECK(elements_of(*collection) == elements_of(*plain));
      CHECK(collection->encoding() == plain->encoding());
      undo.take_back({});
      CHECK(elements_of(*collection) == before);
      CHECK(collection->encoding() == encoding);
    }
  }
}

}  // namespace
}  // namespace stave
