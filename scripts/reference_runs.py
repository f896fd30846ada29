"""Runs a small example of every command and compares its plain data, bit for bit, with another state of the sources.

python scripts/reference_runs.py --base REVISION     runs them in a clean copy of that revision too, and compares
python scripts/reference_runs.py                     compares with the stored digests (tests/reference/digests.toml)
python scripts/reference_runs.py --write             stores them: only when numbers are meant to move, with a CHANGELOG line

The runs stand in tests/reference/runs.toml. A run's data are its JSON (else its words) and the files it writes, split by
their outer keys, so that a difference is named by its place. `renamed` in that file maps a new key to its old name: a step that only
renames keeps its digests. Stored digests hold for the kind of processor that they name; `--base` holds on any.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "tests" / "reference"
STORED = FOLDER / "digests.toml"
PASSING = {
    "seconds",
    "cost",
    "version",
    "versions",
    "baxis",
    "packages",
    "python",
    "created",
    "cache",
    "library",
    "machine",
}
PASSING_WORDS = re.compile(r"\d+(\.\d+)? (s|MiB|ms|min)\b|peak MiB \d+|\d{4}-\d\d-\d\d|0\.\d+\.\d+\w*|[0-9a-f]{12,}")
DEEP = 2  # outer keys by which a run's data are split
Digests = dict[str, str]


def runs() -> list[dict[str, Any]]:
    """Every reference run: name, command, maybe `before` (commands that prepare), `files`, `writes` (files to compare)."""
    return list(tomllib.loads((FOLDER / "runs.toml").read_text(encoding="utf-8"))["run"])


def renamed() -> dict[str, str]:
    """New key to old key, of steps that renamed what is printed."""
    return dict(tomllib.loads((FOLDER / "runs.toml").read_text(encoding="utf-8")).get("renamed", {}))


def digests(run: dict[str, Any], source: Path) -> Digests:
    """The run's data with the package at `source`: place -> digest of the values that stand there."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in run.get("files", {}).items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        for line in [*run.get("before", []), run["command"]]:
            done = _baxis(line, folder, source)
            if done.returncode not in (0, run.get("exit", 0)):
                return {"": f"exit code {done.returncode}: {done.stderr.strip()[-300:]}"}
        found = _printed(done.stdout)
        for name in run.get("writes", []):
            found |= {f"{name}{':' if k else ''}{k}": v for k, v in _file(Path(folder) / name).items()}
    return found


def _baxis(line: str, folder: str, source: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "baxis", *shlex.split(line)]
    env = {**os.environ, "PYTHONPATH": str(source), "COLUMNS": "100"}
    return subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=900)


def _printed(text: str) -> Digests:
    try:
        return _by_place(json.loads(text))
    except json.JSONDecodeError:
        return {"words": _digest(PASSING_WORDS.sub("#", text))} if text.strip() else {}


def _file(path: Path) -> Digests:
    """A file's data: JSON by place, Parquet by column, other text as it is, but for times, versions and dates."""
    if path.suffix == ".json":
        return _by_place(json.loads(path.read_text(encoding="utf-8")))
    if path.suffix == ".parquet":
        import pandas as pd

        table = pd.read_parquet(path)
        return {str(c): _digest(table[c].tolist()) for c in table}
    text = path.read_text(encoding="utf-8", errors="replace")
    return {"": _digest(PASSING_WORDS.sub("#", text))}


def _by_place(data: Any) -> Digests:
    names = renamed()
    return {place: _digest(part) for place, part in _parts(_kept(data, names), "", DEEP)}


def _kept(data: Any, names: dict[str, str]) -> Any:
    """The data with old names, without what says when, where and by which version it was made."""
    if isinstance(data, dict):
        pairs = ((names.get(k, k), v) for k, v in data.items())
        return {k: _kept(v, names) for k, v in pairs if k not in PASSING}
    return [_kept(v, names) for v in data] if isinstance(data, list) else data


def _parts(data: Any, place: str, deep: int) -> list[tuple[str, Any]]:
    if not (isinstance(data, dict) and data and deep):
        return [(place, data)]
    return [p for k, v in data.items() for p in _parts(v, f"{place}.{k}".lstrip("."), deep - 1)]


def _digest(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def processor() -> str:
    """The kind of processor that code was compiled for: last bits may differ on another."""
    from llvmlite import binding

    return str(binding.get_host_cpu_name())


def all_digests(source: Path, wanted: list[dict[str, Any]], processes: int) -> dict[str, Digests]:
    """Digests of every run, each told as it ends."""

    def one(run: dict[str, Any]) -> tuple[str, Digests]:
        found = digests(run, source)
        print(
            f"ran {run['name']}: {found.get('', '') if set(found) == {''} else f'{len(found)} places'}", file=sys.stderr
        )
        return run["name"], found

    with ThreadPoolExecutor(processes) as pool:
        return dict(pool.map(one, wanted))


def differences(old: dict[str, Digests], new: dict[str, Digests]) -> list[str]:
    """A line for every place whose values are not the same bits, that is missing, or that is new."""
    lines = []
    for name in new:
        before, after = old.get(name), new[name]
        if before is None:
            lines.append(f"{name}: no stored digests; --write stores them")
            continue
        for place in sorted({*before, *after}):
            if before.get(place) != after.get(place):
                what = "is new" if place not in before else "is gone" if place not in after else "has other values"
                lines.append(
                    f"{name}: {place or 'its data'} {what}"
                    + (f" ({after[place]})" if place == "" and " " in after.get("", "") else "")
                )
    return lines


def _at_revision(revision: str, wanted: list[dict[str, Any]], processes: int) -> dict[str, Digests]:
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "base"
        subprocess.run(
            ["git", "worktree", "add", "--detach", str(tree), revision], cwd=ROOT, check=True, capture_output=True
        )
        try:
            return all_digests(tree / "src", wanted, processes)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(tree)], cwd=ROOT, check=True)


def _stored() -> dict[str, Digests]:
    data = tomllib.loads(STORED.read_text(encoding="utf-8"))
    if data["processor"] != processor():
        print(
            f"stored on {data['processor']}, this is {processor()}: last bits may differ; --base REVISION compares here"
        )
    return dict(data["runs"])


def _write(found: dict[str, Digests]) -> None:
    lines = ["# Made by scripts/reference_runs.py --write.", f'processor = "{processor()}"']
    for name, places in found.items():
        lines += [
            "",
            f"[runs.{json.dumps(name)}]",
            *(f"{json.dumps(p)} = {json.dumps(d)}" for p, d in sorted(places.items())),
        ]
    STORED.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> int:
    """Exit code 1 where a run fails or differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", help="revision to compare with, run here")
    parser.add_argument("--write", action="store_true", help="store the digests")
    parser.add_argument("--only", action="append", help="runs of this name; repeat")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    wanted = [r for r in runs() if not asked.only or r["name"] in asked.only]
    found = all_digests(ROOT / "src", wanted, asked.processes)
    failed = [f"{n}: {d['']}" for n, d in found.items() if " " in d.get("", "")]
    if asked.write and not failed:
        _write((_stored() | found) if asked.only else found)
        return 0
    old = _at_revision(asked.base, wanted, asked.processes) if asked.base else _stored()
    lines = failed or differences(old, found)
    print("\n".join(lines) or f"{len(found)} runs, {sum(map(len, found.values()))} places: the same bits")
    return 1 if lines else 0


if __name__ == "__main__":
    raise SystemExit(main())
