// SPDX-License-Identifier: Apache-2.0
// Splits an inline request ("SET key \"a value\"", typed by hand over telnet) into its words.
//
// Called by the request parser with one line, without its end. The rules are those of redis-cli and
// redis.conf:
//   word    = (plain | quoted)+       a quoted part ends its word: blank or end of line must follow
//   quoted  = "..." with \n \r \t \b \a \xHH and, for any other c, \c meaning c;  or '...' with \' only
//   blanks  between words are C's isspace(), but only space, \t, \r and \n end a plain part
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stave::resp {

// Replaces `words` by the words of `line`: views into `line`, or into `unquoted` (which is overwritten) for
// words with quotes. False, without words, when quotes are unbalanced or something follows a closing quote.
// REQUIRES: no NUL in `line`.
[[nodiscard]] bool split_inline(std::string_view line, std::string& unquoted,
                                std::vector<std::string_view>& words);

}  // namespace stave::resp
