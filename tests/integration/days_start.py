# SPDX-License-Identifier: Apache-2.0
"""Days at the start: directories and options that a server refuses, and torn tails that it cuts."""
import os
import pathlib
import re
import select
import shutil
import socket
import subprocess

from days_files import (check_fill, fill, find_bytes, fingerprint, flip_byte, info, marker_value,
                        output_lines, refused, remove_hints, segments)
from stave_testing import Client, wait_until

DAYS = []
TORN = re.compile(r"(?<![a-z])(torn|cut|truncated)(?![a-z])", re.I)  # not "executable"
AS_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


def day(function):
    DAYS.append(function)
    return function


def stopped(setup, options=None, hints=True):
    """A server that wrote several segments in each shard and was stopped."""
    server = setup.server(options)
    fill(server)
    server.stop()
    assert len(segments(server)) > 2, f"too few segments: {segments(server)}"
    if not hints:
        remove_hints(server)
    return server


def killed_with_tail(setup):
    """A server that was killed just after it answered the write of `tail`."""
    server = setup.server()
    fill(server)
    with server.client() as client:
        assert client.call("SET", "tail", marker_value("tail")) == b"OK"
    server.kill9()
    return server


@day
def locked_directory(setup):
    """A second server on the same directory is refused; the first one goes on."""
    first = setup.server()
    fill(first)
    second = setup.server({"dir": first.dir}, start=False)
    status, output = second.run()
    lines = output_lines(output)
    assert status == 1, status
    assert re.search("lock|in use|another", lines[-1], re.I) and str(first.dir) in lines[-1], lines
    check_fill(first)
    first.kill9()
    second.start()
    check_fill(second)


@day
def port_in_use(setup):
    """A port that another program listens on: one line, and the directory stays free for others."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        server = setup.server({"port": other.getsockname()[1]}, start=False)
        refused(server, "address already in use|in use", unchanged=False)


@day
def unusable_socket_path(setup):
    """A unix socket in no directory: refused, and no worker waits for one that has given up."""
    server = setup.server({"workers": 16, "shards": 16, "unixsocket": "/nonexistent/socket"}, start=False)
    for _ in range(10):
        refused(server, "/nonexistent/socket", unchanged=False)


@day
def optional_address(setup):
    """An address after a - may be missing on this machine, but not taken by another server."""
    server = setup.server({"bind": ["127.0.0.1", "-192.0.2.1"]})
    server.stop()
    try:
        other = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        return  # a machine without IPv6
    with other:
        server = setup.server({"bind": ["127.0.0.1", "-::1"], "port": other.getsockname()[1]}, start=False)
        refused(server, "::1", "in use")


@day
def nothing_to_listen_on(setup):
    """A server that nobody could reach is refused, and makes no database."""
    for options in ({"port": "0"}, {"bind": ""}, {"bind": "-192.0.2.1"}):
        server = setup.server(options, start=False)
        refused(server, "nothing to listen on", lines_max=1)
        assert not fingerprint(server.dir)
    server = setup.server({"port": "0"}, start=False)
    server.options["unixsocket"] = server.root / "stave.sock"
    server.spawn()
    wait_until(lambda: "Ready" in server.log_text(), what="the server at its Unix socket")
    with Client(unix=server.root / "stave.sock") as client:
        assert client.call("PING") == b"PONG"
    ready = [line for line in server.log_text().splitlines() if "Ready" in line]
    assert "port" not in ready[0] and "stave.sock" in ready[0], ready
    server.stop()


@day
def unix_socket_is_a_file(setup):
    """A file where the Unix socket should be is not removed."""
    server = setup.server(start=False)
    path = server.root / "precious"
    path.write_text("not a socket")
    server.options["unixsocket"] = path
    refused(server, "unixsocket", "precious", "no socket", unchanged=False)
    assert path.read_text() == "not a socket"


@day
def log_file_in_no_folder(setup):
    """A log file whose folder is not there is refused, and the folder is not made."""
    server = setup.server(start=False)
    folder = server.root / "missing"
    server.options["logfile"] = folder / "stave.log"
    refused(server, "logfile", "missing/stave.log", "No such file", lines_max=1)
    assert not folder.exists()


@day
def check_without_a_database(setup):
    """stave-check says what is wrong with its argument, and helps when it is asked to."""
    server = setup.server(start=False)
    check = pathlib.Path(server.binary).with_name("stave-check")
    run = lambda *words: subprocess.run([check, *words], capture_output=True, text=True, check=False)
    file = server.root / "a-file"
    file.touch()
    none = server.root / "none"
    for path, why in ((none, "No such file"), (file, "Not a directory"), (server.dir, "no database")):
        done = run(path)
        assert done.returncode == 1 and str(path) in done.stderr and why in done.stderr, done
    for words, status in (("--help", 0), ("--version", 0), ("", 2), ("--no-such", 2), ("a b", 2)):
        done = run(*words.split())
        assert done.returncode == status and bool(done.stdout) == (status == 0), (words, done)


@day
def damaged_meta(setup):
    """Any changed byte of stave.meta, and a cut or empty one, is refused by its name."""
    server = stopped(setup)
    meta = server.dir / "stave.meta"
    good = meta.read_bytes()
    used = len(good.rstrip(b"\0")) or len(good)
    for offset in sorted({*range(0, min(used, 16)), *range(16, used, max(1, used // 16))}):
        flip_byte(meta, offset)
        refused(server, r"stave\.meta")
        meta.write_bytes(good)
    for cut in (0, 3, len(good) // 2):
        meta.write_bytes(good[:cut])
        refused(server, r"stave\.meta")
    meta.write_bytes(good)
    server.start()
    check_fill(server)


@day
def missing_meta(setup):
    """Shard folders without stave.meta are not taken for a new database."""
    server = stopped(setup)
    (server.dir / "stave.meta").rename(server.root / "meta")
    refused(server, "stave.meta|not empty|shard")
    (server.root / "meta").rename(server.dir / "stave.meta")
    server.start()
    check_fill(server)


@day
def first_start_cut_short(setup):
    """Killed between any two steps of making the database, the next start makes it."""
    server = setup.server()
    server.kill9()
    shutil.rmtree(server.dir)
    for leftovers in ((), ("LOCK",), ("LOCK", "shard-0000/"), ("LOCK", "shard-0000/", "shard-0001/"),
                      ("LOCK", "shard-0000/", "shard-0001/", "stave.meta.new")):
        server.dir.mkdir()
        for name in leftovers:
            path = server.dir / name
            path.mkdir() if name.endswith("/") else path.touch()
        server.start()
        with server.client() as client:
            assert client.call("MSET", "a", 1, "b", 2, "c", 3) == b"OK"
        server.restart(kill9=True)
        with server.client() as client:
            assert client.call("MGET", "a", "b", "c") == [b"1", b"2", b"3"]
        server.kill9()
        shutil.rmtree(server.dir)
    # The meta file is what makes it a database: everything else stands before it.
    server.dir.mkdir()
    server.wrapper = ["strace", "-D", "-f", "-qq", "-o", str(server.root / "trace"), "-e", "trace=mkdir,mkdirat,rename"]
    server.start()
    server.kill9()  # a leak checker at its end does not work under strace
    server.wrapper = []
    calls = (server.root / "trace").read_text()
    assert 0 < calls.index("shard-0001") < calls.index("stave.meta.new"), calls


@day
def stopped_at_the_first_answer(setup):
    """SIGTERM ends the server in order as soon as any worker answers, though the first is late with everything."""
    server = setup.server(start=False, environment={"ASAN_OPTIONS": "detect_leaks=0"})  # which strace would disturb
    server.wrapper = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=rt_sigaction",
                      "-e", "inject=rt_sigaction:delay_enter=200000"]
    server.spawn()
    address = ("127.0.0.1", server.port)
    first = wait_until(lambda: connected(address), what="the first listener")
    clients = [first] + [socket.create_connection(address) for _ in range(15)]
    for client in clients:
        client.sendall(b"PING\r\n")
    assert select.select(clients, [], [], 30)[0]
    server.stop()
    for client in clients:
        client.close()


def connected(address):
    try:
        return socket.create_connection(address)
    except ConnectionRefusedError:
        return None


@day
def unreadable_directory(setup):
    """A directory, a segment or a meta file that the server may not read."""
    assert os.geteuid() == 0, "this day needs root, to become somebody without rights"
    server = stopped(setup)
    server.root.chmod(0o755)
    for path in [server.dir, *server.dir.rglob("*")]:
        os.chown(path, 65534, 65534)
    server.wrapper = list(AS_NOBODY)
    first = segments(server)[0]
    remove_hints(server)
    for path, name in ((first, first.name), (server.dir / "stave.meta", "stave.meta"),
                       (server.dir, str(server.dir))):
        mode = path.stat().st_mode
        os.chown(path, 0, 0)
        path.chmod(0o600)
        refused(server, re.escape(name), "denied|not permitted")
        os.chown(path, 65534, 65534)
        path.chmod(mode)
    server.start()
    check_fill(server)


@day
def directory_is_a_file(setup):
    """--dir names a file."""
    server = setup.server(start=False)
    path = server.root / "a-file"
    path.write_text("not a directory")
    server.options["dir"] = path
    refused(server, "dir", "a-file", "not a directory$")
    assert path.read_text() == "not a directory"


@day
def directory_without_parent(setup):
    """--dir in a folder that is not there."""
    server = setup.server(start=False)
    server.options["dir"] = server.root / "no" / "such"
    refused(server, "dir: .*no/such: No such file", lines_max=1)


@day
def corrupt_record(setup):
    """A flipped byte in a sealed segment stops a start that must scan it: file, offset, nothing changed."""
    server = stopped(setup, hints=False)
    path = segments(server)[0]
    for offset in (5000, path.stat().st_size // 2, 4096 + 3):
        flip_byte(path, offset)
        line = refused(server, re.escape(path.name))
        places = [int(number) for number in re.findall(r"\b\d+\b", line.replace(path.name, ""))]
        assert any(offset - 1100 <= place <= offset for place in places), f"no {offset} or so in {line!r}"
        flip_byte(path, offset)
    server.start()
    check_fill(server)


@day
def corrupt_segment_header(setup):
    """A segment whose header names another shard, or nothing at all."""
    server = stopped(setup, hints=False)
    path, other = segments(server, 0)[0], segments(server, 1)[0]
    good = path.read_bytes()
    for bad in (b"\0" * 4096 + good[4096:], other.read_bytes(), b"", good[:100]):
        path.write_bytes(bad)
        refused(server, re.escape(path.name))
    path.write_bytes(good)
    server.start()
    check_fill(server)


@day
def missing_segment(setup):
    """A segment that is gone from the middle is no silent gap."""
    server = stopped(setup)
    path = segments(server)[1]
    hint = path.with_suffix(".hint")
    for with_hint in (False, True):
        moved = [file for file in (path, hint) if file.exists() and (with_hint or file == path)]
        for file in moved:
            file.rename(server.root / file.name)
        refused(server, r"\.seg", "missing")
        for file in moved:
            (server.root / file.name).rename(file)
    server.start()
    check_fill(server)


@day
def cut_sealed_segment(setup):
    """A sealed segment that lost its end."""
    server = stopped(setup, hints=False)
    path = segments(server)[0]
    good = path.read_bytes()
    path.write_bytes(good[:len(good) // 2])
    refused(server, re.escape(path.name))
    path.write_bytes(good)
    server.start()
    check_fill(server)


@day
def corrupt_hint(setup):
    """A damaged hint is not believed: the segment is scanned instead."""
    server = stopped(setup)
    hints = sorted(server.dir.rglob("*.hint"))
    assert hints, "a clean stop leaves hints"
    flip_byte(hints[0], hints[0].stat().st_size // 2)
    hints[-1].write_bytes(hints[-1].read_bytes()[:50])
    if len(hints) > 2:
        hints[1].write_bytes(b"")
    server.start()
    check_fill(server)


@day
def stale_hint(setup):
    """A hint of another segment, however valid in itself, is not believed."""
    server = stopped(setup)
    hints = sorted((server.dir / "shard-0000").glob("*.hint"))
    assert len(hints) > 1, hints
    shutil.copy(hints[1], hints[0])
    server.start()
    check_fill(server)


@day
def torn_tail_cut(setup):
    """The file ends in the middle of the last record: cut, logged with its bytes, counted in INFO."""
    server = killed_with_tail(setup)
    path, at = find_bytes(server, marker_value("tail"))
    os.truncate(path, at + 300)
    check_torn_start(server, path)


@day
def torn_tail_garbage(setup):
    """The second half of the last record is garbage: the same."""
    server = killed_with_tail(setup)
    path, at = find_bytes(server, marker_value("tail"))
    with open(path, "r+b") as file:
        file.seek(at + 512)
        file.write(os.urandom(700))
    check_torn_start(server, path)


def check_torn_start(server, path):
    server.start()
    check_fill(server)
    with server.client() as client:
        assert client.call("GET", "tail") is None
        counted = {name: value for name, value in info(client).items() if TORN.search(name)}
        assert any(value.isdigit() and int(value) > 0 for value in counted.values()), counted
        assert client.call("SET", "tail", "again") == b"OK"
    line = [line for line in server.log_text().splitlines() if TORN.search(line)]
    assert line and re.search(r"\d+ bytes", line[-1]) and path.name in line[-1], line
    server.kill9()
    server.start()
    check_fill(server)
    with server.client() as client:
        assert client.call("GET", "tail") == b"again"


@day
def garbage_after_the_tail(setup):
    """Garbage behind the last record costs no record."""
    server = killed_with_tail(setup)
    path, at = find_bytes(server, marker_value("tail"))
    with open(path, "r+b") as file:
        file.seek((at + 1000 + 7) // 8 * 8)
        file.write(os.urandom(600))
    server.start()
    check_fill(server)
    with server.client() as client:
        assert client.call("GET", "tail") == marker_value("tail")
        client.call("SET", "tail", "again")
    server.kill9()
    server.start()
    with server.client() as client:
        assert client.call("GET", "tail") == b"again"
    check_fill(server)


@day
def blank_segments_at_the_end(setup):
    """Killed after it made segments and before it wrote to them: nothing is lost, and it starts."""
    server = killed_with_tail(setup)
    last = segments(server)[-1]
    for number in (1, 2):
        blank = last.with_name(f"{int(last.stem) + number:08}.seg")
        blank.write_bytes(b"\0" * last.stat().st_size)
    server.start()
    check_fill(server)
    server.restart()
    check_fill(server)


@day
def bad_options(setup):
    """An unknown option, a wrong type, a value out of range: one line that names the option."""
    for option, value in (
            ("no-such-option", "1"), ("port", "abc"), ("port", "65536"), ("appendfsync", "sometimes"),
            ("maxmemory", "-5"), ("maxmemory", "12zb"), ("shards", "70000"), ("maxclients", "0"),
            ("io-backend", "carrier-pigeon"), ("databases", "-1"), ("segment-bytes", "5")):
        server = setup.server({option: value}, start=False)
        refused(server, option.replace("-", "."), lines_max=1)
        assert not fingerprint(server.dir), "a refused option must not create a database"


@day
def bad_configuration_file(setup):
    """A fault in the configuration file is told with file, line and key."""
    for text, line, key in (
            ("port = 7000\nno_such_key = 1\n", 2, "no.such.key"), ('# one\n\nport = "abc"\n', 3, "port"),
            ("port = 99999\n", 1, "port"), ("maxclients = true\n", 1, "maxclients"), ('a = \n', 1, "")):
        server = setup.server(start=False)
        path = server.root / "stave.toml"
        path.write_text(text)
        server.wrapper = []
        command = server.command_line
        server.command_line = lambda command=command, path=path: [command()[0], str(path), *command()[3:]]
        refused(server, re.escape("stave.toml"), rf"\b{line}\b", key, lines_max=1)


@day
def environment_is_told(setup):
    """The log and INFO say which I/O backend runs."""
    server = setup.server()
    with server.client() as client:
        found = {name: value for name, value in info(client).items() if "backend" in name}
    assert setup.backend in "".join(found.values()), found
    assert setup.backend in server.log_text()
