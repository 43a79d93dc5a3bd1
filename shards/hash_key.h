// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace stave {

// Seeded per process, so that clients cannot choose colliding keys. Never persistent.
std::uint64_t hash_key(std::string_view key);

}  // namespace stave
