# SPDX-License-Identifier: Apache-2.0
# ctest: label=fast timeout=120
"""Members and elements that move between collections of different shards are in exactly one of them, whatever
a kill interrupts, with values that are demoted and come back meanwhile.
"""
import random
import sys
import threading

from stave_testing import Server, parse_arguments

SETS = [f"set:{i}" for i in range(8)]
LISTS = [f"list:{i}" for i in range(6)]
COUNT = 2000        # members, and as many elements
LIVES = 3
MOVES_A_LIFE = 1500
CLIENTS = 4


def fill(client):
    client.pipeline([["SADD", SETS[i % len(SETS)], f"member:{i}"] for i in range(COUNT)] +
                    [["RPUSH", LISTS[i % len(LISTS)], f"element:{i}"] for i in range(COUNT)])


def moves(chance):
    source, destination = chance.sample(SETS, 2)
    yield ["SMOVE", source, destination, f"member:{chance.randrange(COUNT)}"]
    ends = [chance.choice(["LEFT", "RIGHT"]) for _ in range(2)]
    yield ["LMOVE", chance.choice(LISTS), chance.choice(LISTS), *ends]
    # Room is short, so that what is not in use leaves memory.
    yield ["SET", f"filler:{chance.randrange(500)}", "v" * chance.randrange(4000)]


class Mover(threading.Thread):
    """Moves until the server is gone; `halfway` is set when it has done its share."""

    def __init__(self, server, seed):
        super().__init__()
        self.client = server.client()
        self.chance = random.Random(seed)
        self.halfway = threading.Event()
        self.errors = []

    def run(self):
        try:
            for done in range(1 << 30):
                answers = self.client.pipeline([command for _ in range(5) for command in moves(self.chance)])
                self.errors += [answer.value for answer in answers if answer.is_error()]
                if done * 10 >= MOVES_A_LIFE:
                    self.halfway.set()
        except OSError:
            self.halfway.set()


def check(client):
    members = [member for name in SETS for member in client.call("SMEMBERS", name)]
    elements = [element for name in LISTS for element in client.call("LRANGE", name, 0, -1)]
    assert len(members) == len(set(members)) == COUNT, (len(members), len(set(members)))
    assert len(elements) == len(set(elements)) == COUNT, (len(elements), len(set(elements)))
    assert sum(client.call("SCARD", name) for name in SETS) == COUNT
    assert sum(client.call("LLEN", name) for name in LISTS) == COUNT


def main():
    arguments = parse_arguments(__doc__)
    chance = random.Random(arguments.seed)
    options = {"shards": 4, "workers": 2, "segment-bytes": "256kb", "maxmemory": "1mb",
               "appendfsync": chance.choice(["always", "everysec", "no"])}
    with Server(arguments.server, options) as server:
        fill(server.client())
        for _ in range(LIVES):
            movers = [Mover(server, chance.random()) for _ in range(CLIENTS)]
            for mover in movers:
                mover.start()
            for mover in movers:
                mover.halfway.wait()
            server.kill9()
            for mover in movers:
                mover.join()
                assert not mover.errors, mover.errors[:3]
            server.start()
            check(server.client())
        server.stop()
    print("ok")


if __name__ == "__main__":
    sys.exit(main())
