# SPDX-License-Identifier: Apache-2.0
# ctest: name=days_uring label=fast timeout=180 args=--backend uring
# ctest: name=days_threads label=fast timeout=180 args=--backend threads
"""Bad input and bad days: what a server must refuse, survive or tell, one by one.

The days themselves stand in days_start.py (starts that are refused, torn tails), days_disk.py (faults of a
running server's disk), days_clients.py (clients that misbehave, and ways to end) and days_load.py (much of
something). `--only WORD` runs those
whose name contains the word.
"""
import sys
import time
import traceback

import days_clients
import days_disk
import days_load
import days_start
from stave_testing import Server, parse_arguments


class Setup:
    """Starts the servers of one day, and removes what is left of them."""

    def __init__(self, arguments):
        self.binary = arguments.server
        self.backend = arguments.backend
        self.servers = []

    def server(self, options=None, **keywords):
        """A running Server (or not: start=False) with the backend that is tested and small segments."""
        base = {"io-backend": self.backend, "shards": 2, "workers": 2, "segment-bytes": "64kb"}
        server = Server(self.binary, {**base, **(options or {})}, **keywords)
        self.servers.append(server)
        return server

    def clean(self):
        for server in self.servers:
            if server.alive():
                server.kill9()
            server.remove()
        self.servers.clear()


def run_day(setup, day):
    began = time.monotonic()
    try:
        day(setup)
    except Exception:  # any fault of this day; the others go on
        for server in setup.servers:
            server.print_log(100)
        traceback.print_exc(file=sys.stdout)
        print(f"FAIL {day.__name__}: {day.__doc__}", flush=True)
        return False
    finally:
        setup.clean()
    print(f"ok   {day.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
    return True


def main():
    arguments = parse_arguments(
        __doc__, ("--backend", {"choices": ("uring", "threads"), "default": "uring"}),
        ("--only", {"default": "", "help": "run the days whose name contains this"}))
    days = [day for module in (days_start, days_disk, days_clients, days_load) for day in module.DAYS
            if arguments.only in day.__name__]
    passed = [run_day(Setup(arguments), day) for day in days]
    print(f"{sum(passed)} passed, {len(passed) - sum(passed)} failed")
    return 0 if passed and all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
