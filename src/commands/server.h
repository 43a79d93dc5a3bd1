// SPDX-License-Identifier: Apache-2.0
// The functions behind the rows of server_commands() that live in files of their own.
#pragma once

#include "src/command.h"

namespace stave {

// config.cc
Status config_get(Session& session, Args args);
void config_set(Call& call);
void config_resetstat(Call& call);
Status config_rewrite(Session& session, Args args);
Status config_help(Session& session, Args args);

// databases.cc
void dbsize(Call& call);
void flushall(Call& call);
void flushdb(Call& call);
void swapdb(Call& call);

// save.cc
void save(Call& call);
void bgsave(Call& call);
void lastsave(Call& call);

// debug.cc
void debug(Call& call);

// info.cc
void info(Call& call);

// memory.cc
Status memory_usage(Context& context, Args args);
Status memory_help(Session& session, Args args);

// slowlog.cc
void slowlog_get(Call& call);
void slowlog_len(Call& call);
void slowlog_reset(Call& call);
Status slowlog_help(Session& session, Args args);

// walks.cc
void keys_command(Call& call);
Status scan(Context& context, Args args);
void randomkey(Call& call);

}  // namespace stave
