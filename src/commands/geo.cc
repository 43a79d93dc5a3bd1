// SPDX-License-Identifier: Apache-2.0
// Members of sorted sets with positions as scores (geohash.h): adding and looking at them, and the table of
// all geo commands.
#include "src/commands/geo.h"

#include <cmath>
#include <cstdio>

#include "src/ascii.h"
#include "src/command.h"
#include "src/commands/zsets.h"
#include "src/numbers.h"

namespace stave {
namespace {

bool parse_option(std::string_view word, AddOptions& options) {
  if (ascii::equal(word, "nx")) return options.only_if_absent = true;
  if (ascii::equal(word, "xx")) return options.only_if_present = true;
  if (ascii::equal(word, "ch")) return options.count_updates = true;
  return false;
}

// GEOADD key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]
Status geoadd(Context& context, Args args) {
  AddOptions options;
  Args words = args.subspan(2);
  while (!words.empty() && parse_option(words[0], options)) words = words.subspan(1);
  const bool contradicts = options.only_if_absent && options.only_if_present;
  if (words.empty() || words.size() % 3 != 0 || contradicts) return errors::kSyntax;
  Pairs pairs;
  pairs.reserve(words.size() / 3);
  for (; !words.empty(); words = words.subspan(3)) {
    auto position = position_argument(words);
    if (!position.ok()) return position.take_status();
    pairs.push_back({words[2], geo::score_of(*position)});
  }
  return add_members(context, args[1], options, pairs);
}

// GEODIST key member member [M | KM | FT | MI]
Status geodist(Context& context, Args args) {
  if (args.size() > 5) return errors::kSyntax;
  auto unit = unit_argument(args.size() == 5 ? args[4] : "m");
  if (!unit.ok()) return unit.take_status();
  auto zset = context.zset(args[1]);
  if (!zset.ok()) return zset.take_status();
  const auto one = zset->score(args[2]);
  const auto other = zset->score(args[3]);
  if (one && other) {
    const double distance_m = geo::distance_m(geo::position_of(*one), geo::position_of(*other));
    reply_distance(context.reply, distance_m / *unit);
  } else {
    context.reply.null();
  }
  return {};
}

// An array with what `reply_one` makes of each member's position; it gets none for a member that is absent.
template <typename ReplyOne>
Status reply_positions(Context& context, Args args, ReplyOne reply_one) {
  auto zset = context.zset(args[1]);
  if (!zset.ok()) return zset.take_status();
  const Args members = args.subspan(2);
  context.reply.array(members.size());
  for (const std::string_view member : members) {
    const auto score = zset->score(member);
    reply_one(score ? std::optional(geo::position_of(*score)) : std::nullopt);
  }
  return {};
}

// GEOHASH key [member ...]
Status geohash(Context& context, Args args) {
  return reply_positions(context, args, [&](const auto& position) {
    position ? context.reply.bulk(geo::geohash_text(*position)) : context.reply.null();
  });
}

// GEOPOS key [member ...]
Status geopos(Context& context, Args args) {
  return reply_positions(context, args, [&](const auto& position) {
    position ? reply_position(context.reply, *position) : context.reply.null_array();
  });
}

// The range of these rows is for routing, and find_keys says which the keys are.
constexpr Command radius_command(std::string_view name, DataFunction function, int arity,
                                 void (*find_keys)(Args, std::vector<int>&)) {
  constexpr std::uint32_t kFlags = kWrite | kDenyOom | kMovableKeys | kOneChange;
  Command command = data_command(name, function, arity, kFlags, {1, -1, 1}, "geo");
  command.find_keys = find_keys;
  return command;
}
constexpr Command reading_command(std::string_view name, DataFunction function, int arity) {
  return data_command(name, function, arity, kReadOnly, {1, 1, 1}, "geo");
}

constexpr Command kGeoCommands[] = {
    data_command("geoadd", geoadd, -5, kWrite | kDenyOom, {1, 1, 1}, "geo"),
    reading_command("geodist", geodist, -4),
    reading_command("geohash", geohash, -2),
    reading_command("geopos", geopos, -2),
    radius_command("georadius", georadius, -6, find_georadius_keys),
    reading_command("georadius_ro", georadius_ro, -6),
    radius_command("georadiusbymember", georadiusbymember, -5, find_georadiusbymember_keys),
    reading_command("georadiusbymember_ro", georadiusbymember_ro, -5),
    reading_command("geosearch", geosearch, -7),
    data_command("geosearchstore", geosearchstore, -8, kWrite | kDenyOom | kOneChange, {1, 2, 1}, "geo"),
};

}  // namespace

std::span<const Command> geo_commands() {
  return kGeoCommands;
}

Result<geo::Position> position_argument(Args words) {
  const auto longitude = parse_double(words[0]);
  const auto latitude = parse_double(words[1]);
  if (!longitude || !latitude) return errors::kNotAFloat;
  const geo::Position position{*longitude, *latitude};
  if (geo::on_map(position)) return position;
  constexpr std::size_t kBytesMax = 700;  // the largest double has 309 digits before the point
  char text[kBytesMax];
  std::snprintf(text, sizeof text, "ERR invalid longitude,latitude pair %f,%f", *longitude, *latitude);
  return Status::error(text);
}

Result<double> unit_argument(std::string_view word) {
  if (ascii::equal(word, "m")) return 1.0;
  if (ascii::equal(word, "km")) return 1000.0;
  if (ascii::equal(word, "ft")) return 0.3048;
  if (ascii::equal(word, "mi")) return 1609.34;
  return Error{"ERR unsupported unit provided. please use M, KM, FT, MI"};
}

void reply_position(resp::ReplyWriter& reply, geo::Position position) {
  reply.array(2);
  reply.double_text(long_double_text(position.longitude));
  reply.double_text(long_double_text(position.latitude));
}

void reply_distance(resp::ReplyWriter& reply, double distance) {
  constexpr long long kUnits = 10'000;
  const long long units = std::llrint(distance * static_cast<double>(kUnits));
  char text[48];
  std::snprintf(text, sizeof text, "%lld.%04lld", units / kUnits, units % kUnits);
  reply.bulk(text);
}

}  // namespace stave
