"""The wheel holds every file of the library and every module, and no tests."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="hatchling builds the wheel: pip install hatchling")
    out = tmp_path_factory.mktemp("wheel")
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    made = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert made.returncode == 0, made.stderr[-500:]
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    return zipfile.ZipFile(wheel).namelist()


def test_it_holds_the_whole_package_and_its_data(names: list[str]) -> None:
    source = ROOT / "src"
    wanted = {
        str(p.relative_to(source).as_posix())
        for p in (source / "baxis").rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    }
    assert wanted <= set(names), sorted(wanted - set(names))[:5]
    assert "baxis/py.typed" in names, "type checkers would take every name for Any"
    for kind in ("drugs", "diseases", "parameters", "evidence", "designs", "review", "posterior"):
        assert any(n.startswith(f"baxis/library/{kind}/") for n in names), kind
    assert any(n.endswith(".ant") for n in names)


def test_it_holds_nothing_else(names: list[str]) -> None:
    tops = {n.split("/")[0] for n in names}
    assert len(tops) == 2
    assert "baxis" in tops
    assert not [n for n in names if "test" in Path(n).stem.split("_") or n.endswith(".pyc")]


def test_it_needs_no_compiler_and_declares_its_command(names: list[str]) -> None:
    assert not [n for n in names if n.endswith((".so", ".pyd", ".dylib"))]
    assert any(n.endswith("entry_points.txt") for n in names)


def test_it_runs_from_what_it_holds(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = (
        "import baxis, sys; from baxis.core.environment import report; from baxis import axis; "
        "print(baxis.__file__); print([i.ok for i in report() if i.what == 'library'], len(axis.drugs()))"
    )
    words = [sys.executable, "-c", code]
    made = subprocess.run(
        words, cwd=tmp_path, capture_output=True, text=True, timeout=60, env={**os.environ, "PYTHONPATH": str(tmp_path)}
    )
    where, found = made.stdout.splitlines()
    assert Path(where).is_relative_to(tmp_path)
    assert found.startswith("[True] ")
    assert int(found.split()[1]) == len(list((ROOT / "src" / "baxis" / "library" / "drugs").glob("*.toml")))
