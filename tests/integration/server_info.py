# SPDX-License-Identifier: Apache-2.0
# ctest: label=fast timeout=60
"""CONFIG GET and SET, and INFO, which say the same on every worker."""
import re
import sys
import time

from server_testing import CLIENTS, dict_of, error, info, run_cases
from stave_testing import REDIS_SERVER, Server

SECTIONS = ["Server", "Clients", "Memory", "Persistence", "Stats", "Replication", "CPU", "Modules", "Commandstats",
            "Errorstats", "Latencystats", "Cluster", "Keyspace"]
NOT_BY_DEFAULT = ["Commandstats", "Latencystats"]


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


if __name__ == "__main__":
    sys.exit(run_cases(
        __doc__,
        shared=[config_set_reaches_every_worker, info_sections, info_counts, out_of_memory_refuses_writes, info_rates],
        own=[info_has_the_fields_of_redis]))
