# SPDX-License-Identifier: Apache-2.0
"""The commands that a writer of crash.py sends: a random mix over its own keys and the shared ones.

A writer's keys begin with "w<number>:". The `shared:` keys are written by all writers, and only in ways whose
outcome can be told apart afterwards: INCR of one counter, and MSET of all of SHARED to one value.
"""
import random
import time

from crash_model import ABSENT

KEYS = 150
COUNTERS = 30
VALUE_BYTES_MAX = 3000
LARGE_BYTES_MAX = 200_000       # more than the smallest segments hold
SHARED = [b"shared:%d" % number for number in range(4)]
SHARED_COUNTER = b"shared:counter"


def now_ms():
    return time.time_ns() // 1_000_000


class CommandMix:
    """`states` (key -> State) is the writer's view of its keys when everything sent has been done."""

    def __init__(self, number, seed, keys):
        self.random = random.Random(f"{seed}/{number}")
        self.prefix = b"w%d:" % number
        self.keys = [self.prefix + b"s:%d" % at for at in range(keys)]
        self.counters = [self.prefix + b"n:%d" % at for at in range(COUNTERS)]
        self.tokens = 0         # makes every value unique

    def next(self, states):
        """The words of the next command."""
        makers, weights = zip(*_MIX)
        return self.random.choices(makers, weights)[0](self, states)

    def _value(self):
        self.tokens += 1
        body = self.random.choice((0, 10, 100, self.random.randrange(VALUE_BYTES_MAX)))
        if self.random.random() < 0.002:
            body = self.random.randrange(LARGE_BYTES_MAX)
        return b"%b%d:" % (self.prefix, self.tokens) + b"x" * body

    def _key(self):
        return self.random.choice(self.keys)

    def _far(self):
        return b"%d" % (now_ms() + self.random.randint(10**6, 10**9))

    def _set(self, _):
        tail = self.random.choice(((), (), (b"KEEPTTL",), (b"PXAT", self._far())))
        return (b"SET", self._key(), self._value(), *tail)

    def _mset(self, states):
        name = self.random.choice((b"MSET", b"MSET", b"MSETNX"))
        keys = self.random.sample(self.keys, self.random.randint(2, 6))
        if name == b"MSETNX":
            keys = [key for key in keys if states.get(key, ABSENT).value is None] or keys
        return (name, *(word for key in keys for word in (key, self._value())))

    def _increment(self, _):
        key = self.random.choice(self.counters)
        if self.random.random() < 0.05:
            return (b"DEL", key)
        return (b"INCRBY", key, b"%d" % self.random.randint(-100, 1000))

    def _append(self, states):
        key = self._key()
        if len(states.get(key, ABSENT).value or b"") > LARGE_BYTES_MAX:
            return (b"SET", key, self._value())
        return (b"APPEND", key, self._value())

    def _setrange(self, _):
        return (b"SETRANGE", self._key(), b"%d" % self.random.randrange(VALUE_BYTES_MAX), self._value())

    def _delete(self, _):
        if self.random.random() < 0.4:
            return (b"GETDEL", self._key())
        return (b"DEL", *self.random.sample(self.keys, self.random.choice((1, 1, 2, 4))))

    def _move(self, states):
        source, target = self.random.sample(self.keys, 2)
        if states.get(source, ABSENT).value is None:
            return (b"SET", source, self._value())
        if self.random.random() < 0.3:
            return (b"COPY", source, target, b"REPLACE")
        return (b"RENAME", source, target)

    def _expire(self, _):
        choice = self.random.random()
        if choice < 0.3:
            return (b"PERSIST", self._key())
        if choice < 0.6:
            return (b"PEXPIRE", self._key(), b"%d" % self.random.randint(10**6, 10**9))
        return (b"PEXPIREAT", self._key(), self._far())

    def _short_lived(self, _):
        """A key that goes by itself. Nothing touches it again, so that its end is the only question."""
        self.tokens += 1
        key = self.prefix + b"t:%d" % self.tokens
        return (b"SET", key, self._value(), b"PX", b"%d" % self.random.randint(1, 3000))

    def _get(self, _):
        return (b"GET", self.random.choice(self.keys + self.counters))

    def _shared(self, _):
        choice = self.random.random()
        if choice < 0.3:
            return (b"INCR", SHARED_COUNTER)
        if choice < 0.6:
            return (b"MGET", *SHARED)
        value = self._value()
        return (b"MSET", *(word for key in SHARED for word in (key, value)))


_MIX = (
    (CommandMix._set, 20), (CommandMix._mset, 8), (CommandMix._increment, 12), (CommandMix._append, 8),
    (CommandMix._setrange, 6), (CommandMix._delete, 8), (CommandMix._move, 7), (CommandMix._expire, 7),
    (CommandMix._short_lived, 5), (CommandMix._get, 10), (CommandMix._shared, 6),
)
