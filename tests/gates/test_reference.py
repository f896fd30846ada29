"""The reference runs: every command has one, and (nightly) their numbers are those that are stored."""

from __future__ import annotations

import runpy
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main

from baxis.faces.cli.app import build

SCRIPT = Path(__file__).parents[2] / "scripts" / "reference_runs.py"
REFERENCE = runpy.run_path(str(SCRIPT))
NONE = {"serve", "doctor"}  # a server; what is said of a machine


def test_every_command_has_a_reference_run() -> None:
    commands: Any = typer.main.get_command(build([])).commands  # type: ignore[attr-defined]
    wanted = {n for n in commands if n != "evidence"} | {f"evidence {n}" for n in commands["evidence"].commands}
    lines = [shlex.split(r["command"]) for r in REFERENCE["runs"]()]
    assert wanted - NONE <= {w[0] for w in lines} | {" ".join(w[:2]) for w in lines}


def test_a_moved_bit_a_new_place_and_a_lost_one_are_named_and_a_renamed_key_is_not() -> None:
    old, new = {"run": {"arms": "a", "gone": "b"}}, {"run": {"arms": "c", "new": "d"}}
    assert [line.split(": ")[1] for line in REFERENCE["differences"](old, new)] == [
        "arms has other values",
        "gone is gone",
        "new is new",
    ]
    kept = REFERENCE["_kept"]
    assert kept({"arm": 1, "seconds": 3}, {"arm": "arm_id"}) == kept({"arm_id": 1, "version": "0.2"}, {})
    assert REFERENCE["_digest"](0.1) != REFERENCE["_digest"](0.1 + 2**-56)


@pytest.mark.nightly
def test_the_stored_digests_hold() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
