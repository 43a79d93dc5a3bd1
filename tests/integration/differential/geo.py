# SPDX-License-Identifier: Apache-2.0
"""The geo commands with every option, right and wrong. Replies without an order are compared as they come:
Stave searches the map as Redis does. Only which of several members at the same distance a COUNT leaves out is
free, so it gets sorted sets made for it.
"""

from . import compare
from .world import Case, Group

GEO = Group()

MEMBERS = [b"m%d" % number for number in range(10)] + [b"1", b"-5", b"", b"\x00", "член".encode()]
LONGITUDES = ["0", "180", "-180", "13.361389", "15.087269", "179.99", "-179.99", "90", "-0.0001", "1e-9", "-122.4"]
LATITUDES = ["0", "85.05112878", "-85.05112878", "38.115556", "37.502669", "70", "-82", "84.9", "-84.9", "1e-9", "45"]
WRONG_DEGREES = ["180.0001", "-181", "85.06", "-90", "inf", "-inf", "nan", "abc", "", "1e300", "1x"]
LENGTHS = ["0", "1", "100", "190", "200", "1000", "5000", "20000", "0.5", "1e7", "inf", "250.75"]
WRONG_LENGTHS = ["-1", "abc", "", "nan", "-inf", "1x", "-0"]
UNITS = ["m", "km", "km", "ft", "mi", "KM", "Mi"]


def _key(world):
    return world.choice(world.geo_keys) if world.chance(0.85) else world.key()


def _member(world):
    return world.choice(MEMBERS) if world.chance(0.97) else world.value()


def _position(world, wrong=0.04):
    if world.chance(wrong):
        return [world.choice(LONGITUDES + WRONG_DEGREES), world.choice(LATITUDES + WRONG_DEGREES)]
    pick = world.random.random()
    if pick < 0.3:
        return [world.choice(LONGITUDES), world.choice(LATITUDES)]
    if pick < 0.6:  # near each other
        return [f"{world.random.gauss(13.4, 1):.6f}", f"{world.random.gauss(38.1, 1):.6f}"]
    return _any_position(world)


def _any_position(world):
    return [repr(world.random.uniform(-180, 180)), repr(world.random.uniform(-85.05, 85.05))]


def _length(world, wrong=0.05):
    if world.chance(wrong):
        return world.choice(WRONG_LENGTHS)
    return world.choice(LENGTHS) if world.chance(0.6) else repr(world.random.uniform(0, 3000))


def _unit(world, wrong=0.03):
    return world.choice(["x", "", "kmm"]) if world.chance(wrong) else world.choice(UNITS)


@GEO.command(weight=12)
def geoadd(world):
    options = world.shuffled([world.maybe(chance, world.mixed_case(word))
                              for word, chance in (("NX", 0.15), ("XX", 0.15), ("CH", 0.3))])
    points = [word for _ in range(world.between(1, 8)) for word in (*_position(world, 0.01), _member(world))]
    return ["GEOADD", _key(world), *options, *points, *world.maybe(0.03, "1")]


@GEO.command(weight=1)
def geoadd_many(world):
    points = [word for number in range(world.between(50, 300)) for word in (*_position(world, 0), b"point:%d" % number)]
    return Case(["GEOADD", _key(world), *points], mutable=False)


@GEO.command(weight=2)
def odd_scores(world):
    """Scores that are no positions."""
    score = world.choice(["-1", "inf", "-inf", "4503599627370496", "9007199254740993", "1e18", "1e19", "-1e19", "0.5", "1.9e19",
                          "3479099956230698", "-9223372036854775808", "9223372036854775808"])
    return Case(["ZADD", _key(world), score, _member(world)], mutable=False)


@GEO.command(weight=4)
def geodist(world):
    return ["GEODIST", _key(world), _member(world), _member(world), *world.maybe(0.7, _unit(world)), *world.maybe(0.02, "m")]


@GEO.command(weight=3)
def geohash(world):
    return ["GEOHASH", _key(world), *[_member(world) for _ in range(world.between(0, 5))]]


@GEO.command(weight=3)
def geopos(world):
    return ["GEOPOS", _key(world), *[_member(world) for _ in range(world.between(0, 5))]]


def _replied(world):
    return [world.maybe(0.3, world.mixed_case(word)) for word in ("WITHDIST", "WITHHASH", "WITHCOORD")]


def _order(world, probability=0.4):
    return world.maybe(probability, world.mixed_case(world.choice(["ASC", "DESC"])))


def _count(world):
    """With ANY, or only wrong ones."""
    count = world.choice(["1", "2", "3", "5", "100", "9223372036854775807"])
    if world.chance(0.1):
        return world.choice([["COUNT", "0"], ["COUNT", "-1"], ["COUNT", "abc"], ["COUNT"], ["ANY"]])
    return world.maybe(0.3, world.mixed_case("COUNT"), count, world.mixed_case("ANY"))


def _odd(world, *words):
    return world.maybe(0.03, world.choice(["FOO", "ANY", "STOREDIST", "STORE", "FROMMEMBER", "", *words]))


def _fixed_center(world):
    """Name and arguments of the older commands up to the unit."""
    if world.chance(0.5):
        return world.choice(["GEORADIUS", "GEORADIUS_RO"]), [*_position(world), _length(world), _unit(world)]
    return world.choice(["GEORADIUSBYMEMBER", "GEORADIUSBYMEMBER_RO"]), [_member(world), _length(world), _unit(world)]


@GEO.command(weight=8)
def georadius(world):
    name, center = _fixed_center(world)
    options = world.shuffled([*_replied(world), _order(world), _count(world), _odd(world)])
    return [name, _key(world), *center, *options]


@GEO.command(weight=3)
def georadius_stored(world):
    name, center = _fixed_center(world)
    stores = world.maybe(0.8, world.mixed_case("STORE"), _key(world))
    distances = world.maybe(0.3 if stores else 0.9, world.mixed_case("STOREDIST"), _key(world))
    options = world.shuffled([stores, distances, _order(world), _count(world), _odd(world),
                              world.maybe(0.05, world.choice(["WITHDIST", "WITHHASH", "WITHCOORD"]))])
    return [name, _key(world), *center, *options]


def _center(world):
    if world.chance(0.5):
        return [world.mixed_case("FROMMEMBER"), _member(world)]
    return [world.mixed_case("FROMLONLAT"), *_position(world)]


def _shape(world):
    if world.chance(0.5):
        return [world.mixed_case("BYRADIUS"), _length(world), _unit(world)]
    return [world.mixed_case("BYBOX"), _length(world), _length(world), _unit(world)]


def _center_and_shape(world):
    """Now and then one of them is missing, or there are two."""
    parts = [_center(world), _shape(world)]
    if world.chance(0.04):
        parts.pop(world.between(0, 1))
    return parts + [world.maybe(0.03, *_center(world)), world.maybe(0.03, *_shape(world))]


@GEO.command(weight=12)
def geosearch(world):
    options = world.shuffled([*_center_and_shape(world), *_replied(world), _order(world), _count(world), _odd(world)])
    return ["GEOSEARCH", _key(world), *options]


@GEO.command(weight=5)
def geosearchstore(world):
    options = world.shuffled([*_center_and_shape(world), world.maybe(0.4, world.mixed_case("STOREDIST")), _order(world),
                              _count(world), _odd(world), world.maybe(0.04, world.choice(["WITHDIST", "WITHHASH"]))])
    return ["GEOSEARCHSTORE", _key(world), _key(world), *options]


@GEO.command(weight=5)
def nearest(world):
    """COUNT without ANY, where no two members are at the same distance."""
    key = world.choice(world.geo_keys)
    names = [b"point:%d" % number for number in range(world.between(1, 40))]
    points = [word for name in names for word in (*_any_position(world), name)]
    count = [world.mixed_case("COUNT"), world.between(1, 20)]
    center = ["FROMMEMBER", world.choice(names)] if world.chance(0.5) else ["FROMLONLAT", *_any_position(world)]
    shape = ["BYRADIUS", world.between(1000, 20000), "km"] if world.chance(0.5) else \
            ["BYBOX", world.between(1000, 20000), world.between(1000, 20000), "km"]
    search = world.shuffled([center, shape, count, _order(world)])
    lines = [["GEOSEARCH", key, *search, *world.shuffled(_replied(world))],
             ["GEOSEARCHSTORE", world.choice(world.geo_keys), key, *search, *world.maybe(0.5, "STOREDIST")],
             ["GEORADIUS", key, *_any_position(world), "5000", "mi", *count, *_order(world)],
             ["GEORADIUSBYMEMBER", key, world.choice(names), "9000", "km", *count, "STORE", world.choice(world.geo_keys)]]
    chosen = [Case(line, mutable=False) for line in world.random.sample(lines, k=world.between(1, 3))]
    return [Case(["DEL", key], mutable=False), Case(["GEOADD", key, *points], mutable=False), *chosen]


@GEO.command(weight=3)
def scores(world):
    return Case(["ZRANGE", _key(world), "0", "-1", "WITHSCORES"], compare.scored)
