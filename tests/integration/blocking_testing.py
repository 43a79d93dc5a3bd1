# SPDX-License-Identifier: Apache-2.0
"""What the tests of blocking commands share: keys in one shard or in several, and clients that wait.

Every case of blocking*.py runs against redis-server first, which shows that it expects what Redis does; then against
stave-server with one shard, and with three shards of two workers: with all keys in one shard, and with each in another.
"""
import binascii

from stave_testing import (REDIS_SERVER, ReplyError, Server, encode, parse_arguments, run_case,
                           wait_until)

TIMED_OUT = ("*", None)
WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value"
UNBLOCKED = "UNBLOCKED client unblocked via CLIENT UNBLOCK"

# Of Stave: options, and whether keys are in different shards.
LAYOUTS = (("one shard", {"shards": 1, "workers": 1}, False),
           ("keys in one shard", {"shards": 3, "workers": 2}, False),
           ("keys in three shards", {"shards": 3, "workers": 2}, True))
LISTS = ["a", "b", "c", "d", "e"]
ZSETS = ["x", "y", "z"]


class World:
    """A server, and names for its keys: all in one shard (`spread` false), or each new one in the next of three."""

    def __init__(self, server, spread):
        self.server = server
        self.spread = spread
        self.admin = server.client()
        self.waiting = []
        self._names = {}

    def key(self, name):
        if not self.spread:
            return f"{{t}}{name}".encode()
        if name not in self._names:
            shard = len(self._names) % 3
            self._names[name] = next(key for key in (f"{name}.{number}".encode() for number in range(100))
                                     if binascii.crc_hqx(key, 0) % 16384 % 3 == shard)
        return self._names[name]

    def keys(self, names):
        return [self.key(name) for name in names]

    def call(self, *words):
        return self.admin.call(*words)

    def wait(self, *words, protocol=2, db=0):
        """A new client that waits with this command."""
        waiting = Waiting(self, words, protocol, db)
        self.waiting.append(waiting)
        return waiting

    def close(self):
        for waiting in self.waiting:
            waiting.close()
        wait_until(lambda: blocked_clients(self.admin) == 0, what="no client that waits")
        self.call("FLUSHALL")
        self.admin.close()


class Waiting:
    def __init__(self, world, words, protocol=2, db=0):
        self.client = world.server.client(protocol=protocol)
        self.world = world
        self.id = self.client.call("CLIENT", "ID")
        if db:
            self.client.call("SELECT", db)
        self.client.send(encode(words))
        wait_until(self.is_blocked, what=f"{words} to wait")

    def is_blocked(self):
        return "b" in flags_of(self.world.admin, self.id)

    def reply(self):
        return self.client.read_reply()

    def value(self):
        reply = self.reply()
        if reply.is_error():
            raise ReplyError(reply.value.decode())
        return reply.plain()

    def still_waits(self):
        """What might have served it has been answered."""
        return self.is_blocked()

    def close(self):
        self.client.close()


def flags_of(client, number):
    line = client.call("CLIENT", "LIST", "ID", number).decode()
    return dict(field.split("=", 1) for field in line.split())["flags"] if line else ""


def info(client, field, section="everything"):
    lines = client.call("INFO", section).decode().split("\r\n")
    return dict(line.split(":", 1) for line in lines if ":" in line).get(field)


def blocked_clients(client):
    return int(info(client, "blocked_clients", "clients"))


def error(reply):
    assert reply.is_error(), reply
    return reply.value.decode()


def is_closed(client):
    return client.read_raw(5.0) == (b"", True)


def in_world(case):
    def run_in_world(server, spread):
        world = World(server, spread)
        try:
            case(world)
        finally:
            world.close()
    run_in_world.__name__ = case.__name__
    return run_in_world


def run_cases(description, cases, own, alone=()):
    """`cases` get a World. `own`: likewise, about what 7.0 does otherwise, or only Stave has. `alone` get a program and
    its options, and start what they need. Returns the exit status."""
    arguments = parse_arguments(description, ("--only", {"default": "", "help": "run the cases whose name contains this"}))
    failed = 0

    def chosen(some):
        return [case for case in some if arguments.only in case.__name__]

    for name, options, spread in (("redis-server", {}, False), *LAYOUTS):
        binary = REDIS_SERVER if name == "redis-server" else arguments.server
        with Server(binary, options) as server:
            for case in chosen(cases if binary == REDIS_SERVER else [*cases, *own]):
                failed += run_case(name, in_world(case), server, spread)
        failed += sum(run_case(name, case, binary, options) for case in chosen(alone))
    print(f"{failed} failed", flush=True)
    return 1 if failed else 0
