# SPDX-License-Identifier: Apache-2.0
"""PFADD, PFCOUNT and PFMERGE. Whoever compares the state compares the values' bytes. Sparse and dense ones,
those of other thresholds, and damaged ones.
"""

from . import elements
from .world import Case, Group

HYPERLOGLOGS = Group()


def _key(world):
    return world.choice(world.hyperloglogs) if world.chance(0.9) else world.choice(world.hashes + world.sets)


def _elements(world):
    """Mostly a few; sometimes so many that the value becomes dense."""
    pick = world.random.random()
    if pick < 0.08:
        return elements.many(b"element:%d:" % world.between(0, 3), world.between(500, 2500))
    if pick < 0.3:
        return elements.many(b"element:", world.between(20, 300))
    return [world.value() if world.chance(0.2) else b"%d" % world.between(0, 500) for _ in range(world.between(0, 8))]


@HYPERLOGLOGS.command(weight=10)
def pfadd(world):
    return ["PFADD", _key(world), *_elements(world)]


@HYPERLOGLOGS.command(weight=5)
def pfcount(world):
    if world.chance(0.5):
        return ["PFCOUNT", _key(world)]
    return ["PFCOUNT", *[_key(world) for _ in range(world.between(1, 4))]]


@HYPERLOGLOGS.command(weight=4)
def pfmerge(world):
    return ["PFMERGE", *[_key(world) for _ in range(world.between(1, 4))]]


@HYPERLOGLOGS.command(weight=4)
def look(world):
    key = _key(world)
    return world.choice([["GET", key], ["STRLEN", key], ["TYPE", key]])


@HYPERLOGLOGS.command(weight=2)
def by_size(world):
    """Other thresholds for what is sparse."""
    setting = ["CONFIG", "SET", "hll-sparse-max-bytes"]
    key, other = _key(world), _key(world)
    lines = [["PFADD", key, *_elements(world)], ["PFMERGE", other, key], ["PFCOUNT", other], ["GET", other], ["GET", key]]
    lines = [[*setting, world.choice(["0", "100", "1000", "20000", "1kb"])],
             [*setting[:1], "GET", setting[2]], *lines, [*setting, "3000"]]
    return [Case(line, mutable=False) for line in lines]


@HYPERLOGLOGS.command(weight=2)
def moved(world):
    """A value that GET could have given comes back by SET, or nearly so."""
    key = _key(world)
    known = bytes(10) + world.choice([b"\x00", b"\x80"])
    sparse, dense = b"HYLL\x01" + known, b"HYLL\x00" + known
    right = [sparse + b"\x7f\xff", dense + bytes(12288), dense + b"\xff" * 12288, dense + world.random.randbytes(12288)]
    wrong = [sparse[:15], dense + bytes(12287), dense, b"HYLL\x02" + known, b"hyll" + sparse[4:], b"HYLL",
             sparse + b"\x7f\xff" + bytes(40), sparse + bytes(40)]
    is_right = world.chance(0.5)
    lines = [["SET", key, world.choice(right if is_right else wrong)], *_uses(world, key)]
    lines += [["OBJECT", "ENCODING", key], ["GET", key]] if is_right else [["DEL", key]]
    return [Case(line, mutable=False) for line in lines]


def _uses(world, key):
    """At most one element at a time: Redis keeps what it did before it came to damage."""
    return [world.choice([["PFADD", key], ["PFADD", key, b"%d" % world.between(0, 500)], ["PFCOUNT", key],
                          ["PFCOUNT", key, _key(world)], ["PFMERGE", _key(world), key], ["PFMERGE", key, _key(world)]])
            for _ in range(4)]


@HYPERLOGLOGS.command(weight=3)
def damaged(world):
    """One byte of a sparse one is another."""
    key = world.choice(world.hyperloglogs)
    names = elements.many(b"element:", world.between(40, 300))
    at = world.between(0, 7) if world.chance(0.2) else world.between(16, 16 + len(names))
    lines = [["DEL", key], ["PFADD", key, *names], ["SETRANGE", key, at, world.random.randbytes(1)],
             *_uses(world, key), ["DEL", key]]
    return [Case(line, mutable=False) for line in lines]
