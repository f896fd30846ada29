"""A user's own population: moments and correlations kept, tables read with units, faults told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import baxis
from baxis.clinic.people.own_population import read_population
from baxis.core.errors import BaxisError, InvalidValue

GOOD = """
[variables.age_y]
mean = 45
sd = 7
unit = "year"
[variables.weight_kg]
mean = 176.37
sd = 33.07
unit = "lb"
distribution = "lognormal"
[variables.ifn_x]
mean = 3
sd = 1
unit = "1"
[variables.female]
share = 0.5
[[correlations]]
between = ["age_y", "weight_kg"]
r = 0.5
[[correlations]]
between = ["weight_kg", "ifn_x"]
r = -0.3
"""


def write(folder: Path, text: str, name: str = "own.toml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_means_sds_and_correlations_are_kept(tmp_path: Path) -> None:
    x = read_population(write(tmp_path, GOOD), "SLE").values(1, np.arange(40_000))
    assert np.mean(x["weight_kg"]) == pytest.approx(80, rel=0.01)
    assert np.std(x["weight_kg"]) == pytest.approx(15, rel=0.03)
    assert np.mean(x["age_y"]) == pytest.approx(45, rel=0.01)
    assert np.mean(x["female"]) == pytest.approx(0.5, abs=0.01)
    assert np.corrcoef(x["age_y"], x["weight_kg"])[0, 1] == pytest.approx(0.5, abs=0.02)
    assert np.corrcoef(x["weight_kg"], x["ifn_x"])[0, 1] == pytest.approx(-0.3, abs=0.02)


def test_a_table_of_patients_enters_the_trial(tmp_path: Path) -> None:
    file = write(tmp_path, "patient,age_y,weight_kg [lb],female\na,30,220.462,0\nb,60,110.231,1\n", "own.csv")
    result = baxis.run_trial("explorer", patients=10, population=file)
    rows = result.patients
    assert set(rows["age_y"]) == {30.0, 60.0}
    assert np.allclose(rows["weight_kg"], np.where(rows["patient"] % 2 == 0, 100, 50), rtol=1e-4)
    assert "population" in result.recipe


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("weight_kg", "wieght_kg", "did you mean 'weight_kg'"),
        ('"lb"', '"L"', "dimension"),
        ("sd = 7", "sd = 30", "outside 18 to 100"),
        ("mean = 45", "mean = 450", "mean within 18"),
        ("r = 0.5", "r = 1.5", "within -1 and 1"),
        ("share = 0.5", "share = 2", "from 0 to 1"),
        ("share = 0.5", "share = " + "9" * 400, "a finite number"),
    ],
)
def test_faults_are_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(BaxisError, match=says):
        read_population(write(tmp_path, GOOD.replace(old, new)), "SLE")


def test_an_impossible_correlation_matrix_is_refused(tmp_path: Path) -> None:
    text = GOOD.replace("r = 0.5", "r = 0.9").replace("r = -0.3", "r = 0.9")
    text += '[[correlations]]\nbetween = ["age_y", "ifn_x"]\nr = -0.9\n'
    with pytest.raises(BaxisError, match="positive definite"):
        read_population(write(tmp_path, text), "SLE")


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("age_y\n12\n", "row 2, column 'age_y': got '12 year'.*from 18 to 100"),
        ("age_y\n\n", "a header and no rows"),
        ("colour\nred\n", "unknown column 'colour'"),
        ("female\n0.5\n", "row 2, column 'female': got '0.5'.*0 or 1"),
        ("age_y [kg]\n30\n", "'kg'.*the dimension of 'year'"),
    ],
)
def test_bad_tables_are_refused(tmp_path: Path, table: str, says: str) -> None:
    with pytest.raises(BaxisError, match=says):
        read_population(write(tmp_path, table, "own.csv"), "SLE")


@pytest.mark.parametrize(
    ("table", "weights"),
    [
        ("weight_kg;age_y\n80,5;30\n61,45;40\n", [80.5, 61.45]),
        ("\ufeffweight_kg,age_y\r\n80.5,30\r\n61.45,40\r\n", [80.5, 61.45]),
        ("Weight [lb]\tAge\n220.462\t30\n110.231\t40\n", [100.0, 50.0]),
        ("patient,weight (g)\nP1,80500\nP2,61450\n", [80.5, 61.45]),
    ],
)
def test_a_table_as_people_write_it_is_read_right(tmp_path: Path, table: str, weights: list[float]) -> None:
    file = tmp_path / "own.csv"
    file.write_bytes(table.encode())
    own = read_population(file, "SLE")
    assert own.rows is not None
    assert own.rows[:, own.variables.index("weight_kg")] == pytest.approx(weights, rel=1e-5)


def test_sex_is_taken_as_written_and_said(tmp_path: Path) -> None:
    own = read_population(write(tmp_path, "sex\nF\nm\nfemale\n", "own.csv"), "SLE")
    assert own.rows is not None
    assert own.rows[:, 0].tolist() == [1.0, 0.0, 1.0]
    assert own.notes == ("sex taken as female",)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("age_y,weight_kg\n30,70,60\n40,80,62\n", "row 2: got 3 cells"),
        ("age_y\n300\n", "did you mean 300 month (25 year)?"),
        ("height_cm\n1.7\n", "did you mean 1.7 m (170 cm)?"),
        ("weight\n80\n", "weight with its unit, as 'weight [kg]'"),
        ("weight_kg\nNA\n80\n", "row 2, column 'weight_kg'"),
        ("weight_kg,Weight [kg]\n80,80\n", "each variable once"),
        ("female\nTrue\n", "0 or 1"),
        ("age_y\n12\n11\n", "2 faults"),
    ],
)
def test_a_table_is_refused_with_row_column_and_unit(tmp_path: Path, table: str, says: str) -> None:
    with pytest.raises(BaxisError) as refused:
        read_population(write(tmp_path, table, "own.csv"), "SLE")
    assert says in str(refused.value)


def test_how_a_population_was_read_stands_among_the_remarks_of_the_trial(tmp_path: Path) -> None:
    file = write(tmp_path, "age;weight_kg\n30;80,5\n60;61,5\n", "own.csv")
    found = baxis.run_trial("explorer", patients=10, population=file).recipe["remarks"]
    assert "population own.csv: numbers with a decimal comma (80,5)" in found
    assert "population own.csv: age taken as age_y" in found


@pytest.mark.parametrize("sd", ["0", "1e-320", "1e-200"])
def test_what_does_not_vary_goes_with_nothing(tmp_path: Path, sd: str) -> None:
    file = tmp_path / "p.toml"
    file.write_text(
        f'[variables.age_y]\nmean = 45\nsd = 7\nunit = "year"\n[variables.weight_kg]\nmean = 80\nsd = {sd}\nunit = "kg"\n'
        'distribution = "lognormal"\n[[correlations]]\nbetween = ["age_y", "weight_kg"]\nr = 0.5\n'
    )
    with pytest.raises(InvalidValue, match="an sd above 0"):
        read_population(file, "SLE")


@pytest.mark.parametrize(
    "cells", [[[], [], []], [[1.0], [2.0], [3.0]], [{"a": 1}, {"a": 2}, {"a": 3}], [b"1", b"2", b"3"]]
)
@pytest.mark.promise(
    "What people give", "A spoilt input is read or refused in words: no traceback, no hang, nothing left behind."
)
def test_a_cell_of_a_parquet_table_that_is_no_number_is_told(tmp_path: Path, cells: list[object]) -> None:
    import pandas as pd

    pd.DataFrame({"age_y": cells}).to_parquet(tmp_path / "o.parquet")
    with pytest.raises(BaxisError, match="row 1"):
        read_population(tmp_path / "o.parquet", "SLE")
