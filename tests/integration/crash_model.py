# SPDX-License-Identifier: Apache-2.0
"""What a writer of crash.py knows about its keys, and which states a crash may leave behind.

Every key has one writer, and a server runs the commands of one connection in order; so what a command does to
its keys is known when it is sent. A command that was answered must survive a crash. Of the unanswered ones
each key keeps a prefix, and a command with several keys is kept by all of them or by none: `explain` searches
for such a choice.
"""
import collections
import dataclasses

CLOCK_SLACK_MS = 5      # between an expiry and its effect
# The server reads its clock once for a stretch of work; on a busy machine a command may have been sent
# after that reading. What was given as an absolute time must be kept exactly.
STALE_CLOCK_MS = 100

# value is bytes, or None for an absent key; expiry is an Expiry or None.
State = collections.namedtuple("State", "value expiry")
ABSENT = State(None, None)
NO_SUCH_KEY = object()      # as a reply


@dataclasses.dataclass
class Expiry:
    """An interval of milliseconds: a relative PEXPIRE counts from a moment of the server's which the client
    knows only roughly. All states that inherit it share it, so that the answer narrows it for all of them."""
    low: int
    high: int


@dataclasses.dataclass
class Command:
    args: tuple                 # of bytes, the first one upper case
    effects: dict               # key -> State afterwards, of the keys that change
    expected: object = None     # the reply
    expiry: Expiry = None       # the one that this command gave, if it is relative
    after_ms: int = 0
    sent_ms: int = 0
    patience_ms: int = 0


def run(args, states, sent_ms, patience_ms):
    """Runs the command over `states` (key -> State), and returns it as a Command."""
    command = Command(args, {}, sent_ms=sent_ms, patience_ms=patience_ms)
    if args[0] == b"PEXPIRE" or args[-2] == b"PX":
        command.after_ms = int(args[-1])
        command.expiry = Expiry(sent_ms + command.after_ms - STALE_CLOCK_MS,
                                sent_ms + command.after_ms + patience_ms)
    after = {}
    command.expected = _COMMANDS[args[0]](args, lambda key: states.get(key, ABSENT), after, command.expiry)
    command.effects = {key: state for key, state in after.items() if states.get(key, ABSENT) != state}
    states.update(command.effects)
    return command


def answered(command, at_ms):
    """Notes that the server had carried the command out by then."""
    if command.expiry is not None:
        command.expiry.high = at_ms + command.after_ms


def fits(state, observed, asked_ms, answered_ms):
    """Could a key in `state` have been observed like that between the two times?"""
    if observed.value is None:
        return state.value is None or (
            state.expiry is not None and state.expiry.low - CLOCK_SLACK_MS <= answered_ms)
    if state.value != observed.value:
        return False
    if state.expiry is None or observed.expiry is None:
        return state.expiry is observed.expiry
    low, high = state.expiry.low, state.expiry.high
    return low <= observed.expiry.low <= high and asked_ms <= high + CLOCK_SLACK_MS


def run_again(commands, states):
    """The commands as they are over other states."""
    states = dict(states)
    return [run(command.args, states, command.sent_ms, command.patience_ms) for command in commands]


def explain(pending, states, matches, refusals=False):
    """Whether some choice of the unanswered commands turns `states` into what was observed.

    `matches(key, state)` compares with the observation. With `refusals` the server may have refused any of
    them and carried out others behind it. REQUIRES: `states` holds every key of `pending`.
    """
    return _search(pending, states, frozenset(), matches, refusals)


def _search(pending, states, closed, matches, refusals):
    """`closed` keys have lost a command, and so lose all later ones."""
    states = dict(states)
    for at, command in enumerate(pending):
        dropped = closed.union(command.effects)
        may_drop = all(key in closed or matches(key, states[key]) for key in command.effects)
        if closed.isdisjoint(command.effects):
            if may_drop and _search(pending[at + 1:], states, dropped, matches, refusals):
                return True
            if refusals and command.effects and _search(run_again(pending[at + 1:], states), states, closed,
                                                        matches, True):
                return True
            states.update(command.effects)
        elif may_drop:
            closed = dropped
        else:
            return False
    return all(key in closed or matches(key, state) for key, state in states.items())


def components(pending):
    """Groups the commands that are tied by a common key, directly or not: (keys, commands in order)."""
    groups = []
    for order, command in enumerate(pending):
        keys, members = set(command.effects), [(order, command)]
        for group in [group for group in groups if group[0] & keys]:
            groups.remove(group)
            keys |= group[0]
            members += group[1]
        groups.append((keys, members))
    for keys, members in groups:
        yield keys, [command for _, command in sorted(members, key=lambda member: member[0])]


# Each function below is a command: `read(key)` gives a State, `after` takes the new ones, and the reply is
# returned. `expiry` is the relative one that the arguments give.

def _set(args, read, after, expiry):
    if args[-1] == b"KEEPTTL":
        expiry = read(args[1]).expiry
    elif len(args) == 5 and args[3] == b"PXAT":
        expiry = Expiry(int(args[4]), int(args[4]))
    after[args[1]] = State(args[2], expiry)
    return b"OK"


def _mset(args, _read, after, _expiry):
    after.update((key, State(value, None)) for key, value in zip(args[1::2], args[2::2]))
    return b"OK"


def _msetnx(args, read, after, expiry):
    if any(read(key).value is not None for key in args[1::2]):
        return 0
    _mset(args, read, after, expiry)
    return 1


def _incrby(args, read, after, _expiry):
    state = read(args[1])
    number = int(state.value or 0) + int(args[2])
    after[args[1]] = State(b"%d" % number, state.expiry)
    return number


def _append(args, read, after, _expiry):
    state = read(args[1])
    value = (state.value or b"") + args[2]
    after[args[1]] = State(value, state.expiry)
    return len(value)


def _setrange(args, read, after, _expiry):
    state, offset, patch = read(args[1]), int(args[2]), args[3]
    value = (state.value or b"").ljust(offset, b"\0")
    value = value[:offset] + patch + value[offset + len(patch):]
    after[args[1]] = State(value, state.expiry)
    return len(value)


def _del(args, read, after, _expiry):
    after.update((key, ABSENT) for key in args[1:])
    return sum(read(key).value is not None for key in args[1:])


def _getdel(args, read, after, _expiry):
    after[args[1]] = ABSENT
    return read(args[1]).value


def _rename(args, read, after, _expiry):
    if read(args[1]).value is None:
        return NO_SUCH_KEY
    after[args[1]] = ABSENT
    after[args[2]] = read(args[1])
    return b"OK"


def _copy(args, read, after, _expiry):
    if read(args[1]).value is None:
        return 0
    after[args[2]] = read(args[1])
    return 1


def _pexpire(args, read, after, expiry):
    state = read(args[1])
    if state.value is None:
        return 0
    after[args[1]] = State(state.value, expiry)
    return 1


def _pexpireat(args, read, after, _expiry):
    return _pexpire(args, read, after, Expiry(int(args[2]), int(args[2])))


def _persist(args, read, after, _expiry):
    state = read(args[1])
    after[args[1]] = State(state.value, None)
    return int(state.expiry is not None)


def _get(args, read, _after, _expiry):
    return read(args[1]).value


_COMMANDS = {
    b"SET": _set, b"MSET": _mset, b"MSETNX": _msetnx, b"INCRBY": _incrby, b"APPEND": _append,
    b"SETRANGE": _setrange, b"DEL": _del, b"GETDEL": _getdel, b"RENAME": _rename, b"COPY": _copy,
    b"PEXPIRE": _pexpire, b"PEXPIREAT": _pexpireat, b"PERSIST": _persist, b"GET": _get,
}
