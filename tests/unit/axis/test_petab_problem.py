"""The calibration problem as PEtab: linted by PEtab's own library, simulated by baxis, and what it says of its sources."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from baxis.axis.dosing import treatment
from baxis.axis.exchange import petab as petab_problem
from baxis.axis.exchange.petab import kinetics, signalling
from baxis.core import library
from baxis.core.errors import InvalidValue, UnknownName
from baxis.faces.cli.app import build

petab = pytest.importorskip("petab.v2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("petab") / "problems"
    petab_problem.export_petab(out)
    return out


def problem(folder: Path, name: str):
    return petab.Problem.from_yaml(folder / name / "problem.yaml")


@pytest.mark.parametrize("name", petab_problem.names())
def test_petabs_linter_finds_nothing(folder: Path, name: str) -> None:
    found = problem(folder, name)
    assert [str(i) for i in found.validate()] == []
    assert len(found.measurements) >= 2
    assert all(p.estimate for p in found.parameters)
    assert all(p.lb < p.nominal_value < p.ub for p in found.parameters)


@pytest.mark.parametrize("name", ["kinetics", "signalling"])
def test_baxis_simulates_them_with_a_finite_likelihood(folder: Path, name: str) -> None:
    from baxis.engine.petab.problem import simulate_petab

    result = simulate_petab(folder / name / "problem.yaml")
    assert np.isfinite(result.llh)
    assert result.chi2 < 10 * len(result.simulations)
    if name == "signalling":  # every reference cell is 1 by its scale at the nominal constants
        measured = {
            (m.experiment_id, m.observable_id): float(m.measurement) for m in problem(folder, name).measurements
        }
        rows = [r for r in result.simulations.itertuples() if measured[r.experimentId, r.observableId] == 1.0]
        reference = [r.simulation for r in rows if r.experimentId == "cell_antiIgM"]
        assert len(reference) > 15
        assert reference == pytest.approx(np.ones(len(reference)), abs=0.02)


@pytest.mark.nightly
def test_baxis_simulates_the_whole_axis_as_the_rung_does(folder: Path) -> None:
    from baxis.engine.petab.problem import simulate_petab

    result = simulate_petab(folder / "pharmacodynamics-IgG4-RD" / "problem.yaml")
    assert np.isfinite(result.llh)
    course = treatment.course("IgG4-RD", ["rituximab 1000 mg iv days 1,15"], 8.0, ["igg4"], 7.0)
    own = 100 * (course.of("igg4")[-1] / course.of("igg4")[0] - 1)
    row = result.simulations[(result.simulations.observableId == "percent_igg4") & (result.simulations.time == 56.0)]
    assert row.simulation.iloc[0] == pytest.approx(own, abs=0.5)


def test_half_lives_are_two_concentrations(folder: Path) -> None:
    rows = [r for r in library.read_table("evidence/pk") if r["parameter"] in kinetics.HOURS]
    used = [r for r in rows if not kinetics.why_not(r)]
    assert 3 <= len(used) < len(rows)
    table = problem(folder, "kinetics").measurements
    half = next(r for r in used if r["drug"] == "ocrelizumab")
    times = sorted(float(m.time) for m in table if m.observable_id == "half_life_ocrelizumab")
    assert times[1] - times[0] == pytest.approx(float(half["value"]))


def test_every_row_is_either_a_measurement_or_left_out_with_a_reason() -> None:
    rows = library.read_table("checks/pathway")
    found = signalling.problem()
    named = {s["row"].split()[-1] for s in found.sources} | {r["row"] for r in found.left_out}
    assert named == {r["id"] for r in rows}
    assert all(r["why"] for r in found.left_out)
    assert all(s["source"] for s in found.sources)


def test_nothing_is_left_of_a_refused_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnknownName, match="pharmacodynamics-RA"):
        petab_problem.export_petab(tmp_path / "out", ("pharmacodynamics-RAX",))
    assert not list(tmp_path.iterdir())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "note").write_text("keep")
    with pytest.raises(InvalidValue, match="new or empty"):
        petab_problem.export_petab(tmp_path / "mine", ("kinetics",))
    command = ["export", "petab", "--out", str(tmp_path / "aav"), "--disease", "AAV"]
    build(command)(command, standalone_mode=False)
    assert "problem.yaml" in capsys.readouterr().out
    assert (tmp_path / "aav" / "pharmacodynamics-AAV" / "model.xml").is_file()
