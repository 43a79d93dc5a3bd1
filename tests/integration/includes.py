#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: name=includes label=fast timeout=20
"""Shows that the folders depend on each other one way only, and that foreign headers stay in their places."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Which folders of ours a folder may include.
MAY_INCLUDE = {
    "resp": {"resp"},
    "shards": {"shards"},
    "repl": {"repl", "shards"},
    "src": {"src", "repl", "shards", "resp"},
    "tests": {"tests", "src", "repl", "shards", "resp"},
}

# Where a foreign header may appear; tests may include anything.
FOREIGN_PLACES = [
    (r"uv\.h", r"src/.*|shards/thread_disk\..*|repl/transport\..*"),
    (r"liburing\.h", r"shards/uring_disk\..*"),
    (r"toml\+\+/.*", r"src/config_file\.cc"),
    (r"(spdlog|fmt)/.*", r"src/.*"),
    (r"mimalloc.*", r"src/.*"),
    (r"openssl/.*|lua.*", r"src/[^/]*\.cc"),
]

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)


def sources():
    for folder in MAY_INCLUDE:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".h", ".cc") and "node_modules" not in path.parts:
                yield folder, path


def fault(folder, path, quote, header):
    """What is wrong with this include, or None."""
    if quote == '"':
        target = header.split("/")[0]
        if target not in MAY_INCLUDE:
            return 'not a path from the root (ours: "folder/file.h", foreign: <file.h>)'
        if target not in MAY_INCLUDE[folder]:
            return f"{folder}/ may not use {target}/"
        if not (ROOT / header).is_file():
            return "no such file"
        return None
    if folder == "tests":
        return None
    for pattern, places in FOREIGN_PLACES:
        if re.fullmatch(pattern, header) and not re.fullmatch(places, path):
            return f"belongs only in {places}"
    return None


def main():
    faults = 0
    for folder, path in sources():
        name = path.relative_to(ROOT).as_posix()
        for match in INCLUDE.finditer(path.read_text()):
            problem = fault(folder, name, match.group(1), match.group(2))
            if problem:
                faults += 1
                print(f"{name}: #include {match.group(2)}: {problem}")
    print(f"{faults} includes that do not belong")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
