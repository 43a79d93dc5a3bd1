# SPDX-License-Identifier: Apache-2.0
"""The hash commands with every option, right and wrong."""

from . import compare, elements
from .world import Case, Group

HASHES = Group()

FIELDS = [b"f%d" % number for number in range(12)] + [b"1", b"-5", b"", b"\x00", b"\xff\r\n", "поле".encode(),
                                                       b"f" * 64, b"f" * 65]


def _key(world):
    return world.choice(world.hashes) if world.chance(0.6) else world.key()


def _field(world):
    return world.choice(FIELDS) if world.chance(0.95) else world.value()


def _fields(world, most):
    return [_field(world) for _ in range(world.between(1, most))]


def _value(world):
    pick = world.random.random()
    if pick < 0.4:
        return world.integer().encode()
    if pick < 0.5:
        return world.real().encode()
    return world.value()


def _pairs(world):
    """Mostly a few; sometimes so many that the hash outgrows its small forms."""
    pick = world.random.random()
    if pick < 0.01:
        return elements.many(b"field:", world.between(500, 530), _value(world))
    if pick < 0.04:
        return elements.many(b"field:", world.between(20, 200), _value(world))
    return [word for field in _fields(world, 6) for word in (field, _value(world))]


@HASHES.command(weight=12)
def hset(world):
    return [world.choice(["HSET", "HSET", "HMSET"]), _key(world), *_pairs(world), *world.maybe(0.04, _field(world))]


@HASHES.command(weight=3)
def hsetnx(world):
    return ["HSETNX", _key(world), _field(world), _value(world)]


@HASHES.command(weight=6)
def one_field(world):
    return [world.choice(["HGET", "HGET", "HEXISTS", "HSTRLEN"]), _key(world), _field(world)]


@HASHES.command(weight=3)
def hmget(world):
    return ["HMGET", _key(world), *_fields(world, 6)]


@HASHES.command(weight=3)
def hgetall(world):
    return Case(["HGETALL", _key(world)], compare.pairs)


@HASHES.command(weight=3)
def hkeys(world):
    return Case([world.choice(["HKEYS", "HVALS"]), _key(world)], compare.unordered)


@HASHES.command(weight=2)
def hlen(world):
    return ["HLEN", _key(world)]


@HASHES.command(weight=6)
def hdel(world):
    return ["HDEL", _key(world), *_fields(world, 8)]


@HASHES.command(weight=1)
def hdel_all(world):
    """So that a hash goes by losing its last field."""
    key = _key(world)
    rest = elements.many(b"field:", 530)
    return [Case(["HDEL", key, *FIELDS, *rest], mutable=False), Case(["EXISTS", key], mutable=False)]


@HASHES.command(weight=5)
def hincrby(world):
    return ["HINCRBY", _key(world), _field(world), world.integer()]


@HASHES.command(weight=4)
def hincrbyfloat(world):
    return ["HINCRBYFLOAT", _key(world), _field(world), world.real()]


@HASHES.command(weight=4)
def hrandfield(world):
    key = _key(world)
    if world.chance(0.2):
        return elements.drawn(["HGETALL", key], ["HRANDFIELD", key])
    words = world.maybe(0.5, world.mixed_case("WITHVALUES"))
    words += world.maybe(0.03, world.choice(["FOO", "WITHVALUES", ""]))
    return elements.drawn(["HGETALL", key], ["HRANDFIELD", key, elements.count(world), *words])


@HASHES.command(weight=4)
def hscan(world):
    key = _key(world)
    return elements.scanned(["HGETALL", key], ["HSCAN", key, *elements.scan_words(world, "NOVALUES")])


@HASHES.command(weight=3)
def encoding(world):
    return elements.encoding(world, _key(world))
