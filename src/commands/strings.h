// SPDX-License-Identifier: Apache-2.0
// The functions behind the rows of string_commands() that live in files of their own.
#pragma once

#include "src/context.h"

namespace stave {

// string_ranges.cc
Status append(Context& context, Args args);
Status strlen_command(Context& context, Args args);
Status getrange(Context& context, Args args);
Status setrange(Context& context, Args args);

// counters.cc
Status incr(Context& context, Args args);
Status decr(Context& context, Args args);
Status incrby(Context& context, Args args);
Status decrby(Context& context, Args args);
Status incrbyfloat(Context& context, Args args);

// lcs.cc
Status lcs(Context& context, Args args);

}  // namespace stave
