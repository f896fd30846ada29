"""Dose calendar: every dose on its day, background with its taper, a figure."""

from __future__ import annotations

from pathlib import Path

from baxis.clinic.design.calendar import calendar, rows
from baxis.clinic.design.read import read_design


def test_rows_hold_every_dose_and_the_background() -> None:
    found = rows(read_design("fenebrutinib-sle-ph2"))
    by_drug = {(r["arm_id"], r["drug"]): r for r in found}
    assert len(by_drug["200bid", "fenebrutinib"]["days"]) == 672
    assert by_drug["pbo", ""]["days"] == []
    assert "week 36" in by_drug["all", "prednisone"]["schedule"]
    assert rows(read_design("explorer"))[1]["days"] == [0, 14, 167, 181]


def test_the_figure_names_every_row(tmp_path: Path) -> None:
    figure = calendar(read_design("fenebrutinib-sle-ph2"))
    labels = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert len(labels) == 4
    assert any("prednisone" in t for t in labels)
    figure.savefig(tmp_path / "c.png")
    assert (tmp_path / "c.png").stat().st_size > 5000
