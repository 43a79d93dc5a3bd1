# SPDX-License-Identifier: Apache-2.0
"""Whole SCAN iterations, with every option and with writes between the steps. The order and the steps are
each server's own; what must hold: the iteration ends, gives everything that was there throughout, and
nothing that was never there.
"""

from . import compare
from .pair import Difference
from .world import Case

STEPS_MOST = 100_000


def scenario(pair):
    world = pair.world
    database = world.between(0, 3)
    pair.run([Case(["SELECT", database])])
    _random_key(pair)
    options = world.shuffled([
        world.maybe(0.6, "COUNT", world.choice([1, 3, 10, 100, 1000])),
        world.maybe(0.4, "MATCH", world.choice(["*", "k*", "*1*", "cold:*", "scan:*", "h?llo", "nothing", "[ab]"])),
        world.maybe(0.4, "TYPE", world.choice(["string", "STRING", "hash", "list", "set", "zset", "foo"]))])
    fresh = [b"scan:%d" % number for number in range(world.choice([0, 0, 10, 300, 2000]))]
    if fresh:
        pair.run([Case(["MSET", *[word for key in fresh[::2] for word in (key, "v")]])])
    _compare_iterations(pair, options, fresh[1::2])
    if fresh:
        pair.run([Case(["DEL", *fresh])])


def _compare_iterations(pair, options, growth):
    """`growth` are keys added on both sides while the first iteration is under way."""
    before = _names(pair)
    wanted = [set(_iterate(pair, which, options, growth if which == 1 else [])) for which in (0, 1)]
    # redis-server, iterated first, has seen only what was there before the growth.
    missing, extra = wanted[0] - wanted[1], wanted[1] - wanted[0] - set(growth)
    if missing or extra:
        raise Difference(f"DIFFERENCE in round {pair.round}: SCAN {options}: of {len(before)} keys stave-server "
                         f"misses {sorted(missing)[:10]} and has in excess {sorted(extra)[:10]}")


def _names(pair):
    return {item.value for item in pair.run_one("KEYS", "*", how=compare.unordered).value}


def _iterate(pair, which, options, growth):
    """All elements of one server's iteration; `growth` is set on both servers between its steps."""
    cursor, found, growth = b"0", [], list(growth)
    for _ in range(STEPS_MOST):
        cursor, elements = pair.clients[which].call("SCAN", cursor, *options)
        found += elements
        if growth:
            part, growth = growth[:50], growth[50:]
            pair.run([Case(["SET", key, "v"]) for key in part])
        if cursor == b"0":
            pair.run([Case(["SET", key, "v"]) for key in growth])
            return found
    raise Difference(f"DIFFERENCE in round {pair.round}: SCAN {options} did not end in {STEPS_MOST} steps")


def _random_key(pair):
    names = _names(pair)
    for _ in range(5):
        replies = [client.execute("RANDOMKEY") for client in pair.clients]
        for name, reply in zip(("redis-server", "stave-server"), replies):
            if (reply.value is None) != (not names) or (names and reply.value not in names):
                raise Difference(f"DIFFERENCE in round {pair.round}: {name}: RANDOMKEY gives {reply}, "
                                 f"which is not one of the {len(names)} keys")
        if replies[0].type != replies[1].type:
            raise Difference(f"DIFFERENCE in round {pair.round}: RANDOMKEY: {replies}")
