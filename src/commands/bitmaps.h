// SPDX-License-Identifier: Apache-2.0
// What the files of bitmap_commands() share.
#pragma once

#include <cstddef>
#include <string_view>

#include "src/context.h"

namespace stave {

// The offset of a bit, within the longest string allowed. With `scale_bits` above 0, "#3" means 3 *
// scale_bits.
Result<std::size_t> bit_offset_argument(std::string_view text, int scale_bits, const CommandLimits& limits);

// A string for the key to be changed and stored again: its value, continued with zeros to at least `bytes`.
std::string copy_and_grow(const Found& found, std::size_t bytes);

// bitop.cc
Status bitop(Context& context, Args args);

// bitfield.cc
Status bitfield_command(Context& context, Args args);
Status bitfield_ro(Context& context, Args args);

}  // namespace stave
