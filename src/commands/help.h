// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "resp/reply.h"

namespace stave {

// The reply to CONFIG HELP and the like.
inline void reply_help(resp::ReplyWriter& reply, std::span<const std::string_view> lines) {
  reply.array(lines.size());
  for (const std::string_view line : lines) reply.simple(line);
}

}  // namespace stave
