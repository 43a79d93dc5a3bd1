// SPDX-License-Identifier: Apache-2.0
// Sizes in bytes as people write and read them: "64mb" in the configuration, "1.50M" in INFO.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stave {

// "100", "64kb", "1g": b; k, m, g are powers of 1000; kb, mb, gb of 1024; in any case. As in Redis, no digits
// mean 0. Nothing for anything else, a minus sign included, and for what does not fit.
std::optional<int64_t> parse_bytes(std::string_view text);

// The shortest exact way to write it that parse_bytes reads: 268435456 is "256mb", 1000 is "1000".
std::string format_bytes(int64_t bytes);

// INFO's *_human fields: "512B", "1.50K", "2.00G".
std::string format_bytes_human(int64_t bytes);

}  // namespace stave
