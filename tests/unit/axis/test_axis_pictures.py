"""Pictures of the modules: signs that the literature fixes, and files that are drawn."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from baxis.axis.assembly import compose
from baxis.axis.study import pages, pictures


def at(module: str, row: str, column: str) -> float:
    rows, columns, _, matrix = pictures.influence(module)
    return float(matrix[rows.index(row), columns.index(column)])


@pytest.mark.parametrize(
    ("module", "row", "column", "sign"),
    [
        ("signalling", "A_syk", "A_shp1", -1),  # SHP-1 dephosphorylates SYK
        ("signalling", "A_pip3", "A_ship", -1),  # SHIP-1 hydrolyses PIP3
        ("signalling", "A_nfkb", "A_ikba", -1),
        ("signalling", "A_plc", "A_btkm", 1),
        ("immune", "aal", "lpA", 1),
        ("immune", "aal", "igg", -1),  # more IgG, faster catabolism of every IgG
        ("immune", "c4", "ic", -1),
        ("immune", "baff", "nvtB", -1),  # naive cells consume BAFF
    ],
)
def test_signs(module: str, row: str, column: str, sign: int) -> None:
    assert sign * at(module, row, column) > pictures.SHOWN


@pytest.mark.parametrize("module", pictures.DISEASES)
def test_own_states_come_first(module: str) -> None:
    rows, columns, inside, matrix = pictures.influence(module)
    assert set(columns[:inside]) <= set(rows)
    assert not set(columns[inside:]) & set(rows)
    assert matrix.shape == (len(rows), len(columns))


def test_a_module_is_drawn(tmp_path: Path) -> None:
    file = pictures.draw("tissue", tmp_path / "img" / "tissue.png")
    assert file.read_bytes()[:4] == b"\x89PNG"


def test_what_a_target_moves_first() -> None:
    targets, states, matrix = pictures.first_moves()

    def moved(target: str, state: str) -> float:
        return float(matrix[targets.index(target), states.index(state)])

    assert moved("cd20", "nvbB") < -1  # blood is emptied faster than it turns over
    assert moved("cd20", "lpA") == pytest.approx(0, abs=1e-9)  # plasma cells have no CD20
    assert moved("baff", "mbB") > 0  # memory leaves tissue first
    assert moved("fcrn", "igg") < 0
    assert all(np.abs(row).max() > pictures.SHOWN for row in matrix)  # no target is without a path


@pytest.mark.parametrize("module", pages.TITLES)
def test_each_module_page_is_whole(module: str) -> None:
    page = pages.module_page(module)
    for part in ("## Rationale", "## Equations", "## Rejected alternatives"):
        assert page.count(part) == 1
    assert ("## Picture" in page) == (module in pictures.MODULES)
    assert ("## States" in page) == (module in pictures.MODULES)
    rejected = [line for line in page.split("## Rejected alternatives")[1].splitlines() if line.startswith("| ")]
    assert len(rejected) >= 4
    assert all(line.split("|")[2].strip() in ("tried", "yes", "considered") for line in rejected)


def test_every_row_and_claim_that_a_note_names_exists() -> None:
    from baxis.core import library

    rows = {
        r["id"]
        for t in ("rest", "pathway", "genetics", "pharmacology", "arms")
        for r in library.read_table(f"checks/{t}")
    }
    claims = {r["claim_id"] for r in library.read_table("evidence/claims")}
    for module in pages.TITLES:
        text = (compose.MODELS / f"{module}.md").read_text(encoding="utf-8")
        assert set(re.findall(r"\bC\d{3}\b", text)) <= claims
        cited = [line.split("|")[-2] for line in text.splitlines() if line.startswith("| ")]
        named = {n for cell in cited for n in re.findall(r"`(\w[\w-]*)`", cell)}
        assert named - rows <= {"w_ret", "w_rtb", "instruments"}, (module, named - rows)
