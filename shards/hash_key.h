// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace stave {

// Seeded per process, so that clients cannot choose colliding keys. Never persistent.
std::uint64_t hash_key(std::string_view key);
// For the simulation, which must run the same way each time. REQUIRES: nothing keeps a hash.
void seed_hash_key(std::uint64_t seed);

}  // namespace stave
