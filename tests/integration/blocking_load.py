# SPDX-License-Identifier: Apache-2.0
# ctest: label=fast timeout=600
"""Many clients that wait, many that push, and some that die: every element comes to one client, once.

Consumers run blocking commands one after the other, each over some keys; producers push in pipelines. Meanwhile
consumers hang up (they shut down their side, and what they had got by then is still theirs; redis-server may drop that,
so there they live), have their commands unblocked, and commands time out. In the end what was received and what is left
is what was pushed.

Then the server is killed, with appendfsync always, while elements are moved: each that was acknowledged is in one list.
"""
import collections
import random
import select
import sys
import time

from blocking_testing import LAYOUTS, LISTS, ZSETS, World
from stave_testing import REDIS_SERVER, Server, encode, parse_arguments

def elements_of(reply):
    """What a blocking command has brought. All that it nests are keys, elements and scores; elements begin with #."""
    if reply is None:
        return []
    if isinstance(reply, bytes):
        return [reply] if reply.startswith(b"#") else []
    return [element for part in reply for element in elements_of(part)]


class Consumer:
    """A client that always has one blocking command under way, until it is stopped."""

    def __init__(self, load):
        self.load = load
        self.client = load.server.client()
        self.id = self.client.call("CLIENT", "ID")
        self.next()

    def next(self):
        self.client.send(encode(self.load.blocking_command()))

    def read(self):
        """Takes one reply."""
        reply = self.client.read_reply()
        if reply.is_error():
            assert reply.value.startswith(b"UNBLOCKED"), reply
        else:
            self.load.receive(elements_of(reply.plain()))

    def hang_up(self):
        """The element that was on its way still comes, or nothing does."""
        self.client.socket.shutdown(1)
        try:
            while True:
                self.read()
        except ConnectionError:
            self.client.close()


class Load:
    def __init__(self, server, spread, seed):
        self.server = server
        self.world = World(server, spread)
        self.random = random.Random(seed)
        self.received = collections.Counter()
        self.pushed = 0

    def blocking_command(self):
        timeout = self.random.choice([0, 0, 0, 0.001, 0.05])
        if self.random.random() < 0.3:
            keys = self.world.keys(self.random.sample(ZSETS, self.random.randint(1, len(ZSETS))))
            return self.random.choice([("BZPOPMIN", *keys, timeout), ("BZPOPMAX", *keys, timeout),
                                       ("BZMPOP", timeout, len(keys), *keys, "MIN", "COUNT", 2)])
        keys = self.world.keys(self.random.sample(LISTS, self.random.randint(1, len(LISTS))))
        return self.random.choice([("BLPOP", *keys, timeout), ("BRPOP", *keys, timeout),
                                   ("BLMPOP", timeout, len(keys), *keys, "LEFT", "COUNT", 3)])

    def push_command(self):
        count = self.random.randint(1, 4)
        elements = [f"#{self.pushed + at}" for at in range(count)]
        self.pushed += count
        if self.random.random() < 0.3:
            return ("ZADD", self.world.key(self.random.choice(ZSETS)), *(word for e in elements for word in (1, e)))
        key = self.world.key(self.random.choice(LISTS))
        return (self.random.choice(["RPUSH", "LPUSH"]), key, *elements)

    def other_command(self):
        """Moves what is there from one key to another, by one command over several keys."""
        source, destination = self.world.keys(self.random.sample(LISTS, 2))
        return self.random.choice([("LMOVE", source, destination, "LEFT", "RIGHT"), ("BRPOPLPUSH", source, destination, 0.001),
                                   ("RENAMENX", source, destination), ("EXISTS", source, destination)])

    def receive(self, elements):
        self.received.update(elements)

    def left(self):
        found = []
        for name in LISTS:
            found += self.world.call("LRANGE", self.world.key(name), 0, -1)
        for name in ZSETS:
            found += self.world.call("ZRANGE", self.world.key(name), 0, -1)
        return found


def read_ready(consumers, seconds):
    by_socket = {consumer.client.socket: consumer for consumer in consumers}
    ready = select.select(list(by_socket), [], [], seconds)[0]
    for at in ready:
        by_socket[at].read()
        by_socket[at].next()
    return len(ready)


def every_element_once(server, spread, seed, rounds):
    load = Load(server, spread, seed)
    consumers = [Consumer(load) for _ in range(200)]
    producers = [server.client() for _ in range(4)]
    unblocking = server.client()
    for _ in range(rounds):
        for producer in producers:
            commands = [load.push_command() for _ in range(load.random.randint(1, 12))]
            commands.insert(load.random.randrange(len(commands)), load.other_command())
            producer.send(b"".join(map(encode, commands)))
            producer.expected = len(commands)
        for _ in range(0 if server.is_redis else load.random.randint(0, 3)):
            number = load.random.randrange(len(consumers))
            consumers[number].hang_up()
            consumers[number] = Consumer(load)
        unblocking.call("CLIENT", "UNBLOCK", load.random.choice(consumers).id,
                        load.random.choice(["TIMEOUT", "ERROR"]))
        read_ready(consumers, 0)
        for producer in producers:
            for _ in range(producer.expected):
                reply = producer.read_reply()
                assert not reply.is_error() or reply.value == b"ERR no such key", reply
    finish(load, consumers)
    for client in producers + [unblocking]:
        client.close()


def finish(load, consumers):
    """Nothing is pushed any more. Who still waits then waits for nothing."""
    total = load.pushed
    deadline = time.monotonic() + 30
    while sum(load.received.values()) + len(load.left()) < total and time.monotonic() < deadline:
        read_ready(consumers, 0.05)
    for consumer in consumers:
        consumer.hang_up()
    left = load.left()
    load.receive(left)
    twice = [element for element, count in load.received.items() if count > 1]
    missing = [element for at in range(total) if (element := b"#%d" % at) not in load.received]
    assert not twice and not missing, f"of {total} twice: {twice[:10]}, never: {missing[:10]}"
    load.world.close()


def moved_once_over_kills(binary, options, spread, seed, rounds):
    """Consumers move elements by BLMOVE: each element is in one list then, however the server ended."""
    chance = random.Random(seed)
    with Server(binary, {**options, "appendfsync": "always"}) as server:
        acknowledged, sent = set(), 0
        for _ in range(rounds):
            world = World(server, spread)
            source, taken = world.keys(["source", "taken"])
            movers = [server.client() for _ in range(20)]
            for mover in movers:
                mover.send(encode(("BLMOVE", source, taken, "LEFT", "RIGHT", 0)) * 50)
            pusher = server.client()
            for _ in range(chance.randint(1, 60)):
                pusher.call("RPUSH", source, f"#{sent}", f"#{sent + 1}")
                acknowledged |= {b"#%d" % sent, b"#%d" % (sent + 1)}
                sent += 2
            pusher.send(encode(("RPUSH", source, f"#{sent}")))
            sent += 1
            server.kill9()
            server.restart()
            with server.client() as client:
                found = client.call("LRANGE", source, 0, -1) + client.call("LRANGE", taken, 0, -1)
                assert len(found) == len(set(found)) and acknowledged <= set(found), acknowledged - set(found)
                acknowledged = set(found)


def main():
    arguments = parse_arguments(__doc__, ("--rounds", {"type": int, "default": 60}),
                                ("--only", {"default": "", "help": "run the layouts whose name contains this"}))
    for name, options, spread in (("redis-server", {}, False), *LAYOUTS):
        if arguments.only not in name:
            continue
        binary = REDIS_SERVER if name == "redis-server" else arguments.server
        with Server(binary, options) as server:
            every_element_once(server, spread, arguments.seed, arguments.rounds)
        print(f"ok   every element once ({name})", flush=True)
        if binary != REDIS_SERVER:
            moved_once_over_kills(binary, options, spread, arguments.seed, 4)
            print(f"ok   moved once over kills ({name})", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
