# SPDX-License-Identifier: Apache-2.0
"""What the generators of hashes, sets and sorted sets share: draws and scans of elements. Each of these is checked against all
elements of the key, which are read first and must be the same on both servers.
"""

import re

from . import compare
from .world import Case, to_bytes


def many(prefix, number, value=None):
    """Names that are numbered; with a value behind each, if there is one."""
    names = [prefix + b"%d" % each for each in range(number)]
    return names if value is None else [word for name in names for word in (name, value)]


def count(world):
    """Of a random draw. Never a large negative one, which redis-server would try to fulfil."""
    if world.chance(0.1):
        return world.choice(["abc", "", "1.5", "-9223372036854775808", "9223372036854775808", "9223372036854775807",
                             "4611686018427387904"])
    return world.choice(["0", "1", "2", "3", "10", "100", "1000", "-1", "-2", "-10", "-100"])


def scan_words(world, wrong):
    """Cursor and options of HSCAN, SSCAN and ZSCAN. Most of them scan everything in one step on both servers."""
    cursor = "0" if world.chance(0.85) else world.choice(["abc", "", "1.5", " 0", "0 ", "18446744073709551616", "12"])
    number = "100000" if world.chance(0.5) else world.choice(["1", "10", "1000", "0", "-1", "abc", ""])
    pattern = world.choice(["*", "f*", "m*", "*1*", "", "[0-9]", "nothing", "\xff*"]).encode("latin-1")
    options = [world.maybe(0.7, world.mixed_case("COUNT"), number),
               world.maybe(0.4, world.mixed_case("MATCH"), pattern),
               world.maybe(0.04, world.choice(["COUNT", "MATCH", wrong, "TYPE"]))]
    return [cursor, *world.shuffled(options)]


class Content:
    """All elements that a key has, from the reply to HGETALL, SMEMBERS, or ZRANGE with scores."""

    def __init__(self):
        self.elements = []

    def read(self, expected, actual, span_ms):
        if expected.is_error():
            return expected == actual
        self.elements = self.pairs_of(expected) if self.with_values else list(expected.value)
        same = {"HGETALL": compare.pairs, "ZRANGE": compare.scored}.get(self.command, compare.unordered)
        return same(expected, actual, span_ms)

    def case(self, arguments):
        self.command = arguments[0]
        self.with_values = self.command != "SMEMBERS"
        return Case(arguments, self.read, mutable=False)

    def pairs_of(self, reply):
        """Scores as numbers: their texts differ."""
        pairs = _pairs_of(reply)
        return [(name, float(score.value)) for name, score in pairs] if self.command == "ZRANGE" else pairs

    def names(self):
        return [element[0] for element in self.elements] if self.with_values else self.elements


def _pairs_of(reply):
    """Of a map, of an array of pairs, or of a flat array."""
    if reply.type == "%":
        return list(reply.value)
    if reply.value and reply.value[0].type == "*":
        return [tuple(item.value) for item in reply.value]
    return list(zip(reply.value[::2], reply.value[1::2]))


def drawn(look, draw):
    """HRANDFIELD, SRANDMEMBER, ZRANDMEMBER or SPOP: as many as redis-server draws, all of them elements of the key, and different
    ones unless the count is negative."""
    content = Content()
    with_values = any(to_bytes(word).upper() in (b"WITHVALUES", b"WITHSCORES") for word in draw)
    repeats = len(draw) > 2 and str(draw[2]).startswith("-")

    def check(expected, actual, _):
        if expected.is_error() or actual.is_error() or expected.value is None:
            return expected == actual
        if expected.type == "$":
            return actual.type == "$" and actual in content.names()
        if expected.type != actual.type or len(expected.value) != len(actual.value):
            return False
        elements = content.pairs_of(actual) if with_values else actual.value
        known = content.elements if with_values else content.names()
        return all(element in known for element in elements) and (repeats or len(set(elements)) == len(elements))

    return [content.case(look), Case(draw, check, mutable=False)]


def scanned(look, scan):
    """One step of HSCAN, SSCAN or ZSCAN: nothing that the key does not have; everything when the step was the whole walk."""
    content = Content()
    whole = scan[2] == "0"

    def check(expected, actual, span_ms):
        if expected.is_error() or not compare.scan_shape(expected, actual, span_ms):
            return expected == actual
        found = [set(content.pairs_of(reply.value[1]) if content.with_values else reply.value[1].value)
                 for reply in (expected, actual)]
        if whole and all(reply.value[0].value == b"0" for reply in (expected, actual)):
            return found[0] == found[1]
        return found[1] <= set(content.elements)

    return [content.case(look), Case(scan, check, mutable=False)]


_WHOLE_NUMBER = re.compile(rb"0|-?[1-9]\d{0,18}")


def encoding(world, key):
    """OBJECT ENCODING, with what is known to differ:
    - INCRBYFLOAT with a whole number as its result leaves an embstr in Redis and an int here, so for a whole number,
      and nothing else, that is no difference;
    - a small set without other than integers is a listpack in 7.2 and a hashtable in 7.0;
    - a small list is a listpack in 7.2 and a quicklist in 7.0;
    - SORT makes a skiplist of a small sorted set in Redis."""
    seen = []

    def remember(expected, actual, _):
        seen.append(expected)
        return expected == actual

    def same_encoding(expected, actual, _):
        kind, value = seen[-2:]
        if expected.value == b"embstr" and _WHOLE_NUMBER.fullmatch(value.value):
            return actual in (expected, ("$", b"int"))
        if expected.value == b"hashtable" and kind.value == b"set":
            return actual in (expected, ("$", b"listpack"))
        if expected.value in (b"quicklist", b"skiplist"):
            return actual in (expected, ("$", b"listpack"))
        return expected == actual

    return [Case(["TYPE", key], remember, mutable=False), Case(["GET", key], remember, mutable=False),
            Case(["OBJECT", world.mixed_case("ENCODING"), key], same_encoding, mutable=False)]
