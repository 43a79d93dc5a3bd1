// SPDX-License-Identifier: Apache-2.0
#include "shards/crc32c.h"

#include <array>
#include <cstring>

#if defined(__SSE4_2__)
#include <nmmintrin.h>
#define STAVE_CRC32C_HARDWARE 1
#elif defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#define STAVE_CRC32C_HARDWARE 1
#endif

namespace stave {
namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78;  // reflected

using Table = std::array<std::uint32_t, 256>;

constexpr Table make_byte_table() {
  Table table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    table[byte] = crc;
  }
  return table;
}

constexpr Table kByteTable = make_byte_table();

constexpr std::uint32_t add_byte(std::uint32_t crc, unsigned char byte) {
  return (crc >> 8) ^ kByteTable[(crc ^ byte) & 0xff];
}

#ifdef STAVE_CRC32C_HARDWARE

#if defined(__SSE4_2__)
std::uint64_t add8(std::uint64_t crc, std::uint64_t word) {
  return _mm_crc32_u64(crc, word);
}
std::uint64_t add4(std::uint64_t crc, std::uint32_t word) {
  return _mm_crc32_u32(static_cast<std::uint32_t>(crc), word);
}
std::uint64_t add1(std::uint64_t crc, std::uint8_t byte) {
  return _mm_crc32_u8(static_cast<std::uint32_t>(crc), byte);
}
#else
std::uint64_t add8(std::uint64_t crc, std::uint64_t word) {
  return __crc32cd(static_cast<std::uint32_t>(crc), word);
}
std::uint64_t add4(std::uint64_t crc, std::uint32_t word) {
  return __crc32cw(static_cast<std::uint32_t>(crc), word);
}
std::uint64_t add1(std::uint64_t crc, std::uint8_t byte) {
  return __crc32cb(static_cast<std::uint32_t>(crc), byte);
}
#endif

template <typename Word>
Word load(const char* at) {
  Word word;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

// A CRC instruction takes three cycles but one can start each cycle, so long data is read as three stripes
// side by side. Moving a stripe's CRC to the end of the next stripe, that is past kStripeBytes zero bytes, is
// linear in its bits: one table look-up for each of its four bytes.
constexpr std::size_t kStripeBytes = 336;
constexpr std::size_t kStripedBytes = 3 * kStripeBytes;

constexpr std::uint32_t past_zeros(std::uint32_t crc) {
  for (std::size_t i = 0; i < kStripeBytes; ++i) crc = add_byte(crc, 0);
  return crc;
}

constexpr std::array<Table, 4> make_stripe_tables() {
  std::array<Table, 4> tables{};
  for (std::uint32_t lane = 0; lane < 4; ++lane) {
    for (std::uint32_t bit = 0; bit < 8; ++bit) {
      const std::uint32_t moved = past_zeros(std::uint32_t{1} << (8 * lane + bit));
      for (std::uint32_t byte = 0; byte < 256; ++byte) {
        if ((byte >> bit & 1) != 0) tables[lane][byte] ^= moved;
      }
    }
  }
  return tables;
}

constexpr std::array<Table, 4> kStripeTables = make_stripe_tables();

std::uint64_t past_stripe(std::uint64_t crc) {
  return kStripeTables[0][crc & 0xff] ^ kStripeTables[1][crc >> 8 & 0xff] ^
         kStripeTables[2][crc >> 16 & 0xff] ^ kStripeTables[3][crc >> 24 & 0xff];
}

std::uint64_t add_stripes(std::uint64_t crc, const char* at) {
  std::uint64_t second = 0;
  std::uint64_t third = 0;
  for (std::size_t i = 0; i < kStripeBytes; i += 8) {
    crc = add8(crc, load<std::uint64_t>(at + i));
    second = add8(second, load<std::uint64_t>(at + kStripeBytes + i));
    third = add8(third, load<std::uint64_t>(at + 2 * kStripeBytes + i));
  }
  return past_stripe(past_stripe(crc) ^ second) ^ third;
}

std::uint32_t by_hardware(std::uint32_t seed, const char* at, std::size_t bytes) {
  std::uint64_t crc = ~seed;
  for (; bytes >= kStripedBytes; bytes -= kStripedBytes, at += kStripedBytes) crc = add_stripes(crc, at);
  for (; bytes >= 8; bytes -= 8, at += 8) crc = add8(crc, load<std::uint64_t>(at));
  if (bytes >= 4) {
    crc = add4(crc, load<std::uint32_t>(at));
    bytes -= 4;
    at += 4;
  }
  for (; bytes > 0; --bytes, ++at) crc = add1(crc, static_cast<std::uint8_t>(*at));
  return ~static_cast<std::uint32_t>(crc);
}

#endif

}  // namespace

std::uint32_t crc32c_by_table(std::uint32_t seed, const void* data, std::size_t bytes) {
  const auto* at = static_cast<const unsigned char*>(data);
  std::uint32_t crc = ~seed;
  for (; bytes > 0; --bytes, ++at) crc = add_byte(crc, *at);
  return ~crc;
}

std::uint32_t crc32c(std::uint32_t seed, const void* data, std::size_t bytes) {
#ifdef STAVE_CRC32C_HARDWARE
  return by_hardware(seed, static_cast<const char*>(data), bytes);
#else
  return crc32c_by_table(seed, data, bytes);
#endif
}

}  // namespace stave
