// SPDX-License-Identifier: Apache-2.0
// Which arguments of a command are passwords and must not be shown (SLOWLOG). The same that Redis redacts:
// the arguments of a command that is refused before it comes to the password stay as they are.
#pragma once

#include <cstddef>
#include <vector>

#include "src/command.h"

namespace stave {

// Their positions, ascending.
std::vector<std::size_t> find_secrets(const Command& command, Args arguments);

}  // namespace stave
