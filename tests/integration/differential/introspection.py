# SPDX-License-Identifier: Apache-2.0
"""COMMAND and its subcommands. The entries of all commands that Stave has are compared once in a run;
GETKEYS, LIST and INFO with random arguments are a group like others."""

from . import compare
from .bits import BITS
from .geo import GEO
from .hashes import HASHES
from .hyperloglogs import HYPERLOGLOGS
from .keys import KEYS
from .lists import LISTS
from .pair import Difference
from .sets import SETS
from .strings import STRINGS
from .world import Case, Group
from .zsets import ZSETS

INTROSPECTION = Group()

NAMES = """PING ECHO AUTH HELLO SELECT QUIT RESET CLIENT INFO COMMAND CONFIG DBSIZE FLUSHALL FLUSHDB SWAPDB TIME
SHUTDOWN MEMORY SLOWLOG DEBUG OBJECT DEL UNLINK EXISTS TYPE TOUCH RENAME RENAMENX COPY MOVE KEYS SCAN RANDOMKEY
DUMP RESTORE SORT SORT_RO EXPIRE PEXPIRE EXPIREAT PEXPIREAT EXPIRETIME PEXPIRETIME TTL PTTL PERSIST SET GET GETSET GETDEL GETEX MGET MSET
MSETNX SETNX SETEX PSETEX APPEND STRLEN GETRANGE SUBSTR SETRANGE INCR DECR INCRBY DECRBY INCRBYFLOAT LCS SETBIT
GETBIT BITCOUNT BITPOS BITOP BITFIELD BITFIELD_RO HSET HSETNX HMSET HGET HMGET HGETALL HDEL HEXISTS HLEN HKEYS HVALS
HINCRBY HINCRBYFLOAT HSTRLEN HRANDFIELD HSCAN SADD SREM SMEMBERS SISMEMBER SMISMEMBER SCARD SPOP SRANDMEMBER SMOVE SSCAN
SINTER SINTERCARD SINTERSTORE SUNION SUNIONSTORE SDIFF SDIFFSTORE
ZADD ZINCRBY ZREM ZSCORE ZMSCORE ZCARD ZCOUNT ZLEXCOUNT ZRANK ZREVRANK ZRANGE ZREVRANGE ZRANGEBYSCORE ZREVRANGEBYSCORE
ZRANGEBYLEX ZREVRANGEBYLEX ZRANGESTORE ZPOPMIN ZPOPMAX ZMPOP ZRANDMEMBER ZSCAN ZUNION ZINTER ZDIFF ZINTERCARD
ZUNIONSTORE ZINTERSTORE ZDIFFSTORE ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREMRANGEBYLEX
LPUSH RPUSH LPUSHX RPUSHX LPOP RPOP LLEN LRANGE LINDEX LSET LINSERT LREM LTRIM LPOS LMOVE RPOPLPUSH
LMPOP BLPOP BRPOP BLMOVE BRPOPLPUSH BLMPOP BZPOPMIN BZPOPMAX BZMPOP
MULTI EXEC DISCARD WATCH UNWATCH
PFADD PFCOUNT PFMERGE GEOADD GEODIST GEOHASH GEOPOS GEORADIUS GEORADIUS_RO GEORADIUSBYMEMBER GEORADIUSBYMEMBER_RO
GEOSEARCH GEOSEARCHSTORE""".lower().split()

SUBCOMMANDS = {
    "client": "id getname setname list info kill reply pause unpause no-evict unblock".split(),
    "command": "count info docs list getkeys getkeysandflags".split(),
    "config": "get set resetstat rewrite".split(),
    "memory": ["usage"],
    "slowlog": "get len reset".split(),
    "object": "encoding freq idletime refcount".split(),
}
NEW_IN_7_2 = ["client|setinfo", "client|no-touch"]

# (command, field) whose value in 7.2 differs from 7.0.15, with the reason.
KNOWN_ENTRIES = {
    ("command|getkeys", "arity"): "7.2 takes a command without arguments, and then says that it has no keys",
    ("command|getkeysandflags", "arity"): "likewise",
    ("zrank", "arity"): "7.2 has WITHSCORE",
    ("zrevrank", "arity"): "likewise",
    **{(name, "flags"): "7.2 lets scripts call it, without waiting"
       for name in "blpop brpop blmove brpoplpush bzpopmin bzpopmax".split()},
}

FIELDS = ["name", "arity", "flags", "first key", "last key", "step", "ACL categories"]


def scenario(pair):
    """The entry of every command and subcommand."""
    problems = []
    for name in NAMES:
        problems += _compare_entries(name, *[client.execute("COMMAND", "INFO", name) for client in pair.clients])
    problems += _compare_docs(pair) + _missing_from_list(pair)
    if problems:
        raise Difference("DIFFERENCE in COMMAND, RESP%d:\n  %s" % (pair.protocol, "\n  ".join(problems)))


def _compare_entries(name, expected, actual):
    if actual.type != "*" or len(actual.value) != 1 or actual.value[0].type != "*" or not actual.value[0].value:
        return [f"COMMAND INFO {name}: {actual}"]
    return _compare_entry(name, expected.value[0], actual.value[0])


def _compare_entry(name, expected, actual):
    problems = []
    if len(actual.value) != len(expected.value):
        return [f"{name}: {len(actual.value)} fields, expected {len(expected.value)}"]
    for field, right, found in zip(FIELDS, expected.value, actual.value):
        if (name, field) in KNOWN_ENTRIES or _normal(right) == _normal(found):
            continue
        problems.append(f"{name}: {field}: expected {_short(right)}, got {_short(found)}")
    return problems + _compare_subcommands(name, expected.value[9], actual.value[9])


def _compare_subcommands(parent, expected, actual):
    wanted = [f"{parent}|{child}" for child in SUBCOMMANDS.get(parent, [])]
    right = {entry.value[0].value.decode(): entry for entry in expected.value}
    found = {entry.value[0].value.decode(): entry for entry in actual.value}
    missing = [name for name in wanted + [new for new in NEW_IN_7_2 if new.startswith(parent + "|")]
               if name not in found]
    problems = [f"{name}: missing among the subcommands" for name in missing]
    for name in wanted:
        if name in found:
            problems += _compare_entry(name, right[name], found[name])
    return problems


def _normal(reply):
    """Flags and categories are sets, whatever their order; their type counts."""
    if isinstance(reply.value, list):
        return reply.type, sorted(map(repr, reply.value))
    return reply


def _short(reply):
    if isinstance(reply.value, list):
        return reply.type + " ".join(sorted(item.type + item.value.decode() for item in reply.value))
    return f"{reply.type}{reply.value}"


def _compare_docs(pair):
    """COMMAND DOCS: group and since are facts; the texts are each project's own."""
    problems = []
    for name in NAMES:
        docs = [client.call("COMMAND", "DOCS", name) for client in pair.clients]
        right, found = [_docs(reply, name) for reply in docs]
        if not found:
            problems.append(f"COMMAND DOCS {name}: {docs[1]}")
            continue
        for field in (b"since", b"group"):
            if found.get(field) != right.get(field):
                problems.append(f"COMMAND DOCS {name}: {field.decode()}: expected {right.get(field)}, "
                                f"got {found.get(field)}")
        if not found.get(b"summary"):
            problems.append(f"COMMAND DOCS {name}: no summary")
    return problems


def _docs(reply, name):
    reply = _as_map(reply)
    return _as_map(reply.get(name.encode(), {}))


def _as_map(reply):
    return dict(zip(reply[::2], reply[1::2])) if isinstance(reply, list) else reply


def _missing_from_list(pair):
    listed = set(pair.clients[1].call("COMMAND", "LIST"))
    count = pair.clients[1].call("COMMAND", "COUNT")
    bare = pair.clients[1].call("COMMAND")
    missing = [name for name in NAMES if name.encode() not in listed]
    problems = [f"COMMAND LIST lacks {missing}"] if missing else []
    if len(bare) != count:
        problems.append(f"COMMAND gives {len(bare)} entries, COMMAND COUNT {count}")
    return problems


# ---------------------------------------------------------------------------------------------------------
# Random arguments

@INTROSPECTION.command(weight=8)
def getkeys(world):
    """The keys of any random command, right or wrong."""
    command = world.choice([STRINGS, KEYS, BITS, HASHES, LISTS, SETS, ZSETS, HYPERLOGLOGS, GEO]).draw(world)[0].arguments
    name = world.choice(["GETKEYS", "GETKEYSANDFLAGS"])
    return Case(["COMMAND", world.mixed_case(name), *command], _keys_and_flags, mutable=False)


def _keys_and_flags(expected, actual, _):
    """Keys in order; the flags of each key are a set."""
    if expected.is_error() or expected.type != actual.type:
        return expected == actual
    return [_key_and_flags(item) for item in expected.value] == [_key_and_flags(item) for item in actual.value]


def _key_and_flags(item):
    return item if item.type == "$" else (item.value[0], _normal(item.value[1]))


@INTROSPECTION.command(weight=1)
def getkeys_wrong(world):
    words = world.choice([[], ["FOO"], ["PING"], ["FOO", "a"], ["GET"], ["OBJECT"], ["OBJECT", "FOO", "a"],
                          ["MEMORY", "USAGE", "a"], ["COMMAND", "GETKEYS", "GET", "a"], ["CONFIG", "GET", "a"],
                          ["MSET", "a"], ["mset", "a", "1", "b"], ["OBJECT", "ENCODING", "a"]])
    return Case(["COMMAND", world.choice(["GETKEYS", "GETKEYSANDFLAGS"]), *words], _keys_and_flags, mutable=False)


@INTROSPECTION.command(weight=1)
def info_unknown(world):
    words = world.choice([["FOO"], ["FOO", "bar"], ["get|x"], ["object|foo"]])
    return Case(["COMMAND", "INFO", *words], mutable=False)


def _ours(expected, actual, _):
    """Of the names listed, those of commands that Stave has."""
    if expected.is_error() or expected.type != actual.type:
        return expected == actual
    ours = {name.encode() for name in NAMES}
    return {item.value for item in expected.value} & ours == {item.value for item in actual.value} & ours


@INTROSPECTION.command(weight=2)
def list_(world):
    words = world.choice([[], ["FILTERBY", "PATTERN", "get*"], ["FILTERBY", "PATTERN", "*"], ["FILTERBY", "ACLCAT", "read"],
                          ["filterby", "aclcat", "STRING"], ["FILTERBY", "ACLCAT", "hash"], ["FILTERBY", "ACLCAT", "set"],
                          ["FILTERBY", "ACLCAT", "bitmap"], ["FILTERBY", "ACLCAT", "list"],
                          ["FILTERBY", "ACLCAT", "sortedset"], ["FILTERBY", "ACLCAT", "geo"],
                          ["FILTERBY", "ACLCAT", "hyperloglog"], ["FILTERBY", "ACLCAT", "nope"],
                          ["FILTERBY", "MODULE", "m"], ["FILTERBY", "FOO", "x"], ["FILTERBY", "PATTERN"], ["FOO"],
                          ["FILTERBY", "ACLCAT", "dangerous"], ["FILTERBY", "ACLCAT", "fast"], ["FILTERBY"],
                          ["FILTERBY", "ACLCAT", "keyspace"], ["FILTERBY", "PATTERN", "[gs]et", "x"]])
    return Case(["COMMAND", "LIST", *words], _ours, mutable=False)


@INTROSPECTION.command(weight=1)
def count(world):
    return Case(["COMMAND", "COUNT", *world.maybe(0.2, "x")], compare.same_type)
