"""A table of values for a user's own model: units of headers converted by the model's, or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from baxis.core.errors import BaxisError
from baxis.engine.reading.antimony import antimony_to_sbml
from baxis.engine.tables.value_table import read_values

MODEL = antimony_to_sbml(
    """model pk()
  unit volume_rate = litre / (3600 second); unit milligram = 1e-3 gram;
  CL = 1; CL has volume_rate; V = 3; D = 0; D has milligram;
  D' = -CL*D/V;
end"""
)


def table(folder: Path, text: str) -> Path:
    file = folder / "t.csv"
    file.write_text(text)
    return file


def test_a_unit_in_a_header_is_converted_to_the_model_s(tmp_path: Path) -> None:
    found, notes = read_values(table(tmp_path, "CL [mL/h];D [g];V\n5000;0,5;3\n2500;0,25;4\n"), MODEL)
    assert found["CL"] == pytest.approx([5.0, 2.5])
    assert found["D"] == pytest.approx([500.0, 250.0])
    assert np.array_equal(found["V"], [3.0, 4.0])
    assert any("CL in mL/h, times 0.001" in n for n in notes)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("CL [mL]\n1\n", "a unit that converts to that of CL"),
        ("CL [foo]\n1\n", "a unit that converts to that of CL"),
        ("V [L]\n1\n", "the model does not say that of V"),
        ("nothing [L]\n1\n", "the model does not say that of nothing"),
        ("CL,CL [mL/h]\n1,2\n", "two columns 'CL'"),
        ("CL\n\n.\n", "row 3, column 'CL'"),
        ("CL,V\n1,NA\n1,inf\nTrue,2\n", "3 faults"),
    ],
)
def test_what_cannot_be_converted_or_read_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BaxisError) as refused:
        read_values(table(tmp_path, text), MODEL)
    assert says in str(refused.value)
