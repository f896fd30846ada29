"""What this installation has: Python, cores, cache, required packages and extras, and how to get what is missing."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from dataclasses import dataclass
from importlib import metadata

from baxis.core.library import SHIPPED
from baxis.core.storing.store import directory

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "chrome",
    "msedge",
)  # by which PDFs are printed and pages tested
_NAME = re.compile(r"^([A-Za-z0-9_.-]+)(\[[^\]]*\])?\s*([^;]*)")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")


@dataclass(frozen=True)
class Item:
    """One line of the report: what, what was found, whether it is well, and what to do when it is not."""

    what: str
    found: str
    ok: bool
    advice: str = ""


def report() -> list[Item]:
    """Python and machine, cache, required packages, then each extra."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    folder = directory()
    lasting = os.access(folder, os.W_OK) and "tmp" not in folder.parts[-2:]
    items = [
        Item(
            "python",
            f"{platform.python_version()} ({sys.executable})",
            sys.version_info >= (3, 11),
            "" if sys.version_info >= (3, 11) else "Python 3.11 or newer",
        ),
        Item("machine", f"{platform.system()} {platform.machine()}, {cores} cores", True),
        Item(
            "cache", f"{folder}, {_size(folder)}", lasting, "" if lasting else "set BAXIS_CACHE to a folder that lasts"
        ),
    ]
    items.append(_library())
    for extra, names in _requirements().items():
        have = {n: _version(n) for n in names}
        lacking = [n for n, v in have.items() if v is None]
        found = f"{len(names) - len(lacking)} of {len(names)} packages" + (
            f"; missing: {', '.join(lacking)}" if lacking else ""
        )
        hint = "pip install baxis" if not extra else f"pip install 'baxis[{extra}]'"
        items.append(Item(f"extra {extra}" if extra else "required", found, not lacking, hint if lacking else ""))
    path = browser()
    advice = f"a Chromium on the path ({', '.join(BROWSERS)}), for --pdf of reports and the browser tests"
    items.append(Item("browser", path or "none", bool(path), "" if path else advice))
    return items


def browser() -> str:
    """Path of the first of BROWSERS that is there; empty where none is."""
    return next((p for p in map(shutil.which, BROWSERS) if p), "")


KINDS = ("biomarkers", "checks", "credibility", "designs", "diseases", "drugs", "evidence", "instruments", "parameters", "posterior",
         "references", "review", "scoreboard")  # fmt: skip


def _library() -> Item:
    """The data that the installation must hold: files counted, kinds without any named."""
    lacking = [k for k in KINDS if not any(p.is_file() for p in (SHIPPED / k).glob("*"))]
    lacking += [n for n in ("sources.bib", "glossary.toml", "states.csv") if not (SHIPPED / n).is_file()]
    count = sum(p.is_file() for p in SHIPPED.rglob("*"))
    found = f"{count} files" + (f"; missing: {', '.join(lacking)}" if lacking else "")
    return Item("library", found, not lacking, "pip install --force-reinstall baxis" if lacking else "")


def required_is_whole(items: list[Item]) -> bool:
    """Whether Python, the library's data and the required packages are there; extras may be absent."""
    return all(i.ok for i in items if i.what in ("python", "library", "required"))


def _requirements() -> dict[str, list[str]]:
    """Extra ("" for required) -> names of its packages."""
    out: dict[str, list[str]] = {"": []}
    for text in metadata.requires("baxis") or []:
        match = _NAME.match(text)
        if match is None or match[1].lower() == "baxis":
            continue
        extra = _EXTRA.search(text)
        out.setdefault(extra[1] if extra else "", []).append(match[1])
    return out


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _size(folder: os.PathLike[str]) -> str:
    total = 0
    for root, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.path.getsize(os.path.join(root, name))
            except OSError:  # another process has just removed it
                continue
    return f"{total / 2**20:.0f} MiB"
