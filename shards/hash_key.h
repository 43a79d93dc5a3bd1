// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace stave {

// Seeded per process, so that clients cannot choose colliding keys. Never persistent.
std::uint64_t hash_key(std::string_view key);
// 128 bits that stand for a key where no table of keys is at hand: two keys never meet in practice. Seeded
// likewise.
struct KeyDigest {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const KeyDigest&) const = default;
};
KeyDigest digest_key(std::string_view key);

// For the simulation, which must run the same way each time. REQUIRES: nothing keeps a hash.
void seed_hash_key(std::uint64_t seed);

}  // namespace stave
