// SPDX-License-Identifier: Apache-2.0
// What HSCAN, SSCAN and ZSCAN have in common: their arguments and the shape of their reply; and SCAN's
// cursor. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "src/context.h"

namespace stave {

// What strtoul() takes and is not preceded by a blank: so does Redis, the empty cursor included.
Result<std::uint64_t> cursor_argument(std::string_view text);

struct ElementScan {
  std::size_t count = 10;
  std::optional<std::string_view> pattern;

  bool match(std::string_view name) const;
};

// [MATCH pattern] [COUNT count]
Result<ElementScan> parse_element_scan(Args words);

// `next_cursor` 0: this was the end. `elements`: names, or names and values (scores) in turn.
void reply_scanned(resp::ReplyWriter& reply, std::uint64_t next_cursor,
                   const std::vector<std::string_view>& elements);

}  // namespace stave
