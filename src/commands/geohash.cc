// SPDX-License-Identifier: Apache-2.0
#include "src/commands/geohash.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace stave::geo {
namespace {

constexpr std::uint64_t kLatitudeBits = 0x5555555555555555;
constexpr std::uint64_t kLongitudeBits = ~kLatitudeBits;
constexpr double kEarthRadiusM = 6372797.560856;
constexpr double kRadian = std::numbers::pi / 180;

double radians(double degrees) {
  return degrees * kRadian;
}
double degrees(double radians) {
  return radians / kRadian;
}

// Puts a 0 in front of every bit, and takes them away again.
std::uint64_t spread(std::uint32_t bits) {
  std::uint64_t word = bits;
  word = (word | word << 16) & 0x0000ffff0000ffff;
  word = (word | word << 8) & 0x00ff00ff00ff00ff;
  word = (word | word << 4) & 0x0f0f0f0f0f0f0f0f;
  word = (word | word << 2) & 0x3333333333333333;
  return (word | word << 1) & kLatitudeBits;
}
std::uint32_t gather(std::uint64_t word) {
  word &= kLatitudeBits;
  word = (word | word >> 1) & 0x3333333333333333;
  word = (word | word >> 2) & 0x0f0f0f0f0f0f0f0f;
  word = (word | word >> 4) & 0x00ff00ff00ff00ff;
  word = (word | word >> 8) & 0x0000ffff0000ffff;
  return static_cast<std::uint32_t>(word | word >> 16);
}

// Which of 2^step equal parts of -max to max this is in.
std::uint32_t part_of(double degrees, double max, unsigned step) {
  const double share = (degrees - -max) / (max - -max);
  return static_cast<std::uint32_t>(share * static_cast<double>(std::uint64_t{1} << step));
}

Cell cell_on(Position position, double latitude_max, unsigned step) {
  const std::uint32_t latitude = part_of(position.latitude, latitude_max, step);
  const std::uint32_t longitude = part_of(position.longitude, kLongitudeMax, step);
  return {spread(latitude) | spread(longitude) << 1, step};
}

// Where part `part` begins.
double edge_of(std::uint32_t part, double max, unsigned step) {
  return -max + part / static_cast<double>(std::uint64_t{1} << step) * (max - -max);
}

// The bits of one direction, `bits`, count on by `steps`; the others are left as they are.
std::uint64_t moved(std::uint64_t number, std::uint64_t bits, unsigned step, int steps) {
  if (steps == 0) return number;
  const std::uint64_t used = ~std::uint64_t{0} >> (64 - 2 * step);
  const std::uint64_t other = ~bits & used;
  // With the bits between them set, a carry goes through; with these clear, a borrow does.
  const std::uint64_t own = number & bits;
  const std::uint64_t next = steps > 0 ? own + (other + 1) : (own | other) - (other + 1);
  return (next & bits & used) | (number & ~bits);
}

// A sorted set's score may be any double; this is what becomes of it on the machines that Redis is used on.
std::uint64_t number_of(double score) {
  constexpr double kHalf = 9223372036854775808.0;  // 2^63
  constexpr auto kHighest = std::uint64_t{1} << 63;
  if (score < kHalf)
    return score >= -kHalf ? static_cast<std::uint64_t>(static_cast<std::int64_t>(score)) : kHighest;
  return score < 2 * kHalf ? static_cast<std::uint64_t>(score) : 0;
}

}  // namespace

bool on_map(Position position) {
  return position.longitude >= -kLongitudeMax && position.longitude <= kLongitudeMax &&
         position.latitude >= -kLatitudeMax && position.latitude <= kLatitudeMax;
}

Cell cell_at(Position position, unsigned step) {
  return cell_on(position, kLatitudeMax, step);
}

Box box_of(Cell cell) {
  const std::uint32_t latitude = gather(cell.number);
  const std::uint32_t longitude = gather(cell.number >> 1);
  return {.min = {edge_of(longitude, kLongitudeMax, cell.step), edge_of(latitude, kLatitudeMax, cell.step)},
          .max = {edge_of(longitude + 1, kLongitudeMax, cell.step),
                  edge_of(latitude + 1, kLatitudeMax, cell.step)}};
}

Cell neighbour(Cell cell, int east, int north) {
  cell.number = moved(cell.number, kLongitudeBits, cell.step, east);
  cell.number = moved(cell.number, kLatitudeBits, cell.step, north);
  return cell;
}

ScoreSpan scores_in(Cell cell) {
  const unsigned rest = 2 * (kStepMax - cell.step);
  return {static_cast<double>(cell.number << rest), static_cast<double>((cell.number + 1) << rest)};
}

double score_of(Position position) {
  return static_cast<double>(cell_at(position, kStepMax).number);
}

Position position_of(double score) {
  const Box box = box_of({number_of(score), kStepMax});
  return {std::clamp((box.min.longitude + box.max.longitude) / 2, -kLongitudeMax, kLongitudeMax),
          std::clamp((box.min.latitude + box.max.latitude) / 2, -kLatitudeMax, kLatitudeMax)};
}

std::string geohash_text(Position position) {
  constexpr char kLetters[] = "0123456789bcdefghjkmnpqrstuvwxyz";
  constexpr double kPole = 90;  // this map goes to the poles
  const std::uint64_t number = cell_on(position, kPole, kStepMax).number;
  std::string text;
  for (unsigned rest = 2 * kStepMax; rest >= 5;) {
    rest -= 5;
    text += kLetters[number >> rest & 31];
  }
  return text + '0';
}

double latitude_distance_m(double a, double b) {
  return kEarthRadiusM * std::fabs(radians(b) - radians(a));
}

// The haversine formula.
double distance_m(Position a, Position b) {
  const double v = std::sin((radians(b.longitude) - radians(a.longitude)) / 2);
  if (v == 0) return latitude_distance_m(a.latitude, b.latitude);
  const double latitude_a = radians(a.latitude);
  const double latitude_b = radians(b.latitude);
  const double u = std::sin((latitude_b - latitude_a) / 2);
  const double haversine = u * u + std::cos(latitude_a) * std::cos(latitude_b) * v * v;
  // Opposite points may be rounded to a little more than 1.
  return 2 * kEarthRadiusM * std::asin(std::sqrt(std::min(haversine, 1.0)));
}

Box bounds_around(Position center, double half_width_m, double half_height_m) {
  const double north = degrees(half_height_m / kEarthRadiusM);
  const double edge = center.latitude < 0 ? center.latitude - north : center.latitude + north;
  const double east = degrees(half_width_m / kEarthRadiusM / std::cos(radians(edge)));
  return {.min = {center.longitude - east, center.latitude - north},
          .max = {center.longitude + east, center.latitude + north}};
}

}  // namespace stave::geo
