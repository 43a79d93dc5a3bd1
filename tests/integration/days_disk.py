# SPDX-License-Identifier: Apache-2.0
"""Days of a running server's disk: a cold value that went bad, a disk that is full and is emptied again."""
import contextlib
import os
import pathlib
import resource
import shutil
import subprocess
import tempfile
import time

from days_files import check_fill, fill, find_bytes, flip_byte, info, marker_value, segments
from stave_testing import encode, wait_until

DAYS = []
SMALL_DISK_BYTES = 64 << 20
ROOM_BYTES = 16 << 20       # what the day frees when it makes room
PATIENCE_SECONDS = 30
VALUE_BYTES = 20_000
WRITABLE_BYTES = 16 << 10   # of any file, where the log is to fail: less than each shard's has
REFUSALS_IN_A_ROW = 30      # so many that every shard must have been asked


def day(function):
    DAYS.append(function)
    return function


@day
def corrupt_cold_value(setup):
    """A value that went bad on disk: its readers get an error that names the key, nobody else notices."""
    server = setup.server()
    fill(server)
    server.stop()
    path, at = find_bytes(server, b"<key:7>")
    assert path != segments(server, int(path.parent.name[-4:]))[-1], "key:7 should be in a sealed segment"
    flip_byte(path, at + 100)
    server.start()
    with server.client() as client, server.client() as other:
        for words in (("GET", "key:7"), ("MGET", "key:1", "key:7"), ("APPEND", "key:7", "x"),
                      ("GETRANGE", "key:7", 0, 1)):
            reply = client.execute(*words)
            assert reply.is_error() and b"key:7" in reply.value, f"{words}: {reply}"
        pipeline = client.pipeline([("GET", "key:6"), ("GET", "key:7"), ("GET", "key:8"), ("SET", "n", "1")])
        assert [reply.is_error() for reply in pipeline] == [False, True, False, False], pipeline
        assert other.call("PING") == b"PONG"
    check_fill(server, but=("key:7",))
    with server.client() as client:
        assert client.call("SET", "key:7", "healed") == b"OK"
        assert client.call("GET", "key:7") == b"healed"
    server.kill9()
    server.start()
    check_fill(server, but=("key:7",))


@day
def missing_cold_bytes(setup):
    """A sealed segment that is cut behind the server's back: an error again, not a wrong answer."""
    server = setup.server({"maxmemory": "1mb"})
    fill(server, keys=3000)
    path, at = find_bytes(server, b"<key:11>")
    os.truncate(path, at // 4096 * 4096)
    with server.client() as client:
        reply = client.execute("GET", "key:11")
        assert (reply.is_error() and b"key:11" in reply.value) or reply.value == marker_value("key:11"), reply
        assert client.call("SET", "after", "1") == b"OK"


@day
def commits_that_end_with_a_block(setup):
    """Records of just a block, so that a segment is full when the commit that fills it is under way."""
    server = setup.server({"appendfsync": "always", "shards": 1})
    value = b"v" * (4096 - 24 - len("b:00:000"))
    clients = [server.client() for _ in range(16)]
    for at in range(100):
        for number, client in enumerate(clients):
            client.send(encode(("SET", f"b:{number:02}:{at:03}", value)))
        for client in clients:
            assert client.read_answer().value == b"OK"
    server.kill9()
    server.start()
    with server.client() as client:
        assert client.call("DBSIZE") == 1600


@day
def disk_full(setup):
    """Writes get an error, reads go on, writes resume when there is room, and no answered write is lost."""
    with small_disk() as disk:
        ballast = disk / "ballast"
        ballast.write_bytes(b"\1" * ROOM_BYTES)
        directory = disk / "data"
        directory.mkdir()
        server = setup.server({"dir": directory, "segment-bytes": "1mb"})
        with server.client() as client:
            assert last_write_status(client) == "ok"
            written = write_until_refused(client)
            assert last_write_status(client) == "err"
            full = [line for line in server.log_text().splitlines() if "writes are refused" in line]
            assert len(full) == 2, f"one line for each shard on the full disk: {full}"
            check_reads(client, written)
            assert last_write_status(client) == "err"
            long = "1" * 100_000
            refused = [client.execute(*words) for words in
                       (("SET", "x", long), ("APPEND", "w:0", long), ("MSET", "y", long, "z", "1"))]
            assert all(reply.is_error() for reply in refused), f"a full disk took writes: {refused}"
            assert client.call("EXISTS", "x", "y", "z") == 0
            ballast.unlink()
            wait_until(lambda: not client.execute("SET", "after", long).is_error(), PATIENCE_SECONDS,
                       "a write after room was made")
            check_reads(client, written)
            wait_until(lambda: writes_succeed(client, long) and last_write_status(client) == "ok", PATIENCE_SECONDS,
                       "ok as the last write's status in INFO")
            again = [line for line in server.log_text().splitlines() if "taken again" in line]
            assert len(again) == 2, f"one line for each shard that has room: {again}"
        server.kill9()
        server.start()
        with server.client() as client:
            check_reads(client, written)
            assert client.call("GET", "after") == b"1" * 100_000
            assert client.call("EXISTS", "x", "y", "z") == 0
            assert last_write_status(client) == "ok"
        server.stop()


def last_write_status(client):
    return info(client)["aof_last_write_status"]


def writes_succeed(client, value):
    """Writes to every shard, as each finds out for itself that there is room."""
    return not any(client.execute("SET", f"more:{at}", value).is_error() for at in range(8))


@day
def swapdb_is_synced(setup):
    """SWAPDB is on disk before its reply in any mode, or a power loss could put later writes into the wrong database."""
    server = setup.server({"appendfsync": "no", "shards": 3, "segment-bytes": "1mb"}, start=False)
    trace = server.root / "trace"
    server.wrapper = ["strace", "-D", "-f", "-qq", "-o", str(trace), "-e", "trace=fdatasync"]
    server.options["io-backend"] = "threads"
    server.start()
    with server.client() as client:
        assert client.call("MSET", "a", 1, "b", 2, "c", 3, "d", 4) == b"OK"
        before = trace.read_text().count("fdatasync(")
        assert client.call("SWAPDB", 0, 1) == b"OK"
        assert trace.read_text().count("fdatasync(") - before == 3
        assert client.call("DBSIZE") == 0
        assert client.call("SET", "a", "new") == b"OK"
    server.kill9()
    server.wrapper = []
    server.start()
    with server.client() as client:
        assert client.call("GET", "a") == b"new"
        assert client.call("DBSIZE") == 1


@day
def failed_log(setup):
    """The disk refuses a write of the log: no write after that, but what was committed can be read and walked."""
    for mode in ("always", "everysec", "no"):
        server = setup.server({"appendfsync": mode, "segment-bytes": "1mb"}, start=False)
        server.wrapper = ["env", "--ignore-signal=XFSZ"]
        server.start()
        with server.client() as client:
            names = [f"w:{at}" for at in range(20)]
            for name in names:
                assert client.call("SET", name, marker_value(name, VALUE_BYTES)) == b"OK"
            assert client.call("DEL", names.pop()) == 1
            _, hard = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (WRITABLE_BYTES, hard))
            for name in ("x:1", "x:2", "x:3", "x:4"):
                reply = client.execute("SET", name, "1")
                assert b"too large" in reply.value, f"{mode}: {reply}"
            resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (hard, hard))
            assert client.execute("SET", "x:5", "1").is_error(), mode
            assert client.execute("GET", "x:1").is_error(), "a refused write was read"
            check_reads(client, range(19))
            wanted = {name.encode() for name in names}
            found, cursor = set(), b"0"
            while found == set() or cursor != b"0":
                cursor, page = client.call("SCAN", cursor)
                found.update(page)
            assert found >= wanted, f"{mode}: SCAN: {found}"
            assert set(client.call("KEYS", "w:*")) == wanted, mode
            assert client.call("DBSIZE") >= len(wanted), mode
            assert client.call("RANDOMKEY") is not None, mode
        server.kill9()
        server.start()
        with server.client() as client:
            check_reads(client, range(19))
            assert client.call("DBSIZE") == 19, mode
        setup.clean()


@day
def start_on_a_full_disk(setup):
    """A database on a full disk starts after kill -9, and reads."""
    with small_disk() as disk:
        directory = disk / "data"
        directory.mkdir()
        server = setup.server({"dir": directory, "segment-bytes": "1mb"})
        with server.client() as client:
            written = write_until_refused(client)
        server.kill9()
        server.start()
        with server.client() as client:
            check_reads(client, written)
        server.stop(status=None)
        server.start()
        with server.client() as client:
            check_reads(client, written)


def write_until_refused(client):
    """Fills the disk until every shard refuses; returns which keys were written."""
    written, refusals = [], 0
    for at in range(2 * SMALL_DISK_BYTES // VALUE_BYTES):
        reply = client.execute("SET", f"w:{at}", marker_value(f"w:{at}", VALUE_BYTES))
        if not reply.is_error():
            written.append(at)
            refusals = 0
            continue
        assert any(word in reply.value.lower() for word in (b"space", b"disk", b"full")), reply
        refusals += 1
        if refusals == REFUSALS_IN_A_ROW:
            return written
    raise AssertionError("the disk never filled up")


def check_reads(client, written):
    for first in range(0, len(written), 100):
        keys = written[first:first + 100]
        replies = client.pipeline([("GET", f"w:{key}") for key in keys])
        for key, reply in zip(keys, replies):
            assert reply.value == marker_value(f"w:{key}", VALUE_BYTES), f"w:{key}: {str(reply)[:100]}"


@contextlib.contextmanager
def small_disk():
    """A small file system of its own: ext4 in a file, or a tmpfs where loop devices are not to be had."""
    root = pathlib.Path(tempfile.mkdtemp(prefix="stave-disk-"))
    disk = root / "disk"
    disk.mkdir()
    mount(root, disk)
    try:
        yield disk
    finally:
        time.sleep(0.1)
        subprocess.run(["umount", "--lazy", disk], check=False)
        shutil.rmtree(root, ignore_errors=True)


def mount(root, disk):
    image = root / "image"
    with open(image, "wb") as file:
        file.truncate(SMALL_DISK_BYTES)
    attempts = (
        ["mount", "-o", "loop", image, disk],
        ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK_BYTES}", "tmpfs", disk],
    )
    subprocess.run(["mkfs.ext4", "-q", "-O", "^has_journal", "-m", "0", image], check=True)
    for attempt in attempts:
        done = subprocess.run(attempt, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
    raise AssertionError(f"this day mounts a small file system, and may not: {done.stderr}")
