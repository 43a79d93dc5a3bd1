# SPDX-License-Identifier: Apache-2.0
"""What the tests of server commands share (server_*.py).

Every case runs against Debian's redis-server first, which shows that the case expects what Redis does, and then
against stave-server with keys in several shards and clients on several workers.
"""

from stave_testing import REDIS_SERVER, Server, parse_arguments, run_case

CLIENTS = 9  # enough that every worker has some


def error(client, *command):
    """The text of the error that the command gets."""
    reply = client.execute(*command)
    assert reply.type == "-", reply
    return reply.value.decode()


def info(client, *sections):
    """{field: text}"""
    lines = client.call("INFO", *sections).decode().split("\r\n")
    return dict(line.split(":", 1) for line in lines if line and not line.startswith("#"))


def fill(client, names):
    client.call("FLUSHALL")
    client.pipeline([["SET", name, "v"] for name in names])


def dict_of(flat):
    return dict(zip(flat[::2], flat[1::2]))


def run_cases(description, shared=(), alone=(), own=()):
    """`shared`: cases that get a server. `alone`: cases that get a program and start what they need. `own`: likewise,
    about what only Stave has. Returns the exit status."""
    arguments = parse_arguments(description, ("--only", {"default": "", "help": "run the cases whose name contains this"}))
    failed = 0

    def chosen(cases):
        return [case for case in cases if arguments.only in case.__name__]

    for binary in (REDIS_SERVER, arguments.server):
        name = "redis-server" if binary == REDIS_SERVER else "stave-server"
        if chosen(shared):
            with Server(binary, {"workers": 3, "shards": 3, "enable-debug-command": "yes"}) as server:
                failed += sum(run_case(name, case, server) for case in chosen(shared))
        others = [*alone, *([] if binary == REDIS_SERVER else own)]
        failed += sum(run_case(name, case, binary) for case in chosen(others))
    print(f"{failed} failed")
    return 1 if failed else 0
