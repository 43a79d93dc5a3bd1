# SPDX-License-Identifier: Apache-2.0
# ctest: label=fast timeout=60
"""CLIENT, AUTH, HELLO and RESET with clients on several workers: who is listed, closed, held
back and let in.

Every case runs against Debian's redis-server first, which shows that it expects what Redis does, and then
against stave-server. The cases in NEW expect what Redis does since 7.2 only, or later.
"""
import sys
import time

from stave_testing import REDIS_SERVER, Client, ReplyError, Server, encode, parse_arguments

PASSWORD = "a long password"


def error(client, *command):
    """The text of the error that the command gets."""
    reply = client.execute(*command)
    assert reply.type == "-", reply
    return reply.value.decode()


def lines(client, *selection):
    """What CLIENT LIST says: a list of {field: text}."""
    text = client.call("CLIENT", "LIST", *selection).decode()
    return [dict(field.split("=", 1) for field in line.split(" ")) for line in text.splitlines()]


def named(client):
    return sorted(line["name"] for line in lines(client) if line["name"])


def is_closed(client):
    """True when the server has closed the connection, and has sent nothing."""
    return client.read_raw(2.0) == (b"", True)


def bytes_of(client, expected):
    """What the server sends until that many bytes have come and it is quiet."""
    received = b""
    deadline = time.monotonic() + 10
    while True:
        more, closed = client.read_raw(0.1)
        assert not closed
        received += more
        if len(received) >= expected or time.monotonic() > deadline:
            return received


def many(server, count):
    """Clients enough that every worker has some, called c00, c01, ..., and their ids."""
    clients = []
    for number in range(count):
        clients.append(server.client())  # the next one is accepted after this one
        assert clients[-1].call("CLIENT", "SETNAME", f"c{number:02}") == b"OK"
    return clients, [client.call("CLIENT", "ID") for client in clients]


# ---------------------------------------------------------------------------------------------------------
# CLIENT LIST, INFO

def list_shows_all_by_age(server):
    clients, ids = many(server, 20)
    found = [line for line in lines(clients[3]) if line["name"]]
    assert [line["name"] for line in found] == [f"c{number:02}" for number in range(20)], found
    assert [int(line["id"]) for line in found] == ids == sorted(ids), (ids, found)
    assert all(line["laddr"] == f"127.0.0.1:{server.port}" for line in found), found
    addresses = ["%s:%d" % client.socket.getsockname() for client in clients]
    assert [line["addr"] for line in found] == addresses, (addresses, found)


def list_of_ids_keeps_their_order(server):
    clients, ids = many(server, 8)
    wanted = [ids[5], 999_999_999, ids[1], -1, ids[5], ids[7]]
    assert [int(line["id"]) for line in lines(clients[0], "ID", *wanted)] == [ids[5], ids[1], ids[5], ids[7]]


def list_by_type(server):
    clients, _ = many(server, 4)
    assert len(lines(clients[0], "TYPE", "NORMAL")) == len(lines(clients[0]))
    for other in ("master", "replica", "slave", "pubsub"):
        assert lines(clients[0], "TYPE", other) == []


def list_is_text(server):
    for protocol, kind in ((2, "$"), (3, "=")):
        with server.client(protocol=protocol) as client:
            for command in (("CLIENT", "LIST"), ("CLIENT", "INFO")):
                reply = client.execute(*command)
                assert reply.type == kind and reply.value.endswith(b"\n"), reply


def fields_tell_the_state(server):
    with server.client(protocol=3) as client, server.client() as observer:
        client.call("CLIENT", "SETNAME", "me")
        client.call("CLIENT", "NO-EVICT", "ON")
        client.call("SELECT", 7)
        client.call("STRLEN", "k")
        line = [line for line in lines(observer) if line["name"] == "me"][0]
        expected = {"age": "0", "idle": "0", "flags": "e", "db": "7", "multi": "-1", "cmd": "strlen",
                    "user": "default", "resp": "3", "events": "r"}
        assert {key: line[key] for key in expected} == expected, line
        own = client.call("CLIENT", "INFO").decode()
        assert " cmd=client|info " in own and list(line) == [field.split("=")[0] for field in own.split()]


def query_buffer_holds_what_runs(server):
    """The command that asks is in it; what has been answered is not."""
    with server.client() as client, server.client() as idle:
        assert idle.call("SET", "k", "x" * 1000) == b"OK"
        identity, idle_identity = client.call("CLIENT", "ID"), idle.call("CLIENT", "ID")
        for command in (["CLIENT", "LIST"], ["CLIENT", "INFO"]):
            text = client.call(*command).decode()
            line = [line for line in text.splitlines() if line.startswith(f"id={identity} ")][0]
            assert f" qbuf={len(encode(command))} " in line, line
        held = {line["id"]: line["qbuf"] for line in lines(client)}
        assert held[str(identity)] == str(len(encode(["CLIENT", "LIST"]))), held
        assert held[str(idle_identity)] == "0", held


def library_survives_reset(server):
    with server.client() as client:
        assert client.call("CLIENT", "SETINFO", "LIB-NAME", "stave-test") == b"OK"
        assert client.call("CLIENT", "SETINFO", "lib-ver", "1.2") == b"OK"
        assert client.call("CLIENT", "NO-TOUCH", "ON") == b"OK"
        assert client.call("CLIENT", "NO-EVICT", "ON") == b"OK"
        assert b" flags=eT " in client.call("CLIENT", "INFO")
        assert client.call("RESET") == b"RESET"
        info = client.call("CLIENT", "INFO")
        assert b" flags=N " in info and info.endswith(b" resp=2 lib-name=stave-test lib-ver=1.2\n"), info
        assert client.call("CLIENT", "SETINFO", "lib-ver", "") == b"OK"
        assert client.call("CLIENT", "INFO").endswith(b" lib-ver=\n")
        assert error(client, "CLIENT", "SETINFO", "Lib-Ver", "a b") == \
            "ERR Lib-Ver cannot contain spaces, newlines or special characters."
        assert error(client, "CLIENT", "SETINFO", "lib", "a") == "ERR Unrecognized option 'lib'"


# ---------------------------------------------------------------------------------------------------------
# CLIENT KILL

def kill_by_id_and_address(server):
    clients, ids = many(server, 8)
    killer = clients[0]
    assert killer.call("CLIENT", "KILL", "ID", ids[6]) == 1
    assert is_closed(clients[6])
    assert killer.call("CLIENT", "KILL", "ID", ids[6]) == 0
    address = "%s:%d" % clients[5].socket.getsockname()
    assert killer.call("CLIENT", "KILL", "ADDR", address, "ID", ids[4]) == 0
    assert killer.call("CLIENT", "KILL", "ADDR", address, "ID", ids[5], "TYPE", "normal",
                       "USER", "default") == 1
    assert is_closed(clients[5])
    assert killer.call("CLIENT", "KILL", "%s:%d" % clients[4].socket.getsockname()) == b"OK"
    assert is_closed(clients[4])
    assert error(killer, "CLIENT", "KILL", address) == "ERR No such client"
    assert named(killer) == ["c00", "c01", "c02", "c03", "c07"]


def kill_all_but_oneself(server):
    clients, _ = many(server, 16)
    others = len(lines(clients[2])) - 1
    assert clients[2].call("CLIENT", "KILL", "LADDR", f"127.0.0.1:{server.port}") == others
    assert named(clients[2]) == ["c02"]
    assert all(is_closed(client) for client in clients if client is not clients[2])


def kill_oneself_comes_after_the_reply(server):
    for command, reply in ((("ID", "{id}", "SKIPME", "no"), b":1\r\n"), (("{address}",), b"+OK\r\n")):
        with server.client() as client:
            own = {"id": client.call("CLIENT", "ID"), "address": "%s:%d" % client.socket.getsockname()}
            words = [word.format(**own) for word in command]
            # What is behind it in the pipeline is not run.
            client.send(encode(["CLIENT", "KILL", *words]) + encode(["SET", "behind", "kill"]))
            assert client.read_raw(2.0) == (reply, True)
    assert server.client().call("EXISTS", "behind") == 0


def kill_by_age(server):
    clients, _ = many(server, 4)
    assert clients[0].call("CLIENT", "KILL", "MAXAGE", 1000) == 0
    time.sleep(2.1)
    young = server.client()
    assert clients[0].call("CLIENT", "KILL", "MAXAGE", 2) >= 3
    assert young.call("PING") == b"PONG" and clients[0].call("PING") == b"PONG"
    assert all(is_closed(client) for client in clients[1:])
    assert error(young, "CLIENT", "KILL", "MAXAGE", "x") == "ERR maxage is not an integer or out of range"
    assert error(young, "CLIENT", "KILL", "MAXAGE", 0) == "ERR maxage should be greater than 0"


def killed_in_the_middle_of_work(server):
    """Clients that are closed while their commands are under way: the server goes on, and counts right."""
    for _ in range(20):
        busy, _ = many(server, 8)
        for number, client in enumerate(busy):
            client.send(b"".join(encode(["APPEND", f"work{at % 7}", "x" * number]) for at in range(300)))
            pairs = [word for at in range(20) for word in (f"k{at}", "v")]
            client.send(encode(["MSET", *pairs]) + encode(["CLIENT", "LIST"]))
        with server.client() as killer:
            killer.call("CLIENT", "KILL", "TYPE", "normal")
            assert len(lines(killer)) == 1
        for client in busy:
            client.close()


# ---------------------------------------------------------------------------------------------------------
# CLIENT REPLY, RESET

def replies_on_off_skip(server):
    with server.client() as client:
        on, off, skip = (encode(["CLIENT", "REPLY", mode]) for mode in ("ON", "OFF", "SKIP"))
        ping, echo = encode(["PING"]), encode(["ECHO", "e"])
        for sent, reply in (
                (on, b"+OK\r\n"), (skip + ping + echo, b"$1\r\ne\r\n"),
                (skip + on + ping, b"+OK\r\n+PONG\r\n"),
                (skip + encode(["NONE"]) + ping, b"+PONG\r\n"), (off + ping + skip + ping + ping, b""),
                (encode(["CLIENT", "REPLY", "x"]) + encode(["CLIENT", "LIST"]) + encode(["GET", "k"]), b""),
                (on + ping, b"+OK\r\n+PONG\r\n"), (off + encode(["RESET"]) + ping, b"+RESET\r\n+PONG\r\n"),
                (skip + encode(["RESET"]) + ping, b"+PONG\r\n"),
                (skip + encode(["CLIENT", "LIST"]) + ping, b"+PONG\r\n"),
                (skip + encode(["MGET", *"abcdef"]) + ping, b"+PONG\r\n"),
                (skip + off + ping, b""), (on, b"+OK\r\n")):
            client.send(sent)
            received = bytes_of(client, len(reply))
            assert received == reply, (sent, received, reply)
        assert error(client, "CLIENT", "REPLY", "x") == "ERR syntax error"


def two_skips(server):
    """The second SKIP is silent anyway, and asks for silence about the command behind it."""
    with server.client() as client:
        skip, ping = encode(["CLIENT", "REPLY", "SKIP"]), encode(["PING"])
        client.send(skip + skip + ping + encode(["ECHO", "e"]))
        assert bytes_of(client, 7) == b"$1\r\ne\r\n"


def reset_is_a_new_connection(server):
    with server.client(protocol=3) as client:
        client.call("SELECT", 3)
        client.call("CLIENT", "SETNAME", "me")
        identity = client.call("CLIENT", "ID")
        assert client.pipeline([["RESET"], ["CLIENT", "GETNAME"]]) == [("+", b"RESET"), ("$", None)]
        info = client.call("CLIENT", "INFO").decode()
        for part in (f"id={identity} ", " name= ", " flags=N ", " db=0 ", " resp=2"):
            assert part in info, info


# ---------------------------------------------------------------------------------------------------------
# CLIENT PAUSE

def pause_holds_every_client(server):
    clients, _ = many(server, 8)
    began = time.monotonic()
    assert clients[0].call("CLIENT", "PAUSE", 400) == b"OK"
    for number, client in enumerate(clients):
        client.send(encode(["SET", f"p{number}", number]) + encode(["GET", f"p{number}"]))
    for number, client in enumerate(clients):
        assert client.read_reply() == ("+", b"OK") and client.read_reply() == ("$", str(number).encode())
        assert time.monotonic() - began >= 0.39


def pause_holds_every_command(server):
    """Those of the session, too, and the one that would end the pause; what is refused is refused at once."""
    commands = [["CLIENT", "ID"], ["SELECT", 1], ["ECHO", "x"], ["HELLO", 2], ["RESET"], ["COMMAND", "COUNT"],
                ["CLIENT", "UNPAUSE"], ["CLIENT", "PAUSE", 0]]
    clients, _ = many(server, len(commands))
    began = time.monotonic()
    assert clients[0].call("CLIENT", "PAUSE", 300) == b"OK"
    assert error(clients[0], "GET").startswith("ERR wrong number of arguments")
    assert error(clients[0], "NOSUCH").startswith("ERR unknown command")
    assert time.monotonic() - began < 0.29
    for client, command in zip(clients, commands):
        client.send(encode(command))
    for client in clients:
        assert client.read_reply().type != "-" and time.monotonic() - began >= 0.29


def paused_clients_are_shown(server):
    clients, ids = many(server, 8)
    clients[0].call("CLIENT", "PAUSE", 60_000, "WRITE")
    for client in clients[1:4]:
        for piece in (b"*2\r\n$3\r\nDEL\r\n", b"$1\r\n1\r\n", b"PING\r\n"):
            client.send(piece)
            time.sleep(0.02)
    held = sorted(int(line["id"]) for line in lines(clients[0]) if line["flags"] == "b")
    assert held == ids[1:4], held
    assert b"blocked_clients:3\r\n" in clients[0].call("INFO", "clients")
    assert clients[0].call("CLIENT", "UNPAUSE") == b"OK"
    assert [client.read_reply() for client in clients[1:4]] == [(":", 0)] * 3
    assert [client.read_reply() for client in clients[1:4]] == [("+", b"PONG")] * 3
    assert not any(line["flags"] == "b" for line in lines(clients[0]))
    assert b"blocked_clients:0\r\n" in clients[0].call("INFO", "clients")


def pause_of_writes_lets_reads_go_on(server):
    clients, _ = many(server, 8)
    clients[0].call("SET", "p", "old")
    assert clients[0].call("CLIENT", "PAUSE", 60_000, "write") == b"OK"
    assert all(client.call("GET", "p") == b"old" for client in clients)
    for client in clients[1:]:
        client.send(encode(["APPEND", "p", "+"]))
    time.sleep(0.1)
    assert clients[0].call("GET", "p") == b"old"
    assert clients[0].call("CLIENT", "UNPAUSE") == b"OK"
    assert sorted(client.read_reply().value for client in clients[1:]) == list(range(4, 11))


def pause_is_never_shortened(server):
    """Of two pauses the longer one counts; what they hold is what the last one says."""
    with server.client() as pauser, server.client() as client:
        began = time.monotonic()
        pauser.call("CLIENT", "PAUSE", 500, "WRITE")
        pauser.call("CLIENT", "PAUSE", 0, "WRITE")
        pauser.call("CLIENT", "PAUSE", 100, "ALL")
        client.call("PING")
        assert time.monotonic() - began >= 0.49


def a_killed_client_that_waits(server):
    with server.client() as pauser, server.client() as waiter:
        identity = waiter.call("CLIENT", "ID")
        pauser.call("CLIENT", "PAUSE", 60_000, "WRITE")
        waiter.send(encode(["SET", "never", "set"]))
        time.sleep(0.05)
        assert pauser.call("CLIENT", "KILL", "ID", identity) == 1
        assert is_closed(waiter)
        assert pauser.call("CLIENT", "UNPAUSE") == b"OK"
        assert pauser.call("EXISTS", "never") == 0


# ---------------------------------------------------------------------------------------------------------
# AUTH, HELLO: of a server with a password

def nothing_before_the_password(server):
    with Client(server.port) as client:
        for command in (["PING"], ["GET", "k"], ["CLIENT", "LIST"], ["CLIENT", "ID"], ["SELECT", 1]):
            assert error(client, *command) == "NOAUTH Authentication required."
        assert error(client, "HELLO", 3).startswith("NOAUTH HELLO must be called with the client already ")
        assert error(client, "HELLO", 3, "SETNAME", "me").startswith("NOAUTH HELLO ")
        wrong = "WRONGPASS invalid username-password pair or user is disabled."
        for attempt in ("", "a", PASSWORD + "x", PASSWORD[:-1], PASSWORD.upper(), PASSWORD * 2, "\0"):
            assert error(client, "AUTH", attempt) == wrong
            assert error(client, "HELLO", 3, "AUTH", "default", attempt) == wrong
        assert error(client, "AUTH", "somebody", PASSWORD) == wrong
        assert error(client, "AUTH", "DEFAULT", PASSWORD) == wrong
        assert error(client, "AUTH", "default", PASSWORD, "more") == "ERR syntax error"
        assert client.call("QUIT") == b"OK"


def the_password_opens(server):
    for command in (["AUTH", PASSWORD], ["AUTH", "default", PASSWORD],
                    ["HELLO", "2", "AUTH", "default", PASSWORD],
                    ["HELLO", "3", "SETNAME", "me", "AUTH", "default", PASSWORD]):
        with Client(server.port) as client:
            client.call(*command)
            assert client.call("PING") == b"PONG"
            assert client.call("CLIENT", "GETNAME") == (b"me" if "SETNAME" in command else None)
            # A failed attempt takes nothing away; RESET does.
            assert error(client, "AUTH", "wrong").startswith("WRONGPASS ")
            assert client.call("PING") == b"PONG"
            assert client.call("RESET") == b"RESET"
            assert error(client, "PING") == "NOAUTH Authentication required."


def hello_changes_nothing_when_it_fails(server):
    with server.client() as client:
        for command in (["HELLO", 3, "SETNAME", "x", "AUTH", "default", "wrong"],
                        ["HELLO", 3, "SETNAME", "x", "MORE"],
                        ["HELLO", 3, "SETNAME", "a b"], ["HELLO", 9, "SETNAME", "x"]):
            assert client.execute(*command).type == "-"
            assert client.pipeline([["CLIENT", "GETNAME"]]) == [("$", None)]
        reply = client.execute("HELLO", 3, "SETNAME", "x")
        assert reply.type == "%" and reply.plain()[b"proto"] == 3


OPEN = [list_shows_all_by_age, list_of_ids_keeps_their_order, list_by_type, list_is_text,
        fields_tell_the_state, query_buffer_holds_what_runs, library_survives_reset, kill_by_id_and_address,
        kill_all_but_oneself, kill_oneself_comes_after_the_reply, kill_by_age, killed_in_the_middle_of_work,
        replies_on_off_skip, two_skips, reset_is_a_new_connection, pause_holds_every_client,
        pause_holds_every_command, paused_clients_are_shown, pause_of_writes_lets_reads_go_on,
        pause_is_never_shortened, a_killed_client_that_waits]
NEW = [library_survives_reset, kill_by_age, hello_changes_nothing_when_it_fails]
LOCKED = [nothing_before_the_password, the_password_opens, hello_changes_nothing_when_it_fails]


def run(case, server):
    try:
        case(server)
    except (AssertionError, ReplyError, OSError) as fault:
        name = "redis-server" if server.is_redis else "stave-server"
        print(f"FAIL {case.__name__} ({name}): {fault!r}", flush=True)
        return 1
    return 0


def main():
    arguments = parse_arguments(
        __doc__, ("--only", {"default": "", "help": "run the cases whose name contains this"}))
    failed = 0
    for binary in (REDIS_SERVER, arguments.server):
        for cases, options in ((OPEN, {}), (LOCKED, {"requirepass": PASSWORD})):
            with Server(binary, {"workers": 3, "shards": 3, **options}) as server:
                chosen = [case for case in cases if arguments.only in case.__name__]
                failed += sum(run(case, server) for case in chosen if not (server.is_redis and case in NEW))
    print(f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
