# SPDX-License-Identifier: Apache-2.0
"""Times to live that end during the run. Both servers count on their own, so nothing is asked while a key may
be alive on one and gone on the other: short times are set, both sleep over them, and then each key meets a
random command first, which must find it gone.
"""

import time

from . import compare
from .bits import BITS
from .hashes import HASHES
from .keys import KEYS
from .lists import LISTS
from .sets import SETS
from .strings import STRINGS
from .world import Case
from .zsets import ZSETS


def scenario(pair):
    world = pair.world
    keys = world.random.sample(sorted(world.all_keys), k=min(len(world.all_keys), world.between(3, 14)))
    keys = [key for key in keys if key]
    database = world.between(0, 2)
    pair.run([Case(["SELECT", database])])
    longest_ms = world.between(1, 30)
    pair.run([case for key in keys for case in _short_life(world, key, longest_ms)])
    asleep_until = time.monotonic() + (longest_ms + 8) / 1000
    if world.chance(0.15) and pair.restarts:
        pair.restart_subject(kill9=world.chance(0.5))  # on new connections
        pair.run([Case(["SELECT", database])])
    time.sleep(max(0.0, asleep_until - time.monotonic()))
    pair.run([case for key in keys for case in _first_contact(world, key)])
    pair.run([Case(["DBSIZE"]), Case(["KEYS", "*"], compare.unordered)])


def _short_life(world, key, longest_ms):
    """Gives the key a value and a short time to live, by one of the ways."""
    ms = world.between(1, longest_ms)
    at = int(time.time() * 1000) + ms
    ways = [
        [["SET", key, world.value(), "PX", ms]],
        [["PSETEX", key, ms, world.value()]],
        [["SET", key, world.value(), "PXAT", at]],
        [["SET", key, world.value()], ["PEXPIRE", key, ms]],
        [["SET", key, world.value()], ["PEXPIREAT", key, at]],
        [["SET", key, world.value()], ["GETEX", key, "PX", ms]],
        [["SET", key, world.value(), "EX", 5000], ["PEXPIRE", key, ms, "LT"]],
        [["SET", key, world.value(), "EX", 5000], ["PEXPIRE", key, ms, "XX"]],
        [["DEL", key], ["HSET", key, "f1", world.value(), "f2", "5"], ["PEXPIRE", key, ms]],
        [["DEL", key], ["SADD", key, "1", "2", world.value()], ["PEXPIREAT", key, at]],
        [["DEL", key], ["RPUSH", key, "1", "2", world.value()], ["PEXPIRE", key, ms]],
        [["DEL", key], ["ZADD", key, "1", "a", "2", world.value()], ["PEXPIRE", key, ms]],
    ]
    return [Case(words) for words in world.choice(ways)]


def _first_contact(world, key):
    """A random command in which every key is this one, then what is left of it."""
    if world.chance(0.3):
        return [Case(["EXISTS", key])]
    cases = world.choice([STRINGS, KEYS, BITS, HASHES, LISTS, SETS, ZSETS]).draw(world)
    if any(case.arguments[0].upper() == b"DBSIZE" for case in cases):  # it counts what nobody has met yet
        cases = []
    for case in cases:
        case.arguments = [key if word in world.all_keys else word for word in case.arguments]
    return cases + [Case(["EXISTS", key]), Case(["GET", key]), Case(["TTL", key], compare.near_seconds)]
