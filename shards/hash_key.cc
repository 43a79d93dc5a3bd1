// SPDX-License-Identifier: Apache-2.0
#include "shards/hash_key.h"

#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace stave {
namespace {

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  while (getrandom(&seed, sizeof seed, 0) != static_cast<ssize_t>(sizeof seed)) {
  }
  return seed;
}

std::uint64_t hash_seed = random_seed();

}  // namespace

void seed_hash_key(std::uint64_t seed) {
  hash_seed = seed;
}

std::uint64_t hash_key(std::string_view key) {
  return XXH3_64bits_withSeed(key.data(), key.size(), hash_seed);
}

KeyDigest digest_key(std::string_view key) {
  const XXH128_hash_t digest = XXH3_128bits_withSeed(key.data(), key.size(), hash_seed);
  return {digest.low64, digest.high64};
}

}  // namespace stave
