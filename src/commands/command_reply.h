// SPDX-License-Identifier: Apache-2.0
// Writes what COMMAND INFO and COMMAND DOCS say of one row of the command table, in the shape of Redis 7.2.
// Pure functions of constant data, called by introspection.cc.
#pragma once

#include "resp/reply.h"
#include "src/command.h"
#include "src/key_spec.h"

namespace stave {

// Ten elements: name, arity, flags, first key, last key, step, ACL categories, tips, key specifications,
// subcommands.
void write_command_info(resp::ReplyWriter& reply, const Command& command);

// A map, in which the rows of subcommands are nested.
void write_command_docs(resp::ReplyWriter& reply, const Command& command);

// A set such as RO, access.
void write_key_flags(resp::ReplyWriter& reply, KeyFlags flags);

}  // namespace stave
