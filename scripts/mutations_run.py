"""Runs mutants: each in a fork of a process that has loaded what no mutant changes, its module replaced on import."""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.util
import os
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mutants import Mutant

HEAVY = ("numpy", "scipy.special", "scipy.stats", "pandas", "hypothesis", "baxis.core.ledger", "baxis.axis",
         "baxis.engine", "baxis.evidence", "xarray", "baxis.faces.cli")  # fmt: skip
MUTABLE = ("baxis.clinic", "baxis.insight")  # layers that hold mutants or read them: loaded anew in every process


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant; by: the first test that failed, or how it ended."""

    mutant: Mutant
    caught: bool
    by: str


class _Replaced(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module another text."""

    def __init__(self, module: str, path: Path, text: str) -> None:
        self.module, self.path, self.text = module, path, text

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> Any:
        if fullname != self.module:
            return None
        places = [str(self.path.parent)] if self.path.name == "__init__.py" else None
        spec = importlib.util.spec_from_loader(fullname, self, origin=str(self.path), is_package=places is not None)
        if spec is not None and places is not None:
            spec.submodule_search_locations = places
        return spec

    def exec_module(self, module: Any) -> None:
        module.__file__ = str(self.path)
        exec(compile(self.text, str(self.path), "exec"), module.__dict__)


class _First:
    """Notes the first test that failed."""

    def __init__(self, note: Path) -> None:
        self.note = note

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.note.exists():
            self.note.write_text(report.nodeid, encoding="utf-8")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.note.exists():
            self.note.write_text(f"{report.nodeid} (import)", encoding="utf-8")


def load(folder: Path) -> None:
    """Import what every test needs and no mutant changes. folder: where compiled files are kept, apart from the tree."""
    sys.pycache_prefix = str(folder / "compiled")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for name in HEAVY:
        importlib.import_module(name)
    for name in [m for m in sys.modules if m.startswith(MUTABLE)]:
        del sys.modules[name]


def module_of(file: str) -> str:
    """Dotted name of a file under src/baxis."""
    return ".".join(("baxis", *Path(file).with_suffix("").parts)).removesuffix(".__init__")


def _child(root: Path, m: Mutant | None, tests: list[str], note: Path) -> int:
    """In the fork: replace the module, run its tests, stop at the first failure."""
    out = os.open(os.devnull, os.O_WRONLY)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.setsid()
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(note.parent / "hypothesis")
    if m is not None:
        sys.meta_path.insert(0, _Replaced(module_of(m.file), root / "src" / "baxis" / m.file, m.text))
    off = ("cacheprovider", "unraisableexception", "threadexception", "faulthandler")
    words = ["-x", "-q", "--assert=plain", "--rootdir", str(root), *(w for p in off for w in ("-p", f"no:{p}"))]
    return int(pytest.main([*words, *(str(root / "tests" / t) for t in tests)], plugins=[_First(note)]))


def start(root: Path, m: Mutant | None, tests: list[str], note: Path) -> int:
    """Fork a run; its process number."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 70
    with contextlib.suppress(BaseException):
        code = _child(root, m, tests, note)
    os._exit(code)


def sound(root: Path, files: dict[str, list[str]], folder: Path) -> None:
    """The tests pass as they stand, or nothing is learned. SystemExit otherwise."""
    for tests in {tuple(t) for t in files.values()}:
        note = folder / "unchanged"
        _, status = os.waitpid(start(root, None, list(tests), note), 0)
        if os.waitstatus_to_exitcode(status) != 0:
            by = note.read_text(encoding="utf-8") if note.exists() else f"exit {os.waitstatus_to_exitcode(status)}"
            raise SystemExit(f"tests fail without any mutant: {by}")


def run_all(
    root: Path, chosen: list[Mutant], files: dict[str, list[str]], workers: int, timeout: float
) -> list[Outcome]:
    """Outcome of every mutant, in the order given; at most `workers` processes at once."""
    found: dict[int, Outcome] = {}
    running: dict[int, tuple[int, float, Path]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        load(folder)
        sound(root, {f: files[f] for f in {m.file for m in chosen}}, folder)
        waiting = list(enumerate(chosen))[::-1]
        while waiting or running:
            while waiting and len(running) < workers:
                i, m = waiting.pop()
                note = folder / f"first-{i}"
                running[start(root, m, files[m.file], note)] = (i, time.monotonic(), note)
            for pid, (i, began, note) in list(running.items()):
                ended = _ended(pid, time.monotonic() - began > timeout, note)
                if ended is not None:
                    found[i] = Outcome(chosen[i], *ended)
                    del running[pid]
                    if len(found) % 25 == 0:
                        print(f"{len(found)} of {len(chosen)}", file=sys.stderr, flush=True)
            time.sleep(0.01)
    return [found[i] for i in range(len(chosen))]


def _ended(pid: int, late: bool, note: Path) -> tuple[bool, str] | None:
    """(caught, by) of a process that has ended or is too late; None for one that still runs."""
    done, status = os.waitpid(pid, os.WNOHANG)
    if done:
        code = os.waitstatus_to_exitcode(status)
        if code == 0:
            return False, ""
        return True, note.read_text(encoding="utf-8") if note.exists() else f"exit {code}"
    if not late:
        return None
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return True, "time"
