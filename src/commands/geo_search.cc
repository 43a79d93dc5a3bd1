// SPDX-License-Identifier: Apache-2.0
#include "src/commands/geo_search.h"

#include <algorithm>
#include <cmath>

namespace stave::geo {
namespace {

struct Offset {
  int east;
  int north;
};
// The places of Cells; the first is the center.
constexpr Offset kOffsets[] = {{0, 0}, {0, 1}, {0, -1}, {1, 0}, {-1, 0}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1}};

// From the center to the edge that is farthest.
double reach_m(const Shape& shape) {
  const double half_width = shape.width / 2;
  const double half_height = shape.height / 2;
  const double reach =
      shape.is_box ? std::sqrt(half_width * half_width + half_height * half_height) : shape.radius;
  return reach * shape.unit_m;
}

Box bounds_of(const Shape& shape) {
  const double half_width = shape.unit_m * (shape.is_box ? shape.width / 2 : shape.radius);
  const double half_height = shape.unit_m * (shape.is_box ? shape.height / 2 : shape.radius);
  return bounds_around(shape.center, half_width, half_height);
}

// So that a cell is about as large as the shape; cells at high latitudes are narrow.
unsigned step_for(double reach_m, double latitude) {
  constexpr double kHalfEquatorM = 20037726.37;
  constexpr double kNarrow = 66;
  constexpr double kNarrower = 80;
  if (reach_m == 0) return kStepMax;
  int step = -1;
  for (; reach_m < kHalfEquatorM; reach_m *= 2) ++step;
  const double from_equator = std::fabs(latitude);
  if (from_equator > kNarrow) --step;
  if (from_equator > kNarrower) --step;
  return static_cast<unsigned>(std::clamp(step, 1, static_cast<int>(kStepMax)));
}

// Whether the cells next to the center's one reach as far as the shape does.
bool neighbours_cover(Cell center, const Box& bounds) {
  return !(box_of(neighbour(center, 0, 1)).max.latitude < bounds.max.latitude) &&
         !(box_of(neighbour(center, 0, -1)).min.latitude > bounds.min.latitude) &&
         !(box_of(neighbour(center, 1, 0)).max.longitude < bounds.max.longitude) &&
         !(box_of(neighbour(center, -1, 0)).min.longitude > bounds.min.longitude);
}

// Whether the center's cell goes beyond the shape on this side, so that nothing on the other side of its edge
// can be a match.
bool ends_inside(const Box& cell, const Box& bounds, Offset side) {
  return (side.north < 0 && cell.min.latitude < bounds.min.latitude) ||
         (side.north > 0 && cell.max.latitude > bounds.max.latitude) ||
         (side.east < 0 && cell.min.longitude < bounds.min.longitude) ||
         (side.east > 0 && cell.max.longitude > bounds.max.longitude);
}

// The distance from the center, when the position is inside.
std::optional<double> distance_inside_m(const Shape& shape, Position position) {
  if (shape.is_box) {
    const double north_m = latitude_distance_m(position.latitude, shape.center.latitude);
    if (north_m > shape.height * shape.unit_m / 2) return std::nullopt;
    const double east_m = distance_m(position, {shape.center.longitude, position.latitude});
    if (east_m > shape.width * shape.unit_m / 2) return std::nullopt;
  }
  const double distance = distance_m(shape.center, position);
  if (!shape.is_box && distance > shape.radius * shape.unit_m) return std::nullopt;
  return distance;
}

void search_cell(const ZsetView& zset, Cell cell, const Shape& shape, std::size_t limit, Matches& matches) {
  const ScoreSpan scores = scores_in(cell);
  zset.walk(zset.first_from(scores.first), false, [&](std::string_view member, double score) {
    if (score >= scores.end) return false;
    const Position position = position_of(score);
    if (const auto distance = distance_inside_m(shape, position))
      matches.push_back({member, score, position, *distance});
    return limit == 0 || matches.size() < limit;
  });
}

}  // namespace

Cells cells_of(const Shape& shape) {
  const Box bounds = bounds_of(shape);
  unsigned step = step_for(reach_m(shape), shape.center.latitude);
  if (step > 1 && !neighbours_cover(cell_at(shape.center, step), bounds)) --step;
  const Cell center = cell_at(shape.center, step);
  const Box center_box = box_of(center);
  Cells cells;
  for (std::size_t place = 0; place < cells.size(); ++place) {
    const Offset side = kOffsets[place];
    if (step == 1 || !ends_inside(center_box, bounds, side))
      cells[place] = neighbour(center, side.east, side.north);
  }
  return cells;
}

Matches find_matches(const ZsetView& zset, const Shape& shape, std::size_t limit) {
  Matches matches;
  std::optional<Cell> last;  // but for the center
  const Cells cells = cells_of(shape);
  for (std::size_t place = 0; place < cells.size(); ++place) {
    // Where there are only two cells in a direction, both neighbours are the same one.
    if (!cells[place] || cells[place] == last) continue;
    if (limit > 0 && matches.size() >= limit) break;
    search_cell(zset, *cells[place], shape, limit, matches);
    if (place > 0) last = cells[place];
  }
  return matches;
}

}  // namespace stave::geo
