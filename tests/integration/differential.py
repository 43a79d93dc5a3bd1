# SPDX-License-Identifier: Apache-2.0
# ctest: label=slow timeout=900 args=--rounds 1000
# ctest: name=differential-fast label=fast timeout=120 args=--rounds 60
"""Stave answers what Redis answers: the same random commands go to stave-server and to Debian's redis-server,
and every reply must be equal, types included, in RESP2 and RESP3 in turn.

A round is a scenario: mostly a pipeline of a few dozen commands over a small key space with hot keys;
sometimes keys that expire, whole SCAN iterations, connections, COMMAND. Between rounds Stave is stopped or
killed and started again, and every few rounds the complete state of both is compared. The seed also chooses
Stave's configuration. At the first difference the test prints it with the last commands on the same keys and
ends with status 1; `--seed` repeats the run, `--keep-going` collects several differences.
"""

import random
import sys
import time

from stave_testing import REDIS_SERVER, Server, parse_arguments

from differential import connection, expiry, introspection, scan, transactions
from differential.bits import BITS
from differential.geo import GEO
from differential.hashes import HASHES
from differential.hyperloglogs import HYPERLOGLOGS
from differential.keys import KEYS
from differential.lists import LISTS
from differential.pair import Difference, Pair
from differential.server import SERVER
from differential.sets import SETS
from differential.sorts import SORTS
from differential.strings import STRINGS
from differential.world import Case, World
from differential.zsets import ZSETS

GROUPS = [STRINGS, KEYS, BITS, HASHES, LISTS, SETS, ZSETS, HYPERLOGLOGS, GEO, SORTS, SERVER,
          introspection.INTROSPECTION]
WEIGHTS = [36, 22, 12, 12, 12, 12, 14, 6, 12, 1, 4, 2]
COMMON_OPTIONS = {"enable-debug-command": "yes"}


def choose_matrix(rng):
    """Stave's options for this seed, and what the world must be like for them."""
    options = {
        "shards": rng.randint(1, 5),
        "workers": rng.randint(1, 3),
        "io-backend": rng.choice(["auto", "threads"]),
        "appendfsync": rng.choice(["always", "everysec", "no"]),
        "segment-bytes": rng.choice(["64kb", "128kb", "256kb", "1mb"]),
    }
    world = {"big_bytes": 2000, "extra_keys": 0}
    if rng.random() < 0.4:  # values are demoted and come back
        options["maxmemory"] = "2mb"
        world = {"big_bytes": 20_000, "extra_keys": 300}
    restart_every = rng.choice([0, 7, 15, 40])
    return options, world, restart_every


def main():
    arguments = parse_arguments(
        __doc__, ("--rounds", {"type": int, "default": 1000}),
        ("--keep-going", {"type": int, "default": 1, "metavar": "N", "help": "stop at the Nth difference"}),
        ("--restart-every", {"type": int, "help": "rounds between restarts of Stave, 0: never; instead of the seed's"}),
        ("--set", {"action": "append", "default": [], "metavar": "OPTION=VALUE", "help": "of Stave, instead of the seed's"}))
    rng = random.Random(arguments.seed)
    options, world_options, restart_every = choose_matrix(rng)
    options.update(word.split("=", 1) for word in arguments.set)
    if arguments.restart_every is not None:
        restart_every = arguments.restart_every
    print(f"stave options {options}, restart every {restart_every or 'no'} rounds", flush=True)
    world = World(rng.randrange(1 << 62), **world_options)
    with Server(REDIS_SERVER, COMMON_OPTIONS, environment={"LC_ALL": "C"}) as reference:
        with Server(arguments.server, {**COMMON_OPTIONS, **options}) as subject:
            failures = run(Pair(reference, subject, world), arguments, restart_every)
            if failures:
                sys.exit(f"{failures} differences; repeat with --seed {arguments.seed}")
            subject.stop()


def run(pair, arguments, restart_every):
    """The rounds; returns the number of differences."""
    began, failures = time.monotonic(), 0
    pair.restarts = restart_every > 0
    for number in range(arguments.rounds):
        pair.round = number
        try:
            one_round(pair, restart_every)
        except Difference as difference:
            failures += 1
            print(f"{difference}\nseed {arguments.seed}, round {number}", flush=True)
            if failures >= arguments.keep_going:
                return failures
            start_over(pair)
    pair.compare_state()
    seconds = time.monotonic() - began
    print(f"{arguments.rounds} rounds, {pair.commands} commands compared in {seconds:.1f} s")
    return failures


def one_round(pair, restart_every):
    world = pair.world
    if pair.round == 0:
        introspection_in_both(pair)
    if pair.round % 2 == 0:
        pair.use_protocol(2 + pair.round // 2 % 2)
    if restart_every and pair.round % restart_every == restart_every - 1:
        pair.restart_subject(kill9=world.chance(0.5))
        pair.compare_state()
    scenarios = [commands, transaction, expiry.scenario, scan.scenario, connection.scenario, reload]
    world.random.choices(scenarios, [70, 10, 9, 4, 5, 0.3])[0](pair)
    if pair.round % 100 == 99:
        pair.compare_state()
    elif pair.round % 10 == 9:
        pair.compare_state([0, 1, world.between(2, 15)])


def commands(pair):
    """The usual round: a pipeline of random commands, in one database at first."""
    world = pair.world
    cases = [Case(["SELECT", world.between(0, 15) if world.chance(0.2) else world.between(0, 1)])]
    if world.cold and world.chance(0.5):
        cases += refill(world)
    for _ in range(world.between(20, 60)):
        cases += world.draw(GROUPS, WEIGHTS)
    pair.run(cases)


def transaction(pair):
    transactions.scenario(pair, GROUPS, WEIGHTS)


def refill(world):
    """Many cold keys get new values, so that memory is short."""
    keys = world.random.sample(world.cold, k=world.between(1, 60))
    words = [word for key in keys for word in (key, world.random.randbytes(world.between(0, world.big_bytes)))]
    return [Case(["MSET", *words], mutable=False)]


def reload(pair):
    """DEBUG RELOAD, of Stave alone: redis-server forgets by it which values were made raw."""
    pair.run([Case(["DEBUG", "RELOAD", "FOO"])])
    pair.clients[1].call("DEBUG", "RELOAD")
    pair.compare_state()


def introspection_in_both(pair):
    for protocol in (2, 3):
        pair.use_protocol(protocol)
        introspection.scenario(pair)


def start_over(pair):
    """After a difference: both empty, so that the next one is a new one."""
    if not pair.subject.alive():
        pair.subject.start()
    pair.open()
    for client in pair.clients:
        client.call("FLUSHALL")
    pair.history.clear()


if __name__ == "__main__":
    main()
