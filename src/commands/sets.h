// SPDX-License-Identifier: Apache-2.0
// The functions behind the rows of set_commands() that live in files of their own.
#pragma once

#include <vector>

#include "src/context.h"

namespace stave {

// set_operations.cc
Status sdiff(Context& context, Args args);
Status sdiffstore(Context& context, Args args);
Status sinter(Context& context, Args args);
Status sintercard(Context& context, Args args);
Status sinterstore(Context& context, Args args);
Status sunion(Context& context, Args args);
Status sunionstore(Context& context, Args args);
// The keys of SINTERCARD.
void find_counted_keys(Args args, std::vector<int>& positions);

}  // namespace stave
