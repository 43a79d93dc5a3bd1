#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the database that every later version must read: once for each version of the formats.

    /usr/bin/python3 tests/formats/write.py --server build/release/stave-server tests/formats/vN

It has two shards, each with a manifest, compacted segments with tombstones in them and log segments before and
behind those, sealed and with hints, an open end as kill -9 leaves it, overwritten and deleted keys, expiries,
raw strings, collections small and large with edits behind their snapshots, fields that expire, a binary key, a value
larger than a segment, a flush, a swap of databases, transactions over both shards, and one of them that only one shard
has, so that it is void. vN.keys beside it lists every key: database,
key and value in hex ("-": empty, "616263*9": "abc" nine times, "61*9+62": that and "b" behind it), expiry in Unix ms (-1: none), encoding. Of a collection
the value is a line for each element: "field=value" ("field=value@4102444800000" when it expires then, in Unix ms),
"member=score", "element"; those of hashes and sets are sorted.
tests/shards/format_test.cc reads both.

The directories that are there are never written again: this is how old databases looked."""

import argparse
import pathlib
import re
import shutil
import struct
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from stave_testing import Server, wait_until  # noqa: E402

FAR_MS = 4102444800000  # the year 2100


def steady_values(client):
    """So little of this dies that compaction leaves it alone: the tombstones of `gone` must stay."""
    for i in range(12):
        client.call("SET", f"steady:{i}", f"{i}" * 3000)
    for i in range(4):
        client.call("SET", f"gone:{i}", "x")


def first_values(client):
    client.call("SET", "greeting", "hello")
    client.call("SET", "number", "12345")
    client.call("SET", "empty", "")
    client.call("SET", bytes(range(256)), "of a binary key")
    client.call("SET", "binary \0\r\n", bytes(range(256)))
    client.call("SET", "large", "0123456789" * 6600)
    client.call("SET", "long", "x" * 5000)
    client.call("SET", "expires", "in 2100", "PXAT", FAR_MS)
    client.call("APPEND", "greeting", ", disk")
    for i in range(40):
        client.call("SET", f"key:{i}", f"value {i}")
    for i in range(8):
        client.call("SET", f"draft:{i}", "not yet " * 200)
    for database in (1, 2, 3):
        client.call("SELECT", database)
        client.call("SET", "where", f"in {database} first")
        client.call("SET", f"only in {database}", "yes")
    client.call("SELECT", 0)


def changes(client):
    for i in range(0, 40, 3):
        client.call("SET", f"key:{i}", f"newer {i}", "PXAT", FAR_MS + i)
    for i in range(1, 40, 3):
        client.call("DEL", f"key:{i}")
    client.call("DEL", *[f"gone:{i}" for i in range(4)], *[f"draft:{i}" for i in range(8)])
    client.call("PERSIST", "key:3")
    client.call("PEXPIREAT", "number", FAR_MS)
    client.call("MSET", *[word for i in range(20) for word in (f"set:{i}", f"together {i}")])
    client.call("RENAME", "set:0", "renamed")
    client.call("SETRANGE", "long", 4990, "the end of it")


def collections(client):
    client.call("HSET", "hash", "a", "1", "b", "2", "c", "3")
    client.call("HDEL", "hash", "b")
    client.call("SADD", "set", "3", "1", "2", "x")
    client.call("RPUSH", "list", "one", "two", "three")
    client.call("LPUSH", "list", "zero")
    client.call("ZADD", "zset", "1.5", "b", "-inf", "a", "2", "c")
    client.call("HSET", "large hash", *[word for i in range(60) for word in (f"field:{i}", f"value {i}" * 3)])
    client.call("SADD", "large set", *[f"member:{i}" for i in range(80)])
    client.call("RPUSH", "large list", *[f"element {i}" for i in range(80)])
    client.call("ZADD", "large zset", *[word for i in range(60) for word in (i * 7 % 60, f"member:{i}")])


def fields_that_expire(client):
    for key in ("hash", "large hash"):
        client.call("HSET", key, "expires", "in 2100", "lasts", "again")
        client.call("HPEXPIREAT", key, FAR_MS, "FIELDS", 2, "expires", "lasts")
        client.call("HPERSIST", key, "FIELDS", 1, "lasts")


def edits(client):
    """Of the large ones; a start is behind them, so these are read, and a snapshot and edits are what they have."""
    for i in range(5):
        client.call("HSET", "large hash", f"field:{i}", f"changed {i}")
        client.call("HDEL", "large hash", f"field:{i + 20}")
        client.call("SREM", "large set", f"member:{i}")
        client.call("SADD", "large set", f"new:{i}")
        client.call("LPUSH", "large list", f"head {i}")
        client.call("RPOP", "large list")
        client.call("LSET", "large list", 10 + i, f"set {i}")
        client.call("LINSERT", "large list", "BEFORE", "element 30", f"inserted {i}")
        client.call("LREM", "large list", 1, f"element {40 + i}")
        client.call("ZADD", "large zset", 100 + i, f"member:{i}")
        client.call("ZREM", "large zset", f"member:{i + 20}")
    client.call("PEXPIREAT", "large hash", FAR_MS)


def parts(client):
    """Snapshots of more than 128 KiB are logged in parts; the commands behind those that begin them come in between."""
    large = 23000
    client.call("HSET", "hash in parts", *[word for i in range(8) for word in (f"field:{i}", "a" * large)])
    client.call("RPUSH", "list in parts", *["b" * large] * 8)
    client.pipeline([
        ("HSET", "hash in parts", *[word for i in range(8) for word in (f"field:{i}", f"{i}" * (large + 500))]),
        ("HSET", "hash in parts", "field:3", "in between"),
        ("HDEL", "hash in parts", "field:4"),
        ("RPUSH", "list in parts", *["c" * large] * 9),
        ("LPUSH", "list in parts", "in between"),
        ("LREM", "list in parts", 2, "b" * large),
        ("RPOP", "list in parts"),
    ])
    time.sleep(0.5)  # the other parts are logged
    client.call("HSET", "hash in parts", "behind", "it")
    client.call("LSET", "list in parts", 3, "behind it")


def databases(client):
    client.call("SELECT", 3)
    client.call("FLUSHDB")
    client.call("SET", "after", "the flush")
    client.call("SWAPDB", 1, 2)
    client.call("SELECT", 1)
    client.call("SET", "after", "the swap")


def compact(server):
    """Both shards replace what they have sealed by compacted segments."""
    client = server.client()
    client.call("CONFIG", "SET", "compaction-threshold", 1)
    wait_until(lambda: all(map(lists_compacted, server.dir.glob("shard-*"))))
    client.call("CONFIG", "SET", "compaction-threshold", 100)


def lists_compacted(shard):
    """Whether the manifest is there and has a compacted segment in it (shards/manifest.h, segment.h)."""
    if not (shard / "manifest").exists():
        return False
    listed = {number for number, in struct.iter_unpack("<Q", (shard / "manifest").read_bytes()[216:])}
    return any(int(segment.stem) in listed and segment.read_bytes()[36] == 2 for segment in shard.glob("*.seg"))


def void_transaction(server):
    """Both shards write their part, and the second loses it."""
    client = server.client()
    client.call("MSET", *[word for i in range(8) for word in (f"torn:{i}", "old")])
    segment = max((server.dir / "shard-0001").glob("*.seg"))
    before = segment.read_bytes()
    client.call("MSET", *[word for i in range(8) for word in (f"torn:{i}", "void")])
    server.kill9()
    segment.write_bytes(before)


def text_of(value):
    """In hex; of a text again and again only once, and how often, and so of a long run of a byte within another."""
    runs = [run.group() for run in re.finditer(rb"(.)\1{99,}|(?:(?!(.)\2{99}).)+", value, re.DOTALL)]
    if len(runs) > 1:
        return "+".join(text_of(run) for run in runs)
    for period in range(1, 11):
        times = len(value) // period
        if times > 1 and value == value[:period] * times:
            return f"{value[:period].hex()}*{times}"
    return value.hex() or "-"


def value_of(client, key):
    kind = client.call("TYPE", key)
    if kind == "string" or kind == b"string":
        return client.call("GET", key)
    if kind in ("list", b"list"):
        lines = client.call("LRANGE", key, 0, -1)
    elif kind in ("set", b"set"):
        lines = sorted(client.call("SMEMBERS", key))
    elif kind in ("hash", b"hash"):
        words = client.call("HGETALL", key)
        times = client.call("HPEXPIRETIME", key, "FIELDS", len(words) // 2, *words[::2])
        expiries = [b"@%d" % time if time > 0 else b"" for time in times]
        lines = sorted(field + b"=" + value + expiry for field, value, expiry in zip(words[::2], words[1::2], expiries))
    else:
        words = client.call("ZRANGE", key, 0, -1, "WITHSCORES")
        lines = [member + b"=" + score for member, score in zip(words[::2], words[1::2])]
    return b"".join(line + b"\n" for line in lines)


def write_keys(client, path):
    with open(path, "w", encoding="ascii") as out:
        for database in range(16):
            client.call("SELECT", database)
            for key in sorted(client.call("KEYS", "*")):
                value = value_of(client, key)
                encoding = client.call("OBJECT", "ENCODING", key).decode()
                expiry_ms = client.call("PEXPIRETIME", key)
                print(database, key.hex(), text_of(value), expiry_ms, encoding, file=out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True, type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("into", type=pathlib.Path)
    arguments = parser.parse_args()
    with Server(arguments.server, {"shards": 2, "segment-bytes": 64 << 10, "compaction-threshold": 100}) as server:
        for step in (steady_values, first_values, changes, collections, fields_that_expire, edits, parts, databases):
            step(server.client())
            server.restart()  # seals what the step wrote
        compact(server)
        for key in ("key:0", "after"):  # over what is compacted now
            server.client().call("SET", key, "behind it")
        server.restart()
        void_transaction(server)
        server.start()
        client = server.client()
        client.call("SET", "last", "word")
        client.call("SET", "greeting", "hello again")
        write_keys(client, arguments.into.with_suffix(".keys"))
        server.kill9()
        shutil.copytree(server.dir, arguments.into)
        (arguments.into / "LOCK").write_bytes(b"")


if __name__ == "__main__":
    main()
