# SPDX-License-Identifier: Apache-2.0
"""What the days need to look into a database directory, and to harm it."""
import hashlib
import re


def fingerprint(directory):
    """Every file's path and content, to show later that nothing changed."""
    return {str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(directory.rglob("*")) if path.is_file()}


def segments(server, shard=0):
    return sorted((server.dir / f"shard-{shard:04}").glob("*.seg"))


def remove_hints(server):
    for hint in server.dir.rglob("*.hint"):
        hint.unlink()


def find_bytes(server, marker):
    """The segment that holds the marker, and the offset of its last occurrence."""
    for path in sorted(server.dir.rglob("*.seg"), reverse=True):
        at = path.read_bytes().rfind(marker)
        if at >= 0:
            return path, at
    raise AssertionError(f"{marker} is in no segment")


def flip_byte(path, offset):
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 0x5a]))


def marker_value(name, size=1000):
    """A value that can be found in the files."""
    return f"<{name}>".encode().ljust(size, b"~")


def fill(server, keys=300, size=1000):
    """Writes keys enough for several small segments in each shard."""
    with server.client() as client:
        replies = client.pipeline([("SET", f"key:{at}", marker_value(f"key:{at}", size))
                                   for at in range(keys)])
    assert all(reply.value == b"OK" for reply in replies), replies[:3]


def check_fill(server, keys=300, size=1000, but=()):
    """Every key of fill() reads back, but for those in `but`."""
    with server.client() as client:
        replies = client.pipeline([("GET", f"key:{at}") for at in range(keys)])
    wrong = [at for at, reply in enumerate(replies)
             if f"key:{at}" not in but and reply.value != marker_value(f"key:{at}", size)]
    assert not wrong, f"wrong values: {[(at, replies[at]) for at in wrong[:3]]}, {len(wrong)} in all"


def output_lines(output):
    return [line for line in output.splitlines() if line.strip() and not line.startswith("--- start")]


def refused(server, *words, lines_max=None, unchanged=True):
    """The server refuses to start with status 1, its last line holds the words, and no file changes."""
    before = fingerprint(server.dir) if unchanged else None
    status, output = server.run()
    lines = output_lines(output)
    assert status == 1, f"exit status {status}, output {lines[-3:]}"
    assert lines, "no word on why"
    for word in words:
        assert re.search(word, lines[-1], re.IGNORECASE), f"no {word!r} in the last line: {lines[-1]!r}"
    if lines_max is not None:
        assert len(lines) <= lines_max, f"more than {lines_max} line: {lines}"
    if unchanged:
        after = fingerprint(server.dir)
        changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        assert not changed, f"the refused start changed {sorted(changed)}"
    return lines[-1]


def info(client):
    """INFO as a dict of strings."""
    lines = client.call("INFO").decode().splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line and not line.startswith("#"))
