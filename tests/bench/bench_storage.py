# SPDX-License-Identifier: Apache-2.0
"""Measures of what grows over time: the cache, the log under overwrites, and recovery."""
import os
import pathlib
import subprocess
import threading
import time

from bench_load import copy_directory, feed, value
from bench_measures import REDIS_NO_PERSISTENCE, answer
from bench_report import Row, compared

VALUE_BYTES = 1024
KEY_BYTES = 16
DATABASE_MEMORY_FACTOR = 10
COMPACTION_OFF = {"compaction-threshold": 100}


def info(server):
    """INFO's fields by name; numbers where they are numbers."""
    with server.client() as client:
        text = client.call("INFO", "everything").decode()
    pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line)
    return {name: _number(text) for name, text in pairs}


def _number(text):
    try:
        return float(text)
    except ValueError:
        return text


def grown(before, after, name):
    return after[name] - before[name]


def zipf(bench):
    """Zipfian GETs (0.99) over ten times more data than maxmemory: hit ratio beside policies in a replay of the
    same keys, and the rate beside redis-server with all in RAM."""
    keys = bench.scaled(1_000_000, 100_000)
    operations = keys * 2
    memory_bytes = keys * VALUE_BYTES // DATABASE_MEMORY_FACTOR
    found, pairs = [], []
    with bench.stave({"maxmemory": memory_bytes}) as stave, bench.redis(REDIS_NO_PERSISTENCE) as redis:
        for server in (stave, redis):
            feed(server, keys, VALUE_BYTES)
        for seed in range(1, bench.rounds + 2):  # the first warms up
            before = info(stave)
            loads = [bench.load(server, "zipf", operations, 50, 1, keys, VALUE_BYTES, seed)
                     for server in (stave, redis)]
            after = info(stave)
            if seed == 1:
                continue
            cold = grown(before, after, "stave_cold_reads") / grown(before, after, "keyspace_hits")
            found.append(1 - cold)
            pairs.append(loads)
        capacity = int(after["stave_resident_values"])
    # The index and the values share maxmemory; a cache of its own would have what Stave's values have.
    ratios = bench.replay(keys, capacity, operations, bench.rounds + 1)
    best = max((name for name in ratios if name not in ("static", "belady")), key=ratios.get)
    hits = sum(found) / len(found)
    rows = [compared(f"zipfian GET, hit ratio, against {best}", ">= 0.95", "", [(hits, ratios[best])])]
    rows += [Row(f"  replay: {name}, {capacity} values", "", ratio, None, "", None)
             for name, ratio in ratios.items()]
    rate = compared("zipfian GET, 50 clients, against all in RAM: rate", "", "/s",
                    [(a.per_second, b.per_second) for a, b in pairs])
    tail = compared("  p99.9", "", "us", [(a.p999_us, b.p999_us) for a, b in pairs])
    return rows + [rate, tail]


class DiskUse(threading.Thread):
    """What a directory takes on the disk, looked at each second."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path = path
        self.bytes_max = 0
        self._ended = threading.Event()

    def now(self):
        total = 0
        for folder, _, names in os.walk(self.path):
            for name in names:
                try:
                    total += os.stat(os.path.join(folder, name)).st_blocks * 512
                except FileNotFoundError:
                    pass  # removed meanwhile
        self.bytes_max = max(self.bytes_max, total)
        return total

    def run(self):
        while not self._ended.wait(1):
            self.now()

    def end(self):
        self._ended.set()
        self.join()
        return self.now()


def written_bytes(server):
    """What the process has given to the disk, or dirtied in the page cache."""
    for line in pathlib.Path(f"/proc/{server.pid}/io").read_text(encoding="ascii").splitlines():
        if line.startswith("write_bytes:"):
            return int(line.split()[1])
    raise RuntimeError("no write_bytes in /proc")


def overwrites(bench):
    """SET of 1 KiB over all keys at random, three times the data set: space and write amplification, and what
    compaction costs against the same without."""
    keys = bench.scaled(2_000_000, 200_000)
    kept, plain = [], []
    for _ in range(min(bench.rounds, 3)):
        kept.append(overwrite_all(bench, keys, {}))
        plain.append(overwrite_all(bench, keys, COMPACTION_OFF))
    size = f"{keys / 1e6:g}M x 1 KiB"
    rows = [row_of(f"overwrites, {size}: {what}", target, kept, name) for what, target, name in (
        ("du / live bytes at the end", "<= 1.6", "space"), ("  highest in a second", "", "space_max"),
        ("bytes written / logged", "<= 3", "written"), ("  the process' write_bytes / user bytes", "", "io"),
        ("  slices of compaction beyond 1 ms, in a million", "", "slices_long"),
        ("  longest of them, us", "", "slice_us"))]
    loads = [(a["load"], b["load"]) for a, b in zip(kept, plain)]
    rows.append(compared("overwrites, against no compaction: rate", ">= 0.7", "/s",
                         [(a.per_second, b.per_second) for a, b in loads]))
    rows.append(compared("overwrites, against no compaction: p99.9", "<= 3", "us",
                         [(a.p999_us, b.p999_us) for a, b in loads]))
    rows.append(compared("  longest", "", "us", [(a.max_us, b.max_us) for a, b in loads]))
    return rows


def row_of(measure, target, runs, name):
    figures = sorted(run[name] for run in runs)
    return Row(measure, target, figures[len(figures) // 2], None, "", None)


def overwrite_all(bench, keys, options):
    operations = keys * 3
    with bench.stave(options) as stave:
        feed(stave, keys, VALUE_BYTES)
        before, io_before = info(stave), written_bytes(stave)
        use = DiskUse(stave.dir)
        use.start()
        load = bench.load(stave, "set", operations, 50, 1, keys, VALUE_BYTES)
        at_end = use.end()
        after = info(stave)
        logged = grown(before, after, "stave_log_bytes_written")
        copied = grown(before, after, "stave_compaction_bytes_written")
        live = after["stave_log_live_bytes"]
        return {"load": load, "space": at_end / live, "space_max": use.bytes_max / live,
                "written": (logged + copied) / logged, "slice_us": after["stave_compaction_slice_us_max"],
                "slices_long": 1e6 * after["stave_compaction_slices_beyond_1ms"]
                               / max(after["stave_compaction_slices"], 1),
                "io": (written_bytes(stave) - io_before) / (operations * (KEY_BYTES + VALUE_BYTES))}


def recovery(bench):
    """Keys a second that the start after kill -9 finds, with values of 100 bytes."""
    keys = bench.scaled(10_000_000, 1_000_000)
    rates, starts = [], []
    with bench.stave({}) as stave:
        feed(stave, keys, 100)
        stave.kill9()
        copy_directory(stave.dir, stave.root / "killed")
        for _ in range(bench.rounds):
            copy_directory(stave.root / "killed", stave.dir)
            subprocess.run(["sync"], check=False)
            began = time.monotonic()
            stave.start()
            starts.append(time.monotonic() - began)
            after = info(stave)
            number = bench.random.randrange(keys)
            if answer(stave, number) != value(number, 100):
                raise RuntimeError(f"key {number} has another value after the start")
            with stave.client() as client:
                if client.call("DBSIZE") != keys:
                    raise RuntimeError(f"{client.call('DBSIZE')} keys after the start, not {keys}")
            rates.append(keys / after["stave_recovery_ms"] * 1000)
            stave.kill9()
    rates.sort()
    starts.sort()
    hinted = f"{after['stave_recovery_segments_with_hint']:.0f} of {after['stave_recovery_segments']:.0f}"
    return [Row(f"recovery of {keys / 1e6:g}M keys, {hinted} segments by hint", ">= 3e6",
                rates[len(rates) // 2], None, "/s", None),
            Row("  from the process' start to an answer", "", starts[len(starts) // 2], None, "s", None)]


STORAGE_MEASURES = (zipf, overwrites, recovery)
