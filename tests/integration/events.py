# SPDX-License-Identifier: Apache-2.0
# ctest: label=fast timeout=300
"""Keyspace events (notify-keyspace-events): Stave publishes those of Redis, in Redis' order.

The same random commands go to redis-server and to Stave, one at a time, and after each of them both must have
published the same. The rest is what time and memory do to keys, and what no random command shows.
"""
import contextlib
import os
import random
import sys

from differential.bits import BITS
from differential.geo import GEO
from differential.hashes import HASHES
from differential.hyperloglogs import HYPERLOGLOGS
from differential.keys import KEYS
from differential.lists import LISTS
from differential.pair import show
from differential.sets import SETS
from differential.strings import STRINGS
from differential.world import World
from differential.zsets import ZSETS
from stave_testing import REDIS_SERVER, Server, encode, parse_arguments, run_case

GROUPS = [STRINGS, KEYS, BITS, HASHES, LISTS, SETS, ZSETS, GEO, HYPERLOGLOGS]
WEIGHTS = [30, 25, 10, 12, 14, 14, 16, 8, 4]
# What expires does so at another moment in each server.
COMPARED_CLASSES = "KEg$lshzenmd"
CLASSES = ["", "K", "E", "A", "KEA", "AKE", "g$lshzxetd", "AKEmn", "KEg$lshzxetdmn", "dtexzhsl$gEK", "n", "m", "gg",
           "nK", "zhs", "KEx"]


class Listener:
    """Gets the events of one server."""

    def __init__(self, server, classes="KEA", protocol=2):
        self.client = server.client(protocol=protocol, timeout=10)
        self.client.call("CONFIG", "SET", "notify-keyspace-events", classes)
        self.client.send(encode(("PSUBSCRIBE", "__key*__:*")) + encode(("SUBSCRIBE", "marker")))
        self.client.read_reply(), self.client.read_reply()

    def next(self):
        """One event: (channel, message); the marker is (b"marker", number)."""
        words = self.client.read_reply().plain()
        return tuple(words[-2:])

    def until(self, number):
        """The events up to that marker."""
        events = []
        while (event := self.next()) != (b"marker", str(number).encode()):
            events.append(event)
        return events

    def until_with(self, number, least):
        """The same, and more: of another worker some may come behind the marker."""
        events = self.until(number)
        with contextlib.suppress(TimeoutError):
            while len(events) < least:
                events.append(self.next())
        return events

    def close(self):
        self.client.close()


def published(channel_and_message):
    return [(channel.decode(), message.decode()) for channel, message in channel_and_message]


def random_commands(reference, subject, seed, commands):
    world = World(seed, big_bytes=500)
    servers = (reference, subject)
    listeners = [Listener(server, COMPARED_CLASSES) for server in servers]
    clients = [server.client() for server in servers]
    for client in clients:
        client.call("FLUSHALL")
    history = []
    for number in range(commands):
        if number % 20 == 0:
            database = world.between(0, 2) if number % 40 else 0
            for client in clients:
                client.call("SELECT", database)
        for case in world.draw(GROUPS, WEIGHTS):
            data = case.wire or encode(case.arguments)
            failures = []
            for client in clients:
                client.send(data)
                failures.append(client.read_answer().is_error())
                client.call("PUBLISH", "marker", number)
            history.append(show(case.arguments))
            expected = listeners[0].until(number)
            found = listeners[1].until_with(number, len(expected) if failures[0] == failures[1] else 0)
            # 7.2 refuses some commands which 7.0 answers: the differential test knows them.
            assert found == expected or failures[0] != failures[1], difference(history, expected, found)
    for one in listeners + clients:
        one.close()
    for server in servers:
        with server.client() as client:
            client.call("FLUSHALL")


def difference(history, expected, found):
    lines = ["after", *("    " + line for line in history[-12:]), f"redis-server published {expected}",
             f"stave-server published {found}"]
    return "\n".join(lines)


def classes_as_redis_prints_them(server):
    with server.client() as client:
        printed = {}
        for text in CLASSES:
            client.call("CONFIG", "SET", "notify-keyspace-events", text)
            printed[text] = client.call("CONFIG", "GET", "notify-keyspace-events")[1].decode()
        assert printed == {"": "", "K": "K", "E": "E", "A": "A", "KEA": "AKE", "AKE": "AKE", "g$lshzxetd": "A",
                           "AKEmn": "AKEm", "KEg$lshzxetdmn": "AKEm", "dtexzhsl$gEK": "AKE", "n": "n", "m": "m",
                           "gg": "g", "nK": "nK", "zhs": "shz", "KEx": "xKE"}, printed
        for text in ("q", "KEA ", "a"):
            reply = client.execute("CONFIG", "SET", "notify-keyspace-events", text)
            assert reply.value.decode() == (
                "ERR CONFIG SET failed (possibly related to argument 'notify-keyspace-events') - "
                "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."), reply
        client.call("CONFIG", "SET", "notify-keyspace-events", "")


def classes_and_channels_choose(server):
    """Only what was asked for, on the channels that were asked for."""
    with server.client() as client:
        for classes, expected in {
                "": [], "A": [], "K": [], "Kg": [("__keyspace@3__:k", "del")], "E$": [("__keyevent@3__:set", "k")],
                "KE$": [("__keyspace@3__:k", "set"), ("__keyevent@3__:set", "k")], "El": [],
                "Em": [("__keyevent@3__:keymiss", "k")], "En": [("__keyevent@3__:new", "k")],
                "EA": [("__keyevent@3__:set", "k"), ("__keyevent@3__:del", "k")]}.items():
            listener = Listener(server, classes)
            client.call("SELECT", 3)
            for words in (("GET", "k"), ("OBJECT", "ENCODING", "k"), ("SET", "k", "v"), ("INCR", "k"), ("DEL", "k")):
                client.execute(*words)
            client.call("PUBLISH", "marker", 1)
            assert published(listener.until_with(1, len(expected))) == expected, classes
            listener.close()


def keys_that_expire(server):
    """By themselves, in the database of the client that sees them, and each once."""
    listener = Listener(server, "ExA")
    with server.client() as client:
        client.call("SELECT", 2)
        names = [f"k{i}" for i in range(20)]
        for name in names:
            client.call("SET", name, "v", "PX", 30)
        client.call("PEXPIRE", "none", 1)
        events = [listener.next() for _ in range(60)]
        expired = [key.decode() for channel, key in events if channel == b"__keyevent@2__:expired"]
        assert sorted(expired) == sorted(names), expired
        client.call("SET", "k", "v")
        client.call("EXPIRE", "k", -1)
        client.call("PUBLISH", "marker", 1)
        expected = [("__keyevent@2__:set", "k"), ("__keyevent@2__:del", "k")]
        assert published(listener.until_with(1, 2)) == expected
    listener.close()


def keys_that_are_evicted(server):
    listener = Listener(server, "Ee")
    with server.client() as client:
        client.call("FLUSHALL")
        for i in range(20):
            client.call("SET", f"k{i}", "v")
        client.call("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
        client.call("CONFIG", "SET", "maxmemory", 1)
        events = published(listener.next() for _ in range(20))
        assert sorted(events) == sorted(("__keyevent@0__:evicted", f"k{i}") for i in range(20))
        client.call("CONFIG", "SET", "maxmemory", 0)
    listener.close()


def many_events_in_order(server):
    """Of one key, from several clients, to listeners of all workers."""
    listeners = [Listener(server, "K$g", protocol=2 + i % 2) for i in range(6)]
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(server.client()) for _ in range(4)]
        expected = []
        for i in range(200):
            words = [("SET", "k", i), ("APPEND", "k", "x"), ("EXPIRE", "k", 100), ("PERSIST", "k"), ("DEL", "k")][i % 5]
            clients[i % 4].execute(*words)
            event = words[0].lower()
            if i % 5 != 3 or event == "persist":
                expected.append(("__keyspace@0__:k", event))
        for listener in listeners:
            assert published(listener.next() for _ in expected) == expected
            listener.close()


def own_events_follow_the_reply(server):
    """As in Redis 7.2; 7.0 sent them first."""
    with server.client(protocol=3) as client:
        client.call("CONFIG", "SET", "notify-keyspace-events", "E$")
        client.send(encode(("SUBSCRIBE", "__keyevent@0__:set")))
        client.read_reply()
        for i in range(30):
            client.send(encode(("SET", f"k{i}", "v")))
            assert client.read_reply().plain() == b"OK"
            assert client.read_reply().plain() == [b"message", b"__keyevent@0__:set", f"k{i}".encode()]


def a_command_that_runs_again_tells_once(binary):
    """Values that are cold make a command run again from its start."""
    with Server(binary, {"maxmemory": "2mb", "workers": 3, "shards": 3, "notify-keyspace-events": "EA"}) as server:
        with server.client() as client:
            for i in range(400):
                client.call("SET", f"k{i}", "v" * 20_000)
            # In memory there is room for a quarter of them.
            listener = Listener(server, "EAnm")
            for i in range(60):
                client.call("APPEND", f"k{i}", "x")
                client.call("BITOP", "AND", "all", f"k{i}", f"k{i + 100}", f"none{i}")
                client.call("PUBLISH", "marker", i)
                new = [("__keyevent@0__:new", "all")] if i == 0 else []
                expected = [("__keyevent@0__:append", f"k{i}"), ("__keyevent@0__:keymiss", f"none{i}"), *new,
                            ("__keyevent@0__:set", "all")]
                assert published(listener.until_with(i, len(expected))) == expected
            listener.close()


SHARED = [classes_as_redis_prints_them, classes_and_channels_choose, keys_that_expire, many_events_in_order]
OWN = [own_events_follow_the_reply]
LAST = [keys_that_are_evicted]


def main():
    arguments = parse_arguments(__doc__, ("--only", {"default": "", "help": "run the cases whose name contains this"}),
                                ("--commands", {"type": int, "default": 4000, "help": "random ones, for each Stave"}))
    failed = 0
    seeds = random.Random(arguments.seed)

    def wanted(cases):
        return [case for case in cases if arguments.only in case.__name__]

    for workers in (1, 3):
        with Server(REDIS_SERVER) as reference, Server(arguments.server, {"workers": workers, "shards": workers}) as subject:
            stave = f"{os.path.basename(arguments.server)}, {workers} workers"
            for case in wanted(SHARED):
                failed += run_case("redis-server", case, reference) + run_case(stave, case, subject)
            failed += sum(run_case(stave, case, subject) for case in wanted(OWN))
            for case in wanted([random_commands]):
                failed += run_case(stave, case, reference, subject, seeds.randrange(1 << 62), arguments.commands)
            for case in wanted(LAST):
                failed += run_case("redis-server", case, reference) + run_case(stave, case, subject)
    failed += sum(run_case("stave-server", case, arguments.server) for case in wanted([a_command_that_runs_again_tells_once]))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
