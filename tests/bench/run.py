# SPDX-License-Identifier: Apache-2.0
"""Measures Stave beside redis-server (and fio) in the same run, and prints ratios: `make bench`.

The data go to a folder of the build directory, which should be on the disk that is to be measured, and are
removed afterwards. Nothing else should run meanwhile.
"""
import pathlib
import shutil
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

# pylint: disable=wrong-import-position
from bench_collections import COLLECTION_MEASURES  # noqa: E402
from bench_measures import BASIC_MEASURES, Bench  # noqa: E402
from bench_pubsub import PUBSUB_MEASURES  # noqa: E402
from bench_report import print_table, write_json  # noqa: E402
from bench_storage import STORAGE_MEASURES  # noqa: E402
from stave_testing import REPOSITORY, parse_arguments  # noqa: E402

MEASURES = BASIC_MEASURES + STORAGE_MEASURES + COLLECTION_MEASURES + PUBSUB_MEASURES
ROUNDS = 5
ROUNDS_QUICK = 2


def main():
    names = [measure.__name__ for measure in MEASURES]
    arguments = parse_arguments(
        __doc__, ("--only", {"action": "append", "choices": names, "help": "this measure; may be repeated"}),
        ("--quick", {"action": "store_true", "help": "less data; not what the targets are for"}),
        ("--rounds", {"type": int, "help": f"default {ROUNDS}, and {ROUNDS_QUICK} with --quick"}),
        ("--option", {"action": "append", "default": [], "metavar": "NAME=VALUE", "help": "for Stave"}),
        ("--json", {"metavar": "FILE", "help": "write the figures there too"}),
        ("--directory", {"default": str(REPOSITORY / "build"), "help": "where the data go meanwhile"}))
    server = str(pathlib.Path(arguments.server).resolve())
    rounds = arguments.rounds or (ROUNDS_QUICK if arguments.quick else ROUNDS)
    options = dict(option.split("=", 1) for option in arguments.option)
    pathlib.Path(arguments.directory).mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = tempfile.mkdtemp(prefix="bench-", dir=arguments.directory)
    try:
        rows, failures = measure_all(Bench(server, arguments.quick, rounds, options), arguments.only or names)
    finally:
        shutil.rmtree(tempfile.tempdir, ignore_errors=True)
    print(f"\nMedians of {rounds} rounds{', quick: the targets are not for this' if arguments.quick else ''}")
    print_table(rows)
    if arguments.json:
        write_json(arguments.json, rows, failures)
    for name, failure in failures.items():
        print(f"FAILED {name}: {failure}")
    return 1 if failures else 0


def measure_all(bench, names):
    """Returns the rows, and what went wrong by measure."""
    rows, failures = [], {}
    for measure in MEASURES:
        if measure.__name__ not in names:
            continue
        began = time.monotonic()
        print(f"{measure.__name__}: {measure.__doc__}", flush=True)
        try:
            found = measure(bench)
        except Exception as error:  # the other measures are still wanted
            traceback.print_exc()
            failures[measure.__name__] = str(error)
            continue
        print_table(found)
        print(f"({time.monotonic() - began:.0f} s)\n", flush=True)
        rows += found
    return rows, failures


if __name__ == "__main__":
    sys.exit(main())
