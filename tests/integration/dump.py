# SPDX-License-Identifier: Apache-2.0
# ctest: label=fast timeout=120
"""DUMP and RESTORE between Stave and redis-server, both ways: values of every type and of many sizes and kinds arrive with the
same content and encoding, and where Redis has only one way to write a value, Stave writes the same bytes.

Debian's redis-server is a 7.0: it writes format 10 and takes no later one. So what Stave writes (11) is given to it with another
footer; and the one form that it does not know, sets as listpacks, goes back into Stave only.

Then payloads as older versions wrote them, in both servers; and payloads with a right checksum and wrong bytes in them. Stave
refuses all that redis-server refuses when it checks deeply, and never ends by one.
"""

import random
import struct

from differential import payloads
from stave_testing import REDIS_SERVER, ReplyError, Server, parse_arguments

LIMITS = [-(1 << 63), (1 << 63) - 1, -(1 << 31), (1 << 31) - 1, 1 << 31, -32769, -32768, 32767, 32768, 8388607, 8388608,
          -8388609, -129, -128, 127, 128, 4095, 4096, -4096, -4097, 0, 12, 13, -1]
CHECK = {"sanitize-dump-payload": "yes"}
RANGES = {b"list": ("LRANGE", 0, -1), b"zset": ("ZRANGE", 0, -1, "WITHSCORES")}


def kinds(rng):
    """Functions from a number to a text; different numbers give different texts."""
    seed = rng.randbytes(8)

    def binary(number):
        return struct.pack(">I", number) + seed

    return {
        "integers": lambda number: b"%d" % number,
        "negative": lambda number: b"%d" % (-number * 7919 - 1),
        "limits": lambda number: b"%d" % (LIMITS[number] if number < len(LIMITS) else number * 1_000_003 + (1 << 33)),
        "words": lambda number: b"word%d" % number,
        "empty": lambda number: b"" if number == 0 else b"%d" % number * 2,
        "binary": binary,
        "like numbers": lambda number: [b"0%d", b"+%d", b"%d ", b"-0%d"][number % 4] % number,
        "20 bytes": lambda number: b"%020d" % (number + 1),
        "21 bytes": lambda number: b"x%020d" % number,
        "64 bytes": lambda number: b"%064d" % number,
        "65 bytes": lambda number: b"%065d" % number,
        "hard to compress": lambda number: binary(number) + rng.randbytes(90),
    }


def long_kinds(rng):
    return {
        "4095 bytes": lambda number: b"%04095d" % number,
        "4096 bytes": lambda number: b"%04096d" % number,
        "10000 bytes": lambda number: b"%010000d" % number,
        "10000 random bytes": lambda number: struct.pack(">I", number) + rng.randbytes(10000),
    }


def content(client, key):
    kind = client.call("TYPE", key)
    if kind == b"string":
        return kind, client.call("GET", key)
    if kind == b"set":
        return kind, sorted(client.call("SMEMBERS", key))
    if kind == b"hash":
        flat = client.call("HGETALL", key)
        return kind, sorted(zip(flat[::2], flat[1::2]))
    name, *rest = RANGES[kind]
    elements = client.call(name, key, *rest)
    if kind == b"zset":
        elements[1::2] = map(float, elements[1::2])
    return kind, elements


def encoding(client, key):
    return client.call("OBJECT", "ENCODING", key)


def as_7_0(name, kind):
    """What 7.0 calls an encoding of 7.2."""
    return {(b"listpack", b"list"): b"quicklist", (b"listpack", b"set"): b"hashtable"}.get((name, kind), name)


def in_parts(words, size=100):
    return [words[at:at + size] for at in range(0, len(words), size)]


def fill(client, texts, rng):
    """The keys string, list, set, hash and zset of these texts."""
    client.call("FLUSHALL")
    client.call("SET", "string", texts[0])
    scores = [rng.choice([number, -number, number * 10 ** 6]) for number in range(len(texts))]
    for part in in_parts(list(zip(texts, scores))):
        names = [text for text, _ in part]
        client.call("RPUSH", "list", *names)
        client.call("SADD", "set", *names)
        client.call("HSET", "hash", *[word for text in names for word in (text, texts[len(text) % len(texts)])])
        client.call("ZADD", "zset", *[word for text, score in part for word in (score, text)])


class Move:
    def __init__(self, redis, stave, rng):
        self.redis, self.stave, self.rng = redis, stave, rng
        self.same_bytes = 0

    def values(self, kind, text, count):
        texts = [text(number) for number in range(count)]
        state = self.rng.getstate()
        fill(self.redis, texts, self.rng)
        self.rng.setstate(state)
        fill(self.stave, texts, self.rng)
        for key in ("string", "list", "set", "hash", "zset"):
            self.to_stave(kind, key, is_tiny=count <= 2)
            self.to_redis(kind, key)

    def to_stave(self, kind, key, is_tiny):
        dumped = self.redis.call("DUMP", key)
        assert self.stave.call("RESTORE", "there", 0, dumped, "REPLACE") == b"OK"
        assert content(self.redis, key) == content(self.stave, "there"), (kind, key)
        assert encoding(self.stave, key) == encoding(self.stave, "there"), (kind, key)
        own = self.stave.call("DUMP", key)
        ordered = key in ("string", "list", "zset") or encoding(self.redis, key) == b"intset"
        if ordered or (key == "hash" and is_tiny and encoding(self.redis, key) == b"listpack"):
            assert payloads.body(own) == payloads.body(dumped), (kind, key, own[:80], dumped[:80])
            self.same_bytes += 1

    def to_redis(self, kind, key):
        dumped = self.stave.call("DUMP", key)
        assert dumped[-10:-8] == b"\x0b\x00"
        assert self.stave.call("RESTORE", "again", 0, dumped, "REPLACE") == b"OK"
        assert content(self.stave, key) == content(self.stave, "again"), (kind, key)
        assert encoding(self.stave, key) == encoding(self.stave, "again"), (kind, key)
        if dumped[0] == payloads.SET_LISTPACK:
            return
        assert self.redis.call("RESTORE", "there", 0, payloads.with_version(dumped, 10), "REPLACE") == b"OK"
        assert content(self.redis, "there") == content(self.stave, key), (kind, key)
        assert encoding(self.redis, "there") == as_7_0(encoding(self.stave, key), self.stave.call("TYPE", key)), (kind, key)


def values_move_both_ways(redis, stave, rng):
    move = Move(redis, stave, rng)
    for kind, text in kinds(rng).items():
        for count in (1, 2, 10, 127, 128, 129, 500, 512, 513, 5000 if rng.random() < 0.5 else 1000):
            move.values(kind, text, count)
    for kind, text in long_kinds(rng).items():
        for count in (1, 10, 60):
            move.values(kind, text, count)
    print(f"{move.same_bytes} values with the same bytes")


def special_scores_move(redis, stave):
    scores = ["inf", "-inf", "0.1", "-1.5e300", "5e-324", "1e17", "4611686018427387904", "3", "1e15", "123456.7891234"]
    for more in (0, 200):
        for client in (redis, stave):
            client.call("DEL", "z")
            client.call("ZADD", "z", *[word for score in scores for word in (score, "m" + score)])
            if more:
                client.call("ZADD", "z", *[word for number in range(more) for word in (number, f"n{number}")])
        stave.call("RESTORE", "there", 0, redis.call("DUMP", "z"), "REPLACE")
        redis.call("RESTORE", "there", 0, payloads.with_version(stave.call("DUMP", "z"), 10), "REPLACE")
        assert content(redis, "z") == content(stave, "z") == content(redis, "there") == content(stave, "there")


def older_forms_are_read(redis, stave, rng):
    for kind, text in {**kinds(rng), **long_kinds(rng)}.items():
        for count in (1, 2, 8, 130, 520):
            if count > 100 and "bytes" in kind:
                continue
            texts = [text(number + 1) for number in range(count)]
            for form in payloads.every_form(texts):
                form = payloads.with_version(form, rng.randint(1, 10))
                for client in (redis, stave):
                    assert client.call("RESTORE", "k", 0, form, "REPLACE") == b"OK", (kind, count, form[:60])
                assert content(redis, "k") == content(stave, "k"), (kind, count, form[:60])
                name = encoding(stave, "k")
                expected = encoding(redis, "k")
                assert expected in (name, as_7_0(name, stave.call("TYPE", "k"))), (kind, count, name, expected, form[:60])


def damaged_bytes_are_refused(redis, stave, rng):
    """Redis takes what follows a value for nothing, reads a value on into the footer, and does not look at scores in a listpack:
    so Stave may refuse what it takes, but not the other way round."""
    texts = [b"%d" % number for number in (0, 5, 13, 200, -70000, 1 << 40)] + [b"a", b"text", b"b" * 70]
    originals = payloads.every_form(texts[:6]) + payloads.every_form(texts)
    taken = 0
    for _ in range(6000):
        damaged = bytearray(payloads.body(rng.choice(originals)))
        for _ in range(rng.choice([1, 1, 2, 5])):
            damage(damaged, rng)
        wrong = payloads.payload(damaged[0], bytes(damaged[1:])) if damaged else payloads.payload(0, b"")
        stave_reply = stave.execute("RESTORE", "k", 0, wrong, "REPLACE")
        if stave_reply.is_error():
            assert stave_reply.value == b"ERR Bad data format", (wrong, stave_reply)
            continue
        taken += 1
        assert stave_reply.value == b"OK"
        again = stave.call("DUMP", "k")
        stave.call("RESTORE", "again", 0, again, "REPLACE")
        assert content(stave, "k") == content(stave, "again"), wrong
        if wrong[0] != payloads.SET_LISTPACK:
            assert redis.execute("RESTORE", "k", 0, wrong, "REPLACE").value == b"OK", wrong
            if stave.call("TYPE", "k") != b"zset":  # Stave puts members in order, Redis takes them as they come
                assert content(redis, "k") == content(stave, "k"), wrong
    print(f"{taken} of 6000 damaged payloads are values all the same")


def damage(data, rng):
    at = rng.randrange(len(data) + 1)
    how = rng.randrange(6)
    if how == 0:
        data[at:at] = rng.randbytes(1)
    elif how == 1:
        del data[at:at + rng.randint(1, 4)]
    elif how == 2:
        del data[at:]
    elif at < len(data):
        data[at] = rng.choice([0, 1, 0x7F, 0x80, 0x81, 0xC3, 0xFE, 0xFF, data[at] ^ 1 << rng.randrange(8), rng.randrange(256)])


def footers_are_checked(stave):
    right = payloads.payload(payloads.STRING, b"\x01x", 11)
    assert stave.call("RESTORE", "k", 0, right, "REPLACE") == b"OK"
    for wrong in (b"", right[:9], right[:1] + right[2:], right[:-1], right[:-1] + b"?", payloads.payload(payloads.STRING, b"\x01x", 13)):
        try:
            stave.call("RESTORE", "k", 0, wrong, "REPLACE")
            raise AssertionError(f"taken: {wrong}")
        except ReplyError as error:
            assert str(error) == "ERR DUMP payload version or checksum are wrong", (wrong, error)


def main():
    arguments = parse_arguments(__doc__)
    rng = random.Random(arguments.seed)
    with Server(REDIS_SERVER, CHECK) as reference, Server(arguments.server, {"maxmemory": "64mb"}) as subject:
        redis, stave = reference.client(), subject.client()
        values_move_both_ways(redis, stave, rng)
        special_scores_move(redis, stave)
        older_forms_are_read(redis, stave, rng)
        footers_are_checked(stave)
        damaged_bytes_are_refused(redis, stave, rng)
        subject.stop()


if __name__ == "__main__":
    main()
