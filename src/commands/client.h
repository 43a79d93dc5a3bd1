// SPDX-License-Identifier: Apache-2.0
// The functions behind the rows of client_commands() that live in files of their own, and what CLIENT shares
// with HELLO.
#pragma once

#include <string_view>

#include "src/command.h"
#include "src/errors.h"

namespace stave {

// What a connection says about itself ends up in the lines of CLIENT LIST: no blanks, nothing unprintable.
bool is_client_attribute(std::string_view text);
inline constexpr Error kBadClientName{
    "ERR Client names cannot contain spaces, newlines or special characters."};

// client_list.cc
Status client_info(Session& session, Args args);
void client_list(Call& call);

// client_kill.cc
void client_kill(Call& call);

// client_pause.cc
void client_pause(Call& call);
void client_unpause(Call& call);

// client_unblock.cc
void client_unblock(Call& call);

// client_help.cc
Status client_help(Session& session, Args args);

// "ERR unknown subcommand or wrong number of arguments for ...": what is left for arguments that the arity
// lets through.
Status wrong_client_arguments(std::string_view subcommand);

}  // namespace stave
