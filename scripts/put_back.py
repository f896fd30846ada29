"""Puts mended faults back into a copy of the package, and lets the sweep of random models look for them.

A fault (four_paths_faults.toml) is one or more replacements in the sources; `parts` are those of the random models that
can meet it. It counts as found by a model that goes wrong with the fault and is right without it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PACKAGE = HERE.parent / "src" / "baxis"
LIST = HERE / "four_paths_faults.toml"
PATIENCE = 600  # seconds a fault may take
Fault = dict[str, Any]
Tried = Callable[[int], tuple[int, list[str], list[tuple[str, str, str]]]]


def listed() -> list[Fault]:
    """The faults: name, what, parts, patch (file, now, fault)."""
    return tomllib.loads(LIST.read_text(encoding="utf-8"))["fault"]


def patched(fault: Fault, package: Path) -> None:
    """Put a fault into a copy of the package. Raises ValueError where the text to replace does not stand there once."""
    for patch in fault["patch"]:
        file = package / patch["file"]
        text = file.read_text(encoding="utf-8")
        if text.count(patch["now"]) != 1:
            raise ValueError(f"fault {fault['name']}: not once in {patch['file']}:\n{patch['now']}")
        file.write_text(text.replace(patch["now"], patch["fault"]), encoding="utf-8")


def until_wrong(tried: Tried, first: int, models: int) -> dict[str, Any]:
    """The first of some models that goes wrong: how many were tried, its number, way, verdict and words."""
    for k in range(models):
        number, _, found = tried(first + k)
        wrong = [f for f in found if f[1] in ("refuses", "differs", "fails")]
        if wrong:
            return {"tried": k + 1, "number": number, "wrong": wrong}
    return {"tried": models, "number": None, "wrong": []}


def faults(models: int, only: Sequence[str] = ()) -> tuple[str, bool]:
    """Table (Markdown) of the faults put back one by one, and whether each was found."""
    rows, good = [], True
    for fault in (f for f in listed() if not only or f["name"] in only):
        told = _looked_for(fault, models)
        good &= told["found"]
        ways = ", ".join(f"{way} {verdict}" for way, verdict, _ in told["wrong"])
        cells = (fault["name"], fault["what"], told["tried"], ways, "yes" if told["found"] else "no")
        rows.append("| " + " | ".join(map(str, cells)) + " |")
        print(rows[-1], *(w[:160] for _, _, w in told["wrong"][:1]), file=sys.stderr, flush=True)
    head = ["| fault | what is put back | models tried | what goes wrong | found |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows]), good


def _looked_for(fault: Fault, models: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "baxis"
        shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        patched(fault, copy)
        told = _sweep(Path(folder), fault["parts"], 0, models)
        right = _sweep(PACKAGE.parent, fault["parts"], told["number"], 1) if told["wrong"] else told
    return told | {"found": bool(told["wrong"]) and not right["wrong"]}


def _sweep(where: Path, parts: Sequence[str], first: int, models: int) -> dict[str, Any]:
    """The sweep with the package that lies in `where`, and compiled models of its own."""
    command = [sys.executable, str(HERE / "four_paths.py"), "--until-wrong", "--parts", ",".join(parts)]
    command += ["--first", str(first), "--models", str(models)]
    with tempfile.TemporaryDirectory() as kept:
        paths = {"PYTHONPATH": str(where), "BAXIS_CACHE": kept}
        done = subprocess.run(
            command, capture_output=True, text=True, env=os.environ | paths, timeout=PATIENCE, check=False
        )
    if done.returncode:
        raise RuntimeError(f"the sweep itself failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def write_block(page: Path, name: str, text: str) -> None:
    """Put the text between the page's marks of that name. Raises ValueError where it has none."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    whole = page.read_text(encoding="utf-8")
    if whole.count(begin) != 1 or whole.count(end) != 1:
        raise ValueError(f"{page}: no marks {begin.strip()} and {end}")
    before, after = whole.split(begin)[0], whole.split(end)[1]
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
