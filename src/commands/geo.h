// SPDX-License-Identifier: Apache-2.0
// The functions behind the rows of geo_commands() that live in geo_search_commands.cc, and how both files
// read and write positions and lengths.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/commands/geohash.h"
#include "src/context.h"

namespace stave {

// geo_search_commands.cc
Status georadius(Context& context, Args args);
Status georadius_ro(Context& context, Args args);
Status georadiusbymember(Context& context, Args args);
Status georadiusbymember_ro(Context& context, Args args);
Status geosearch(Context& context, Args args);
Status geosearchstore(Context& context, Args args);
// The keys of GEORADIUS and GEORADIUSBYMEMBER: the source, and what follows STORE and STOREDIST.
void find_georadius_keys(Args args, std::vector<int>& positions);
void find_georadiusbymember_keys(Args args, std::vector<int>& positions);

// geo.cc

// The position that `words` begin with: longitude, latitude. REQUIRES: two words.
Result<geo::Position> position_argument(Args words);
// In meters.
Result<double> unit_argument(std::string_view word);

void reply_position(resp::ReplyWriter& reply, geo::Position position);
// With four digits behind the point.
void reply_distance(resp::ReplyWriter& reply, double distance);

}  // namespace stave
