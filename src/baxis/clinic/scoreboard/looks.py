"""The log of looks: who looked at results kept out of fitting can be counted by every reader."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from baxis.clinic.scoreboard.scored import FIRST
from baxis.clinic.scoreboard.summary import Board
from baxis.core import library
from baxis.core.errors import InvalidValue
from baxis.core.storing import files

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
    files.write_text(file, before + text.getvalue())


def sentence(board: Board) -> str:
    """Mean absolute errors by role and scale of the mechanism and its rivals, in one line."""
    parts = []
    for role, scales in board.summary()["by_role"].items():
        for scale, found in scales.items():
            errors = ", ".join(f"{k} {v['mae']:.3f}" for k, v in found["predictors"].items())
            parts.append(f"{role} {scale} ({found['predictors'][FIRST]['contrasts']}): MAE {errors}")
    return "; ".join(parts)


@dataclass(frozen=True)
class Look:
    """The last stored look at differences in proportions of validation trials: errors (fractions) by predictor."""

    date: str
    library: str
    contrasts: int
    errors: dict[str, float]


def last_errors() -> Look | None:
    """The last look of the shipped log; None where it holds none at validation trials. Nothing is run."""
    last = library.read_table("scoreboard/looks")[-1]
    found = re.search(r"validation risk_difference \((\d+)\): MAE ([^;]+)", last["summary"])
    if found is None:
        return None
    errors = {k: float(v) for k, v in re.findall(r"(\w+) ([\d.]+)", found[2])}
    return Look(last["date"], last["library"], int(found[1]), errors)
