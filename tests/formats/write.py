#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the database that every later version must read: once for each version of the formats.

    /usr/bin/python3 tests/formats/write.py --server build/release/stave-server tests/formats/vN

It has two shards with sealed segments and hints, some of them compacted and with a manifest, an open end as
kill -9 leaves it, overwritten and deleted keys, expiries, raw strings, a flush, a swap of databases,
transactions over both shards, and one of them that only one shard has, so that it is void. vN.keys beside it lists every key: database, key and value in hex,
expiry in Unix ms (-1: none), encoding. tests/shards/format_test.cc reads both.

The directories that are there are never written again: this is how old databases looked."""

import argparse
import pathlib
import shutil
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from stave_testing import Server, wait_until  # noqa: E402

FAR_MS = 4102444800000  # the year 2100


def first_values(client):
    client.call("SET", "greeting", "hello")
    client.call("SET", "number", "12345")
    client.call("SET", "empty", "")
    client.call("SET", "binary \0\r\n", bytes(range(256)))
    client.call("SET", "long", "x" * 5000)
    client.call("SET", "expires", "in 2100", "PXAT", FAR_MS)
    client.call("APPEND", "greeting", ", disk")
    for i in range(40):
        client.call("SET", f"key:{i}", f"value {i}")
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
    client.call("PERSIST", "key:3")
    client.call("PEXPIREAT", "number", FAR_MS)
    client.call("MSET", *[word for i in range(20) for word in (f"set:{i}", f"together {i}")])
    client.call("RENAME", "set:0", "renamed")
    client.call("SETRANGE", "long", 4990, "the end of it")


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
    wait_until(lambda: all((shard / "manifest").exists() for shard in server.dir.glob("shard-*")))
    client.call("CONFIG", "SET", "compaction-threshold", 100)


def void_transaction(server):
    """Both shards write their part, and the second loses it."""
    client = server.client()
    client.call("MSET", *[word for i in range(8) for word in (f"torn:{i}", "old")])
    segment = max((server.dir / "shard-0001").glob("*.seg"))
    before = segment.read_bytes()
    client.call("MSET", *[word for i in range(8) for word in (f"torn:{i}", "void")])
    server.kill9()
    segment.write_bytes(before)


def write_keys(client, path):
    with open(path, "w", encoding="ascii") as out:
        for database in range(16):
            client.call("SELECT", database)
            for key in sorted(client.call("KEYS", "*")):
                value = client.call("GET", key)
                encoding = client.call("OBJECT", "ENCODING", key).decode()
                expiry_ms = client.call("PEXPIRETIME", key)
                print(database, key.hex(), value.hex() or "-", expiry_ms, encoding, file=out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True, type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("into", type=pathlib.Path)
    arguments = parser.parse_args()
    with Server(arguments.server, {"shards": 2, "segment-bytes": 64 << 10, "compaction-threshold": 100}) as server:
        for step in (first_values, changes, databases):
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
