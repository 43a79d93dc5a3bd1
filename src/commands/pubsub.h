// SPDX-License-Identifier: Apache-2.0
// The functions behind the rows of pubsub_commands() that live in files of their own.
#pragma once

#include "src/command.h"

namespace stave {

// pubsub_query.cc
void pubsub_channels(Call& call);
void pubsub_shardchannels(Call& call);
void pubsub_numsub(Call& call);
void pubsub_shardnumsub(Call& call);
void pubsub_numpat(Call& call);

}  // namespace stave
