"""Seeded faults in what judges a trial: mutants by rule, drawn by the commit's hash, each run against its own tests.

    python scripts/mutations.py                     300 mutants drawn by the hash of HEAD; the result is logged
    python scripts/mutations.py --draw 40 --file ra.py     a sweep of one file (not logged)
    python scripts/mutations.py --list              every mutant, none run

A mutant is loaded in place of the module in a process of its own: the working tree is never touched. It is caught when
a test of its file fails (or hangs), survives when all pass, and is equivalent when scripts/mutations_equivalent.toml
names it with a reason; a named one that a test catches is told as an error. See docs/mutations.md.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
import tomllib
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(HERE))
from mutants import Mutant, mutants  # noqa: E402
from mutations_run import Outcome, run_all  # noqa: E402

EQUIVALENT = HERE / "mutations_equivalent.toml"
TESTS = HERE / "mutations_tests.toml"
LOG = ROOT / "docs" / "mutations.json"
PAGE = ROOT / "docs" / "mutations.md"
DRAW = 300
MARKS = ("<!-- log -->\n", "<!-- end of log -->\n")
COLUMNS = ("date", "commit", "drawn", "caught", "survived", "equivalent", "score", "minutes")


def mapped() -> dict[str, list[str]]:
    """Files that are mutated, and the tests that mirror each."""
    table = tomllib.loads(TESTS.read_text(encoding="utf-8"))
    return {file: list(tests) for group in table.values() for file, tests in group.items()}


def every(files: dict[str, list[str]]) -> list[Mutant]:
    """All mutants of the files, in their order."""
    return [m for file in files for m in mutants((ROOT / "src" / "baxis" / file).read_text(encoding="utf-8"), file)]


def equivalents() -> dict[tuple[str, str, str], str]:
    """Reason by (file, line before, line after) of the mutants that no test can tell from the original."""
    table = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))
    return {(e["file"], e["original"], e["mutated"]): e["reason"] for e in table.get("equivalent", [])}


def key(m: Mutant) -> tuple[str, str, str]:
    return m.file, m.original, m.mutated


def head() -> str:
    """Full hash of the commit that is checked out."""
    return subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


def changed() -> bool:
    """What is tested is not what the commit holds."""
    words = ["git", "status", "--porcelain", "--", "src", "tests", "scripts"]
    return bool(subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip())


def draw(pool: list[Mutant], count: int, seed: int) -> list[Mutant]:
    """`count` of the mutants (all where there are fewer), the same ones for a seed, in the order of the files."""
    chosen = random.Random(seed).sample(range(len(pool)), min(count, len(pool)))
    return [pool[i] for i in sorted(chosen)]


def verdict(o: Outcome, named: dict[tuple[str, str, str], str]) -> str:
    """caught, survived, equivalent, or `misnamed` for one that is called equivalent and is caught."""
    if key(o.mutant) in named:
        return "misnamed" if o.caught else "equivalent"
    return "caught" if o.caught else "survived"


def row(outcomes: list[Outcome], commit: str, seconds: float) -> dict[str, object]:
    """One line of the log. score: share caught of those that a test could catch."""
    named = equivalents()
    found = Counter(verdict(o, named) for o in outcomes)
    caught = found["caught"] + found["misnamed"]
    score = round(caught / max(caught + found["survived"], 1), 4)
    counts = {
        "drawn": len(outcomes),
        "caught": caught,
        "survived": found["survived"],
        "equivalent": found["equivalent"],
    }
    date = datetime.now(UTC).strftime("%Y-%m-%d")
    return {"date": date, "commit": commit[:10], **counts, "score": score, "minutes": round(seconds / 60, 1)}


def table(rows: list[dict[str, object]]) -> str:
    """The log as a table of the docs page."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    for r in rows:
        cells = {**r, "score": f"{100 * float(str(r['score'])):.1f} %"}
        lines.append("| " + " | ".join(str(cells[c]) for c in COLUMNS) + " |")
    return "\n".join(lines) + "\n"


def written(rows: list[dict[str, object]]) -> str:
    """Text of the docs page with the log in its place."""
    before, rest = PAGE.read_text(encoding="utf-8").split(MARKS[0])
    return before + MARKS[0] + table(rows) + MARKS[1] + rest.split(MARKS[1])[1]


def append(line: dict[str, object]) -> None:
    """Add a run to the log and to its page."""
    rows = [*json.loads(LOG.read_text(encoding="utf-8")), line]
    LOG.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(written(rows), encoding="utf-8")


def tell(outcomes: list[Outcome]) -> None:
    """Survivors, misnamed ones and a line a file."""
    named = equivalents()
    found = [(verdict(o, named), o) for o in outcomes]
    for wanted in ("misnamed", "equivalent", "survived"):
        for v, o in found:
            if v == wanted:
                reason = f"\n    {named[key(o.mutant)]}" if key(o.mutant) in named else ""
                print(f"{v.upper()} {o.mutant.name}{reason}" + (f"\n    by {o.by}" if v == "misnamed" else ""))
    for file in dict.fromkeys(o.mutant.file for o in outcomes):
        count = Counter(v for v, o in found if o.mutant.file == file)
        print(f"{file}: " + ", ".join(f"{n} {v}" for v, n in sorted(count.items())))


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draw", type=int, default=DRAW, help="how many mutants (0: all)")
    parser.add_argument("--seed", type=int, help="of the draw, instead of the commit's hash (not logged)")
    parser.add_argument(
        "--file", action="append", default=[], help="only files whose path ends so (not logged); repeat"
    )
    parser.add_argument("--list", action="store_true", help="print every mutant and run none")
    parser.add_argument("--workers", type=int, default=2, help="processes at once")
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds after which a mutant hangs: caught")
    return parser.parse_args()


def main() -> int:
    asked = options()
    files = {f: t for f, t in mapped().items() if not asked.file or any(f.endswith(end) for end in asked.file)}
    if not files:
        print(f"--file {' '.join(asked.file)}: allowed: {', '.join(mapped())}", file=sys.stderr)
        return 2
    pool = every(files)
    if asked.list:
        print("\n".join(m.name for m in pool))
        return 0
    commit, counted = head(), asked.seed is None and not asked.file and asked.draw == DRAW
    if counted and changed():
        print("src, tests or scripts differ from the commit: commit first, or give --seed for a sweep", file=sys.stderr)
        return 2
    seed = int(commit, 16) if asked.seed is None else asked.seed
    chosen = draw(pool, asked.draw or len(pool), seed)
    print(f"{len(chosen)} of {len(pool)} mutants, seed {seed if asked.seed is not None else commit[:10]}", flush=True)
    os.chdir(ROOT)
    began = time.monotonic()
    outcomes = run_all(ROOT, chosen, files, asked.workers, asked.timeout)
    line = row(outcomes, commit, time.monotonic() - began)
    tell(outcomes)
    print(", ".join(f"{k} {v}" for k, v in line.items()))
    if counted:
        append(line)
    return int(any(verdict(o, equivalents()) in ("misnamed", "survived") for o in outcomes))


if __name__ == "__main__":
    sys.exit(main())
