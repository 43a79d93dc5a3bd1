// SPDX-License-Identifier: Apache-2.0
// The geo commands over a fake keyspace: replies in both protocols, options, errors and their order, packed
// and outgrown sorted sets, cold values. That replies equal Redis' for random arguments, their order
// included, is shown by the differential test.
#include <doctest/doctest.h>

#include "tests/src/collection_tester.h"

namespace stave {
namespace {

using testing::bulk;
using testing::bulks;

constexpr const char* kZero = ":0\r\n";
constexpr const char* kOne = ":1\r\n";
constexpr const char* kTwo = ":2\r\n";
constexpr const char* kNull = "$-1\r\n";
constexpr const char* kNothing = "*0\r\n";
constexpr const char* kSyntaxError = "-ERR syntax error\r\n";
constexpr const char* kFloatError = "-ERR value is not a valid float\r\n";
constexpr const char* kWrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";
constexpr const char* kUnitError = "-ERR unsupported unit provided. please use M, KM, FT, MI\r\n";
constexpr const char* kMemberError = "-ERR could not decode requested zset member\r\n";

struct Fixture : testing::CommandTester {
  Fixture() : CommandTester{string_commands(), key_commands(), zset_commands(), geo_commands()} {}

  void add_sicily() {
    CHECK(run("geoadd s 13.361389 38.115556 Palermo 15.087269 37.502669 Catania") == kTwo);
    CHECK(run("geoadd s 12.758489 38.788135 west 17.241510 38.788135 east") == kTwo);
  }

  template <typename Test>
  void in_both_forms(Test test) {
    for (const bool natively : {false, true}) {
      CAPTURE(natively);
      keys.natively = natively;
      keys.stored.clear();
      add_sicily();
      test();
    }
  }
};

TEST_CASE_FIXTURE(Fixture, "GEOADD") {
  add_sicily();
  CHECK(run("zscore s Palermo") == bulk("3479099956230698"));
  CHECK(run("geoadd s 13.361389 38.115556 Palermo") == kZero);
  CHECK(run("geoadd s ch 13 38 Palermo 1 1 new") == kTwo);
  CHECK(run("geoadd s NX CH 1 1 Palermo 2 2 other") == kOne);
  CHECK(run("geoadd s XX CH 1 1 Palermo 2 2 another") == kOne);
  CHECK(run("zcard s") == ":6\r\n");
  CHECK(run("geoadd none xx 1 1 a") == kZero);
  CHECK(run("exists none") == kZero);
  CHECK(run("geoadd s 180 85.05112878 corner -180 -85.05112878 other-corner") == kTwo);
}

TEST_CASE_FIXTURE(Fixture, "GEOADD: syntax, then numbers, then the key's type") {
  run("set string x");
  for (const char* line : {"geoadd string 1 2 a b", "geoadd string nx xx 1 2 a", "geoadd string ch nx ch",
                           "geoadd string 1 2 a 3"})
    CHECK(run(line) == kSyntaxError);
  CHECK(run("geoadd string 1 b a") == kFloatError);
  CHECK(run("geoadd string 1 2 a nan 1 b") == kFloatError);
  CHECK(run("geoadd string 181 2 a") == "-ERR invalid longitude,latitude pair 181.000000,2.000000\r\n");
  CHECK(run("geoadd string 1 inf a") == "-ERR invalid longitude,latitude pair 1.000000,inf\r\n");
  CHECK(run("geoadd string 1e308 -1e308 a").size() > 600);
  CHECK(run("geoadd string 1 2 a") == kWrongType);
}

TEST_CASE_FIXTURE(Fixture, "GEODIST, GEOHASH, GEOPOS") {
  in_both_forms([&] {
    CHECK(run("geodist s Palermo Catania") == bulk("166274.1516"));
    CHECK(run("geodist s Palermo Catania KM") == bulk("166.2742"));
    CHECK(run("geodist s Palermo Catania mi") == bulk("103.3182"));
    CHECK(run("geodist s Palermo Catania Ft") == bulk("545518.8700"));
    CHECK(run("geodist s Palermo Palermo") == bulk("0.0000"));
    CHECK(run("geodist s Palermo none") == kNull);
    CHECK(run("geodist none a b") == kNull);
    CHECK(run("geohash s Palermo none Catania") ==
          "*3\r\n" + bulk("sqc8b49rny0") + kNull + bulk("sqdtr74hyu0"));
    CHECK(run("geohash s") == kNothing);
    CHECK(run("geohash none a") == std::string("*1\r\n") + kNull);
    CHECK(run("geopos s Palermo none") ==
          "*2\r\n" + bulks({"13.36138933897018433", "38.11555639549629859"}) + "*-1\r\n");
    protocol = 3;
    CHECK(run("geopos s Palermo none") ==
          "*2\r\n*2\r\n,13.36138933897018433\r\n,38.11555639549629859\r\n_\r\n");
    CHECK(run("geodist s Palermo Catania") == bulk("166274.1516"));
    protocol = 2;
  });
  CHECK(run("geodist s a b x") == kUnitError);
  CHECK(run("geodist s a b m m") == kSyntaxError);
  run("set string x");
  for (const char* line : {"geodist string a b", "geohash string", "geopos string a"})
    CHECK(run(line) == kWrongType);
  CHECK(run("geodist string a b x") == kUnitError);
}

TEST_CASE_FIXTURE(Fixture, "GEOSEARCH: centers, shapes, orders and what is replied") {
  in_both_forms([&] {
    CHECK(run("geosearch s fromlonlat 15 37 byradius 200 km asc") == bulks({"Catania", "Palermo"}));
    CHECK(run("geosearch s DESC BYBOX 400 400 km FROMLONLAT 15 37") ==
          bulks({"west", "east", "Palermo", "Catania"}));
    CHECK(run("geosearch s fromlonlat 15 37 bybox 400 400 km") ==
          bulks({"Palermo", "west", "Catania", "east"}));
    CHECK(run("geosearch s frommember Palermo byradius 0 m") == bulks({"Palermo"}));
    CHECK(run("geosearch s frommember Palermo byradius 300 km count 2") == bulks({"Palermo", "west"}));
    CHECK(run("geosearch s frommember Palermo byradius 300 km count 2 desc") == bulks({"Catania", "west"}));
    CHECK(run("geosearch s frommember Palermo byradius 3000 km count 1 any") == bulks({"Palermo"}));
    CHECK(run("geosearch s frommember Palermo byradius 1 m withdist withhash withcoord") ==
          "*1\r\n*4\r\n" + bulk("Palermo") + bulk("0.0000") + ":3479099956230698\r\n" +
              bulks({"13.36138933897018433", "38.11555639549629859"}));
    CHECK(run("geosearch s fromlonlat 15 37 byradius 200 km withdist asc count 1") ==
          "*1\r\n" + bulks({"Catania", "56.4413"}));
    CHECK(run("geosearch s fromlonlat 0 0 byradius 1 km") == kNothing);
    CHECK(run("geosearch s frommember Palermo byradius inf m count 100") ==
          bulks({"Palermo", "west", "Catania", "east"}));
    CHECK(run("geosearch none frommember x byradius 1 m") == kNothing);
  });
}

TEST_CASE_FIXTURE(Fixture, "GEORADIUS and GEORADIUSBYMEMBER") {
  in_both_forms([&] {
    for (const std::string name : {"georadius", "georadius_ro"}) {
      CHECK(run(name + " s 15 37 200 km asc") == bulks({"Catania", "Palermo"}));
      CHECK(run(name + " s 15 37 200 km withdist count 1") == "*1\r\n" + bulks({"Catania", "56.4413"}));
      CHECK(run(name + " none 15 37 200 km") == kNothing);
    }
    for (const std::string name : {"georadiusbymember", "georadiusbymember_ro"}) {
      CHECK(run(name + " s Palermo 100 km") == bulks({"Palermo", "west"}));
      CHECK(run(name + " s x 100 km") == kMemberError);
      CHECK(run(name + " none x bad unit") == kNothing);
    }
  });
}

TEST_CASE_FIXTURE(Fixture, "storing") {
  in_both_forms([&] {
    run("set d x");
    CHECK(run("geosearchstore d s frommember Palermo byradius 100 km") == kTwo);
    CHECK(run("geosearch d fromlonlat 15 37 byradius 500 km asc") == bulks({"Palermo", "west"}));
    CHECK(run("geosearchstore d s frommember Palermo byradius 200 km count 1 desc storedist") == kOne);
    CHECK(run("zrange d 0 -1 withscores") == bulks({"Catania", "166.27415156960032"}));
    CHECK(run("georadius s 15 37 200 km store d") == kTwo);
    CHECK(run("zscore d Palermo") == bulk("3479099956230698"));
    CHECK(run("georadiusbymember s Palermo 0 m store none STOREDIST d") == kOne);
    CHECK(run("zrange d 0 -1 withscores") == bulks({"Palermo", "0"}));
    CHECK(run("exists none") == kZero);
    CHECK(run("georadiusbymember none x 1 m store d") == kZero);
    CHECK(run("exists d") == kZero);
    CHECK(run("geosearchstore s s fromlonlat 15 37 byradius 100 km") == kOne);
    CHECK(run("zrange s 0 -1") == bulks({"Catania"}));
    CHECK(run("geosearchstore s s fromlonlat 0 0 byradius 1 km") == kZero);
    CHECK(run("exists s") == kZero);
  });
}

TEST_CASE_FIXTURE(Fixture, "errors of searches") {
  add_sicily();
  run("set string x");
  CHECK(run("geosearch string foo foo foo foo foo") == kWrongType);
  CHECK(run("geosearchstore d string foo foo foo foo foo") == kWrongType);
  CHECK(run("georadius string a b c d") == kWrongType);
  CHECK(run("georadius s a 2 3 m") == kFloatError);
  CHECK(run("georadius s 1 99 3 m") == "-ERR invalid longitude,latitude pair 1.000000,99.000000\r\n");
  CHECK(run("georadius s 1 2 x m") == "-ERR need numeric radius\r\n");
  CHECK(run("georadius s 1 2 -1 x") == "-ERR radius cannot be negative\r\n");
  CHECK(run("georadius s 1 2 1 x foo") == kUnitError);
  const std::string search = "geosearch s frommember Palermo ";
  CHECK(run("geosearch s fromlonlat 1 x byradius 1 m") == kFloatError);
  CHECK(run("geosearch s frommember x byradius x m") == kMemberError);
  CHECK(run(search + "bybox x 1 m") == "-ERR need numeric width\r\n");
  CHECK(run(search + "bybox 1 x m") == "-ERR need numeric height\r\n");
  CHECK(run(search + "bybox 1 -1 m") == "-ERR height or width cannot be negative\r\n");
  CHECK(run(search + "bybox 1 1 x") == kUnitError);
  CHECK(run(search + "byradius 1 m count 0") == "-ERR COUNT must be > 0\r\n");
  CHECK(run(search + "byradius 1 m count x") == "-ERR value is not an integer or out of range\r\n");
  CHECK(run(search + "byradius 1 m any") == "-ERR the ANY argument requires COUNT argument\r\n");
  for (const char* more :
       {"byradius 1 m foo", "byradius 1 m count", "byradius 1 m bybox 1 1 m", "bybox 1 1 m byradius 1 m",
        "byradius 1 m fromlonlat 1 1", "byradius 1 m store d", "byradius 1 m storedist", "bybox 1 1"})
    CHECK(run(search + more) == kSyntaxError);
  CHECK(run("geosearch s fromlonlat 1 1 frommember Palermo byradius 1 m") == kSyntaxError);
  CHECK(run("georadius_ro s 1 2 3 m store d") == kSyntaxError);
  CHECK(run("georadius s 1 2 3 m store") == kSyntaxError);
  CHECK(run("georadius s 1 2 3 m frommember a") == kSyntaxError);
  CHECK(run("GeoSearch s byradius 1 m asc desc") ==
        "-ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for GeoSearch\r\n");
  CHECK(run("geosearch none frommember x asc asc desc") ==
        "-ERR exactly one of BYRADIUS and BYBOX can be specified for geosearch\r\n");
  CHECK(run("geosearchstore d s frommember Palermo byradius 1 m withdist") ==
        "-ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options\r\n");
  CHECK(run("georadius s 1 2 3 m withhash store d") ==
        "-ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options\r\n");
}

TEST_CASE_FIXTURE(Fixture, "cold values are staged first") {
  add_sicily();
  for (const char* line :
       {"geoadd s 1 1 a", "geodist s Palermo a", "geohash s a", "geopos s a", "georadius s 1 1 1 km",
        "georadiusbymember s a 1 m store d", "geosearch s frommember a byradius 1 m",
        "geosearchstore d s frommember a byradius 1 m"}) {
    CAPTURE(line);
    keys.make_cold();
    stagings = 0;
    CHECK(run(line)[0] != '-');
    CHECK(stagings == 1);
  }
}

TEST_CASE("the keys of GEORADIUS and GEORADIUSBYMEMBER") {
  const auto keys_of = [](const std::vector<std::string_view>& words) {
    std::vector<int> positions;
    find_keys(*find_command(words), words, positions);
    return positions;
  };
  CHECK(keys_of({"georadius", "k", "1", "2", "3", "m"}) == std::vector{1});
  CHECK(keys_of({"georadius", "k", "1", "2", "3", "m", "STORE", "d"}) == std::vector{1, 7});
  CHECK(keys_of({"georadius", "k", "1", "2", "3", "m", "storedist", "d", "store", "e"}) ==
        std::vector{1, 9, 7});
  CHECK(keys_of({"georadius", "k", "1", "2", "3", "m", "store", "d", "store", "e"}) == std::vector{1, 7, 9});
  CHECK(keys_of({"georadius", "k", "1", "2", "3", "m", "store"}) == std::vector{1});
  CHECK(keys_of({"georadiusbymember", "k", "a", "3", "m", "store", "d"}) == std::vector{1, 6});
  CHECK(keys_of({"georadiusbymember", "k", "store", "3", "m"}) == std::vector{1});
  CHECK(keys_of({"geosearchstore", "d", "k", "frommember", "a", "byradius", "1", "m"}) == std::vector{1, 2});
}

}  // namespace
}  // namespace stave
