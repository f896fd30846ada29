"""Check that every required package has a wheel for each supported Python and system, so that no compiler is needed.

    python scripts/wheels.py [--extra NAME ...]

pip resolves the requirements of pyproject.toml for each pair without installing anything (`--dry-run --only-binary`).
Needs a package index. Prints one line a pair; exit code 1 where a wheel is missing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHONS = ("3.11", "3.12", "3.13")
SYSTEMS = {
    "Linux x86_64": ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
    "macOS arm64": ("macosx_14_0_arm64", "macosx_13_0_arm64", "macosx_12_0_arm64", "macosx_11_0_arm64", "macosx_10_9_universal2"),
    "Windows x86_64": ("win_amd64",),
}  # fmt: skip


def requirements(extras: list[str]) -> list[str]:
    """Required packages of the project, and those of the extras named."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *(r for e in extras for r in project["optional-dependencies"][e])]


def missing(python: str, platforms: tuple[str, ...], wanted: list[str]) -> str:
    """Empty where all resolve to wheels, else what pip says is missing."""
    with tempfile.TemporaryDirectory() as target:
        words = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--dry-run",
            "--quiet",
            "--ignore-installed",
            "--target",
            target,
        ]
        words += ["--only-binary=:all:", "--implementation", "cp", "--python-version", python]
        words += [w for p in platforms for w in ("--platform", p)] + wanted
        ran = subprocess.run(words, capture_output=True, text=True)
    if ran.returncode == 0:
        return ""
    said = [line for line in ran.stderr.splitlines() if line.startswith("ERROR")]
    return (said or ["ERROR: pip failed without a message"])[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--extra", nargs="+", default=[])
    wanted = requirements(parser.parse_args().extra)
    failed = False
    for name, platforms in SYSTEMS.items():
        for python in PYTHONS:
            fault = missing(python, platforms, wanted)
            failed = failed or bool(fault)
            print(f"{name:15s} Python {python}: {fault or f'{len(wanted)} requirements, wheels only'}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
