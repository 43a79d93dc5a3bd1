// SPDX-License-Identifier: Apache-2.0
// Entries: every field survives in every layout (short and long keys, with and without expiry, cold and
// resident).
#include "shards/entry.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

namespace stave {
namespace {

void check_layout(std::size_t key_bytes, std::size_t value_bytes, bool resident, std::int64_t expiry_ms) {
  CAPTURE(key_bytes);
  CAPTURE(value_bytes);
  CAPTURE(resident);
  CAPTURE(expiry_ms);
  const std::string key(key_bytes, 'k');
  const std::string value(value_bytes, 'v');
  Entry::Fields fields;
  fields.key = key;
  fields.value = resident ? std::string_view(value) : std::string_view();
  fields.value_bytes = static_cast<std::uint32_t>(value_bytes);
  fields.resident = resident;
  fields.expiry_ms = expiry_ms;
  fields.location = Location(7, 4096);
  fields.type = Type::kHash;
  fields.flags = Entry::kRawEncoding;
  Entry* const entry = Entry::create(fields);

  CHECK(entry->key() == key);
  CHECK(entry->key_bytes() == key_bytes);
  CHECK(entry->value_bytes() == value_bytes);
  if (resident) CHECK(entry->value() == value);
  CHECK(entry->expiry_ms() == expiry_ms);
  CHECK(entry->has(Entry::kExpires) == (expiry_ms != 0));
  CHECK(entry->location() == Location(7, 4096));
  CHECK(entry->type() == Type::kHash);
  CHECK(entry->has(Entry::kRawEncoding));
  CHECK(entry->allocated_bytes(resident) >= 14 + key_bytes + (resident ? value_bytes : 0));
  Entry::destroy(entry);
}

TEST_CASE("an entry keeps its fields in every layout") {
  for (const std::size_t key_bytes : {0, 1, 16, 254, 255, 256, 70000}) {
    for (const std::size_t value_bytes : {0, 1, 100, 5000}) {
      for (const std::int64_t expiry_ms : {std::int64_t{0}, std::int64_t{1}, INT64_MAX}) {
        check_layout(key_bytes, value_bytes, true, expiry_ms);
        check_layout(key_bytes, value_bytes, false, expiry_ms);
      }
    }
  }
}

TEST_CASE("an entry's location, flags, expiry and value change in place and leave the rest alone") {
  Entry::Fields fields;
  fields.key = "key";
  fields.value = "abc";
  fields.value_bytes = 3;
  fields.resident = true;
  fields.expiry_ms = 1000;
  fields.type = Type::kStream;
  Entry* const entry = Entry::create(fields);

  const Location last((1u << Location::kSegmentBits) - 1, ((1ull << Location::kOffsetBits) - 1) * 8);
  entry->set_location(last);
  CHECK(entry->location() == last);
  CHECK(entry->location().segment() == (1u << Location::kSegmentBits) - 1);
  CHECK(entry->location().offset_bytes() == ((1ull << Location::kOffsetBits) - 1) * 8);
  CHECK(entry->type() == Type::kStream);

  entry->set_flag(Entry::kRawEncoding, true);
  CHECK(entry->has(Entry::kRawEncoding));
  CHECK(entry->has(Entry::kExpires));
  entry->set_flag(Entry::kRawEncoding, false);
  CHECK_FALSE(entry->has(Entry::kRawEncoding));

  CHECK(entry->expired_at(1000));
  CHECK_FALSE(entry->expired_at(999));
  entry->set_expiry_ms(2000);
  CHECK(entry->expiry_ms() == 2000);
  CHECK_FALSE(entry->expired_at(1999));

  entry->mutable_value()[1] = 'X';
  CHECK(entry->value() == "aXc");
  CHECK(entry->key() == "key");
  Entry::destroy(entry);
}

TEST_CASE("a cold entry of a 16-byte key is accounted with 32 bytes") {
  Entry::Fields fields;
  fields.key = "key:000000123456";
  fields.value_bytes = 1024;
  Entry* const entry = Entry::create(fields);
  CHECK(entry->allocated_bytes(false) == 32);
  CHECK(entry->allocated_bytes(true) == 1280);  // if it were resident: 30 + 1024 bytes
  Entry::destroy(entry);
}

TEST_CASE("allocated bytes follow the allocator's size classes") {
  const std::pair<std::size_t, std::size_t> sizes[] = {
      {1, 8},     {8, 8},     {9, 16},    {17, 32},   {33, 48},     {128, 128},     {129, 160},
      {160, 160}, {161, 192}, {256, 256}, {257, 320}, {1025, 1280}, {65537, 81920},
  };
  for (const auto& [requested, allocated] : sizes) CHECK(Entry::allocated_bytes(requested) == allocated);
}

}  // namespace
}  // namespace stave
