# SPDX-License-Identifier: Apache-2.0
"""The commands on sorted sets with every option, right and wrong, but for WITHSCORE of ZRANK, which 7.0 lacks.
Ranges of members mean something only while all scores are equal, so those have sorted sets made for them.
"""

from . import compare, elements
from .world import Case, Group

ZSETS = Group()

MEMBERS = [b"m%d" % number for number in range(10)] + [b"1", b"-5", b"", b"\x00", b"\xff\r\n", "член".encode(), b"m" * 64,
                                                       b"m" * 65]
SCORES = ["0", "1", "1", "2", "3", "-1", "-2", "0.1", "0.5", "-2.5", "1e20", "1e17", "-1e-5", "inf", "-inf", "+inf",
          "4503599627370497.5", "3.14159265358979323846"]
BOUNDS = ["-inf", "+inf", "inf", "(0", "(1", "1", "0", "(-1", "2", "0.1", "(0.1", "(inf", "(-inf", "1e20", "-5", "5"]
ODD_BOUNDS = ["", "(", " 1", "1 ", "abc", "(abc", "nan", "((1", "1e999", "[1", "(1x", "0x10", "1\x002"]
MEMBER_BOUNDS = ["-", "+", "[", "(", "[m", "[m3", "(m3", "[m7", "(m9", "[\xff", "[a", "(z"]
ODD_MEMBER_BOUNDS = ["", "m3", "-1", "+inf", "--", "]m", "0", "-\x00x"]


def _key(world):
    return world.choice(world.zsets) if world.chance(0.6) else world.key()


def _inputs(world, most):
    """Keys, now and then of a set."""
    return [world.choice(world.sets) if world.chance(0.2) else _key(world) for _ in range(world.between(1, most))]


def _member(world):
    return world.choice(MEMBERS) if world.chance(0.95) else world.value()


def _members(world, most):
    return [_member(world) for _ in range(world.between(1, most))]


def _score(world):
    pick = world.random.random()
    if pick < 0.75:
        return world.choice(SCORES)
    return str(world.between(-20, 20)) if pick < 0.92 else world.real()


def _right_score(world):
    return world.choice(SCORES) if world.chance(0.7) else str(world.between(-20, 20))


def _pairs(world):
    """Mostly a few; sometimes so many that the sorted set outgrows its small forms."""
    pick = world.random.random()
    if pick < 0.05:
        names = elements.many(b"member:", world.between(20, 200))
        return [word for name in names for word in (_right_score(world), name)]
    return [word for member in _members(world, 6) for word in (_score(world), member)]


def _bounds(world):
    return [world.choice(BOUNDS if world.chance(0.93) else ODD_BOUNDS) for _ in range(2)]


def _member_bounds(world):
    bounds = [world.choice(MEMBER_BOUNDS if world.chance(0.93) else ODD_MEMBER_BOUNDS) for _ in range(2)]
    return [bound.encode("latin-1") for bound in bounds]


def _ranks(world):
    if world.chance(0.1):
        return [world.index(), world.index()]
    return [world.choice(["0", "1", "2", "5", "-1", "-2", "-5", "100", "-100"]) for _ in range(2)]


def _limit(world, probability):
    numbers = [world.choice(["0", "0", "1", "2", "5", "100", "-1", "-2", "9223372036854775807"]) for _ in range(2)]
    if world.chance(0.05):
        numbers[world.between(0, 1)] = world.choice(["abc", "", "1.5", "9223372036854775808"])
    return world.maybe(probability, world.mixed_case("LIMIT"), *numbers)


def _uniform(world, key):
    """Makes the key a sorted set of equal scores."""
    members = [member for member in _members(world, 12)]
    if world.chance(0.1):
        members += elements.many(b"member:", world.between(20, 200))
    score = world.choice(["0", "0", "1.5"])
    words = [word for member in members for word in (score, member)]
    return [Case(["DEL", key], mutable=False), Case(["ZADD", key, *words], mutable=False)]


@ZSETS.command(weight=12)
def zadd(world):
    pick = world.random.random()
    options = []
    if pick > 0.5:
        options = [world.maybe(chance, world.mixed_case(word))
                   for word, chance in (("NX", 0.2), ("XX", 0.25), ("GT", 0.25), ("LT", 0.25), ("CH", 0.4), ("INCR", 0.2))]
    words = [_score(world), _member(world)] if world.chance(0.4) else _pairs(world)
    return Case(["ZADD", _key(world), *world.shuffled(options), *words, *world.maybe(0.03, "1")], compare.scored)


@ZSETS.command(weight=4)
def zincrby(world):
    increment = world.choice(["NX", "XX", "CH"]) if world.chance(0.02) else _score(world)
    return Case(["ZINCRBY", _key(world), increment, _member(world)], compare.scored)


@ZSETS.command(weight=4)
def zrem(world):
    return ["ZREM", _key(world), *_members(world, 5)]


@ZSETS.command(weight=1)
def zrem_all(world):
    """So that a sorted set goes by losing its last member."""
    key = _key(world)
    return [Case(["ZREM", key, *MEMBERS, *elements.many(b"member:", 200)], mutable=False),
            Case(["EXISTS", key], mutable=False)]


@ZSETS.command(weight=4)
def zscore(world):
    return Case(["ZSCORE", _key(world), _member(world)], compare.scored)


@ZSETS.command(weight=2)
def zmscore(world):
    return Case(["ZMSCORE", _key(world), *_members(world, 6)], compare.scored)


@ZSETS.command(weight=2)
def zcard(world):
    return ["ZCARD", _key(world)]


@ZSETS.command(weight=3)
def zrank(world):
    return Case([world.choice(["ZRANK", "ZREVRANK"]), _key(world), _member(world)], mutable=False)


@ZSETS.command(weight=3)
def zcount(world):
    return ["ZCOUNT", _key(world), *_bounds(world)]


@ZSETS.command(weight=10)
def zrange(world):
    by_score = world.chance(0.5)
    bounds = _bounds(world) if by_score else _ranks(world)
    options = world.shuffled([world.maybe(1 if by_score else 0.02, world.mixed_case("BYSCORE")),
                              world.maybe(0.4, world.mixed_case("REV")), _limit(world, 0.4 if by_score else 0.04),
                              world.maybe(0.5, world.mixed_case("WITHSCORES")),
                              world.maybe(0.03, world.choice(["FOO", "REV", "BYSCORE", "LIMIT", ""]))])
    if world.chance(0.25):
        return Case(["ZRANGESTORE", _key(world), _key(world), *bounds, *options], compare.scored)
    return Case(["ZRANGE", _key(world), *bounds, *options], compare.scored)


@ZSETS.command(weight=4)
def zrangebyscore(world):
    options = world.shuffled([_limit(world, 0.5), world.maybe(0.5, world.mixed_case("WITHSCORES")),
                              world.maybe(0.03, world.choice(["FOO", "REV", "BYSCORE", "LIMIT", ""]))])
    return Case([world.choice(["ZRANGEBYSCORE", "ZREVRANGEBYSCORE"]), _key(world), *_bounds(world), *options],
                compare.scored)


@ZSETS.command(weight=3)
def zrevrange(world):
    words = world.maybe(0.5, world.mixed_case("WITHSCORES")) + world.maybe(0.03, world.choice(["REV", "FOO"]))
    return Case(["ZREVRANGE", _key(world), *_ranks(world), *words], compare.scored)


@ZSETS.command(weight=6)
def by_member(world):
    key, bounds = _key(world), _member_bounds(world)
    limit = _limit(world, 0.4)
    lines = [["ZRANGEBYLEX", key, *bounds, *limit], ["ZREVRANGEBYLEX", key, *bounds, *limit],
             ["ZLEXCOUNT", key, *bounds], ["ZREMRANGEBYLEX", key, *bounds],
             ["ZRANGE", key, *bounds, "BYLEX", *limit, *world.maybe(0.4, "REV"), *world.maybe(0.05, "WITHSCORES")],
             ["ZRANGESTORE", _key(world), key, *bounds, "bylex", *limit, *world.maybe(0.4, "rev")]]
    chosen = [Case(world.choice(lines), compare.scored, mutable=False) for _ in range(world.between(1, 4))]
    return _uniform(world, key) + chosen


@ZSETS.command(weight=4)
def zpop(world):
    words = world.maybe(0.6, world.choice(["0", "1", "2", "3", "10", "100", "-1", "abc", "", "9223372036854775807"]))
    return Case([world.choice(["ZPOPMIN", "ZPOPMAX"]), _key(world), *words, *(world.maybe(0.03, "1") if words else [])],
                compare.scored)


@ZSETS.command(weight=3)
def zmpop(world):
    """Never with a huge number of keys, which redis-server 7.0 adds up without a look."""
    keys = [_key(world) for _ in range(world.between(1, 4))]
    number = len(keys) if world.chance(0.9) else world.choice([0, -1, 1, 5, 6, "abc", ""])
    count = world.choice(["1", "2", "10", "0", "-1", "abc", "9223372036854775807"])
    words = [world.mixed_case(world.choice(["MIN", "MAX"])), *world.maybe(0.5, world.mixed_case("COUNT"), count),
             *world.maybe(0.04, world.choice(["COUNT", "FOO", ""]))]
    return Case(["ZMPOP", number, *keys, *words], compare.scored, mutable=False)


@ZSETS.command(weight=3)
def blocking_pop(world):
    """Never with a timeout that waits for long: nobody adds members meanwhile."""
    keys = [_key(world) for _ in range(world.between(1, 3))]
    timeout = world.choice(["0.001", "1e-3", "0.002"]) if world.chance(0.9) else world.choice(["abc", "", "-1", "nan"])
    if world.chance(0.7):
        return Case([world.choice(["BZPOPMIN", "BZPOPMAX"]), *keys, timeout], compare.scored, mutable=False)
    number = len(keys) if world.chance(0.9) else world.choice([0, -1, 1, 4, "abc", ""])
    words = [world.mixed_case(world.choice(["MIN", "MAX"])),
             *world.maybe(0.5, world.mixed_case("COUNT"), world.choice(["1", "2", "0", "abc"]))]
    return Case(["BZMPOP", timeout, number, *keys, *words], compare.scored, mutable=False)


@ZSETS.command(weight=3)
def zrandmember(world):
    key = _key(world)
    look = ["ZRANGE", key, "0", "-1", "WITHSCORES"]
    if world.chance(0.2):
        return elements.drawn(look, ["ZRANDMEMBER", key])
    words = world.maybe(0.5, world.mixed_case("WITHSCORES"))
    words += world.maybe(0.03, world.choice(["FOO", "WITHSCORES", ""]))
    return elements.drawn(look, ["ZRANDMEMBER", key, elements.count(world), *words])


@ZSETS.command(weight=3)
def zscan(world):
    key = _key(world)
    return elements.scanned(["ZRANGE", key, "0", "-1", "WITHSCORES"], ["ZSCAN", key, *elements.scan_words(world, "FOO")])


def _combining_options(world, keys):
    weights = [world.choice(["1", "2", "0", "-1", "0.1", "inf", "-inf", "1e300"]) for _ in keys]
    if world.chance(0.05):
        weights[0] = world.choice(["abc", "nan", "", "1x"])
    if world.chance(0.05):
        weights.append("1")
    how = world.choice(["SUM", "MIN", "MAX", "MIN", "MAX", world.choice(["FOO", ""])])
    return [world.maybe(0.4, world.mixed_case("WEIGHTS"), *weights),
            world.maybe(0.5, world.mixed_case("AGGREGATE"), world.mixed_case(how))]


def _number_of(world, keys):
    return len(keys) if world.chance(0.92) else world.choice([0, -1, 1, 5, 6, "abc", "", "9223372036854775808"])


@ZSETS.command(weight=7)
def combined(world):
    keys = _inputs(world, 4)
    name = world.choice(["ZUNION", "ZINTER", "ZDIFF"])
    options = _combining_options(world, keys) if name != "ZDIFF" or world.chance(0.1) else []
    options += [world.maybe(0.6, world.mixed_case("WITHSCORES")), world.maybe(0.03, world.choice(["FOO", "LIMIT", ""]))]
    return Case([name, _number_of(world, keys), *keys, *world.shuffled(options)], compare.scored)


@ZSETS.command(weight=7)
def stored(world):
    keys = _inputs(world, 4)
    name = world.choice(["ZUNIONSTORE", "ZINTERSTORE", "ZDIFFSTORE"])
    options = _combining_options(world, keys) if name != "ZDIFFSTORE" or world.chance(0.1) else []
    options += [world.maybe(0.03, world.choice(["FOO", "WITHSCORES", ""]))]
    target = world.choice(keys) if world.chance(0.2) else _key(world)
    return Case([name, target, _number_of(world, keys), *keys, *world.shuffled(options)], compare.scored)


@ZSETS.command(weight=3)
def zintercard(world):
    keys = _inputs(world, 4)
    limit = world.choice(["0", "1", "2", "100", "-1", "abc", "", "9223372036854775807"])
    return ["ZINTERCARD", _number_of(world, keys), *keys, *world.maybe(0.4, world.mixed_case("LIMIT"), limit),
            *world.maybe(0.04, world.choice(["LIMIT", "FOO", ""]))]


@ZSETS.command(weight=4)
def zremrange(world):
    if world.chance(0.5):
        return ["ZREMRANGEBYRANK", _key(world), *_ranks(world)]
    return ["ZREMRANGEBYSCORE", _key(world), *_bounds(world)]


@ZSETS.command(weight=3)
def encoding(world):
    return elements.encoding(world, _key(world))
