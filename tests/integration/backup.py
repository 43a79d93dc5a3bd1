# SPDX-License-Identifier: Apache-2.0
# ctest: label=fast timeout=180
"""SAVE, BGSAVE, LASTSAVE: a backup is the database at one moment, a server starts from it as it is, and nothing
that the original does afterwards changes a byte of it."""
import itertools
import os
import random
import subprocess
import tempfile
import threading
import time
import traceback

from days_files import fingerprint, info
from stave_testing import Server, parse_arguments, wait_until

OPTIONS = {"workers": 2, "shards": 3, "segment-bytes": 64 << 10, "compaction-threshold": 10}
UNDER_WAY = "ERR Background save already in progress"


def backups(server):
    folder = server.dir / "backups"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def under_way(client):
    return info(client)["rdb_bgsave_in_progress"] != "0"


def bgsave(server, client):
    """Begins one, waits for its end and returns its directory."""
    before = set(backups(server))
    assert client.call("BGSAVE") == b"Background saving started"
    wait_until(lambda: not under_way(client), what="a backup")
    assert info(client)["rdb_last_bgsave_status"] == "ok", server.log_text()[-2000:]
    made, = set(backups(server)) - before
    assert not made.name.endswith(".partial")
    return made


def error(client, *words):
    reply = client.execute(*words)
    assert reply.is_error(), f"{words}: {reply}"
    return reply.value.decode()


def check(server, directory):
    program = os.path.join(os.path.dirname(server.binary), "stave-check")
    found = subprocess.run([program, str(directory)], capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 0 and "all is well" in found.stdout, found.stdout + found.stderr


def started_from(server, directory, **options):
    return Server(server.binary, {**OPTIONS, "dir": directory, **options})


class Writers:
    """Clients that write without a pause until they are stopped. Each notes what it has sent last, and what was
    answered last; what a backup must hold follows from that."""
    PADDING = "~" * 500
    KEYS = 8

    def __init__(self, server):
        self.server = server
        self.stopping = False
        self.failures = []
        turns = {"mset": self._mset, "order": self._in_order, "rename": self._rename, "set": self._set,
                 "incr": self._increment}
        self.sent = dict.fromkeys(turns, 0)
        self.answered = dict.fromkeys(turns, 0)
        self.threads = [threading.Thread(target=self._write, args=pair) for pair in turns.items()]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        wait_until(lambda: self.failures or min(self.answered.values()) > 5, what="writes of every client")
        return self

    def __exit__(self, *_):
        self.stopping = True
        for thread in self.threads:
            thread.join()
        assert not self.failures, self.failures

    def _write(self, name, turn):
        try:
            with self.server.client() as client:
                for number in itertools.count(1):
                    if self.stopping:
                        return
                    self.sent[name] = number
                    turn(client, number)
                    self.answered[name] = number
        except Exception:  # pylint: disable=broad-except
            self.failures.append(traceback.format_exc())

    def _mset(self, client, number):
        client.call("MSET", *(word for at in range(self.KEYS) for word in (f"mset:{at}", f"{number} {self.PADDING}")))

    def _in_order(self, client, number):
        for at in range(self.KEYS):
            client.call("SET", f"order:{at}", f"{number} {self.PADDING}")

    def _rename(self, client, number):
        if number == 1:
            client.call("SET", "moved:0", "x")
        client.call("RENAME", f"moved:{(number - 1) % self.KEYS}", f"moved:{number % self.KEYS}")

    def _set(self, client, number):
        client.call("SET", f"set:{number % 50}", f"{number} {self.PADDING}")

    def _increment(self, client, number):
        assert client.call("INCR", "incr") == number


def check_moment(client, least, most):
    """What a server that started from a backup holds was there at one moment, between the two notes of numbers."""
    def numbers(name):
        return [int(value.split()[0]) for value in client.call("MGET", *(f"{name}:{at}" for at in range(Writers.KEYS)))]

    values = numbers("mset")
    assert len(set(values)) == 1, f"an MSET is there in part: {values}"
    assert least["mset"] <= values[0] <= most["mset"], (least, values, most)
    values = numbers("order")
    assert values == sorted(values, reverse=True) and values[0] - values[-1] <= 1, \
        f"a write without the one that was answered before it: {values}"
    assert least["order"] <= values[0] and values[-1] <= most["order"], (least, values, most)
    assert client.call("EXISTS", *(f"moved:{at}" for at in range(Writers.KEYS))) == 1, "a RENAME is there in part"
    assert least["incr"] <= int(client.call("GET", "incr")) <= most["incr"]
    values = {int(value.split()[0]) for value in client.call("MGET", *(f"set:{at}" for at in range(50))) if value}
    newest = max(values)
    assert least["set"] <= newest <= most["set"]
    assert values == set(range(max(newest - 49, 1), newest + 1)), f"a value is missing or old: {sorted(values)}"


def one_moment(binary, mode):
    """Several backups while clients write and compaction runs; a server starts from each."""
    with Server(binary, {**OPTIONS, "appendfsync": mode}) as server, server.client() as client:
        taken = []
        with Writers(server) as writers:
            for _ in range(8):
                least = dict(writers.answered)
                directory = bgsave(server, client)
                taken.append((directory, least, dict(writers.sent)))
        for directory, least, most in taken:
            check(server, directory)
            with started_from(server, directory, appendfsync=mode) as other, other.client() as reader:
                assert info(reader)["stave_recovery_cut_bytes"] == "0"
                check_moment(reader, least, most)


def overwrite(client, chance, model, rounds=40):
    for _ in range(rounds):
        pairs = {f"key:{chance.randrange(300)}".encode(): chance.randbytes(chance.choice((10, 700, 3000)))
                 for _ in range(60)}
        client.call("MSET", *(word for pair in pairs.items() for word in pair))
        model.update(pairs)


def compact_hard(server, client, chance, model):
    """Overwrites until files were used again, or could have been."""
    before = int(info(client)["stave_compaction_segments_freed"])
    deadline = time.monotonic() + 60
    while int(info(client)["stave_compaction_segments_freed"]) < before + 60:
        assert time.monotonic() < deadline, "nothing is compacted"
        overwrite(client, chance, model)
    assert info(client)["stave_compaction_errors"] == "0", server.log_text()[-2000:]


def read_all(client):
    keys = client.call("KEYS", "*")
    return dict(zip(keys, client.call("MGET", *keys)))


def stays_the_same(binary, chance):
    """Overwrites and compaction behind a backup, before and after a restart, change nothing of it; and so it is
    with a backup of a server that was started from one."""
    model = {}
    with Server(binary, OPTIONS) as server:
        client = server.client()
        overwrite(client, chance, model, 60)
        server.restart()  # which seals all
        client = server.client()
        compact_hard(server, client, chance, model)
        wait_until(lambda: len(list(server.dir.glob("shard-*/*.hint"))) > 6, what="sealed segments")
        first = bgsave(server, client)
        linked = [path for path in first.rglob("*.seg") if path.stat().st_nlink > 1]
        assert linked, "nothing is linked"
        files, then = fingerprint(first), dict(model)

        compact_hard(server, client, chance, model)
        assert all(path.stat().st_nlink == 1 for path in linked), "the original still has segments that are all dead"
        assert fingerprint(first) == files, "compaction changed a backup"
        # Linked again, and then a restart, which knows nothing of backups but what the files tell.
        second = bgsave(server, client)
        second_files = fingerprint(second)
        server.restart(kill9=chance.random() < 0.5)
        client = server.client()
        assert read_all(client) == model
        compact_hard(server, client, chance, model)
        assert fingerprint(first) == files and fingerprint(second) == second_files, "a restart changed a backup"
        check(server, first)
        check(server, second)

        with started_from(server, first) as other:
            reader = other.client()
            assert read_all(reader) == then
            other.dir = first
            third = bgsave(other, reader)
            third_files = fingerprint(third)
            others = dict(then)
            compact_hard(other, reader, chance, others)
            assert fingerprint(third) == third_files and read_all(reader) == others
            other.stop()
            check(server, third)
            with started_from(server, third) as again, again.client() as last:
                assert read_all(last) == then
        assert fingerprint(second) == second_files
        assert read_all(client) == model


def replies_and_figures(binary):
    with Server(binary, OPTIONS) as server, server.client() as client:
        began = int(info(client)["rdb_last_save_time"])
        assert client.call("LASTSAVE") == began and abs(began - time.time()) < 60 and backups(server) == []
        client.pipeline([("SET", f"k:{at}", "v") for at in range(100)])
        assert info(client)["rdb_changes_since_last_save"] == "100"
        assert client.execute("SAVE") == ("+", b"OK")
        figures = info(client)
        assert figures["rdb_changes_since_last_save"] == "0" and figures["rdb_saves"] == "1"
        assert client.call("LASTSAVE") == int(figures["rdb_last_save_time"]) >= began
        assert int(figures["rdb_last_bgsave_time_sec"]) >= 0 and figures["rdb_current_bgsave_time_sec"] == "-1"
        assert len(backups(server)) == 1
        name = backups(server)[0].name
        assert abs(time.mktime(time.strptime(name[:15], "%Y%m%d-%H%M%S")) - time.timezone - time.time()) < 60

        # All in one packet, so that the first is under way when the others come.
        replies = client.pipeline([("BGSAVE",), ("BGSAVE",), ("SAVE",), ("BGSAVE", "SCHEDULE"), ("bgsave", "schedule"),
                                   ("BGSAVE", "NOW"), ("BGSAVE", "SCHEDULE", "SCHEDULE"), ("SAVE", "x"),
                                   ("LASTSAVE", "x")])
        assert [reply.value.decode() for reply in replies] == [
            "Background saving started", UNDER_WAY, UNDER_WAY, "Background saving scheduled",
            "Background saving scheduled", "ERR syntax error", "ERR syntax error",
            "ERR wrong number of arguments for 'save' command", "ERR wrong number of arguments for 'lastsave' command"]
        wait_until(lambda: not under_way(client), what="the scheduled backup")
        assert info(client)["rdb_saves"] == "3" and len(set(backups(server))) == 3
        assert client.call("BGSAVE", "SCHEDULE") == b"Background saving started"
        wait_until(lambda: not under_way(client), what="a backup")
        assert len(backups(server)) == 4
        for directory in backups(server):
            check(server, directory)


def other_file_system(near):
    """A directory on another one than `near`; None when there is none to be had."""
    for place in ("/dev/shm", "/tmp", "/var/tmp", os.path.expanduser("~")):
        if os.path.isdir(place) and os.access(place, os.W_OK) and os.stat(place).st_dev != near.stat().st_dev:
            return tempfile.TemporaryDirectory(dir=place)
    return None


def failures(binary):
    """A backup that fails says why, leaves nothing behind, and the server goes on."""
    with Server(binary, {**OPTIONS, "appendfsync": "always"}) as server:
        client = server.client()
        client.pipeline([("SET", f"k:{at}", "v" * 1000) for at in range(300)])
        server.restart()
        client = server.client()
        last = client.call("LASTSAVE")

        def fails(reason):
            text = error(client, "SAVE")
            assert text.startswith("ERR the backup failed: " + str(server.dir / "backups")) and reason in text, text
            assert info(client)["rdb_last_bgsave_status"] == "err" and client.call("LASTSAVE") == last
            assert client.call("SET", "k", "v") == b"OK" and "The backup failed" in server.log_text()

        folder = server.dir / "backups"
        folder.write_text("in the way")
        fails("Not a directory")
        folder.unlink()
        other = other_file_system(server.dir)
        if other is not None:
            with other:
                folder.symlink_to(other.name)
                fails("Invalid cross-device link")
                assert os.listdir(other.name) == [], "a failed backup left something behind"
                folder.unlink()
        assert client.call("SAVE") == b"OK" and info(client)["rdb_last_bgsave_status"] == "ok"
        good, = backups(server)

        # What a crash leaves of a backup is removed at the next start, and by the next backup.
        for again in (server.restart, lambda: client.call("SAVE")):
            left = folder / "20200101-000000.partial"
            (left / "shard-0000").mkdir(parents=True)
            (left / "shard-0000" / "00000001.seg").write_text("x")
            again()
            client = server.client()
            assert not left.exists() and good.exists()
        assert server.log_text().count("20200101-000000.partial: did not come to its end, removed") == 2


def ends_with_the_server(binary, chance):
    """A stop or kill -9 while backups are made: the next start finds whole ones only."""
    with Server(binary, OPTIONS) as server:
        for kill in (True, False) * 5:
            with server.client() as client:
                client.pipeline([("SET", f"k:{chance.randrange(1000)}", "v" * 2000) for _ in range(500)])
                client.call("BGSAVE")
                time.sleep(chance.random() * 0.02)
            server.restart(kill9=kill)
            assert not [path for path in backups(server) if path.name.endswith(".partial")]
        for directory in backups(server):
            check(server, directory)


def main():
    arguments = parse_arguments(__doc__)
    chance = random.Random(arguments.seed)
    for mode in ("always", "everysec", "no"):
        one_moment(arguments.server, mode)
    stays_the_same(arguments.server, chance)
    replies_and_figures(arguments.server)
    failures(arguments.server)
    ends_with_the_server(arguments.server, chance)
    print("ok")


if __name__ == "__main__":
    main()
