# SPDX-License-Identifier: Apache-2.0
"""Commands on databases and on the server: FLUSHDB FLUSHALL SWAPDB SELECT TIME MEMORY DEBUG CONFIG SLOWLOG
SHUTDOWN's errors, and commands that do not exist."""

import re

from . import compare
from .world import Case, Group

SERVER = Group()

# Emptying everything is rare, or nothing would ever be old.
FLUSH_WORDS = ["ASYNC", "SYNC", "FOO", "", "NOW"]


@SERVER.command(weight=6)
def select(world):
    return [Case(["SELECT", world.database()])]


@SERVER.command(weight=2)
def swapdb(world):
    return ["SWAPDB", world.database(), world.database()]


@SERVER.command(weight=1)
def flushdb(world):
    return Case(["FLUSHDB", *world.maybe(0.7, world.mixed_case(world.choice(FLUSH_WORDS)))], mutable=False)


@SERVER.command(weight=1)
def flushall(world):
    wrong = world.choice([["FOO"], ["SYNC", "ASYNC"], [""], ["ASYNC", "x"]])
    right = world.choice([[], ["SYNC"], ["async"]])
    return Case(["FLUSHALL", *(right if world.chance(0.1) else wrong)], mutable=False)


def _time(expected, actual, _):
    if expected.is_error() or actual.is_error():
        return expected == actual
    return actual.type == "*" and [item.type for item in actual.value] == ["$", "$"] and \
        abs(int(expected.value[0].value) - int(actual.value[0].value)) <= 60 and \
        actual.value[1].value.isdigit() and int(actual.value[1].value) < 1_000_000


@SERVER.command(weight=1)
def time(_):
    return Case(["TIME"], _time)


SECTIONS = ["server", "clients", "memory", "persistence", "stats", "replication", "cpu", "errorstats", "keyspace",
            "nonexistent", "commandstats", "SERVER"]


def _same_headers(expected, actual, _):
    """The same sections by name. What stands in them is each server's own."""
    if expected.is_error() or expected.type != actual.type:
        return expected == actual
    return re.findall(rb"^# .*", expected.value, re.M) == re.findall(rb"^# .*", actual.value, re.M)


@SERVER.command(weight=1)
def info(world):
    words = [world.choice(SECTIONS) for _ in range(world.choice([1, 1, 1, 2]))]
    return Case(["INFO", *words], _same_headers, mutable=False)


@SERVER.command(weight=2)
def memory(world):
    samples = world.maybe(0.5, world.mixed_case("SAMPLES"), world.choice(["0", "5", "-1", "abc", ""]))
    name = world.choice(["USAGE", "USAGE", "USAGE", "FOO"])
    return Case(["MEMORY", world.mixed_case(name), world.key(), *samples], compare.same_type)


@SERVER.command(weight=2)
def debug(world):
    words = world.choice([["OBJECT", world.key()], ["OBJECT", world.key()], ["SLEEP", "0"], ["SLEEP", "0.001"],
                          ["SET-ACTIVE-EXPIRE", "0"], ["SET-ACTIVE-EXPIRE", "1"], ["FOO"], ["FOO", "bar"]])
    return Case(["DEBUG", world.mixed_case(words[0]), *words[1:]], compare.same_type, mutable=False)


@SERVER.command(weight=1)
def shutdown_errors(world):
    words = world.choice([["FOO"], ["NOSAVE", "SAVE"], ["ABORT"], ["ABORT", "NOW"], ["SAVE", "ABORT"], [""]])
    return Case(["SHUTDOWN", *words], mutable=False)


@SERVER.command(weight=4)
def unknown(world):
    name = world.choice(["FOO", "foo", "GETT", "", " get", "get ", "SE\r\nT", "x" * 200, "\x00", "\xff", "'", "ge\tt",
                         "HGETALLX", "set|get", "OBJECT|HELP", "config|get"]).encode("latin-1")
    arguments = [world.choice([b"a", b"", b"\x00\xff", b"it's", b'q"', b"a\r\nb", b"y" * 150, world.value()])
                 for _ in range(world.between(0, 6))]
    return Case([name, *arguments], mutable=False)


@SERVER.command(weight=3)
def unknown_subcommand(world):
    name = world.choice(["OBJECT", "CLIENT", "CONFIG", "COMMAND", "MEMORY", "SLOWLOG", "DEBUG"])
    word = world.choice(["FOO", "", "enc oding", "\x00", "x" * 150, "it's", "a\r\nb", "GETX", "HELPME"])
    return Case([name, word, *world.maybe(0.5, "x")], compare.exact, mutable=False)


# ---------------------------------------------------------------------------------------------------------
# CONFIG

# Directives that both have, with the same default.
SAME_DEFAULTS = ["databases", "maxmemory-policy", "proto-max-bulk-len", "slowlog-log-slower-than",
                 "slowlog-max-len", "timeout", "tcp-keepalive", "requirepass", "notify-keyspace-events"]
# Directives that both have; the values may differ.
COMMON_NAMES = ["appendfsync", "maxmemory", "maxclients", "port", "dir", "save", "appendonly", "bind", "unixsocket",
                "client-output-buffer-limit", "hz", "loglevel", "logfile", "tcp-backlog"]


def same_map(expected, actual, span_ms):
    """A flat map (an array in RESP2) whose order is free."""
    if expected.is_error() or expected.type != actual.type:
        return expected == actual
    return _pairs(expected) == _pairs(actual)


def same_names(expected, actual, span_ms):
    if expected.is_error() or expected.type != actual.type:
        return expected == actual
    return _pairs(expected).keys() == _pairs(actual).keys()


def _pairs(reply):
    if reply.type == "%":
        return dict(reply.value)
    return dict(zip(reply.value[::2], reply.value[1::2]))


@SERVER.command(weight=3)
def config_get(world):
    names = [world.mixed_case(world.choice(SAME_DEFAULTS + ["nonexistent", "", "databases*", "slowlog-*"]))
             for _ in range(world.between(1, 3))]
    return Case(["CONFIG", world.mixed_case("GET"), *names], same_map, mutable=False)


@SERVER.command(weight=1)
def config_get_names(world):
    names = [world.choice(COMMON_NAMES) for _ in range(world.between(1, 3))]
    return Case(["CONFIG", "GET", *names], same_names, mutable=False)


@SERVER.command(weight=3)
def config_set(world):
    """Wrong settings, and settings to the default, so that nothing is changed for good."""
    words = world.choice([
        ["slowlog-log-slower-than", "10000"], ["SLOWLOG-MAX-LEN", "128"], ["timeout", "0"], ["hz", "10"],
        ["proto-max-bulk-len", "512mb"], ["proto-max-bulk-len", "536870912"], ["maxclients", "4000"],
        ["timeout", "abc"], ["timeout", "-1"], ["timeout", ""], ["slowlog-max-len", "abc"], ["slowlog-max-len", "-1"],
        ["maxmemory", "abc"], ["maxmemory", "1zb"], ["maxmemory", "-1"], ["maxmemory-policy", "foo"],
        ["appendfsync", "sometimes"], ["foo", "bar"], ["timeout"], [], ["timeout", "0", "hz"],
        ["timeout", "0", "timeout", "0"], ["timeout", "0", "foo", "bar"], ["databases", "3"],
        ["", ""], ["loglevel", "foo"], ["tcp-keepalive", "abc"], ["slowlog-log-slower-than", "10000", "timeout", "x"],
        ["notify-keyspace-events", ""], ["notify-keyspace-events", "KEq"],
        ["maxmemory-policy", "noeviction"], ["maxclients", "0"], ["unixsocket", "x"]])
    return Case(["CONFIG", "SET", *words], mutable=False)


@SERVER.command(weight=1)
def config_other(world):
    words = world.choice([["RESETSTAT"], ["RESETSTAT", "x"], ["REWRITE"], ["REWRITE", "x"], [], ["GET"]])
    return Case(["CONFIG", *words], mutable=False)


# ---------------------------------------------------------------------------------------------------------
# SLOWLOG

def _slow_entries(expected, actual, _):
    """The same commands, as shortened; ids, times and durations are each server's own."""
    if expected.is_error() or actual.is_error() or expected.type != "*":
        return expected == actual
    return [_slow_entry(item) for item in expected.value] == [_slow_entry(item) for item in actual.value]


def _slow_entry(entry):
    kinds = [item.type for item in entry.value]
    return kinds, entry.value[3], entry.value[5]


@SERVER.command(weight=1)
def slowlog(world):
    """Logs a few commands whatever they take, and compares the entries."""
    long = ["MSET", *[word for number in range(20) for word in (f"k{number % 12}", "v" * world.choice([3, 127, 129]))]]
    # One slot for the single keys: commands on several shards of one pipeline may be logged in another order.
    commands = [long, ["GET", "k1"], ["GET", "{k1}" + "k" * 136], ["OBJECT", "IDLETIME", "{k1}none"], ["GET"], ["NOSUCH", "x"]]
    chosen = [world.choice(commands) for _ in range(world.between(1, 5))]
    limit = world.choice([[], ["0"], ["2"], ["10"], ["-1"], ["-2"], ["abc"], ["100", "x"]])
    lines = [["CONFIG", "SET", "slowlog-log-slower-than", "0"], ["SLOWLOG", "RESET"], *chosen,
             ["CONFIG", "SET", "slowlog-log-slower-than", "-1"], ["SLOWLOG", "LEN"]]
    cases = [Case(words, mutable=False) for words in lines]
    cases.append(Case(["SLOWLOG", "GET", *limit], _slow_entries, mutable=False))
    after = [["SLOWLOG", "RESET"], ["SLOWLOG", "LEN"], ["CONFIG", "SET", "slowlog-log-slower-than", "10000"]]
    return cases + [Case(words, mutable=False) for words in after]
