// SPDX-License-Identifier: Apache-2.0
// How Redis 7.2 writes a double in a reply.
#pragma once

#include <cstddef>
#include <string_view>

namespace stave::resp {

// Room that every double's text fits in.
constexpr std::size_t kDoubleTextBytesMax = 32;

// The text of `number`, in `buffer`: the shortest digits that read back as the same double. Whole numbers up
// to 2^62 are written out; others are with an exponent ("1.5e-7", "1e+100") where Redis 7.2 uses one. "inf",
// "-inf", "nan", "-0".
std::string_view double_text(double number, char (&buffer)[kDoubleTextBytesMax]);

}  // namespace stave::resp
