"""`baxis simulate`: what is said beside the numbers, and tables of models whose names are those of our columns."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from baxis.engine.reading.antimony import antimony_to_sbml

Cli = Callable[..., tuple[int, str, str]]
PLAIN = "S -> P; k*S; k = 0.1; S = 10; P = 0; conc := S/2"
EVENT = PLAIN + "; n = 0; at S < 4: n = 1"
BLOWS = "x' = x^2; x = 1"  # infinite at 1


def model(tmp_path: Path, text: str, name: str = "m.ant") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("text", [PLAIN, EVENT])
def test_outputs_that_were_not_asked_for_are_named(cli: Cli, tmp_path: Path, text: str) -> None:
    code, out, _ = cli("simulate", model(tmp_path, text), "--until", 1)
    assert code == 0
    assert "Not shown, for --output NAME: " in out
    assert "conc" in out
    assert "conc" in json.loads(cli("simulate", model(tmp_path, text), "--json")[1])["others"]
    code, out, _ = cli("simulate", model(tmp_path, text), "--output", "conc", "--output", "k")
    assert (code, "0.1" in out) == (0, True)


def test_an_infinite_number_is_null_in_json(cli: Cli, tmp_path: Path) -> None:
    _, out, _ = cli(
        "simulate", model(tmp_path, "S' = 1; S = 0; r := 1/S"), "--until", 1, "--points", 2, "--output", "r", "--json"
    )
    found = json.loads(out, parse_constant=pytest.fail)  # JSON has no Infinity and no NaN
    assert found["values"]["r"] == [[None, pytest.approx(1.0)]]


def test_quantities_without_units_are_counted_in_one_line(cli: Cli, tmp_path: Path) -> None:
    assert (
        "Units: none of the 3 quantities has a unit"
        in cli("simulate", model(tmp_path, "x' = -k*x + j; x = 1; k = 1; j = 0"))[1]
    )
    some = "unit ml = 1e-3 litre; x' = -k*x; x = 1; k = 1; x has ml"
    assert "Units: 1 of 2 quantities have no unit and are not checked (k)." in cli("simulate", model(tmp_path, some))[1]
    told = json.loads(cli("simulate", model(tmp_path, some), "--json")[1])["units"]
    assert told == {"without": ["k"], "of": 2, "clashes": []}


def test_a_clash_is_told_with_the_formula_and_both_units(cli: Cli, tmp_path: Path) -> None:
    text = "unit time_unit = second; unit a = litre; unit b = mole; x' = k; x = 1; k = 1; x has a; k has b"
    code, _, err = cli("simulate", model(tmp_path, text))
    assert code == 0
    assert "units: rate rule of 'x': k has the unit mole; due is litre second^-1" in err
    assert "SBML" not in err
    assert "--strict-units stops here" in err


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("event", ["", "; n = 0; at self > 1e9: n = 1"])
def test_states_called_as_our_columns(cli: Cli, tmp_path: Path, suffix: str, event: str) -> None:
    names = {"row": 3.0, "clock": 2.0, "status": 4.0, "self": 5.0, "index": 6.0, "block": 7.0}
    text = "; ".join(f"{n}' = 0; {n} = {v}" for n, v in names.items()) + event
    path = model(
        tmp_path, antimony_to_sbml(text).replace('"clock"', '"time"').replace("> clock <", "> time <"), "m.xml"
    )
    out = tmp_path / f"o{suffix}"
    words = [w for n in ("row", "time", "status", "self", "index", "block") for w in ("--output", n)]
    code, printed, err = cli("simulate", path, "--until", 4, "--points", 3, *words, "--out", out)
    assert (code, err) == (0, "")
    assert "The model's 'row' is the column 'row (model)'" in printed
    frame = pd.read_csv(out) if suffix == ".csv" else pd.read_parquet(out)
    assert list(frame) == [
        "row",
        "time",
        "row (model)",
        "time (model)",
        "status (model)",
        "self",
        "index",
        "block (model)",
    ]
    assert frame["time"].tolist() == [0, 2, 4]
    assert frame.iloc[-1].tolist() == [0, 4, 3, 2, 4, 5, 6, 7]
    assert json.loads(cli("simulate", path, "--json")[1])["values"]["time"][0][0] == 2.0


def test_a_run_in_which_no_row_finished_ends_with_code_1_and_its_reason(cli: Cli, tmp_path: Path) -> None:
    figure = tmp_path / "f.png"
    with np.errstate(all="raise"):
        code, out, err = cli("simulate", model(tmp_path, BLOWS), "--until", 2, "--out", figure)
    assert code == 1
    assert "baxis: no row finished: " in err
    assert "did not finish" in out
    assert figure.stat().st_size > 1000
    table = tmp_path / "t.csv"
    table.write_text("x\n1\n0.1\n")
    assert cli("simulate", model(tmp_path, BLOWS), "--until", 2, "--table", table)[0] == 0
    words = ("--until", 2, "--block", 4, "--out", tmp_path / "rows")
    code, _, err = cli("simulate", model(tmp_path, BLOWS), *words)
    assert (code, "no row finished" in err) == (1, True)


def test_the_figure_of_failing_rows_prints_no_warning(
    cli: Cli, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    table = tmp_path / "t.csv"
    table.write_text("x\n1\n2\n")
    cli("simulate", model(tmp_path, BLOWS), "--until", 2, "--table", table, "--out", tmp_path / "f.svg")
    assert [str(w.message) for w in recwarn] == []


def test_doses_into_a_compartment_of_five_and_after_the_end_are_said(cli: Cli, tmp_path: Path) -> None:
    text = "compartment V = 5; species C in V; C = 0; CL = 1; C -> ; CL*C"
    words = ("--until", 10, "--points", 2, "--dose", "C=100@0,20", "--json")
    code, out, _ = cli("simulate", model(tmp_path, text), *words)
    told = json.loads(out)
    assert (code, told["values"]["C"][0][0]) == (0, 20.0)
    assert told["values"]["C"][0][1] == pytest.approx(20 * np.exp(-2), rel=1e-5)
    assert any("1 of 2 doses fall within 10" in n for n in told["notes"])
    code, out, _ = cli("simulate", model(tmp_path, text), *words[:-1], "--block", 2, "--out", tmp_path / "rows")
    assert (code, "1 of 2 doses fall within 10" in out) == (0, True)
    rows = pd.concat(pd.read_parquet(f) for f in (tmp_path / "rows").glob("*.parquet"))
    assert rows["C"].tolist() == pytest.approx([20.0, 20 * np.exp(-2)], rel=1e-5)


def test_a_computed_size_from_a_table_with_units(cli: Cli, tmp_path: Path) -> None:
    """V = w/20: the table gives it in mL, the model has litre; 10 in V is a C of 2 and 5."""
    text = antimony_to_sbml(
        "unit volume = litre; compartment V; V = w/20; w = 100; species C in V; C = 5; k = 0; C -> ; k*C; V has volume"
    ).replace('initialConcentration="5"', 'initialAmount="10"')
    table = tmp_path / "t.csv"
    table.write_text("V [mL]\n5000\n2000\n")
    code, out, err = cli("simulate", model(tmp_path, text, "m.xml"), "--table", table, "--points", 2, "--json")
    assert code == 0, err
    assert [row[0] for row in json.loads(out)["values"]["C"]] == pytest.approx([2.0, 5.0])
