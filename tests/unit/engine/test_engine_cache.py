"""The compile cache: content decides, damage is noticed, processes may race, and a warm start needs no SBML library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from baxis import engine
from baxis.engine import cache
from baxis.engine.kernel import kernel as kernels

MODEL = "model m()\n x' = -k*x; x = 1; k = 0.5\nend"


@pytest.fixture(autouse=True)
def private_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BAXIS_CACHE", str(tmp_path))
    monkeypatch.setattr(kernels, "_MEMORY", type(kernels._MEMORY)())
    return tmp_path


def compiled() -> engine.Kernel:
    kernels._MEMORY.clear()
    return engine.compile(engine.load_antimony(MODEL))


def value(kernel: engine.Kernel) -> float:
    return float(engine.simulate(kernel, times=[1.0], options=engine.Options(rtol=1e-9, atol=1e-12)).values[0, 0, 0])


def files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file())


def test_second_compile_comes_from_disk() -> None:
    assert not compiled().from_cache
    again = compiled()
    assert again.from_cache
    assert value(again) == pytest.approx(np.exp(-0.5), rel=1e-8)


def test_same_kernel_from_memory() -> None:
    system = engine.load_antimony(MODEL)
    assert engine.compile(system) is engine.compile(system)


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "foreign", "short"])
def test_damaged_files_are_compiled_again(private_cache: Path, damage: str) -> None:
    exact = value(compiled())
    for path in files(private_cache):
        data = bytearray(path.read_bytes())
        if damage == "flip":
            data[len(data) // 2] ^= 0x40
        elif damage == "cut":
            data = data[: len(data) // 2]
        elif damage == "empty":
            data = bytearray()
        elif damage == "short":
            data = data[:10]
        else:
            data = bytearray(b"\x7fELF" + bytes(500))
        path.write_bytes(bytes(data))
    again = compiled()
    assert not again.from_cache
    assert value(again) == exact
    assert compiled().from_cache


def test_swapped_files_are_not_trusted(private_cache: Path) -> None:
    compiled()
    paths = files(private_cache)
    contents = [p.read_bytes() for p in paths]
    for path, other in zip(paths, contents[::-1], strict=True):
        path.write_bytes(other)
    assert not compiled().from_cache


def test_another_model_or_width_has_another_entry(private_cache: Path) -> None:
    compiled()
    count = len(files(private_cache))
    other = engine.load_antimony(MODEL.replace("0.5", "0.6"))
    engine.compile(other)
    engine.compile(other, lanes=1)
    assert len(files(private_cache)) == count + 3


def test_folder_that_cannot_be_written_only_warns(monkeypatch: pytest.MonkeyPatch, private_cache: Path) -> None:
    blocked = private_cache / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("BAXIS_CACHE", str(blocked))
    with pytest.warns(UserWarning, match="BAXIS_CACHE"):
        kernel = compiled()
    assert value(kernel) == pytest.approx(np.exp(-0.5), rel=1e-8)


def test_store_leaves_no_partial_files(private_cache: Path) -> None:
    cache.store(cache.key("a"), b"body")
    assert cache.load(cache.key("a")) == b"body"
    assert cache.load(cache.key("b")) is None
    assert not [p for p in files(private_cache) if p.name.startswith(".part")]


PROGRAM = f"""
import sys
from baxis import engine
kernel = engine.compile(engine.load_antimony({MODEL!r}))
run = engine.simulate(kernel, times=[1.0])
late = [m for m in ("sympy", "antimony", "libsbml", "scipy", "pandas", "xarray", "numba") if m in sys.modules]
print(kernel.from_cache, repr(float(run.values[0, 0, 0])), late)
"""


def start() -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True)


def test_processes_may_race_and_a_warm_start_is_lean() -> None:
    racers = [start() for _ in range(4)]
    lines = [p.communicate(timeout=120)[0].split() for p in racers]
    assert all(p.returncode == 0 for p in racers)
    assert len({line[1] for line in lines}) == 1
    warm = start()
    out = warm.communicate(timeout=60)[0].strip()
    assert out.startswith("True")
    assert out.endswith("[]")
