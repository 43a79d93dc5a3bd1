# SPDX-License-Identifier: Apache-2.0
# ctest: label=fast timeout=120
"""Fields of hashes that expire, in a server: on time though nobody asks for them, through restarts and kills, when their
hash is cold, in transactions, and the events of it. Debian's redis-server has none of this yet, so Stave is alone here.

Each case has small hashes and large ones, which are kept in different ways."""
import sys
import time

from events import Listener
from server_testing import info
from stave_testing import Server, parse_arguments, run_case, wait_until

OPTIONS = {"workers": 3, "shards": 3, "enable-debug-command": "yes"}
FAR_MS = 4_000_000_000_000
VALUES = {"small": "v", "large": "v" * 600}


def fill(client, names, expire_ms, command="HPEXPIREAT"):
    """Hashes of the fields a, b and c, of which a and b expire."""
    for name in names:
        value = VALUES["large" if name.startswith("large") else "small"]
        client.call("HSET", name, "a", "1", "b", value, "c", value)
        assert client.call(command, name, expire_ms, "FIELDS", 2, "a", "b") == [1, 1]


def gone_unread(client, fields):
    """Waits until so many fields have expired. It reads none of them."""
    wait_until(lambda: int(info(client)["expired_subkeys"]) == fields, what=f"{fields} fields expire")


def nobody_asks(binary):
    with Server(binary, OPTIONS) as server, server.client() as client:
        names = [f"{size}:{i}" for size in VALUES for i in range(20)]
        fill(client, names, 30, "HPEXPIRE")
        client.call("HSET", "whole", "x", 1, "y", 2)
        client.call("HPEXPIRE", "whole", 30, "FIELDS", 2, "x", "y")
        gone_unread(client, 2 * len(names) + 2)
        assert client.call("DBSIZE") == len(names)
        for name in names:
            assert client.call("HKEYS", name) == [b"c"] and client.call("HLEN", name) == 1


def restarts(binary):
    for kill9 in (False, True):
        with Server(binary, OPTIONS) as server:
            with server.client() as client:
                fill(client, ["small:kept", "large:kept"], FAR_MS)
                client.call("HPERSIST", "small:kept", "FIELDS", 1, "b")
                client.call("HSET", "large:kept", "b", "2")
                client.call("HINCRBY", "small:kept", "a", 41)
                client.call("DEBUG", "SET-ACTIVE-EXPIRE", 0)
                fill(client, ["small:due", "large:due"], 1, "HPEXPIRE")
                client.call("HSET", "whole", "x", 1)
                client.call("HPEXPIRE", "whole", 1, "FIELDS", 1, "x")
            server.restart(kill9=kill9)
            with server.client() as client:
                gone_unread(client, 5)
                assert client.call("DBSIZE") == 4
                for name in ("small:due", "large:due"):
                    assert client.call("HKEYS", name) == [b"c"]
                for name in ("small:kept", "large:kept"):
                    assert client.call("HPEXPIRETIME", name, "FIELDS", 4, "a", "b", "c", "d") == [FAR_MS, -1, -1, -2]
                assert client.call("HGET", "small:kept", "a") == b"42"
                assert client.call("OBJECT", "ENCODING", "small:kept") == b"listpackex"
                assert client.call("OBJECT", "ENCODING", "large:kept") == b"hashtable"
                fill(client, ["small:due"], 1, "HPEXPIRE")
                gone_unread(client, 7)
            server.restart(kill9=kill9)
            with server.client() as client:
                assert client.call("HKEYS", "small:due") == [b"c"]


def cold_hashes(binary):
    with Server(binary, {**OPTIONS, "maxmemory": "2mb"}) as server, server.client() as client:
        listener = Listener(server, "KEA")
        names = [f"{size}:{i}" for size in VALUES for i in range(10)]
        fill(client, names, FAR_MS)
        client.call("DEBUG", "SET-ACTIVE-EXPIRE", 0)
        for name in names:
            assert client.call("HPEXPIRE", name, 1, "FIELDS", 1, "a") == [1]
        for i in range(300):  # what pushes them out of memory
            client.call("SET", f"k{i}", "v" * 20_000)
        before = int(info(client)["stave_cold_reads"])
        client.call("DEBUG", "SET-ACTIVE-EXPIRE", 1)
        gone_unread(client, len(names))
        assert int(info(client)["stave_cold_reads"]) > before
        expired = set()
        while len(expired) < len(names):
            channel, message = listener.next()
            if channel == b"__keyevent@0__:hexpired":
                expired.add(message.decode())
        assert expired == set(names)
        for name in names:
            assert client.call("HPTTL", name, "FIELDS", 1, "c") == [-1]
            assert client.call("HPEXPIRETIME", name, "FIELDS", 2, "a", "b") == [-2, FAR_MS]
        listener.close()


def transactions(binary):
    with Server(binary, OPTIONS) as server, server.client() as client:
        names = [f"{size}:{i}" for size in VALUES for i in range(6)]
        fill(client, names, FAR_MS)
        client.call("MULTI")
        for name in names:
            client.call("HPEXPIREAT", name, FAR_MS + 1, "GT", "FIELDS", 1, "a")
            client.call("HPERSIST", name, "FIELDS", 1, "b")
            client.call("HPEXPIRETIME", name, "FIELDS", 2, "a", "b")
            client.call("HPEXPIRE", name, 0, "FIELDS", 1, "c")
            client.call("HINCRBY", name, "a", 1)
        assert client.call("EXEC") == [[1], [1], [FAR_MS + 1, -1], [2], 2] * len(names)
        for name in names:
            client.call("RENAME", name, name + "'")
            assert client.call("COPY", name + "'", "copy of " + name) == 1
        server.restart(kill9=True)
        with server.client() as again:
            for name in names:
                for there in (name + "'", "copy of " + name):
                    assert again.call("HPEXPIRETIME", there, "FIELDS", 3, "a", "b", "c") == [FAR_MS + 1, -1, -2]
            # Inside of a transaction nobody sees what is due, and a write removes it first.
            again.call("DEBUG", "SET-ACTIVE-EXPIRE", 0)
            fill(again, names, 1, "HPEXPIRE")
            again.call("MULTI")
            for name in names:
                again.call("HMGET", name, "a", "c")
                again.call("HSET", name, "a", "new")
                again.call("HLEN", name)
            time.sleep(0.01)  # now they are due
            replies = again.call("EXEC")
            for values, added, length in zip(replies[::3], replies[1::3], replies[2::3]):
                assert values[0] is None and values[1] is not None and added == 1 and length == 2


def watched(binary):
    """A field that expires has changed its hash."""
    with Server(binary, OPTIONS) as server, server.client() as client, server.client() as other:
        for name in ("small", "large"):
            other.call("DEBUG", "SET-ACTIVE-EXPIRE", 0)
            fill(client, [name], FAR_MS)
            before = int(info(other)["expired_subkeys"])
            other.call("HPEXPIRE", name, 1, "FIELDS", 1, "a")
            client.call("WATCH", name)
            other.call("DEBUG", "SET-ACTIVE-EXPIRE", 1)
            gone_unread(other, before + 1)
            client.call("MULTI")
            client.call("PING")
            assert client.execute("EXEC").value is None


def events(binary):
    with Server(binary, OPTIONS) as server, server.client() as client:
        for name in VALUES:
            listener = Listener(server, "EA")
            fill(client, [name], FAR_MS)
            client.call("HPERSIST", name, "FIELDS", 1, "a")
            client.call("HPERSIST", name, "FIELDS", 1, "a")
            client.call("HPEXPIRE", name, 0, "FIELDS", 1, "a")
            client.call("HPEXPIRE", name, 1, "FIELDS", 2, "b", "c")
            expected = ["hset", "hexpire", "hpersist", "hdel", "hexpire", "hexpired", "del"]
            for event in expected:
                assert listener.next() == (f"__keyevent@0__:{event}".encode(), name.encode()), event
            listener.close()


def dumps(binary):
    with Server(binary, OPTIONS) as server, server.client() as client:
        fill(client, ["small", "large"], FAR_MS)
        for name in ("small", "large"):
            payload = client.call("DUMP", name)
            assert client.call("RESTORE", "there", 0, payload, "REPLACE") == b"OK"
            server.restart()
            client.close()
            client = server.client()
            assert client.call("HPEXPIRETIME", "there", "FIELDS", 3, "a", "b", "c") == [FAR_MS, FAR_MS, -1]
            assert sorted(client.call("HGETALL", "there")) == sorted(client.call("HGETALL", name))


CASES = [nobody_asks, restarts, cold_hashes, transactions, watched, events, dumps]


def main():
    arguments = parse_arguments(__doc__, ("--only", {"default": "", "help": "run the cases whose name contains this"}))
    chosen = [case for case in CASES if arguments.only in case.__name__]
    failed = sum(run_case("stave-server", case, arguments.server) for case in chosen)
    print(f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
