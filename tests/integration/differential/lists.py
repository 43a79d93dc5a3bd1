# SPDX-License-Identifier: Apache-2.0
"""The list commands with every option, right and wrong."""

from . import elements
from .world import Case, Group

LISTS = Group()

ELEMENTS = [b"e%d" % number for number in range(6)] + [b"1", b"-5", b"01", b"", b"\x00", b"\xff\r\n",
                                                       "элемент".encode(), b"e" * 64]


def _key(world):
    return world.choice(world.lists) if world.chance(0.65) else world.key()


def _element(world):
    """Few different ones, so that many are equal."""
    return world.choice(ELEMENTS) if world.chance(0.9) else world.value()


def _elements(world, most):
    return [_element(world) for _ in range(world.between(1, most))]


def _pushed(world):
    """Mostly a few; sometimes so many that the list outgrows its small form."""
    pick = world.random.random()
    if pick < 0.01:
        return elements.many(b"element:", world.between(400, 1200))
    if pick < 0.04:
        return _elements(world, 200)
    return _elements(world, 6)


def _index(world):
    pick = world.random.random()
    if pick < 0.75:
        return str(world.between(-8, 8))
    return str(world.between(-1500, 1500)) if pick < 0.9 else world.index()


def _end(world):
    word = world.choice(["LEFT", "RIGHT"]) if world.chance(0.97) else world.choice(["FOO", "", "BEFORE", "1"])
    return world.mixed_case(word)


def _count(world):
    if world.chance(0.85):
        return str(world.between(0, 6))
    return world.choice(["10000", "9223372036854775807", "-1", "abc", "", "1.5", "9223372036854775808", " 1"])


@LISTS.command(weight=14)
def push(world):
    return [world.choice(["LPUSH", "RPUSH"]), _key(world), *_pushed(world)]


@LISTS.command(weight=4)
def push_x(world):
    return [world.choice(["LPUSHX", "RPUSHX"]), _key(world), *_elements(world, 4)]


@LISTS.command(weight=8)
def pop(world):
    return [world.choice(["LPOP", "RPOP"]), _key(world), *world.maybe(0.4, _count(world)), *world.maybe(0.02, "1")]


@LISTS.command(weight=2)
def llen(world):
    return ["LLEN", _key(world)]


@LISTS.command(weight=6)
def lrange(world):
    return ["LRANGE", _key(world), _index(world), _index(world)]


@LISTS.command(weight=3)
def lrange_all(world):
    return ["LRANGE", _key(world), "0", "-1"]


@LISTS.command(weight=4)
def lindex(world):
    return ["LINDEX", _key(world), _index(world)]


@LISTS.command(weight=5)
def lset(world):
    return ["LSET", _key(world), _index(world), _element(world)]


@LISTS.command(weight=5)
def linsert(world):
    word = world.choice(["BEFORE", "AFTER"]) if world.chance(0.97) else world.choice(["FOO", "", "LEFT"])
    return ["LINSERT", _key(world), world.mixed_case(word), _element(world), _element(world)]


@LISTS.command(weight=5)
def lrem(world):
    count = str(world.between(-4, 4)) if world.chance(0.9) else world.integer()
    return ["LREM", _key(world), count, _element(world)]


@LISTS.command(weight=1)
def lrem_all(world):
    """So that a list goes by losing its last element."""
    key = _key(world)
    lines = [["DEL", key], ["RPUSH", key, *([b"e1"] * world.between(1, 50))],
             ["LREM", key, world.choice(["0", "-100", "100"]), b"e1"], ["EXISTS", key]]
    return [Case(line, mutable=False) for line in lines]


@LISTS.command(weight=2)
def ltrim(world):
    return ["LTRIM", _key(world), _index(world), _index(world)]


@LISTS.command(weight=3)
def ltrim_a_little(world):
    return ["LTRIM", _key(world), str(world.between(0, 2)), str(world.between(-3, -1))]


@LISTS.command(weight=8)
def lpos(world):
    rank = str(world.between(-3, 3)) if world.chance(0.9) else world.choice(
        ["9223372036854775807", "-9223372036854775807", "abc", "", "1.5", "9223372036854775808"])
    options = [world.maybe(0.5, world.mixed_case("RANK"), rank),
               world.maybe(0.5, world.mixed_case("COUNT"), _count(world)),
               world.maybe(0.3, world.mixed_case("MAXLEN"), _count(world)),
               world.maybe(0.04, world.choice(["RANK", "COUNT", "FOO", ""]))]
    return ["LPOS", _key(world), _element(world), *world.shuffled(options)]


@LISTS.command(weight=6)
def lmove(world):
    source = _key(world)
    target = source if world.chance(0.25) else _key(world)
    return ["LMOVE", source, target, _end(world), _end(world)]


@LISTS.command(weight=3)
def rpoplpush(world):
    source = _key(world)
    return ["RPOPLPUSH", source, source if world.chance(0.25) else _key(world)]


@LISTS.command(weight=6)
def lmpop(world):
    keys = [_key(world) for _ in range(world.between(1, 4))]
    number = len(keys) if world.chance(0.88) else world.choice([0, -1, 1, 5, "abc", "", "9223372036854775808"])
    words = [*world.maybe(0.97, _end(world)), *world.maybe(0.5, world.mixed_case("COUNT"), _count(world)),
             *world.maybe(0.04, world.choice(["COUNT", "FOO", ""]))]
    # Not to be spoilt: 2^63 - 1 keys are the end of redis-server.
    return Case(["LMPOP", number, *keys, *words], mutable=False)


def _timeout(world):
    """Never one that waits for long: nobody pushes meanwhile."""
    return world.choice(["0.001", "1e-3", "0.002"]) if world.chance(0.9) else world.choice(["abc", "", "-1", "nan", "1 "])


@LISTS.command(weight=3)
def blocking_pop(world):
    keys = [_key(world) for _ in range(world.between(1, 3))]
    if world.chance(0.7):
        return Case([world.choice(["BLPOP", "BRPOP"]), *keys, _timeout(world)], mutable=False)
    number = len(keys) if world.chance(0.9) else world.choice([0, -1, 1, 4, "abc", ""])
    words = [*world.maybe(0.97, _end(world)), *world.maybe(0.5, world.mixed_case("COUNT"), _count(world))]
    return Case(["BLMPOP", _timeout(world), number, *keys, *words], mutable=False)


@LISTS.command(weight=3)
def blocking_move(world):
    source = _key(world)
    target = source if world.chance(0.25) else _key(world)
    if world.chance(0.3):
        return Case(["BRPOPLPUSH", source, target, _timeout(world)], mutable=False)
    return Case(["BLMOVE", source, target, _end(world), _end(world), _timeout(world)], mutable=False)


@LISTS.command(weight=2)
def encoding(world):
    return elements.encoding(world, _key(world))
