# SPDX-License-Identifier: Apache-2.0
"""The measures, each a function of a Bench that returns its rows. Servers are measured in turn, A B A B, so
that a machine whose speed drifts does not favour one."""
import random
import statistics
import subprocess
import time

from bench_load import (check_sample, copy_directory, drop_page_cache, feed, key, load_program, run_fio,
                        run_load, run_replay, value)
from bench_report import Row, compared
from stave_testing import REDIS_SERVER, Client, Server

REDIS_NO_PERSISTENCE = {"appendonly": "no"}
REDIS_ALWAYS = {"appendonly": "yes", "appendfsync": "always", "auto-aof-rewrite-percentage": 0}
REDIS_AOF = {"appendonly": "yes", "appendfsync": "everysec", "auto-aof-rewrite-percentage": 0}
RESTART_TIMEOUT_SECONDS = 300


class Bench:
    """The run's settings, and the servers that it started."""

    def __init__(self, stave, quick, rounds, options):
        self.stave_binary = stave
        self.load_program = load_program(stave)
        self.replay_program = load_program(stave, "bench-replay")
        self.quick = quick
        self.rounds = rounds
        self.options = options          # further options of Stave
        self.random = random.Random(1)

    def stave(self, options):
        return Server(self.stave_binary, {**options, **self.options}, start_timeout=RESTART_TIMEOUT_SECONDS)

    def redis(self, options):
        return Server(REDIS_SERVER, options, start_timeout=RESTART_TIMEOUT_SECONDS)

    def load(self, *arguments):
        return run_load(self.load_program, *arguments)

    def replay(self, *arguments):
        return run_replay(self.replay_program, *arguments)

    def scaled(self, full, quick):
        return quick if self.quick else full


def in_memory(bench, pipeline, operations):
    """SET and GET of 64 bytes by 50 clients, against a redis-server without persistence."""
    keys = bench.scaled(1_000_000, 100_000)
    rows = []
    with bench.stave({"appendfsync": "everysec"}) as stave, bench.redis(REDIS_NO_PERSISTENCE) as redis:
        for server in (stave, redis):
            feed(server, keys, 64)
        for test in ("set", "get"):
            pairs = [[bench.load(server, test, operations, 50, pipeline, keys, 64)
                      for server in (stave, redis)] for _ in range(bench.rounds)]
            name = f"{test.upper()} 64 B, 50 clients, pipeline {pipeline}"
            rows += rate_and_cpu(name, pairs, ">= 1.0", "<= 1.1")
        check_sample_exists(stave, keys, bench.random)
    return rows


def rate_and_cpu(name, pairs, rate_target, cpu_target):
    """Two rows from pairs of a Load of Stave and one of the other."""
    rate = compared(f"{name}: rate", rate_target, "/s", [(a.per_second, b.per_second) for a, b in pairs])
    busy = [statistics.median(pair[i].generator_busy for pair in pairs) for i in (0, 1)]
    return [rate._replace(load=f"{busy[0]:.2f} / {busy[1]:.2f}"),
            compared(f"{name}: CPU", cpu_target, "us", [(a.cpu_us, b.cpu_us) for a, b in pairs])]


def plural(clients):
    return "1 client" if clients == 1 else f"{clients} clients"


def check_sample_exists(server, keys, chance):
    with server.client() as client:
        if any(client.call("STRLEN", key(chance.randrange(keys))) != 64 for _ in range(100)):
            raise RuntimeError("keys are missing after the run")


def pipeline16(bench):
    """Rate and server CPU per operation, pipeline of 16."""
    return in_memory(bench, 16, bench.scaled(2_000_000, 300_000))


def pipeline1(bench):
    """Rate and server CPU per operation, no pipeline."""
    return in_memory(bench, 1, bench.scaled(300_000, 60_000))


def always(bench):
    """SET of 64 bytes with appendfsync always, by 1, 50 and 200 clients."""
    rows = []
    with bench.stave({"appendfsync": "always"}) as stave, bench.redis(REDIS_ALWAYS) as redis:
        for clients, target, operations in ((1, ">= 1.8", 12_000), (50, ">= 1.8", 150_000),
                                            (200, ">= 1.5", 300_000)):
            operations = bench.scaled(operations, operations // 6)
            pairs = [[bench.load(server, "set", operations, clients, 1, 1_000_000, 64)
                      for server in (stave, redis)] for _ in range(bench.rounds)]
            rows += rate_and_cpu(f"SET always, {plural(clients)}", pairs, target, "")
    return rows


def cold(bench):
    """GET of 3 KB values that are on disk, against fio's random 4 KiB reads at the same depth."""
    keys, value_bytes = bench.scaled(1_000_000, 100_000), 3 * 1024
    seconds = bench.scaled(5, 2)
    rows = []
    with bench.stave({"appendfsync": "everysec", "maxmemory": "64mb"}) as stave:
        feed(stave, keys, value_bytes)
        stave.stop()
        drop_page_cache()
        stave.start()
        check_sample(stave, keys, value_bytes, bench.random)
        for clients in (1, 32, 128):
            operations = 0
            pairs, loads = [], []
            for _ in range(bench.rounds):
                reads = run_fio(stave.root / "fio", keys * value_bytes, clients, seconds)
                operations = int(max(1000, (pairs[-1][0] if pairs else reads / 2) * seconds))
                loads.append(bench.load(stave, "get", operations, clients, 1, keys, value_bytes))
                pairs.append((loads[-1].per_second, reads))
            name = f"cold GET 3 KB, {plural(clients)}"
            busy = statistics.median(load.generator_busy for load in loads)
            rows.append(compared(f"{name}: rate", ">= 0.7", "/s", pairs)._replace(load=f"{busy:.2f}"))
            rows.append(Row(f"{name}: CPU", "", statistics.median(load.cpu_us for load in loads), None, "us", None))
    return rows


def memory(bench):
    """The resident set after a restart, divided by the number of keys, all of them cold."""
    keys = bench.scaled(2_000_000, 200_000)
    with bench.stave({}) as empty:
        time.sleep(1)
        empty_bytes = empty.resident_bytes()
    # No maxmemory: the index alone may be larger, and a restart leaves all values cold.
    with bench.stave({}) as stave:
        feed(stave, keys, 1024)
        stave.restart()
        with stave.client() as client:
            if client.call("DBSIZE") != keys:
                raise RuntimeError(f"DBSIZE is {client.call('DBSIZE')} after the restart")
        time.sleep(1)
        resident = stave.resident_bytes()
        check_sample(stave, keys, 1024, bench.random)
        later = stave.resident_bytes()
    each = (resident - empty_bytes) / keys
    return [Row("RAM per cold key of 16 bytes", "<= 48", each, None, "bytes", None),
            Row("  resident set with them", "", resident / 1e6, None, "MB", None),
            Row("  resident set after 500 GETs", "", later / 1e6, None, "MB", None),
            Row("  resident set of an empty server", "", empty_bytes / 1e6, None, "MB", None)]


def restart(bench):
    """From the start of the process to the first answered GET, after a clean stop and after kill -9."""
    keys = bench.scaled(3_000_000, 300_000)
    with bench.stave({"appendfsync": "everysec"}) as stave, bench.redis(REDIS_AOF) as redis:
        for server in (stave, redis):
            feed(server, keys, 100)
            server.kill9()
            copy_directory(server.dir, server.root / "killed")
        killed = [[seconds_to_answer(bench, server, keys, after_kill=True) for server in (stave, redis)]
                  for _ in range(bench.rounds)]
        for server in (stave, redis):
            subprocess.run(["rm", "-rf", server.root / "killed"], check=True)
            server.start()
            server.stop()
        stopped = [[seconds_to_answer(bench, server, keys, after_kill=False) for server in (stave, redis)]
                   for _ in range(bench.rounds)]
    size = f"{keys / 1e6:g}M keys x 100 B"
    return [compared(f"first answer after a clean stop, {size}", "<= 0.25", "s", stopped),
            compared(f"first answer after kill -9, {size}", "<= 0.25", "s", killed)]


def seconds_to_answer(bench, server, keys, after_kill):
    """REQUIRES: the server does not run. Afterwards it does not run again, and its data are as before."""
    if after_kill:
        copy_directory(server.root / "killed", server.dir)
    number = bench.random.randrange(keys)
    began = time.monotonic()
    server.spawn()
    while answer(server, number) != value(number, 100):
        if time.monotonic() - began > RESTART_TIMEOUT_SECONDS or not server.alive():
            raise RuntimeError(f"no answer after the restart: {server.log_text()[-500:]}")
        time.sleep(0.002)
    taken = time.monotonic() - began
    with server.client() as client:
        if client.call("DBSIZE") != keys:
            raise RuntimeError(f"{client.call('DBSIZE')} keys after the restart, not {keys}")
    if after_kill:
        server.kill9()
    else:
        server.stop()
    return taken


def answer(server, number):
    """What GET gives, or None while the server does not listen or is loading."""
    try:
        with Client(server.port, timeout=30) as client:
            reply = client.execute("GET", key(number))
    except OSError:
        return None
    return None if reply.is_error() else reply.value


BASIC_MEASURES = (pipeline16, pipeline1, always, cold, memory, restart)
