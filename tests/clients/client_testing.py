# SPDX-License-Identifier: Apache-2.0
"""What the client tests share: the way to stave_testing.py, and a runner for functions of one server."""
import pathlib
import sys
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from stave_testing import TWO_WORKERS, Server, parse_arguments  # noqa: E402, pylint: disable=wrong-import-position

HERE = pathlib.Path(__file__).resolve().parent


def run_cases(description, cases, options=None):
    """Runs each case(server) on an emptied database; returns the exit status."""
    arguments = parse_arguments(description, ("--only", {"default": ""}))
    failed = 0
    chosen = [case for case in cases if arguments.only in case.__name__]
    with Server(arguments.server, {**TWO_WORKERS, **(options or {})}) as server:
        server.options["unixsocket"] = server.root / "socket"
        server.restart()
        for case in chosen:
            server.client().call("FLUSHALL")
            failed += not run_case(case, server)
        server.stop()
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed or not chosen else 0


def run_case(case, server):
    try:
        case(server)
    except Exception:  # any fault of this case; the others go on
        traceback.print_exc(file=sys.stdout)
        print(f"FAIL {case.__name__}: {case.__doc__}", flush=True)
        return False
    print(f"ok   {case.__name__}", flush=True)
    return True
