"""One command for every published figure and table: runs the generators of docs/ and of the README in order.

    python scripts/published.py [--look] [--only STEP ...] [--from STEP] [--again] [--list] [--check]

A step whose code, data and command are as they were when it last finished, and whose files are there, is left out, so
that a stopped run goes on where it was. Logs and stamps lie in build/published. A step that fails is named at the end,
and the others still run. `--look` adds the scoreboard, which compares with trials kept out of fitting: the look is
logged. At the end docs/published.sha256 lists what was made; `--check` compares the files with that list.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from published_steps import LIBRARY_MADE, STEPS, Step

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "published"
LIST = ROOT / "docs" / "published.sha256"
CLI = (sys.executable, "-c", "from baxis.faces.cli import main; main()")


@dataclass(frozen=True)
class Ended:
    """How a step ended: made, as before, left out, failed; and seconds."""

    how: str
    seconds: float = 0.0


def inputs_digest(step: Step) -> str:
    """Digest of the command and of everything that can change what it makes: package, library, scripts, its inputs."""
    digest = hashlib.sha256(json.dumps(step.command).encode())
    files = [*(ROOT / "src").rglob("*"), *(ROOT / "scripts").rglob("*"), *(ROOT / f for f in step.reads)]
    for file in sorted(f for f in files if f.is_file() and f.suffix != ".pyc"):
        name = file.relative_to(ROOT).as_posix()
        if name not in LIBRARY_MADE:
            digest.update(name.encode() + file.read_bytes())
    return digest.hexdigest()


def made_by(step: Step) -> list[Path]:
    """Files that a step makes, those that exist."""
    return sorted(p for pattern in step.makes for p in ROOT.glob(pattern) if p.is_file())


def run(step: Step, again: bool) -> Ended:
    """Run a step, unless nothing that it depends on has changed; its output goes into its log."""
    stamp, digest = WORK / f"{step.name}.json", inputs_digest(step)
    done = json.loads(stamp.read_text()) if stamp.is_file() else {}
    whole = all(any(ROOT.glob(pattern)) for pattern in step.makes)
    if done.get("digest") == digest and whole and not again:
        return Ended("as before")
    missing = step.lacking()
    if missing:
        return Ended(f"left out: {missing}")
    shutil.rmtree(WORK / step.name, ignore_errors=True)  # commands refuse a folder that is not empty
    start = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "NO_MKDOCS_2_WARNING": "1"}
    head, *rest = step.command
    words = [*(CLI if head == "baxis" else (sys.executable,)), *rest]
    with (WORK / f"{step.name}.log").open("w") as log:
        code = subprocess.run(words, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, env=environment).returncode
    seconds = time.perf_counter() - start
    if code:
        return Ended(f"failed with code {code}: {_last_line(WORK / f'{step.name}.log')}", seconds)
    for old, new in step.copies.items():
        shutil.copyfile(ROOT / old, ROOT / new)
    for old, page in step.splices.items():
        splice(ROOT / old, ROOT / page)
    stamp.write_text(json.dumps({"digest": digest, "seconds": round(seconds, 1)}))
    return Ended("made", seconds)


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return f"{lines[-1][:160] if lines else 'no message'} ({log.relative_to(ROOT)})"


def splice(table: Path, page: Path) -> None:
    """Put a table between the two marks of a page."""
    begin, end = "<!-- table: begin -->", "<!-- table: end -->"
    before, rest = page.read_text(encoding="utf-8").split(begin)
    body = table.read_text(encoding="utf-8").strip()
    page.write_text(f"{before}{begin}\n{body}\n{end}{rest.split(end)[1]}", encoding="utf-8")


def chosen_steps(chosen: argparse.Namespace) -> list[Step]:
    """Steps asked for, in order. A wrong name ends the program with the names that exist."""
    names = [s.name for s in STEPS]
    for name in [*chosen.only, *([chosen.start] if chosen.start else [])]:
        if name not in names:
            sys.exit(f"no step {name!r}; steps: {', '.join(names)}")
    steps = [s for s in STEPS if not chosen.only or s.name in chosen.only]
    steps = steps[[s.name for s in steps].index(chosen.start) if chosen.start in {s.name for s in steps} else 0 :]
    return [s for s in steps if chosen.look or not s.looks]


def expected(step: Step) -> float:
    """Seconds that the step took last time, or the guess of its entry."""
    stamp = WORK / f"{step.name}.json"
    return float(json.loads(stamp.read_text())["seconds"]) if stamp.is_file() else 60.0 * step.minutes


def write_list(steps: Iterable[Step]) -> int:
    """docs/published.sha256: digest and path of every file that is generated whole."""
    files = sorted({p for s in steps if s.whole for p in made_by(s)} - {LIST})
    kept = [p for p in files if p.relative_to(ROOT).parts[0] == "docs"]
    lines = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(ROOT).as_posix()}" for p in kept]
    LIST.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(lines)


def differing() -> list[str]:
    """Files of the list that are missing or have other bytes."""
    out = []
    for line in LIST.read_text(encoding="utf-8").splitlines():
        digest, name = line.split("  ", 1)
        file = ROOT / name
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            out.append(name)
    return out


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--look", action="store_true", help="also the scoreboard on trials kept out of fitting; logged")
    parser.add_argument("--only", nargs="+", default=[], metavar="STEP")
    parser.add_argument("--from", dest="start", metavar="STEP")
    parser.add_argument("--again", action="store_true", help="run steps even where nothing has changed")
    parser.add_argument("--list", action="store_true", help="print the steps and what they make")
    parser.add_argument("--check", action="store_true", help="compare files with docs/published.sha256")
    return parser.parse_args()


def main() -> None:
    chosen = parsed()
    if chosen.check:
        wrong = differing()
        print("\n".join(wrong) or "every listed file is as it was made")
        sys.exit(bool(wrong))
    steps = chosen_steps(chosen)
    if chosen.list:
        for s in STEPS:
            print(
                f"{s.name:16s} {' '.join(s.command)}\n{'':16s} -> {', '.join(s.makes)}{' (--look)' if s.looks else ''}"
            )
        return
    WORK.mkdir(parents=True, exist_ok=True)
    failed = []
    for k, step in enumerate(steps):
        left = sum(expected(s) for s in steps[k:]) / 60
        print(f"[{k + 1:2d}/{len(steps)}] {step.name:16s} at most {left:3.0f} min left ... ", end="", flush=True)
        ended = run(step, chosen.again)
        print(f"{ended.how}{f', {ended.seconds:.0f} s' if ended.seconds else ''}", flush=True)
        failed += [step.name] if ended.how.startswith("failed") else []
    print(f"{write_list(STEPS)} files listed in {LIST.relative_to(ROOT)}")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}; the same command tries them again")


if __name__ == "__main__":
    main()
