// SPDX-License-Identifier: Apache-2.0
#include "src/commands/element_scan.h"

#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <string>

#include "src/ascii.h"
#include "src/commands/arguments.h"
#include "src/glob.h"

namespace stave {

Result<std::uint64_t> cursor_argument(std::string_view text) {
  constexpr Error kInvalidCursor{"ERR invalid cursor"};
  const std::string copy(text);
  if (!copy.empty() && std::isspace(static_cast<unsigned char>(copy[0])) != 0) return kInvalidCursor;
  char* end = nullptr;
  errno = 0;
  const std::uint64_t cursor = std::strtoull(copy.c_str(), &end, 10);
  if (*end != '\0' || errno == ERANGE) return kInvalidCursor;
  return cursor;
}

bool ElementScan::match(std::string_view name) const {
  return !pattern || glob_match(*pattern, name);
}

Result<ElementScan> parse_element_scan(Args words) {
  ElementScan scan;
  for (std::size_t at = 0; at < words.size(); at += 2) {
    if (at + 1 == words.size()) return errors::kSyntax;
    const std::string_view value = words[at + 1];
    if (ascii::equal(words[at], "count")) {
      auto count = integer_argument(value);
      if (!count.ok()) return count.take_status();
      if (*count < 1) return errors::kSyntax;
      scan.count = static_cast<std::size_t>(*count);
    } else if (ascii::equal(words[at], "match")) {
      scan.pattern = value;
    } else {
      return errors::kSyntax;
    }
  }
  return scan;
}

void reply_scanned(resp::ReplyWriter& reply, std::uint64_t next_cursor,
                   const std::vector<std::string_view>& elements) {
  reply.array(2);
  reply.bulk(std::to_string(next_cursor));
  reply.array(elements.size());
  for (const std::string_view element : elements) reply.bulk(element);
}

}  // namespace stave
