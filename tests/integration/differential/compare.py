# SPDX-License-Identifier: Apache-2.0
"""When two replies count as equal. Each comparison takes the reply of redis-server, the reply of Stave, and
the largest distance in time (ms) between the two executions of a command.
"""


def exact(expected, actual, _):
    return expected == actual


def unordered(expected, actual, _):
    """An array or set whose order is free."""
    if expected.type != actual.type or expected.is_error() or expected.value is None:
        return expected == actual
    return sorted(map(repr, expected.value)) == sorted(map(repr, actual.value))


def pairs(expected, actual, _):
    """A map (a flat array in RESP2) whose order is free."""
    if expected.type != actual.type or expected.is_error() or expected.value is None:
        return expected == actual
    return _sorted_pairs(expected) == _sorted_pairs(actual)


def _sorted_pairs(reply):
    return sorted(map(repr, reply.value if reply.type == "%" else zip(reply.value[::2], reply.value[1::2])))


def scored(expected, actual, _):
    """Exactly, but for the text of scores, and the sign of a score that is 0.

    7.0 writes 17 digits of a score, 7.2 as many as are needed."""
    if expected == actual:
        return True
    if expected.type != actual.type or expected.value is None or actual.value is None:
        return False
    if isinstance(expected.value, list) and expected.type != "%":
        return (len(expected.value) == len(actual.value) and
                all(scored(e, a, _) for e, a in zip(expected.value, actual.value)))
    return expected.type in "$," and _same_score(expected.value, actual.value)


def _same_score(expected, actual):
    try:
        number = float(actual)
    except ValueError:
        return False
    return expected == b"%.17g" % number or {expected, actual} == {b"0", b"-0"}


def same_type(expected, actual, _):
    """Errors exactly; of anything else the type, and whether it is null."""
    if expected.is_error() or actual.is_error():
        return expected == actual
    return expected.type == actual.type and (expected.value is None) == (actual.value is None)


def same_shape(expected, actual, span_ms):
    """Types all the way down, with equal lengths."""
    if not same_type(expected, actual, span_ms):
        return False
    if not isinstance(expected.value, list):
        return True
    if len(expected.value) != len(actual.value):
        return False
    if expected.type == "%":
        return all(e[0] == a[0] and same_shape(e[1], a[1], span_ms)
                   for e, a in zip(expected.value, actual.value))
    return all(same_shape(e, a, span_ms) for e, a in zip(expected.value, actual.value))


def scan_shape(expected, actual, _):
    """One SCAN step: a cursor and an array; what stands in them is the table's own business."""
    if expected.is_error() or actual.is_error():
        return expected == actual
    kinds = [item.type for item in actual.value]
    return actual.type == "*" and kinds == ["$", "*"] and actual.value[0].value.isdigit()


def near_ms(expected, actual, span_ms):
    """A time in ms: -1 and -2 exactly, the rest within the distance of the two executions."""
    if expected.type != ":" or actual.type != ":" or min(expected.value, actual.value) < 0:
        return expected == actual
    return abs(expected.value - actual.value) <= span_ms + 2


def near_seconds(expected, actual, span_ms):
    if expected.type != ":" or actual.type != ":" or min(expected.value, actual.value) < 0:
        return expected == actual
    return abs(expected.value - actual.value) <= span_ms // 1000 + 1


def one_of(*allowed):
    """For a reply that redis-server 7.0 does not give: the ones that are right in 7.2."""
    def comparison(_, actual, __):
        return actual in allowed
    return comparison


# ---------------------------------------------------------------------------------------------------------
# Known differences between what Stave follows (7.2) and the reference (7.0.15)

def _is(arguments, *words):
    return [word.upper() for word in arguments[:len(words)]] == [word.encode() for word in words]


def _bit_arguments_first(arguments, expected, actual):
    if not (_is(arguments, "BITCOUNT") or _is(arguments, "BITPOS")):
        return False
    answered = expected.type == ":" or expected.value.startswith(b"WRONGTYPE")
    return answered and actual.is_error() and not actual.value.startswith(b"WRONGTYPE")


def _getkeys_without_arguments(arguments, expected, actual):
    if len(arguments) != 3 or not (_is(arguments, "COMMAND", "GETKEYS") or _is(arguments, "COMMAND", "GETKEYSANDFLAGS")):
        return False
    return expected.value.startswith(b"ERR wrong number of arguments for 'command|getkeys") and actual.is_error()


def _lpos_rank_least(arguments, _, actual):
    least = b"-9223372036854775808" in arguments[3:]
    return _is(arguments, "LPOS") and least and actual.value == _LEAST_RANK_ERROR


_LEAST_RANK_ERROR = b"ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"

KNOWN = [
    ("7.2 refuses the least of all numbers as a RANK of LPOS", _lpos_rank_least),
    ("7.2 lets COMMAND GETKEYS have a command without arguments", _getkeys_without_arguments),
    ("7.2 checks the arguments of BITCOUNT and BITPOS before it looks at the key; 7.0 answers 0 or -1 for an absent "
     "key, and WRONGTYPE for one that is no string, whatever the arguments", _bit_arguments_first),
]


def known_difference(arguments, expected, actual):
    """The reason why these replies may differ, or None."""
    for reason, applies in KNOWN:
        if applies(arguments, expected, actual):
            return reason
    return None
