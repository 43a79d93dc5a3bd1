// SPDX-License-Identifier: Apache-2.0
// Positions.
#include "src/command_docs_parts.h"

namespace stave {
namespace {

using namespace docs;

constexpr Argument kMeters = token("m", "m");
constexpr Argument kKilometers = token("km", "km");
constexpr Argument kFeet = token("ft", "ft");
constexpr Argument kMiles = token("mi", "mi");
constexpr Argument kUnit = one_of("unit", 4);
constexpr Argument kOrder = one_of("order", 2).optional();
constexpr Argument kAscending = token("asc", "ASC");
constexpr Argument kDescending = token("desc", "DESC");
constexpr Argument kCountBlock = block("count-block", 2).optional();
constexpr Argument kCount = integer("count", "COUNT");
constexpr Argument kAny = token("any", "ANY").optional();
constexpr Argument kWithCoord = token("withcoord", "WITHCOORD").optional();
constexpr Argument kWithDist = token("withdist", "WITHDIST").optional();
constexpr Argument kWithHash = token("withhash", "WITHHASH").optional();

constexpr Argument with_token(Argument argument, std::string_view token) {
  argument.token = token;
  return argument;
}
constexpr Argument kStoreKey = with_token(key("storekey", 1).shown_as("key"), "STORE");
constexpr Argument kStoreDistKey = with_token(key("storedistkey", 2).shown_as("key"), "STOREDIST");

// An argument inside another is indented.
// clang-format off
constexpr Argument kGeoaddArguments[] = {
    key(),
    one_of("condition", 2).since("6.2.0").optional(),
      token("nx", "NX"),
      token("xx", "XX"),
    token("change", "CH").since("6.2.0").optional(),
    block("data", 3).multiple(),
      real("longitude"),
      real("latitude"),
      string("member"),
};
constexpr Argument kGeodistArguments[] = {
    key(),
    string("member1"),
    string("member2"),
    kUnit.optional(),
      kMeters, kKilometers, kFeet, kMiles,
};
constexpr Argument kMembersArguments[] = {key(), string("member").optional().multiple()};
constexpr Argument kGeoradiusArguments[] = {
    key(),
    real("longitude"),
    real("latitude"),
    real("radius"),
    kUnit,
      kMeters, kKilometers, kFeet, kMiles,
    kWithCoord,
    kWithDist,
    kWithHash,
    kCountBlock,
      kCount,
      kAny.since("6.2.0"),
    kOrder,
      kAscending, kDescending,
    one_of("store", 2).optional(),
      kStoreKey,
      kStoreDistKey,
};
constexpr Argument kGeoradiusRoArguments[] = {
    key(),
    real("longitude"),
    real("latitude"),
    real("radius"),
    kUnit,
      kMeters, kKilometers, kFeet, kMiles,
    kWithCoord,
    kWithDist,
    kWithHash,
    kCountBlock,
      kCount,
      kAny.since("6.2.0"),
    kOrder,
      kAscending, kDescending,
};
constexpr Argument kGeoradiusbymemberArguments[] = {
    key(),
    string("member"),
    real("radius"),
    kUnit,
      kMeters, kKilometers, kFeet, kMiles,
    kWithCoord,
    kWithDist,
    kWithHash,
    kCountBlock,
      kCount,
      kAny,
    kOrder,
      kAscending, kDescending,
    one_of("store", 2).optional(),
      kStoreKey,
      kStoreDistKey,
};
constexpr Argument kGeoradiusbymemberRoArguments[] = {
    key(),
    string("member"),
    real("radius"),
    kUnit,
      kMeters, kKilometers, kFeet, kMiles,
    kWithCoord,
    kWithDist,
    kWithHash,
    kCountBlock,
      kCount,
      kAny,
    kOrder,
      kAscending, kDescending,
};
constexpr Argument kGeosearchArguments[] = {
    key(),
    one_of("from", 2),
      string("member", "FROMMEMBER"),
      block("fromlonlat", 2, "FROMLONLAT"),
        real("longitude"),
        real("latitude"),
    one_of("by", 2),
      block("circle", 2),
        real("radius", "BYRADIUS"),
        kUnit,
          kMeters, kKilometers, kFeet, kMiles,
      block("box", 3),
        real("width", "BYBOX"),
        real("height"),
        kUnit,
          kMeters, kKilometers, kFeet, kMiles,
    kOrder,
      kAscending, kDescending,
    kCountBlock,
      kCount,
      kAny,
    kWithCoord,
    kWithDist,
    kWithHash,
};
constexpr Argument kGeosearchstoreArguments[] = {
    key("destination"),
    key("source", 1),
    one_of("from", 2),
      string("member", "FROMMEMBER"),
      block("fromlonlat", 2, "FROMLONLAT"),
        real("longitude"),
        real("latitude"),
    one_of("by", 2),
      block("circle", 2),
        real("radius", "BYRADIUS"),
        kUnit,
          kMeters, kKilometers, kFeet, kMiles,
      block("box", 3),
        real("width", "BYBOX"),
        real("height"),
        kUnit,
          kMeters, kKilometers, kFeet, kMiles,
    kOrder,
      kAscending, kDescending,
    kCountBlock,
      kCount,
      kAny,
    token("storedist", "STOREDIST").optional(),
};
// clang-format on

// The key behind that option, which is at `from` or later.
constexpr KeySpec key_behind(std::string_view option, int from) {
  KeySpec spec = key_at(from, kKeyOverwrites | kKeyUpdate);
  spec.begin = KeySpec::Begin::kKeyword;
  spec.keyword = option;
  return spec;
}
constexpr KeySpec kGeoradiusSpec[] = {key_at(1, kKeyReads | kKeyAccess), key_behind("STORE", 6),
                                      key_behind("STOREDIST", 6)};
constexpr KeySpec kGeoradiusbymemberSpec[] = {key_at(1, kKeyReads | kKeyAccess), key_behind("STORE", 5),
                                              key_behind("STOREDIST", 5)};
constexpr KeySpec kGeosearchstoreSpec[] = {key_at(1, kKeyOverwrites | kKeyUpdate),
                                           key_at(2, kKeyReads | kKeyAccess)};

constexpr Change kAnyAdded{"6.2.0", "Option ANY of COUNT."};
constexpr Change kUnitsInCapitals{"7.0.0", "Units in capital letters."};
constexpr Change kGeoaddHistory[] = {{"6.2.0", "Options CH, NX and XX."}};
constexpr Change kGeoradiusHistory[] = {kAnyAdded, kUnitsInCapitals};
constexpr Change kGeoradiusRoHistory[] = {kAnyAdded};
constexpr Change kUnitsHistory[] = {kUnitsInCapitals};

constexpr std::string_view kOneTime = "O(1) for each member given";
constexpr std::string_view kSearchTime =
    "O(log(M)+N) with M members in the sorted set, N of them in the cells of the map that cover the shape";

constexpr CommandDocs kDocs[] = {
    {.name = "geoadd",
     .since = "3.2.0",
     .summary = "Adds members with positions to a sorted set, or moves those that it has.",
     .complexity = "O(log(N)) for each member given, with N members in the sorted set",
     .arguments = kGeoaddArguments,
     .key_specs = kUpdates,
     .history = kGeoaddHistory},
    {.name = "geodist",
     .since = "3.2.0",
     .summary = "Replies how far two members are from each other.",
     .complexity = "O(1)",
     .arguments = kGeodistArguments,
     .key_specs = kReads},
    {.name = "geohash",
     .since = "3.2.0",
     .summary = "Replies the positions of members as geohash texts.",
     .complexity = kOneTime,
     .arguments = kMembersArguments,
     .key_specs = kReads},
    {.name = "geopos",
     .since = "3.2.0",
     .summary = "Replies the longitudes and latitudes of members.",
     .complexity = kOneTime,
     .arguments = kMembersArguments,
     .key_specs = kReads},
    {.name = "georadius",
     .since = "3.2.0",
     .summary = "Replies or stores the members in a circle around a position.",
     .complexity = kSearchTime,
     .arguments = kGeoradiusArguments,
     .key_specs = kGeoradiusSpec,
     .history = kGeoradiusHistory,
     .deprecated_since = "6.2.0",
     .replaced_by = "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument"},
    {.name = "georadius_ro",
     .since = "3.2.10",
     .summary = "Replies the members in a circle around a position.",
     .complexity = kSearchTime,
     .arguments = kGeoradiusRoArguments,
     .key_specs = kReads,
     .history = kGeoradiusRoHistory,
     .deprecated_since = "6.2.0",
     .replaced_by = "`GEOSEARCH` with the `BYRADIUS` argument"},
    {.name = "georadiusbymember",
     .since = "3.2.0",
     .summary = "Replies or stores the members in a circle around one of them.",
     .complexity = kSearchTime,
     .arguments = kGeoradiusbymemberArguments,
     .key_specs = kGeoradiusbymemberSpec,
     .history = kUnitsHistory,
     .deprecated_since = "6.2.0",
     .replaced_by = "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments"},
    {.name = "georadiusbymember_ro",
     .since = "3.2.10",
     .summary = "Replies the members in a circle around one of them.",
     .complexity = kSearchTime,
     .arguments = kGeoradiusbymemberRoArguments,
     .key_specs = kReads,
     .deprecated_since = "6.2.0",
     .replaced_by = "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments"},
    {.name = "geosearch",
     .since = "6.2.0",
     .summary = "Replies the members in a circle or a rectangle.",
     .complexity = kSearchTime,
     .arguments = kGeosearchArguments,
     .key_specs = kReads,
     .history = kUnitsHistory},
    {.name = "geosearchstore",
     .since = "6.2.0",
     .summary = "Stores the members in a circle or a rectangle as another sorted set.",
     .complexity = kSearchTime,
     .arguments = kGeosearchstoreArguments,
     .key_specs = kGeosearchstoreSpec,
     .history = kUnitsHistory},
};

}  // namespace

std::span<const CommandDocs> geo_docs() {
  return kDocs;
}

}  // namespace stave
