// SPDX-License-Identifier: Apache-2.0
// Edits: what is written is read again, and bytes that are none are said to be bad, wherever they end.
#include "shards/edits.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace stave {
namespace {

const std::string kLong(100'000, 'x');
constexpr std::string_view kAnyBytes("\0\xff\r\n\x80", 5);

// One edit of each kind.
Edits every_kind() {
  Edits edits;
  edits.put(kAnyBytes, kLong);
  edits.put("member", -0.25);
  edits.remove("");
  edits.add(kLong);
  edits.push_head("head");
  edits.push_tail("tail");
  edits.pop_head(1);
  edits.pop_tail(UINT64_MAX);
  edits.set_at(127, "set");
  edits.insert_at(128, "inserted");
  edits.erase_at(0, 300);
  edits.expire("field", 1'700'000'000'000);
  return edits;
}

std::size_t count_whole(std::string_view bytes, bool& bad) {
  EditReader reader(bytes);
  std::size_t count = 0;
  for (Edit edit; reader.next(edit);) ++count;
  bad = reader.bad();
  return count;
}

TEST_CASE("edits are read as they were written") {
  const Edits edits = every_kind();
  EditReader reader(edits.bytes());
  Edit edit;
  const auto is = [&](EditKind kind, std::string_view name, std::string_view value, std::uint64_t index,
                      std::uint64_t count) {
    REQUIRE(reader.next(edit));
    CHECK(edit.kind == kind);
    CHECK(edit.name == name);
    CHECK(edit.value == value);
    CHECK(edit.index == index);
    CHECK(edit.count == count);
  };
  is(EditKind::kPut, kAnyBytes, kLong, 0, 0);
  CHECK(std::isnan(edit.score()));
  REQUIRE(reader.next(edit));
  CHECK(edit.name == "member");
  CHECK(edit.score() == -0.25);
  is(EditKind::kRemove, "", "", 0, 0);
  is(EditKind::kAdd, kLong, "", 0, 0);
  is(EditKind::kPushHead, "head", "", 0, 0);
  is(EditKind::kPushTail, "tail", "", 0, 0);
  is(EditKind::kPopHead, "", "", 0, 1);
  is(EditKind::kPopTail, "", "", 0, UINT64_MAX);
  is(EditKind::kSetAt, "set", "", 127, 0);
  is(EditKind::kInsertAt, "inserted", "", 128, 0);
  is(EditKind::kEraseAt, "", "", 0, 300);
  is(EditKind::kExpire, "field", "", 0, 0);
  CHECK(edit.expiry_ms == 1'700'000'000'000);
  CHECK_FALSE(reader.next(edit));
  CHECK_FALSE(reader.bad());
}

TEST_CASE("no edits are none, and not bad") {
  CHECK(Edits().empty());
  CHECK_FALSE(every_kind().empty());
  bool bad = true;
  CHECK(count_whole("", bad) == 0);
  CHECK_FALSE(bad);
}

TEST_CASE("edits that end early are bad unless they end between two") {
  Edits edits;
  std::vector<std::size_t> ends = {0};
  const auto noted = [&] { ends.push_back(edits.bytes().size()); };
  edits.put("field", "value"), noted();
  edits.set_at(1000, "element"), noted();
  edits.erase_at(3, 4), noted();
  edits.pop_head(1u << 20), noted();
  for (std::size_t bytes = 0, before = 0; bytes <= edits.bytes().size(); ++bytes) {
    if (before + 1 < ends.size() && ends[before + 1] == bytes) ++before;
    const std::vector<char> exact(edits.bytes().begin(), edits.bytes().begin() + static_cast<long>(bytes));
    bool bad = false;
    CHECK(count_whole({exact.data(), exact.size()}, bad) == before);
    CHECK(bad == (ends[before] != bytes));
  }
}

TEST_CASE("kinds that there are not, and lengths and numbers that are too large, are bad") {
  const auto is_bad = [](std::string_view bytes) {
    bool bad = false;
    return count_whole(bytes, bad) == 0 && bad;
  };
  CHECK(is_bad(std::string_view("\0\1a", 3)));
  CHECK(is_bad("\x0c\1a"));
  CHECK(is_bad("\x0b\1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"));  // a time of more than 63 bits
  CHECK(is_bad("\xff"));
  CHECK(is_bad("\3\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"));      // a member of 2^64 - 1 bytes
  CHECK(is_bad("\6\xff\xff\xff\xff\xff\xff\xff\xff\xff\2"));      // a count of more than 64 bits
  CHECK(is_bad("\6\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\1"));  // likewise, and too long
}

TEST_CASE("edits are counted by kind, up to a bad one") {
  Edits edits;
  edits.add("a");
  edits.remove("b");
  edits.add("a");
  CHECK(count_edits(edits.bytes(), EditKind::kAdd) == 2);
  CHECK(count_edits(edits.bytes(), EditKind::kRemove) == 1);
  CHECK(count_edits(edits.bytes(), EditKind::kPut) == 0);
  CHECK(count_edits(edits.bytes().substr(0, edits.bytes().size() - 1), EditKind::kAdd) == 1);
}

TEST_CASE("any bytes are safe to read as edits") {
  std::mt19937_64 random(1);
  const Edits edits = [] {
    Edits some;
    some.put("field", "value"), some.put("m", 1.5), some.remove("x"), some.set_at(300, "y");
    some.insert_at(1, "z"), some.erase_at(1, 2), some.pop_head(5), some.add("w");
    return some;
  }();
  for (int round = 0; round < 20'000; ++round) {
    std::vector<char> bytes(edits.bytes().begin(), edits.bytes().end());
    for (auto changes = 1 + random() % 4; changes > 0; --changes)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    EditReader reader({bytes.data(), bytes.size()});
    std::size_t read = 0;
    Edit edit;
    while (reader.next(edit)) read += 1 + edit.name.size() + edit.value.size();
    REQUIRE(read <= bytes.size());
    REQUIRE_FALSE(reader.next(edit));  // remains at its end
  }
}

}  // namespace
}  // namespace stave
