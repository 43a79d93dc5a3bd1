# SPDX-License-Identifier: Apache-2.0
"""Days with much of something: transactions on the same keys, expiring keys, large values."""
import socket
import struct
import threading
import time

from days_clients import check_growth
from days_files import info
from stave_testing import encode, wait_until

DAYS = []


def day(function):
    DAYS.append(function)
    return function


def rarely_until(condition):
    """Waits for what an idle server is to do by itself: each question wakes it, so few are asked."""
    for _ in range(6):
        time.sleep(4)
        if condition():
            return
    raise AssertionError("the idle server did not do its work")


@day
def reader_among_transactions(setup):
    """A reader of keys that many clients write with MSET, over shards and without a pause, gets its turn."""
    server = setup.server()
    stop = threading.Event()
    written = [0] * 8

    def write(number):
        with server.client() as client:
            while not stop.is_set():
                client.call("MSET", "k1", number, "k2", number)
                written[number] += 1

    writers = [threading.Thread(target=write, args=(number,)) for number in range(len(written))]
    for writer in writers:
        writer.start()
    try:
        overtaken = 0
        with server.client() as reader:
            for turn in range(100):
                before = list(written)
                reader.execute("GET", ("k1", "k2")[turn % 2])
                overtaken = max(overtaken, *(now - then for now, then in zip(written, before)))
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    # In turn it is one or two; the rest is what the interpreter lets the writers do before the reader sees its answer.
    assert overtaken < 300, f"one writer wrote {overtaken} times while GET waited"


@day
def idle_server_expires(setup):
    """Keys that expire together are removed at once, though nobody wakes the server for it."""
    server = setup.server({"segment-bytes": "1mb"})
    with server.client() as client:
        for begin in range(0, 50_000, 5000):
            replies = client.pipeline([("SET", f"key:{number}", "v", "PXAT", int(time.time() * 1000) + 2000)
                                       for number in range(begin, begin + 5000)])
            assert not any(reply.is_error() for reply in replies)
        rarely_until(lambda: client.call("DBSIZE") == 0)


@day
def idle_server_demotes(setup):
    """What is beyond maxmemory leaves the memory, though nobody wakes the server for it."""
    server = setup.server({"segment-bytes": "256mb"})
    with server.client() as client:
        for number in range(60):
            client.pipeline([("SET", f"key:{number}:{at}", b"v" * 1000) for at in range(500)])
        time.sleep(1.2)  # everything is synced, nothing goes on
        client.call("CONFIG", "SET", "maxmemory", "8mb")
        rarely_until(lambda: int(info(client)["used_memory"]) < 9 << 20)


@day
def sessions_come_and_go(setup):
    """Keys that are set to expire in a year and are deleted cost nothing."""
    server = setup.server({"maxmemory": "16mb", "segment-bytes": "1mb"})
    with server.client() as client:
        for _ in range(100):
            replies = client.pipeline([("SET", "session", "v", "EX", 31536000), ("DEL", "session")] * 5000)
            assert not any(reply.is_error() for reply in replies), replies[0]
        assert client.call("DBSIZE") == 0
        wait_until(lambda: int(info(client)["used_memory"]) < 4 << 20, 30, "memory given back")


@day
def large_values_behind_each_other(setup):
    """A pipeline over large cold values does not bring all of them into memory."""
    server = setup.server({"maxmemory": "64mb"})
    with server.client() as client:
        for number in range(30):
            client.call("SET", f"large:{number}", b"v" * (10 << 20))
        wait_until(lambda: int(info(client)["used_memory"]) < 64 << 20, 10, "demotion")
        before, peak, stop = server.resident_bytes(), [0], threading.Event()

        def watch():
            while not stop.is_set():
                peak[0] = max(peak[0], server.resident_bytes())
                time.sleep(0.005)

        watcher = threading.Thread(target=watch)
        watcher.start()
        replies = client.pipeline([("GETRANGE", f"large:{number}", 0, 1) for number in range(30)])
        stop.set()
        watcher.join()
        assert all(reply.value == b"vv" for reply in replies)
        assert peak[0] - before < 200 << 20, f"the server grew by {peak[0] - before >> 20} MiB"


@day
def client_that_leaves_with_much_to_come(setup):
    """The replies that a client has asked for and left behind are not piled up."""
    server = setup.server()
    with server.client() as client:
        client.call("SET", "large", b"v" * (4 << 20))
        before = server.resident_bytes()
        gone = socket.create_connection(("127.0.0.1", server.port))
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        gone.sendall(encode(("GET", "large")) * 500)
        time.sleep(0.3)
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset
        gone.close()
        until = time.monotonic() + 2
        while time.monotonic() < until:
            check_growth(server, before, 150 << 20)
            time.sleep(0.02)
        wait_until(lambda: client.call("CLIENT", "LIST").count(b"\n") == 1, 30, "the end of the connection")


@day
def torn_move(setup):
    """MOVE changes two databases, and a crash leaves both changes or none."""
    server = setup.server()
    with server.client() as client:
        client.call("SET", "k", "v")
        client.call("MOVE", "k", 1)
    server.kill9()
    path = next(path for path in server.dir.glob("shard-*/*.seg") if b"v" in path.read_bytes()[4096:])
    record = len(path.read_bytes().rstrip(b"\0")) - 25  # of k's removal: 24 bytes, then the key
    with open(path, "r+b") as file:
        file.seek(record)
        file.write(bytes(32))
    server.start()
    with server.client() as client:
        found = client.call("GET", "k")
        client.call("SELECT", 1)
        assert (found, client.call("GET", "k")) == (b"v", None)


@day
def failed_write(setup):
    """After a write has failed nothing more is written, and what was written before is still read."""
    server = setup.server({"appendfsync": "everysec"}, start=False)
    server.wrapper = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64",
                      "-e", "inject=pwrite64:error=EIO:when=20+"]
    server.start()
    with server.client() as client:
        answered, refused = [], []
        for number in range(200):
            reply = client.execute("SET", f"key:{number}", number)
            (refused if reply.is_error() else answered).append(number)
        assert len(answered) > 10 and len(refused) > 100, (answered, refused)
        assert client.execute("SET", f"key:{refused[0]}", 1).value.startswith(b"MISCONF")
        for number in answered:
            assert client.call("GET", f"key:{number}") == b"%d" % number
    told = [line for line in server.log_text().splitlines() if "refused until the server is started" in line]
    assert 1 <= len(told) <= 2 and all("Input/output error" in line for line in told), told
    server.kill9()
    server.wrapper = []
    server.start()
    with server.client() as client:
        for number in answered:
            assert client.call("GET", f"key:{number}") == b"%d" % number
