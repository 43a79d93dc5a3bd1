// SPDX-License-Identifier: Apache-2.0
// The packed form: numbers, items and the header; is_packed() takes what was packed and refuses everything
// else, however it was made; what it takes is safe for the rest.
#include "shards/packed.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "shards/collection.h"
#include "tests/shards/collection_testing.h"

namespace stave {
namespace {

std::string score_bytes(double score) {
  std::string bytes(sizeof score, '\0');
  std::memcpy(bytes.data(), &score, sizeof score);
  return bytes;
}

std::string packed_of(Type type, std::size_t count, const std::vector<std::string>& items) {
  std::string packed = empty_packed(type);
  set_packed_count(packed, count);
  for (const auto& item : items) put_item(packed, item);
  return packed;
}

// Whether a number in these bytes is taken, all of them.
bool takes_number(std::string_view bytes, std::uint64_t number) {
  const auto taken = take_varint(bytes);
  return taken == number && bytes.empty();
}

TEST_CASE("numbers and items are taken as they were put") {
  for (unsigned bits = 0; bits <= 64; ++bits) {
    for (const int more : {-1, 0, 1}) {
      const std::uint64_t number =
          (bits == 64 ? 0 : std::uint64_t{1} << bits) + static_cast<std::uint64_t>(more);
      std::string bytes;
      put_varint(bytes, number);
      CHECK(takes_number(bytes, number));
      for (std::size_t part = 0; part < bytes.size(); ++part) {
        std::string_view rest = std::string_view(bytes).substr(0, part);
        CHECK_FALSE(take_varint(rest).has_value());
        CHECK(rest.size() == part);
      }
    }
  }
  for (const std::size_t length : {0, 1, 127, 128, 16383, 16384, 100'000}) {
    std::string bytes;
    put_item(bytes, std::string(length, 'i'));
    CHECK(bytes.size() == item_bytes(length));
    std::string_view rest = bytes;
    CHECK(take_item(rest) == std::string(length, 'i'));
    CHECK(rest.empty());
    rest = std::string_view(bytes).substr(0, bytes.size() - 1);
    CHECK_FALSE(take_item(rest).has_value());
    CHECK(rest.size() == bytes.size() - 1);
  }
}

TEST_CASE("a number has one form only") {
  CHECK(takes_number(std::string_view("\0", 1), 0));
  CHECK_FALSE(takes_number(std::string_view("\x80\0", 2), 0));
  CHECK_FALSE(takes_number(std::string_view("\xff\x80\0", 3), 127));
  CHECK(takes_number("\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", UINT64_MAX));
  CHECK_FALSE(takes_number("\xff\xff\xff\xff\xff\xff\xff\xff\xff\3", UINT64_MAX));
  CHECK_FALSE(takes_number("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81", UINT64_MAX));
}

TEST_CASE("the header keeps encoding and count") {
  std::string packed = empty_packed(Type::kHash);
  CHECK(packed.size() == kPackedHeaderBytes);
  CHECK(packed_count(packed) == 0);
  CHECK(packed_encoding(packed) == Encoding::kListpack);
  CHECK(packed_encoding(empty_packed(Type::kSet)) == Encoding::kIntset);
  CHECK(packed_encoding(empty_packed(Type::kZset)) == Encoding::kListpack);
  CHECK(packed_encoding(empty_packed(Type::kList)) == Encoding::kListpack);
  set_packed_encoding(packed, Encoding::kHashtable);
  set_packed_count(packed, UINT32_MAX);
  CHECK(packed_encoding(packed) == Encoding::kHashtable);
  CHECK(packed_count(packed) == UINT32_MAX);
}

TEST_CASE("items are walked over with their offsets; no bytes have none") {
  const std::string long_item(300, 'l');
  const std::string packed = packed_of(Type::kList, 4, {"", "a", long_item, "b"});
  PackedItems items(packed);
  std::string_view item;
  std::size_t offset = kPackedHeaderBytes;
  for (const std::string_view expected :
       {std::string_view(""), std::string_view("a"), std::string_view(long_item), std::string_view("b")}) {
    CHECK(items.offset() == offset);
    REQUIRE(items.next(item));
    CHECK(item == expected);
    offset += item_bytes(expected.size());
  }
  CHECK(items.offset() == packed.size());
  CHECK_FALSE(items.next(item));
  PackedItems none{std::string_view()};
  CHECK_FALSE(none.next(item));
}

TEST_CASE("is_packed wants as many whole items as the count says") {
  for (const Type type : {Type::kHash, Type::kSet, Type::kZset, Type::kList})
    CHECK(is_packed(type, empty_packed(type)));
  CHECK(is_packed(Type::kSet, packed_of(Type::kSet, 2, {"a", ""})));
  CHECK(is_packed(Type::kList, packed_of(Type::kList, 2, {"a", "a"})));
  CHECK(is_packed(Type::kHash, packed_of(Type::kHash, 1, {"a", "1"})));
  CHECK_FALSE(is_packed(Type::kHash, packed_of(Type::kHash, 2, {"a", "1"})));
  CHECK_FALSE(is_packed(Type::kHash, packed_of(Type::kHash, 1, {"a", "1", "b"})));
  CHECK_FALSE(is_packed(Type::kSet, packed_of(Type::kSet, 1, {"a", "b"})));
  CHECK_FALSE(is_packed(Type::kSet, packed_of(Type::kSet, UINT32_MAX, {"a", "b"})));
  CHECK_FALSE(
      is_packed(Type::kHash, packed_of(Type::kHash, 0x80000001, {"a", "b"})));  // twice that is 2 mod 2^32

  const std::string whole = packed_of(Type::kHash, 2, {"a", std::string(200, 'v'), "b", ""});
  CHECK(is_packed(Type::kHash, whole));
  CHECK_FALSE(is_packed(Type::kHash, whole + '\0'));
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes)
    CHECK_FALSE(is_packed(Type::kHash, std::string_view(whole).substr(0, bytes)));
}

TEST_CASE("is_packed wants an encoding of the type") {
  const auto takes = [](Type type, int encoding) {
    std::string packed = empty_packed(type);
    set_packed_encoding(packed, static_cast<Encoding>(encoding));
    return is_packed(type, packed);
  };
  const std::vector<std::pair<Type, std::vector<int>>> encodings = {
      {Type::kHash, {1, 3, 6, 7}}, {Type::kSet, {1, 2, 3}}, {Type::kZset, {1, 4}},
      {Type::kList, {1, 5}},       {Type::kString, {}},     {Type::kStream, {}},
      {static_cast<Type>(77), {}},
  };
  for (const auto& [type, right] : encodings) {
    for (int encoding = 0; encoding < 256; ++encoding)
      CHECK(takes(type, encoding) == (std::find(right.begin(), right.end(), encoding) != right.end()));
  }
}

TEST_CASE("is_packed wants scores, in order") {
  const auto takes = [](const std::vector<std::string>& items) {
    return is_packed(Type::kZset, packed_of(Type::kZset, items.size() / 2, items));
  };
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  CHECK(takes({"a", score_bytes(1)}));
  CHECK(takes({"b", score_bytes(-kInfinity), "a", score_bytes(0), "b", score_bytes(-0.0), "a",
               score_bytes(kInfinity)}));
  CHECK(takes({"a", score_bytes(1), "\xff", score_bytes(1)}));
  CHECK_FALSE(takes({"\xff", score_bytes(1), "a", score_bytes(1)}));
  CHECK_FALSE(takes({"a", score_bytes(2), "b", score_bytes(1)}));
  CHECK_FALSE(takes({"a", score_bytes(std::nan(""))}));
  CHECK_FALSE(takes({"a", score_bytes(1), "b", score_bytes(std::nan(""))}));
  CHECK_FALSE(takes({"a", score_bytes(1).substr(1)}));
  CHECK_FALSE(takes({"a", score_bytes(1) + "x"}));
  CHECK_FALSE(takes({"a", ""}));
}

// Takes all elements away, as far as the type can say that, and adds one.
Edits edits_for(Type type, std::string_view packed) {
  Edits edits;
  if (type == Type::kList) {
    edits.push_tail("new");
    edits.pop_head(packed_count(packed));
    return edits;
  }
  PackedItems items(packed);
  for (std::string_view item; items.next(item);) edits.remove(item);
  if (type == Type::kHash) edits.put("new", "value");
  if (type == Type::kSet) edits.add("new");
  if (type == Type::kZset) edits.put("new", 1.5);
  return edits;
}

// Uses what is_packed() has taken.
void use(Type type, const std::string& packed) {
  const auto native = unpack(type, packed);
  REQUIRE(native->size() <= packed_count(packed));  // elements that are there twice are one
  std::string again;
  native->pack(again);
  REQUIRE(is_packed(type, again));
  REQUIRE(packed_count(again) == native->size());

  EditResult result;
  std::string edited = packed;
  REQUIRE(edit_packed(type, edited, edits_for(type, packed).bytes(), {}, result).ok());
  REQUIRE(is_packed(type, edited));
  REQUIRE(native->apply(edits_for(type, again).bytes(), {}, result).ok());
  REQUIRE(native->size() == 1);
}

// Changes bytes, most often in front, where the header is, takes some or adds some.
void mutate(std::string& bytes, std::mt19937_64& random) {
  for (auto changes = 1 + random() % 3; changes > 0 && !bytes.empty(); --changes) {
    const std::size_t at =
        random() % (random() % 3 == 0 ? std::min<std::size_t>(bytes.size(), 12) : bytes.size());
    const auto byte = static_cast<char>(random() % 4 == 0 ? random() : random() % 6);
    const auto choice = random() % 8;
    if (choice == 0) bytes.erase(at, 1 + random() % 3);
    if (choice == 1) bytes.insert(at, 1, byte);
    if (choice == 2) bytes[at] = static_cast<char>(0x80 | random());
    if (choice > 2) bytes[at] = byte;
  }
}

TEST_CASE("any bytes may be asked about, and what is taken is safe to use") {
  const std::pair<Type, std::string> valid[] = {
      {Type::kHash, packed_of(Type::kHash, 3, {"a", "1", "b", std::string(130, 'v'), "c", ""})},
      {Type::kSet, packed_of(Type::kSet, 4, {"a", "b", "", std::string(130, 'm')})},
      {Type::kZset,
       packed_of(Type::kZset, 3, {"a", score_bytes(-1), "b", score_bytes(0), "c", score_bytes(0)})},
      {Type::kList, packed_of(Type::kList, 4, {"a", "b", std::string(130, 'e'), ""})},
  };
  std::mt19937_64 random(7);
  int taken = 0;
  for (int round = 0; round < 40'000; ++round) {
    const auto& [type, packed] = valid[random() % std::size(valid)];
    REQUIRE(is_packed(type, packed));
    std::string bytes = packed;
    mutate(bytes, random);
    const std::vector<char> exact(bytes.begin(), bytes.end());
    if (!is_packed(type, {exact.data(), exact.size()})) continue;
    ++taken;
    use(type, bytes);
  }
  CHECK(taken > 1000);
}

TEST_CASE("of elements that are there twice the last is the one that counts") {
  const auto hash = unpack(Type::kHash, packed_of(Type::kHash, 3, {"a", "1", "b", "2", "a", "3"}));
  CHECK(hash->size() == 2);
  std::string packed;
  hash->pack(packed);
  CHECK(packed.find("\1a\1"
                    "3") != std::string::npos);
  CHECK(unpack(Type::kSet, packed_of(Type::kSet, 3, {"a", "b", "a"}))->size() == 2);
}

TEST_CASE("a chain knows how many bytes are in which segment") {
  SegmentBytes edits;
  edits.add(3, 100);
  edits.add(5, 10);
  edits.add(3, 1);
  edits.add(5, 2);
  CHECK(edits.total == 113);
  REQUIRE(edits.shares.size() == 2);
  CHECK(edits.take(4, 50) == 0);
  CHECK(edits.take(3, 50) == 50);
  CHECK(edits.take(3, 500) == 51);
  CHECK(edits.take(3, 1) == 0);
  CHECK(edits.total == 12);
  REQUIRE(edits.shares.size() == 1);
  CHECK(edits.shares[0].segment == 5);
  CHECK(edits.shares[0].bytes == 12);
}

}  // namespace
}  // namespace stave
