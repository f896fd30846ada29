"""Time of each insight command at its default size, as a user meets it: a fresh process, the model compiled before.

The budget is 60 s of wall clock on two cores. Process time (user and system, all cores together) stands beside the wall
clock, which other load distorts: on two idle cores a command takes at least half of it.

python benchmarks/insight.py [NAME ...] [--threads 2]     # without names: all of COMMANDS
"""

from __future__ import annotations

import argparse
import os
import resource
import shlex
import subprocess
import sys
import tempfile
import time

BUDGET = 60.0  # s of wall clock on two cores
FILE = "docs/insight/data/example_patient.csv"
COMMANDS = {
    "explain": "explain fenebrutinib --disease SLE",
    "explain-rituximab": "explain rituximab --disease RA",
    "sensitivity": "sensitivity fenebrutinib --disease SLE",
    "biomarkers": "biomarkers anifrolumab --disease SLE",
    "biomarkers-fenebrutinib": "biomarkers fenebrutinib --disease SLE",
    "subgroups": "biomarkers --against-evidence",
    "enrich": "enrich anifrolumab --disease SLE --marker ifn",
    "enrich-fenebrutinib": "enrich fenebrutinib --disease SLE --marker ifn",
    "enrich-tofacitinib": "enrich tofacitinib --disease RA --marker aas",
    "combine": "combine elsubrutinib upadacitinib --disease SLE",
    "combine-fenebrutinib": "combine fenebrutinib rituximab --disease SLE",
    "timing": "combine rituximab belimumab --disease SLE --timing",
    "combination-trials": "combine --against-evidence",
    "pareto": "combine-search --disease SLE",
    "strategies": "strategies --disease AAV",
    "strategies-tofacitinib": "strategies --disease RA --drug 'tofacitinib 5 mg po bid'",
    "strategies-fenebrutinib": "strategies --disease RA --drug fenebrutinib",
    "strategies-two": "strategies --disease RA --drug upadacitinib --then rituximab",
    "limits": "limits rituximab --disease AAV",
    "limits-tofacitinib": "limits tofacitinib --disease RA",
    "limits-fenebrutinib": "limits fenebrutinib --disease SLE",
    "patient": f"patient {FILE} --disease SLE --candidates rituximab,belimumab",
}


def timed(words: list[str]) -> tuple[float, float, str]:
    """Wall-clock and process time of a command, s, and its last line of error, empty if it went well."""
    start, used = time.perf_counter(), _children()
    code = "from baxis.faces.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
    wall, spent = time.perf_counter() - start, _children() - used
    return wall, spent, "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["failed"])[-1]


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(COMMANDS))
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    unknown = [n for n in chosen.names if n not in COMMANDS]
    if unknown:
        parser.error(f"{unknown[0]}: expected one of {', '.join(COMMANDS)}")
    with tempfile.TemporaryDirectory() as cache:
        os.environ["BAXIS_CACHE"] = cache
        timed(["trial", "rituximab-reflex", "--patients", "2", "--quiet"])  # compiles the model
        print(
            f"{os.cpu_count()} cores, {chosen.threads} threads, load {os.getloadavg()[0]:.1f}; budget {BUDGET:.0f} s",
            flush=True,
        )
        print(f"{'command':<62} {'wall, s':>8} {'process, s':>10}", flush=True)
        for name in chosen.names or COMMANDS:
            wall, spent, failure = timed([*shlex.split(COMMANDS[name]), "--threads", str(chosen.threads)])
            note = failure or ("over the budget" if wall > BUDGET else "")
            print(f"{COMMANDS[name]:<62} {wall:>8.1f} {spent:>10.1f} {note}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
