# SPDX-License-Identifier: Apache-2.0
"""The random world of a differential run: a small key space with hot keys, values and numbers at the edges
of what commands accept, and the machinery that turns a group's generators into commands.

Everything is drawn from one seeded source and nothing depends on replies, so a seed replays. Two rules keep
both servers comparable although they do not share a clock:
- No time to live that this module hands out ends during a run, or is near another one; what expires soon
  belongs to `expiry`.
- No number between 1 and 2^32 is put where it was not meant: it could allocate half a gigabyte (SETBIT), or
  let a key expire in the middle of the run.
"""

import random
import time
from dataclasses import dataclass, field
from typing import Callable

from . import compare

DATABASES = 16

INTEGERS = ["0", "1", "-1", "2", "10", "99", "-100", "9999", "10000", "2147483647", "-2147483648",
            "9223372036854775807", "9223372036854775806", "-9223372036854775808", "-9223372036854775807"]
NOT_INTEGERS = ["", " ", " 1", "1 ", "+1", "01", "-0", "-", "+", "0x10", "1e2", "1.0", "1.5", "abc", "1\x00",
                "9223372036854775808", "-9223372036854775809", "99999999999999999999999", "\n1", "１"]
FLOATS = ["0", "-0", "0.1", "3.0", "1e3", "5.0e3", "-2.5", "1e-10", "0.30000000000000004", "1e17", "1e19",
          "3.14159265358979323846264338327950288", "123456789012345678901234567890", ".5", "5.", "0x1p3",
          "4.9e-324", "1.7976931348623157e308", "-1e308", "1e4931", "17179869184.25"]
NOT_FLOATS = ["nan", "NaN", "-nan", "inf", "+inf", "-Infinity", "infinity", "1e5000", "", " 1.5", "1.5 ", "1,5",
              "1.5x", "1e", "--1", "1.5\x00", "0x"]
# Replaces an argument at random: see the second rule above.
WEIRD = ["", "0", "-1", "-9223372036854775808", "9223372036854775807", "9223372036854775808", "4294967296",
         "-4294967297", "99999999999999999999", "abc", "nan", "inf", "1.5", "#", "*", "u8", "\x00", "\r\n", "NX",
         "GET", "EX", "BYTE", "BIT", "LEN", "KEEPTTL", "REPLACE", "DB", "'", "\"", "ä", "x" * 130]


@dataclass
class Case:
    """One command, and how its replies compare."""
    arguments: list
    compare: Callable = compare.exact
    mutable: bool = True      # may lose, gain or change arguments
    wire: bytes = None        # the bytes to send instead of the encoded arguments
    keys: list = field(default_factory=list)

    def __post_init__(self):
        self.arguments = [to_bytes(argument) for argument in self.arguments]


def to_bytes(value):
    return value if isinstance(value, bytes) else str(value).encode()


class Group:
    """Generators of one group of commands: functions of the world that return a list of arguments, a Case,
    or a list of Cases that belong together."""

    def __init__(self):
        self.functions = []
        self.weights = []

    def command(self, weight=1):
        def register(function):
            self.functions.append(function)
            self.weights.append(weight)
            return function
        return register

    def draw(self, world):
        made = world.random.choices(self.functions, self.weights)[0](world)
        if isinstance(made, Case):
            return [made]
        if made and isinstance(made[0], Case):
            return made
        return [Case(made)]


class World:
    """Draws. `big_bytes` is the size of the largest ordinary value; `extra_keys` cold keys widen the space."""

    def __init__(self, seed, big_bytes=2000, extra_keys=0):
        self.random = random.Random(seed)
        self.big_bytes = big_bytes
        self.hot = [b"a", b"b", b"counter", b"{t}1", b"{t}2"]
        self.common = ([b"k%d" % i for i in range(12)] + [b"{tag}%d" % i for i in range(4)] +
                       [b"user:{1000}:name", b"h[e]llo", b"h?llo*", b"hello", b"foo{}bar", b"{}", b"foo{{bar}}z",
                        b"", b"\x00", b"\xff\xfe\r\n", b"with space", b"quo\"te'", b"\\back", b"x" * 300,
                        b"y" * 1100, "ключ".encode()])
        # Where values of one kind are more often than elsewhere. All commands meet them.
        self.hashes = [b"hash:1", b"hash:2", b"{t}hash"]
        self.sets = [b"set:1", b"set:2", b"set:3", b"{t}set:4", b"{t}set:5"]
        self.lists = [b"list:1", b"list:2", b"{t}list:3"]
        self.zsets = [b"zset:1", b"zset:2", b"{t}zset:3", b"{t}zset:4"]
        # Not these: what damages one by a bit makes Redis keep what it did before it came to the damage.
        self.hyperloglogs = [b"hll:1", b"hll:2", b"{t}hll:3", b"{t}hll:4"]
        self.geo_keys = [b"geo:1", b"geo:2", b"{t}geo:3", b"{t}geo:4"]
        self.common += self.hashes + self.sets + self.lists + self.zsets + self.geo_keys
        self.cold = [b"cold:%05d" % i for i in range(extra_keys)]
        self.all_keys = set(self.hot + self.common + self.hyperloglogs + self.cold)

    # -- choices
    def chance(self, probability):
        return self.random.random() < probability

    def choice(self, items):
        return self.random.choice(items)

    def between(self, low, high):
        return self.random.randint(low, high)

    def maybe(self, probability, *items):
        return list(items) if self.chance(probability) else []

    # -- keys
    def key(self):
        pick = self.random.random()
        if pick < 0.45:
            return self.choice(self.hot)
        if self.cold and pick > 0.7:
            return self.choice(self.cold)
        return self.choice(self.common)

    def keys(self, most=5):
        """One to `most` keys, often the same one twice."""
        keys = [self.key() for _ in range(self.between(1, most))]
        if self.chance(0.2):
            keys.append(self.choice(keys))
        return keys

    # -- values
    def value(self):
        pick = self.random.random()
        if pick < 0.25:
            return self.choice(INTEGERS).encode()
        if pick < 0.35:
            return self.choice(NOT_INTEGERS + FLOATS + NOT_FLOATS).encode()
        if pick < 0.45:
            return self.text(self.choice([0, 1, 43, 44, 45, 46, 63, 64, 65]))
        if pick < 0.9:
            return self.random.randbytes(self.between(0, 40))
        return self.random.randbytes(self.between(0, self.big_bytes))

    def text(self, length, alphabet="abcdefgh"):
        return "".join(self.random.choices(alphabet, k=length)).encode()

    # -- numbers, as text
    def integer(self, wrong=0.15):
        if self.chance(wrong):
            return self.choice(NOT_INTEGERS)
        return self.choice(INTEGERS) if self.chance(0.5) else str(self.between(-1000, 1000))

    def real(self, wrong=0.15):
        if self.chance(wrong):
            return self.choice(NOT_FLOATS)
        if self.chance(0.6):
            return self.choice(FLOATS + INTEGERS)
        return repr(self.random.uniform(-1e6, 1e6))

    def index(self, wrong=0.08):
        """A position in a string: near its ends, far beyond, negative."""
        if self.chance(wrong):
            return self.choice(NOT_INTEGERS)
        if self.chance(0.1):
            return self.choice(INTEGERS)
        return str(self.between(-60, 60))

    def database(self, wrong=0.1):
        if self.chance(wrong):
            return self.choice(["16", "-1", "abc", "", "99999999999", "1.0", "2147483648", "4294967296"])
        return str(self.between(0, DATABASES - 1) if self.chance(0.4) else self.between(0, 2))

    # -- times: distinct and far away, or wrong
    def wrong_time(self):
        return self.choice(["0", "-1", "-1000", "-9223372036854775808", "9223372036854775807",
                            "9223372036854775", "9223372036854776", "9223372036854775808", "abc", "", "1.5",
                            "-9223372036854776", " 5000"])

    def relative_seconds(self, wrong=0.12):
        if self.chance(wrong):
            return self.wrong_time()
        if self.chance(0.02):
            return "9223370000000000"
        return str(self.between(2000, 10**8))

    def relative_ms(self, wrong=0.12):
        if self.chance(wrong):
            return self.wrong_time()
        if self.chance(0.02):
            return "9223370000000000000"
        return str(self.between(2 * 10**6, 10**11))

    def absolute_seconds(self, past=0.1, wrong=0.1):
        """Often the same few, so that GT and LT meet equal times."""
        if self.chance(wrong):
            return self.choice(["9223372036854775807", "9223372036854776", "abc", "", "1.5", "-9223372036854776"])
        if self.chance(past):
            return self.choice(["1", "0", "-5", "1000000000", "-9223372036854775"])
        if self.chance(0.3):
            return str(int(time.time()) + self.between(5000, 10**8))
        return str(4102444800 + 1000 * self.between(0, 3))

    def absolute_ms(self, past=0.1, wrong=0.1):
        if self.chance(wrong):
            return self.choice(["9223372036854775808", "abc", "", "1.5", "-9223372036854775809"])
        if self.chance(past):
            return self.choice(["1", "0", "-5", "1000000000000", "-9223372036854775808"])
        if self.chance(0.3):
            return str(int(time.time() * 1000) + self.between(5 * 10**6, 10**11))
        return str(4102444800000 + 1000000 * self.between(0, 3))

    # -- words
    def mixed_case(self, word):
        """The word as it is, in lower case, or in mixed case. Only ASCII letters have a case."""
        word = to_bytes(word)
        pick = self.random.random()
        if pick < 0.7:
            return word
        if pick < 0.85:
            return word.lower()
        return b"".join(self.choice([word[at:at + 1].lower(), word[at:at + 1].upper()]) for at in range(len(word)))

    def shuffled(self, parts):
        """Flattens option lists in random order."""
        parts = [part for part in parts if part]
        self.random.shuffle(parts)
        return [word for part in parts for word in part]

    # -- commands
    def database_size(self):
        """DBSIZE counts keys that have expired until somebody meets them, so all are met first."""
        return [Case(["EXISTS", *sorted(self.all_keys)], mutable=False), Case(["DBSIZE"])]

    def draw(self, groups, weights):
        """Cases of one random generator, perhaps spoilt or sent inline."""
        cases = self.random.choices(groups, weights)[0].draw(self)
        for case in cases:
            self._vary(case)
        return cases

    def _vary(self, case):
        if case.wire is not None:
            return
        case.arguments[0] = self.mixed_case(case.arguments[0])
        if case.mutable and self.chance(0.06):
            self._spoil(case.arguments)
        if self.chance(0.03) and sum(map(len, case.arguments)) < 1000:
            case.wire = inline(case.arguments, self)

    def _spoil(self, arguments):
        way = self.between(0, 5)
        if way == 0 and len(arguments) > 1:
            arguments.pop()
        elif way == 1:
            arguments.append(self.choice(WEIRD).encode())
        elif way == 2:
            del arguments[1:]
        elif way == 3 and len(arguments) > 2:
            arguments.insert(self.between(1, len(arguments) - 1), self.choice(WEIRD).encode())
        elif len(arguments) > 1:
            arguments[self.between(1, len(arguments) - 1)] = self.choice(WEIRD).encode()


def inline(arguments, world):
    """The command as an inline command: words in quotes where they need it."""
    words = []
    for argument in arguments:
        if argument and argument.isalnum() and argument.isascii() and world.chance(0.8):
            words.append(argument)
        elif _plain(argument) and world.chance(0.5):
            words.append(b"'" + argument + b"'")
        else:
            words.append(b'"' + b"".join(_escape(byte) for byte in argument) + b'"')
    return b" ".join(words) + world.choice([b"\r\n", b"\n"])


def _plain(argument):
    """Whether single quotes suffice."""
    return argument.isascii() and argument.decode().isprintable() and not set(argument) & set(b"'\\")


def _escape(byte):
    names = {0x0a: b"\\n", 0x0d: b"\\r", 0x09: b"\\t", 0x07: b"\\a", 0x08: b"\\b", 0x22: b'\\"', 0x5c: b"\\\\"}
    if byte in names:
        return names[byte]
    return bytes([byte]) if 32 <= byte < 127 else b"\\x%02x" % byte
