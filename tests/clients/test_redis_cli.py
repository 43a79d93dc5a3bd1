# SPDX-License-Identifier: Apache-2.0
# ctest: label=fast timeout=120
"""redis-cli, as people use it on their first day and on a bad night."""
import re
import subprocess
import sys
import time

from client_testing import run_cases
from stave_testing import encode


def cli(server, *words, text=None, seconds=30):
    """Runs redis-cli and returns what it prints."""
    done = subprocess.run(["redis-cli", "-p", str(server.port), *map(str, words)], input=text, text=True,
                          capture_output=True, timeout=seconds, check=False)
    return done.stdout + done.stderr


def cli_for_a_while(server, *words, seconds=1.5):
    """For its modes that never end."""
    process = subprocess.Popen(["stdbuf", "-oL", "redis-cli", "-p", str(server.port), *words],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    time.sleep(seconds)
    process.terminate()
    return process.communicate(timeout=10)[0]


def expect(found, *patterns):
    for pattern in patterns:
        assert re.search(pattern, found), f"no {pattern!r} in {found[:2000]!r}"


def first_session(server):
    """A script of what people try first, and what they must see."""
    script = (
        ("PING", "PONG"), ("SET user:1 \"Ada L\" EX 100", "OK"), ("GET user:1", "Ada L"),
        ("TTL user:1", "100"),
        ("INCR visits", "1"), ("INCRBY visits 41", "42"), ("APPEND user:1 !", "6"), ("STRLEN user:1", "6"),
        ("MSET a 1 b 2 c 3", "OK"), ("MGET a b c nothing", "1\n2\n3\n"), ("EXISTS a b nothing", "2"),
        ("TYPE a", "string"), ("SETNX a 9", "0"), ("GETSET a 5", "1"), ("DEL a b", "2"), ("GET a", ""),
        ("DBSIZE", "3"), ("SELECT 3", "OK"), ("DBSIZE", "0"), ("SELECT 0", "OK"), ("RENAME c d", "OK"),
        ("OBJECT ENCODING visits", "int"),
        ("NOSUCH", "ERR unknown command 'NOSUCH', with args beginning with: "),
        ("GET", "ERR wrong number of arguments for 'get' command"),
        ("INCR user:1", "ERR value is not an integer or out of range"),
        ("ECHO \"a b\"", "a b"), ("FLUSHALL", "OK"), ("DBSIZE", "0"))
    found = cli(server, text="\n".join(line for line, _ in script) + "\n")
    wanted = "".join(answer + "\n" for _, answer in script)
    assert found.replace("\n\n", "\n") == wanted.replace("\n\n", "\n"), f"\n{found}\n--- wanted\n{wanted}"


def output_formats(server):
    """--csv, --json, -3, --no-raw, quoting of binary values, -x, exit status of -e."""
    assert cli(server, "MSET", "a", "1", "b", "two words", "c", "\"q\"") == "OK\n"
    assert cli(server, "--csv", "MGET", "a", "b", "none", "c") == '"1","two words",NULL,"\\"q\\""\n'
    assert cli(server, "--no-raw", "MGET", "a", "none") == '1) "1"\n2) (nil)\n'
    assert cli(server, "--no-raw", "STRLEN", "b") == "(integer) 9\n"
    assert cli(server, "-3", "--no-raw", "GET", "none") == "(nil)\n"
    assert cli(server, "-3", "--json", "MGET", "a", "none") == '["1",null]\n'
    assert cli(server, "-x", "SET", "from-stdin", text="line\n") == "OK\n"
    assert cli(server, "--no-raw", "GET", "from-stdin") == '"line\\n"\n'
    status = subprocess.run(["redis-cli", "-p", str(server.port), "-e", "INCR", "b"], capture_output=True,
                            check=False)
    assert status.returncode == 1, status


def protocol_three(server):
    """-3 says HELLO 3; maps and sets come as such."""
    found = cli(server, "-3", "--no-raw", "CONFIG", "GET", "maxclients")
    assert found.startswith('1# "maxclients" => "'), found
    expect(cli(server, "-3", "--no-raw", "HELLO", "3"), '"server" => "redis"', r'"proto" => \(integer\) 3',
           '"role" => "master"')


def mass_insertion(server):
    """--pipe, with its report of replies and errors."""
    commands = "".join(encode(("SET", f"pipe:{at}", at)).decode() for at in range(50_000)) + "INCR pipe:1\r\n"
    found = cli(server, "--pipe", text=commands)
    expect(found, "All data transferred", r"errors: 0, replies: 50001")
    assert cli(server, "DBSIZE") == "50000\n"
    assert cli(server, "GET", "pipe:49999") == "49999\n"
    expect(cli(server, "--pipe", text="SET a b\r\nINCR a\r\n"), r"errors: 1, replies: 2")


def scanning(server):
    """--scan with and without a pattern, --bigkeys, --memkeys, KEYS."""
    server.client().pipeline([("SET", f"scan:{at}", "x" * (at + 1)) for at in range(2000)])
    assert sorted(cli(server, "--scan").split()) == sorted(f"scan:{at}" for at in range(2000))
    found = cli(server, "--scan", "--pattern", "scan:1?").split()
    assert set(found) == {f"scan:{at}" for at in range(10, 20)}
    expect(cli(server, "--bigkeys"), r"Sampled 2000 keys in the keyspace",
           r"Biggest string found .*scan:1999.* has 2000 bytes", r"2000 strings with 2001000 bytes")
    expect(cli(server, "--memkeys"), r"Sampled 2000 keys in the keyspace", r"Biggest string found")
    assert len(cli(server, "KEYS", "scan:*").split()) == 2000


def watching(server):
    """--latency (which ends by itself where there is no terminal), and --stat."""
    expect(cli(server, "--latency", "--raw", "-i", "1"), r"^\d+ \d+ [\d.]+ \d+")
    server.client().pipeline([("SET", f"stat:{at}", "x") for at in range(321)])
    found = cli_for_a_while(server, "--stat", "-i", "0.2", seconds=1.5)
    expect(found, r"keys\s+mem\s+clients", r"\n321\s+[\d.]+[BKMG]\s+\d+\s+\d+\s+\d+ \(\+\d+\)\s+\d+")


def repeating(server):
    """-r and -i, and a database by -n."""
    assert cli(server, "-r", "5", "INCR", "counter").split() == ["1", "2", "3", "4", "5"]
    assert cli(server, "-n", "7", "SET", "seventh", "1") == "OK\n"
    expect(cli(server, "INFO", "keyspace"), r"db0:keys=1,expires=0", r"db7:keys=1,expires=0")


def information(server):
    """INFO's sections and the fields that people look for; CONFIG, CLIENT, COMMAND, SLOWLOG, MEMORY."""
    found = cli(server, "INFO")
    for field in ("redis_version:7", "process_id:", "tcp_port:", "uptime_in_seconds:", "connected_clients:",
                  "used_memory:", "used_memory_human:", "maxmemory:", "loading:0",
                  "total_commands_processed:", "instantaneous_ops_per_sec:", "keyspace_hits:",
                  "keyspace_misses:", "expired_keys:",
                  "evicted_keys:", "role:master", "connected_slaves:0", "used_cpu_sys:", "used_cpu_user:"):
        assert "\n" + field in found.replace("\r", ""), f"INFO has no {field}"
    for section in ("server", "clients", "memory", "persistence", "stats", "replication", "cpu", "keyspace",
                    "everything"):
        assert cli(server, "INFO", section).startswith("# "), section
    assert cli(server, "CONFIG", "GET", "maxclients").split()[0] == "maxclients"
    expect(cli(server, "CLIENT", "LIST"), r"id=\d+ addr=127.0.0.1:\d+ .*cmd=client\|list")
    assert int(cli(server, "COMMAND", "COUNT")) > 70
    expect(cli(server, "--no-raw", "COMMAND", "INFO", "get"), '"get"', "readonly", r"\(integer\) 2")
    expect(cli(server, "--no-raw", "COMMAND", "DOCS", "set"), "summary", "since")
    assert cli(server, "COMMAND", "GETKEYS", "MSET", "a", "1", "b", "2").split() == ["a", "b"]
    assert cli(server, "SLOWLOG", "RESET") == "OK\n"
    server.client().call("SET", "m", "x" * 1000)
    assert 1000 <= int(cli(server, "MEMORY", "USAGE", "m")) < 2000


def unix_socket(server):
    """-s."""
    done = subprocess.run(["redis-cli", "-s", server.options["unixsocket"], "SET", "by", "socket"], text=True,
                          capture_output=True, timeout=10, check=False)
    assert done.stdout == "OK\n", done


def not_a_cluster(server):
    """-c does no harm, and CLUSTER gets an error rather than an odd answer."""
    assert cli(server, "-c", "SET", "k", "v") == "OK\n"
    expect(cli(server, "CLUSTER", "INFO"), "ERR ")


CASES = (first_session, output_formats, protocol_three, mass_insertion, scanning, watching, repeating,
         information, unix_socket, not_a_cluster)

if __name__ == "__main__":
    sys.exit(run_cases(__doc__, CASES))
