// SPDX-License-Identifier: Apache-2.0
// How many clients there may be, given the files that the system lets this process have open (ulimit -n).
#pragma once

#include <cstdint>

namespace stave {

// Raises the limit for `clients` sockets beside the files of the store, as far as the system allows, and
// returns how many clients there is room for then: `clients`, or fewer.
std::int64_t make_room_for_clients(std::int64_t clients);

}  // namespace stave
