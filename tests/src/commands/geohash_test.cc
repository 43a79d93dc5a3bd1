// SPDX-License-Identifier: Apache-2.0
// Geohashes: known positions, cells and their neighbours, any double as a score; and that a search of cells
// finds what a look at every member finds.
#include "src/commands/geohash.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>
#include <set>

#include "src/commands/geo_search.h"

namespace stave::geo {
namespace {

constexpr Position kPalermo{13.361389, 38.115556};
constexpr Position kCatania{15.087269, 37.502669};

TEST_CASE("known positions") {
  CHECK(score_of(kPalermo) == 3479099956230698);
  CHECK(score_of(kCatania) == 3479447370796909);
  CHECK(geohash_text(position_of(3479099956230698)) == "sqc8b49rny0");
  CHECK(geohash_text(position_of(3479447370796909)) == "sqdtr74hyu0");
  CHECK(distance_m(position_of(3479099956230698), position_of(3479447370796909)) ==
        doctest::Approx(166274.1516).epsilon(1e-9));
  CHECK(distance_m(kPalermo, kPalermo) == 0);
  const double pole_to_pole = latitude_distance_m(-90, 90);
  CHECK(distance_m({-90, 0}, {90, 0}) == doctest::Approx(pole_to_pole));
  CHECK(distance_m({10, -5}, {10, 5}) == doctest::Approx(pole_to_pole / 18));
}

TEST_CASE("what is on the map") {
  CHECK(on_map({180, kLatitudeMax}));
  CHECK(on_map({-180, -kLatitudeMax}));
  CHECK_FALSE(on_map({180.0001, 0}));
  CHECK_FALSE(on_map({0, -85.0512}));
  CHECK_FALSE(on_map({std::numeric_limits<double>::quiet_NaN(), 0}));
}

TEST_CASE("a position is inside its cell, and near what its score stands for") {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> longitude(-180, 180);
  std::uniform_real_distribution<double> latitude(-kLatitudeMax, kLatitudeMax);
  for (int i = 0; i < 2000; ++i) {
    const Position position{longitude(random), latitude(random)};
    for (unsigned step = 1; step <= kStepMax; ++step) {
      const Cell cell = cell_at(position, step);
      const Box box = box_of(cell);
      CHECK(position.longitude >= box.min.longitude);
      CHECK(position.longitude <= box.max.longitude);
      CHECK(position.latitude >= box.min.latitude);
      CHECK(position.latitude <= box.max.latitude);
      const ScoreSpan scores = scores_in(cell);
      CHECK(score_of(position) >= scores.first);
      CHECK(score_of(position) < scores.end);
    }
    CHECK(distance_m(position, position_of(score_of(position))) < 0.6);
  }
}

TEST_CASE("neighbours") {
  const Cell cell = cell_at(kPalermo, 10);
  const Box box = box_of(cell);
  const Box north_east = box_of(neighbour(cell, 1, 1));
  CHECK(north_east.min.longitude == box.max.longitude);
  CHECK(north_east.min.latitude == box.max.latitude);
  CHECK(neighbour(neighbour(cell, 1, -1), -1, 1) == cell);
  CHECK(neighbour(cell, 0, 0) == cell);
  // Around the world.
  const Cell last = cell_at({179.9, 0}, 4);
  CHECK(box_of(neighbour(last, 1, 0)).min.longitude == -180);
  CHECK(neighbour(neighbour(last, 1, 0), -1, 0) == last);
  // With two cells in a direction there is one neighbour.
  const Cell quarter = cell_at(kPalermo, 1);
  CHECK(neighbour(quarter, 1, 0) == neighbour(quarter, -1, 0));
}

TEST_CASE("any score is a position on the map") {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double score :
       {-1.0, -0.0, 0.5, 1e18, 1e19, 1e20, -1e19, infinity, -infinity, 4503599627370496.0,
        9223372036854775808.0, 18446744073709549568.0, -9223372036854775808.0}) {
    CAPTURE(score);
    CHECK(on_map(position_of(score)));
  }
  CHECK(score_of({180, kLatitudeMax}) == 3.0 * (std::uint64_t{1} << 52));
  CHECK(on_map(position_of(score_of({180, kLatitudeMax}))));
}

struct Points {
  explicit Points(std::uint32_t seed) : random(seed) {
    Edits edits;
    for (int i = 0; i < 1500; ++i)
      edits.put(std::to_string(i), score_of({between(-170, 170), between(-60, 60)}));
    EditResult result;
    REQUIRE(zset.apply(edits.bytes(), {}, result).ok());
  }
  double between(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  }

  std::mt19937 random;
  ZsetValue zset{empty_packed(Type::kZset)};
};

bool inside(const Shape& shape, Position position) {
  if (!shape.is_box) return distance_m(shape.center, position) <= shape.radius * shape.unit_m;
  const Position beside{shape.center.longitude, position.latitude};
  return latitude_distance_m(shape.center.latitude, position.latitude) <= shape.height * shape.unit_m / 2 &&
         distance_m(beside, position) <= shape.width * shape.unit_m / 2;
}

TEST_CASE("a search finds what a look at every member finds") {
  for (const std::uint32_t seed : {1u, 2u, 3u}) {
    Points points(seed);
    const ZsetView zset(points.zset);
    for (int i = 0; i < 100; ++i) {
      Shape shape{.center = {points.between(-140, 140), points.between(-50, 50)}, .unit_m = 1000};
      shape.is_box = i % 2 == 1;
      shape.radius = points.between(1, 1000);
      shape.width = points.between(1, 1500);
      shape.height = points.between(1, 1500);
      std::set<std::string_view> expected;
      zset.walk(0, false, [&](std::string_view member, double score) {
        if (inside(shape, position_of(score))) expected.insert(member);
        return true;
      });
      const Matches matches = find_matches(zset, shape, 0);
      CAPTURE(seed);
      CAPTURE(i);
      CHECK(matches.size() == expected.size());  // none of them twice
      for (const Match& match : matches) CHECK(expected.contains(match.member));
      const std::size_t limit = 1 + expected.size() / 2;
      CHECK(find_matches(zset, shape, limit).size() == std::min(limit, expected.size()));
    }
  }
}

TEST_CASE("a search over the whole world finds each member once") {
  Points points(5);
  const Shape shape{.center = {0, 0}, .radius = 3e7};
  CHECK(find_matches(ZsetView(points.zset), shape, 0).size() == points.zset.size());
  const Shape endless{.center = {0, 80}, .radius = std::numeric_limits<double>::infinity()};
  CHECK(find_matches(ZsetView(points.zset), endless, 0).size() == points.zset.size());
}

}  // namespace
}  // namespace stave::geo
