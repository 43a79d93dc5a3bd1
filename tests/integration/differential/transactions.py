# SPDX-License-Identifier: Apache-2.0
"""MULTI, EXEC, DISCARD, WATCH, UNWATCH: the random commands of the other groups, queued and run together."""

from . import compare
from .world import Case

# What a transaction of Stave sees differently (README), what ends the connection, and what is not queued.
LEFT_OUT = {b"KEYS", b"SCAN", b"RANDOMKEY", b"SWAPDB", b"DEBUG", b"SHUTDOWN", b"QUIT", b"RESET", b"HELLO", b"INFO",
            b"SLOWLOG", b"CONFIG", b"CLIENT", b"BGSAVE", b"SAVE", b"MULTI", b"EXEC", b"DISCARD", b"WATCH", b"MEMORY",
            b"COMMAND"}


def scenario(pair, groups, weights):
    world = pair.world
    before = []
    if world.chance(0.4):
        names = world.keys(3)
        before.append(Case(["WATCH", *names]))
        if world.chance(0.3):
            before.append(touch(world, names))
        if world.chance(0.2):
            before.append(Case(["UNWATCH"]))
    pair.run(before + [Case(["MULTI"])])
    cases = list(queued(world, groups, weights))
    replies = pair.run([Case(case.arguments) for case in cases])
    ran = [case for case, reply in zip(cases, replies) if reply.value == b"QUEUED"]
    if world.chance(0.1):
        pair.run([Case([world.choice(["DISCARD", "DISCARD", "MULTI", "WATCH"]), *world.maybe(0.2, "a")]), Case(["EXEC"], each(ran))])
    else:
        pair.run([Case(["EXEC"], each(ran))])
    pair.run([Case(["UNWATCH"]), Case(["SELECT", 0]), Case(["DBSIZE"])])


def queued(world, groups, weights):
    for _ in range(world.between(0, 12)):
        if world.chance(0.02):
            yield Case(world.choice([["NOSUCH"], ["GET"], ["EXPIRE", "a"], ["FLUSHDB"], ["DBSIZE"], ["PING"], ["TIME", "x"]]))
        elif world.chance(0.1):
            yield Case(world.choice([["DBSIZE"], ["PING"], ["ECHO", "a"], ["SELECT", "1"], ["SELECT", "99"], ["FLUSHALL"],
                                     ["MOVE", world.key(), "1"], ["COPY", world.key(), world.key(), "DB", "1"]]))
        drawn = world.draw(groups, weights)
        if len(drawn) == 1 and drawn[0].wire is None and drawn[0].arguments:
            if drawn[0].arguments[0].upper() not in LEFT_OUT:
                yield drawn[0]


def touch(world, names):
    name = world.choice(names)
    return Case(world.choice([["SET", name, "1"], ["DEL", name], ["EXPIRE", name, "100000"], ["RENAME", name, world.key()],
                              ["GET", name], ["PERSIST", name], ["COPY", world.key(), name, "REPLACE"], ["FLUSHDB"]]))


def each(cases):
    """The replies of EXEC, each compared as its command's own reply is."""
    def comparison(expected, actual, span_ms):
        if expected.type != actual.type or expected.is_error() or expected.value is None:
            return expected == actual
        return len(expected.value) == len(actual.value) == len(cases) and all(
            case.compare(one, other, span_ms) or compare.known_difference(case.arguments, one, other)
            for case, one, other in zip(cases, expected.value, actual.value))
    return comparison
