// SPDX-License-Identifier: Apache-2.0
// Geohash: positions on the Earth as integers, the way Redis keeps them as scores of sorted sets. Pure
// functions.
//
// The map, longitudes from -180 to 180 and latitudes from -85.05112878 to 85.05112878 degrees (that of web
// maps, EPSG:3857), is halved `step` times in both directions. A cell's number has the bits of the two
// halvings in turn, longitude first, so cells that are near each other mostly have near numbers, and all that
// is inside a cell is one range of scores. A score is the number at step 26: 52 bits, which a double holds.
//
// Results are Redis' to the last bit, so the order of the operations on doubles is not free.
#pragma once

#include <cstdint>
#include <string>

namespace stave::geo {

inline constexpr double kLongitudeMax = 180;
inline constexpr double kLatitudeMax = 85.05112878;
inline constexpr unsigned kStepMax = 26;

// In degrees.
struct Position {
  double longitude = 0;
  double latitude = 0;
};

struct Cell {
  std::uint64_t number = 0;
  unsigned step = 0;  // 1 to kStepMax

  bool operator==(const Cell&) const = default;
};

// The area of a cell, in degrees.
struct Box {
  Position min;
  Position max;
};

struct ScoreSpan {
  double first = 0;
  double end = 0;  // not included
};

bool on_map(Position position);

// REQUIRES: on_map(). A position at the upper edge of the map is beyond its last cell, by one.
Cell cell_at(Position position, unsigned step);
Box box_of(Cell cell);
// The cell so many steps (-1 to 1) to the east and to the north. Beyond an edge of the map the other one
// follows.
Cell neighbour(Cell cell, int east, int north);
ScoreSpan scores_in(Cell cell);

// REQUIRES: on_map().
double score_of(Position position);
// The middle of the score's cell; whatever the score is, it is on the map.
Position position_of(double score);

// The eleven letters of geohash.org, of which the last is always 0, as 52 bits are only ten and a bit.
std::string geohash_text(Position position);

// Along the great circle, on a sphere.
double distance_m(Position a, Position b);
// Between two latitudes, along a meridian.
double latitude_distance_m(double a, double b);

// What a rectangle around `center` covers. Its edge that is nearer to a pole says how many degrees it is
// wide.
Box bounds_around(Position center, double half_width_m, double half_height_m);

}  // namespace stave::geo
