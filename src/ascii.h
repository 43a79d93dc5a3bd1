// SPDX-License-Identifier: Apache-2.0
// ASCII case for names of commands and options, the same in any locale. Other bytes are left alone.
#pragma once

#include <algorithm>
#include <string_view>

namespace stave::ascii {

constexpr char lower(char byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte | 0x20) : byte;
}
constexpr char upper(char byte) {
  return byte >= 'a' && byte <= 'z' ? static_cast<char>(byte & ~0x20) : byte;
}

constexpr bool equal(std::string_view one, std::string_view other) {
  return one.size() == other.size() && std::equal(one.begin(), one.end(), other.begin(),
                                                  [](char a, char b) { return lower(a) == lower(b); });
}

}  // namespace stave::ascii
