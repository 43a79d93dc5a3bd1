# SPDX-License-Identifier: Apache-2.0
"""redis-server and Stave side by side: sends the same commands to both, compares the replies, remembers what
was done to each key, and compares the complete state.

A pipeline goes to both servers before the replies of either are read, so that the two executions of a
command are close in time; the longest distance seen bounds what TTLs may differ by.
"""

import re
import time
from collections import defaultdict, deque

from stave_testing import Client, encode

from . import compare
from .world import DATABASES, Case

HISTORY = 20


class Difference(Exception):
    """The servers disagree. str() is the whole report."""


class Pair:
    def __init__(self, reference, subject, world):
        self.reference, self.subject, self.world = reference, subject, world
        self.span_ms = 100          # distance between the executions of a command on both servers
        self.round = 0
        self.protocol = 2
        self.restarts = True        # scenarios may restart Stave
        self.commands = 0
        self.history = defaultdict(lambda: deque(maxlen=HISTORY))
        self.open()

    # -- connections
    def open(self, protocol=2):
        """New connections to both."""
        self.close()
        self.clients = [Client(self.reference.port), Client(self.subject.port)]
        self.protocol = 2
        if protocol == 3:
            self.use_protocol(3)

    def close(self):
        for client in getattr(self, "clients", []):
            client.close()

    def use_protocol(self, protocol):
        for client in self.clients:
            client.call("HELLO", protocol)
        self.protocol = protocol

    def restart_subject(self, kill9, options=None):
        """Stave stops or dies and comes back; redis-server just goes on."""
        self.subject.restart(kill9=kill9, options=options)
        self.open(self.protocol)

    # -- commands
    def run(self, cases):
        """Pipelines the cases to both servers and compares each reply; returns redis-server's."""
        began = time.monotonic()
        data = b"".join(case.wire or encode(case.arguments) for case in cases)
        try:
            for client in self.clients:
                client.send(data)
            replies = [[client.read_answer() for _ in cases] for client in self.clients]
        except (ConnectionError, TimeoutError) as error:
            raise Difference(self._lost(cases, error)) from error
        self.span_ms = max(self.span_ms, 2 * int(1000 * (time.monotonic() - began)))
        self.commands += len(cases)
        for case, expected, actual in zip(cases, *replies):
            self._remember(case, actual)
            self.check(case, expected, actual)
        return replies[0]

    def run_one(self, *arguments, how=compare.exact):
        return self.run([Case(list(arguments), how)])[0]

    def check(self, case, expected, actual):
        if case.compare(expected, actual, self.span_ms):
            return
        if compare.known_difference(case.arguments, expected, actual):
            return
        raise Difference(self._report(case, expected, actual))

    # -- history
    def _remember(self, case, actual):
        line = f"round {self.round}: {show(case.arguments)} -> {show_reply(actual)}"
        named = [word for word in dict.fromkeys(case.arguments[1:]) if word in self.world.all_keys]
        if len(named) == len(self.world.all_keys):  # only a look at all of them
            named = []
        for key in named or [None]:
            self.history[key].append(line)

    def _report(self, case, expected, actual):
        lines = [f"DIFFERENCE in round {self.round}, RESP{self.protocol}: {show(case.arguments)}"]
        if case.wire:
            lines.append(f"  sent as       {case.wire[:500]!r}")
        lines += [f"  redis-server  {show_reply(expected, 1500)}", f"  stave-server  {show_reply(actual, 1500)}"]
        if expected.type in "*~" and expected.type == actual.type and expected.value and actual.value:
            only = [[show_reply(item) for item in one.value if item not in other.value]
                    for one, other in ((expected, actual), (actual, expected))]
            lines.append(f"  only in redis-server's: {only[0][:10]}, only in stave-server's: {only[1][:10]}")
        return "\n".join(lines + self._past(case.arguments))

    def _past(self, arguments):
        lines = []
        named = [word for word in dict.fromkeys(arguments) if word in self.world.all_keys] or [None]
        for key in named[:4]:
            lines.append(f"  last commands {'without a key' if key is None else 'with ' + repr(key)[:60]}:")
            lines += ["    " + line for line in self.history[key]]
        return lines

    def _lost(self, cases, error):
        lines = [f"CONNECTION LOST in round {self.round}: {error}",
                 f"  redis-server {'runs' if self.reference.alive() else 'is dead'}, "
                 f"stave-server {'runs' if self.subject.alive() else 'is dead'}", "  pipeline:"]
        return "\n".join(lines + ["    " + show(case.arguments) for case in cases])

    # -- state
    def compare_state(self, databases=range(DATABASES)):
        """Every key of the databases, with type, value and time to live."""
        for database in databases:
            self.run_one("SELECT", database)
            self.run(self.world.database_size())
            keys = self.run_one("KEYS", "*", how=compare.unordered)
            names = sorted(item.value for item in keys.value)
            for at in range(0, len(names), 200):
                self._compare_keys(names[at:at + 200])
        self.run_one("SELECT", 0)
        if len(databases) == DATABASES:
            self.run_one("INFO", "keyspace", how=_same_keyspace)

    def _compare_keys(self, names):
        types = self.run([Case(["TYPE", name]) for name in names])
        self.run([case for name, kind in zip(names, types) for case in self._inspect(name, kind.value)])

    def _inspect(self, name, kind):
        values = {b"hash": Case(["HGETALL", name], compare.pairs), b"set": Case(["SMEMBERS", name], compare.unordered),
                  b"list": Case(["LRANGE", name, "0", "-1"]),
                  b"zset": Case(["ZRANGE", name, "0", "-1", "WITHSCORES"], compare.scored)}
        return [values.get(kind, Case(["GET", name])), Case(["PTTL", name], compare.near_ms)]


def _same_keyspace(expected, actual, _):
    """The same databases with the same numbers of keys, of which as many expire."""
    if expected.type != actual.type:
        return False
    return _KEYSPACE.findall(expected.value) == _KEYSPACE.findall(actual.value)


_KEYSPACE = re.compile(rb"^db\d+:keys=\d+,expires=\d+", re.M)


def show(arguments, limit=600):
    """A command as one line of printable text."""
    text = " ".join(_word(argument) for argument in arguments)
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"


def _word(argument):
    if argument and all(33 <= byte < 127 and byte not in b"'\"\\" for byte in argument):
        return argument.decode() if len(argument) <= 100 else f"{argument[:60].decode()}...({len(argument)} bytes)"
    return repr(argument) if len(argument) <= 100 else f"{argument[:60]!r}...({len(argument)} bytes)"


def show_reply(reply, limit=200):
    text = _reply_text(reply)
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"


def _reply_text(reply):
    kind, value = reply
    if isinstance(value, list):
        if kind == "%":
            return "%{" + ", ".join(f"{_reply_text(k)} => {_reply_text(v)}" for k, v in value) + "}"
        return kind + "[" + ", ".join(map(_reply_text, value)) + "]"
    return f"{kind}{value!r}"
