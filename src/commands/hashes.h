// SPDX-License-Identifier: Apache-2.0
// Commands on the expiry of fields, for the table in hashes.cc.
#pragma once

#include "src/context.h"

namespace stave {

Status hexpire(Context& context, Args args);
Status hpexpire(Context& context, Args args);
Status hexpireat(Context& context, Args args);
Status hpexpireat(Context& context, Args args);
Status httl(Context& context, Args args);
Status hpttl(Context& context, Args args);
Status hexpiretime(Context& context, Args args);
Status hpexpiretime(Context& context, Args args);
Status hpersist(Context& context, Args args);

}  // namespace stave
