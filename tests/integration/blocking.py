# SPDX-License-Identifier: Apache-2.0
# ctest: label=fast timeout=600
"""BLPOP and all others that wait for elements: who is served with what, and in which order."""
import sys

from blocking_testing import TIMED_OUT, WRONG_TYPE, error, info, run_cases
from stave_testing import Reply, wait_until


def first_come_first_served(world):
    key = world.key("k")
    waiting = [world.wait("BLPOP", key, 0) for _ in range(4)]
    assert world.call("RPUSH", key, "a", "b", "c") == 3
    assert [w.value() for w in waiting[:3]] == [[key, b"a"], [key, b"b"], [key, b"c"]]
    assert world.call("EXISTS", key) == 0 and waiting[3].still_waits()
    assert world.call("LPUSH", key, "x", "y", "z") == 3
    assert waiting[3].value() == [key, b"z"]  # the whole command comes first
    assert world.call("LRANGE", key, 0, -1) == [b"y", b"x"]


def each_end_and_command(world):
    key, other = world.keys("ko")
    waiting = [world.wait("BRPOP", key, 0), world.wait("BLMPOP", 0, 1, key, "LEFT", "COUNT", 2),
               world.wait("BLMOVE", key, other, "RIGHT", "LEFT", 0), world.wait("BRPOPLPUSH", key, other, 0)]
    world.call("RPUSH", key, *"abcdef")
    assert [w.value() for w in waiting] == [[key, b"f"], [key, [b"a", b"b"]], b"e", b"d"]
    assert world.call("LRANGE", key, 0, -1) == [b"c"] and world.call("LRANGE", other, 0, -1) == [b"d", b"e"]


def sorted_sets(world):
    key, other = world.keys("ko")
    waiting = [world.wait("BZPOPMIN", other, key, 0), world.wait("BZPOPMAX", key, 0),
               world.wait("BZMPOP", 0, 2, other, key, "MIN", "COUNT", 2), world.wait("BZPOPMAX", key, 0, protocol=3),
               world.wait("BZMPOP", 0, 1, key, "MAX", protocol=3)]
    world.call("ZADD", key, 1, "a", 2, "b", 3, "c", 4.5, "d", 5, "e", 6, "f", 7, "g")
    replies = [w.reply() for w in waiting]
    assert [reply.plain() for reply in replies] == [[key, b"a", b"1"], [key, b"g", b"7"],
                                                    [key, [[b"b", b"2"], [b"c", b"3"]]], [key, b"f", 6.0],
                                                    [key, [[b"e", 5.0]]]]
    assert replies[3].value[2] == Reply(",", b"6")
    assert world.call("ZRANGE", key, 0, -1) == [b"d"]


def what_is_there_is_taken_at_once(world):
    a, b, c = world.keys("abc")
    world.call("RPUSH", b, "b1", "b2", "b3", "b4")
    world.call("RPUSH", c, "c1")
    assert world.call("BLPOP", a, b, c, 0) == [b, b"b1"]
    assert world.call("BRPOP", c, b, 0) == [c, b"c1"]
    assert world.call("BLMPOP", 0, 3, a, c, b, "RIGHT", "COUNT", 10) == [b, [b"b4", b"b3", b"b2"]]
    world.call("RPUSH", a, "a1", "a2")
    assert world.call("BLMOVE", a, b, "LEFT", "RIGHT", 0) == b"a1" and world.call("BRPOPLPUSH", a, b, 0) == b"a2"
    assert world.call("LRANGE", b, 0, -1) == [b"a2", b"a1"]
    world.call("ZADD", c, 1, "x", 2, "y")
    assert world.call("BZPOPMAX", a, c, 0) == [c, b"y", b"2"]
    assert world.call("BZMPOP", 0, 2, a, c, "MIN") == [c, [[b"x", b"1"]]]


def several_keys(world):
    a, b, c = world.keys("abc")
    first, second, third = (world.wait("BLPOP", *keys, 0) for keys in ((a, b, a), (b, c, a), (c, b)))
    world.call("RPUSH", b, "1")
    assert first.value() == [b, b"1"]
    world.call("RPUSH", c, "2", "3")
    assert second.value() == [c, b"2"] and third.value() == [c, b"3"]
    assert world.call("EXISTS", a, b, c) == 0


def served_before_what_follows(world):
    """In a pipeline of the one who pushes, too."""
    key, other = world.keys("ko")
    for names in ((key,), (key, other)):
        for _ in range(20):
            waiting = world.wait("BLPOP", *names, 0)
            replies = world.admin.pipeline([("RPUSH", key, "a"), ("LLEN", key), ("LPOP", key), ("RPUSH", key, "b"),
                                            ("DEL", key)])
            assert [reply.value for reply in replies] == [1, 0, None, 1, 1], replies
            assert waiting.value() == [key, b"a"]


def newcomers_stand_behind(world):
    key, other = world.keys("ko")
    for _ in range(20):
        waiting = world.wait("BLPOP", key, other, 0)
        with world.server.client() as newcomer:
            world.call("RPUSH", key, "a")
            assert newcomer.execute("BLPOP", key, 0.001) == TIMED_OUT
        assert waiting.value() == [key, b"a"]


def chains(world):
    a, b, c, d = world.keys("abcd")
    waiting = [world.wait("BLMOVE", c, d, "LEFT", "LEFT", 0), world.wait("BLMOVE", b, c, "LEFT", "LEFT", 0),
               world.wait("BRPOPLPUSH", a, b, 0), world.wait("BLPOP", d, 0)]
    world.call("RPUSH", a, "x")
    assert [w.value() for w in waiting] == [b"x", b"x", b"x", [d, b"x"]]
    assert world.call("EXISTS", a, b, c, d) == 0


def circles(world):
    a, b = world.keys("ab")
    waiting = [world.wait("BRPOPLPUSH", a, b, 0), world.wait("BRPOPLPUSH", b, a, 0)]
    world.call("RPUSH", a, "x")
    assert [w.value() for w in waiting] == [b"x", b"x"]
    assert world.call("LRANGE", a, 0, -1) == [b"x"] and world.call("EXISTS", b) == 0
    world.call("DEL", a)
    waiting = world.wait("BLMOVE", a, a, "LEFT", "RIGHT", 0)
    world.call("RPUSH", a, "x", "y")
    assert waiting.value() == b"x" and world.call("LRANGE", a, 0, -1) == [b"y", b"x"]


def created_by_other_commands(world):
    a, b, c = world.keys("abc")

    def served(waiting_words, expected, *words):
        waiting = world.wait(*waiting_words)
        world.call(*words)
        assert waiting.value() == expected, words
        world.call("DEL", a, b, c)

    for words in (("RENAME", b, a), ("RENAMENX", b, a), ("COPY", b, a), ("LMOVE", b, a, "LEFT", "LEFT"),
                  ("RPOPLPUSH", b, a)):
        world.call("RPUSH", b, "x")
        served(("BLPOP", a, 0), [a, b"x"], *words)
    for words in (("ZUNIONSTORE", a, 1, b), ("ZRANGESTORE", a, b, 0, -1), ("COPY", b, a), ("ZINTERSTORE", a, 2, b, b,
                                                                                           "AGGREGATE", "MIN")):
        world.call("ZADD", b, 1, "x")
        served(("BZPOPMIN", c, a, 0), [a, b"x", b"1"], *words)
    served(("BZPOPMIN", a, c, 0), [a, b"x", b"3"], "ZINCRBY", a, 3, "x")


def other_databases(world):
    a, b = world.keys("ab")
    here, there = world.wait("BLPOP", a, b, 0), world.wait("BLPOP", a, b, 0, db=3)
    world.call("RPUSH", a, "x", "y")
    assert here.value() == [a, b"x"] and there.still_waits()
    assert world.call("MOVE", a, 3) == 1
    assert there.value() == [a, b"y"]
    here = world.wait("BLPOP", b, a, 0)
    with world.server.client() as client:
        client.call("SELECT", 3)
        client.call("RPUSH", a, "z")
    assert here.still_waits()
    assert world.call("SWAPDB", 0, 3) == b"OK"
    assert here.value() == [a, b"z"]


def types(world):
    a, b, c = world.keys("abc")
    world.call("SET", a, "v")
    for words in (("BLPOP", a, 0), ("BRPOP", b, a, 0), ("BLMOVE", a, b, "LEFT", "LEFT", 0), ("BRPOPLPUSH", a, b, 0),
                  ("BLMPOP", 0, 2, b, a, "LEFT"), ("BZPOPMIN", a, 0), ("BZPOPMAX", b, a, 0), ("BZMPOP", 0, 1, a, "MIN")):
        assert error(world.admin.execute(*words)) == WRONG_TYPE, words
    for_zset, for_list, for_zset_too = (world.wait(name, *keys, 0) for name, keys in (
        ("BZPOPMIN", (b, c)), ("BLPOP", (c, b)), ("BZPOPMIN", (b,))))
    world.call("SET", b, "v")
    world.call("DEL", b)
    world.call("SADD", b, "v")
    world.call("DEL", b)
    world.call("RPUSH", b, "x")
    assert for_list.value() == [b, b"x"] and for_zset.still_waits()
    world.call("ZADD", b, 1, "m", 2, "n")
    assert for_zset.value() == [b, b"m", b"1"] and for_zset_too.value() == [b, b"n", b"2"]


def destination_of_another_type(world):
    a, b = world.keys("ab")
    waiting = [world.wait("BLMOVE", a, b, "LEFT", "LEFT", 0), world.wait("BLPOP", a, 0)]
    world.call("SET", b, "v")
    world.call("RPUSH", a, "x", "y")
    assert error(waiting[0].reply()) == WRONG_TYPE
    assert waiting[1].value() == [a, b"x"] and world.call("LRANGE", a, 0, -1) == [b"y"]
    assert error(world.admin.execute("BLMOVE", a, b, "LEFT", "LEFT", 0)) == WRONG_TYPE


def keys_that_expire(world):
    a, b = world.keys("ab")
    world.call("RPUSH", a, "x")
    world.call("PEXPIRE", a, 1)
    wait_until(lambda: world.call("EXISTS", a) == 0, what="the key to expire")
    waiting = world.wait("BLPOP", a, b, 0)
    world.call("RPUSH", b, "y")
    assert waiting.value() == [b, b"y"]
    world.call("RPUSH", a, "z")
    world.call("PEXPIRE", a, 60_000)
    waiting = world.wait("BLPOP", b, 0)
    world.call("RENAME", a, b)
    assert waiting.value() == [b, b"z"]


# ---------------------------------------------------------------------------------------------------------
# What 7.0 does otherwise, or only Stave has

def another_key_of_another_type(world):
    """A command that is run again looks at its keys in their order, as in Redis 7.2."""
    a, b, c = world.keys("abc")
    waiting = world.wait("BLPOP", a, b, 0)
    world.call("SET", a, "v")
    assert waiting.still_waits()
    world.call("RPUSH", b, "x")
    assert error(waiting.reply()) == WRONG_TYPE and world.call("LLEN", b) == 1
    world.wait("BLPOP", a.replace(b"a", b"e"), b.replace(b"b", b"f"), c, 0)
    assert info(world.admin, "total_blocking_keys", "clients") == "3"


def values_on_disk(world):
    """What SWAPDB brings may have to be read first; the order stays."""
    *keys, none, nor_this = world.keys("abcdef")
    with world.server.client() as client:
        client.call("SELECT", 1)
        for key in keys:
            client.call("RPUSH", key, *(b"%b:%d" % (key, at) for at in range(40)))
        world.call("CONFIG", "SET", "maxmemory", "1mb")
        for at in range(800):
            client.call("SET", f"{{t}}{at}", "x" * 10_000)
    waiting = [(key, at, world.wait("BLPOP", key, *more, 0))
               for key in keys for at, more in enumerate(((), (none,), (nor_this, none), ()))]
    world.call("SWAPDB", 0, 1)
    for key, at, client in waiting:
        assert client.value() == [key, b"%b:%d" % (key, at)]
    assert [world.call("LLEN", key) for key in keys] == [36] * 4
    world.call("CONFIG", "SET", "maxmemory", 0)


def out_of_memory(world):
    a, b, c = world.keys("abc")
    for source, destination in ((a, a), (a, b)):
        world.call("RPUSH", c, "x")
        waiting = [world.wait("BLMOVE", source, destination, "LEFT", "LEFT", 0), world.wait("BLPOP", source, 0)]
        world.call("CONFIG", "SET", "maxmemory", 1)
        world.call("RENAME", c, source)
        assert error(waiting[0].reply()) == "OOM command not allowed when used memory > 'maxmemory'."
        world.call("CONFIG", "SET", "maxmemory", 0)
        assert waiting[1].value() == [source, b"x"]


CASES = [first_come_first_served, each_end_and_command, sorted_sets, what_is_there_is_taken_at_once, several_keys,
         served_before_what_follows, newcomers_stand_behind, chains, circles, created_by_other_commands, other_databases,
         types, destination_of_another_type, keys_that_expire]
OWN = [another_key_of_another_type, values_on_disk, out_of_memory]

if __name__ == "__main__":
    sys.exit(run_cases(__doc__, CASES, OWN))
