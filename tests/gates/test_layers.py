"""Imports go one way: core <- engine, evidence <- axis <- clinic <- insight <- faces; nothing heavy at import."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import baxis

ROOT = Path(baxis.__file__).parent
MAY_IMPORT = {
    "core": {"core"},
    "engine": {"core", "engine"},
    "evidence": {"core", "evidence"},
    "axis": {"core", "engine", "evidence", "axis"},
    "clinic": {"core", "engine", "evidence", "axis", "clinic"},
    "insight": {"core", "engine", "evidence", "axis", "clinic", "insight"},
    "faces": {"core", "engine", "evidence", "axis", "clinic", "insight", "faces"},
}
FILES = sorted(p for p in ROOT.rglob("*.py") if p.parent != ROOT)


def imported_layers(file: Path) -> set[str]:
    """Layers of baxis that a file imports anywhere in it, relative imports resolved."""
    package = ("baxis", *file.relative_to(ROOT).parts[:-1])
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            stem = ".".join((*base, *(node.module or "").split("."))).strip(".")
            names = [stem] + [f"{stem}.{a.name}" for a in node.names]
        else:
            continue
        found |= {n.split(".")[1] for n in names if n.startswith("baxis.") and n.split(".")[1] in MAY_IMPORT}
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_one_way(file: Path) -> None:
    layer = file.relative_to(ROOT).parts[0]
    assert layer in MAY_IMPORT, f"{file} lies in no layer"
    assert imported_layers(file) <= MAY_IMPORT[layer]


def test_the_gate_sees_a_wrong_arrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = tmp_path / "core" / "wrong.py"
    bad.parent.mkdir()
    bad.write_text("def f():\n    from ..clinic import trial\n")
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    assert imported_layers(bad) == {"clinic"}


def test_library_holds_data_only() -> None:
    assert not list((ROOT / "library").rglob("*.py"))


HEAVY = ("numpy", "pandas", "pydantic", "matplotlib", "plotly", "shiny", "sympy", "xarray", "llvmlite", "scipy")


def loaded(code: str) -> set[str]:
    """The heavy packages that a piece of code leaves imported, in a fresh Python."""
    after = f"{code}; import sys; print([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", after], capture_output=True, text=True, check=True)
    return set(ast.literal_eval(done.stderr.splitlines()[-1]))


def test_help_of_all_commands_loads_no_heavy_package() -> None:
    assert (
        loaded("from baxis.faces.cli.app import build; build(['--help'])(['--help'], standalone_mode=False)") == set()
    )
    assert loaded("import baxis.clinic.design.design") >= {"numpy", "pydantic"}  # the look itself sees what is loaded


def test_import_is_light() -> None:
    code = (
        "import sys, time; t = time.perf_counter(); import baxis; s = time.perf_counter() - t; "
        "heavy = [m for m in ('pandas', 'matplotlib', 'plotly', 'shiny', 'sympy', 'xarray', 'llvmlite', 'scipy') "
        "if m in sys.modules]; print(s, heavy)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split(" ", 1)
    assert out[1].strip() == "[]"
    assert float(out[0]) < 2.0  # a loaded machine; the budget itself is measured by benchmarks/trial.py
