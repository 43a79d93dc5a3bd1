# SPDX-License-Identifier: Apache-2.0
# ctest: label=fast timeout=120
"""SCAN, KEYS, RANDOMKEY, FLUSHALL, SWAPDB, CONFIG, SLOWLOG, INFO, MEMORY, DEBUG, SHUTDOWN with keys in several
shards and clients on several workers.

Every case runs against Debian's redis-server first, which shows that the case expects what Redis does, and then
against stave-server. Exceptions are the cases in OWN, about what only Stave has.
"""
import itertools
import os
import re
import socket
import sys
import time
import traceback

from stave_testing import REDIS_SERVER, Client, ReplyError, Server, encode, parse_arguments

CLIENTS = 9  # enough that every worker has some


def error(client, *command):
    """The text of the error that the command gets."""
    reply = client.execute(*command)
    assert reply.type == "-", reply
    return reply.value.decode()


def info(client, *sections):
    """{field: text}"""
    lines = client.call("INFO", *sections).decode().split("\r\n")
    return dict(line.split(":", 1) for line in lines if line and not line.startswith("#"))


def fill(client, names):
    client.call("FLUSHALL")
    client.pipeline([["SET", name, "v"] for name in names])


# ---------------------------------------------------------------------------------------------------------
# Walks

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


# ---------------------------------------------------------------------------------------------------------
# Databases

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


# ---------------------------------------------------------------------------------------------------------
# CONFIG, INFO, SLOWLOG

def config_set_reaches_every_worker(server):
    clients = [server.client() for _ in range(CLIENTS)]
    for number, setter in enumerate(clients):
        assert setter.call("CONFIG", "SET", "timeout", 1000 + number, "slowlog-max-len", 200 + number) == b"OK"
        for client in clients:
            assert dict_of(client.call("CONFIG", "GET", "timeout", "slowlog-m*")) == \
                {b"timeout": b"%d" % (1000 + number), b"slowlog-max-len": b"%d" % (200 + number)}
    assert error(clients[0], "CONFIG", "SET", "timeout", 5, "hz", "x").startswith(
        "ERR CONFIG SET failed (possibly related to argument 'hz') - ")
    assert dict_of(clients[1].call("CONFIG", "GET", "timeout")) == {b"timeout": b"1008"}
    clients[0].call("CONFIG", "SET", "timeout", 0, "slowlog-max-len", 128)
    assert error(clients[0], "CONFIG", "SET", "timeout", 0, "hz") == "ERR syntax error"
    assert error(clients[0], "CONFIG", "FOO") == "ERR unknown subcommand 'FOO'. Try CONFIG HELP."
    assert error(clients[0], "CONFIG", "REWRITE") == "ERR The server is running without a config file"
    assert server.client(protocol=3).execute("CONFIG", "GET", "timeout").type == "%"


def dict_of(flat):
    return dict(zip(flat[::2], flat[1::2]))


SECTIONS = ["Server", "Clients", "Memory", "Persistence", "Stats", "Replication", "CPU", "Modules", "Commandstats",
            "Errorstats", "Latencystats", "Cluster", "Keyspace"]
NOT_BY_DEFAULT = ["Commandstats", "Latencystats"]


def info_sections(server):
    client = server.client()
    client.call("SET", "k", "v")

    def titles(*words):
        return re.findall(r"^# (\w+)\r$", client.call("INFO", *words).decode(), re.M)

    default = [title for title in SECTIONS if title not in NOT_BY_DEFAULT]
    assert titles() == titles("default") == titles("DEFAULT", "server") == default
    assert titles("all") == titles("everything") == titles("Everything", "x") == SECTIONS
    assert titles("keyspace", "SERVER", "nosuch") == ["Server", "Keyspace"]
    assert titles("commandstats", "default") == [title for title in SECTIONS if title != "Latencystats"]
    assert client.execute("INFO", "nosuch") == ("$", b"")
    text = client.call("INFO").decode()
    assert text.startswith("# Server\r\n") and "\r\n\r\n# Clients\r\n" in text and text.endswith("\r\n")
    assert server.client(protocol=3).execute("INFO", "cpu").value.startswith(b"txt:# CPU\r\nused_cpu_sys:")


def info_counts(server):
    clients = [server.client() for _ in range(CLIENTS)]
    clients[0].call("FLUSHALL")
    assert clients[0].call("CONFIG", "RESETSTAT") == b"OK"
    for number, client in enumerate(clients):
        client.pipeline([["SET", f"k{number}-{at}", at] for at in range(10)])
        client.pipeline([["GET", f"k{number}-{at}"] for at in range(5, 15)])
    error(clients[1], "GET")
    error(clients[2], "INCR", "k0-0", "x")
    clients[3].call("SET", "word", "x")
    error(clients[3], "INCR", "word")
    clients[4].call("EXPIRE", "k0-1", 100)
    found = info(clients[5], "everything")
    assert found["keyspace_hits"] == "45" and found["keyspace_misses"] == "45"
    assert found["db0"].startswith("keys=91,expires=1,avg_ttl=")
    assert int(found["total_commands_processed"]) == 9 * 20 + 3 + 1, found["total_commands_processed"]
    assert found["cmdstat_set"].startswith("calls=91,") and found["cmdstat_set"].endswith(",rejected_calls=0,failed_calls=0")
    assert found["cmdstat_get"].startswith("calls=90,") and ",rejected_calls=1," in found["cmdstat_get"]
    assert ",rejected_calls=1,failed_calls=1" in found["cmdstat_incr"]
    assert found["errorstat_ERR"] == "count=3" and found["total_error_replies"] == "3"
    assert int(found["connected_clients"]) >= CLIENTS
    clients[6].call("CONFIG", "RESETSTAT")
    found = info(clients[7], "all")
    assert found["keyspace_hits"] == "0" and found["total_error_replies"] == "0" and "cmdstat_set" not in found
    clients[8].pipeline([["PEXPIRE", f"k1-{at}", 1] for at in range(10)])
    deadline = time.monotonic() + 10
    while info(clients[8])["expired_keys"] != "10":
        assert time.monotonic() < deadline
    clients[8].call("CONFIG", "RESETSTAT")
    assert info(clients[8])["expired_keys"] == "0"


def out_of_memory_refuses_writes(server):
    """However small maxmemory is, it is a limit, and what it refuses has not been called."""
    server.client().call("CONFIG", "RESETSTAT")
    with server.client() as client:
        client.call("SET", "there", "v")
        assert client.call("CONFIG", "SET", "maxmemory", 1) == b"OK"
        for command in (["SET", "a", "b"], ["SET", "a"], ["APPEND", "there", "w"],
                        ["MSET", *(f"key{at // 2}" for at in range(40))]):
            expected = "OOM command not allowed" if command != ["SET", "a"] else "ERR wrong number of arguments"
            assert error(client, *command).startswith(expected), command
        assert client.call("GET", "there") == b"v" and client.call("EXPIRE", "there", 100) == 1
        assert client.call("DEL", "there", "a") == 1
        found = info(client, "all")
        assert found["errorstat_OOM"] == "count=3" and found["total_error_replies"] == "4", found
        assert found["cmdstat_set"].startswith("calls=1,")
        assert found["cmdstat_set"].endswith(",rejected_calls=2,failed_calls=0")
        for name in ("append", "mset"):
            assert found[f"cmdstat_{name}"] == "calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0"
        assert client.call("CONFIG", "SET", "maxmemory", 0) == b"OK"
        assert client.call("MSET", "a", "b", "c", "d") == b"OK"


def info_rates(server):
    client = server.client()
    deadline = time.monotonic() + 10
    most = 0
    while most < 100 and time.monotonic() < deadline:
        client.pipeline([["SET", "k", "v"]] * 50)
        most = max(most, int(info(client, "stats")["instantaneous_ops_per_sec"]))
    assert most >= 100, most


def slowlog_is_one(server):
    clients = [server.client() for _ in range(CLIENTS)]
    clients[0].call("CONFIG", "SET", "slowlog-log-slower-than", 0)
    clients[0].call("SLOWLOG", "RESET")
    for number in range(30):
        clients[number % CLIENTS].call("SET", f"k{number}", "x" * number * 10)
    clients[0].call("CONFIG", "SET", "slowlog-log-slower-than", 10_000)
    entries = [entry for entry in clients[1].call("SLOWLOG", "GET", -1) if entry[3][0] == b"SET"]
    assert [entry[3][1] for entry in entries] == [b"k%d" % number for number in reversed(range(30))]
    identities = [entry[0] for entry in entries]
    assert identities == sorted(identities, reverse=True) and all(abs(entry[1] - time.time()) < 60 for entry in entries)
    assert entries[0][3][2] == b"x" * 128 + b"... (162 more bytes)" and entries[0][2] >= 0
    assert entries[1][4] == ("%s:%d" % clients[28 % CLIENTS].socket.getsockname()).encode()
    assert len(clients[2].call("SLOWLOG", "GET")) == 10 and clients[2].call("SLOWLOG", "GET", 0) == []
    length = clients[3].call("SLOWLOG", "LEN")
    assert length == len(clients[3].call("SLOWLOG", "GET", 1000)) and 30 <= length <= 34
    for count in ("-2", "x", ""):
        assert error(clients[0], "SLOWLOG", "GET", count) == "ERR count should be greater than or equal to -1"
    assert clients[4].call("SLOWLOG", "RESET") == b"OK"
    assert [client.call("SLOWLOG", "LEN") for client in clients] == [0] * CLIENTS


def slowlog_has_a_length(server):
    clients = [server.client() for _ in range(CLIENTS)]
    clients[0].call("CONFIG", "SET", "slowlog-log-slower-than", 0, "slowlog-max-len", 5)
    for number in range(30):
        clients[number % CLIENTS].call("SET", f"k{number}", "v")
    entries = clients[0].call("SLOWLOG", "GET", -1)
    assert clients[0].call("SLOWLOG", "LEN") == 5 == len(entries)
    assert [entry[3][1] for entry in entries if entry[3][0] == b"SET"] == [b"k29", b"k28", b"k27", b"k26", b"k25"]
    clients[0].call("CONFIG", "SET", "slowlog-log-slower-than", 10_000, "slowlog-max-len", 128)
    clients[0].call("SLOWLOG", "RESET")


def slowlog_tells_who_and_hides_passwords(server):
    """The client's name is that which it has when the command is done."""
    hidden = b"(redacted)"
    client = server.client()
    client.call("CONFIG", "SET", "slowlog-log-slower-than", 0)
    client.call("SLOWLOG", "RESET")
    steps = [  # a command, what the log shows of it if that is something else, the name by then
        (["CLIENT", "SETNAME", "alice"], None, b"alice"),
        (["MSET", "k1", "v", "k2", "v", "k3", "v", "k4", "v"], None, b"alice"),
        (["GET", "k1"], None, b"alice"), (["GET", "k2"], None, b"alice"), (["GET", "k3"], None, b"alice"),
        (["DBSIZE"], None, b"alice"),
        (["AUTH", "pw"], [hidden], b"alice"), (["AUTH", "default", "pw"], [hidden, hidden], b"alice"),
        (["AUTH", "a", "b", "c"], None, b"alice"),
        (["HELLO", "2", "AUTH", "default", "pw", "SETNAME", "bob"], ["2", "AUTH", hidden, hidden, "SETNAME", "bob"],
         b"bob"),
        (["hello", "2", "setname", "bob", "auth", "u", "pw"], ["2", "setname", "bob", "auth", hidden, hidden], b"bob"),
        (["HELLO", "2", "AUTH", "pw"], None, b"bob"), (["HELLO", "9", "AUTH", "u", "p"], None, b"bob"),
        (["HELLO", "2", "FOO", "AUTH", "u", "p"], None, b"bob"),
        (["CONFIG", "SET", "RequirePass", "", "timeout", "0"], ["SET", "RequirePass", hidden, "timeout", "0"], b"bob"),
        (["CONFIG", "SET", "nosuch", "x", "requirepass", "pw"], ["SET", "nosuch", "x", "requirepass", hidden], b"bob"),
        (["CONFIG", "SET", "requirepass", "pw", "x"], None, b"bob"),
        (["CLIENT", "SETNAME", ""], None, b""), (["GET", "k1"], None, b""),
    ]
    for command, _, _ in steps:
        client.execute(*command)
    client.call("CONFIG", "SET", "slowlog-log-slower-than", 10_000)
    entries = client.call("SLOWLOG", "GET", -1)[::-1][-len(steps):]
    wanted = [([encoded(word) for word in command[:1] + (shown or command[1:])], name) for command, shown, name in steps]
    found = [(entry[3], entry[5]) for entry in entries]
    assert found == wanted, [pair for pair in zip(found, wanted) if pair[0] != pair[1]]
    client.call("SLOWLOG", "RESET")


def encoded(word):
    return word if isinstance(word, bytes) else word.encode()


# ---------------------------------------------------------------------------------------------------------
# MEMORY, DEBUG, TIME

def memory_usage(server):
    client = server.client()
    client.pipeline([["SET", "small", "v"], ["SET", "large", "v" * 10_000]])
    small, large = client.call("MEMORY", "USAGE", "small"), client.call("MEMORY", "USAGE", "large", "samples", 0)
    assert 16 <= small < 200 and 10_000 < large < 20_000, (small, large)
    assert client.execute("MEMORY", "USAGE", "no such key") == ("$", None)
    assert error(client, "MEMORY", "USAGE", "small", "SAMPLES") == "ERR syntax error"
    assert error(client, "MEMORY", "USAGE", "small", "SAMPLES", -1) == "ERR syntax error"
    assert error(client, "MEMORY", "USAGE", "small", "SAMPLES", "x") == "ERR value is not an integer or out of range"
    assert isinstance(client.call("MEMORY", "HELP"), list)


def debug_object(server):
    client = server.client()
    client.pipeline([["SET", "number", 12345], ["SET", "short", "abc"], ["SET", "long", "x" * 100]])
    for name, encoding in (("number", "int"), ("short", "embstr"), ("long", "raw")):
        reply = client.execute("DEBUG", "object", name)
        assert reply.type == "+" and re.fullmatch(
            rb"Value at:0x[0-9a-f]+ refcount:\d+ encoding:%b serializedlength:\d+ lru:\d+ lru_seconds_idle:\d+.*" %
            encoding.encode(), reply.value), reply
    assert error(client, "DEBUG", "OBJECT", "no such key") == "ERR no such key"
    assert error(client, "DEBUG", "JMAP") == \
        "ERR unknown subcommand or wrong number of arguments for 'JMAP'. Try DEBUG HELP."
    assert error(client, "DEBUG", "OBJECT") == \
        "ERR unknown subcommand or wrong number of arguments for 'OBJECT'. Try DEBUG HELP."
    assert error(client, "DEBUG") == "ERR wrong number of arguments for 'debug' command"


def debug_sleep_and_reload(server):
    client = server.client()
    began = time.monotonic()
    assert client.call("DEBUG", "SLEEP", "0.2") == b"OK" and time.monotonic() - began >= 0.2
    assert client.call("DEBUG", "SLEEP", "nonsense") == b"OK"
    client.call("SET", "k", "before")
    assert client.call("DEBUG", "RELOAD") == b"OK" and client.call("GET", "k") == b"before"
    assert error(client, "DEBUG", "RELOAD", "X") == \
        "ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options."


def debug_reload_leaves_nothing_unsaved(server):
    client = server.client()

    def unsaved():
        figures = info(client, "persistence")
        return int(figures.get("stave_log_changes_not_durable") or figures["rdb_changes_since_last_save"])

    fill(client, [])
    for mode in ("no", "always", "everysec"):
        client.call("CONFIG", "SET", "appendfsync", mode)
        client.pipeline([["SET", f"{mode}:{number}", number] for number in range(100)])
        assert unsaved() > 0 or mode == "always"
        assert client.call("DEBUG", "RELOAD") == b"OK" and unsaved() == 0
        assert client.call("GET", f"{mode}:99") == b"99"
    assert client.call("DBSIZE") == 300


def time_of_day(server):
    seconds, microseconds = server.client().call("TIME")
    assert abs(int(seconds) - time.time()) < 60 and 0 <= int(microseconds) < 1_000_000


# ---------------------------------------------------------------------------------------------------------
# Of a server of its own

def debug_is_forbidden(binary):
    with Server(binary, {"workers": 3, "shards": 3}) as server:
        for words in (["SLEEP", "0"], ["OBJECT", "k"], ["HELP"], ["NOSUCH"]):
            assert error(server.client(), "DEBUG", *words).startswith(
                'ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", ')
    with Server(binary, {"enable-debug-command": "local"}) as server:
        assert server.client().call("DEBUG", "SLEEP", "0") == b"OK"


def protected_mode(binary):
    """Without a password only clients of this machine are let in, whatever the server is bound to."""
    own = own_address()
    for bind in (["*", "-::*"], ["127.0.0.1", *([own] if own else [])]):
        with Server(binary, {"bind": bind}) as server:
            assert Client(server.port).call("PING") == b"PONG"
            if own is None:
                print("skipped a part of protected_mode: this machine has no address but the loopback ones", flush=True)
                continue

            def first_reply():
                with Client(server.port, host=own) as stranger:
                    try:
                        return stranger.execute("PING").value.split()[0]
                    except ConnectionError:
                        return b"closed"

            assert first_reply() in (b"DENIED", b"closed")
            local = Client(server.port)
            local.call("CONFIG", "SET", "requirepass", "pw")
            assert first_reply() == b"NOAUTH"
            local.call("CONFIG", "SET", "requirepass", "")
            assert first_reply() in (b"DENIED", b"closed")
            local.call("CONFIG", "SET", "protected-mode", "no")
            assert first_reply() == b"PONG"


def own_address():
    """An address of this machine that is not the loopback's; None when there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return None
        address = probe.getsockname()[0]
    return None if address.startswith("127.") else address


def shutdown_stops(binary):
    for words in ([], ["NOSAVE"], ["save", "NOW", "FORCE"]):
        if binary == REDIS_SERVER and words:
            continue  # it would have to write a dump for the next part of the case
        with Server(binary, {"workers": 3, "shards": 3, "appendonly": "yes"}) as server:
            client, other = server.client(), server.client()
            assert error(client, "SHUTDOWN", "ABORT") == "ERR No shutdown in progress."
            for wrong in (["x"], ["SAVE", "NOSAVE"], ["ABORT", "NOW"], ["NOSAVE", "SAVE", "FORCE"]):
                assert error(client, "SHUTDOWN", *wrong) == "ERR syntax error"
            mset = encode(["MSET", *(word for at in range(50) for word in (f"k{at}", at))])
            client.send(mset + encode(["SHUTDOWN", *words]) + encode(["SET", "behind", 1]))
            # redis-server leaves without the replies that it has not sent yet.
            assert client.read_raw(10.0) == (b"" if server.is_redis else b"+OK\r\n", True)
            assert other.read_raw(10.0) == (b"", True)
            assert server.process.wait(30) == 0
            server.start()
            client = server.client()
            assert client.call("DBSIZE") == 50 and client.call("GET", "k49") == b"49"


def config_rewrite(binary):
    class FromFile(Server):
        def command_line(self):
            line = super().command_line()
            return [line[0], str(self.root / "stave.toml"), *line[1:]]

    server = FromFile(binary, {"workers": 2, "shards": 2}, start=False)
    with server:
        path = server.root / "stave.toml"
        path.write_text("# mine\ntimeout = 7\nhz = 20\n")
        server.start()
        client = server.client()
        assert info(client)["config_file"] == str(path.resolve())
        client.call("CONFIG", "SET", "timeout", 9, "maxmemory", "100mb")
        assert client.call("CONFIG", "REWRITE") == b"OK"
        text = path.read_text()
        assert text.startswith("# mine\ntimeout = 9\nhz = 20\n") and "maxmemory" in text, text
        server.restart()
        assert dict_of(server.client().call("CONFIG", "GET", "timeout", "maxmemory")) == \
            {b"timeout": b"9", b"maxmemory": b"104857600"}


def workers_and_shards_in_use(binary):
    """CONFIG GET tells how many there are; CONFIG REWRITE leaves what the file says."""
    def shown(server):
        return dict_of(server.client().call("CONFIG", "GET", "workers", "shards"))

    all_but_one = b"%d" % max(1, len(os.sched_getaffinity(0)) - 1)
    with Server(binary) as server:
        assert shown(server) == {b"workers": all_but_one, b"shards": all_but_one}, shown(server)
    with Server(binary, {"shards": 3, "workers": 8}) as server:
        assert shown(server) == {b"workers": b"3", b"shards": b"3"}, shown(server)
        server.restart(options={"shards": 0, "workers": 2})
        assert shown(server) == {b"workers": b"2", b"shards": b"3"}, shown(server)
        path = server.root / "stave.toml"
        path.write_text("workers = 0\n")
        server.stop()
        command = server.command_line()
        server.command_line = lambda: [command[0], str(path), *command[1:command.index("--shards")]]
        server.start()
        assert server.client().call("CONFIG", "REWRITE") == b"OK"
        lines = path.read_text().splitlines()
        assert "workers = 0" in lines and not [line for line in lines if line.startswith("shards")], lines


def cold_values(binary):
    """After a restart values are on disk: what MEMORY USAGE and DEBUG OBJECT say of them, and the counters of reads."""
    with Server(binary, {"workers": 3, "shards": 3, "enable-debug-command": "yes"}) as server:
        client = server.client()
        client.pipeline([["SET", f"k{at}", "x" * 1000] for at in range(100)] + [["SET", "number", 12]])
        assert client.call("MEMORY", "USAGE", "k1") > 1000
        server.restart()
        client = server.client()
        assert client.call("MEMORY", "USAGE", "k1") < 100
        assert info(client)["stave_resident_values"] == "0" and info(client)["stave_cold_reads"] == "0"
        assert b" encoding:int " in client.execute("DEBUG", "OBJECT", "number").value
        assert b" encoding:raw serializedlength:1000 " in client.execute("DEBUG", "OBJECT", "k2").value
        assert [client.call("GET", f"k{at}") for at in range(100)] == [b"x" * 1000] * 100
        found = info(client)
        assert found["stave_cold_reads"] == "101" and found["stave_resident_values"] == "101"
        assert int(found["stave_recovery_records"]) == 101 and int(found["stave_log_segments"]) >= 3
        client.pipeline([["SET", f"k{at}", "y"] for at in range(100)])
        found = info(client)
        assert 100_000 < int(found["stave_log_dead_bytes"]) < int(found["stave_log_bytes"]) == int(found["aof_current_size"])


def info_has_the_fields_of_redis(binary):
    """By section, but for what tells of Redis' insides."""
    inside = re.compile("allocator_|rss_overhead_|total_(reads|writes)_processed|io_threaded_|reply_buffer_|cmdstat_|"
                        "latency_|errorstat_|used_memory_lua_human")
    with Server(REDIS_SERVER, {"appendonly": "yes"}) as redis, Server(binary) as server:
        for section in SECTIONS:
            wanted = [name for name in info(redis.client(), section) if not inside.match(name)]
            found = list(info(server.client(), section))
            missing = [name for name in wanted if name not in found]
            assert not missing, (section, missing)
            assert [name for name in found if name in wanted] == wanted, section  # in the same order


SHARED = [scan_gives_every_key_once, scan_while_keys_come_and_go, scan_and_keys_pass_over_what_has_expired, scan_errors,
          keys_matches_in_all_shards, randomkey_knows_every_key, randomkey_finds_what_is_not_expired, flush_and_swap,
          config_set_reaches_every_worker, info_sections, info_counts, out_of_memory_refuses_writes,
          info_rates, slowlog_is_one, slowlog_has_a_length,
          slowlog_tells_who_and_hides_passwords,
          memory_usage, debug_object, debug_sleep_and_reload,
          debug_reload_leaves_nothing_unsaved, time_of_day]
ALONE = [debug_is_forbidden, protected_mode, shutdown_stops]
OWN = [config_rewrite, workers_and_shards_in_use, cold_values, info_has_the_fields_of_redis]


def run(case, subject, name):
    try:
        case(subject)
    except (AssertionError, ReplyError, OSError):
        print(f"FAIL {case.__name__} ({name}):\n{traceback.format_exc()}", flush=True)
        return 1
    return 0


def main():
    arguments = parse_arguments(__doc__, ("--only", {"default": "", "help": "run the cases whose name contains this"}))
    failed = 0

    def chosen(cases):
        return [case for case in cases if arguments.only in case.__name__]

    for binary in (REDIS_SERVER, arguments.server):
        name = "redis-server" if binary == REDIS_SERVER else "stave-server"
        with Server(binary, {"workers": 3, "shards": 3, "enable-debug-command": "yes"}) as server:
            failed += sum(run(case, server, name) for case in chosen(SHARED))
        own = [] if binary == REDIS_SERVER else OWN
        failed += sum(run(case, binary, name) for case in chosen(ALONE + own))
    print(f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
