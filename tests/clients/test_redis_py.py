# SPDX-License-Identifier: Apache-2.0
# ctest: label=fast timeout=120
"""redis-py, from Debian's python3-redis, doing what its users do."""
import datetime
import sys
import threading
import time
import uuid

import redis

from client_testing import run_cases


def connect(server, **keywords):
    return redis.Redis(port=server.port, **keywords)


def raises(error, words, function, *arguments, **keywords):
    try:
        result = function(*arguments, **keywords)
    except error as found:
        assert words in str(found), f"{found} does not say {words!r}"
        return
    raise AssertionError(f"no {error.__name__}, but {result!r}")


def basics(server):
    """set with its options, get, mget, mset, and types of what comes back."""
    r = connect(server)
    assert r.ping() is True
    assert r.set("k", "v") is True and r.get("k") == b"v"
    assert r.set("k", "w", nx=True) is None and r.set("none", "w", xx=True) is None
    assert r.set("k", "w", get=True) == b"v"
    assert r.set("t", 3.25, ex=datetime.timedelta(minutes=1)) and 0 < r.ttl("t") <= 60
    assert r.set("t", "x", keepttl=True) and r.ttl("t") > 0
    assert r.mset({"a": 1, b"b": b"\x00\xff", "c": "é"}) is True
    assert r.mget("a", "b", "c", "none") == [b"1", b"\x00\xff", "é".encode(), None]
    assert r.msetnx({"a": 1, "z": 2}) is False and r.msetnx({"y": 1, "z": 2}) is True
    assert (r.getset("a", 5), r.getdel("a"), r.get("a")) == (b"1", b"5", None)
    assert r.exists("b", "c", "none") == 2 and "b" in r and r["b"] == b"\x00\xff"
    r["item"] = "x"
    del r["item"]
    assert r.delete("b", "c", "none") == 2 and r.unlink("k") == 1


def numbers_and_ranges(server):
    """incr, decr, floats, append, ranges, lcs."""
    r = connect(server)
    assert (r.incr("n"), r.incr("n", 10), r.decr("n", 3), r.incrbyfloat("f", 1.5)) == (1, 11, 8, 1.5)
    assert (r.append("s", "Hello "), r.append("s", "World"), r.strlen("s")) == (6, 11, 11)
    assert r.getrange("s", -5, -1) == b"World" and r.setrange("s", 6, "Redis") == 11
    assert r.substr("s", 0, 4) == b"Hello"
    assert r.execute_command("LCS", "s", "n") == b""
    raises(redis.ResponseError, "value is not an integer or out of range", r.incr, "s")


def bits(server):
    """setbit, bitcount, bitpos, bitop and the bitfield builder."""
    r = connect(server)
    assert [r.setbit("b", at, 1) for at in (7, 9, 100)] == [0, 0, 0] and r.getbit("b", 100) == 1
    assert r.bitcount("b") == 3 and r.bitcount("b", 0, 0) == 1
    assert r.bitpos("b", 1) == 7 and r.bitpos("b", 0, 1) == 8
    assert r.setbit("c", 7, 1) == 0 and r.bitop("AND", "d", "b", "c") == 13 and r.bitcount("d") == 1
    field = r.bitfield("f", default_overflow="FAIL")
    field.incrby("u8", 0, 250).get("u8", 0).incrby("u8", 0, 10).set("i5", 100, -3)
    assert field.execute() == [250, 250, None, 0]
    assert r.bitfield("f").incrby("u8", 0, 10, overflow="SAT").get("i5", 100).execute() == [255, -3]


def expiry(server):
    """expire and its kin, and keys that go in time."""
    r = connect(server)
    r.mset({"a": 1, "b": 2, "c": 3})
    assert r.expire("a", 100) is True and r.expire("none", 1) is False and 99 <= r.ttl("a") <= 100
    assert r.expire("a", 50, gt=True) is False and r.expire("a", 500, gt=True) is True
    assert r.expire("b", 5, nx=True) is True and r.expire("b", 6, nx=True) is False
    assert r.persist("a") is True and r.ttl("a") == -1 and r.ttl("none") == -2
    at = datetime.datetime.now() + datetime.timedelta(hours=1)
    assert r.expireat("a", at) and abs(r.execute_command("EXPIRETIME", "a") - at.timestamp()) <= 1
    assert r.psetex("p", 60, "x") and 0 < r.pttl("p") <= 60
    assert r.getex("c", px=60) == b"3"
    time.sleep(0.08)
    assert r.get("p") is None and r.exists("c") == 0 and r.dbsize() == 2


def pipelines(server):
    """pipeline(transaction=False), also large ones, with an error in the middle."""
    r = connect(server)
    with r.pipeline(transaction=False) as pipe:
        for at in range(10_000):
            pipe.set(f"p:{at}", at).get(f"p:{at}")
        results = pipe.execute()
    assert results[::2] == [True] * 10_000 and results[1::2] == [b"%d" % at for at in range(10_000)]
    results = r.pipeline(transaction=False).set("s", "x").incr("s").get("s").execute(raise_on_error=False)
    assert results[0] is True and isinstance(results[1], redis.ResponseError) and results[2] == b"x"
    raises(redis.ResponseError, "Command # 2 (INCRBY s 1) of pipeline",
           r.pipeline(transaction=False).get("s").incr("s").execute)


def scanning(server):
    """scan_iter with match and count, keys, randomkey, scan by hand."""
    r = connect(server, decode_responses=True)
    r.mset({f"user:{at}": at for at in range(1500)})
    r.mset({f"page:{at}": at for at in range(500)})
    assert set(r.scan_iter(match="page:*", count=100)) == {f"page:{at}" for at in range(500)}
    assert set(r.scan_iter()) == set(r.keys("*")) and len(r.keys("user:1?")) == 10
    assert set(r.scan_iter(_type="string")) == set(r.keys()) and not list(r.scan_iter(_type="hash"))
    cursor, seen = "0", []
    while cursor != 0:
        cursor, part = r.scan(cursor, count=50)
        seen += part
    assert len(set(seen)) == 2000 and r.randomkey() in seen


def naming(server):
    """rename, renamenx, copy, move, touch, type, swapdb, and databases."""
    r, other = connect(server), connect(server, db=5)
    r.mset({"a": 1, "b": 2})
    assert r.rename("a", "c") is True and r.renamenx("c", "b") is False
    raises(redis.ResponseError, "no such key", r.rename, "none", "x")
    assert r.copy("b", "d") and r.touch("b", "d", "none") == 2
    assert r.type("b") == b"string" and r.type("none") == b"none"
    assert r.move("d", 5) and other.get("d") == b"2" and other.dbsize() == 1
    assert r.swapdb(0, 5) and r.get("d") == b"2" and r.swapdb(0, 5)
    assert other.flushdb() and other.dbsize() == 0 and r.dbsize() == 2
    raises(redis.ResponseError, "DB index is out of range", connect(server, db=99).ping)


def locks(server):
    """The lock of old: set nx px, and a delete by its owner. And an atomic counter under threads."""
    r = connect(server)
    done = []

    def work(number):
        mine = str(uuid.uuid4()).encode()
        for _ in range(20):
            while not r.set("lock", mine, nx=True, px=5000):
                time.sleep(0.001)
            value = int(r.get("guarded") or 0)
            r.set("guarded", value + 1)
            assert r.get("lock") == mine
            r.delete("lock")
            r.incr("counter", number)
        done.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 4 and r.get("guarded") == b"80" and r.get("counter") == b"%d" % (20 * (0 + 1 + 2 + 3))


def pools(server):
    """A connection pool, a URL, health checks, a blocking pool, a client name, a lost connection."""
    pool = redis.ConnectionPool.from_url(
        f"redis://127.0.0.1:{server.port}/2?decode_responses=True", max_connections=10,
        health_check_interval=1, client_name="pooled")
    clients = [redis.Redis(connection_pool=pool) for _ in range(10)]
    assert all(client.set(f"k:{at}", at) for at, client in enumerate(clients))
    assert clients[0].mget([f"k:{at}" for at in range(10)]) == [str(at) for at in range(10)]
    assert clients[0].client_getname() == "pooled"
    blocking = redis.BlockingConnectionPool(port=server.port, max_connections=2, timeout=5)
    threads = [threading.Thread(target=redis.Redis(connection_pool=blocking).incr, args=("n",))
               for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert redis.Redis(connection_pool=blocking).get("n") == b"20"
    victim = connect(server, client_name="victim", retry_on_error=[redis.ConnectionError],
                     retry_on_timeout=True)
    found = [one for one in victim.client_list() if one["name"] == "victim"]
    assert connect(server).client_kill_filter(_id=found[0]["id"]) == 1
    assert victim.ping() is True


def administration(server):
    """info, config, client, command, memory, slowlog, time, object: parsed as redis-py parses them."""
    r = connect(server, decode_responses=True)
    r.set("k", "v" * 100)
    found = r.info()
    assert found["redis_version"].startswith("7.") and found["db0"]["keys"] == 1 and found["role"] == "master"
    assert isinstance(found["used_memory"], int) and isinstance(found["uptime_in_seconds"], int)
    assert found["loading"] == 0
    assert r.info("server")["tcp_port"] == server.port
    assert r.config_get("maxclients") == {"maxclients": "10000"}
    assert r.config_set("slowlog-log-slower-than", 0)
    assert r.config_get("slowlog*")["slowlog-log-slower-than"] == "0"
    r.set("slow", 1)
    entry = [one for one in r.slowlog_get() if one["command"] in (b"SET slow 1", "SET slow 1")][0]
    assert entry["duration"] >= 0 and r.slowlog_len() > 0 and r.slowlog_reset()
    assert r.config_resetstat() and r.config_set("slowlog-log-slower-than", 10000)
    assert r.client_setname("me") and r.client_getname() == "me" and r.client_id() > 0
    assert r.client_info()["name"] == "me"
    assert r.client_pause(10) and r.client_unpause()
    assert len(r.command()) == r.command_count() and r.command()["get"]["arity"] == 2
    assert r.execute_command("COMMAND INFO", "set") and r.execute_command("COMMAND DOCS", "get")
    assert r.command_getkeys("MSET", "a", 1, "b", 2) == ["a", "b"]
    assert r.memory_usage("k") >= 100 and r.object("encoding", "k") == "raw"
    assert r.object("refcount", "k") == 1 and r.object("idletime", "k") >= 0
    assert abs(r.time()[0] - time.time()) < 3 and r.echo("x") == "x"


def errors(server):
    """Error replies become redis-py's exceptions."""
    r = connect(server)
    raises(redis.ResponseError, "unknown command 'NOSUCH'", r.execute_command, "NOSUCH", "x")
    raises(redis.ResponseError, "wrong number of arguments for 'get' command", r.execute_command, "GET")
    raises(redis.ResponseError, "syntax error", r.execute_command, "SET", "a", "b", "oops")
    raises(redis.ResponseError, "invalid expire time in 'set' command", r.set, "a", "b", ex=0)
    raises(redis.ResponseError, "called without any password configured", connect(server, password="x").ping)
    r.config_set("requirepass", "pass")
    raises(redis.AuthenticationError, "Authentication required", connect(server).ping)
    raises((redis.AuthenticationError, redis.ResponseError), "invalid username-password pair",
           connect(server, password="bad").ping)
    again = connect(server, username="default", password="pass")
    assert again.ping() and again.config_set("requirepass", "")


def unix_socket(server):
    """A Unix socket, by option and by URL."""
    path = str(server.options["unixsocket"])
    assert redis.Redis(unix_socket_path=path).set("u", 1)
    assert redis.from_url(f"unix://{path}?db=0").get("u") == b"1"


def large_values(server):
    """Values of many megabytes, and keys with any byte."""
    r = connect(server)
    big = bytes(range(256)) * (80 << 10)
    key = bytes(range(256)) * 8
    assert r.set(key, big) and r.get(key) == big and r.strlen(key) == len(big)
    assert r.append(key, b"end") == len(big) + 3 and r.getrange(key, -4, -1) == big[-1:] + b"end"


CASES = (basics, numbers_and_ranges, bits, expiry, pipelines, scanning, naming, locks, pools, administration,
         errors, unix_socket, large_values)

if __name__ == "__main__":
    sys.exit(run_cases(__doc__, CASES))
