# SPDX-License-Identifier: Apache-2.0
"""A writer of crash.py: pipelined bursts over one connection until the server goes away.

Afterwards it verifies what the restarted server holds against its model (crash_model.py), and goes on from
what it found. It runs in a process of its own; the parent talks to it by `serve`.
"""
import collections

from crash_commands import SHARED, CommandMix, now_ms
from crash_model import ABSENT, NO_SUCH_KEY, Command, Expiry, State, answered, components, explain, fits, run
from stave_testing import Client, ProtocolError, encode

BURST_COMMANDS_MAX = 32
PATIENCE_MS = 30_000
FAULTS_SHOWN = 20


def serve(pipe, number, database, seed, keys):
    """Carries out the parent's requests, ("load" or "verify", port), until there are no more.
    "busy" says that the load has begun."""
    writer = Writer(number, database, seed, keys)
    while (request := pipe.recv()) is not None:
        name, port = request
        pipe.send(writer.verify(port) if name == "verify" else writer.load(port, lambda: pipe.send("busy")))


class Writer:
    def __init__(self, number, database, seed, keys):
        self.mix = CommandMix(number, seed, keys)
        self.database = database
        self.states = {}                    # key -> State after the last answered command
        self.latest = {}                    # key -> State when everything sent has been done
        self.pending = collections.deque()  # sent, not answered
        self.shared = None
        self.faults = []

    # -- under load
    def load(self, port, on_busy):
        """Writes until the connection breaks. Returns what the parent needs to know of it. Calls on_busy()
        after the first answers, or when there will be none."""
        self.shared = {"commands": 0, "refused": 0, "increments": 0, "last": None}
        self.latest = dict(self.states)
        try:
            with Client(port, timeout=PATIENCE_MS / 1000) as client:
                client.call("SELECT", self.database)
                self._burst(client)
                on_busy()
                on_busy = None
                while not self.faults:
                    self._burst(client)
        except ConnectionError:
            pass
        except (TimeoutError, ProtocolError) as error:
            self.faults.append(f"under load: {error!r}")
        if on_busy is not None:
            on_busy()
        return {**self.shared, "faults": self._take_faults(),
                "pending_increments": sum(command.args[0] == b"INCR" for command in self.pending),
                "pending_sets": [command.args[2] for command in self.pending if _sets_shared(command)]}

    def _burst(self, client):
        sent_ms = now_ms()
        for _ in range(self.mix.random.randint(1, BURST_COMMANDS_MAX)):
            self.pending.append(self._command(self.mix.next(self.latest), sent_ms))
        client.send(b"".join(encode(command.args) for command in self.pending))
        while self.pending:
            reply = client.read_answer()
            command = self.pending.popleft()
            if reply.is_error() and reply.value.startswith(b"OOM "):
                self._refuse(sent_ms)
            else:
                self._answer(command, reply)

    def _command(self, args, sent_ms):
        return (Command(args, {}) if args[1].startswith(b"shared:")
                else run(args, self.latest, sent_ms, PATIENCE_MS))

    def _refuse(self, sent_ms):
        """The command has done nothing, so those behind it do something else than was thought."""
        self.shared["commands"] += 1
        self.shared["refused"] += 1
        self.latest = dict(self.states)
        self.pending = collections.deque(self._command(command.args, sent_ms) for command in self.pending)

    def _answer(self, command, reply):
        self.shared["commands"] += 1
        answered(command, now_ms())
        self.states.update(command.effects)
        if reply.is_error() and command.expected is not NO_SUCH_KEY:
            self.faults.append(f"{_short(command.args)} got the error {reply.value!r}")
        elif command.args[1].startswith(b"shared:"):
            self._answer_shared(command, reply.plain())
        elif command.expected is NO_SUCH_KEY:
            if not reply.is_error() or reply.value != b"ERR no such key":
                self.faults.append(f"{_short(command.args)} got {reply}, expected an error")
        elif reply.plain() != command.expected:
            self.faults.append(f"{_short(command.args)} got {_short([reply.plain()])}, "
                               f"expected {_short([command.expected])}")

    def _answer_shared(self, command, value):
        if command.args[0] == b"INCR":
            self.shared["increments"] += 1
        elif _sets_shared(command):
            self.shared["last"] = command.args[2]
        elif len(set(value)) != 1:
            self.faults.append(f"MGET saw a half done MSET: {_short(value)}")

    # -- after the restart
    def verify(self, port):
        """Compares every key with the model, and goes on from what is there. Returns the faults."""
        pending = [command for command in self.pending if command.effects]
        keys = sorted(set(self.states).union(*(command.effects for command in pending)))
        with Client(port, timeout=60) as client:
            client.call("SELECT", self.database)
            asked_ms = now_ms()
            observed = dict(zip(keys, self._observe(client, keys)))
            answered_ms = now_ms()
            self._check_strangers(client, set(keys))

        def matches(key, state):
            return fits(state, observed[key], asked_ms, answered_ms)

        self._check(pending, observed, matches)
        self._adopt(observed)
        return self._take_faults()

    def _observe(self, client, keys):
        """A key that is gone between its GET and its PEXPIRETIME counts as gone."""
        for at in range(0, len(keys), 100):
            asked = [(name, key) for key in keys[at:at + 100] for name in ("GET", "PEXPIRETIME")]
            replies = client.pipeline(asked)
            for key, value, expiry in zip(keys[at:], replies[::2], replies[1::2]):
                if value.is_error() or expiry.is_error():
                    self.faults.append(f"{key}: {value}, {expiry}")
                if value.value is None or expiry.value == -2:
                    yield ABSENT
                else:
                    at_ms = expiry.value
                    yield State(value.value, None if at_ms == -1 else Expiry(at_ms, at_ms))

    def _check_strangers(self, client, known):
        for key in client.call("KEYS", self.mix.prefix + b"*"):
            if key not in known:
                self.faults.append(f"{key} came back, or was never written")

    def _check(self, pending, observed, matches):
        unsettled = set()
        for keys, commands in components(pending):
            unsettled |= keys
            states = {key: self.states.get(key, ABSENT) for key in keys}
            if not explain(commands, states, matches, self.shared["refused"] > 0):
                self._report_unexplained(commands, states, observed)
        for key, state in self.states.items():
            if key not in unsettled and not matches(key, state):
                self.faults.append(f"{key} is {_describe(observed[key])}, was answered as {_describe(state)}")

    def _report_unexplained(self, commands, states, observed):
        lines = ["no choice of the unanswered commands explains these keys:"]
        for key, state in states.items():
            lines.append(f"    {key} is {_describe(observed[key])}, was answered as {_describe(state)}")
        lines += [f"    unanswered: {_short(command.args)}" for command in commands]
        self.faults.append("\n".join(lines))

    def _adopt(self, observed):
        """Absent keys leave the model: if one comes back later, it is a stranger."""
        self.states = {key: state for key, state in observed.items() if state.value is not None}
        self.pending.clear()

    def _take_faults(self):
        faults, self.faults = self.faults[:FAULTS_SHOWN], []
        return faults


def _sets_shared(command):
    return command.args[0] == b"MSET" and command.args[1] == SHARED[0]


def _short(words):
    return " ".join(repr(word if not isinstance(word, bytes) or len(word) < 60
                         else word[:40] + b"...(%d bytes)" % len(word)) for word in words)


def _describe(state):
    if state.value is None:
        return "absent"
    expiring = f", expiring at {state.expiry.low}..{state.expiry.high}" if state.expiry else ""
    return _short([state.value]) + expiring
