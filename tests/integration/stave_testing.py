# SPDX-License-Identifier: Apache-2.0
"""What the integration tests share; no test itself.

`Server`  starts a stave-server or a redis-server on a free port of 127.0.0.1, in a directory of its own.
`Client`  is a small raw client for RESP2 and RESP3. It keeps the type of every reply, which client
          libraries hide: a simple string is not a bulk string, a null bulk is not a null array.
`parse_arguments`  gives every test `--server` and `--seed`, and prints the seed before anything else.

A test reads like this:

    args = parse_arguments(__doc__)
    with Server(args.server, {"appendfsync": "always", "shards": 2}) as server:
        client = server.client()
        assert client.call("SET", "k", "v") == b"OK"
        server.kill9()
        server.restart()
        assert server.client().call("GET", "k") == b"v"
"""

import argparse
import atexit
import ctypes
import os
import pathlib
import queue
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from typing import NamedTuple

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
REDIS_SERVER = shutil.which("redis-server") or "/usr/bin/redis-server"

# Options of stave-server that redis-server refuses; dropped when a Server runs redis-server.
STAVE_ONLY_OPTIONS = {"io-backend", "shards", "workers", "segment-bytes", "maxdisk", "maxdisk-wait-ms",
                      "salvage"}

# For tests of the whole server: commands travel between workers, whatever the number of cores.
TWO_WORKERS = {"workers": 2, "shards": 2}


# ---------------------------------------------------------------------------------------------------------
# Replies

class Reply(NamedTuple):
    """One reply as it stood on the wire. `type` is its RESP type byte; `value` by type:

    '+' bytes   simple string         '-' bytes   error            ':' int      integer
    '$' bytes   bulk; None: null bulk '*' list of Reply; None: null array      '_' None     null
    '%' list of (Reply, Reply)        '~' list of Reply  set       '>' list     push
    '#' bool                          ',' bytes   double as text   '=' bytes    verbatim, with its "txt:"
    '(' bytes   big number
    """
    type: str
    value: object

    def is_error(self):
        return self.type == "-"

    def plain(self):
        """The value without types: bytes, int, float, bool, None, list, dict. An error stays a Reply."""
        kind, value = self
        if value is None or kind in "+$:#-":
            return self if kind == "-" else value
        if kind in "*~>":
            return [item.plain() for item in value]
        if kind == "%":
            return {_hashable(key.plain()): item.plain() for key, item in value}
        if kind == ",":
            return float(value)
        if kind == "=":
            return value[4:]
        return int(value)


def _hashable(value):
    return tuple(value) if isinstance(value, list) else value


class ReplyError(Exception):
    """An error reply, raised by Client.call(). str() is its text."""


class ProtocolError(Exception):
    """The server sent bytes that are not RESP."""


def encode(arguments):
    """A command as a RESP array of bulks. Arguments are bytes, str, int or float."""
    parts = [b"*%d\r\n" % len(arguments)]
    for argument in arguments:
        if not isinstance(argument, bytes):
            argument = str(argument).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(argument), argument))
    return b"".join(parts)


# ---------------------------------------------------------------------------------------------------------
# Client

class Client:
    """A connection. Not for use by two threads at once. Pushes ('>') are replies like any other here, but
    `call`, `execute` and `pipeline` set them aside in `self.pushes`."""

    def __init__(self, port=None, host="127.0.0.1", unix=None, timeout=60.0, protocol=2):
        if unix is not None:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.connect(str(unix))
        else:
            self.socket = socket.create_connection((host, port), timeout=timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.timeout = timeout
        self.pushes = []
        self._buffer = bytearray()
        self._at = 0
        if protocol != 2:
            self.call("HELLO", protocol)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    # -- commands
    def call(self, *arguments):
        """Runs a command and returns its plain value; raises ReplyError for an error reply."""
        reply = self.execute(*arguments)
        if reply.type == "-":
            raise ReplyError(reply.value.decode(errors="replace"))
        return reply.plain()

    def execute(self, *arguments):
        """Runs a command and returns the typed Reply, errors included."""
        self.send(encode(arguments))
        return self.read_answer()

    def pipeline(self, commands):
        """Sends all commands at once and returns their Replies in order."""
        self.send(b"".join(map(encode, commands)))
        return [self.read_answer() for _ in commands]

    def read_answer(self):
        """The next reply that is not a push."""
        while True:
            reply = self.read_reply()
            if reply.type != ">":
                return reply
            self.pushes.append(reply)

    # -- bytes
    def send(self, data):
        """Sends everything, and takes in what arrives meanwhile: a server may stop reading a client that
        does not read."""
        view = memoryview(data)
        while view:
            try:
                view = view[self.socket.send(view):]
            except BlockingIOError:
                readable, writable, _ = select.select([self.socket], [self.socket], [], self.timeout)
                if readable:
                    self._receive()
                elif not writable:
                    raise TimeoutError("the server takes no more input") from None

    def read_reply(self):
        """The next reply of whatever type."""
        line = self._line()
        kind, rest = chr(line[0]), line[1:]
        if kind == "$" or kind == "=":
            length = int(rest)
            return Reply(kind, None if length < 0 else self._exactly(length))
        if kind == ":":
            return Reply(kind, int(rest))
        if kind in "+-,(":
            return Reply(kind, rest)
        if kind in "*~>":
            count = int(rest)
            return Reply(kind, None if count < 0 else [self.read_reply() for _ in range(count)])
        if kind == "%":
            return Reply(kind, [(self.read_reply(), self.read_reply()) for _ in range(int(rest))])
        if kind == "_":
            return Reply(kind, None)
        if kind == "#":
            return Reply(kind, rest == b"t")
        raise ProtocolError(f"not a reply: {line[:200]!r}")

    def read_raw(self, quiet_seconds):
        """All bytes until the server is quiet for that long or closes: (bytes, closed)."""
        data = bytes(self._buffer[self._at:])
        self._buffer.clear()
        self._at = 0
        while select.select([self.socket], [], [], quiet_seconds)[0]:
            try:
                chunk = self.socket.recv(1 << 18)
            except ConnectionResetError:
                return data, True
            if not chunk:
                return data, True
            data += chunk
        return data, False

    def _line(self):
        while True:
            end = self._buffer.find(b"\r\n", self._at)
            if end >= 0:
                line = bytes(self._buffer[self._at:end])
                self._at = end + 2
                if not line:
                    raise ProtocolError("an empty line where a reply should begin")
                return line
            self._receive_wait()

    def _exactly(self, length):
        while len(self._buffer) - self._at < length + 2:
            self._receive_wait()
        end = self._at + length
        data = bytes(self._buffer[self._at:end])
        if self._buffer[end:end + 2] != b"\r\n":
            raise ProtocolError(f"a bulk of {length} bytes does not end in CRLF")
        self._at = end + 2
        return data

    def _receive_wait(self):
        if not select.select([self.socket], [], [], self.timeout)[0]:
            raise TimeoutError(f"no reply within {self.timeout} s")
        self._receive()

    def _receive(self):
        if self._at:
            del self._buffer[:self._at]
            self._at = 0
        chunk = self.socket.recv(1 << 18)
        if not chunk:
            raise ConnectionError("the server closed the connection")
        self._buffer += chunk


# ---------------------------------------------------------------------------------------------------------
# Server

class ServerDied(Exception):
    """The server did not start, ended by itself, or left with a status that the test did not expect."""


class Server:
    """A server process. `options` are command-line options by name: {"appendfsync": "always"}; a value that
    is a list gives several words. The data directory is `.dir`; the log is beside it and grows over
    restarts. Used as a context manager it stops the process and removes the directory; when the test fails
    it prints the log's tail and leaves the directory."""

    def __init__(self, binary, options=None, start=True, start_timeout=60.0, wrapper=(), environment=None):
        self.binary = str(binary)
        self.options = dict(options or {})
        self.start_timeout = start_timeout
        self.wrapper = list(wrapper)                 # a command that runs the server: ["strace", "-f"]
        self.environment = dict(os.environ, **(environment or {}))
        self.is_redis = _is_redis(self.binary)
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="stave-test-"))
        self.dir = self.root / "data"
        self.dir.mkdir()
        self.log = self.root / "server.log"
        self.port = self.options.pop("port", None) or free_port()
        self.process = None
        _servers.append(self)
        if start:
            self.start()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        failed = kind is not None and not (kind is SystemExit and not error.code)
        if failed:
            self.print_log()
        self._end(signal.SIGKILL)
        if not failed:
            self.remove()

    @property
    def pid(self):
        return self.process.pid

    def client(self, **keywords):
        password = self.options.get("requirepass")
        protocol = keywords.pop("protocol", 2)
        client = Client(self.port, **keywords)
        if password:
            client.call("AUTH", password)
        if protocol != 2:
            client.call("HELLO", protocol)
        return client

    def start(self):
        """Starts the process and waits until it answers PING."""
        self.spawn()
        deadline = time.monotonic() + self.start_timeout
        while not self._answers():
            if self.process.poll() is not None:
                self._fail(f"the server ended at its start with status {self.process.returncode}")
            if time.monotonic() > deadline:
                self._fail(f"no answer within {self.start_timeout} s")
            time.sleep(0.005)
        return self

    def spawn(self):
        """Starts the process without waiting for an answer."""
        with open(self.log, "ab") as log:
            log.write(f"--- start {' '.join(self.command_line())}\n".encode())
            log.flush()
            self.process = _spawn(self.command_line(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                  cwd=self.root, env=self.environment)

    def run(self, timeout=60.0):
        """Runs the server to its end, for starts that must be refused: (status, its output)."""
        before = self.log.stat().st_size if self.log.exists() else 0
        self.spawn()
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._fail("the server was expected to refuse to start, and runs")
        with open(self.log, "rb") as log:
            log.seek(before)
            return status, log.read().decode(errors="replace")

    def stop(self, status=0, timeout=60.0):
        """SIGTERM, and waits for the end. `status` is the expected exit status; None takes any."""
        found = self._end(signal.SIGTERM, timeout)
        if status is not None and found is not None and found != status:
            self._fail(f"the server left with status {found} after SIGTERM, expected {status}")
        return found

    def kill9(self):
        return self._end(signal.SIGKILL)

    def restart(self, kill9=False, options=None):
        """Stops (if it runs) and starts on the same directory and port; `options` change what is given."""
        if self.alive():
            self.kill9() if kill9 else self.stop()
        self.options.update(options or {})
        return self.start()

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def command_line(self):
        options = {"port": self.port, "bind": "127.0.0.1", "dir": self.dir, "save": "", **self.options}
        line = self.wrapper + [self.binary]
        for name, value in options.items():
            if self.is_redis and name in STAVE_ONLY_OPTIONS:
                continue
            line.append("--" + name)
            line += map(str, value) if isinstance(value, (list, tuple)) else [str(value)]
        return line

    # -- observation
    def cpu_seconds(self):
        """User and system time of the process so far."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def print_log(self, lines=40):
        print(f"--- last lines of {self.log}", file=sys.stderr)
        print("\n".join(self.log_text().splitlines()[-lines:]), file=sys.stderr, flush=True)

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)

    # -- inside
    def _answers(self):
        try:
            with Client(self.port, timeout=5) as client:
                reply = client.execute("PING")
        except (OSError, ProtocolError):
            return False
        return reply.value == b"PONG" or reply.value.startswith(b"NOAUTH")

    def _end(self, how, timeout=60.0):
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self._fail(f"the server did not leave within {timeout} s of {how.name}")

    def _fail(self, why):
        self.print_log()
        raise ServerDied(f"{why} (see {self.log})")


def _is_redis(binary):
    try:
        answer = subprocess.run([binary, "--version"], capture_output=True, timeout=30, check=False)
    except FileNotFoundError:
        raise SystemExit(f"{binary}: no such server; build it first, or name one with --server") from None
    return answer.stdout.startswith(b"Redis server")


# The kernel kills the servers when the thread that started them ends, however the test is killed. So one
# thread that lives as long as the test starts them all.
_spawn_requests = queue.Queue()
_libc = ctypes.CDLL(None)
_servers = []


def _spawn(*arguments, **keywords):
    answer = queue.Queue()
    _spawn_requests.put((arguments, keywords, answer))
    result = answer.get()
    if isinstance(result, Exception):
        raise result
    return result


def _spawner():
    while True:
        arguments, keywords, answer = _spawn_requests.get()
        try:
            answer.put(subprocess.Popen(*arguments, preexec_fn=_die_with_parent, **keywords))
        except Exception as error:  # handed to the caller
            answer.put(error)


def _die_with_parent():
    _libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


threading.Thread(target=_spawner, daemon=True).start()


@atexit.register
def _end_servers():
    for server in _servers:
        if server.alive():
            server.process.kill()


# ---------------------------------------------------------------------------------------------------------
# Small things

def free_port():
    """A port of 127.0.0.1 that nobody listens on, below the range from which the kernel picks."""
    while True:
        port = random.SystemRandom().randrange(16000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def default_server():
    return os.environ.get("STAVE_SERVER") or str(REPOSITORY / "build" / "release" / "stave-server")


def parse_arguments(description, *more):
    """Parses --server and --seed, and `more`: each a (name, keywords of add_argument) pair.
    Prints the seed, so that any run can be repeated."""
    parser = argparse.ArgumentParser(description=(description or "").strip().split("\n\n")[0])
    parser.add_argument("--server", default=default_server(), help="the stave-server to test")
    parser.add_argument("--seed", type=int, default=None, help="repeat the run with this seed")
    for name, keywords in more:
        parser.add_argument(name, **keywords)
    arguments = parser.parse_args()
    arguments.server = os.path.abspath(arguments.server)
    if arguments.seed is None:
        arguments.seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {arguments.seed}", flush=True)
    return arguments


def run_case(name, case, *subject):
    """Runs a test case on its subject, called `name`, and says how it went. 1 when it failed."""
    try:
        case(*subject)
    except (AssertionError, ReplyError, ProtocolError, OSError):
        print(f"FAIL {case.__name__} ({name}):\n{traceback.format_exc()}", flush=True)
        return 1
    print(f"ok   {case.__name__} ({name})", flush=True)
    return 0


def wait_until(condition, timeout=30.0, what="the condition"):
    """Polls until condition() is true and returns what it gave; raises TimeoutError."""
    deadline = time.monotonic() + timeout
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come true within {timeout} s")
        time.sleep(0.01)
