# SPDX-License-Identifier: Apache-2.0
# ctest: label=slow timeout=120
"""SIGTERM while an MSET over two shards has to wait for a worker that is busy for longer than a stop waits for
clients: the MSET is done as a whole or not at all, and the server leaves with status 0."""
import signal
import sys
import time

from stave_testing import Server, encode, parse_arguments

KEYS = [b"k1", b"k2"]  # in shards 0 and 1
SLEEP_SECONDS = 12     # a stop gives clients 10


def clients_by_worker(server):
    """A client of each of the two workers."""
    found = {}
    while len(found) < 2:
        probe, other = server.client(), server.client()
        probe.send(encode(("DEBUG", "SLEEP", 0.3)))
        time.sleep(0.1)
        began = time.monotonic()
        other.call("PING")
        if time.monotonic() - began > 0.1:  # on the same worker
            probe.read_answer()
            continue
        other.call("GET", KEYS[0])
        sleeper = 0 if time.monotonic() - began > 0.1 else 1
        probe.read_answer()
        found = {sleeper: probe, 1 - sleeper: other}
    return found[0], found[1]


def main():
    arguments = parse_arguments(__doc__)
    options = {"workers": 2, "shards": 2, "enable-debug-command": "yes"}
    for asleep in (0, 1):
        with Server(arguments.server, options) as server:
            clients = clients_by_worker(server)
            clients[asleep].send(encode(("DEBUG", "SLEEP", SLEEP_SECONDS)))
            time.sleep(0.2)
            clients[1 - asleep].send(encode(("MSET", KEYS[0], 1, KEYS[1], 2)))
            time.sleep(0.2)
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(60) == 0
            server.start()
            with server.client() as client:
                found = client.call("MGET", *KEYS)
            assert found in ([b"1", b"2"], [None, None]), f"half of the MSET: {found}"
    print("ok")


if __name__ == "__main__":
    sys.exit(main())
