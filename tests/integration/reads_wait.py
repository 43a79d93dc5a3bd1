# SPDX-License-Identifier: Apache-2.0
# ctest: label=fast timeout=60
"""With `appendfsync always` no reply tells of a change that is not on disk yet, also those about all keys.

strace makes every durable write take half a second. While a write is under way, others ask for what it changes: when
they are told, the writer must have its answer, too.
"""
import select
import sys
import time

from stave_testing import Server, encode, parse_arguments

DELAY_SECONDS = 0.5
STRACE = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwritev2",
          "-e", f"inject=pwritev2:delay_enter={int(DELAY_SECONDS * 1e6)}"]
KEYS = [b"k1", b"k2"]  # in different shards


def walk(client):
    cursor, found = client.call("SCAN", "0", "COUNT", "1000")
    while cursor != b"0":
        cursor, more = client.call("SCAN", cursor, "COUNT", "1000")
        found += more
    return found


QUESTIONS = {
    "GET": lambda client, key: client.call("GET", key) is not None,
    "KEYS": lambda client, key: client.call("KEYS", "*") == [key],
    "DBSIZE": lambda client, key: client.call("DBSIZE") == 1,
    "RANDOMKEY": lambda client, key: client.call("RANDOMKEY") == key,
    "SCAN": lambda client, key: walk(client) == [key],
    # An error over two shards, as it must be the key that is gone.
    "RENAME": lambda client, key: not client.execute("RENAME", key, KEYS[key == KEYS[0]]).is_error(),
}


def check(server, key, name, change, there):
    """While `change` becomes durable, the question is asked on another connection."""
    with server.client() as writer, server.client() as reader:
        reader.call("PING")
        writer.send(encode(change))
        time.sleep(DELAY_SECONDS / 5)
        told = QUESTIONS[name](reader, key)
        answered = select.select([writer.socket], [], [], DELAY_SECONDS / 5)[0]
        assert told == there, f"{name} was asked before {change} had run, or tells something else"
        assert answered, f"{name} tells of {change} before that is on disk"
        assert not writer.read_answer().is_error()


def main():
    arguments = parse_arguments(__doc__)
    options = {"appendfsync": "always", "io-backend": "threads", "workers": 2, "shards": 2}
    with Server(arguments.server, options, wrapper=STRACE) as server:
        for key in KEYS:
            for name in QUESTIONS:
                if name == "RENAME":
                    server.client().call("SET", key, "v")
                else:
                    check(server, key, name, ("SET", key, "v"), True)
                check(server, key, name, ("DEL", key), False)
    print("ok")


if __name__ == "__main__":
    sys.exit(main())
