// SPDX-License-Identifier: Apache-2.0
// How many clients there may be, given the files that the system lets this process have open (ulimit -n).
#pragma once

#include <cstdint>

namespace stave {

// Raises the limit to the hard limit, or further if `clients` sockets beside the files of the store need it,
// as far as the system allows. Returns how many clients there is room for then: `clients`, or fewer.
std::int64_t make_room_for_clients(std::int64_t clients);

}  // namespace stave
