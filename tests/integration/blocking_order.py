# SPDX-License-Identifier: Apache-2.0
# ctest: label=fast timeout=300
"""Who is served with what, in the order of Redis: random steps, one after the other, go to redis-server and to Stave.

After each step the same clients must have ended waiting, with the same replies. Left out is what Redis 7.0 does unlike
7.2, which looks at all keys of a command again: no key becomes another type, and only clients that wait for one key
wait for what others move.
"""
import random
import sys

from blocking_testing import LAYOUTS, LISTS, ZSETS, World
from stave_testing import REDIS_SERVER, Server, parse_arguments, wait_until

MOVED = ["m", "n"]
WAITING_MOST = 15


class Steps:
    """A server, and the steps that its seed makes. All that they bring about names keys without their shard."""

    def __init__(self, server, spread, seed):
        self.world = World(server, spread)
        self.random = random.Random(seed)
        self.waiting = []
        self.pushed = 0
        self.served = 0
        self.names = {self.world.key(name): name for name in LISTS + MOVED + ZSETS}

    def key(self, names):
        return self.world.key(self.random.choice(names))

    def elements(self):
        count = self.random.randint(1, 5)
        self.pushed += count
        return [f"#{self.pushed - at}" for at in range(count)]

    # -- the steps
    def wait(self):
        """A client that waits, if there is nothing for it now."""
        lists = self.world.keys(self.random.sample(LISTS, self.random.randint(1, len(LISTS))))
        zsets = self.world.keys(self.random.sample(ZSETS, self.random.randint(1, len(ZSETS))))
        moved = self.key(MOVED)
        keys, words = self.random.choice([
            (lists, ("BLPOP", *lists, 0)), (lists[:1], ("BRPOP", lists[0], 0)), ([moved], ("BLPOP", moved, 0)),
            (lists, ("BLMPOP", 0, len(lists), *lists, "LEFT", "COUNT", 2)), (zsets, ("BZPOPMIN", *zsets, 0)),
            (lists[:1], ("BLMOVE", lists[0], moved, "LEFT", "RIGHT", 0)),
            (zsets, ("BZMPOP", 0, len(zsets), *zsets, "MAX", "COUNT", 2))])
        if len(self.waiting) < WAITING_MOST and self.world.call("EXISTS", *keys) == 0:
            self.waiting.append(self.world.wait(*words))

    def push(self):
        return self.world.call(self.random.choice(["RPUSH", "LPUSH"]), self.key(LISTS + MOVED), *self.elements())

    def add(self):
        words = [word for score, element in enumerate(self.elements()) for word in (score, element)]
        return self.world.call("ZADD", self.key(ZSETS), *words)

    def rename(self):
        temporary = self.world.key("temporary")
        self.world.call("RPUSH", temporary, *self.elements())
        return self.world.call("RENAME", temporary, self.key(LISTS))

    def remove(self):
        return self.world.call("DEL", self.key(LISTS + MOVED + ZSETS))

    def unblock(self):
        if self.waiting:
            reason = self.random.choice(["TIMEOUT", "ERROR"])
            return self.world.call("CLIENT", "UNBLOCK", self.random.choice(self.waiting).id, reason)
        return None

    def kill(self):
        if self.waiting:
            client = self.waiting.pop(self.random.randrange(len(self.waiting)))
            return self.world.call("CLIENT", "KILL", "ID", client.id)
        return None

    # -- what they bring about
    def ended(self):
        """Positions in `waiting`."""
        if not self.waiting:
            return []
        text = self.world.call("CLIENT", "LIST", "ID", *(waiting.id for waiting in self.waiting)).decode()
        lines = [dict(field.split("=", 1) for field in line.split()) for line in text.splitlines()]
        flags = {int(line["id"]): line["flags"] for line in lines}
        return [at for at, waiting in enumerate(self.waiting) if "b" not in flags[waiting.id]]

    def with_names(self, reply):
        if isinstance(reply, list):
            return [self.with_names(part) for part in reply]
        return self.names.get(reply, reply) if isinstance(reply, bytes) else reply

    def take_ended(self):
        replies = [(at, self.waiting.pop(at).client.read_reply()) for at in reversed(self.ended())]
        self.served += len(replies)
        return [(at, reply.type, self.with_names(reply.plain())) for at, reply in replies]

    def step(self, expected=None):
        """With `expected`, from another server, so many clients are waited for as ended waiting there."""
        kinds = [self.wait] * 9 + [self.push] * 3 + [self.remove] * 7 + [self.add, self.rename, self.unblock, self.kill]
        reply = self.random.choice(kinds)()
        if expected:
            wait_until(lambda: len(self.ended()) >= len(expected[1]), what=f"{expected[1]} to be served")
        return reply, self.take_ended()

    def contents(self):
        return [self.world.call("LRANGE", self.world.key(name), 0, -1) for name in LISTS + MOVED] + \
            [self.world.call("ZRANGE", self.world.key(name), 0, -1) for name in ZSETS]


def compare(redis, server, spread, seed, steps):
    measure, subject = Steps(redis, False, seed), Steps(server, spread, seed)
    for at in range(steps):
        expected = measure.step()
        found = subject.step(expected)
        assert found == expected, f"step {at}: {found}, expected {expected}"
    assert measure.contents() == subject.contents()
    measure.world.close()
    subject.world.close()
    return measure.served


def main():
    arguments = parse_arguments(__doc__, ("--steps", {"type": int, "default": 1000}))
    for name, options, spread in LAYOUTS:
        with Server(REDIS_SERVER) as redis, Server(arguments.server, options) as server:
            served = compare(redis, server, spread, arguments.seed, arguments.steps)
        print(f"ok   {name}: {served} clients served in {arguments.steps} steps", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
