// SPDX-License-Identifier: Apache-2.0
// Redis' glob patterns, as KEYS, SCAN, CONFIG GET and the like take them. Bytes in, a verdict out.
//
//   ?      any one byte          *        any number of bytes, none included
//   [ab]   a or b                [^ab]    neither           [a-c]  a range, either end first
//   \x     the byte x itself, in a class too
//
// The empty text is matched by stars alone too, "**" included, where Redis knows only "*".
// As in Redis, a class without its `]` ends with the pattern, and a `\` at the very end stands for itself.
#pragma once

#include <string_view>

namespace stave {

// Time is at most the product of both lengths: there is no pattern that makes it explode.
[[nodiscard]] bool glob_match(std::string_view pattern, std::string_view text, bool ignore_case = false);

}  // namespace stave
