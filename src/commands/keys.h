// SPDX-License-Identifier: Apache-2.0
// The functions behind the rows of key_commands() that live in files of their own.
#pragma once

#include <vector>

#include "src/context.h"

namespace stave {

// expiry.cc
Status expire(Context& context, Args args);
Status pexpire(Context& context, Args args);
Status expireat(Context& context, Args args);
Status pexpireat(Context& context, Args args);
Status expiretime(Context& context, Args args);
Status pexpiretime(Context& context, Args args);
Status ttl(Context& context, Args args);
Status pttl(Context& context, Args args);
Status persist(Context& context, Args args);

// dump.cc
Status dump(Context& context, Args args);
Status restore(Context& context, Args args);

// sort.cc
Status sort(Context& context, Args args);
Status sort_ro(Context& context, Args args);
void find_sort_keys(Args args, std::vector<int>& positions);
void find_sort_ro_keys(Args args, std::vector<int>& positions);

// key_moves.cc
Status rename_command(Context& context, Args args);
Status renamenx(Context& context, Args args);
Status copy(Context& context, Args args);
Status move_command(Context& context, Args args);

// object.cc
Status object_encoding(Context& context, Args args);
Status object_freq(Context& context, Args args);
Status object_help(Context& context, Args args);
Status object_idletime(Context& context, Args args);
Status object_refcount(Context& context, Args args);

}  // namespace stave
