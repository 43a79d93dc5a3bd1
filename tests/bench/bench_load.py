# SPDX-License-Identifier: Apache-2.0
"""What loads the servers: bench-load, fio, and a feeder that fills a database in bulk."""
import json
import pathlib
import shutil
import socket
import subprocess
import typing

FEED_BATCH_BYTES = 1 << 20
ANSWER = b"+OK\r\n"


class Load(typing.NamedTuple):
    """One run against one server."""
    per_second: float
    cpu_us: float           # of the server, for one operation
    generator_busy: float   # share of the time that the load itself computed; near 1 it is what is measured
    p50_us: float           # round trips
    p99_us: float
    p999_us: float
    max_us: float


def run_load(program, server, test, operations, clients, pipeline, keys, value_bytes, seed=1):
    """Loads the server over random keys of key:000000000000 .. and returns a Load."""
    before = server.cpu_seconds()
    done = subprocess.run(
        [program, *map(str, (server.port, test, operations, clients, pipeline, keys, value_bytes, seed))],
        capture_output=True, text=True, check=False, timeout=900)
    cpu_seconds = server.cpu_seconds() - before
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-500:])
    seconds, busy, operations, *latencies = map(float, done.stdout.split())
    return Load(operations / seconds, cpu_seconds / operations * 1e6, busy, *latencies)


def load_program(server_binary, name="bench-load"):
    """bench-load and bench-replay stand beside the server's tests."""
    program = pathlib.Path(server_binary).parent / name
    if not program.exists():
        raise FileNotFoundError(f"{program}: build it first (`make bench` does)")
    return str(program)


def run_replay(program, keys, capacity, operations, rounds):
    """Hit ratios by policy, for the keys of so many rounds of run_load(..., "zipf", ...); the first warms up."""
    done = subprocess.run([program, *map(str, (keys, capacity, operations, rounds))],
                          capture_output=True, text=True, check=True, timeout=900)
    return {policy: float(ratio) for policy, ratio in (line.split() for line in done.stdout.splitlines())}


def run_fio(path, size_bytes, depth, seconds):
    """Random reads of 4 KiB past the page cache from a file; returns reads per second. Lays the file out
    first if it is not there."""
    for engine in ("io_uring", "libaio"):
        reads = _fio(path, size_bytes, depth, seconds, engine)
        if reads is not None:
            return reads
    raise RuntimeError("fio can neither use io_uring nor libaio")


def _fio(path, size_bytes, depth, seconds, engine):
    done = subprocess.run(
        ["fio", "--name=read", f"--filename={path}", f"--size={size_bytes}", "--rw=randread", "--bs=4k",
         "--direct=1", f"--ioengine={engine}", f"--iodepth={depth}", "--time_based", f"--runtime={seconds}",
         "--randrepeat=0", "--norandommap", "--output-format=json"],
        capture_output=True, text=True, check=False, timeout=900)
    if done.returncode != 0:
        return None
    return json.loads(done.stdout[done.stdout.index("{"):])["jobs"][0]["read"]["iops"]


def key(number):
    """The key that bench-load uses for a random number, as redis-benchmark does."""
    return b"key:%012d" % number


def value(number, size_bytes):
    """A value that tells its key."""
    return (b"%d:" % number).ljust(size_bytes, b"v")


def feed(server, keys, value_bytes):
    """Sets keys 0 .. keys-1, and checks that every answer is OK."""
    batch = max(1, FEED_BATCH_BYTES // (value_bytes + 50))
    head = b"*3\r\n$3\r\nSET\r\n$16\r\nkey:%012d\r\n$" + b"%d" % value_bytes + b"\r\n%b\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=120) as connection:
        unanswered = 0
        for first in range(0, keys, batch):
            numbers = range(first, min(first + batch, keys))
            connection.sendall(b"".join([head % (number, value(number, value_bytes)) for number in numbers]))
            _take_answers(connection, unanswered)
            unanswered = len(numbers)
        _take_answers(connection, unanswered)


def _take_answers(connection, count):
    wanted = len(ANSWER) * count
    answers = bytearray()
    while len(answers) < wanted:
        part = connection.recv(wanted - len(answers))
        if not part:
            raise RuntimeError("the server closed the feeder's connection")
        answers += part
    if answers != ANSWER * count:
        raise RuntimeError(f"a write was refused: {bytes(answers[:200])}")


def check_sample(server, keys, value_bytes, random, count=500):
    """The server holds what the feeder gave it."""
    with server.client() as client:
        for _ in range(count):
            number = random.randrange(keys)
            if client.call("GET", key(number)) != value(number, value_bytes):
                raise RuntimeError(f"the server gives a wrong value for {key(number)}")


def copy_directory(source, target):
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(["cp", "-a", "--sparse=never", source, target], check=True)


def drop_page_cache():
    """So that no read is served by the kernel's memory; needs root. Tells whether it could."""
    subprocess.run(["sync"], check=False)
    try:
        with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
            file.write("3\n")
    except OSError:
        return False
    return True
