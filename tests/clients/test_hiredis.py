# SPDX-License-Identifier: Apache-2.0
# ctest: label=fast timeout=60
"""Runs hiredis_client, which CMake builds beside the tests, against a server of its own."""
import pathlib
import subprocess
import sys

from client_testing import HERE
from stave_testing import TWO_WORKERS, Server, parse_arguments


def find_program(arguments):
    """The program named, or the one of the build that the server is from."""
    if arguments.program:
        return arguments.program
    places = (pathlib.Path(arguments.server).resolve().parent, HERE.parents[1] / "build" / "release")
    for place in places:
        for program in (place / "hiredis_client", place / "tests" / "hiredis_client"):
            if program.exists():
                return program
    raise SystemExit("hiredis_client is not built")


def main():
    arguments = parse_arguments(__doc__, ("--program", {"default": None}))
    program = find_program(arguments)
    with Server(arguments.server, TWO_WORKERS, start=False) as server:
        server.options["unixsocket"] = server.root / "socket"
        server.start()
        command = [program, str(server.port), server.options["unixsocket"]]
        done = subprocess.run(command, timeout=50, check=False)
        server.stop()
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
