# SPDX-License-Identifier: Apache-2.0
"""Commands on keys of any type: existence, names, databases, expiry, OBJECT, KEYS and single SCAN steps."""

from . import compare, elements, payloads
from .world import Case, Group

KEYS = Group()


@KEYS.command(weight=8)
def many_keys(world):
    return [world.choice(["DEL", "UNLINK", "EXISTS", "TOUCH"]), *world.keys(6)]


@KEYS.command(weight=2)
def type_(world):
    return ["TYPE", world.key()]


@KEYS.command(weight=4)
def rename(world):
    source = world.key()
    return [world.choice(["RENAME", "RENAMENX"]), source, source if world.chance(0.15) else world.key()]


@KEYS.command(weight=4)
def copy(world):
    source = world.key()
    target = source if world.chance(0.25) else world.key()
    options = [world.maybe(0.4, world.mixed_case("DB"), world.database()),
               world.maybe(0.5, world.mixed_case("REPLACE")), world.maybe(0.03, world.choice(["DB", "FOO", "NX"]))]
    return ["COPY", source, target, *world.shuffled(options)]


@KEYS.command(weight=2)
def move(world):
    return ["MOVE", world.key(), world.database()]


@KEYS.command(weight=2)
def dump(world):
    """What is in it is shown by ../dump.py: 7.0 writes another version."""
    return Case(["DUMP", world.key()], compare.same_type)


def _payload(world):
    count = world.between(130, 200) if world.chance(0.05) else world.between(1, 12)
    texts = list(dict.fromkeys(world.value() for _ in range(count)))
    made = world.choice(payloads.every_form([text for text in texts if text] or [b"text"]))
    if world.chance(0.9):
        return made
    return world.choice([made[:-1], made + b"x", b"", payloads.with_version(made, 13), payloads.payload(payloads.STRING, b"\x3fx"),
                         payloads.payload(payloads.SET, b"\0"), payloads.payload(99, b"\1a")])


@KEYS.command(weight=4)
def restore(world):
    """Not with a time to live that overflows: Redis takes that for one that has passed."""
    absolute = world.chance(0.3)
    time = world.absolute_ms() if absolute else world.choice(["0", "0", "0", world.relative_ms(wrong=0), "-1", "abc", "1.5"])
    options = [world.maybe(0.7, world.mixed_case("REPLACE")), ["ABSTTL"] if absolute else [],
               world.maybe(0.1, world.mixed_case("IDLETIME"), world.choice(["0", "100", "-1", "x"])),
               world.maybe(0.1, world.mixed_case("FREQ"), world.choice(["0", "255", "256", "-1", "x"])),
               world.maybe(0.03, world.choice(["FREQ", "IDLETIME", "NX"]))]
    return Case(["RESTORE", world.key(), time, _payload(world), *world.shuffled(options)], mutable=False)


@KEYS.command(weight=6)
def expire(world):
    name = world.choice(["EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT"])
    time = {"EXPIRE": world.relative_seconds, "PEXPIRE": world.relative_ms,
            "EXPIREAT": world.absolute_seconds, "PEXPIREAT": world.absolute_ms}[name]()
    options = [world.maybe(0.5, world.mixed_case(world.choice(["NX", "XX", "GT", "LT"]))),
               world.maybe(0.1, world.choice(["NX", "XX", "GT", "LT", "xx", "FOO", ""]))]
    return [name, world.key(), time, *world.shuffled(options)]


@KEYS.command(weight=3)
def ttl(world):
    return Case(["TTL", world.key()], compare.near_seconds)


@KEYS.command(weight=3)
def pttl(world):
    return Case(["PTTL", world.key()], compare.near_ms)


@KEYS.command(weight=2)
def expiretime(world):
    return Case(["EXPIRETIME", world.key()], compare.near_seconds)


@KEYS.command(weight=2)
def pexpiretime(world):
    return Case(["PEXPIRETIME", world.key()], compare.near_ms)


@KEYS.command(weight=3)
def persist(world):
    return ["PERSIST", world.key()]


@KEYS.command(weight=2)
def encoding(world):
    return elements.encoding(world, world.key())


@KEYS.command(weight=2)
def object_(world):
    name = world.choice(["REFCOUNT", "IDLETIME", "FREQ", "FOO", ""])
    return Case(["OBJECT", world.mixed_case(name), world.key()], compare.same_type)


PATTERNS = ["*", "", "a", "k*", "k?", "k[0-4]", "k[^0-4]", "k[9-1]", "h?llo", "h\\?llo\\*", "h[e]llo", "h\\[e\\]*", "{*",
            "*}*", "?", "??", "*\xff*", "[a-z]*", "[^a-z]*", "[abc", "[", "\\", "**", "*o*o*", "{t}[12]", "k1*",
            "user:{1000}:*", "cold:000[0-3]*", "[]", "[^]", "[a-]", "k[1-", "*\\", "[\\a]", "??*??", "nothing"]


@KEYS.command(weight=2)
def keys(world):
    return Case(["KEYS", world.choice(PATTERNS).encode("latin-1")], compare.unordered)


@KEYS.command(weight=2)
def dbsize(world):
    return world.database_size()


@KEYS.command(weight=2)
def scan_step(world):
    cursor = "0" if world.chance(0.7) else world.choice(["abc", "", "1.5", " 0", "0 ", "18446744073709551616", "12"])
    types = ["string", "hash", "set", "list", "zset", "STRING", "Hash", "foo", ""]
    options = [world.maybe(0.4, world.mixed_case("COUNT"), world.choice(["1", "10", "1000", "0", "-1", "abc", ""])),
               world.maybe(0.4, world.mixed_case("MATCH"), world.choice(PATTERNS).encode("latin-1")),
               world.maybe(0.3, world.mixed_case("TYPE"), world.choice(types)),
               world.maybe(0.05, world.choice(["COUNT", "MATCH", "TYPE", "FOO"]))]
    return Case(["SCAN", cursor, *world.shuffled(options)], compare.scan_shape)


@KEYS.command(weight=1)
def randomkey(_):
    return Case(["RANDOMKEY"], compare.same_type)
