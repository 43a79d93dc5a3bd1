// SPDX-License-Identifier: Apache-2.0
// Lists against a std::deque, packed and native at once; long lists, whose chunks split and join; the
// encoding that OBJECT ENCODING tells; memory.
#include "shards/list.h"

#include <doctest/doctest.h>

#include <deque>
#include <random>
#include <string>
#include <vector>

#include "shards/keyspace.h"
#include "tests/shards/collection_testing.h"

namespace stave {
namespace {

using testing::BothForms;
using testing::random_bytes;
using Model = std::deque<std::string>;

ListView packed_view(const BothForms& forms) {
  return ListView(std::string_view(forms.packed()));
}

ListView native_view(const BothForms& forms) {
  return ListView(static_cast<const ListValue&>(forms.native()));
}

// Up to `count` elements from `index` on.
std::vector<std::string> walked(const ListView& view, std::size_t index, bool backwards, std::size_t count) {
  std::vector<std::string> elements;
  view.for_each_while(index, backwards, [&](std::string_view element) {
    elements.emplace_back(element);
    return elements.size() < count;
  });
  return elements;
}

void check_all(const ListView& view, const Model& model) {
  REQUIRE(view.size() == model.size());
  REQUIRE(walked(view, 0, false, SIZE_MAX) == std::vector<std::string>(model.begin(), model.end()));
  REQUIRE_FALSE(view.at(model.size()).has_value());
  REQUIRE(walked(view, model.size(), true, SIZE_MAX).empty());
  if (model.empty()) return;
  REQUIRE(walked(view, model.size() - 1, true, SIZE_MAX) ==
          std::vector<std::string>(model.rbegin(), model.rend()));
}

void check_some(const ListView& view, const Model& model, std::mt19937_64& random) {
  REQUIRE(view.size() == model.size());
  for (int i = 0; i < 4 && !model.empty(); ++i) {
    const auto index = static_cast<std::ptrdiff_t>(random() % model.size());
    REQUIRE(view.at(static_cast<std::size_t>(index)) == model[static_cast<std::size_t>(index)]);
    const auto count = static_cast<std::ptrdiff_t>(1 + random() % 4);
    const auto forwards = std::min<std::ptrdiff_t>(count, std::ssize(model) - index);
    const auto backwards = std::min<std::ptrdiff_t>(count, index + 1);
    const auto from = model.begin() + index;
    const auto reversed = std::make_reverse_iterator(from + 1);
    REQUIRE(walked(view, static_cast<std::size_t>(index), false, static_cast<std::size_t>(count)) ==
            std::vector<std::string>(from, from + forwards));
    REQUIRE(walked(view, static_cast<std::size_t>(index), true, static_cast<std::size_t>(count)) ==
            std::vector<std::string>(reversed, reversed + backwards));
  }
}

// Makes edits and changes the model as they should change the list.
class Editor {
 public:
  Editor(Model& model, std::mt19937_64& random) : model_(model), random_(random) {}

  Edits edits;
  EditResult expected;

  void push_head(std::string element) {
    edits.push_head(element);
    model_.push_front(std::move(element));
    ++expected.added;
  }
  void push_tail(std::string element) {
    edits.push_tail(element);
    model_.push_back(std::move(element));
    ++expected.added;
  }
  void insert(std::size_t index, std::string element) {
    edits.insert_at(index, element);
    model_.insert(at(index), std::move(element));
    ++expected.added;
  }
  void set(std::size_t index, const std::string& element) {
    edits.set_at(index, element);
    expected.updated += model_[index] == element ? 0 : 1;
    model_[index] = element;
  }
  void pop_head(std::size_t count) {
    edits.pop_head(count);
    take(0, count);
  }
  void pop_tail(std::size_t count) {
    edits.pop_tail(count);
    take(model_.size() - count, count);
  }
  void erase(std::size_t index, std::size_t count) {
    edits.erase_at(index, count);
    take(index, count);
  }

  // Longer lists lose more, so that they stay around `usual` elements.
  void any(std::size_t usual, std::string element) {
    const std::size_t size = model_.size();
    const std::size_t few = std::min<std::size_t>(size, random_() % 4);
    switch (random_() % (size < usual ? 9 : 12)) {
      case 0:
      case 1:
        return push_head(std::move(element));
      case 2:
      case 3:
        return push_tail(std::move(element));
      case 4:
      case 5:
        return insert(random_() % (size + 1), std::move(element));
      case 6:
        return few == 0 ? pop_head(0) : set(random_() % size, element);
      case 7:
      case 9:
        return pop_head(few);
      case 8:
      case 10:
        return pop_tail(few);
      default:
        return erase(random_() % (size - few + 1), few);
    }
  }

 private:
  Model::iterator at(std::size_t index) { return model_.begin() + static_cast<std::ptrdiff_t>(index); }
  void take(std::size_t index, std::size_t count) {
    model_.erase(at(index), at(index + count));
    expected.removed += count;
  }

  Model& model_;
  std::mt19937_64& random_;
};

void check_result(const EditResult& result, const EditResult& expected) {
  REQUIRE(result.added == expected.added);
  REQUIRE(result.updated == expected.updated);
  REQUIRE(result.removed == expected.removed);
}

TEST_CASE("a list does what a deque does, packed and native") {
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6}) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const std::size_t usual = std::size_t{3} << (2 * (seed % 3));
    BothForms forms(Type::kList);
    Model model;
    for (int round = 0; round < 500; ++round) {
      Editor editor(model, random);
      for (auto count = random() % 6; count > 0; --count) editor.any(usual, random_bytes(random));
      check_result(forms.apply(editor.edits), editor.expected);
      if (random() % 16 == 0) forms.exchange();
      check_some(packed_view(forms), model, random);
      check_some(native_view(forms), model, random);
    }
    check_all(packed_view(forms), model);
    check_all(native_view(forms), model);
  }
}

TEST_CASE("a long list does what a deque does, with elements of every size") {
  for (const std::uint64_t seed : {11, 12, 13, 14, 15, 16, 17, 18, 19, 20}) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    ListValue list(empty_packed(Type::kList));
    Model model;
    // Most chunks hold many elements, some few, and some elements are larger than a chunk. From seed 15 on
    // few have another length than most.
    const auto any_element = [&] {
      static constexpr std::size_t kLengths[] = {12, 40, 300, 1500, 3000, 7000, 100'000};
      static constexpr std::size_t kEvenLengths[] = {1, 2, 9, 40, 300, 2000};
      const char letter = static_cast<char>('a' + random() % 26);
      if (seed >= 15 && random() % 100 != 0) return std::string(kEvenLengths[seed - 15], letter);
      const std::size_t longest = random() % 32 == 0 ? std::size(kLengths) : 1 + seed % 4;
      return std::string(kLengths[random() % longest] + random() % 8, letter);
    };
    for (int round = 0; round < 4000; ++round) {
      Editor editor(model, random);
      for (auto count = random() % 8; count > 0; --count) editor.any(3000, any_element());
      if (random() % 256 == 0) {
        const std::size_t many = random() % (model.size() + 1);
        editor.erase(random() % (model.size() - many + 1), many);
      }
      EditResult result;
      REQUIRE(list.apply(editor.edits.bytes(), {}, result).ok());
      check_result(result, editor.expected);
      if (round % 64 == 0) check_some(ListView(list), model, random);
    }
    check_all(ListView(list), model);
    std::string packed;
    list.pack(packed);
    REQUIRE(is_packed(Type::kList, packed));
    check_all(ListView(std::string_view(packed)), model);
    std::size_t bytes = kListpackHeaderBytes;
    for (const std::string& element : model) bytes += listpack_bytes(element);
    CHECK(list.listpack_bytes() == bytes);
    list.erase(0, list.size());
    CHECK(list.memory_bytes() == sizeof(ListValue));
    CHECK(list.listpack_bytes() == kListpackHeaderBytes);
  }
}

TEST_CASE("elements may be empty, long and of any bytes, and take each other's place") {
  BothForms forms(Type::kList);
  Model model;
  std::mt19937_64 random(1);
  const std::string any("\0\xff\x80", 3);
  for (const std::size_t length : {0, 1, 127, 128, 8100, 8150, 8192, 16'383, 16'384, 100'000}) {
    for (const std::string& element : {std::string(length, 'e'), any + std::string(length, '\0')}) {
      Editor editor(model, random);
      editor.push_head(element);
      editor.push_tail(element);
      editor.insert(model.size() / 2, element);
      editor.set(random() % model.size(), element);
      editor.set(random() % model.size(), std::string());
      editor.set(model.size() / 2, element + "longer");
      check_result(forms.apply(editor.edits), editor.expected);
    }
    forms.exchange();
    check_all(packed_view(forms), model);
    check_all(native_view(forms), model);
  }
}

TEST_CASE("a queue of 200000 elements, and one that is filled and emptied from both ends") {
  ListValue list(empty_packed(Type::kList));
  constexpr std::size_t kElements = 200'000;
  const auto name = [](std::size_t i) { return "element:" + std::to_string(i); };
  for (std::size_t i = 0; i < kElements; ++i) list.push(ListEnd::kTail, name(i));
  const std::size_t full_bytes = list.memory_bytes();
  for (std::size_t i = 0; i < kElements; ++i) {
    REQUIRE(ListView(list).at(0) == name(i));
    list.pop(ListEnd::kHead, 1);
    list.push(ListEnd::kTail, name(i));
  }
  CHECK(list.memory_bytes() < full_bytes + 3 * ListChunks::kChunkBytes);
  for (std::size_t i = 0; i < kElements; i += 997) REQUIRE(ListView(list).at(i) == name(i));
  for (std::size_t i = kElements; i > 997; i -= 997) REQUIRE(ListView(list).at(i - 1) == name(i - 1));
  list.pop(ListEnd::kTail, kElements / 2);
  list.pop(ListEnd::kHead, kElements / 2 - 1);
  CHECK(list.size() == 1);
  CHECK(ListView(list).at(0) == name(kElements / 2 - 1));
  for (std::size_t i = 0; i < kElements; ++i) list.push(ListEnd::kHead, name(i));
  CHECK(ListView(list).at(kElements - 1) == name(0));
  CHECK(list.memory_bytes() < full_bytes + 3 * ListChunks::kChunkBytes);
}

TEST_CASE("many elements are erased from the middle, and the memory goes with them") {
  ListValue list(empty_packed(Type::kList));
  constexpr std::size_t kElements = 100'000;
  for (std::size_t i = 0; i < kElements; ++i) list.push(ListEnd::kTail, std::to_string(100'000 + i));
  const std::size_t full_bytes = list.memory_bytes();
  for (std::size_t i = 0; i < kElements / 10; ++i) list.erase(i, 9);
  CHECK(list.size() == kElements / 10);
  for (std::size_t i = 0; i < list.size(); ++i) {
    REQUIRE(ListView(list).at(i) == std::to_string(100'009 + 10 * i));
  }
  CHECK(list.memory_bytes() < full_bytes / 5);
}

TEST_CASE(
    "edits that are out of range, of another type or none at all are refused; those in front happened") {
  Edits edits;
  edits.push_tail("a");
  edits.push_tail("b");
  Edits bad;
  std::string bytes;
  SUBCASE("pop head") {
    bad.pop_head(3);
  }
  SUBCASE("pop tail") {
    bad.pop_tail(UINT64_MAX);
  }
  SUBCASE("set") {
    bad.set_at(2, "c");
  }
  SUBCASE("insert") {
    bad.insert_at(3, "c");
  }
  SUBCASE("erase behind the tail") {
    bad.erase_at(3, 0);
  }
  SUBCASE("erase too many") {
    bad.erase_at(1, 2);
  }
  SUBCASE("erase too many by far") {
    bad.erase_at(1, UINT64_MAX);
  }
  SUBCASE("another type") {
    bad.add("c");
  }
  SUBCASE("no edit") {
    bytes = "\x7f";
  }
  SUBCASE("cut off") {
    bytes = std::string("\5\4ab", 4);
  }
  bytes = std::string(edits.bytes()) + std::string(bad.bytes()) + bytes;
  std::string packed = empty_packed(Type::kList);
  ListValue native(packed);
  EditResult result;
  EditResult native_result;
  CHECK_FALSE(edit_packed_list(packed, bytes, {}, result).ok());
  CHECK_FALSE(native.apply(bytes, {}, native_result).ok());
  CHECK(result.added == 2);
  CHECK(native_result.added == 2);
  check_all(ListView(std::string_view(packed)), {"a", "b"});
  check_all(ListView(native), {"a", "b"});
}

TEST_CASE("what has no effect counts for nothing") {
  BothForms forms(Type::kList);
  Edits edits;
  edits.push_tail("a");
  CHECK(forms.apply(edits).added == 1);
  Edits vain;
  vain.set_at(0, "a");
  vain.pop_head(0);
  vain.pop_tail(0);
  vain.erase_at(1, 0);
  CHECK_FALSE(forms.apply(vain).any());
}

TEST_CASE("a view of what the keyspace has found") {
  CHECK(ListView(Found{}).size() == 0);
  CHECK_FALSE(ListView().at(0).has_value());
  BothForms forms(Type::kList);
  Edits edits;
  for (int i = 0; i < 3; ++i) edits.push_tail("a");
  forms.apply(edits);
  Found found;
  found.exists = found.resident = true;
  found.type = Type::kList;
  found.value = forms.packed();
  CHECK(ListView(found).at(2) == "a");
  found.value = {};
  found.collection = &forms.native();
  CHECK(ListView(found).at(2) == "a");
}

double bytes_of_each(const std::vector<std::string>& elements) {
  ListValue list(empty_packed(Type::kList));
  constexpr std::size_t kElements = 100'000;
  for (std::size_t i = 0; i < kElements; ++i)
    list.push(i % 2 == 0 ? ListEnd::kHead : ListEnd::kTail, elements[i / 2 % elements.size()]);
  return static_cast<double>(list.memory_bytes()) / kElements;
}

TEST_CASE("memory: about two bytes more than a small element, or none when all have one length") {
  CHECK(bytes_of_each({"element:0000001"}) < 15.3);
  CHECK(bytes_of_each({"element:000001", "element:00000001"}) < 17.5);
}

}  // namespace
}  // namespace stave
