"""The wheel holds every file of the library and every module, and no tests."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    pytest.importorskip("hatchling", reason="hatchling builds the wheel: pip install hatchling")
    out = tmp_path_factory.mktemp("wheel")
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    made = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert made.returncode == 0, made.stderr[-500:]
    return zipfile.ZipFile(next(out.glob("*.whl"))).namelist()


def test_it_holds_the_whole_package_and_its_data(names: list[str]) -> None:
    source = ROOT / "src"
    wanted = {
        str(p.relative_to(source).as_posix())
        for p in (source / "baxis").rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    }
    assert wanted <= set(names), sorted(wanted - set(names))[:5]
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
