// SPDX-License-Identifier: Apache-2.0
// What the tests of collections share: names and values at random, and edits applied to the packed and to the
// native form, which must stay alike.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "shards/collection.h"

namespace stave::testing {

// Any bytes, zeros too. Most are short; some have a length that takes another byte in the packed form or in
// an entry, and a few are long.
inline std::string random_bytes(std::mt19937_64& random) {
  static constexpr std::size_t kLengths[] = {0,  1,  2,   3,   5,   8,   11,  16,   20,   30,
                                             63, 64, 127, 128, 254, 255, 256, 5000, 16384};
  const std::size_t at = random() % (random() % 4 == 0 ? std::size(kLengths) : 10);
  std::string bytes(kLengths[at], '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// One of about `names` names, the same each time.
inline std::string random_name(std::mt19937_64& random, std::uint64_t names) {
  std::mt19937_64 of_name(random() % names);
  return random_bytes(of_name);
}

// A packed form, and the native one that should equal it.
class BothForms {
 public:
  explicit BothForms(Type type) : type_(type), packed_(empty_packed(type)), native_(unpack(type, packed_)) {}

  // Applies to both. Returns what it did, after checking that it was the same.
  EditResult apply(const Edits& edits, const CollectionLimits& limits = {}) {
    EditResult result;
    EditResult native_result;
    REQUIRE(edit_packed(type_, packed_, edits.bytes(), limits, result).ok());
    REQUIRE(native_->apply(edits.bytes(), limits, native_result).ok());
    REQUIRE(result.added == native_result.added);
    REQUIRE(result.updated == native_result.updated);
    REQUIRE(result.removed == native_result.removed);
    check();
    return result;
  }

  // The packed form becomes native and the other way round.
  void exchange() {
    std::string packed = "what was there before";
    native_->pack(packed);
    native_ = unpack(type_, packed_);
    packed_.swap(packed);
    check();
  }

  const std::string& packed() const { return packed_; }
  const Collection& native() const { return *native_; }
  Encoding encoding() const { return packed_encoding(packed_); }

 private:
  void check() const {
    REQUIRE(is_packed(type_, packed_));
    REQUIRE(native_->size() == packed_count(packed_));
    REQUIRE(native_->encoding() == packed_encoding(packed_));
    REQUIRE(native_->type() == type_);
  }

  Type type_;
  std::string packed_;
  std::unique_ptr<Collection> native_;
};

}  // namespace stave::testing
