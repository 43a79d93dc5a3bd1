// SPDX-License-Identifier: Apache-2.0
// Shows that CRC-32C gives the published values, and that the instructions, the stripes and the table agree.
#include "shards/crc32c.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <string_view>

namespace {

using stave::crc32c;
using stave::crc32c_by_table;

std::uint32_t checksum(std::string_view bytes, std::uint32_t seed = 0) {
  return crc32c(seed, bytes.data(), bytes.size());
}

std::string random_bytes(std::size_t count) {
  std::minstd_rand random(7);
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random() >> 8);
  return bytes;
}

}  // namespace

TEST_CASE("crc32c gives the values of RFC 3720") {
  std::string ascending;
  for (int i = 0; i < 32; ++i) ascending.push_back(static_cast<char>(i));
  const std::string descending(ascending.rbegin(), ascending.rend());

  CHECK(checksum("") == 0);
  CHECK(checksum("123456789") == 0xe3069283);
  CHECK(checksum(std::string(32, '\0')) == 0x8a9136aa);
  CHECK(checksum(std::string(32, '\xff')) == 0x62a8ab43);
  CHECK(checksum(ascending) == 0x46dd794e);
  CHECK(checksum(descending) == 0x113fdb5c);
}

TEST_CASE("crc32c agrees with the table at every length, alignment and seed") {
  const std::string bytes = random_bytes(5000);
  for (std::size_t length = 0; length + 8 <= bytes.size(); length += length < 1200 ? 1 : 37) {
    const std::size_t start = length % 8;
    const auto seed = static_cast<std::uint32_t>(length * 2654435761U);
    CAPTURE(length);
    REQUIRE(crc32c(seed, bytes.data() + start, length) ==
            crc32c_by_table(seed, bytes.data() + start, length));
  }
}

TEST_CASE("crc32c continues from the checksum of what came before") {
  const std::string bytes = random_bytes(3000);
  const std::uint32_t whole = checksum(bytes);
  for (const std::size_t cut : {0, 1, 7, 100, 1007, 1008, 1009, 2999, 3000}) {
    const std::string_view view = bytes;
    CHECK(checksum(view.substr(cut), checksum(view.substr(0, cut))) == whole);
  }
}
