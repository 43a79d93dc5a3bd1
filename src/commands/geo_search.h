// SPDX-License-Identifier: Apache-2.0
// Searching a sorted set whose scores are geohashes (geohash.h) for what is in a circle or a rectangle: the
// cells that cover the shape are ranges of scores, and of what is in them each member is looked at. Used by
// geo_search_commands.cc.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "shards/zset.h"
#include "src/commands/geohash.h"

namespace stave::geo {

// A circle, or a rectangle with sides along the meridians and parallels.
struct Shape {
  Position center;
  bool is_box = false;
  double unit_m = 1;  // what the lengths below are multiplied with
  double radius = 0;
  double width = 0;
  double height = 0;
};

struct Match {
  std::string_view member;
  double score = 0;
  Position position;
  double distance_m = 0;  // from the center
};

using Matches = std::vector<Match>;

// The cell of the center and its neighbours, without those that the shape cannot reach, in the order in which
// Redis searches them, so that replies come in its order.
using Cells = std::array<std::optional<Cell>, 9>;
Cells cells_of(const Shape& shape);

// Cell by cell, and by score in each. Stops at `limit` matches; 0: none. The members are views into the
// sorted set.
Matches find_matches(const ZsetView& zset, const Shape& shape, std::size_t limit);

}  // namespace stave::geo
