# SPDX-License-Identifier: Apache-2.0
"""SORT and SORT_RO with every option, right and wrong. Each has a source made for it, and other keys that its patterns name.
Where neither server promises an order it is not compared: sets by nothing, and texts by which several elements are equal.
"""

from . import compare
from .world import Case, Group

SORTS = Group()

NUMBERS = ["0", "1", "-1", "2", "10", "2.5", "-0.5", "1e3", " 7", "inf", "-inf", "0x10", "3.0", "100"]
WORDS = ["a", "b", "B", "aa", "ab", "z", "-", "\xe4", "10", "9"]
ODD = ["nan", "1x", "x", "1 ", "1e999"]
SOURCES = ["{t}list:3", "{t}set:4", "{t}zset:3", "{t}sort"]
TARGETS = ["{t}list:3", "{t}to", "{t}1", "{t}sort"]


def _elements(world):
    pool = NUMBERS if world.chance(0.5) else WORDS
    elements = [world.choice(pool) for _ in range(world.between(1, 10))]
    if world.chance(0.1):
        elements.append(world.choice(ODD))
    if world.chance(0.05):
        elements += [str(world.between(-1000, 1000)) for _ in range(world.between(20, 200))]
    return [element.encode("latin-1") for element in dict.fromkeys(elements)]


def _source(world, key, kind, elements):
    if kind == "list":
        words = elements + world.maybe(0.3, *elements[:2])
        make = ["RPUSH", key, *words]
    elif kind == "set":
        make = ["SADD", key, *elements]
    else:
        make = ["ZADD", key, *[word for element in elements for word in (world.between(-3, 3), element)]]
    return [Case(["DEL", key], mutable=False), Case(make, mutable=False)]


def _others(world, elements):
    """Of most elements a number and a text of their own, and a hash with both."""
    cases = []
    for number, element in enumerate(world.random.sample(elements, len(elements))):
        weight = world.choice(NUMBERS + ODD[:1]) if world.chance(0.05) else str(world.between(-5, 5))
        cases.append(Case(["SET", b"{t}text:" + element, b"%03d" % number], mutable=False))
        if world.chance(0.8):
            cases.append(Case(["SET", b"{t}weight:" + element, weight], mutable=False))
        if world.chance(0.8):
            cases.append(Case(["DEL", b"{t}hash:" + element], mutable=False))
            cases.append(Case(["HSET", b"{t}hash:" + element, "weight", weight, "text", b"%03d" % number], mutable=False))
    return cases


def _limit(world):
    numbers = [world.choice(["0", "0", "1", "2", "5", "100", "-1", "-3", "9223372036854775807"]) for _ in range(2)]
    if world.chance(0.05):
        numbers[world.between(0, 1)] = world.choice(["abc", "", "1.5", "9223372036854775808"])
    return [world.mixed_case("LIMIT"), *numbers]


def _sort(world, key, kind, targets):
    alpha = world.chance(0.5)
    by = world.choice([None, None, "nosort", "{t}weight:*", "{t}hash:*->weight", "{t}text:*", "{t}none:*"])
    if alpha and by in ("{t}weight:*", "{t}hash:*->weight", "{t}none:*"):
        by = "{t}text:*"
    store = world.chance(0.25)
    free = kind == "set" and by == "nosort" and not store
    # BY in front of a word without an asterisk sorts nothing.
    odd = ["FOO", "GET", "LIMIT", "STORE", "LIMIT 1", *([] if kind == "set" else ["BY"])]
    gets = [] if free else [word for _ in range(world.choice([0, 0, 1, 2, 3]))
                            for word in (world.mixed_case("GET"), world.choice(["#", "{t}text:*", "{t}hash:*->text", "{t}hash:*->none",
                                                                               "{t}none:*", "{t}hash:*", "{t}text", "{t}weight:*->f"]))]
    options = [[world.mixed_case("BY"), by] if by else [], gets, world.maybe(0.5, world.choice(["ASC", "DESC", "desc"])),
               world.maybe(1 if alpha else 0, world.mixed_case("ALPHA")),
               _limit(world) if world.chance(0.4) and not free else [],
               [world.mixed_case("STORE"), world.choice(targets)] if store else [],
               world.maybe(0.02, world.choice(odd))]
    name = "SORT_RO" if world.chance(0.2) else "SORT"
    return _prepared(Case([name, key, *world.shuffled(options)], compare.unordered if free else compare.exact, mutable=False))


def _prepared(case):
    """Redis looks at errno after a score without having reset it; a good score before resets it."""
    return [Case(["ZADD", "{t}errno", 1, "a"], mutable=False), case]


@SORTS.command(weight=4)
def sort(world):
    key = world.choice(SOURCES)
    kind = world.choice(["list", "set", "zset"])
    elements = _elements(world)
    cases = _source(world, key, kind, elements) + _others(world, elements)
    # What is stored in the source has several elements of which no key tells anything.
    for left in reversed(range(world.between(1, 4))):
        cases += _sort(world, key, kind, [target for target in TARGETS if target != key or left == 0])
    cases.append(Case(["LRANGE", "{t}to", 0, -1], mutable=False))
    return cases


@SORTS.command(weight=1)
def sort_anything(world):
    """Keys of any type that happen to be there."""
    return _prepared(Case(["SORT", world.key(), *world.maybe(0.7, "ALPHA"), *world.maybe(0.5, "DESC")], mutable=False))
