# SPDX-License-Identifier: Apache-2.0
"""The measure of PUBLISH."""
import multiprocessing
import selectors
import subprocess
import time

from bench_measures import REDIS_NO_PERSISTENCE
from bench_report import compared
from stave_testing import encode

LISTENERS = 100
MESSAGE = "x" * 64
RECEIVED = b"*3\r\n$7\r\nmessage\r\n$7\r\nchannel\r\n$64\r\n" + MESSAGE.encode() + b"\r\n"


def publish(bench):
    """Messages that reach 100 listeners: from one client without a pipeline, and from 50 with one of 16."""
    rows = []
    options = {"client-output-buffer-limit": "pubsub 0 0 0"}
    with bench.stave(options) as stave, bench.redis({**REDIS_NO_PERSISTENCE, **options}) as redis:
        for clients, pipeline, messages in ((1, 1, bench.scaled(20_000, 5_000)), (50, 16, bench.scaled(100_000, 20_000))):
            pairs = [[deliveries(server, messages, clients, pipeline) for server in (stave, redis)]
                     for _ in range(bench.rounds)]
            name = f"PUBLISH to {LISTENERS} listeners, {clients} clients, pipeline {pipeline}"
            rows.append(compared(f"{name}: deliveries", ">= 1.0", "/s", pairs))
    return rows


def deliveries(server, messages, clients, pipeline):
    """A second, from the first PUBLISH until the last listener has the last message."""
    ready = multiprocessing.Event()
    listeners = multiprocessing.Process(target=listen, args=(server, messages, ready))
    listeners.start()
    ready.wait()
    began = time.monotonic()
    subprocess.run(["redis-benchmark", "-p", str(server.port), "-n", str(messages), "-c", str(clients), "-P",
                    str(pipeline), "-q", "publish", "channel", MESSAGE], check=True, capture_output=True)
    listeners.join()
    if listeners.exitcode != 0:
        raise RuntimeError("the listeners did not get what was published")
    return messages * LISTENERS / (time.monotonic() - began)


def listen(server, messages, ready):
    selector = selectors.EpollSelector()
    clients = [server.client() for _ in range(LISTENERS)]
    for client in clients:
        client.send(encode(("SUBSCRIBE", "channel")))
        client.read_reply()
        selector.register(client.socket, selectors.EVENT_READ)
    ready.set()
    left = LISTENERS * messages * len(RECEIVED)
    while left > 0:
        for key, _ in selector.select():
            got = len(key.fileobj.recv(1 << 18))
            if got == 0:
                raise ConnectionError("a listener was closed")
            left -= got
    if left < 0:
        raise RuntimeError("the listeners got more than was published")


PUBSUB_MEASURES = (publish,)
