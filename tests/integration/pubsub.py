# SPDX-License-Identifier: Apache-2.0
# ctest: label=fast timeout=300
"""Channels, patterns and shard channels: who gets which message, in which order, and what a listener may do.

Each case runs against redis-server first, so that its behaviour is the measure, and then against Stave with one
worker and with three.
"""
import os
import random
import sys
import threading

from days_files import info
from stave_testing import REDIS_SERVER, Client, Reply, Server, encode, parse_arguments, run_case, wait_until

NOT_ALLOWED = "ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"


def replies(client, count):
    return [client.read_reply() for _ in range(count)]


def plain(client, count=1):
    return [client.read_reply().plain() for _ in range(count)]


def ask(client, *words, count=1):
    """The plain replies to a command that has `count` of them."""
    client.send(encode(words))
    return plain(client, count)


def subscribed(server, *words, protocol=2):
    client = server.client(protocol=protocol)
    ask(client, *words, count=len(words) - 1)
    return client


def error(client, *words):
    client.send(encode(words))
    reply = client.read_reply()
    assert reply.is_error(), f"{words}: {reply}"
    return reply.value.decode()


def confirmations(server):
    for protocol in (2, 3):
        mark = "*" if protocol == 2 else ">"
        null = Reply("$" if protocol == 2 else "_", None)
        with server.client(protocol=protocol) as client:
            def confirm(words, *expected):
                client.send(encode(words))
                for what, name, count in expected:
                    bulk = null if name is None else Reply("$", name.encode())
                    wanted = Reply(mark, [Reply("$", what.encode()), bulk, Reply(":", count)])
                    found = client.read_reply()
                    assert found == wanted, (words, found, wanted)

            confirm(["UNSUBSCRIBE"], ("unsubscribe", None, 0))
            confirm(["PUNSUBSCRIBE"], ("punsubscribe", None, 0))
            confirm(["SUNSUBSCRIBE"], ("sunsubscribe", None, 0))
            confirm(["UNSUBSCRIBE", "x", "y"], ("unsubscribe", "x", 0), ("unsubscribe", "y", 0))
            confirm(["SUBSCRIBE", "a", "b", "a"], ("subscribe", "a", 1), ("subscribe", "b", 2), ("subscribe", "a", 2))
            confirm(["PSUBSCRIBE", "p*", "q*"], ("psubscribe", "p*", 3), ("psubscribe", "q*", 4))
            confirm(["SSUBSCRIBE", "a", "s"], ("ssubscribe", "a", 1), ("ssubscribe", "s", 2))
            confirm(["UNSUBSCRIBE", "none", "a"], ("unsubscribe", "none", 4), ("unsubscribe", "a", 3))
            confirm(["UNSUBSCRIBE"], ("unsubscribe", "b", 2))
            confirm(["UNSUBSCRIBE"], ("unsubscribe", None, 2))
            confirm(["SUNSUBSCRIBE", "a"], ("sunsubscribe", "a", 1))
            confirm(["PUNSUBSCRIBE", "p*"], ("punsubscribe", "p*", 1))
            confirm(["PUNSUBSCRIBE"], ("punsubscribe", "q*", 0))
            confirm(["SUNSUBSCRIBE"], ("sunsubscribe", "s", 0))
            confirm(["SUBSCRIBE", ""], ("subscribe", "", 1))
            confirm(["UNSUBSCRIBE", ""], ("unsubscribe", "", 0))
            assert client.execute("PING") == Reply("+", b"PONG")


def leaving_all_names_each_once(server):
    with server.client() as client:
        names = {f"c{i}".encode() for i in range(20)}
        ask(client, "SUBSCRIBE", *names, count=20)
        left = ask(client, "UNSUBSCRIBE", count=20)
        assert {name for _, name, _ in left} == names
        assert [count for _, _, count in left] == list(range(19, -1, -1))


def what_resp2_allows(server):
    for join, leave in (("SUBSCRIBE", "UNSUBSCRIBE"), ("PSUBSCRIBE", "PUNSUBSCRIBE"), ("SSUBSCRIBE", "SUNSUBSCRIBE")):
        with subscribed(server, join, "a") as client:
            assert error(client, "GET", "k") == NOT_ALLOWED % "get"
            assert error(client, "CLIENT", "ID") == NOT_ALLOWED % "client|id"
            assert error(client, "PUBLISH", "a", "m") == NOT_ALLOWED % "publish"
            assert error(client, "PUBSUB", "NUMPAT") == NOT_ALLOWED % "pubsub|numpat"
            assert error(client, "HELLO", "3") == NOT_ALLOWED % "hello"
            assert error(client, "GET") == "ERR wrong number of arguments for 'get' command"
            assert error(client, "NONE").startswith("ERR unknown command 'NONE'")
            assert ask(client, "PING") == [[b"pong", b""]]
            assert ask(client, "PING", "x") == [[b"pong", b"x"]]
            assert error(client, "PING", "x", "y") == "ERR wrong number of arguments for 'ping' command"
            ask(client, leave)
            assert ask(client, "PING") == [b"PONG"]
            assert ask(client, "GET", "k") == [None]
            ask(client, join, "a")
            assert ask(client, "QUIT") == [b"OK"]


def resp3_allows_all(server):
    with subscribed(server, "SUBSCRIBE", "a", protocol=3) as client:
        assert client.execute("PING") == Reply("+", b"PONG")
        assert client.execute("PING", "x") == Reply("$", b"x")
        assert client.execute("SET", "k", "v") == Reply("+", b"OK")
        assert client.call("DEL", "k") == 1
        with server.client() as other:
            assert other.call("PUBLISH", "a", "m") == 1
        assert client.read_reply() == Reply(">", [Reply("$", b"message"), Reply("$", b"a"), Reply("$", b"m")])
        client.call("HELLO", 2)
        assert error(client, "GET", "k") == NOT_ALLOWED % "get"
        with server.client() as other:
            assert other.call("PUBLISH", "a", "m") == 1
        assert client.read_reply() == Reply("*", [Reply("$", b"message"), Reply("$", b"a"), Reply("$", b"m")])


def reset_leaves_all(server):
    with server.client() as client, server.client() as other:
        for protocol in (2, 3):
            if protocol == 3:
                client.call("HELLO", 3)
            ask(client, "SUBSCRIBE", "a", "b", count=2)
            ask(client, "PSUBSCRIBE", "*")
            ask(client, "SSUBSCRIBE", "s")
            assert other.call("PUBLISH", "a", "m") == 2
            plain(client, 2)
            assert ask(client, "RESET") == [b"RESET"]
            assert other.call("PUBLISH", "a", "m") == 0
            assert other.call("SPUBLISH", "s", "m") == 0
            assert other.call("PUBSUB", "NUMPAT") == 0
            assert other.call("PUBSUB", "CHANNELS") == []
            assert ask(client, "PING") == [b"PONG"]


def errors(server):
    with server.client() as client:
        wrong = "ERR wrong number of arguments for '%s' command"
        for words in ("SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "PUBLISH", "PUBLISH a", "PUBLISH a b c", "SPUBLISH a",
                      "PUBSUB"):
            assert error(client, *words.split()) == wrong % words.split()[0].lower(), words
        assert error(client, "PUBSUB", "NUMPAT", "x") == wrong % "pubsub|numpat"
        assert error(client, "PUBSUB", "HELP", "x") == wrong % "pubsub|help"
        assert error(client, "PUBSUB", "NONE") == "ERR unknown subcommand 'NONE'. Try PUBSUB HELP."
        for name in ("CHANNELS", "SHARDCHANNELS"):
            assert error(client, "PUBSUB", name, "a", "b") == (
                f"ERR unknown subcommand or wrong number of arguments for '{name}'. Try PUBSUB HELP.")
        assert client.call("PUBSUB", "NUMSUB") == [] and client.call("PUBSUB", "SHARDNUMSUB") == []
        assert client.call("PUBSUB", "HELP")[0].startswith(b"PUBSUB <subcommand>")
        for words in (["SPUBLISH", "a", "b"], ["SSUBSCRIBE", "a"], ["PUBLISH", "a", "b"]):
            assert error(client, "COMMAND", "GETKEYS", *words) == "ERR The command has no key arguments"


def patterns(server):
    """A client gets a message once for its channel and once for each pattern that matches."""
    with server.client() as publisher, server.client() as client:
        globs = ["news.*", "news.?rt", "news.[ab]rt", "news.[^a]rt", "news.[a-c]rt", "*", "news\\.art", "\\*", "new"]
        ask(client, "PSUBSCRIBE", *globs, count=len(globs))
        ask(client, "SUBSCRIBE", "news.art")
        def matched(channel):
            count = publisher.call("PUBLISH", channel, "m")
            messages = plain(client, count)
            assert all(message[-2:] == [channel.encode(), b"m"] for message in messages), messages
            named = [message[1].decode() for message in messages if message[0] == b"pmessage"]
            return sorted(named), sum(message[0] == b"message" for message in messages)

        assert matched("news.art") == (sorted(["news.*", "news.?rt", "news.[ab]rt", "news.[a-c]rt", "*", "news\\.art"]), 1)
        assert matched("news.drt") == (sorted(["news.*", "news.?rt", "news.[^a]rt", "*"]), 0)
        assert matched("*") == (sorted(["*", "\\*"]), 0)
        assert matched("NEW") == (["*"], 0)
        assert publisher.call("SPUBLISH", "news.art", "m") == 0
        ask(client, "PSUBSCRIBE", "*")
        assert matched("other") == (["*"], 0)


def queries(server):
    with server.client() as asking:
        # Enough connections that every worker has some.
        clients = [server.client() for _ in range(12)]
        for i, client in enumerate(clients):
            ask(client, "SUBSCRIBE", "all", f"one:{i % 4}", count=2)
            ask(client, "PSUBSCRIBE", f"p{i % 3}*")
            ask(client, "SSUBSCRIBE", "shard")
        channels = sorted([b"all"] + [f"one:{i}".encode() for i in range(4)])
        assert sorted(asking.call("PUBSUB", "CHANNELS")) == channels
        assert sorted(asking.call("PUBSUB", "CHANNELS", "one:[12]")) == [b"one:1", b"one:2"]
        assert asking.call("PUBSUB", "NUMSUB", "all", "one:0", "none", "shard") == [b"all", 12, b"one:0", 3, b"none", 0, b"shard", 0]
        assert asking.call("PUBSUB", "SHARDCHANNELS") == [b"shard"]
        assert asking.call("PUBSUB", "SHARDCHANNELS", "x*") == []
        assert asking.call("PUBSUB", "SHARDNUMSUB", "shard", "all") == [b"shard", 12, b"all", 0]
        assert asking.call("PUBSUB", "NUMPAT") == 3
        facts = info(asking)
        assert (facts["pubsub_channels"], facts["pubsub_patterns"], facts["pubsubshard_channels"]) == ("5", "3", "1")
        lines = asking.call("CLIENT", "LIST", "TYPE", "pubsub").decode().splitlines()
        assert len(lines) == 12
        assert all(" flags=P " in line and " sub=2 psub=1 ssub=1 " in line for line in lines), lines
        assert len(asking.call("CLIENT", "LIST", "TYPE", "normal").decode().splitlines()) == 1
        for client in clients[:6]:
            client.close()
        wait_until(lambda: asking.call("PUBSUB", "NUMSUB", "all") == [b"all", 6], what="six to have gone")
        assert asking.call("CLIENT", "KILL", "TYPE", "pubsub") == 6
        wait_until(lambda: asking.call("PUBSUB", "CHANNELS") == [], what="all to have gone")
        assert asking.call("PUBSUB", "NUMPAT") == 0 and asking.call("PUBSUB", "SHARDCHANNELS") == []
        assert asking.call("PUBLISH", "all", "m") == 0


def messages_in_order(server):
    """Of each of several publishers, to listeners on all workers, all of them and in their order."""
    listeners = [subscribed(server, "SUBSCRIBE", "a", "b", protocol=2 + i % 2) for i in range(9)]
    publishers = [server.client() for _ in range(4)]

    def publish(number):
        client = publishers[number]
        for start in range(0, 600, 60):
            commands = [("PUBLISH", "ab"[i % 2], f"{number}:{i}") for i in range(start, start + 60)]
            counts[number] += [reply.value for reply in client.pipeline(commands)]

    counts = [[] for _ in publishers]
    threads = [threading.Thread(target=publish, args=[i]) for i in range(len(publishers))]
    for thread in threads:
        thread.start()
    for client in listeners:
        got = [[] for _ in publishers]
        for _ in range(600 * len(publishers)):
            kind, channel, message = client.read_reply().plain()
            number, at = map(int, message.split(b":"))
            assert kind == b"message" and channel == b"ab"[at % 2:at % 2 + 1]
            got[number].append(at)
        assert all(ats == list(range(600)) for ats in got)
    for thread in threads:
        thread.join()
    assert all(count == [9] * 600 for count in counts), counts
    for client in listeners + publishers:
        client.close()


def a_confirmed_listener_misses_nothing(server):
    publishers = [server.client() for _ in range(5)]
    for i in range(60):
        with subscribed(server, "SUBSCRIBE", f"c{i}") as client:
            for publisher in publishers:
                assert publisher.call("PUBLISH", f"c{i}", "m") == 1
            assert plain(client, 5) == [[b"message", f"c{i}".encode(), b"m"]] * 5
    for publisher in publishers:
        publisher.close()


def replies_and_confirmations_in_order(server):
    """In one pipeline with commands for keys everywhere, while others publish."""
    with server.client(protocol=3) as client, server.client() as other:
        stop = threading.Event()
        def publish():
            while not stop.is_set():
                other.call("PUBLISH", "c3", "x" * 100)

        thread = threading.Thread(target=publish)
        thread.start()
        try:
            for _ in range(30):
                commands, expected = [], []
                for i in range(60):
                    commands += [("SET", f"k{i}", str(i)), ("GET", f"k{i}"), ("SUBSCRIBE", f"c{i % 10}"), ("ECHO", i)]
                    expected += [b"OK", str(i).encode(), [b"subscribe", f"c{i % 10}".encode(), min(i, 9) + 1], str(i).encode()]
                commands += [("UNSUBSCRIBE",), ("PING",)]
                client.send(b"".join(map(encode, commands)))
                found, joined = [], False
                while len(found) < len(expected):
                    reply = client.read_reply()
                    message = reply.plain()
                    if reply.type == ">" and message[0] == b"message":
                        assert joined and message == [b"message", b"c3", b"x" * 100], message
                        continue
                    joined = joined or message == [b"subscribe", b"c3", 4]
                    found.append(message)
                assert found == expected
                left, reply = [], client.read_reply()
                while reply.type == ">":
                    left += [reply.plain()[1]] if reply.plain()[0] == b"unsubscribe" else []
                    reply = client.read_reply()
                assert reply == Reply("+", b"PONG") and len(left) == 10
        finally:
            stop.set()
            thread.join()


def large_replies_and_messages(server):
    """A message is never inside a reply, however slowly the client reads."""
    with server.client(protocol=3) as client, server.client() as other:
        big = b"v" * 300_000
        assert other.call("SET", "big", big) == b"OK"
        ask(client, "SUBSCRIBE", "c")
        client.send(encode(("GET", "big")) * 40)
        for i in range(200):
            assert other.call("PUBLISH", "c", f"{i}" * 50) == 1
        got, messages = 0, []
        while got < 40 or len(messages) < 200:
            reply = client.read_reply()
            if reply.type == ">":
                messages.append(reply.plain()[2])
            else:
                assert reply == Reply("$", big)
                got += 1
        assert messages == [f"{i}".encode() * 50 for i in range(200)]
        other.call("DEL", "big")


def client_reply_off_keeps_messages(server):
    with server.client(protocol=3) as client, server.client() as other:
        client.send(encode(("CLIENT", "REPLY", "OFF")) + encode(("SUBSCRIBE", "a")) + encode(("SET", "k", "v"))
                    + encode(("SUBSCRIBE",)) + encode(("SSUBSCRIBE", "s")))
        assert plain(client, 2) == [[b"subscribe", b"a", 1], [b"ssubscribe", b"s", 1]]
        assert other.call("PUBLISH", "a", "m") == 1
        assert plain(client) == [[b"message", b"a", b"m"]]
        client.send(encode(("CLIENT", "REPLY", "ON")) + encode(("CLIENT", "REPLY", "SKIP")) + encode(("UNSUBSCRIBE", "a"))
                    + encode(("DEL", "k")))
        assert plain(client, 3) == [b"OK", [b"unsubscribe", b"a", 0], 1]


def a_slow_listener_is_closed(server):
    with server.client() as other:
        other.call("CONFIG", "SET", "client-output-buffer-limit", "pubsub 1mb 0 0")
        slow = subscribed(server, "SUBSCRIBE", "a")
        fast = subscribed(server, "SUBSCRIBE", "b")
        message = "x" * 100_000
        # What the sockets take is not counted.
        wait_until(lambda: other.call("PUBLISH", "a", message) == 0, what="the slow client's end")
        assert other.call("PUBLISH", "b", "m") == 1
        assert plain(fast) == [[b"message", b"b", b"m"]]
        slow.close()
        fast.close()
        other.call("CONFIG", "SET", "client-output-buffer-limit", "pubsub 32mb 8mb 60")


def listeners_may_be_idle(server):
    with server.client() as other:
        with server.client() as idle, subscribed(server, "SUBSCRIBE", "a") as listener:
            other.call("CONFIG", "SET", "timeout", 1)
            number = idle.call("CLIENT", "ID")
            def gone():
                return f"id={number} " not in other.call("CLIENT", "LIST").decode()
            wait_until(gone, what="the idle client's end")
            other.call("CONFIG", "SET", "timeout", 0)
            assert other.call("PUBLISH", "a", "m") == 1
            assert plain(listener) == [[b"message", b"a", b"m"]]


def own_messages_follow_the_reply(server):
    """As in Redis 7.2; 7.0 sent them first."""
    with server.client(protocol=3) as client, subscribed(server, "SUBSCRIBE", "a") as other:
        ask(client, "SUBSCRIBE", "a")
        client.send(b"".join(encode(("PUBLISH", "a", i)) for i in range(50)))
        for i in range(50):
            assert plain(client, 2) == [2, [b"message", b"a", str(i).encode()]]
        assert plain(other, 50) == [[b"message", b"a", str(i).encode()] for i in range(50)]


def a_pipeline_publishes_after_what_it_wrote(server):
    """Who gets the message finds what was written before it."""
    with server.client() as client, subscribed(server, "SUBSCRIBE", "a") as listener, server.client() as reader:
        for i in range(50):
            client.send(encode(("SET", f"key:{i}", "v")) + encode(("PUBLISH", "a", f"key:{i}")))
            [[_, _, key]] = plain(listener)
            assert reader.call("GET", key) == b"v"
            assert plain(client, 2) == [b"OK", 1]
        reader.call("FLUSHALL")


def joining_while_it_is_closed(server):
    """A MULTI goes on when its client has gone; what it joins then is left again."""
    with server.client() as other:
        for number in range(20):
            client = server.client()
            identity = client.call("CLIENT", "ID")
            commands = [("MULTI",), *[("DBSIZE",)] * 300, ("SUBSCRIBE", "gone"), ("PSUBSCRIBE", "gon*"), ("EXEC",)]
            client.send(b"".join(encode(words) for words in commands))
            if number % 2:
                other.execute("CLIENT", "KILL", "ID", identity)
            else:
                client.close()
            for _ in range(20):
                other.call("PUBLISH", "gone", "x")
            if number % 2:
                client.close()
        wait_until(lambda: other.call("PUBLISH", "gone", "x") == 0, what="a channel that all have left")
        assert other.call("PUBSUB", "NUMPAT") == 0


SHARED = [confirmations, leaving_all_names_each_once, what_resp2_allows, resp3_allows_all, reset_leaves_all, errors,
          patterns, queries, messages_in_order, a_confirmed_listener_misses_nothing,
          replies_and_confirmations_in_order, large_replies_and_messages, client_reply_off_keeps_messages,
          a_slow_listener_is_closed, listeners_may_be_idle, joining_while_it_is_closed, a_pipeline_publishes_after_what_it_wrote]
OWN = [own_messages_follow_the_reply]


def main():
    arguments = parse_arguments(__doc__, ("--only", {"default": "", "help": "run the cases whose name contains this"}))
    random.seed(arguments.seed)
    failed = 0
    for binary, workers in ((REDIS_SERVER, 1), (arguments.server, 1), (arguments.server, 3)):
        name = f"{os.path.basename(binary)}, {workers} workers"
        cases = SHARED if binary == REDIS_SERVER else SHARED + OWN
        with Server(binary, {"workers": workers, "shards": workers}) as server:
            failed += sum(run_case(name, case, server) for case in cases if arguments.only in case.__name__)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
