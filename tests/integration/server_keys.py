# SPDX-License-Identifier: Apache-2.0
# ctest: label=fast timeout=60
"""SCAN, KEYS, RANDOMKEY, FLUSHALL and SWAPDB with keys in several shards."""
import itertools
import sys
import time

from server_testing import error, fill, run_cases


def walk(client, *options, between=lambda: None):
    """All that a whole SCAN gives, as a list."""
    found, cursor = [], b"0"
    for _ in range(100_000):
        cursor, names = client.call("SCAN", cursor, *options)
        found += names
        if cursor == b"0":
            return found
        between()
    raise AssertionError("SCAN does not end")


def scan_gives_every_key_once(server):
    names = {b"key:%d" % number for number in range(5000)}
    client = server.client()
    fill(client, names)
    for options in ((), ("COUNT", 1000), ("count", 100_000), ("COUNT", 3)):
        found = walk(client, *options)
        assert set(found) == names and len(found) == len(names), (options, len(found))
    assert set(walk(client, "MATCH", "*77*")) == {name for name in names if b"77" in name}
    assert len(walk(client, "TYPE", "STRing")) == 5000 and walk(client, "TYPE", "hash") == []
    assert walk(client, "TYPE", "no such type", "MATCH", "*") == []
    client.call("SELECT", 1)
    assert walk(client) == []


def scan_while_keys_come_and_go(server):
    """What is there throughout is given, however the tables grow and shrink meanwhile."""
    names = {b"stays:%d" % number for number in range(3000)}
    client, other = server.client(), server.client()
    fill(client, names)
    for name in ("SET", "DEL"):
        numbers = iter(range(20_000))

        def change():
            batch = list(itertools.islice(numbers, 200))
            other.pipeline([[name, f"goes:{number}", *(["v"] if name == "SET" else [])] for number in batch])

        assert names <= set(walk(client, "COUNT", 50, between=change)), name


def scan_and_keys_pass_over_what_has_expired(server):
    client = server.client()
    fill(client, [f"k{number}" for number in range(50)])
    client.call("DEBUG", "SET-ACTIVE-EXPIRE", 0)
    try:
        client.pipeline([["PEXPIRE", f"k{number}", 1] for number in range(40)])
        time.sleep(0.01)
        left = {b"k%d" % number for number in range(40, 50)}
        assert set(client.call("KEYS", "*")) == left
        assert set(walk(client)) == left
        assert client.call("RANDOMKEY") in left
        assert client.call("DEBUG", "SET-ACTIVE-EXPIRE", 1) == b"OK"
        deadline = time.monotonic() + 10
        while client.call("DBSIZE") != 10:
            assert time.monotonic() < deadline
    finally:
        client.call("DEBUG", "SET-ACTIVE-EXPIRE", 1)


def scan_errors(server):
    client = server.client()
    client.call("FLUSHALL")
    for cursor in ("abc", "1.5", " 0", "0 ", "18446744073709551616", "1-"):
        assert error(client, "SCAN", cursor) == "ERR invalid cursor", cursor
    for cursor in ("", "-1", "18446744073709551615", "+7"):
        walk_on = client.call("SCAN", cursor)
        assert isinstance(walk_on[1], list)
    for options in (("COUNT", 0), ("COUNT", -5), ("COUNT",), ("MATCH",), ("FOO", "x"), ("COUNT", 1, "MATCH")):
        assert error(client, "SCAN", 0, *options) == "ERR syntax error", options
    for count in ("x", "", "1.0", "99999999999999999999"):
        assert error(client, "SCAN", 0, "COUNT", count) == "ERR value is not an integer or out of range", count


def keys_matches_in_all_shards(server):
    client = server.client()
    fill(client, [f"k{number}" for number in range(1000)])
    assert len(client.call("KEYS", "*")) == 1000 == client.call("DBSIZE")
    assert sorted(client.call("KEYS", "k99?")) == [b"k%d" % number for number in range(990, 1000)]
    assert client.call("KEYS", "nothing") == []
    # In a pipeline it sees what stands before it, and not what stands behind.
    replies = client.pipeline([["SET", "new", 1], ["KEYS", "new"], ["DBSIZE"], ["DEL", "new"], ["KEYS", "new"], ["DBSIZE"]])
    assert [reply.plain() for reply in replies] == [b"OK", [b"new"], 1001, 1, [], 1000]


def randomkey_knows_every_key(server):
    client = server.client()
    names = {b"r%d" % number for number in range(20)}
    fill(client, names)
    assert {reply.value for reply in client.pipeline([["RANDOMKEY"]] * 2000)} == names
    client.call("SELECT", 5)
    assert client.execute("RANDOMKEY") == ("$", None)
    # Only one shard has anything, and what another one had is gone.
    client.call("SET", "alone", 1)
    assert {reply.value for reply in client.pipeline([["RANDOMKEY"]] * 50)} == {b"alone"}


def randomkey_finds_what_is_not_expired(server):
    client = server.client()
    # So few that a hundred looks never miss the one that is left.
    fill(client, [f"k{number}" for number in range(12)])
    client.call("DEBUG", "SET-ACTIVE-EXPIRE", 0)
    try:
        client.pipeline([["PEXPIRE", f"k{number}", 1] for number in range(1, 12)])
        time.sleep(0.01)
        assert {client.call("RANDOMKEY") for _ in range(50)} == {b"k0"}
        client.call("PEXPIRE", "k0", 1)
        time.sleep(0.01)
        assert client.call("RANDOMKEY") is None
    finally:
        client.call("DEBUG", "SET-ACTIVE-EXPIRE", 1)


def flush_and_swap(server):
    one, other = server.client(), server.client()
    one.call("FLUSHALL")
    for db in (0, 3):
        one.call("SELECT", db)
        one.pipeline([["SET", f"k{number}", db] for number in range(100)])
    assert other.call("SWAPDB", 0, 3) == b"OK"
    assert one.call("MGET", "k1", "k2", "k3") == [b"0"] * 3 and other.call("MGET", "k1", "k2", "k3") == [b"3"] * 3
    assert one.call("FLUSHDB", "async") == b"OK"  # what is 3 now
    assert one.call("DBSIZE") == 0 and other.call("DBSIZE") == 100
    one.call("SET", "again", 1)
    assert other.call("FLUSHALL", "SYNC") == b"OK"
    assert one.call("DBSIZE") == 0 and other.call("DBSIZE") == 0 and one.call("GET", "again") is None
    for command in (("FLUSHALL", "x"), ("FLUSHDB", "SYNC", "ASYNC"), ("FLUSHDB", "")):
        assert error(one, *command) == "ERR syntax error"
    assert one.call("SWAPDB", 2, 2) == b"OK"
    assert error(one, "SWAPDB", "x", "y") == "ERR invalid first DB index"
    assert error(one, "SWAPDB", "0", "y") == "ERR invalid second DB index"
    assert error(one, "SWAPDB", "0", "99999999999") == "ERR invalid second DB index"
    assert error(one, "SWAPDB", "0", "16") == error(one, "SWAPDB", "-1", "0") == "ERR DB index is out of range"


if __name__ == "__main__":
    sys.exit(run_cases(
        __doc__,
        shared=[scan_gives_every_key_once, scan_while_keys_come_and_go, scan_and_keys_pass_over_what_has_expired,
                scan_errors, keys_matches_in_all_shards, randomkey_knows_every_key,
                randomkey_finds_what_is_not_expired, flush_and_swap]))
