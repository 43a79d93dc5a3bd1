# SPDX-License-Identifier: Apache-2.0
"""The measures of hashes, lists, sets and sorted sets."""
import csv
import io
import subprocess
import time

from bench_measures import REDIS_AOF, REDIS_NO_PERSISTENCE, rate_and_cpu
from bench_report import Row, compared

# Name for redis-benchmark, and what its rows begin with.
TESTS = {"lpush": "LPUSH", "rpush": "RPUSH", "lpop": "LPOP", "rpop": "RPOP", "sadd": "SADD", "hset": "HSET",
         "spop": "SPOP", "zadd": "ZADD", "zpopmin": "ZPOPMIN", "lrange_100": "LRANGE_100", "mset": "MSET"}
FEED_COMMANDS = 1000


def redis_benchmark(server, test, operations, pipeline):
    """Operations a second of one test with 50 clients; LRANGE makes its list first."""
    done = subprocess.run(["redis-benchmark", "-p", str(server.port), "-t", test, "-n", str(operations), "-c", "50",
                           "-P", str(pipeline), "-r", "1000000", "--csv"], check=True, capture_output=True, text=True)
    rows = [row for row in csv.reader(io.StringIO(done.stdout)) if row and row[0].startswith(TESTS[test])]
    if len(rows) != 1:
        raise RuntimeError(f"redis-benchmark gave {len(rows)} rows for {test}: {done.stdout}{done.stderr}")
    return float(rows[0][1])


def collections(bench):
    """redis-benchmark's tests of collections, pipeline of 16, everysec, against an AOF that is synced so, too."""
    rows = []
    product = 1.0
    with bench.stave({"appendfsync": "everysec"}) as stave, bench.redis(REDIS_AOF) as redis:
        for test in TESTS:
            operations = bench.scaled(500_000, 100_000)
            if test in ("lrange_100", "mset"):
                operations //= 5
            pairs = [[redis_benchmark(server, test, operations, 16) for server in (stave, redis)]
                     for _ in range(bench.rounds)]
            rows.append(compared(f"{TESTS[test]}, pipeline 16: rate", ">= 1.0", "/s", pairs))
            product *= rows[-1].ratio
    mean = product ** (1 / len(TESTS))
    return rows + [Row("  geometric mean of these ratios", ">= 1.2", mean, None, "", None)]


def collection_memory(bench):
    """RAM of a million hashes of ten small fields, and of one set, sorted set and list with a million elements."""
    count = bench.scaled(1_000_000, 100_000)
    fields = [word for i in range(10) for word in (f"field{i}", f"value{i}")]
    kinds = {
        "hashes of 10 fields": lambda i: ["HSET", f"user:{i:08d}", *fields],
        "members of a set": lambda i: ["SADD", "set", f"member:{i:08d}"],
        "members of a sorted set": lambda i: ["ZADD", "zset", i * 7919 % 1_000_003, f"member:{i:08d}"],
        "elements of a list": lambda i: ["RPUSH", "list", f"element:{i:08d}"],
    }
    rows = []
    for name, command in kinds.items():
        figures = [grown_bytes(server, command, count) / count
                   for server in (bench.stave({}), bench.redis(REDIS_NO_PERSISTENCE))]
        rows.append(compared(f"RAM of one of a million {name}", "<= 1.0", "bytes", [figures]))
    with bench.stave({}) as stave:
        before = stave.resident_bytes()
        feed_commands(stave, kinds["hashes of 10 fields"], count)
        stave.restart()
        time.sleep(1)
        cold = (stave.resident_bytes() - before) / count - len("user:00000000")
    return rows + [Row("RAM of a cold hash, without its key", "<= 64", cold, None, "bytes", None)]


def grown_bytes(server, command, count):
    with server:
        before = server.resident_bytes()
        feed_commands(server, command, count)
        time.sleep(1)
        return server.resident_bytes() - before


def feed_commands(server, command, count):
    with server.client() as client:
        for first in range(0, count, FEED_COMMANDS):
            client.pipeline([command(i) for i in range(first, min(first + FEED_COMMANDS, count))])


def ranks(bench):
    """ZRANK and ZRANGE of 100 in a sorted set of a million, 50 clients, no pipeline."""
    count, operations = bench.scaled(1_000_000, 100_000), bench.scaled(100_000, 20_000)
    rows = []
    with bench.stave({}) as stave, bench.redis(REDIS_NO_PERSISTENCE) as redis:
        for server in (stave, redis):
            feed_commands(server, lambda i: ["ZADD", "z", i * 7919 % 1_000_003, f"member:{i:012d}"], count)
        for name, words in {"ZRANK": ["zrank", "z", "member:__rand_int__"],
                            "ZRANGE of 100": ["zrange", "z", str(count // 2), str(count // 2 + 99)]}.items():
            pairs = [[run_command(server, words, count, operations) for server in (stave, redis)]
                     for _ in range(bench.rounds)]
            rows.append(compared(f"{name} in a sorted set of a million: rate", ">= 1.0", "/s", pairs))
    return rows


def run_command(server, words, range_size, operations):
    done = subprocess.run(["redis-benchmark", "-p", str(server.port), "-n", str(operations), "-c", "50", "-r",
                           str(range_size), "--csv", *words], check=True, capture_output=True, text=True)
    rows = list(csv.reader(io.StringIO(done.stdout)))
    return float(rows[-1][1])


def several_keys(bench):
    """MSET of 10 random keys, and MULTI with 5 SETs of random keys, 64 bytes, 50 clients, against an AOF."""
    keys, operations = bench.scaled(1_000_000, 100_000), bench.scaled(200_000, 40_000)
    rows = []
    with bench.stave({"appendfsync": "everysec"}) as stave, bench.redis(REDIS_AOF) as redis:
        for test, name in (("mset", "MSET of 10 keys"), ("multi", "MULTI with 5 SETs")):
            pairs = [[bench.load(server, test, operations, 50, 1, keys, 64) for server in (stave, redis)]
                     for _ in range(bench.rounds)]
            rows += rate_and_cpu(f"{name}, 50 clients", pairs, ">= 0.8", "")
    return rows


COLLECTION_MEASURES = (collections, collection_memory, ranks, several_keys)
