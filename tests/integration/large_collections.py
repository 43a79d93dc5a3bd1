# SPDX-License-Identifier: Apache-2.0
# ctest: label=fast timeout=120
"""Collections of several parts: while their snapshots are logged, commands change them and the server is killed, or
they leave memory; each time all elements are there, in a server that answers others meanwhile."""
import random

from stave_testing import Server, parse_arguments, wait_until

OPTIONS = {"shards": 1, "workers": 1, "segment-bytes": 1 << 20, "compaction-threshold": 10}
ELEMENTS = 20_000
ROUNDS = 6
COMMANDS = 300  # of a pipeline that changes all four


class Model:
    def __init__(self):
        self.hash, self.set, self.zset, self.list = {}, set(), {}, []

    def fill(self, client):
        names = [b"name:%d" % i for i in range(ELEMENTS)]
        self.hash = {name: name * 2 for name in names}
        self.set = set(names)
        self.zset = {name: i for i, name in enumerate(names)}
        self.list = list(names)
        for at in range(0, ELEMENTS, 1000):
            some = names[at:at + 1000]
            client.call("HSET", "hash", *[word for name in some for word in (name, name * 2)])
            client.call("SADD", "set", *some)
            client.call("ZADD", "zset", *[word for i, name in enumerate(some) for word in (at + i, name)])
            client.call("RPUSH", "list", *some)

    def change(self, chance):
        """A command, after the model has done the same."""
        name = b"name:%d" % chance.randrange(ELEMENTS * 2)
        value = b"%d" % chance.randrange(1000) * 30
        kind = chance.randrange(10)
        at = chance.randrange(len(self.list))
        if kind == 0:
            self.hash.pop(name, None)
            return "HDEL", "hash", name
        if kind == 1:
            self.set.add(name)
            return "SADD", "set", name
        if kind == 2:
            self.set.discard(name)
            return "SREM", "set", name
        if kind == 3:
            self.zset.pop(name, None)
            return "ZREM", "zset", name
        if kind == 4:
            self.zset[name] = chance.randrange(ELEMENTS)
            return "ZADD", "zset", self.zset[name], name
        if kind == 5:
            self.list[at] = value
            return "LSET", "list", at, value
        if kind == 6:
            self.list.insert(0, value)
            return "LPUSH", "list", value
        if kind == 7:
            self.list.pop()
            return "RPOP", "list"
        if kind == 8:
            self.list = self.list[1:-1]
            return "LTRIM", "list", 1, -2
        self.hash[name] = value
        return "HSET", "hash", name, value

    def check(self, client):
        words = client.call("HGETALL", "hash")
        assert dict(zip(words[::2], words[1::2])) == self.hash
        assert set(client.call("SMEMBERS", "set")) == self.set
        words = client.call("ZRANGE", "zset", 0, -1, "WITHSCORES")
        assert {name: int(score) for name, score in zip(words[::2], words[1::2])} == self.zset
        assert client.call("LRANGE", "list", 0, -1) == self.list


def field(client, name):
    return int(next(line for line in client.call("INFO", "all").decode().splitlines() if line.startswith(name + ":"))
               .split(":")[1])


def main():
    arguments = parse_arguments(__doc__)
    chance = random.Random(arguments.seed)
    model = Model()
    with Server(arguments.server, OPTIONS) as server:
        model.fill(server.client())
        for each in range(ROUNDS):
            client = server.client()
            snapshots = field(client, "stave_collection_snapshots")
            # Memory for none of them: snapshots begin, and are behind the commands that follow at once.
            client.call("CONFIG", "SET", "maxmemory", "1mb")
            for reply in client.pipeline([model.change(chance) for _ in range(COMMANDS)]):
                assert not reply.is_error(), reply
            if each % 3 == 2:
                wait_until(lambda: field(client, "stave_collection_snapshots") >= snapshots + 4)
                wait_until(lambda: field(client, "stave_demoted_values") >= 4)
            client.call("CONFIG", "SET", "maxmemory", "0")
            if each % 2 == 0:
                server.kill9()
                server.start()
            model.check(server.client())
        client = server.client()
        assert client.call("UNLINK", "hash", "zset", "list", "set") == 4
        assert client.call("DBSIZE") == 0
    print(f"{ROUNDS} rounds")


if __name__ == "__main__":
    main()
