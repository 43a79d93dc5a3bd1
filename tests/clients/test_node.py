# SPDX-License-Identifier: Apache-2.0
# ctest: name=test_ioredis label=slow timeout=120 args=--session ioredis_session.js
# ctest: name=test_node_redis label=slow timeout=120 args=--session node_redis_session.js
"""Runs a Node client's session (ioredis_session.js, node_redis_session.js) against a server of its own."""
import subprocess
import sys

from client_testing import HERE
from stave_testing import TWO_WORKERS, Server, parse_arguments


def main():
    arguments = parse_arguments(__doc__, ("--session", {"required": True}))
    if not (HERE / "node_modules").is_dir():
        print("the Node clients are not installed: npm install --no-package-lock, in tests/clients")
        return 1
    with Server(arguments.server, TWO_WORKERS, start=False) as server:
        server.options["unixsocket"] = server.root / "socket"
        server.start()
        command = ["node", HERE / arguments.session, str(server.port), server.options["unixsocket"]]
        done = subprocess.run(command, timeout=100, check=False)
        server.stop()
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
