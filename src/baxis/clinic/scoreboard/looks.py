"""The log of looks: who looked at results kept out of fitting can be counted by every reader."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from ...core.errors import InvalidValue
from .board import FIRST, Board

HEADER = ("date", "role", "contrasts", "trials", "evidence", "library", "patients", "seed", "summary")


def check(file: Path) -> None:
    """The log must be a file in an existing folder with the header of looks. InvalidValue says what is wrong."""
    if file.is_dir() or not file.absolute().parent.is_dir():
        raise InvalidValue("--log", str(file), "a CSV file in an existing folder")
    if file.is_file() and file.read_text(encoding="utf-8").splitlines()[:1] != [",".join(HEADER)]:
        raise InvalidValue("--log", str(file), f"a CSV file with the header {','.join(HEADER)}")


def record(board: Board, file: Path, date: str) -> None:
    """Append one look (date as YYYY-MM-DD) to the log; the file is made if it is not there."""
    check(file)
    before = file.read_text(encoding="utf-8") if file.is_file() else ",".join(HEADER) + "\n"
    if not before.endswith("\n"):
        before += "\n"
    text = io.StringIO()
    r = board.recipe
    trials = len({x.row["trial_id"] for x in board.rows})
    line = [date, r["role"], len(board.rows), trials, r["evidence"], r["library"], r["patients"], r["seed"]]
    csv.writer(text, lineterminator="\n").writerow([*line, sentence(board)])
    part = file.with_name(file.name + ".part")
    part.write_text(before + text.getvalue(), encoding="utf-8")
    part.replace(file)


def sentence(board: Board) -> str:
    """Mean absolute errors by role and scale of the mechanism and its rivals, in one line."""
    parts = []
    for role, scales in board.summary()["by_role"].items():
        for scale, found in scales.items():
            errors = ", ".join(f"{k} {v['mae']:.3f}" for k, v in found["predictors"].items())
            parts.append(f"{role} {scale} ({found['predictors'][FIRST]['contrasts']}): MAE {errors}")
    return "; ".join(parts)
