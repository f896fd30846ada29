"""Small evidence folders, written by hand in a test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Row = dict[str, Any]


def write(file: Path, rows: list[Row]) -> None:
    """Rows as CSV; a column is there when any row has it."""
    columns = list(dict.fromkeys(c for r in rows for c in r))
    lines = [",".join(columns), *(",".join(str(r.get(c, "")) for c in columns) for r in rows)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """Make a folder of tables: `arms` as (trial, arm, n, role), outcome rows with defaults for what they leave out."""

    def make(arms: list[tuple[str, str, Any, str]], outcomes: list[Row], name: str = "ev", **trial: Any) -> Path:
        out = tmp_path / name
        out.mkdir()
        ids = dict.fromkeys(a[0] for a in arms)
        base = {"disease": "RA", "design": "parallel-rct", "primary_endpoint": "infection_x", "primary_week": 24}
        more = {"role": "external", "provenance": "recalled"}
        write(
            out / "trials.csv", [{"trial_id": t, **base, "year": 2000 + i, **more, **trial} for i, t in enumerate(ids)]
        )
        drugs = {"placebo": "placebo"}
        write(out / "arms.csv", [
            {"trial_id": t, "arm_id": a, "arm_label": a, "n": n, "drug": drugs.get(r, "rituximab"), "role": r}
            for t, a, n, r in arms
        ])  # fmt: skip
        row = {
            "endpoint": "infection_x",
            "week": 24,
            "statistic": "proportion",
            "unit": "fraction",
            "provenance": "recalled",
        }
        write(out / "outcomes.csv", [{**row, **r} for r in outcomes])
        return out

    return make
