# SPDX-License-Identifier: Apache-2.0
"""The string commands with every option, right and wrong."""

from .world import Case, Group

STRINGS = Group()


def _expiry_option(world, extra=()):
    kind = world.choice(["EX", "PX", "EXAT", "PXAT", *extra])
    if kind in extra:
        return [kind]
    if world.chance(0.03):
        return [kind]  # the time is missing
    time = {"EX": world.relative_seconds, "PX": world.relative_ms, "EXAT": world.absolute_seconds,
            "PXAT": world.absolute_ms}[kind]()
    return [world.mixed_case(kind), time]


def _touch_after(arguments, key):
    """A time in the past leaves an expired key behind: EXISTS makes both servers notice it now."""
    if any(word in {b"EXAT", b"PXAT"} for word in (str(a).upper().encode() if isinstance(a, str) else a.upper()
                                                  for a in arguments)):
        return [Case(arguments, mutable=False), Case(["EXISTS", key], mutable=False)]
    return Case(arguments)


@STRINGS.command(weight=10)
def set_(world):
    key = world.key()
    options = [world.maybe(0.25, world.mixed_case(world.choice(["NX", "XX"]))),
               world.maybe(0.25, world.mixed_case("GET")),
               _expiry_option(world, ["KEEPTTL"]) if world.chance(0.4) else [],
               world.maybe(0.03, world.choice(["NX", "XX", "GET", "KEEPTTL", "PERSIST", "FOO", ""])),
               _expiry_option(world, ["KEEPTTL"]) if world.chance(0.03) else []]
    return _touch_after(["SET", key, world.value(), *world.shuffled(options)], key)


@STRINGS.command(weight=8)
def get(world):
    return ["GET", world.key()]


@STRINGS.command(weight=2)
def getset(world):
    return ["GETSET", world.key(), world.value()]


@STRINGS.command(weight=2)
def getdel(world):
    return ["GETDEL", world.key()]


@STRINGS.command(weight=4)
def getex(world):
    key = world.key()
    options = [_expiry_option(world, ["PERSIST", "KEEPTTL"]) if world.chance(0.8) else [],
               _expiry_option(world, ["PERSIST"]) if world.chance(0.05) else []]
    return _touch_after(["GETEX", key, *world.shuffled(options)], key)


@STRINGS.command(weight=3)
def mget(world):
    return ["MGET", *world.keys(8)]


@STRINGS.command(weight=4)
def mset(world):
    pairs = [word for key in world.keys(6) for word in (key, world.value())]
    return ["MSET", *pairs, *world.maybe(0.04, world.key())]


@STRINGS.command(weight=2)
def msetnx(world):
    pairs = [word for key in world.keys(3) for word in (key, world.value())]
    return ["MSETNX", *pairs, *world.maybe(0.04, world.key())]


@STRINGS.command(weight=2)
def setnx(world):
    return ["SETNX", world.key(), world.value()]


@STRINGS.command(weight=2)
def setex(world):
    return ["SETEX", world.key(), world.relative_seconds(), world.value()]


@STRINGS.command(weight=2)
def psetex(world):
    return ["PSETEX", world.key(), world.relative_ms(), world.value()]


@STRINGS.command(weight=4)
def append(world):
    return ["APPEND", world.key(), world.value()]


@STRINGS.command(weight=2)
def strlen(world):
    return ["STRLEN", world.key()]


@STRINGS.command(weight=4)
def getrange(world):
    return [world.choice(["GETRANGE", "SUBSTR"]), world.key(), world.index(), world.index()]


@STRINGS.command(weight=4)
def setrange(world):
    offset = str(world.between(0, 80))
    if world.chance(0.1):
        offset = str(world.between(0, world.big_bytes))
    elif world.chance(0.15):
        offset = world.choice(["-1", "-100", "536870912", "536870913", "4294967296", "9223372036854775807",
                               "-9223372036854775808", "9223372036854775808", "abc", "", "1.5"])
    value = b"" if world.chance(0.15) else world.value()
    return ["SETRANGE", world.key(), offset, value]


@STRINGS.command(weight=5)
def counters(world):
    key = b"counter" if world.chance(0.5) else world.key()
    name = world.choice(["INCR", "DECR", "INCRBY", "DECRBY"])
    return [name, key] if name in ("INCR", "DECR") else [name, key, world.integer()]


@STRINGS.command(weight=4)
def incrbyfloat(world):
    key = b"counter" if world.chance(0.5) else world.key()
    return ["INCRBYFLOAT", key, world.real()]


# LCS needs memory for the product of both lengths, so it has keys of its own whose values stay short.
def _lcs_key(world):
    return world.choice([b"lcs:1", b"lcs:2", b"{lcs}3", b"{lcs}4", b"absent"])


@STRINGS.command(weight=2)
def lcs_values(world):
    value = world.text(world.choice([0, 1, 5, 20, 100, 300]), "abc")
    return Case(["SET", world.choice([b"lcs:1", b"lcs:2", b"{lcs}3", b"{lcs}4"]), value], mutable=False)


@STRINGS.command(weight=3)
def lcs(world):
    options = [world.maybe(0.3, world.mixed_case("LEN")), world.maybe(0.4, world.mixed_case("IDX")),
               world.maybe(0.3, "MINMATCHLEN", world.choice(["0", "1", "2", "4", "-3", "100", "abc", ""])),
               world.maybe(0.3, world.mixed_case("WITHMATCHLEN")), world.maybe(0.03, "MINMATCHLEN"),
               world.maybe(0.03, "FOO")]
    return Case(["LCS", _lcs_key(world), _lcs_key(world), *world.shuffled(options)])
