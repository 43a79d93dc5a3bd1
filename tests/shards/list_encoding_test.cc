// SPDX-License-Identifier: Apache-2.0
// What OBJECT ENCODING tells of a list, packed and native: it depends on what Redis' listpack of the elements
// would take.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "shards/list.h"
#include "tests/shards/collection_testing.h"

namespace stave {
namespace {

using testing::BothForms;

TEST_CASE("a listpack's bytes: numbers are kept as such, lengths are in front and behind") {
  CHECK(listpack_bytes("") == 2);
  CHECK(listpack_bytes("a") == 3);
  CHECK(listpack_bytes(std::string(63, 'a')) == 65);
  CHECK(listpack_bytes(std::string(64, 'a')) == 67);
  CHECK(listpack_bytes(std::string(125, 'a')) == 128);
  CHECK(listpack_bytes(std::string(126, 'a')) == 130);
  CHECK(listpack_bytes(std::string(4095, 'a')) == 4099);
  CHECK(listpack_bytes(std::string(4096, 'a')) == 4103);
  CHECK(listpack_bytes(std::string(100'000, 'a')) == 100'008);
  CHECK(listpack_bytes("0") == 2);
  CHECK(listpack_bytes("127") == 2);
  CHECK(listpack_bytes("128") == 3);
  CHECK(listpack_bytes("-1") == 3);
  CHECK(listpack_bytes("-4096") == 3);
  CHECK(listpack_bytes("-4097") == 4);
  CHECK(listpack_bytes("32767") == 4);
  CHECK(listpack_bytes("32768") == 5);
  CHECK(listpack_bytes("8388608") == 6);
  CHECK(listpack_bytes("-2147483648") == 6);
  CHECK(listpack_bytes("2147483648") == 10);
  CHECK(listpack_bytes("-9223372036854775808") == 10);
  CHECK(listpack_bytes("9223372036854775808") == 21);
  for (const char* text : {"01", "-0", "-", "+1", "1 ", " 1", "1a"}) {
    CHECK(listpack_bytes(text) == std::string_view(text).size() + 2);
  }
}

EditResult push(BothForms& forms, std::size_t count, const std::string& element, std::int64_t size) {
  Edits edits;
  for (std::size_t i = 0; i < count; ++i) edits.push_tail(element);
  return forms.apply(edits, {.list_listpack_size = size});
}

EditResult pop(BothForms& forms, std::size_t count, std::int64_t size) {
  Edits edits;
  edits.pop_head(count);
  return forms.apply(edits, {.list_listpack_size = size});
}

TEST_CASE("the encoding by the number of elements: a listpack again at half the limit") {
  BothForms forms(Type::kList);
  push(forms, 4, "a", 4);
  CHECK(forms.encoding() == Encoding::kListpack);
  push(forms, 1, "a", 4);
  CHECK(forms.encoding() == Encoding::kQuicklist);
  pop(forms, 2, 4);
  forms.exchange();
  CHECK(forms.encoding() == Encoding::kQuicklist);
  pop(forms, 1, 4);
  CHECK(forms.encoding() == Encoding::kListpack);
  push(forms, 2, "a", 4);
  CHECK(forms.encoding() == Encoding::kListpack);
  // A set counts as one more element.
  Edits edits;
  edits.set_at(0, "b");
  forms.apply(edits, {.list_listpack_size = 4});
  CHECK(forms.encoding() == Encoding::kQuicklist);
}

TEST_CASE("the encoding by elements has a limit of 8 KiB, too, and one element at least") {
  BothForms forms(Type::kList);
  push(forms, 1, std::string(8190, 'a'), 100);
  CHECK(forms.encoding() == Encoding::kQuicklist);
  BothForms small(Type::kList);
  push(small, 1, "a", 0);
  CHECK(small.encoding() == Encoding::kListpack);
  push(small, 1, "a", 0);
  CHECK(small.encoding() == Encoding::kQuicklist);
}

TEST_CASE("the encoding by bytes: those of the listpack, and of what one command adds") {
  for (const std::int64_t size : {-1, -2, -3, -4, -5, -6}) {
    const std::size_t limit = std::size_t{2048} << std::min<std::int64_t>(-size, 5);
    CAPTURE(size);
    const std::string element(98, 'a');  // 101 in a listpack
    const std::size_t whole = (limit - 7) / 101;
    BothForms forms(Type::kList);
    for (std::size_t i = 0; i < whole; ++i) push(forms, 1, element, size);
    CHECK(forms.encoding() == Encoding::kListpack);
    const std::size_t rest = limit - 7 - whole * 101;
    BothForms same(Type::kList);
    push(same, whole, element, size);
    push(same, 1, std::string(rest, 'b'), size);
    CHECK(same.encoding() == Encoding::kListpack);
    push(forms, 1, std::string(rest + 1, 'b'), size);
    CHECK(forms.encoding() == Encoding::kQuicklist);

    const std::size_t half = (limit / 2 - 7) / 101;
    Edits edits;
    edits.pop_tail(1);
    edits.erase_at(1, whole - half - 1);
    forms.apply(edits, {.list_listpack_size = size});
    CHECK(forms.encoding() == Encoding::kQuicklist);
    pop(forms, 1, size);
    CHECK(forms.encoding() == Encoding::kListpack);
  }
}

TEST_CASE("setting elements changes the encoding both ways") {
  BothForms forms(Type::kList);
  push(forms, 2, "a", -1);
  Edits longer;
  longer.set_at(0, std::string(5000, 'a'));
  forms.apply(longer, {.list_listpack_size = -1});
  CHECK(forms.encoding() == Encoding::kQuicklist);
  Edits shorter;
  shorter.set_at(0, "a");
  forms.apply(shorter, {.list_listpack_size = -1});
  CHECK(forms.encoding() == Encoding::kListpack);
}

}  // namespace
}  // namespace stave
