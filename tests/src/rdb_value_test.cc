// SPDX-License-Identifier: Apache-2.0
// Values in Redis' format: the exact bytes of small ones, round trips of every type and encoding, and bytes
// that are no value, above all those that announce more than there is. That redis-server reads and writes the
// same is shown by tests/integration/dump.py.
#include "src/rdb_value.h"

#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "shards/collection.h"
#include "shards/packed.h"
#include "src/crc64.h"
#include "src/errors.h"
#include "src/rdb_packed.h"
#include "src/rdb_strings.h"

namespace stave {
namespace {

using namespace std::string_literals;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::string string_of(std::string_view text) {
  std::string bytes;
  put_rdb_string(bytes, text);
  return bytes;
}

std::string double_of(double number) {
  std::string bytes;
  put_rdb_double(bytes, number);
  return bytes;
}

std::string typed(RdbType type, std::string_view bytes) {
  return std::string(1, static_cast<char>(type)) + std::string(bytes);
}

std::string packed_as(RdbType type, std::string_view form) {
  std::string bytes;
  put_rdb_length(bytes, form.size());
  return typed(type, bytes.append(form));
}

std::string listpack_of(std::initializer_list<std::string_view> texts) {
  ListpackWriter writer;
  for (const std::string_view text : texts) writer.add(text);
  return std::string(writer.finish());
}

// What it is read as: its items, with blanks between them, or the error.
std::string read(std::string_view bytes) {
  auto value = parse_rdb_value(bytes, {});
  if (!value.ok()) return value.message();
  if (value->type == Type::kString) return value->bytes;
  REQUIRE(is_packed(value->type, value->bytes));
  REQUIRE(packed_count(value->bytes) > 0);
  std::string text;
  PackedItems items(value->bytes);
  for (std::string_view item; items.next(item);) text += (text.empty() ? "" : " ") + std::string(item);
  return text;
}

bool is_bad(std::string_view bytes) {
  return read(bytes) == errors::kBadDataFormat.text;
}

std::string packed_of(Type type, const Edits& edits) {
  std::string packed = empty_packed(type);
  EditResult result;
  REQUIRE(edit_packed(type, packed, edits.bytes(), {}, result).ok());
  return packed;
}

Found found_of(Type type, std::string_view value) {
  Found found;
  found.exists = found.resident = true;
  found.type = type;
  found.value = value;
  return found;
}

std::string written(Type type, std::string_view value) {
  std::string bytes;
  put_rdb_value(bytes, found_of(type, value), {});
  return bytes;
}

// Written from the packed and from the native form, it is the same value and encoding again.
void check_round_trip(Type type, const std::string& packed, RdbType expected) {
  const auto native = unpack(type, packed);
  Found found = found_of(type, {});
  found.collection = native.get();
  std::string bytes;
  put_rdb_value(bytes, found, {});
  for (const std::string& each : {written(type, packed), bytes}) {
    CHECK(static_cast<RdbType>(each[0]) == expected);
    auto value = parse_rdb_value(each, {});
    REQUIRE(value.ok());
    CHECK(value->type == type);
    CHECK(packed_encoding(value->bytes) == packed_encoding(packed));
    CHECK(packed_count(value->bytes) == packed_count(packed));
    CHECK(value->bytes.size() == packed.size());
    if (type == Type::kList || type == Type::kZset) CHECK(value->bytes == packed);
  }
}

TEST_CASE("the checksum is the one of Redis") {
  CHECK(crc64("") == 0);
  CHECK(crc64("123456789") == 0xe9c6d914c4b8d9ca);
  const std::string text(1000, 'x');
  CHECK(crc64(text) != crc64(text + "x"));
}

TEST_CASE("strings have the shortest form") {
  CHECK(string_of("") == "\0"s);
  CHECK(string_of("a") == "\x01"s + "a");
  CHECK(string_of("10") == "\xc0\x0a"s);
  CHECK(string_of("-128") == "\xc0\x80"s);
  CHECK(string_of("-129") == "\xc1\x7f\xff"s);
  CHECK(string_of("32768") == "\xc2\x00\x80\x00\x00"s);
  CHECK(string_of("2147483648") == "\x0a"s + "2147483648");
  CHECK(string_of("007") == "\x03"s + "007");
  CHECK(string_of("aaaaaaaaaaaaaaaaaaaa")[0] == 20);
  CHECK(string_of("aaaaaaaaaaaaaaaaaaaaa")[0] == '\xc3');
  for (const std::string& text : {""s, "10"s, "-128"s, "-129"s, "32768"s, "-2147483648"s, "x"s,
                                  std::string(63, 'q'), std::string(100'000, 'q'), "a\0b"s}) {
    CHECK(read(typed(RdbType::kString, string_of(text))) == text);
  }
}

TEST_CASE("lengths in every form, and what is none") {
  for (const std::uint64_t length : {0ull, 63ull, 64ull, 16'383ull, 16'384ull, 0xffff'ffffull, 1ull << 32}) {
    std::string bytes;
    put_rdb_length(bytes, length);
    RdbReader reader(bytes);
    std::uint64_t taken = 0;
    CHECK(reader.take_length(taken));
    CHECK(taken == length);
    CHECK(reader.left() == 0);
    RdbReader torn(std::string_view(bytes).substr(0, bytes.size() - 1));
    CHECK_FALSE(torn.take_length(taken));
  }
  for (const std::string& bytes : {""s, "\x82\0\0\0\1"s, "\xc0\1"s, "\xff"s}) {
    RdbReader reader(bytes);
    std::uint64_t taken = 0;
    CHECK_FALSE(reader.take_length(taken));
  }
}

TEST_CASE("LZF that does not give what it announces is refused, and nothing is allocated for it") {
  const auto lzf = [](std::string_view compressed, std::uint64_t length) {
    std::string bytes = "\xc3";
    put_rdb_length(bytes, compressed.size());
    put_rdb_length(bytes, length);
    return typed(RdbType::kString, bytes.append(compressed));
  };
  CHECK(read(lzf("\x02xyz", 3)) == "xyz");
  CHECK(is_bad(lzf("\x02xyz", 2)));
  CHECK(is_bad(lzf("\x02xyz", 4)));
  CHECK(is_bad(lzf("\x02xyz", 0)));
  CHECK(is_bad(lzf("\x02xy", 3)));
  CHECK(is_bad(lzf("", 0)));
  CHECK(is_bad(lzf("", 80)));
  CHECK(is_bad(lzf("\x00x\x20\x05"s, 4)));  // looks back before the beginning
  CHECK(is_bad(lzf("\x00x\xe0"s, 300)));
  CHECK(is_bad(lzf("\x02xyz", std::uint64_t{1} << 30)));
  CHECK(is_bad(lzf("\x02xyz", ~std::uint64_t{0})));
}

TEST_CASE("what announces 2^64 of anything is refused") {
  const std::string many = "\x81\xff\xff\xff\xff\xff\xff\xff\xff";
  for (int type = 0; type < 256; ++type) {
    CAPTURE(type);
    CHECK(is_bad(std::string(1, static_cast<char>(type)) + many));
    CHECK(is_bad(std::string(1, static_cast<char>(type)) + many + "\1a\1b\1c"));
    CHECK(is_bad(std::string(1, static_cast<char>(type)) + "\x81\x7f\xff\xff\xff\xff\xff\xff\xff" + "\1a"));
    CHECK(is_bad(std::string(1, static_cast<char>(type))));
    CHECK(is_bad(std::string(1, static_cast<char>(type)) + "\0"s) == (type != 0));
  }
  CHECK(is_bad(""));
}

TEST_CASE("listpack elements in every encoding") {
  const auto numbers = {"0",
                        "127",
                        "128",
                        "-1",
                        "4095",
                        "-4096",
                        "4096",
                        "-4097",
                        "32767",
                        "-32768",
                        "32768",
                        "8388607",
                        "-8388608",
                        "8388608",
                        "2147483647",
                        "-2147483648",
                        "2147483648",
                        "9223372036854775807",
                        "-9223372036854775808",
                        "9223372036854775808"};
  for (const std::string_view number : numbers) {
    CHECK(read(packed_as(RdbType::kSetListpack, listpack_of({number}))) == number);
  }
  for (const std::size_t bytes : {1u, 63u, 64u, 124u, 125u, 126u, 127u, 4095u, 4096u, 16'380u, 16'400u}) {
    CAPTURE(bytes);
    const std::string text(bytes, 'x');
    CHECK(read(packed_as(RdbType::kSetListpack, listpack_of({text, "1"}))) == text + " 1");
  }
}

TEST_CASE("listpacks that are not exactly right are refused") {
  const std::string right = listpack_of({"a", "5", "-700"});
  CHECK(read(packed_as(RdbType::kSetListpack, right)) == "a 5 -700");
  for (std::size_t at = 0; at < right.size(); ++at) {
    CAPTURE(at);
    CHECK(is_bad(packed_as(RdbType::kSetListpack, right.substr(0, at))));
    std::string wrong = right;
    wrong.erase(at, 1);
    CHECK(is_bad(packed_as(RdbType::kSetListpack, wrong)));
  }
  std::string wrong = right;
  wrong[4] = 2;  // the count
  CHECK(is_bad(packed_as(RdbType::kSetListpack, wrong)));
  wrong[4] = wrong[5] = '\xff';  // not known
  CHECK(read(packed_as(RdbType::kSetListpack, wrong)) == "a 5 -700");
  wrong = right;
  wrong[8] = 3;  // the length behind the first element
  CHECK(is_bad(packed_as(RdbType::kSetListpack, wrong)));
  CHECK(is_bad(packed_as(RdbType::kSetListpack, right + "\xff")));
  CHECK(is_bad(packed_as(RdbType::kSetListpack, listpack_of({}))));
}

TEST_CASE("intsets are ascending and as long as they say") {
  CHECK(read(packed_as(RdbType::kSetIntset, make_intset({3, -5, 1}))) == "-5 1 3");
  CHECK(make_intset({1}).size() == 10);
  CHECK(make_intset({1, -32'769}).size() == 16);
  CHECK(make_intset({1, std::int64_t{1} << 31}).size() == 24);
  const auto intset = [](std::string_view width, std::string_view count, std::string_view numbers) {
    const std::string zeros(3, '\0');
    return packed_as(RdbType::kSetIntset,
                     std::string(width) + zeros + std::string(count) + zeros + std::string(numbers));
  };
  CHECK(read(intset("\2", "\2", "\1\0\2\0"s)) == "1 2");
  CHECK(is_bad(intset("\2", "\2", "\2\0\1\0"s)));
  CHECK(is_bad(intset("\2", "\2", "\1\0\1\0"s)));
  CHECK(is_bad(intset("\2", "\3", "\1\0\2\0"s)));
  CHECK(is_bad(intset("\2", "\1", "\1\0\2\0"s)));
  CHECK(is_bad(intset("\3", "\1", "\1\0\0"s)));
  CHECK(is_bad(intset("\2", "\0"s, "")));
}

TEST_CASE("ziplists and zipmaps") {
  const std::string ziplist = "\x12\0\0\0\x0d\0\0\0\2\0\0\1a\3\xfe\x80\xff"s;
  std::string right = ziplist;
  right[0] = static_cast<char>(right.size());
  CHECK(read(packed_as(RdbType::kListZiplist, right)) == "a -128");
  CHECK(read(packed_as(RdbType::kHashZiplist, right)) == "a -128");
  for (std::size_t at = 0; at < right.size(); ++at) {
    CAPTURE(at);
    CHECK(is_bad(packed_as(RdbType::kListZiplist, right.substr(0, at))));
    std::string wrong = right;
    wrong[at] = static_cast<char>(wrong[at] + 1);
    // The one byte of the text and that of the number are free.
    CHECK(is_bad(packed_as(RdbType::kListZiplist, wrong)) == (at != 12 && at != 15));
  }
  const std::string zipmap = "\1\1f\1\2v??\xff"s;
  CHECK(read(packed_as(RdbType::kHashZipmap, zipmap)) == "f v");
  for (std::size_t at = 0; at < zipmap.size(); ++at)
    CHECK(is_bad(packed_as(RdbType::kHashZipmap, zipmap.substr(0, at))));
  CHECK(is_bad(packed_as(RdbType::kHashZipmap, "\2" + zipmap.substr(1))));
  CHECK(is_bad(packed_as(RdbType::kHashZipmap, "\0\xff"s)));
  CHECK(is_bad(packed_as(RdbType::kHashZipmap, "\2\1f\1\0v\1f\1\0w\xff"s)));
}

TEST_CASE("no element twice, no half of one, no score that is no number") {
  const std::string twice = listpack_of({"a", "1", "a", "2"});
  CHECK(read(packed_as(RdbType::kSetListpack, listpack_of({"a", "1"}))) == "a 1");
  CHECK(is_bad(packed_as(RdbType::kSetListpack, twice)));
  CHECK(is_bad(packed_as(RdbType::kHashListpack, twice)));
  CHECK(is_bad(packed_as(RdbType::kZsetListpack, twice)));
  CHECK(read(packed_as(RdbType::kListQuicklist2, "")) == errors::kBadDataFormat.text);
  CHECK(is_bad(packed_as(RdbType::kHashListpack, listpack_of({"a", "1", "b"}))));
  CHECK(is_bad(packed_as(RdbType::kZsetListpack, listpack_of({"a", "1", "b"}))));
  for (const std::string_view score : {"nan", "", "1x", " 1", "abc", "1e999"})
    CHECK(is_bad(packed_as(RdbType::kZsetListpack, listpack_of({"a", score}))));
  CHECK(is_bad(typed(RdbType::kSet, "\2\1a\1a")));
  CHECK(is_bad(typed(RdbType::kHash, "\2\1a\1b\1a\1c")));
  CHECK(is_bad(typed(RdbType::kHash, "\2\1a\1b\1c")));
  CHECK(read(typed(RdbType::kHash, "\2\1a\1b\1c\1a")) == "a b c a");
  CHECK(is_bad(typed(RdbType::kZset2, "\1\1a" + double_of(kNan))));
  CHECK(is_bad(typed(RdbType::kZset2, "\2\1a" + double_of(1) + "\1a" + double_of(2))));
  CHECK(is_bad(typed(RdbType::kZset, "\1\1a\xfd")));
  CHECK(is_bad(typed(RdbType::kZset, "\1\1a\3nan")));
  CHECK(is_bad(typed(RdbType::kZset,
                     "\1\1a\2"
                     "1")));
  CHECK_FALSE(is_bad(typed(RdbType::kZset,
                           "\3\1a\xff\1b\xfe\1c\3"
                           "1.5")));
}

TEST_CASE("bytes behind the value are refused") {
  for (const std::string& value :
       {typed(RdbType::kString, "\1a"), typed(RdbType::kSet, "\1\1a"), typed(RdbType::kList, "\1\1a"),
        packed_as(RdbType::kHashListpack, listpack_of({"f", "v"}))}) {
    CHECK_FALSE(is_bad(value));
    CHECK(is_bad(value + "x"));
  }
}

TEST_CASE("sorted sets come in any order and are in theirs") {
  const std::string backwards = typed(RdbType::kZset2, "\4\1c" + double_of(2) + "\1b" + double_of(1) + "\1a" +
                                                           double_of(1) + "\1z" + double_of(-0.5));
  auto value = parse_rdb_value(backwards, {});
  REQUIRE(value.ok());
  CHECK(is_packed(Type::kZset, value->bytes));
  Edits edits;
  edits.put("z", -0.5);
  edits.put("a", 1.0);
  edits.put("b", 1.0);
  edits.put("c", 2.0);
  CHECK(value->bytes == packed_of(Type::kZset, edits));
}

TEST_CASE("every type and encoding comes back") {
  for (const int count : {1, 10, 128, 129, 512, 513, 3000}) {
    CAPTURE(count);
    Edits list, words, integers, hash, zset;
    for (int i = 0; i < count; ++i) {
      const std::string number = std::to_string(i * 7919 - 40'000);
      list.push_tail(i % 3 == 0 ? number : "element " + number);
      words.add("member " + number);
      integers.add(number);
      hash.put("field " + number, number);
      zset.put("member " + number, i % 5 == 0 ? i / 7.0 : 1000.0 - i);
    }
    const std::string packed_list = packed_of(Type::kList, list);
    CHECK((packed_encoding(packed_list) == Encoding::kListpack) == (count < 3000));
    check_round_trip(Type::kList, packed_list, RdbType::kListQuicklist2);
    check_round_trip(Type::kSet, packed_of(Type::kSet, words),
                     count > 128 ? RdbType::kSet : RdbType::kSetListpack);
    check_round_trip(Type::kSet, packed_of(Type::kSet, integers),
                     count > 512 ? RdbType::kSet : RdbType::kSetIntset);
    check_round_trip(Type::kHash, packed_of(Type::kHash, hash),
                     count > 512 ? RdbType::kHash : RdbType::kHashListpack);
    check_round_trip(Type::kZset, packed_of(Type::kZset, zset),
                     count > 128 ? RdbType::kZset2 : RdbType::kZsetListpack);
  }
}

TEST_CASE("scores come back bit by bit, from small sorted sets too") {
  Edits edits;
  int number = 0;
  for (const double score :
       {0.0, -0.0, 0.1, -1e300, 5e-324, 1e17, std::pow(2, 62), std::pow(2, 63), 123456.7891234,
        std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()}) {
    edits.put("m" + std::to_string(number++), score);
  }
  check_round_trip(Type::kZset, packed_of(Type::kZset, edits), RdbType::kZsetListpack);
}

TEST_CASE("a long list is written in nodes as Redis makes them") {
  Edits edits;
  const std::string element(3000, 'x');
  for (int i = 0; i < 5; ++i) edits.push_tail(element);
  const std::string bytes = written(Type::kList, packed_of(Type::kList, edits));
  CHECK(bytes[1] == 3);  // of two, two and one element
  CHECK(bytes[2] == 2);
  auto value = parse_rdb_value(bytes, {});
  REQUIRE(value.ok());
  CHECK(packed_encoding(value->bytes) == Encoding::kQuicklist);
}

TEST_CASE("the encoding follows Redis' when it loads") {
  const auto encoding = [](const std::string& bytes, const CollectionLimits& limits = {}) {
    auto value = parse_rdb_value(bytes, limits);
    REQUIRE(value.ok());
    return packed_encoding(value->bytes);
  };
  const std::string lengthy(65, 'x');
  // What is compact stays so, but for too many elements.
  CHECK(encoding(packed_as(RdbType::kHashListpack, listpack_of({"f", lengthy}))) == Encoding::kListpack);
  CHECK(encoding(packed_as(RdbType::kZsetListpack, listpack_of({lengthy, "1"}))) == Encoding::kListpack);
  CHECK(encoding(packed_as(RdbType::kSetListpack, listpack_of({lengthy}))) == Encoding::kListpack);
  CHECK(encoding(packed_as(RdbType::kSetListpack, listpack_of({"1", "2"}))) == Encoding::kListpack);
  CollectionLimits none;
  none.hash_listpack_entries = none.zset_listpack_entries = none.set_listpack_entries = 0;
  none.set_intset_entries = 0;
  CHECK(encoding(packed_as(RdbType::kHashListpack, listpack_of({"f", "v"})), none) == Encoding::kHashtable);
  CHECK(encoding(packed_as(RdbType::kZsetListpack, listpack_of({"m", "1"})), none) == Encoding::kSkiplist);
  CHECK(encoding(packed_as(RdbType::kSetListpack, listpack_of({"m"})), none) == Encoding::kHashtable);
  CHECK(encoding(packed_as(RdbType::kSetIntset, make_intset({1})), none) == Encoding::kHashtable);
  // What is not becomes compact when it is small.
  CHECK(encoding(typed(RdbType::kHash, "\1\1a\1b")) == Encoding::kListpack);
  CHECK(encoding(typed(RdbType::kHash, "\1\1a" + string_of(lengthy))) == Encoding::kHashtable);
  CHECK(encoding(typed(RdbType::kSet, "\2\1a\xc0\1"s)) == Encoding::kListpack);
  CHECK(encoding(typed(RdbType::kSet, "\1" + string_of(lengthy))) == Encoding::kHashtable);
  CHECK(encoding(typed(RdbType::kSet, "\1\xc0\1"s)) == Encoding::kIntset);
  CHECK(encoding(typed(RdbType::kZset2, "\1" + string_of(lengthy) + double_of(1))) == Encoding::kSkiplist);
  CHECK(encoding(typed(RdbType::kZset2, "\1\1a" + double_of(1))) == Encoding::kListpack);
  // Lists: one node that is small enough.
  CHECK(encoding(typed(RdbType::kList, "\2\1a\1b")) == Encoding::kListpack);
  CHECK(encoding(typed(RdbType::kListQuicklist2, "\1\1\1a")) == Encoding::kQuicklist);
  const std::string node = "\2" + packed_as(RdbType::kString, listpack_of({"a"})).substr(1);
  CHECK(encoding(typed(RdbType::kListQuicklist2, "\1" + node)) == Encoding::kListpack);
  CHECK(encoding(typed(RdbType::kListQuicklist2, "\2" + node + node)) == Encoding::kQuicklist);
  const std::string empty = "\2" + packed_as(RdbType::kString, listpack_of({})).substr(1);
  CHECK(encoding(typed(RdbType::kListQuicklist2, "\2" + node + empty)) == Encoding::kListpack);
  CHECK(is_bad(typed(RdbType::kListQuicklist2, "\1" + empty)));
}

TEST_CASE("streams and modules are refused") {
  for (const int type : {6, 7, 15, 19, 21, 22, 255})
    CHECK(is_bad(std::string(1, static_cast<char>(type)) + "\1\1a"));
}

}  // namespace
}  // namespace stave
