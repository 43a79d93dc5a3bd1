# SPDX-License-Identifier: Apache-2.0
# ctest: label=fast timeout=60
"""SLOWLOG, MEMORY, DEBUG and TIME."""
import re
import sys
import time

from server_testing import CLIENTS, error, fill, info, run_cases
from stave_testing import Server


def encoded(word):
    return word if isinstance(word, bytes) else word.encode()


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


def memory_usage(server):
    client = server.client()
    client.pipeline([["SET", "small", "v"], ["SET", "large", "v" * 10_000]])
    small, large = client.call("MEMORY", "USAGE", "small"), client.call("MEMORY", "USAGE", "large", "samples", 0)
    assert 16 <= small < 200 and 10_000 < large < 20_000, (small, large)
    client.call("HSET", "hash", *[word for i in range(1000) for word in (f"field:{i}", "v" * 10)])
    assert 30_000 < client.call("MEMORY", "USAGE", "hash") < 100_000
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


def debug_is_forbidden(binary):
    with Server(binary, {"workers": 3, "shards": 3}) as server:
        for words in (["SLEEP", "0"], ["OBJECT", "k"], ["HELP"], ["NOSUCH"]):
            assert error(server.client(), "DEBUG", *words).startswith(
                'ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", ')
    with Server(binary, {"enable-debug-command": "local"}) as server:
        assert server.client().call("DEBUG", "SLEEP", "0") == b"OK"


if __name__ == "__main__":
    sys.exit(run_cases(
        __doc__,
        shared=[slowlog_is_one, slowlog_has_a_length, slowlog_tells_who_and_hides_passwords, memory_usage,
                debug_object, debug_sleep_and_reload, debug_reload_leaves_nothing_unsaved, time_of_day],
        alone=[debug_is_forbidden]))
