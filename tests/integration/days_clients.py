# SPDX-License-Identifier: Apache-2.0
"""Days with clients that are too many, idle, slow, rude or unknown, and the ways to end a server."""
import random
import resource
import signal
import socket
import struct
import time

from days_files import check_fill, fill, marker_value
from stave_testing import Client, ProtocolError, ReplyError, encode, wait_until

DAYS = []
# Root may raise its hard limits, unless it has given up the right.
WITHOUT_PRIVILEGE = ("setpriv", "--bounding-set=-sys_resource", "--inh-caps=-sys_resource")


def day(function):
    DAYS.append(function)
    return function


def closed(client, within_seconds):
    """Does the server close this connection in that time?"""
    client.socket.settimeout(within_seconds)
    try:
        while client.socket.recv(65536):
            pass
    except ConnectionResetError:
        pass
    except TimeoutError:
        return False
    return True


def check_growth(server, before_bytes, bytes_max):
    """Sanitizers keep freed memory for a while."""
    if "asan" in server.binary or "tsan" in server.binary:
        bytes_max *= 8
    grown = server.resident_bytes() - before_bytes
    assert grown < bytes_max, f"the server grew by {grown >> 20} MiB"


@day
def too_many_clients(setup):
    """One more than maxclients is told so and closed; there is room again when another leaves."""
    server = setup.server({"maxclients": 10})
    time.sleep(0.1)
    clients = []
    for _ in range(10):
        clients.append(server.client())
        clients[-1].call("PING")
    for _ in range(5):
        with Client(server.port) as more:
            data, was_closed = more.read_raw(5)
        assert data == b"-ERR max number of clients reached\r\n" and was_closed, (data, was_closed)
    clients.pop().close()
    wait_until(lambda: len(clients[0].call("CLIENT", "LIST").splitlines()) == 9, what="the client's leaving")
    server.client().call("PING")
    assert clients[0].call("CONFIG", "SET", "maxclients", 100) == b"OK"
    assert all(client.call("PING") == b"PONG" for client in clients + [server.client() for _ in range(20)])


@day
def idle_client(setup):
    """timeout closes the idle, not the busy."""
    server = setup.server({"timeout": 1})
    idle, busy = server.client(), server.client()
    idle.call("PING")
    until = time.monotonic() + 3.5
    while time.monotonic() < until:
        busy.call("PING")
        time.sleep(0.2)
    assert closed(idle, 0.1), "an idle client stays open"
    assert busy.call("CONFIG", "SET", "timeout", 0) == b"OK"
    time.sleep(2.5)
    assert busy.call("PING") == b"PONG"


@day
def slow_reader(setup):
    """A client that asks for much and reads nothing costs a bounded amount of memory; others are served meanwhile."""
    server = setup.server({"segment-bytes": "1mb"})
    with server.client() as client:
        client.call("SET", "big", b"v" * 100_000)
    before = server.resident_bytes()
    request = encode(("GET", "big")) * 1000
    slow = [server.client() for _ in range(4)]
    other = server.client()
    for _ in range(200):
        for client in slow:
            send_what_fits(client, request)
        assert other.call("SET", "other", "1") == b"OK"
        time.sleep(0.01)
    check_growth(server, before, 200 << 20)


def send_what_fits(client, data):
    """A part of the data may be sent: the next call goes on behind it."""
    rest = getattr(client, "rest", b"") or data
    try:
        rest = rest[client.socket.send(rest):]
    except (BlockingIOError, ConnectionError):
        pass
    client.rest = rest


@day
def late_reader(setup):
    """A client that reads late still gets every reply, in order."""
    server = setup.server()
    fill(server)
    client = server.client()
    asked = [random.Random(1).randrange(300) for _ in range(30_000)]
    data = b"".join(encode(("GET", f"key:{at}")) for at in asked)
    sent = 0
    until = time.monotonic() + 1
    while time.monotonic() < until and sent < len(data):
        try:
            sent += client.socket.send(data[sent:sent + (1 << 20)])
        except BlockingIOError:
            time.sleep(0.01)
    client.send(data[sent:])
    for at in asked:
        assert client.read_answer().value == marker_value(f"key:{at}")


@day
def too_many_replies(setup):
    """Above the hard limit of client-output-buffer-limit a client is closed before it gets any of its replies."""
    server = setup.server({"segment-bytes": "1mb"})
    observer = server.client()
    observer.call("SET", "big", b"v" * 60_000)
    for number in range(1000):
        observer.call("SET", f"{number}" + "-" * 100, "v")
    observer.call("CONFIG", "SET", "client-output-buffer-limit", "normal 100000 0 0")
    for requests in ([["GET", "big"]] * 3, [["GET", "big"]] * 100, [["KEYS", "*"]], [["MGET", *["big"] * 3]]):
        with server.client() as client:
            assert client.pipeline([["GET", "big"], ["PING"]])[1].value == b"PONG"
            client.send(b"".join(encode(request) for request in requests))
            got = client.read_raw(5)
            assert got == (b"", True), (len(got[0]), got[1], requests[0])
    assert len(observer.call("CLIENT", "LIST").splitlines()) == 1
    assert len(observer.call("GET", "big")) == 60_000
    observer.call("CONFIG", "SET", "client-output-buffer-limit", "normal 1 0 0")
    assert observer.call("PING") == b"PONG"  # up to 16 KiB do not count, as in Redis


@day
def many_replies_for_long(setup):
    """Above the soft limit a client is closed after so many seconds, unless it reads."""
    server = setup.server({"segment-bytes": "1mb"})
    observer, slow, quick = server.client(), server.client(), server.client()
    observer.call("SET", "big", b"v" * 600_000)
    observer.call("CONFIG", "SET", "client-output-buffer-limit", "normal 0 100000 1")
    slow.call("CLIENT", "SETNAME", "slow")
    slow.send(encode(("GET", "big")) * 40)
    wait_until(lambda: b"events=rw" in observer.call("CLIENT", "LIST"), what="a full socket")
    began = time.monotonic()
    assert b"name=slow" in observer.call("CLIENT", "LIST")
    while b"name=slow" in observer.call("CLIENT", "LIST"):
        assert time.monotonic() - began < 30, "a client that does not read stays"
        assert all(len(reply.value) == 600_000 for reply in quick.pipeline([["GET", "big"]] * 40))
    assert time.monotonic() - began > 0.9
    assert quick.call("PING") == b"PONG"


@day
def promised_bulks(setup):
    """Clients that announce huge bulks and send little make no memory be taken for it."""
    server = setup.server()
    before = server.resident_bytes()
    clients = [server.client() for _ in range(30)]
    for client in clients:
        client.send(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$500000000\r\n" + b"x" * 2000)
    time.sleep(0.5)
    check_growth(server, before, 100 << 20)
    assert server.client().call("EXISTS", "k") == 0


@day
def vanishing_clients(setup):
    """Clients that reset their connection in the middle of anything."""
    server = setup.server()
    pipeline = b"".join(encode(("SET", f"v:{at}", "x" * 500)) + encode(("GET", f"v:{at}"))
                        for at in range(500))
    for at in range(60):
        client = server.client()
        client.send(pipeline[:(at + 1) * len(pipeline) // 60 - 7])
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    with server.client() as client:
        wait_until(lambda: client.call("CLIENT", "LIST").count(b"\n") == 1, what="the end of the vanished")


@day
def malformed_requests(setup):
    """Redis' error, then the end of the connection."""
    server = setup.server()
    for request, error in (
            (b"*abc\r\n", b"-ERR Protocol error: invalid multibulk length\r\n"),
            (b"*2147483648\r\n", b"-ERR Protocol error: invalid multibulk length\r\n"),
            (b"*1\r\nPING\r\n", b"-ERR Protocol error: expected '$', got 'P'\r\n"),
            (b"*1\r\n$-5\r\n", b"-ERR Protocol error: invalid bulk length\r\n"),
            (b"*1\r\n$536870913\r\n", b"-ERR Protocol error: invalid bulk length\r\n"),
            (b"PING \"unbalanced\r\n", b"-ERR Protocol error: unbalanced quotes in request\r\n"),
            (b"x" * 70_000, b"-ERR Protocol error: too big inline request\r\n"),
            (b"*1\r\n$4\r\nPING\r\n*1\r\n$x\r\n", b"+PONG\r\n-ERR Protocol error: invalid bulk length\r\n")):
        with Client(server.port) as client:
            client.send(request)
            found = client.read_raw(5)
        assert found == (error, True), f"{request[:40]!r}: {found}"
    for nothing in (b"*0\r\n", b"*-1\r\n", b"\r\n", b"$0\r\n\r\n"[4:]):
        with Client(server.port) as client:
            client.send(nothing + b"PING\r\n")
            assert client.read_answer().value == b"PONG", nothing


@day
def unknown_clients(setup):
    """requirepass: nothing works before AUTH, and requests may not be large until then."""
    server = setup.server({"requirepass": "secret"})
    for request, error in (
            (b"*11\r\n", b"-ERR Protocol error: unauthenticated multibulk length\r\n"),
            (b"*2\r\n$4\r\nAUTH\r\n$16385\r\n", b"-ERR Protocol error: unauthenticated bulk length\r\n")):
        with Client(server.port) as client:
            client.send(request)
            assert client.read_raw(5) == (error, True), request
    with Client(server.port) as client:
        assert client.execute("GET", "k").value == b"NOAUTH Authentication required."
        assert client.execute("AUTH", "wrong").value == \
            b"WRONGPASS invalid username-password pair or user is disabled."
        assert client.execute("HELLO", "3").value.startswith(b"NOAUTH HELLO must be called with the client")
        assert client.call("AUTH", "default", "secret") == b"OK"
        assert client.call("SET", "k", "v") == b"OK"
        assert client.call("CONFIG", "SET", "requirepass", "other") == b"OK"
        assert client.call("GET", "k") == b"v"
    with Client(server.port) as client:
        assert client.call("HELLO", "3", "AUTH", "default", "other")[b"proto"] == 3


@day
def unix_socket(setup):
    """A Unix socket works, leaves with the server, and a dead one is no obstacle."""
    server = setup.server(start=False)
    path = server.root / "stave.sock"
    server.options.update({"unixsocket": path, "unixsocketperm": "700"})
    server.start()
    assert path.stat().st_mode & 0o777 == 0o700, oct(path.stat().st_mode)
    clients = [Client(unix=path) for _ in range(20)]
    for at, client in enumerate(clients):
        assert client.call("SET", f"u:{at}", at) == b"OK"
    assert clients[0].call("MGET", "u:3", "u:19") == [b"3", b"19"]
    server.kill9()
    assert path.exists()
    server.start()
    assert Client(unix=path).call("GET", "u:7") == b"7"
    server.stop()
    assert not path.exists(), "the socket outlives the server"


@day
def told_in_the_log(setup):
    """What an operator must know has a line that says of whom or why."""
    server = setup.server()
    with server.client() as client:
        host, port = client.socket.getsockname()[:2]
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert closed(client, 10)
    with server.client() as client:
        assert client.execute("CONFIG", "REWRITE").is_error()
    log = server.log_text()
    assert f"closed the client at {host}:{port}, which sent POST" in log, log
    assert "CONFIG REWRITE failed: The server is running without a config file" in log, log


@day
def sigterm_under_load(setup):
    """SIGTERM answers the pipelines that have arrived, leaves hints and status 0."""
    for mode in ("always", "everysec"):
        server = setup.server({"appendfsync": mode})
        clients = [server.client() for _ in range(8)]
        for number, client in enumerate(clients):
            client.send(b"".join(encode(("SET", f"s:{number}:{at}", at)) for at in range(200)))
        # Each pipeline is one small packet: with its first answer all of it has arrived.
        replies = [[client.read_answer().value] for client in clients]
        server.process.send_signal(signal.SIGTERM)
        for client, got in zip(clients, replies):
            got += [client.read_answer().value for _ in range(199)]
            assert got == [b"OK"] * 200, set(got)
            assert closed(client, 10)
        assert server.process.wait(20) == 0
        assert list(server.dir.rglob("*.hint")), "no hints"
        server.start()
        with server.client() as client:
            values = client.pipeline([("GET", f"s:{number}:{at}")
                                      for number in range(8) for at in range(200)])
        assert [reply.value for reply in values] == [b"%d" % at for _ in range(8) for at in range(200)]
        server.stop()


@day
def signals_twice(setup):
    """SIGINT ends as SIGTERM does; SIGHUP does no harm to the data; a second signal does not hurt."""
    for first, second in ((signal.SIGINT, None), (signal.SIGTERM, signal.SIGTERM)):
        server = setup.server()
        fill(server)
        server.process.send_signal(first)
        if second is not None and server.alive():
            server.process.send_signal(second)
        assert server.process.wait(20) == 0
        server.start()
        check_fill(server)


@day
def shutdown_command(setup):
    """SHUTDOWN in its variants: the server leaves with status 0 and keeps what was written."""
    server = setup.server()
    fill(server)
    for words in (("SHUTDOWN",), ("SHUTDOWN", "NOSAVE"), ("SHUTDOWN", "SAVE"),
                  ("SHUTDOWN", "NOSAVE", "NOW", "FORCE")):
        with server.client() as client, server.client() as bystander:
            host, port = client.socket.getsockname()
            client.send(encode(("INCR", "count")) + encode(words))
            assert client.read_answer().type == ":"
            try:
                raise AssertionError(f"{words} was answered: {client.read_answer()}")
            except ConnectionError:
                pass
            assert closed(bystander, 10)
        assert server.process.wait(20) == 0
        assert f"SHUTDOWN from {host}:{port}, shutting down" in server.log_text()
        server.start()
        check_fill(server)
    with server.client() as client:
        assert client.call("GET", "count") == b"4"
        for words, error in ((("SHUTDOWN", "SAVE", "NOSAVE"), "ERR syntax error"),
                             (("SHUTDOWN", "x"), "ERR syntax error"),
                             (("SHUTDOWN", "ABORT"), "ERR No shutdown in progress.")):
            try:
                raise AssertionError(f"{words}: {client.call(*words)}")
            except ReplyError as found:
                assert str(found) == error, (words, found)


@day
def many_connections(setup):
    """A thousand connections that all do a little, and come and go."""
    server = setup.server()
    clients = [server.client() for _ in range(1000)]
    for at, client in enumerate(clients):
        client.send(encode(("SET", f"m:{at}", at)) + encode(("GET", f"m:{at}")))
    for at, client in enumerate(clients):
        assert [client.read_answer().value for _ in range(2)] == [b"OK", b"%d" % at]
    for client in clients:
        client.close()
    with server.client() as client:
        wait_until(lambda: client.call("CLIENT", "LIST").count(b"\n") == 1, what="the end of the connections")
        assert client.call("DBSIZE") == 1000


@day
def open_files_limit_is_raised(setup):
    """The soft limit is too low and the hard one is not: nothing is lowered, at the start and by CONFIG SET."""
    server = setup.server({"maxclients": 300}, start=False)
    server.wrapper = [*WITHOUT_PRIVILEGE, "prlimit", "--nofile=100:5500"]
    server.start()
    clients = [server.client() for _ in range(200)]
    assert all(client.call("PING") == b"PONG" for client in clients)
    assert clients[0].call("CONFIG", "GET", "maxclients")[1] == b"300"
    assert clients[0].call("CONFIG", "SET", "maxclients", 1000) == b"OK"
    assert "maxclients is" not in server.log_text()


@day
def open_files_limit_is_for_segments(setup):
    """As many files as the hard limit allows, however few clients there may be: a database may have many segments."""
    server = setup.server({"maxclients": 10}, start=False)
    server.wrapper = [*WITHOUT_PRIVILEGE, "prlimit", "--nofile=100:20000"]
    server.start()
    assert resource.prlimit(server.pid, resource.RLIMIT_NOFILE) == (20000, 20000)
    assert "open files" not in server.log_text()


@day
def open_files_limit_is_too_low_for_the_database(setup):
    """maxdisk leaves room for more segments than the system allows open files: the server says so."""
    server = setup.server({"maxclients": 10, "maxdisk": "2000gb"}, start=False)
    server.wrapper = [*WITHOUT_PRIVILEGE, "prlimit", "--nofile=100:20000"]
    server.start()
    assert server.log_text().count("the system allows 19990 of them beside maxclients") == 1, server.log_text()
    assert server.client().call("CONFIG", "GET", "maxclients")[1] == b"10"


@day
def open_files_limit(setup):
    """Fewer open files than maxclients needs: the server says so, lowers it and still serves; accepts fail gently."""
    server = setup.server({"maxclients": 10_000}, start=False)
    server.wrapper = [*WITHOUT_PRIVILEGE, "prlimit", "--nofile=200:256"]
    server.start()
    with server.client() as client:
        lowered = int(client.call("CONFIG", "GET", "maxclients")[1])
        assert 100 < lowered < 256, lowered
        warnings = [line for line in server.log_text().splitlines() if "maxclients" in line and "--- " not in line]
        assert len(warnings) == 1 and f" {lowered} " in warnings[0] and "10000" in warnings[0], warnings
        for refused in (lowered + 1, 10_000):
            reply = client.execute("CONFIG", "SET", "timeout", 5, "maxclients", refused)
            assert reply.value.decode() == (
                "ERR CONFIG SET failed (possibly related to argument 'maxclients') - The operating system is not able "
                f"to handle the specified number of clients, try with {lowered}"), reply
        assert client.call("CONFIG", "GET", "maxclients", "timeout") == [
            b"timeout", b"0", b"maxclients", b"%d" % lowered]
        assert client.call("CONFIG", "SET", "maxclients", 100) == b"OK"
        assert client.call("CONFIG", "SET", "maxclients", lowered) == b"OK"
    clients = []
    try:
        for _ in range(400):
            clients.append(Client(server.port, timeout=1))
    except OSError:
        pass
    served = 0
    for client in clients[:100]:
        try:
            served += client.call("PING") == b"PONG"
        except (TimeoutError, ConnectionError, ProtocolError, ReplyError):
            pass
    assert served >= 50, f"only {served} of the first hundred connections are served"
    for client in clients:
        client.close()
    wait_until(lambda: answers(server), 20, "an answer after the crowd has gone")


def answers(server):
    try:
        return server.client(timeout=1).call("PING") == b"PONG"
    except (OSError, ReplyError, ProtocolError):
        return False
