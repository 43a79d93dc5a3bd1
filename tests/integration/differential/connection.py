# SPDX-License-Identifier: Apache-2.0
"""Commands on the connection itself: PING ECHO AUTH HELLO SELECT RESET CLIENT. A scenario on connections of its
own, because they change name, protocol and database.
"""

import re

from stave_testing import Reply

from . import compare
from .world import Case, Group

CONNECTION = Group()

OK = Reply("+", b"OK")


def scenario(pair):
    world = pair.world
    pair.open(pair.protocol)
    cases = []
    for _ in range(world.between(10, 40)):
        cases += world.draw([CONNECTION], [1])
    # A command at a time: the reply to HELLO changes how the next ones are to be read.
    for case in cases:
        pair.run([case])
    pair.open(pair.protocol)


@CONNECTION.command(weight=2)
def ping(world):
    return ["PING", *world.maybe(0.6, world.value()), *world.maybe(0.1, "x")]


@CONNECTION.command(weight=1)
def echo(world):
    return ["ECHO", world.value()]


@CONNECTION.command(weight=2)
def auth(world):
    words = world.choice([["x"], [""], ["default", "x"], ["default", ""], ["nobody", "x"], ["a", "b", "c"], []])
    return Case(["AUTH", *words], mutable=False)


def _hello_reply(expected, actual, _):
    """The same fields in order; id and version are each server's own."""
    if expected.is_error() or actual.is_error() or expected.type != actual.type:
        return expected == actual
    return _without_own(expected) == _without_own(actual)


def _without_own(reply):
    flat = reply.value if reply.type == "*" else [item for pair in reply.value for item in pair]
    fields = list(zip(flat[::2], flat[1::2]))
    return [(name, value.type if name.value in (b"id", b"version") else value) for name, value in fields]


@CONNECTION.command(weight=4)
def hello(world):
    version = world.choice([[], ["2"], ["3"], ["3"], ["1"], ["4"], ["abc"], [""], ["-1"], ["99999999999999999999"]])
    # One option at a time: 7.0 acts on each before it looks at the next, 7.2 parses all of them first.
    options = world.choice([[], [world.mixed_case("SETNAME"), world.choice(["me", "", "a b", "x\n", "ok-1"])],
                            [world.mixed_case("AUTH"), world.choice(["default", "nobody"]), "x"],
                            [world.choice(["AUTH", "SETNAME", "FOO"])]])
    return Case(["HELLO", *version, *(options if version else [])], _hello_reply, mutable=False)


@CONNECTION.command(weight=2)
def reset(world):
    # The reply to RESET may be followed by any: it goes back to RESP2 and database 0.
    return [Case(["SELECT", world.between(0, 3)]), Case(["CLIENT", "SETNAME", "before"]),
            Case(["RESET", *world.maybe(0.05, "x")], mutable=False), Case(["CLIENT", "GETNAME"]), *world.database_size(),
            Case(["HELLO", "2"], _hello_reply, mutable=False)]


@CONNECTION.command(weight=2)
def select(world):
    return [Case(["SELECT", world.database()]), *world.database_size(), Case(["SELECT", "0"], mutable=False)]


@CONNECTION.command(weight=1)
def client_id(_):
    return Case(["CLIENT", "ID"], compare.same_type)


@CONNECTION.command(weight=3)
def client_name(world):
    name = world.choice(["me", "", "a b", "x\n", "\x00", "~!#", "ä", "n" * 200])
    return [Case(["CLIENT", world.mixed_case("SETNAME"), name]), Case(["CLIENT", "GETNAME"])]


# What 7.2 added to the fields of CLIENT LIST and CLIENT INFO.
NEW_FIELDS = {b"lib-name", b"lib-ver"}


def _client_lines(expected, actual, _):
    """The same fields in the same order, without the values; lib-name and lib-ver are new in 7.2."""
    if expected.is_error() or actual.is_error() or expected.type != actual.type:
        return expected == actual
    return _fields(expected) == [name for name in _fields(actual) if name not in NEW_FIELDS]


def _fields(reply):
    text = reply.value[4:] if reply.type == "=" else reply.value
    line = text.split(b"\n", 1)[0]
    return re.findall(rb"(?:^| )([a-z-]+)=", line)


@CONNECTION.command(weight=3)
def client_list(world):
    words = world.choice([["INFO"], ["LIST"], ["LIST", "TYPE", "normal"], ["LIST", "TYPE", "foo"], ["LIST", "TYPE"],
                          ["LIST", "ID"], ["LIST", "ID", "abc"], ["LIST", "ID", "0"], ["LIST", "ID", "999999"],
                          ["LIST", "FOO"], ["INFO", "x"], ["LIST", "TYPE", "pubsub"], ["LIST", "TYPE", "replica"],
                          ["LIST", "ID", "-1"], ["LIST", "TYPE", "normal", "x"], ["LIST", "TYPE", "master"]])
    return Case(["CLIENT", world.mixed_case(words[0]), *words[1:]], _client_lines, mutable=False)


@CONNECTION.command(weight=3)
def client_kill(world):
    words = world.choice([["1.2.3.4:5"], ["ID", "999999"], ["ID", "abc"], ["ID", "0"], ["ID", "-1"], ["ID"], [],
                          ["TYPE", "foo"], ["ADDR", "1.2.3.4:5"], ["LADDR", "1.2.3.4:5"], ["SKIPME", "maybe"],
                          ["ID", "999999", "SKIPME", "no"], ["USER", "nobody"], ["FOO", "x"], ["TYPE", "pubsub"],
                          ["USER", "default", "ID", "999999"], ["ADDR", "1.2.3.4:5", "SKIPME", "yes"], ["a", "b", "c"]])
    return Case(["CLIENT", world.mixed_case("KILL"), *words], mutable=False)


@CONNECTION.command(weight=2)
def client_pause(world):
    words = world.choice([["1"], ["3", "WRITE"], ["2", "ALL"], ["0"], ["abc"], ["-1"], ["1", "FOO"], [],
                          ["1", "ALL", "x"], ["5", "write"], [""], ["1.5"], ["9223372036854775808"]])
    return [Case(["CLIENT", "PAUSE", *words], mutable=False), Case(["GET", "a"], mutable=False),
            Case(["CLIENT", "UNPAUSE"], mutable=False)]


@CONNECTION.command(weight=2)
def client_switches(world):
    words = world.choice([["NO-EVICT", "on"], ["NO-EVICT", "OFF"], ["NO-EVICT", "foo"], ["NO-EVICT"], ["REPLY", "ON"],
                          ["REPLY", "foo"], ["REPLY"], ["NO-EVICT", "on", "x"], ["UNBLOCK", "999999"],
                          ["UNBLOCK", "abc"], ["UNBLOCK", "999999", "TIMEOUT"], ["UNBLOCK", "999999", "ERROR"],
                          ["UNBLOCK", "999999", "FOO"], ["UNBLOCK"], ["UNBLOCK", "1", "ERROR", "x"], ["UNBLOCK", "-1"]])
    return Case(["CLIENT", *words], mutable=False)


def _error(text):
    return Reply("-", text.encode())


# redis-server 7.0 does not have these; what 7.2 answers.
SINCE_7_2 = [
    (["NO-TOUCH", "on"], OK), (["NO-TOUCH", "OFF"], OK),
    (["NO-TOUCH", "foo"], _error("ERR syntax error")),
    (["NO-TOUCH"], _error("ERR wrong number of arguments for 'client|no-touch' command")),
    (["SETINFO", "LIB-NAME", "lib"], OK), (["SETINFO", "lib-ver", "1.2"], OK), (["SETINFO", "LIB-NAME", ""], OK),
    (["SETINFO", "lib-name", "a b"], _error("ERR lib-name cannot contain spaces, newlines or special characters.")),
    (["SETINFO", "lib-ver", "a\nb"], _error("ERR lib-ver cannot contain spaces, newlines or special characters.")),
    (["SETINFO", "FOO", "x"], _error("ERR Unrecognized option 'FOO'")),
    (["SETINFO", "LIB-NAME"], _error("ERR wrong number of arguments for 'client|setinfo' command")),
]


@CONNECTION.command(weight=2)
def client_new(world):
    words, right = world.choice(SINCE_7_2)
    return Case(["CLIENT", *words], compare.one_of(right), mutable=False)
