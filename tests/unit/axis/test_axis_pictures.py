"""Pictures of the modules: signs that the literature fixes, and files that are drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from baxis.axis import pictures


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


@pytest.mark.parametrize("module", pictures.MODULES)
def test_own_states_come_first(module: str) -> None:
    rows, columns, inside, matrix = pictures.influence(module)
    assert set(columns[:inside]) <= set(rows)
    assert not set(columns[inside:]) & set(rows)
    assert matrix.shape == (len(rows), len(columns))


def test_a_module_is_drawn(tmp_path: Path) -> None:
    file = pictures.draw("tissue", tmp_path / "img" / "tissue.png")
    assert file.read_bytes()[:4] == b"\x89PNG"
