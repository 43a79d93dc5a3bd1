# SPDX-License-Identifier: Apache-2.0
# ctest: label=fast timeout=120
"""redis-benchmark runs to its end, with and without pipeline, and reports no error."""
import re
import subprocess
import sys

from client_testing import run_cases

TESTS = ("PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "MSET (10 keys)")


def benchmark(server, *words):
    done = subprocess.run(["redis-benchmark", "-p", str(server.port), *words], text=True, capture_output=True,
                          timeout=100, check=False)
    output = done.stdout.replace("\r", "\n") + done.stderr
    assert done.returncode == 0, f"status {done.returncode}: {output[-1000:]}"
    assert not re.search("error|warning", output, re.I), output[-1000:]
    return output


def quick(server):
    """-q: one line for each test."""
    output = benchmark(server, "-q", "-n", "1000", "-t", "ping,set,get,incr,mset")
    for test in TESTS:
        assert re.search(re.escape(test) + r": [\d.]+ requests per second", output), f"no {test} in {output}"


def pipelines(server):
    """Without pipeline and with 16, over random keys."""
    for depth in ("1", "16"):
        benchmark(server, "-q", "-n", "10000", "-P", depth, "-r", "1000", "-d", "64",
                  "-t", "set,get,incr,mset,ping")
    assert server.client().call("DBSIZE") > 1000


def full_report(server):
    """The long output, threads, RESP3, a large value and CSV."""
    output = benchmark(server, "-n", "2000", "-t", "set,get", "--threads", "2", "-d", "20000")
    assert output.count("throughput summary") == 2, output[-1000:]
    output = benchmark(server, "--csv", "-3", "-n", "2000", "-t", "get", "-c", "100")
    assert '"GET"' in output, output


def own_command(server):
    """A command of one's own, as arguments."""
    benchmark(server, "-q", "-n", "2000", "-r", "100", "-P", "4",
              "SETRANGE", "own:__rand_int__", "100", "abc")
    assert server.client().call("DBSIZE") == 100


if __name__ == "__main__":
    sys.exit(run_cases(__doc__, (quick, pipelines, full_report, own_command)))
