// SPDX-License-Identifier: Apache-2.0
// CRC-32C (Castagnoli polynomial, as in iSCSI: RFC 3720, appendix B.4), the checksum of everything on disk
// and on the replication wire.
//
// The processor's CRC instructions where the build has them (cmake/compiler.cmake asks for SSE4.2 or ARMv8
// CRC), else a table. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stave {

// The checksum of `bytes` bytes, continued from `seed`: crc32c(crc32c(0, a), b) is the checksum of a followed
// by b. crc32c(0, "123456789", 9) is 0xe3069283.
std::uint32_t crc32c(std::uint32_t seed, const void* data, std::size_t bytes);

// The same by table; for the tests, and for processors without the instructions.
std::uint32_t crc32c_by_table(std::uint32_t seed, const void* data, std::size_t bytes);

}  // namespace stave
