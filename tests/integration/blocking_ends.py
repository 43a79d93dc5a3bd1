# SPDX-License-Identifier: Apache-2.0
# ctest: label=fast timeout=600
"""BLPOP and all others that wait for elements: what ends the waiting but an element, what else happens meanwhile, and
what the server tells of it."""
import socket
import sys

from blocking_testing import TIMED_OUT, UNBLOCKED, World, blocked_clients, error, flags_of, info, is_closed, run_cases
from stave_testing import Reply, Server, encode, wait_until


def all_commands(world, timeout):
    a, b = world.keys("ab")
    return [("BLPOP", a, b, timeout), ("BRPOP", a, timeout), ("BLMOVE", a, b, "LEFT", "RIGHT", timeout),
            ("BRPOPLPUSH", a, b, timeout), ("BLMPOP", timeout, 2, a, b, "LEFT"), ("BZPOPMIN", a, timeout),
            ("BZPOPMAX", a, b, timeout), ("BZMPOP", timeout, 1, a, "MAX", "COUNT", 3)]


def timeouts(world):
    for words in all_commands(world, 0.001):
        assert world.admin.execute(*words) == TIMED_OUT, words
    with world.server.client(protocol=3) as client:
        for words in all_commands(world, "1e-9"):
            assert client.execute(*words) == Reply("_", None), words
    key = world.key("k")
    slow = world.wait("BLPOP", key, 30)
    for keys in ((key,), (key, world.key("a"))):
        with world.server.client() as fast:
            assert fast.execute("BLPOP", *keys, 0.2) == TIMED_OUT
    assert slow.still_waits()
    slow.close()
    waiting = world.wait("BLPOP", key, 1000)
    world.call("RPUSH", key, "x", "y")
    assert waiting.value() == [key, b"x"] and world.call("LLEN", key) == 1


def bad_arguments(world):
    a, b = world.keys("ab")
    world.call("SET", a, "v")
    for timeout, text in (("x", "ERR timeout is not a float or out of range"), ("", None), ("nan", None), ("1 ", None),
                          (-1, "ERR timeout is negative"), ("-0.002", "ERR timeout is negative"),
                          ("-inf", "ERR timeout is negative")):
        for words in all_commands(world, timeout):
            assert error(world.admin.execute(*words)) == (text or "ERR timeout is not a float or out of range"), words
    assert world.admin.execute("BLPOP", b, "0x0.1p-8") == TIMED_OUT
    for words, text in ((("BLPOP", a), "wrong number of arguments for 'blpop' command"),
                        (("BLMOVE", a, b, "LEFT", "LEFT"), "wrong number of arguments for 'blmove' command"),
                        (("BRPOPLPUSH", a, b), "wrong number of arguments for 'brpoplpush' command"),
                        (("BLMPOP", 0, 1, a), "wrong number of arguments for 'blmpop' command"),
                        (("BLMOVE", a, b, "UP", "LEFT", "x"), "syntax error"),
                        (("BLMOVE", a, b, "LEFT", "UP", "x"), "syntax error"),
                        (("BLMPOP", "x", 0, a, "LEFT"), "numkeys should be greater than 0"),
                        (("BLMPOP", "x", "y", a, "LEFT"), "numkeys should be greater than 0"),
                        (("BLMPOP", "x", 2, a, "LEFT"), "syntax error"), (("BLMPOP", "x", 1, a, "UP"), "syntax error"),
                        (("BLMPOP", "x", 1, a, "LEFT", "COUNT", 0), "count should be greater than 0"),
                        (("BLMPOP", "x", 1, a, "LEFT", "COUNT"), "syntax error"),
                        (("BLMPOP", "x", 1, a, "LEFT", "COUNT", 1, "COUNT", 1), "syntax error"),
                        (("BZMPOP", "x", 1, a, "LEFT"), "syntax error"),
                        (("BZMPOP", "x", 0, a, "MIN"), "numkeys should be greater than 0"),
                        (("BZMPOP", "x", 1, a, "MIN", "COUNT", -1), "count should be greater than 0"),
                        (("BZMPOP", "x", 1, a, "MIN"), "timeout is not a float or out of range")):
        assert error(world.admin.execute(*words)) == "ERR " + text, words


def unblock(world):
    a, b = world.keys("ab")
    for words in ((a,), (a, b)):
        waiting = [world.wait("BLPOP", *words, 0) for _ in range(4)]
        assert world.call("CLIENT", "UNBLOCK", waiting[1].id) == 1
        assert world.call("CLIENT", "UNBLOCK", waiting[0].id, "ERROR") == 1
        assert world.call("CLIENT", "UNBLOCK", waiting[0].id, "ERROR") == 0
        assert world.call("CLIENT", "UNBLOCK", waiting[3].id, "timeout") == 1
        assert error(waiting[0].reply()) == UNBLOCKED and waiting[1].reply() == TIMED_OUT == waiting[3].reply()
        world.call("RPUSH", a, "x", "y")
        assert waiting[2].value() == [a, b"x"]
        assert world.call("LPOP", a) == b"y"
        assert all(w.client.call("PING") == b"PONG" for w in waiting)
        assert world.call("CLIENT", "UNBLOCK", waiting[2].id) == 0
    assert world.call("CLIENT", "UNBLOCK", 1 << 40) == 0 == world.call("CLIENT", "UNBLOCK", -1)
    assert world.call("CLIENT", "UNBLOCK", world.call("CLIENT", "ID")) == 0
    assert error(world.admin.execute("CLIENT", "UNBLOCK", "x")) == "ERR value is not an integer or out of range"
    assert error(world.admin.execute("CLIENT", "UNBLOCK", "x", "y")) == \
        "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"


def killed_or_gone(world):
    a, b = world.keys("ab")
    for words in ((a,), (a, b)):
        killed, gone, half_gone, left = (world.wait("BLPOP", *words, 0) for _ in range(4))
        assert world.call("CLIENT", "KILL", "ID", killed.id) == 1
        gone.close()
        half_gone.client.socket.shutdown(socket.SHUT_WR)
        wait_until(lambda: blocked_clients(world.admin) == 1, what="the others to be gone")
        world.call("RPUSH", a, "x", "y")
        assert left.value() == [a, b"x"] and world.call("LPOP", a) == b"y"
        assert is_closed(killed.client) and is_closed(half_gone.client)


def gone_with_much_input_behind(world):
    a, b = world.keys("ab")
    for words in ((a,), (a, b)):
        gone = world.wait("BLPOP", *words, 0)
        gone.client.send(encode(("PING", "x" * 1000)) * 100)
        gone.close()
        wait_until(lambda: blocked_clients(world.admin) == 0, what="it to be gone")
        assert world.call("RPUSH", a, "x") == 1 == world.call("LLEN", a) == world.call("DEL", a)


def pipelines(world):
    a, b, c = world.keys("abc")
    for words in ((a,), (a, b)):
        with world.server.client() as client:
            client.send(encode(("SET", c, "v")) + encode(("GET", c)) + encode(("BLPOP", *words, 0)) +
                        encode(("LLEN", a)) + encode(("BLPOP", *words, 0)) + encode(("PING",)))
            assert client.read_reply().value == b"OK" and client.read_reply().value == b"v"
            wait_until(lambda: blocked_clients(world.admin) == 1, what="it to wait")
            world.call("RPUSH", a, "x")
            assert client.read_reply().plain() == [a, b"x"] and client.read_reply().value == 0
            wait_until(lambda: blocked_clients(world.admin) == 1, what="it to wait again")
            world.call("RPUSH", a, "y")
            assert client.read_reply().plain() == [a, b"y"] and client.read_reply().value == b"PONG"


def unwanted_replies(world):
    a, b = world.keys("ab")
    for words in ((a,), (a, b)):
        with world.server.client() as client:
            client.send(encode(("CLIENT", "REPLY", "SKIP")) + encode(("BLPOP", *words, 0)) + encode(("PING",)))
            wait_until(lambda: blocked_clients(world.admin) == 1, what="it to wait")
            world.call("RPUSH", a, "x", "y")
            assert client.read_reply().value == b"PONG" and world.call("LPOP", a) == b"y"


def deleted_while_somebody_waits(world):
    a, b = world.keys("ab")
    waiting = world.wait("BLPOP", a, b, 0)
    for words in (("SET", a, "v"), ("DEL", a), ("FLUSHDB",), ("FLUSHALL",)):
        world.call(*words)
    assert waiting.still_waits()
    world.call("RPUSH", b, "x")
    assert waiting.value() == [b, b"x"]


# ---------------------------------------------------------------------------------------------------------
# What is told of it

def what_info_and_list_tell(world):
    a, b = world.keys("ab")
    world.call("CONFIG", "RESETSTAT")
    waiting = [world.wait("BLPOP", a, 1000), world.wait("BLPOP", a, b, 0)]
    assert blocked_clients(world.admin) == 2
    assert info(world.admin, "clients_in_timeout_table", "clients") == "1"
    assert [flags_of(world.admin, w.id) for w in waiting] == ["b", "b"]
    world.call("RPUSH", a, "x", "y")
    assert [w.value() for w in waiting] == [[a, b"x"], [a, b"y"]]
    assert blocked_clients(world.admin) == 0 and flags_of(world.admin, waiting[0].id) == "N"
    assert info(world.admin, "clients_in_timeout_table", "clients") == "0"
    assert world.admin.execute("BLPOP", a, b, 0.001) == TIMED_OUT
    waiting = world.wait("BLPOP", b, 0)
    world.call("CLIENT", "UNBLOCK", waiting.id, "ERROR")
    assert error(waiting.reply()) == UNBLOCKED
    assert info(world.admin, "errorstat_UNBLOCKED", "errorstats") == "count=1"
    figures = dict(field.split("=") for field in info(world.admin, "cmdstat_blpop", "commandstats").split(","))
    assert (figures["calls"], figures["rejected_calls"], figures["failed_calls"]) == ("4", "0", "1"), figures
    assert int(figures["usec"]) < 1_000_000


def pause_of_writes(world):
    a, b = world.keys("ab")
    for words in ((a,), (a, b)):
        waiting = world.wait("BLPOP", *words, 0)
        pushing = world.server.client()
        assert world.call("CLIENT", "PAUSE", 600_000, "WRITE") == b"OK"
        pushing.send(encode(("RPUSH", a, "x")))
        wait_until(lambda: blocked_clients(world.admin) == 2, what="the push to be held")
        assert waiting.is_blocked()
        assert world.call("CLIENT", "UNPAUSE") == b"OK"
        assert pushing.read_reply().value == 1 and waiting.value() == [a, b"x"]


def timeouts_go_on_in_a_pause(world):
    a, b = world.keys("ab")
    for words in ((a,), (a, b)):
        with world.server.client() as client:
            client.send(encode(("BLPOP", *words, 0.3)))
            wait_until(lambda: blocked_clients(world.admin) == 1, what="it to wait")
            assert world.call("CLIENT", "PAUSE", 600_000, "WRITE") == b"OK"
            assert client.read_reply() == TIMED_OUT
            assert world.call("CLIENT", "UNPAUSE") == b"OK"


def idle_clients(world):
    """`timeout` closes those that are idle, not those that wait."""
    a, b = world.keys("ab")
    waiting = [world.wait("BLPOP", a, 0), world.wait("BLPOP", a, b, 0)]
    idle = world.server.client()
    number = idle.call("CLIENT", "ID")
    assert world.call("CONFIG", "SET", "timeout", 1) == b"OK"
    wait_until(lambda: flags_of(world.admin, number) == "", what="the idle client to be closed")
    assert world.call("CONFIG", "SET", "timeout", 0) == b"OK"
    world.call("RPUSH", a, "x", "y")
    assert [w.value() for w in waiting] == [[a, b"x"], [a, b"y"]]


def timeouts_beyond_all_bounds(world):
    for timeout in ("inf", "1e300", "9223372036854775", "9223372036854775.8"):
        for words in all_commands(world, timeout):
            assert error(world.admin.execute(*words)) == "ERR timeout is out of range", words


def stop_with_waiting_clients(binary, options):
    with Server(binary, options) as server:
        for spread in (False, True):
            world = World(server, spread)
            a, b = world.keys("ab")
            world.wait("BLPOP", a, 0)
            world.wait("BLMOVE", a, b, "LEFT", "LEFT", 0)
            world.wait("BLPOP", b, a, 100_000)
        server.stop(timeout=8)
        for waiting in world.waiting:
            assert is_closed(waiting.client)


CASES = [timeouts, bad_arguments, unblock, killed_or_gone, gone_with_much_input_behind, pipelines, unwanted_replies,
         deleted_while_somebody_waits, what_info_and_list_tell, pause_of_writes, timeouts_go_on_in_a_pause, idle_clients]
OWN = [timeouts_beyond_all_bounds]

if __name__ == "__main__":
    sys.exit(run_cases(__doc__, CASES, OWN, [stop_with_waiting_clients]))
