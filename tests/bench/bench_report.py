# SPDX-License-Identifier: Apache-2.0
"""The table of measures, and the same as JSON."""
import json
import os
import platform
import statistics
import subprocess
import typing


class Row(typing.NamedTuple):
    """One figure. `target` is what the ratio (or for memory the figure itself) must reach."""
    measure: str
    target: str             # ">= 1.0" or "<= 1.1"; "" for what is only told
    stave: float
    other: float            # of redis-server or fio; None where there is nothing to compare with
    unit: str
    ratio: float            # None: the target is for `stave` itself
    load: str = ""          # share of the time that the load generator computed, with Stave / the other

    def met(self):
        if not self.target:
            return None
        sign, bound = self.target.split()
        figure = self.stave if self.ratio is None else self.ratio
        return figure >= float(bound) if sign == ">=" else figure <= float(bound)


def compared(measure, target, unit, pairs):
    """A Row from (Stave, other) pairs that were measured next to each other: medians, also of the ratio."""
    return Row(measure, target, statistics.median(stave for stave, _ in pairs),
               statistics.median(other for _, other in pairs), unit,
               statistics.median(stave / max(other, 1e-9) for stave, other in pairs))


def print_table(rows):
    lines = [("measure", "target", "Stave", "redis/fio", "ratio", "met", "load busy")]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        met = {True: "yes", False: "NO", None: ""}[row.met()]
        lines.append((row.measure, row.target, _figure(row.stave, row.unit), _figure(row.other, row.unit),
                      ratio, met, row.load))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        print("  ".join(cell.ljust(width) if column < 2 else cell.rjust(width)
                        for column, (cell, width) in enumerate(zip(line, widths))).rstrip(), flush=True)


def write_json(path, rows, failures):
    report = {
        "machine": {"cores": os.cpu_count(), "kernel": platform.release(), "redis": _version("redis-server")},
        "rows": [{**row._asdict(), "met": row.met()} for row in rows],
        "failures": failures,
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(report, file, indent=2)
        file.write("\n")


def _figure(number, unit):
    if number is None:
        return ""
    digits = 0 if abs(number) >= 1000 else 2
    return f"{number:,.{digits}f} {unit}"


def _version(program):
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return done.stdout.strip()
