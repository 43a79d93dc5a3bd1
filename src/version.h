// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace stave {

// Redis whose commands and replies these are (HELLO, INFO, --version): clients use what they know of that
// version.
inline constexpr std::string_view kRedisVersion = "7.2.0";

}  // namespace stave
