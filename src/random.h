// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace stave {

// For what may come out differently each time (RANDOMKEY, SPOP, ...), not for secrets. Any thread.
std::uint64_t random_number();

}  // namespace stave
