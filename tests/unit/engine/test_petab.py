"""PEtab problems: simulated observables against closed forms, chi2 and log-likelihood against the formulas."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("petab")
from baxis.core.errors import BaxisError, Faults, InvalidValue, UnknownName, Unsupported
from baxis.engine.petab.problem import simulate_petab
from baxis.engine.reading.antimony import antimony_to_sbml

MODEL = """model m()
  compartment c = 1; species A in c, B in c; a0 = 1; A = a0; B = 0; k1 = 0.8; k2 = 0.6
  J1: A -> B; c*k1*A
  J2: B -> A; c*k2*B
end"""
NOMINAL = {"k1": 0.8, "k2": 0.6, "scaling": 2.0}


def a(t: float, start: float) -> float:
    """A of the reversible reaction, started with A alone."""
    rest = start * 0.6 / 1.4
    return rest + (start - rest) * math.exp(-1.4 * t)


def write(folder: Path, **tables: str) -> Path:
    (folder / "model.xml").write_text(antimony_to_sbml(MODEL), encoding="utf-8")
    for name, text in tables.items():
        rows = "\n".join("\t".join(line.split()) for line in text.strip().splitlines())
        (folder / f"{name}.tsv").write_text(rows.replace("_none_", "") + "\n", encoding="utf-8")
    return folder / "problem.yaml"


PARAMETERS = """parameterId parameterScale lowerBound upperBound nominalValue estimate
k1 log10 0.001 10 0.8 1
k2 log10 0.001 10 0.6 1
scaling lin 0 10 2 1"""
OBSERVABLES = """observableId observableFormula noiseFormula observableTransformation
obs_a A*scaling+observableParameter1_obs_a 0.5 lin
obs_b B noiseParameter1_obs_b log"""
CONDITIONS = """conditionId a0
c0 1
c1 2
pre 5"""
MEASUREMENTS = """observableId preequilibrationConditionId simulationConditionId measurement time observableParameters noiseParameters
obs_a _none_ c0 2.1 0 0.1 _none_
obs_a _none_ c0 1.5 1 0.1 _none_
obs_b _none_ c1 0.9 1 _none_ 0.2
obs_b pre c1 0.8 2 _none_ 0.3
obs_a _none_ c1 2 inf 0 _none_"""


def first(folder: Path, **changed: str) -> Path:
    """A problem of version 1."""
    tables = {
        "parameters": PARAMETERS,
        "observables": OBSERVABLES,
        "conditions": CONDITIONS,
        "measurements": MEASUREMENTS,
    }
    file = write(folder, **{**tables, **changed})
    file.write_text(
        "format_version: 1\nparameter_file: parameters.tsv\nproblems:\n- sbml_files: [model.xml]\n"
        "  condition_files: [conditions.tsv]\n  measurement_files: [measurements.tsv]\n  observable_files: [observables.tsv]\n",
        encoding="utf-8",
    )
    return file


def test_version_1_conditions_preequilibration_overrides_and_steady_state(tmp_path: Path) -> None:
    found = simulate_petab(first(tmp_path))
    expected = [2 * 1 + 0.1, 2 * a(1, 1) + 0.1, 2 - a(1, 2), 5 * 0.8 / 1.4, 2 * 2 * 0.6 / 1.4]
    assert found.simulations.simulation.to_numpy() == pytest.approx(expected, rel=1e-6)
    measured, noise, log = [2.1, 1.5, 0.9, 0.8, 2.0], [0.5, 0.5, 0.2, 0.3, 0.5], [False, False, True, True, False]
    chi2 = llh = 0.0
    for m, s, sd, is_log in zip(measured, expected, noise, log, strict=True):
        r = (math.log(m / s) if is_log else m - s) / sd
        chi2 += r * r
        llh -= 0.5 * math.log(2 * math.pi * sd * sd) + 0.5 * r * r + (math.log(m) if is_log else 0.0)
    assert found.chi2 == pytest.approx(chi2, rel=1e-6)
    assert found.llh == pytest.approx(llh, rel=1e-6)


def test_version_1_agrees_with_roadrunner(tmp_path: Path) -> None:
    roadrunner = pytest.importorskip("roadrunner")
    found = simulate_petab(first(tmp_path))
    model = roadrunner.RoadRunner(antimony_to_sbml(MODEL))
    model.integrator.relative_tolerance, model.integrator.absolute_tolerance = 1e-10, 1e-14
    course = model.simulate(0, 1, 11, ["time", "[A]"])
    assert found.simulations.simulation[1] == pytest.approx(2 * course[-1, 1] + 0.1, rel=1e-6)


def second(folder: Path, experiments: str, measurements: str, distribution: str = "normal") -> Path:
    """A problem of version 2."""
    observables = f"""observableId observableFormula noiseFormula noiseDistribution observablePlaceholders noisePlaceholders
obs_a scaling*A+shift 0.5 {distribution} shift _none_
obs_b B sd {distribution} _none_ sd"""
    parameters = """parameterId lowerBound upperBound nominalValue estimate
k2 0.001 10 0.6 true
scaling 0 10 2 true"""
    conditions = """conditionId targetId targetValue
c0 a0 1
c1 A 3
fast k1 1.6
more A A+k2*5"""
    file = write(
        folder, observables=observables, parameters=parameters, conditions=conditions, experiments=experiments,
        measurements=measurements,
    )  # fmt: skip
    file.write_text(
        "format_version: 2.0.0\nparameter_files: [parameters.tsv]\nmodel_files:\n  m:\n    location: model.xml\n    language: sbml\n"
        "condition_files: [conditions.tsv]\nexperiment_files: [experiments.tsv]\nmeasurement_files: [measurements.tsv]\n"
        "observable_files: [observables.tsv]\n",
        encoding="utf-8",
    )
    return file


@pytest.mark.parametrize("distribution", ["normal", "laplace", "log-normal", "log-laplace"])
def test_version_2_experiments_and_noise(tmp_path: Path, distribution: str) -> None:
    experiments = """experimentId time conditionId
e 0 c1
e 1 fast"""
    measurements = """observableId experimentId time measurement observableParameters noiseParameters
obs_a e 1 3.0 0.1 _none_
obs_b e 2 1.0 _none_ 0.4"""
    found = simulate_petab(second(tmp_path, experiments, measurements, distribution))
    at_1 = a(1, 3)
    rest = 3 * 0.6 / 2.2
    at_2 = 3 - (rest + (at_1 - rest) * math.exp(-2.2))
    assert found.simulations.simulation.to_numpy() == pytest.approx([2 * at_1 + 0.1, at_2], rel=1e-6)
    llh = chi2 = 0.0
    for m, s, sd in ((3.0, 2 * at_1 + 0.1, 0.5), (1.0, at_2, 0.4)):
        log = distribution.startswith("log")
        r = (math.log(m / s) if log else m - s) / sd
        chi2 += r * r
        llh -= math.log(m) if log else 0.0
        laplace = distribution.endswith("laplace")
        llh -= math.log(2 * sd) + abs(r) if laplace else 0.5 * math.log(2 * math.pi * sd * sd) + 0.5 * r * r
    assert found.chi2 == pytest.approx(chi2, rel=1e-6)
    assert found.llh == pytest.approx(llh, rel=1e-6)


def test_version_2_preequilibrates(tmp_path: Path) -> None:
    experiments = """experimentId time conditionId
e -inf c1
e 0 fast"""
    measurements = """observableId experimentId time measurement observableParameters noiseParameters
obs_b e 0.5 1.0 _none_ 0.4"""
    found = simulate_petab(second(tmp_path, experiments, measurements))
    start, rest = 3 * 0.6 / 1.4, 3 * 0.6 / 2.2
    expected = 3 - (rest + (start - rest) * np.exp(-2.2 * 0.5))
    assert found.simulations.simulation[0] == pytest.approx(expected, rel=1e-6)


def test_version_2_starts_late_and_changes_what_it_finds(tmp_path: Path) -> None:
    experiments = """experimentId time conditionId
e 5 c1
e 6 more
e 6 fast"""
    measurements = """observableId experimentId time measurement observableParameters noiseParameters
obs_a e 5 3.0 0.1 _none_
obs_a e 6 3.0 0.1 _none_
obs_b e 8 1.0 _none_ 0.4"""
    found = simulate_petab(second(tmp_path, experiments, measurements))
    at_6, total = a(1, 3) + 3, 6.0
    rest = total * 0.6 / 2.2
    at_8 = total - (rest + (at_6 - rest) * math.exp(-2.2 * 2))
    assert found.simulations.simulation.to_numpy() == pytest.approx([6.1, 2 * at_6 + 0.1, at_8], rel=1e-6)
    early = measurements.replace("obs_a e 5", "obs_a e 1")
    with pytest.raises(InvalidValue, match="5, where it starts"):
        simulate_petab(second(tmp_path, experiments, early))


def test_the_clock_of_a_late_start_and_a_compartment_that_grows(tmp_path: Path) -> None:
    """S rises by the clock; at 10 it and its compartment are set in one go, then an event of the model doubles the size."""
    model = "model m()\n compartment C = 4; species S in C = 3; p = 1; S' = p*time; at time >= 10, fromTrigger=false: C = C*2\nend"
    conditions = """conditionId targetId targetValue
c S S+C
c C 8"""
    experiments = """experimentId time conditionId
e 8 _none_
e 10 c"""
    measurements = """observableId experimentId time measurement
o e 9 1
o e 10 1
size e 10 1"""
    observables = """observableId observableFormula noiseFormula
o S 1
size C 1"""
    parameters = """parameterId lowerBound upperBound nominalValue estimate
p 0 2 1 true"""
    file = second(tmp_path, experiments, measurements)
    write(tmp_path, conditions=conditions, observables=observables, parameters=parameters)
    (tmp_path / "model.xml").write_text(antimony_to_sbml(model), encoding="utf-8")
    found = simulate_petab(file)
    assert found.simulations.simulation.to_numpy() == pytest.approx([3 + 8.5, (3 + 18 + 4) * 8 / 16, 16], rel=1e-6)


def test_what_cannot_be_done_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="a YAML file that exists"):
        simulate_petab(tmp_path / "none.yaml")
    (tmp_path / "x.yaml").write_text("a: 1\n", encoding="utf-8")
    with pytest.raises(InvalidValue, match="format_version"):
        simulate_petab(tmp_path / "x.yaml")
    (tmp_path / "x.yaml").write_text("format_version: 7\n", encoding="utf-8")
    with pytest.raises(Unsupported, match="version 7"):
        simulate_petab(tmp_path / "x.yaml")
    lacking = {"format_version: 2.0.0\n": "parameter_files", "format_version: 1\nparameter_file: x.tsv\n": "problems"}
    for text, part in lacking.items():
        (tmp_path / "x.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(UnknownName, match=rf"x\.yaml \(it lacks this one\) '{part}'"):
            simulate_petab(tmp_path / "x.yaml")
    (tmp_path / "x.yaml").write_text("format_version: 1\nparameter_file: x.tsv\nproblems: []\n", encoding="utf-8")
    with pytest.raises(InvalidValue, match="a list with one problem"):
        simulate_petab(tmp_path / "x.yaml")
    with pytest.raises(UnknownName, match=r"measurements.tsv, row 5 'obs_q'; did you mean 'obs_b'"):
        simulate_petab(first(tmp_path, measurements=MEASUREMENTS.replace("obs_b pre", "obs_q pre")))
    with pytest.raises(Faults, match="PEtab problem"):  # what PEtab's linter alone finds
        simulate_petab(first(tmp_path, parameters=PARAMETERS.replace("scaling lin 0 10", "scaling lin 10 0")))
    file = first(tmp_path)
    (tmp_path / "model.xml").unlink()
    with pytest.raises(BaxisError, match=r"model\.xml"):
        simulate_petab(file)


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from baxis.faces.cli import main

    out = tmp_path / "simulated.tsv"
    monkeypatch.setattr("sys.argv", ["baxis", "simulate", str(first(tmp_path)), "--json", "--out", str(out)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert not stopped.value.code
    said = json.loads(capsys.readouterr().out)
    assert said["version"] == 1
    assert len(said["simulations"]) == 5
    assert "simulation" in out.read_text(encoding="utf-8").splitlines()[0]
