// SPDX-License-Identifier: Apache-2.0
// GEOSEARCH and GEOSEARCHSTORE, and their predecessors GEORADIUS and GEORADIUSBYMEMBER, which have the center
// and the radius at fixed places and the destination behind an option.
#include <algorithm>

#include "src/ascii.h"
#include "src/commands/arguments.h"
#include "src/commands/geo.h"
#include "src/commands/geo_search.h"
#include "src/commands/zsets.h"
#include "src/numbers.h"

namespace stave {
namespace {

constexpr Error kNoSuchMember{"ERR could not decode requested zset member"};

// Which options a command has.
enum class Syntax {
  kRadius,       // STORE and STOREDIST with a key
  kRadiusRead,   // neither
  kSearch,       // the center and the shape are options
  kSearchStore,  // and STOREDIST is one without a key
};

bool has_shape_options(Syntax syntax) {
  return syntax == Syntax::kSearch || syntax == Syntax::kSearchStore;
}

enum class Order { kAsFound, kNearestFirst, kFarthestFirst };

struct Search {
  geo::Shape shape;
  bool from_member = false;
  bool from_position = false;
  bool by_radius = false;
  bool by_box = false;
  bool with_distance = false;
  bool with_hash = false;
  bool with_position = false;
  bool any = false;
  Order order = Order::kAsFound;
  std::size_t count = 0;  // 0: all
  std::optional<std::string_view> destination;
  std::string_view store_event = "georadiusstore";
  bool store_distances = false;

  bool replies_more() const { return with_distance || with_hash || with_position; }
};

// radius unit
Status parse_radius(Args words, geo::Shape& shape) {
  const auto radius = parse_double(words[0]);
  if (!radius) return Error{"ERR need numeric radius"};
  if (*radius < 0) return Error{"ERR radius cannot be negative"};
  auto unit = unit_argument(words[1]);
  if (!unit.ok()) return unit.take_status();
  shape.is_box = false;
  shape.radius = *radius;
  shape.unit_m = *unit;
  return {};
}

// width height unit
Status parse_box(Args words, geo::Shape& shape) {
  const auto width = parse_double(words[0]);
  if (!width) return Error{"ERR need numeric width"};
  const auto height = parse_double(words[1]);
  if (!height) return Error{"ERR need numeric height"};
  if (*width < 0 || *height < 0) return Error{"ERR height or width cannot be negative"};
  auto unit = unit_argument(words[2]);
  if (!unit.ok()) return unit.take_status();
  shape.is_box = true;
  shape.width = *width;
  shape.height = *height;
  shape.unit_m = *unit;
  return {};
}

Status take_center_of(const ZsetView& zset, std::string_view member, geo::Shape& shape) {
  const auto score = zset.score(member);
  if (!score) return kNoSuchMember;
  shape.center = geo::position_of(*score);
  return {};
}

// Each of these takes the option that `words` begin with, if it knows it, and returns how many words that
// are; 0 if it does not.

std::size_t parse_word(std::string_view word, Syntax syntax, Search& search) {
  const auto is = [word](std::string_view name) { return ascii::equal(word, name); };
  if (is("withdist")) return search.with_distance = true;
  if (is("withhash")) return search.with_hash = true;
  if (is("withcoord")) return search.with_position = true;
  if (is("any")) return search.any = true;
  if (is("storedist") && syntax == Syntax::kSearchStore) return search.store_distances = true;
  const bool ascending = is("asc");
  if (!ascending && !is("desc")) return 0;
  search.order = ascending ? Order::kNearestFirst : Order::kFarthestFirst;
  return 1;
}

// COUNT count, STORE key, STOREDIST key
Result<std::size_t> parse_value(Args words, Syntax syntax, Search& search) {
  constexpr std::size_t kTaken = 2;
  if (words.size() < kTaken) return std::size_t{0};
  if (ascii::equal(words[0], "count")) {
    auto count = integer_argument(words[1]);
    if (!count.ok()) return count.take_status();
    if (*count <= 0) return Error{"ERR COUNT must be > 0"};
    search.count = static_cast<std::size_t>(*count);
    return kTaken;
  }
  const bool distances = ascii::equal(words[0], "storedist");
  if (syntax != Syntax::kRadius || (!distances && !ascii::equal(words[0], "store"))) return std::size_t{0};
  search.destination = words[1];
  search.store_distances = distances;
  return kTaken;
}

// FROMMEMBER member, FROMLONLAT longitude latitude. Where there is no key, no member is looked for.
Result<std::size_t> parse_center(Args words, const ZsetView& zset, Search& search) {
  if (words.size() >= 2 && ascii::equal(words[0], "frommember") && !search.from_position) {
    if (zset.size() > 0) {
      if (Status status = take_center_of(zset, words[1], search.shape); !status.ok()) return status;
    }
    search.from_member = true;
    return std::size_t{2};
  }
  if (words.size() < 3 || !ascii::equal(words[0], "fromlonlat") || search.from_member) return std::size_t{0};
  auto center = position_argument(words.subspan(1));
  if (!center.ok()) return center.take_status();
  search.shape.center = *center;
  search.from_position = true;
  return std::size_t{3};
}

// BYRADIUS radius unit, BYBOX width height unit
Result<std::size_t> parse_shape(Args words, Search& search) {
  if (words.size() >= 3 && ascii::equal(words[0], "byradius") && !search.by_box) {
    if (Status status = parse_radius(words.subspan(1), search.shape); !status.ok()) return status;
    search.by_radius = true;
    return std::size_t{3};
  }
  if (words.size() < 4 || !ascii::equal(words[0], "bybox") || search.by_radius) return std::size_t{0};
  if (Status status = parse_box(words.subspan(1), search.shape); !status.ok()) return status;
  search.by_box = true;
  return std::size_t{4};
}

Result<std::size_t> parse_option(Args words, Syntax syntax, const ZsetView& zset, Search& search) {
  if (const std::size_t taken = parse_word(words[0], syntax, search); taken > 0) return taken;
  auto taken = parse_value(words, syntax, search);
  const bool unknown = taken.ok() && *taken == 0;
  if (!unknown || !has_shape_options(syntax)) return taken;
  taken = parse_center(words, zset, search);
  if (!taken.ok() || *taken > 0) return taken;
  return parse_shape(words, search);
}

// `command` as the client wrote it.
Status check(const Search& search, Syntax syntax, std::string_view command) {
  if (search.destination && search.replies_more()) {
    const std::string what = syntax == Syntax::kSearchStore ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS";
    return Status::error("ERR " + what + " is not compatible with WITHDIST, WITHHASH and WITHCOORD options");
  }
  const std::string for_command = " can be specified for " + std::string(errors::shown(command));
  if (has_shape_options(syntax) && !search.from_member && !search.from_position)
    return Status::error("ERR exactly one of FROMMEMBER or FROMLONLAT" + for_command);
  if (has_shape_options(syntax) && !search.by_radius && !search.by_box)
    return Status::error("ERR exactly one of BYRADIUS and BYBOX" + for_command);
  if (search.any && search.count == 0) return Error{"ERR the ANY argument requires COUNT argument"};
  return {};
}

Status parse_options(Args words, Syntax syntax, std::string_view command, const ZsetView& zset,
                     Search& search) {
  while (!words.empty()) {
    auto taken = parse_option(words, syntax, zset, search);
    if (!taken.ok()) return taken.take_status();
    if (*taken == 0) return errors::kSyntax;
    words = words.subspan(*taken);
  }
  return check(search, syntax, command);
}

// A count means the nearest ones, unless ANY will do.
geo::Matches find(const ZsetView& zset, const Search& search) {
  geo::Matches matches = geo::find_matches(zset, search.shape, search.any ? search.count : 0);
  const bool farthest_first = search.order == Order::kFarthestFirst;
  if (search.order != Order::kAsFound || (search.count > 0 && !search.any)) {
    std::stable_sort(matches.begin(), matches.end(), [=](const geo::Match& a, const geo::Match& b) {
      return farthest_first ? a.distance_m > b.distance_m : a.distance_m < b.distance_m;
    });
  }
  if (search.count > 0 && matches.size() > search.count) matches.resize(search.count);
  return matches;
}

Status store(Context& context, const Search& search, const geo::Matches& matches) {
  std::vector<ScoredMember> members;
  members.reserve(matches.size());
  for (const geo::Match& match : matches) {
    const double score = search.store_distances ? match.distance_m / search.shape.unit_m : match.score;
    members.push_back({match.member, score});
  }
  return store_members(context, *search.destination, members, search.store_event);
}

void reply(resp::ReplyWriter& reply, const Search& search, const geo::Matches& matches) {
  reply.array(matches.size());
  for (const geo::Match& match : matches) {
    if (search.replies_more())
      reply.array(1u + search.with_distance + search.with_hash + search.with_position);
    reply.bulk(match.member);
    if (search.with_distance) reply_distance(reply, match.distance_m / search.shape.unit_m);
    if (search.with_hash) reply.integer(static_cast<std::int64_t>(match.score));
    if (search.with_position) reply_position(reply, match.position);
  }
}

Status run(Context& context, const ZsetView& zset, const Search& search) {
  const geo::Matches matches = zset.size() > 0 ? find(zset, search) : geo::Matches();
  if (search.destination) return store(context, search, matches);
  reply(context.reply, search, matches);
  return {};
}

// GEORADIUS key longitude latitude radius M | KM | FT | MI [WITHCOORD] [WITHDIST] [WITHHASH]
//   [COUNT count [ANY]] [ASC | DESC] [STORE key | STOREDIST key]
Status search_around_position(Context& context, Args args, Syntax syntax) {
  constexpr std::size_t kOptionsAt = 6;
  auto zset = context.zset(args[1]);
  if (!zset.ok()) return zset.take_status();
  Search search;
  auto center = position_argument(args.subspan(2));
  if (!center.ok()) return center.take_status();
  search.shape.center = *center;
  if (Status status = parse_radius(args.subspan(4), search.shape); !status.ok()) return status;
  Status status = parse_options(args.subspan(kOptionsAt), syntax, args[0], *zset, search);
  return status.ok() ? run(context, *zset, search) : std::move(status);
}

// GEORADIUSBYMEMBER key member radius M | KM | FT | MI ... Where there is no key, only the options are looked
// at.
Status search_around_member(Context& context, Args args, Syntax syntax) {
  constexpr std::size_t kOptionsAt = 5;
  auto zset = context.zset(args[1]);
  if (!zset.ok()) return zset.take_status();
  Search search;
  if (zset->size() > 0) {
    if (Status status = take_center_of(*zset, args[2], search.shape); !status.ok()) return status;
    if (Status status = parse_radius(args.subspan(3), search.shape); !status.ok()) return status;
  }
  Status status = parse_options(args.subspan(kOptionsAt), syntax, args[0], *zset, search);
  return status.ok() ? run(context, *zset, search) : std::move(status);
}

Status search_by_options(Context& context, Args args, std::size_t key_at, Syntax syntax) {
  auto zset = context.zset(args[key_at]);
  if (!zset.ok()) return zset.take_status();
  Search search;
  if (syntax == Syntax::kSearchStore) {
    search.destination = args[1];
    search.store_event = "geosearchstore";
  }
  Status status = parse_options(args.subspan(key_at + 1), syntax, args[0], *zset, search);
  return status.ok() ? run(context, *zset, search) : std::move(status);
}

void find_keys_behind_options(Args args, std::size_t options_at, std::vector<int>& positions) {
  positions.push_back(1);
  for (const std::string_view option : {"store", "storedist"}) {
    for (std::size_t i = options_at; i + 1 < args.size(); ++i) {
      if (ascii::equal(args[i], option)) positions.push_back(static_cast<int>(i + 1));
    }
  }
}

}  // namespace

Status georadius(Context& context, Args args) {
  return search_around_position(context, args, Syntax::kRadius);
}
Status georadius_ro(Context& context, Args args) {
  return search_around_position(context, args, Syntax::kRadiusRead);
}
Status georadiusbymember(Context& context, Args args) {
  return search_around_member(context, args, Syntax::kRadius);
}
Status georadiusbymember_ro(Context& context, Args args) {
  return search_around_member(context, args, Syntax::kRadiusRead);
}

// GEOSEARCH key FROMMEMBER member | FROMLONLAT longitude latitude
//   BYRADIUS radius M | KM | FT | MI | BYBOX width height M | KM | FT | MI
//   [ASC | DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]
Status geosearch(Context& context, Args args) {
  return search_by_options(context, args, 1, Syntax::kSearch);
}
// GEOSEARCHSTORE destination key ... [STOREDIST]
Status geosearchstore(Context& context, Args args) {
  return search_by_options(context, args, 2, Syntax::kSearchStore);
}

void find_georadius_keys(Args args, std::vector<int>& positions) {
  find_keys_behind_options(args, 6, positions);
}
void find_georadiusbymember_keys(Args args, std::vector<int>& positions) {
  find_keys_behind_options(args, 5, positions);
}

}  // namespace stave
