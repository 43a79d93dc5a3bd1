// SPDX-License-Identifier: Apache-2.0
// CRC-64 with the polynomial of Jones, as Redis puts it behind what DUMP replies. Pure function.
#pragma once

#include <cstdint>
#include <string_view>

namespace stave {

// Begins with 0 and ends without inversion: of "123456789" it is 0xe9c6d914c4b8d9ca.
std::uint64_t crc64(std::string_view bytes);

}  // namespace stave
