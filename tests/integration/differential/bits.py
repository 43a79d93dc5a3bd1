# SPDX-License-Identifier: Apache-2.0
"""The bit commands: SETBIT GETBIT BITCOUNT BITPOS BITOP BITFIELD BITFIELD_RO."""

from .world import Group

BITS = Group()

# Beyond the largest string, so that nobody allocates half a gigabyte.
WRONG_OFFSETS = ["-1", "4294967296", "9223372036854775807", "9223372036854775808", "abc", "", "1.5", "-0", "01"]


def _offset(world):
    if world.chance(0.1):
        return world.choice(WRONG_OFFSETS)
    if world.chance(0.01):  # a value of up to 125 KB, longer than the smallest segments
        return str(world.between(0, 1_000_000))
    return str(world.between(0, 600))


@BITS.command(weight=4)
def setbit(world):
    bit = world.choice(["0", "1"]) if world.chance(0.9) else world.choice(["2", "-1", "abc", "", "01", "1.0"])
    return ["SETBIT", world.key(), _offset(world), bit]


@BITS.command(weight=3)
def getbit(world):
    return ["GETBIT", world.key(), _offset(world)]


def _unit(world):
    return world.mixed_case(world.choice(["BYTE", "BIT"])) if world.chance(0.93) else world.choice(["FOO", ""])


@BITS.command(weight=4)
def bitcount(world):
    count = world.choice([0, 2, 2, 3, 3, 1])
    span = [world.index(), world.index()][:count] + ([_unit(world)] if count == 3 else [])
    return ["BITCOUNT", world.key(), *span]


@BITS.command(weight=4)
def bitpos(world):
    bit = world.choice(["0", "1"]) if world.chance(0.93) else world.choice(["2", "-1", "abc", ""])
    count = world.between(0, 3)
    span = [world.index(), world.index()][:count] + ([_unit(world)] if count == 3 else [])
    return ["BITPOS", world.key(), bit, *span]


@BITS.command(weight=4)
def bitop(world):
    operation = world.choice(["AND", "OR", "XOR", "NOT"]) if world.chance(0.95) else world.choice(["NAND", ""])
    sources = [world.key()] if operation == "NOT" and world.chance(0.8) else world.keys(4)
    target = world.choice(sources) if world.chance(0.3) else world.key()
    return ["BITOP", world.mixed_case(operation), target, *sources]


def _field_type(world):
    if world.chance(0.06):
        return world.choice(["u64", "i65", "u0", "i0", "x8", "8", "", "u", "i-1", "u8x", "U8", "i064"])
    if world.chance(0.5):
        return world.choice(["u1", "u2", "u7", "u8", "u16", "u32", "u63", "i1", "i2", "i8", "i16", "i32", "i64"])
    return f"i{world.between(1, 64)}" if world.chance(0.5) else f"u{world.between(1, 63)}"


def _field_offset(world):
    if world.chance(0.06):
        return world.choice(WRONG_OFFSETS + ["#", "#-1", "#abc", "#4294967296", "#9223372036854775807"])
    return f"#{world.between(0, 12)}" if world.chance(0.4) else str(world.between(0, 300))


def _field_value(world):
    if world.chance(0.5):
        return world.integer(wrong=0.08)
    sign = world.choice([1, -1])
    return str(max(-2**63, min(2**63 - 1, sign * 2**world.between(0, 63) + world.between(-1, 1))))


def _field_get(world):
    return ["GET", _field_type(world), _field_offset(world)]


def _field_operation(world):
    name = world.choice(["GET", "SET", "INCRBY", "INCRBY", "OVERFLOW"])
    if world.chance(0.02):
        return [world.choice(["FOO", "GET", ""])]
    if name == "OVERFLOW":
        mode = world.choice(["WRAP", "SAT", "FAIL"]) if world.chance(0.95) else world.choice(["FOO", ""])
        return [world.mixed_case(name), world.mixed_case(mode)]
    value = [] if name == "GET" else [_field_value(world)]
    return [world.mixed_case(name), _field_type(world), _field_offset(world), *value]


@BITS.command(weight=8)
def bitfield(world):
    operations = [_field_operation(world) for _ in range(world.between(0, 5))]
    return ["BITFIELD", world.key(), *[word for operation in operations for word in operation]]


@BITS.command(weight=2)
def bitfield_ro(world):
    operations = [_field_get(world) if world.chance(0.95) else _field_operation(world)
                  for _ in range(world.between(0, 4))]
    return ["BITFIELD_RO", world.key(), *[word for operation in operations for word in operation]]
