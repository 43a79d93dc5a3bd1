# SPDX-License-Identifier: Apache-2.0
# ctest: name=crash_once label=fast timeout=120 args=--rounds 1
# ctest: name=crash label=slow timeout=900 args=--rounds 10
"""kill -9 under load: every answered write is there afterwards, in each mode and with each I/O backend.

Each round loads the server with several writers, kills it at a random moment (or ends it by SIGTERM), starts
it again on the same directory, sometimes killing it once more while it recovers, and verifies every key.
crash_model.py says what is allowed; crash_commands.py what is sent.

For a soak there is more data, longer rounds, compaction all the time, and a limit of the disk space that refuses
some of the writes, for example: --minutes 30 --mode everysec --backend uring --keys 2000 --load-seconds 20
--option maxdisk=40mb --option compaction-threshold=20
"""
import itertools
import multiprocessing
import pathlib
import random
import subprocess
import sys
import time

import crash_writer
from crash_commands import KEYS, SHARED, SHARED_COUNTER
from stave_testing import Server, ServerDied, parse_arguments

WRITERS = 4
DATABASES = (0, 3)
MODES = ("always", "everysec", "no")
BACKENDS = ("uring", "threads")
SEGMENT_SIZES = ("64kb", "256kb", "1mb")
LOAD_SECONDS_MAX = 0.8
SHARE_OF_SIGTERM = 0.2
SHARE_OF_KILLED_RECOVERY = 0.3
FAULTS_SHOWN = 15


class WriterProcess:
    """The parent's end of a Writer."""

    def __init__(self, number, seed, keys):
        self.database = DATABASES[number % len(DATABASES)]
        self.pipe, child_end = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=crash_writer.serve, daemon=True,
                                               args=(child_end, number, self.database, seed, keys))
        self.process.start()

    def ask(self, name, port):
        self.pipe.send((name, port))

    def answer(self):
        return self.pipe.recv()

    def end(self):
        self.pipe.send(None)
        self.process.join()


class SharedKeys:
    """What may be in the keys of one database that all of its writers write."""

    def __init__(self):
        self.counter = (0, 0)       # lowest and highest
        self.values = {None}

    def take(self, reports):
        """Adds a round of load, from the writers' reports."""
        low, high = self.counter
        done = sum(report["increments"] for report in reports)
        self.counter = (low + done, high + done + sum(report["pending_increments"] for report in reports))
        last = {report["last"] for report in reports} - {None}
        pending = {value for report in reports for value in report["pending_sets"]}
        self.values = (last or self.values) | pending

    def verify(self, client):
        values = set(client.call("MGET", *SHARED))
        counter = int(client.call("GET", SHARED_COUNTER) or 0)
        if len(values) != 1:
            yield f"an MSET of the shared keys was done by half: {values}"
        if not values <= self.values:
            yield f"the shared keys hold {values}, which is neither the last answered nor an unanswered MSET"
        if not self.counter[0] <= counter <= self.counter[1]:
            yield f"{SHARED_COUNTER} is {counter}, answered were {self.counter[0]}, sent {self.counter[1]}"
        self.counter = (counter, counter)
        self.values = values


class Scenario:
    """One mode and backend: a directory that lives through all rounds."""

    def __init__(self, arguments, mode, backend):
        self.name = f"appendfsync {mode}, {backend}"
        self.random = random.Random(f"{arguments.seed}/{mode}/{backend}")
        self.server = Server(arguments.server, {
            "appendfsync": mode, "io-backend": backend, "shards": self.random.choice((2, 3, 5)),
            "workers": self.random.choice((1, 2)), "segment-bytes": self.random.choice(SEGMENT_SIZES),
            "maxmemory": self.random.choice(("100mb", "4mb")),
            **dict(option.split("=", 1) for option in arguments.option)})
        self.load_seconds_max = arguments.load_seconds
        self.writers = [WriterProcess(number, self.random.random(), arguments.keys)
                        for number in range(WRITERS)]
        self.shared = {database: SharedKeys() for database in DATABASES}
        self.commands = self.refused = self.kills = self.rounds = 0

    def round(self):
        """Returns the faults."""
        self.rounds += 1
        faults = self._load(kill=self.rounds == 1 or self.random.random() >= SHARE_OF_SIGTERM)
        if self.random.random() < SHARE_OF_KILLED_RECOVERY:
            self.server.spawn()
            time.sleep(self.random.uniform(0.0, 0.1))
            self.server.kill9()
            self.kills += 1
        self.server.start()
        return faults + self._verify()

    def finish(self):
        """A clean stop and start must change nothing, and the offline check must find nothing wrong."""
        self.server.stop()
        faults = self._check_offline()
        self.server.start()
        faults += self._verify()
        for writer in self.writers:
            writer.end()
        self.server.stop()
        return faults

    def _load(self, kill):
        for writer in self.writers:
            writer.ask("load", self.server.port)
        for writer in self.writers:
            writer.answer()  # "busy"
        time.sleep(self.random.uniform(0.0, self.load_seconds_max))
        faults = []
        if not self.server.alive():
            faults.append(f"the server ended by itself, with status {self.server.process.returncode}")
        elif kill:
            self.server.kill9()
            self.kills += 1
        else:
            self.server.stop()
        reports = [writer.answer() for writer in self.writers]
        for database, shared in self.shared.items():
            shared.take([report for writer, report in zip(self.writers, reports)
                         if writer.database == database])
        self.commands += sum(report["commands"] for report in reports)
        self.refused += sum(report["refused"] for report in reports)
        return faults + [fault for report in reports for fault in report["faults"]]

    def _verify(self):
        for writer in self.writers:
            writer.ask("verify", self.server.port)
        faults = [fault for writer in self.writers for fault in writer.answer()]
        for database, shared in self.shared.items():
            with self.server.client() as client:
                client.call("SELECT", database)
                faults += shared.verify(client)
        return faults

    def _check_offline(self):
        check = pathlib.Path(self.server.binary).with_name("stave-check")
        if not check.exists():
            return []
        found = subprocess.run([check, self.server.dir], capture_output=True, text=True, timeout=60,
                               check=False)
        return [f"stave-check: {found.stdout}{found.stderr}"] if found.returncode != 0 else []


def steps(scenario, rounds, until):
    """So many rounds at least, and further ones until then; and the end."""
    while scenario.rounds < rounds or time.monotonic() < until:
        yield scenario.round
    yield scenario.finish


def run_scenario(arguments, mode, backend):
    scenario = Scenario(arguments, mode, backend)
    began = time.monotonic()
    for step in steps(scenario, arguments.rounds, began + 60 * arguments.minutes):
        try:
            faults = step()
        except ServerDied as error:
            faults = [str(error)]
        if faults:
            return report_faults(scenario, f"round {scenario.rounds}", faults)
    print(f"{scenario.name}: {scenario.rounds} rounds, {scenario.kills} times killed, "
          f"{scenario.commands} answered commands, {scenario.refused} of them refused, "
          f"{time.monotonic() - began:.1f} s", flush=True)
    scenario.server.remove()
    return True


def report_faults(scenario, where, faults):
    print(f"FAIL {scenario.name}, {where}; {scenario.server.options}; directory {scenario.server.dir}")
    print("\n".join(faults[:FAULTS_SHOWN]), f"\n{len(faults)} faults", flush=True)
    scenario.server.print_log(15)
    return False


def main():
    arguments = parse_arguments(
        __doc__, ("--rounds", {"type": int, "default": 10}),
        ("--mode", {"choices": MODES, "action": "append"}),
        ("--backend", {"choices": BACKENDS, "action": "append"}),
        ("--minutes", {"type": float, "default": 0, "help": "at least, for each mode and backend"}),
        ("--load-seconds", {"type": float, "default": LOAD_SECONDS_MAX, "help": "of a round, at most"}),
        ("--keys", {"type": int, "default": KEYS, "help": "of each writer"}),
        ("--option", {"action": "append", "default": [], "metavar": "NAME=VALUE",
                      "help": "for the server"}))
    passed = [run_scenario(arguments, mode, backend)
              for mode, backend in itertools.product(arguments.mode or MODES, arguments.backend or BACKENDS)]
    print(f"{sum(passed)} passed, {len(passed) - sum(passed)} failed")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    sys.exit(main())
