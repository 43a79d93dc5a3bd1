# SPDX-License-Identifier: Apache-2.0
# ctest: label=fast timeout=600
"""maxmemory-policy and maxdisk: which keys go, what is refused, and what the server tells of it.

What Redis does, too, runs against redis-server first, so that its behaviour is the measure.
"""
import contextlib
import os
import socket
import sys

from days_files import info
from stave_testing import REDIS_SERVER, Server, parse_arguments, run_case, wait_until

OOM = "OOM command not allowed when used memory > 'maxmemory'."
OUT_OF_DISK = "OOM command not allowed when the database takes all the disk space that 'maxdisk' allows."
MIB = 1 << 20


def configure(client, **settings):
    words = [word for name, value in settings.items() for word in (name.replace("_", "-"), value)]
    assert client.call("CONFIG", "SET", *words) == b"OK"


def error(client, *words):
    reply = client.execute(*words)
    assert reply.is_error(), f"{words}: {reply}"
    return reply.value.decode()


def evicted(client):
    return int(info(client)["evicted_keys"])


def volatile_policies_drop_what_expires(server):
    """And nothing else: then writes are refused, and reads and deletes go on."""
    for policy in ("volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"):
        with server.client() as client:
            configure(client, maxmemory=0, maxmemory_policy=policy)
            client.call("FLUSHALL")
            client.call("CONFIG", "RESETSTAT")
            for at in range(20):
                client.call("SET", f"stays:{at}", "v")
                client.call("SET", f"goes:{at}", "v", "EX", 1000 + at)
            configure(client, maxmemory=1)
            wait_until(lambda: error(client, "SET", "new", "v") == OOM and evicted(client) == 20,
                       what=f"20 evicted keys with {policy}")
            assert client.call("DBSIZE") == 20
            assert client.call("EXISTS", *[f"stays:{at}" for at in range(20)]) == 20
            assert client.call("EXISTS", *[f"goes:{at}" for at in range(20)]) == 0
            assert client.call("GET", "stays:1") == b"v" and client.call("DEL", "stays:1") == 1
            assert error(client, "APPEND", "stays:2", "w") == OOM
            assert error(client, "MSET", *(f"more:{at // 2}" for at in range(40))) == OOM
            wait_until(lambda: int(info(client)["current_eviction_exceeded_time"]) > 0, what="time exceeded")
            configure(client, maxmemory="1gb")
            assert client.call("SET", "new", "v") == b"OK"
            wait_until(lambda: info(client)["current_eviction_exceeded_time"] == "0", what="time that is over")
            assert int(info(client)["total_eviction_exceeded_time"]) > 0


def allkeys_policies_drop_all_in_the_end(server):
    for policy in ("allkeys-lru", "allkeys-lfu", "allkeys-random"):
        with server.client() as client:
            configure(client, maxmemory=0, maxmemory_policy=policy)
            client.call("FLUSHALL")
            client.call("CONFIG", "RESETSTAT")
            for at in range(30):
                client.call("SET", f"k:{at}", "v", *(("EX", 100) if at % 2 else ()))
            configure(client, maxmemory=1)
            wait_until(lambda: client.call("DBSIZE") == 0, what=f"an empty database with {policy}")
            assert evicted(client) == 30
            assert error(client, "SET", "k", "v") == OOM
            configure(client, maxmemory=0, maxmemory_policy="noeviction")
            assert client.call("SET", "k", "v") == b"OK"


def settings_and_object(server):
    with server.client() as client:
        assert client.call("CONFIG", "GET", "maxmemory-samples") == [b"maxmemory-samples", b"5"]
        assert error(client, "CONFIG", "SET", "maxmemory-samples", "0") == (
            "ERR CONFIG SET failed (possibly related to argument 'maxmemory-samples') - "
            "argument must be between 1 and 2147483647 inclusive")
        configure(client, maxmemory_samples=10)
        configure(client, maxmemory_samples=5)
        client.call("SET", "k", "v")
        for policy in ("allkeys-lfu", "volatile-lfu"):
            configure(client, maxmemory_policy=policy)
            assert client.call("OBJECT", "FREQ", "k") >= 0
            assert error(client, "OBJECT", "IDLETIME", "k").startswith("ERR An LFU maxmemory policy is selected, idle time")
            assert client.call("OBJECT", "FREQ", "none") is None
        configure(client, maxmemory_policy="allkeys-lru")
        assert client.call("OBJECT", "IDLETIME", "k") >= 0
        assert error(client, "OBJECT", "FREQ", "k").startswith("ERR An LFU maxmemory policy is not selected")
        assert info(client)["maxmemory_policy"] == "allkeys-lru"
        configure(client, maxmemory_policy="noeviction")


def settled_counts(client):
    """The number of keys and of those evicted, both of one moment: eviction goes on between two commands."""
    wait_until(lambda: info(client)["current_eviction_exceeded_time"] == "0", what="an index within maxmemory")
    while True:
        before = evicted(client)
        keys = client.call("DBSIZE")
        if evicted(client) == before:
            return keys, before


def many_keys_in_little_memory(binary):
    """A stream of new keys: no error, those in use stay, and what was evicted stays away after kill -9."""
    with Server(binary, {"maxmemory": "3mb", "maxmemory-policy": "allkeys-lru", "shards": 3, "workers": 2}) as server:
        with server.client() as client:
            hot = [("GET", f"hot:{at}") for at in range(300)]
            client.pipeline([("SET", f"hot:{at}", "v" * 50) for at in range(300)])
            for start in range(0, 150_000, 1000):
                replies = client.pipeline([("SET", f"key:{at}", "v" * 50) for at in range(start, start + 1000)])
                assert all(reply.value == b"OK" for reply in replies), [r for r in replies if r.is_error()][:1]
                client.pipeline(hot)
            keys, evictions = settled_counts(client)
            assert keys + evictions == 150_300, (keys, evictions)
            assert 30_000 < keys < 90_000, keys
            present = sum(reply.value is not None for reply in client.pipeline(hot))
            assert present > 260, f"{present} of 300 keys that are in use"
        server.kill9()
        server.start()
        with server.client() as client:
            assert client.call("DBSIZE") <= keys
            assert sum(reply.value is not None for reply in client.pipeline(hot)) > 250


def bytes_of(directory):
    bytes_found = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # gone meanwhile: compaction
                bytes_found += os.stat(os.path.join(folder, name)).st_size
    return bytes_found


def write_until_refused(client, prefix, size=1000, keys_max=100_000):
    """The number of keys that were taken, and the error."""
    taken = 0
    for start in range(0, keys_max, 100):
        replies = client.pipeline([("SET", f"{prefix}:{at}", f"{at}:".encode().ljust(size, b"x"))
                                   for at in range(start, start + 100)])
        taken += sum(not reply.is_error() for reply in replies)
        errors = {reply.value.decode() for reply in replies if reply.is_error()}
        if errors:
            return taken, errors
    return taken, set()


def maxdisk_refuses_what_adds_data(binary):
    """What makes room goes on, the files stay within the limit, and more room ends it."""
    limit = 16 * MIB
    options = {"maxdisk": limit, "shards": 2, "workers": 2}
    with Server(binary, options) as server:
        with server.client() as client:
            taken, errors = write_until_refused(client, "k")
            assert errors == {OUT_OF_DISK}, errors
            for at in range(20):
                client.execute("SET", f"fill:{at}", "x" * 200_000)
            assert 5_000 < taken < limit // 1000, taken
            assert bytes_of(server.dir) <= limit, bytes_of(server.dir)
            assert bytes_of(server.dir) > limit * 3 // 4, bytes_of(server.dir)
            figures = info(client)
            assert figures["stave_maxdisk"] == str(limit) and figures["aof_last_write_status"] == "ok"
            assert abs(int(figures["stave_disk_bytes"]) - bytes_of(server.dir)) <= 64 << 10
            large = "x" * 1_000_000
            assert error(client, "SET", "large", large) == OUT_OF_DISK
            assert error(client, "MSET", *[word for at in range(10) for word in (f"m:{at}", large)]) == OUT_OF_DISK
            assert client.call("EXISTS", "large", *[f"m:{at}" for at in range(10)]) == 0
            assert client.call("GET", "k:7") == b"7:".ljust(1000, b"x")
            assert client.call("EXPIRE", "k:8", 1000) == 1 and client.call("PERSIST", "k:8") == 1
            assert client.call("DEL", *[f"k:{at}" for at in range(1000)]) > 900
            assert bytes_of(server.dir) <= limit, bytes_of(server.dir)
            lines = [line for line in server.log_text().splitlines() if "maxdisk is taken" in line]
            assert len(lines) == 2, f"one line for each shard: {lines}"
            configure(client, maxdisk=2 * limit)
            assert client.call("SET", "large", large) == b"OK"
            wait_until(lambda: sum("within maxdisk" in line for line in server.log_text().splitlines()) == 2,
                       what="a line for each shard that it takes writes again")
            configure(client, maxdisk=0)
            assert write_until_refused(client, "more", keys_max=40_000) == (40_000, set())
            assert client.call("FLUSHALL") == b"OK"
            keys = client.call("DBSIZE")
        server.kill9()
        server.start()
        with server.client() as client:
            assert client.call("DBSIZE") == keys


def maxdisk_evicts_and_compaction_makes_room(binary):
    """Six times as much as there is room for: all is taken in the end, new keys stay, and the files within the limit."""
    limit = 24 * MIB
    options = {"maxdisk": limit, "maxmemory-policy": "allkeys-lru", "shards": 2, "workers": 2}
    with Server(binary, options) as server:
        with server.client() as client:
            for start in range(0, 150_000, 500):
                left = list(range(start, start + 500))

                def write():
                    replies = client.pipeline([("SET", f"k:{at}", f"{at}:".encode().ljust(1000, b"x")) for at in left])
                    assert {reply.value.decode() for reply in replies} <= {"OK", OUT_OF_DISK}
                    left[:] = [at for at, reply in zip(left, replies) if reply.is_error()]
                    return not left

                wait_until(write, what="room that compaction makes")
                assert bytes_of(server.dir) <= limit + MIB, bytes_of(server.dir)
            figures = info(client)
            keys = client.call("DBSIZE")
            assert keys + int(figures["evicted_keys"]) == 150_000
            assert keys > limit // 1000 // 2, keys
            newest = client.pipeline([("GET", f"k:{at}") for at in range(149_000, 150_000)])
            assert sum(reply.value is not None for reply in newest) > 900
        server.kill9()
        server.start()
        with server.client() as client:
            assert client.call("DBSIZE") == keys


def overwrites_wait_for_compaction(binary):
    """Thirty times what there is room for is written, all of it over half as much as there is room for: nobody is
    refused while compaction gives the space back."""
    limit = 16 * MIB
    with Server(binary, {"maxdisk": limit, "maxdisk-wait-ms": 600_000, "shards": 2, "workers": 2}) as server:
        with server.client() as client:
            for number in range(60):
                replies = client.pipeline([("SET", f"k:{at}", f"{number}:{at}:".encode().ljust(1000, b"x"))
                                           for at in range(6_000)])
                errors = [reply.value for reply in replies if reply.is_error()]
                assert not errors, f"pass {number}: {len(errors)} refused: {errors[0]}"
                assert bytes_of(server.dir) <= limit, bytes_of(server.dir)
            values = client.pipeline([("GET", f"k:{at}") for at in range(6_000)])
            assert all(reply.value.startswith(b"59:%d:" % at) for at, reply in enumerate(values))


@contextlib.contextmanager
def short_of_disk(binary):
    """A server and a client of it, where a SET that waits for compaction waits for many minutes: all sealed segments
    are half dead, and to copy one takes that long."""
    options = {"maxdisk": 16 * MIB, "maxdisk-wait-ms": 0, "compaction-budget": 1000, "shards": 1}
    with Server(binary, options) as server, server.client() as client:
        added, deleted = 0, 0
        while not client.execute("SET", f"k:{added}", b"x" * 1000).is_error():
            added += 1
        while int(info(client)["stave_compaction_running"]) == 0 or not client.execute("SET", "probe", "v").is_error():
            client.pipeline([("DEL", f"k:{at}") for at in range(deleted, min(deleted + 1000, added), 2)])
            client.pipeline([("SET", f"again:{deleted + at}", b"x" * 1000) for at in range(100)])
            deleted += 1000
        configure(client, maxdisk_wait_ms=600_000)
        yield server, client


def waiting_set(server, *keys):
    """A socket whose SETs of these keys wait, and its client id."""
    waiting = socket.create_connection(("127.0.0.1", server.port), timeout=120)
    waiting.sendall(b"CLIENT ID\r\n")
    number = int(waiting.recv(100)[1:])
    waiting.sendall(b"".join(b"SET %s v\r\n" % key.encode() for key in keys))
    return waiting, number


def a_killed_client_that_waits_writes_nothing(binary):
    with short_of_disk(binary) as (server, client):
        waiting, number = waiting_set(server, "w:0", "w:1")
        wait_until(lambda: "cmd=set" in line_of(client, number), what="the SETs to wait")
        assert client.call("CLIENT", "KILL", "ID", number) == 1
        assert waiting.recv(100) == b""
        configure(client, maxdisk=0)
        assert client.call("SET", "after", "v") == b"OK"
        assert client.call("EXISTS", "w:0", "w:1") == 0


def line_of(client, number):
    lines = client.call("CLIENT", "LIST").decode().splitlines()
    return next((line for line in lines if f"id={number} " in line), "")


def a_pause_holds_writes_that_wait_for_disk_space(binary):
    with short_of_disk(binary) as (server, client):
        waiting, number = waiting_set(server, "w:0")
        wait_until(lambda: "cmd=set" in line_of(client, number), what="the SET to wait")
        assert client.call("CLIENT", "PAUSE", 600_000, "WRITE") == b"OK"
        configure(client, maxdisk=0)
        # So many turns of the loop, with room on the disk.
        assert all(client.call("EXISTS", "w:0") == 0 for _ in range(200))
        assert client.call("CLIENT", "UNPAUSE") == b"OK"
        assert waiting.recv(100) == b"+OK\r\n"
        waiting.close()


SHARED = [volatile_policies_drop_what_expires, allkeys_policies_drop_all_in_the_end, settings_and_object]
OWN = [many_keys_in_little_memory, maxdisk_refuses_what_adds_data, maxdisk_evicts_and_compaction_makes_room,
       overwrites_wait_for_compaction, a_killed_client_that_waits_writes_nothing,
       a_pause_holds_writes_that_wait_for_disk_space]


def main():
    arguments = parse_arguments(__doc__, ("--only", {"default": "", "help": "run the cases whose name contains this"}))
    failed = 0
    for binary in (REDIS_SERVER, arguments.server):
        name = os.path.basename(binary)
        with Server(binary, {"workers": 3, "shards": 3}) as server:
            failed += sum(run_case(name, case, server) for case in SHARED if arguments.only in case.__name__)
    failed += sum(run_case("stave-server", case, arguments.server) for case in OWN if arguments.only in case.__name__)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
