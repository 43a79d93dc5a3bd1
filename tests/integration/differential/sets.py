# SPDX-License-Identifier: Apache-2.0
"""The set commands with every option, right and wrong. What SPOP takes is chance, so a set is either emptied by it,
or deleted after it.
"""

from . import compare, elements
from .world import Case, Group

SETS = Group()

INTEGERS = [str(number).encode() for number in range(-3, 12)] + [b"9223372036854775807", b"-9223372036854775808"]
WORDS = [b"m%d" % number for number in range(8)] + [b"", b"01", b"-0", b"+1", b"9223372036854775808", b"\x00", b"\xff\r\n",
                                                    "член".encode(), b"m" * 64, b"m" * 65]


def _key(world):
    return world.choice(world.sets) if world.chance(0.6) else world.key()


def _keys(world, most):
    return [_key(world) for _ in range(world.between(1, most))]


def _member(world):
    pick = world.random.random()
    if pick < 0.6:
        return world.choice(INTEGERS)
    return world.choice(WORDS) if pick < 0.95 else world.value()


def _members(world, most):
    """All of them integers more often than chance would have it."""
    draw = (lambda _: world.choice(INTEGERS)) if world.chance(0.5) else _member
    return [draw(world) for _ in range(world.between(1, most))]


def _added(world):
    """Mostly a few; sometimes so many that the set outgrows its small forms."""
    pick = world.random.random()
    if pick < 0.01:
        return elements.many(world.choice([b"", b"member:"]), world.between(500, 530))
    if pick < 0.04:
        return elements.many(world.choice([b"", b"member:"]), world.between(20, 200))
    return _members(world, 8)


@SETS.command(weight=12)
def sadd(world):
    return ["SADD", _key(world), *_added(world)]


@SETS.command(weight=5)
def srem(world):
    return ["SREM", _key(world), *_members(world, 8)]


@SETS.command(weight=1)
def srem_all(world):
    """So that a set goes by losing its last member."""
    key = _key(world)
    rest = elements.many(b"", 530) + elements.many(b"member:", 530)
    return [Case(["SREM", key, *INTEGERS, *WORDS, *rest], mutable=False), Case(["EXISTS", key], mutable=False)]


@SETS.command(weight=3)
def smembers(world):
    return Case(["SMEMBERS", _key(world)], compare.unordered)


@SETS.command(weight=3)
def sismember(world):
    return ["SISMEMBER", _key(world), _member(world)]


@SETS.command(weight=3)
def smismember(world):
    return ["SMISMEMBER", _key(world), *_members(world, 6)]


@SETS.command(weight=2)
def scard(world):
    return ["SCARD", _key(world)]


@SETS.command(weight=5)
def smove(world):
    source = _key(world)
    return ["SMOVE", source, source if world.chance(0.15) else _key(world), _member(world)]


@SETS.command(weight=5)
def combined(world):
    return Case([world.choice(["SINTER", "SUNION", "SDIFF"]), *_keys(world, 4)], compare.unordered)


@SETS.command(weight=6)
def stored(world):
    sources = _keys(world, 4)
    target = world.choice(sources) if world.chance(0.2) else _key(world)
    return [world.choice(["SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE"]), target, *sources]


@SETS.command(weight=5)
def sintercard(world):
    keys = _keys(world, 4)
    number = len(keys) if world.chance(0.85) else world.choice([0, -1, 1, 5, "abc", "", "9223372036854775808"])
    limit = world.choice(["0", "1", "2", "100", "-1", "abc", "", "9223372036854775807"])
    return ["SINTERCARD", number, *keys, *world.maybe(0.4, world.mixed_case("LIMIT"), limit),
            *world.maybe(0.04, world.choice(["LIMIT", "FOO", ""]))]


@SETS.command(weight=2)
def spop_wrong(world):
    words = world.choice([["-1"], ["abc"], ["1.5"], [""], ["1", "2"], ["9223372036854775808"], ["0"]])
    return Case(["SPOP", _key(world), *words], mutable=False)


@SETS.command(weight=2)
def spop_all(world):
    return Case(["SPOP", _key(world), world.choice(["5000", "9223372036854775807"])], compare.unordered, mutable=False)


@SETS.command(weight=2)
def spop_last(world):
    key = _key(world)
    lines = [["DEL", key], ["SADD", key, _member(world)], ["SPOP", key], ["EXISTS", key], ["SPOP", key]]
    return [Case(line, mutable=False) for line in lines]


@SETS.command(weight=2)
def spop_some(world):
    key = _key(world)
    words = [] if world.chance(0.4) else [world.between(0, 12)]
    cases = [Case(["SADD", key, *_added(world)], mutable=False)]
    cases += elements.drawn(["SMEMBERS", key], ["SPOP", key, *words])
    return cases + [Case(["SCARD", key], mutable=False), Case(["DEL", key], mutable=False)]


@SETS.command(weight=4)
def srandmember(world):
    key = _key(world)
    words = world.maybe(0.8, elements.count(world))
    return elements.drawn(["SMEMBERS", key], ["SRANDMEMBER", key, *words, *(world.maybe(0.03, "1") if words else [])])


@SETS.command(weight=4)
def sscan(world):
    key = _key(world)
    return elements.scanned(["SMEMBERS", key], ["SSCAN", key, *elements.scan_words(world, "FOO")])


@SETS.command(weight=3)
def encoding(world):
    return elements.encoding(world, _key(world))
