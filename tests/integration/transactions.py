# SPDX-License-Identifier: Apache-2.0
# ctest: label=fast timeout=600
"""MULTI, EXEC, DISCARD, WATCH: what they reply, that nobody sees or keeps half a transaction, and that WATCH
notices every kind of change. What Redis does, too, runs against redis-server first.
"""
import os
import random
import sys
import threading
import time

from days_files import info
from stave_testing import REDIS_SERVER, Server, encode, parse_arguments, run_case

ACCOUNTS = 20
EACH = 100


def error(client, *words):
    reply = client.execute(*words)
    assert reply.is_error(), f"{words}: {reply}"
    return reply.value.decode()


def multi(client, *commands):
    """The replies of the commands as one transaction."""
    replies = client.pipeline([("MULTI",), *commands, ("EXEC",)])
    assert replies[0].value == b"OK" and all(reply.value == b"QUEUED" for reply in replies[1:-1]), replies
    return replies[-1].plain()


def replies_in_order(server):
    with server.client() as client:
        client.call("FLUSHALL")
        got = multi(client, ("SET", "a", "1"), ("INCR", "b"), ("GET", "a"), ("LPUSH", "l", "x", "y"), ("PING",),
                    ("LRANGE", "l", "0", "-1"), ("DBSIZE",), ("GET", "none"))
        assert got == [b"OK", 1, b"1", 2, b"PONG", [b"y", b"x"], 3, None], got
        assert multi(client) == []
        # A command that fails does not keep the others from happening.
        got = multi(client, ("SET", "s", "text"), ("INCR", "s"), ("SET", "t", "2"))
        assert got[0] == got[2] == b"OK" and got[1].value == b"ERR value is not an integer or out of range", got
        assert client.call("MGET", "s", "t") == [b"text", b"2"]
        got = multi(client, ("SELECT", "3"), ("SET", "in3", "v"), ("SELECT", "99"), ("COPY", "in3", "b", "DB", "0", "REPLACE"),
                    ("MOVE", "in3", "1"), ("DBSIZE",))
        assert [got[0], got[1], *got[3:]] == [b"OK", b"OK", 1, 1, 0] and got[2].value == b"ERR DB index is out of range", got
        client.call("SELECT", 0)
        assert client.call("GET", "b") == b"v"


def errors(server):
    with server.client() as client:
        client.call("FLUSHALL")
        assert error(client, "EXEC") == "ERR EXEC without MULTI"
        assert error(client, "DISCARD") == "ERR DISCARD without MULTI"
        client.call("MULTI")
        assert error(client, "MULTI") == "ERR MULTI calls can not be nested"
        assert error(client, "WATCH", "a") == "ERR WATCH inside MULTI is not allowed"
        assert client.call("SET", "a", "1") == b"QUEUED" and client.call("EXEC") == [b"OK"]
        for wrong in (("NOSUCH",), ("GET",), ("SAVE",), ("CONFIG", "NOSUCH"), ("COMMAND", "NOSUCH")):
            client.call("MULTI")
            client.call("SET", "a", "2")
            error(client, *wrong)
            assert error(client, "EXEC") == "EXECABORT Transaction discarded because of previous errors.", wrong
        client.call("MULTI")
        assert error(client, "SAVE") == "ERR Command not allowed inside a transaction"
        assert client.call("DISCARD") == b"OK" and client.call("GET", "a") == b"1"
        client.call("MULTI")
        assert client.call("RESET") == b"RESET" and client.call("GET", "a") == b"1"
        client.pipeline([("MULTI",), ("SET", "a", "3"), ("QUIT",)])
    with server.client() as client:
        assert client.call("GET", "a") == b"1"


def long_names(server):
    """UNWATCH in a MULTI takes effect when the keys have been looked at."""
    name = "watched:" + "x" * 100
    with server.client() as client, server.client() as other:
        client.call("WATCH", name, "y" * 100)
        assert multi(client, ("UNWATCH",), ("SET", name, "1"), ("GET", name)) == [b"OK", b"OK", b"1"]
        client.call("WATCH", name)
        other.call("SET", name, "2")
        client.pipeline([("MULTI",), ("UNWATCH",)])
        assert client.call("EXEC") is None


def server_commands(server):
    with server.client() as client:
        client.call("DEL", "h")
        client.call("MULTI")
        assert error(client, "EXEC", "x") == (
            "EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command")
        assert error(client, "EXEC") == "ERR EXEC without MULTI"
        got = multi(client, ("CONFIG", "SET", "hash-max-listpack-entries", "1"), ("HSET", "h", "a", "1", "b", "2"),
                    ("OBJECT", "ENCODING", "h"), ("CONFIG", "SET", "hash-max-listpack-entries", "128"))
        assert got == [b"OK", 2, b"hashtable", b"OK"], got


def unblock_inside(server):
    """The client that is unblocked may need a key that the transaction holds."""
    for keys in (("{k}1", "{k}2"), ("k1", "k2", "k3", "k4")):
        for _ in range(20):
            with server.client() as client, server.client() as blocked, server.client() as other:
                client.call("FLUSHALL")
                identity = blocked.call("CLIENT", "ID")
                blocked.send(encode(("BLPOP", *keys, "0")))
                while client.call("CLIENT", "LIST", "ID", identity).find(b"flags=b") < 0:
                    pass
                other.send(encode(("RPUSH", keys[1], "v")))
                got = multi(client, ("RPUSH", keys[0], "x"), ("DEL", keys[0]), *[("DBSIZE",)] * 20, ("CLIENT", "UNBLOCK", identity))
                assert got[-1] in (0, 1), got
                assert other.read_answer().value in (1, 2)
                answer = blocked.read_answer().plain()
                assert answer in (None, [keys[1].encode(), b"v"]), answer
                assert client.call("LLEN", keys[1]) == int(answer is None)


def no_room(server):
    with server.client() as client:
        client.call("SET", "a", "1")
        client.call("CONFIG", "SET", "maxmemory", "1")
        client.call("MULTI")
        reply = client.execute("SET", "a", "2")
        # Redis refuses the command, Stave the whole transaction at its end.
        assert reply.value in (b"QUEUED", b"OOM command not allowed when used memory > 'maxmemory'."), reply
        text = error(client, "EXEC")
        assert text.startswith("EXECABORT Transaction discarded because of"), text
        client.call("CONFIG", "SET", "maxmemory", "0")
        assert client.call("GET", "a") == b"1"


def flush_inside(server):
    with server.client() as client:
        client.call("SET", "a", "1")
        client.call("SET", "b", "1")
        got = multi(client, ("SET", "a", "2"), ("FLUSHALL",), ("GET", "a"), ("SETNX", "b", "3"), ("DBSIZE",))
        assert got == [b"OK", b"OK", None, 1, 1], got
        assert client.call("DBSIZE") == 1 and client.call("GET", "b") == b"3"
        client.call("SELECT", 1)
        client.call("SET", "other", "1")
        client.call("SELECT", 0)
        assert multi(client, ("FLUSHDB",), ("RPUSH", "l", "1")) == [b"OK", 1]
        assert client.call("DBSIZE") == 1
        client.call("SELECT", 1)
        assert client.call("GET", "other") == b"1"


WATCHED = [
    # before WATCH, after WATCH by somebody else, whether EXEC happens
    ([("SET", "w", "1")], [("SET", "w", "1")], False),
    ([("SET", "w", "1")], [("GET", "w"), ("SET", "x", "1")], True),
    ([], [("SET", "w", "1")], False),
    ([], [("DEL", "w")], True),
    ([("SET", "w", "1")], [("DEL", "w")], False),
    ([("SET", "w", "1")], [("DEL", "w"), ("SET", "w", "1")], False),
    ([("SET", "w", "1")], [("EXPIRE", "w", "100")], False),
    ([("RPUSH", "w", "a")], [("RPUSH", "w", "b")], False),
    ([("RPUSH", "w", "a")], [("LPOP", "w")], False),
    ([("HSET", "w", "f", "1")], [("HSET", "w", "f", "2")], False),
    ([("ZADD", "w", "1", "m")], [("ZADD", "w", "2", "m")], False),
    ([("SET", "x", "1")], [("RENAME", "x", "w")], False),
    ([("SET", "w", "1")], [("RENAME", "w", "x")], False),
    ([("SET", "w", "1")], [("MSET", "x", "1", "w", "1", "y", "1")], False),
    ([("SET", "w", "1")], [("FLUSHALL",)], False),
    ([], [("SET", "x", "1"), ("FLUSHALL",)], True),
    ([("SET", "w", "1")], [("SELECT", "1"), ("SET", "w", "2"), ("FLUSHDB",)], True),
    ([("SET", "w", "1")], [("SWAPDB", "0", "1")], False),
    ([], [("SELECT", "1"), ("SET", "w", "1"), ("SWAPDB", "0", "1")], False),
    ([], [("SWAPDB", "0", "1")], True),
    ([("SET", "w", "1")], [("MULTI",), ("SET", "w", "2"), ("EXEC",)], False),
    ([("SET", "w", "1")], [("MULTI",), ("SET", "w", "2"), ("DISCARD",)], True),
    ([("SADD", "x", "a"), ("SADD", "w", "b")], [("SUNIONSTORE", "w", "w", "x")], False),
]


def watch(server):
    with server.client() as client, server.client() as other:
        for before, changes, happens in WATCHED:
            client.call("FLUSHALL")
            other.call("SELECT", 0)
            for words in before:
                client.call(*words)
            assert client.call("WATCH", "w", "unrelated", "w") == b"OK"
            for words in changes:
                other.call(*words)
            client.pipeline([("MULTI",), ("SET", "done", "1")])
            got = client.call("EXEC")
            assert (got == [b"OK"]) if happens else got is None, (before, changes, got)
            assert client.call("EXISTS", "done") == int(happens)
            # It is over, whatever it was.
            other.call("SELECT", 0)
            other.call("SET", "w", "later")
            assert multi(client, ("PING",)) == [b"PONG"]


def watch_ends(server):
    with server.client() as client, server.client() as other:
        for ending in (("UNWATCH",), ("DISCARD",), ("RESET",)):
            client.call("WATCH", "w")
            other.call("SET", "w", "1")
            if ending == ("DISCARD",):
                client.call("MULTI")
            client.call(*ending)
            assert multi(client, ("GET", "w")) == [b"1"], ending
        client.call("WATCH", "w")
        assert error(client, "EXEC") == "ERR EXEC without MULTI"
        other.call("SET", "w", "2")
        client.call("MULTI")
        assert client.call("UNWATCH") == b"QUEUED" and client.call("EXEC") is None
        # Its own changes count, too, and those of an aborted transaction do not.
        client.call("WATCH", "w")
        client.call("SET", "w", "3")
        client.call("MULTI")
        assert client.call("EXEC") is None
        client.call("WATCH", "w")
        client.pipeline([("MULTI",), ("NOSUCH",)])
        error(client, "EXEC")
        other.call("SET", "w", "4")
        assert multi(client, ("GET", "w")) == [b"4"]
        # In RESP3 the null has a type of its own.
        client.call("HELLO", 3)
        client.call("WATCH", "w")
        other.call("SET", "w", "5")
        client.call("MULTI")
        assert client.execute("EXEC").type == "_"


def watch_expiry(server):
    """A key that expires has changed, unless it had expired by then."""
    with server.client() as client, server.client() as other:
        for at_watch in (True, False):
            other.call("SET", "w", "1", "PX", "1")
            if not at_watch:
                while other.call("EXISTS", "w"):
                    pass
            client.call("WATCH", "w")
            while other.call("EXISTS", "w"):
                pass
            client.call("MULTI")
            client.call("PING")
            got = client.call("EXEC")
            assert got == [b"PONG"] if not at_watch else got in (None, [b"PONG"]), got
        other.call("SET", "w", "1", "PX", "100")
        client.call("WATCH", "w")
        assert client.call("EXISTS", "w") == 1
        while other.call("EXISTS", "w"):
            pass
        client.call("MULTI")
        assert client.call("EXEC") is None


def watch_and_swapped_stale_keys(server):
    """A key that has expired is none, even if it is still somewhere."""
    with server.client() as client, server.client() as other:
        client.call("FLUSHALL")
        client.call("DEBUG", "SET-ACTIVE-EXPIRE", "0")
        other.call("SELECT", 1)
        began = now_ms(other)
        other.call("SET", "w", "1", "PX", "1")
        while now_ms(other) < began + 5:
            pass
        client.call("WATCH", "w")
        other.call("SWAPDB", "0", "1")
        assert multi(client, ("PING",)) == [b"PONG"]
        client.call("DEBUG", "SET-ACTIVE-EXPIRE", "1")


def now_ms(client):
    seconds, microseconds = map(int, client.call("TIME"))
    return seconds * 1000 + microseconds // 1000


def counters_by_watch(server):
    """The read-modify-write that WATCH is for, by several clients at once."""
    with server.client() as client:
        client.call("DEL", "counter")
    failures = []

    def count():
        try:
            with server.client() as client:
                for _ in range(50):
                    while True:
                        client.call("WATCH", "counter")
                        value = int(client.call("GET", "counter") or 0)
                        client.pipeline([("MULTI",), ("SET", "counter", value + 1)])
                        if client.call("EXEC") is not None:
                            break
        except Exception as failure:  # told by the main thread
            failures.append(failure)

    run_together([count] * 4)
    assert not failures, failures
    with server.client() as client:
        assert client.call("GET", "counter") == b"200"


def run_together(functions):
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Transfers:
    """Clients that move money between accounts in transactions, until told to stop; nobody may ever see a sum
    that is not all of it."""

    def __init__(self, server):
        self.server = server
        self.stopped = False
        self.failures = []
        self.done = 0

    def transfer(self, seed):
        rng = random.Random(seed)
        try:
            with self.server.client() as client:
                while not self.stopped:
                    giver, taker = (f"account:{number}" for number in rng.sample(range(ACCOUNTS), 2))
                    amount = rng.randint(1, 5)
                    multi(client, ("DECRBY", giver, amount), ("INCRBY", taker, amount), ("RPUSH", f"log:{giver}", amount),
                          ("HINCRBY", "total", "moved", amount))
                    self.done += 1
        except (ConnectionError, OSError):
            pass  # killed
        except Exception as failure:
            self.failures.append(failure)

    def look(self):
        try:
            with self.server.client() as client:
                while not self.stopped:
                    got = multi(client, *(("GET", f"account:{number}") for number in range(ACCOUNTS)))
                    assert sum(map(int, got)) == ACCOUNTS * EACH, got
                    got = client.call("MGET", *(f"account:{number}" for number in range(ACCOUNTS)))
                    assert sum(map(int, got)) == ACCOUNTS * EACH, got
        except (ConnectionError, OSError):
            pass
        except Exception as failure:
            self.failures.append(failure)


def check_accounts(client):
    accounts = [int(client.call("GET", f"account:{number}")) for number in range(ACCOUNTS)]
    assert sum(accounts) == ACCOUNTS * EACH, accounts
    given = sum(sum(map(int, client.call("LRANGE", f"log:account:{number}", "0", "-1"))) for number in range(ACCOUNTS))
    assert given == int(client.call("HGET", "total", "moved") or 0)


def transfers(binary):
    """Isolation while it runs; atomicity over kill -9, in the middle of whatever is under way."""
    for options in ({"workers": 1, "shards": 1}, {"workers": 2, "shards": 3}, {"workers": 3, "shards": 4, "appendfsync": "always"}):
        with Server(binary, options) as server:
            with server.client() as client:
                client.call("MSET", *(word for number in range(ACCOUNTS) for word in (f"account:{number}", EACH)))
            for round_number in range(3):
                load = Transfers(server)
                threads = [threading.Thread(target=load.transfer, args=(10 * round_number + i,)) for i in range(3)]
                threads.append(threading.Thread(target=load.look))
                for thread in threads:
                    thread.start()
                while load.done < 300 and not load.failures:
                    time.sleep(0.001)
                server.kill9()
                load.stopped = True
                for thread in threads:
                    thread.join()
                assert not load.failures, load.failures
                server.start()
                with server.client() as client:
                    check_accounts(client)


def large_values(binary):
    """Values on disk, collections that are large, and a walk over the keys inside."""
    with Server(binary, {"workers": 2, "shards": 3, "maxmemory": "1mb"}) as server:
        with server.client() as client:
            client.pipeline([("SET", f"cold:{number}", "v" * 10_000) for number in range(500)])
            client.pipeline([("ZADD", "scores", number, f"member:{number}") for number in range(2000)])
            client.pipeline([("RPUSH", "queue", f"job:{number}") for number in range(2000)])
            got = multi(client, ("STRLEN", "cold:1"), ("APPEND", "cold:2", "w"), ("ZADD", "scores", "-1", "first"),
                        ("ZRANGE", "scores", "0", "0"), ("EXPIRE", "scores", "1000"), ("LPOP", "queue"), ("RPUSH", "queue", "last"),
                        ("LLEN", "queue"), ("ZREM", "scores", "member:7"), ("ZCARD", "scores"), ("GETRANGE", "cold:499", "0", "2"))
            assert got == [10_000, 10_001, 1, [b"first"], 1, b"job:0", 2000, 2000, 1, 2000, b"vvv"], got
            assert client.call("TTL", "scores") > 900
            cursor, names = multi(client, ("SCAN", "0", "COUNT", "100000"))[0]
            assert names
        server.kill9()
        server.start()
        with server.client() as client:
            assert client.call("ZCARD", "scores") == 2000 and client.call("ZSCORE", "scores", "member:7") is None
            assert client.call("LINDEX", "queue", "-1") == b"last" and client.call("LLEN", "queue") == 2000
            assert client.call("TTL", "scores") > 900
            assert client.call("STRLEN", "cold:2") == 10_001


def large_elements(binary):
    """Moves between lists make sure of room for what they move, and of no more."""
    with Server(binary, {"segment-bytes": "16mb", "shards": 1, "workers": 1}) as server, server.client() as client:
        def disk_bytes():
            return int(info(client)["stave_disk_bytes"])
        client.pipeline([("RPUSH", "from", b"%d" % number + b"x" * 3_000_000) for number in range(10)])
        for number in range(10):
            words = (("LMOVE", "from", "to", "LEFT", "RIGHT"), ("BLMOVE", "from", "to", "LEFT", "RIGHT", "0"),
                     ("BRPOPLPUSH", "from", "to", "0"))[number % 3]
            client.call(*words)
            assert client.call("LLEN", "from") + client.call("LLEN", "to") == 10
        client.call("FLUSHALL")
        client.pipeline([("RPUSH", "from", b"%d" % number + b"x" * 100_000) for number in range(100)])
        client.call("RPUSH", "to", *range(2000))
        before = disk_bytes()
        for _ in range(30):
            client.call("LMOVE", "to", "from", "LEFT", "LEFT")
            client.call("LMPOP", "2", "none", "to", "LEFT")
        assert disk_bytes() - before < 2 * (16 << 20), (before, disk_bytes())


def differences(binary):
    """What the README says a transaction sees otherwise than in Redis."""
    with Server(binary, {"workers": 2, "shards": 3}) as server, server.client() as client:
        got = multi(client, ("SET", "a", "1"), ("KEYS", "*"), ("RANDOMKEY",), ("DBSIZE",))
        assert got == [b"OK", [], None, 1], got
        got = multi(client, ("SWAPDB", "0", "1"), ("GET", "a"))
        assert got[0].value == b"ERR SWAPDB is not possible inside a transaction" and got[1] == b"1", got
        client.call("CONFIG", "SET", "maxmemory", "1")
        assert multi(client, ("GET", "a"), ("DEL", "a")) == [b"1", 1]
        client.call("CONFIG", "SET", "maxmemory", "0")
        client.call("CONFIG", "SET", "client-query-buffer-limit", "1mb")
        client.call("MULTI")
        try:
            for _ in range(100):
                client.call("SET", "a", "v" * 100_000)
        except (ConnectionError, OSError):
            pass
        else:
            raise AssertionError("a queue without limit")


SHARED = [replies_in_order, errors, long_names, server_commands, unblock_inside, no_room, flush_inside, watch, watch_ends, watch_expiry, watch_and_swapped_stale_keys, counters_by_watch]
OWN = [transfers, large_values, large_elements, differences]


def main():
    arguments = parse_arguments(__doc__, ("--only", {"default": "", "help": "run the cases whose name contains this"}))
    failed = 0
    for binary, shards in ((REDIS_SERVER, 1), (arguments.server, 1), (arguments.server, 3)):
        name = f"{os.path.basename(binary)}, {shards} shards"
        with Server(binary, {"workers": shards, "shards": shards, "enable-debug-command": "yes"}) as server:
            failed += sum(run_case(name, case, server) for case in SHARED if arguments.only in case.__name__)
    failed += sum(run_case("stave-server", case, arguments.server) for case in OWN if arguments.only in case.__name__)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
