"""Repertoire summaries with known answers, and refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from baxis.core.errors import InvalidValue
from baxis.insight.omics.repertoire import diversity, repertoire

HEAD = "sequence_id\tclone_id\tv_identity\tc_call\n"


def test_equal_clones_are_not_clonal_and_one_giant_is() -> None:
    assert diversity(np.ones(50)) == pytest.approx((np.log(50), 0.0, 0.0), abs=1e-12)
    _, clonality, gini = diversity(np.array([1e6, *np.ones(49)]))
    assert clonality > 0.99
    assert gini > 0.9


def test_a_table(tmp_path: Path) -> None:
    file = tmp_path / "r.tsv"
    rows = [f"s{i}\tc{i % 10}\t0.95\t{'IGHM*01' if i < 30 else 'IGHG1*01'}" for i in range(40)]
    file.write_text(HEAD + "\n".join([*rows, "s99\tc1\t\tIGHM"]))
    found = repertoire(file)
    assert (found.sequences, found.clones, found.dropped) == (40, 10, 1)
    assert found.isotypes == {"IGHM": pytest.approx(0.75), "IGHG1": pytest.approx(0.25)}
    assert found.mutation == pytest.approx(5.0)
    assert found.clonality == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "an empty file"),
        ("sequence_id\tc_call\ns\tIGHM", "clone_id"),
        (HEAD + "s\tc\t0.9\tIGHM", "at least 20"),
        (HEAD + "\n".join(["s\tc\t950\tIGHM"] * 30), "v_identity"),
    ],
)
def test_bad_tables_are_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "r.tsv"
    file.write_text(text)
    with pytest.raises(InvalidValue, match=said):
        repertoire(file)
