// SPDX-License-Identifier: Apache-2.0
#include "src/crc64.h"

#include <array>
#include <bit>
#include <cstring>

namespace stave {
namespace {

static_assert(std::endian::native == std::endian::little, "eight bytes are loaded as the CRC takes them");

constexpr std::uint64_t kPolynomial = 0x95ac9329ac4bc9b5;  // reflected
constexpr std::size_t kStep = 8;                           // bytes

using Table = std::array<std::uint64_t, 256>;

// tables[n][byte]: what a byte does to the CRC when n more bytes follow it ("slicing by eight").
constexpr std::array<Table, kStep> make_tables() {
  std::array<Table, kStep> tables{};
  for (std::uint64_t byte = 0; byte < 256; ++byte) {
    std::uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t n = 1; n < kStep; ++n) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint64_t crc = tables[n - 1][byte];
      tables[n][byte] = (crc >> 8) ^ tables[0][crc & 0xff];
    }
  }
  return tables;
}

constexpr auto kTables = make_tables();

}  // namespace

std::uint64_t crc64(std::string_view bytes) {
  std::uint64_t crc = 0;
  for (; bytes.size() >= kStep; bytes.remove_prefix(kStep)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    word ^= crc;
    crc = 0;
    for (std::size_t n = 0; n < kStep; ++n) crc ^= kTables[kStep - 1 - n][(word >> (8 * n)) & 0xff];
  }
  for (const char byte : bytes) {
    crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<unsigned char>(byte)) & 0xff];
  }
  return crc;
}

}  // namespace stave
