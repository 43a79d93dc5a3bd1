# SPDX-License-Identifier: Apache-2.0
# ctest: label=fast timeout=60
"""Servers that are started with settings of their own, stopped by SHUTDOWN and started again: protected mode, CONFIG
REWRITE, values that are cold after a restart."""
import os
import socket
import sys

from server_testing import dict_of, error, info, run_cases
from stave_testing import REDIS_SERVER, Client, Server, encode


def own_address():
    """An address of this machine that is not the loopback's; None when there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return None
        address = probe.getsockname()[0]
    return None if address.startswith("127.") else address


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


def cold_values_that_sort_names(binary):
    """SORT reads what its patterns name, and only that: what BY names for all elements, what GET names for those it replies."""
    with Server(binary, {"workers": 1, "shards": 1}) as server:
        client = server.client()
        numbers = range(1000)
        weights = {number: number * 7919 % 1000 for number in numbers}
        client.call("RPUSH", "list", *numbers)
        client.pipeline([["SET", f"the weight of number {number}", weights[number]] for number in numbers])
        client.pipeline([["HSET", f"the hash of number {number}", "f", f"value {number}"] for number in numbers])
        server.restart()
        client = server.client()
        found = client.call("SORT", "list", "BY", "the weight of number *", "LIMIT", 0, 10, "GET", "#", "GET", "the hash of number *->f")
        first = sorted(numbers, key=weights.get)[:10]
        assert found == [word for number in first for word in (b"%d" % number, b"value %d" % number)]
        assert info(client)["stave_cold_reads"] == "1011"


if __name__ == "__main__":
    sys.exit(run_cases(
        __doc__,
        alone=[protected_mode, shutdown_stops],
        own=[config_rewrite, workers_and_shards_in_use, cold_values, cold_values_that_sort_names]))
