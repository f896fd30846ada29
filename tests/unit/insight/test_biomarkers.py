"""Biomarkers: a planted marker is found, noise is not, a zero dose has none, and every disease runs."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import baxis
from baxis.clinic.conduct.laboratory import Laboratory
from baxis.clinic.conduct.settings import Settings
from baxis.core.errors import InvalidValue, UnknownName
from baxis.insight.bench.scenario import scenario
from baxis.insight.biomarkers import NOISE, combined, early, power, ranked
from baxis.insight.biomarkers.decision import ALL, ONE, curves, useful
from baxis.insight.biomarkers.markers import Benefits, measured


@pytest.mark.parametrize(
    ("drug", "disease"),
    [
        ("fenebrutinib", "RA"),
        ("belimumab", "LN"),
        ("iscalimab", "SjD"),
        ("inebilizumab", "IgG4-RD"),
        ("avacopan", "AAV"),
    ],
)
def test_every_disease_runs_and_noise_is_no_marker(drug: str, disease: str) -> None:
    result = baxis.biomarkers(drug, disease, patients=200, threads=2)
    noise = result.table.set_index("label").loc[NOISE]
    assert abs(noise["with_benefit"]) < 0.2
    assert "noise" not in result.found
    assert "noise" not in result.found_early
    assert len(result.early_composite) == result.early["week"].where(result.early["week"] > 0).nunique()
    assert set(result.decision["rule"]) == {ALL, ONE}
    json.dumps(result.to_dict(), allow_nan=False)


def test_interferon_signature_tells_who_benefits_from_anifrolumab() -> None:
    result = baxis.biomarkers("anifrolumab", "SLE", patients=300, threads=2)
    assert "ifn" in result.found[:2]
    row = result.table.set_index("marker").loc["ifn"]
    assert row["with_benefit"] > 0.3
    assert row["gain_high"] > row["gain_low"]
    assert result.composite > result.composite_null


def test_a_zero_dose_has_no_marker() -> None:
    result = baxis.biomarkers("rituximab", "SLE", dose="0 mg iv days 1,15", patients=200, threads=2)
    assert result.found == []
    assert result.table["with_benefit"].abs().max() == 0
    assert result.composite == 0
    assert result.found_early == []
    assert result.decision["net_benefit"].abs().max() == 0
    assert useful(result.decision) is None


def test_occupancy_on_treatment_is_ranked_and_drugs_without_it_have_none() -> None:
    result = baxis.biomarkers("fenebrutinib", "RA", patients=300, threads=2)
    assert "btk_free@4" in result.found_early
    row = result.early.set_index("marker").loc["btk_free@4"]
    assert row["with_benefit"] < 0  # who keeps more BTK free benefits less
    assert result.early["week"].max() <= result.scenario.endpoint.week - 4
    assert (result.early_composite["composite"] > result.early_composite["composite_null"]).all()
    other = baxis.biomarkers("belimumab", "SLE", endpoint="SRI-4@6", patients=200, threads=2)
    assert len(other.early) == 0  # no visit before the weeks in which benefit is counted
    assert not other.decision.empty


def test_saved_over_its_own_earlier_result(tmp_path: Path) -> None:
    result = baxis.biomarkers("belimumab", "SLE", patients=200, threads=2)
    out = result.save(result.save(tmp_path / "out"))
    names = {"biomarkers.json", "biomarkers.png", "markers.csv", "early.csv", "early_composite.csv", "decision.csv"}
    assert {p.name for p in out.iterdir()} == {*names, "baxis-files.json"}


class People:
    """What decision curves read of a population without posterior draws."""

    seed, disease = 1, "healthy"

    def __init__(self, n: int) -> None:
        self.ids = np.arange(n)


def test_a_decision_curve_finds_a_marker_that_decides_and_not_noise() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(800, 3))
    gain = 0.1 + 0.2 * x[:, 1] + 0.05 * rng.normal(size=800)
    table = curves(x, gain, People(800))  # type: ignore[arg-type]
    low, high = useful(table, ONE) or (9.0, -9.0)
    assert low <= 0.1 <= high
    own = table[(table["rule"] == ALL)].set_index("threshold")
    at = own.iloc[(own.index.to_series() - 0.1).abs().argmin()]
    assert at["net_benefit"] == pytest.approx(
        0.2 / np.sqrt(2 * np.pi), abs=0.02
    )  # mean of the positive part of N(0, 0.2)
    assert own["treat_all"].iloc[0] == pytest.approx(gain.mean())
    assert own["null_95"].max() < at["lead"]
    noise = curves(x, rng.normal(size=800) * 0.2 + 0.1, People(800))  # type: ignore[arg-type]
    assert useful(noise, ALL) is None


def test_the_composite_of_serology_is_high_with_antibody_and_low_complement() -> None:
    people = Laboratory(scenario("belimumab", "SLE").design, Settings(patients=200, threads=1)).screen()[0]
    labels, x = measured(people)
    at = {name: i for i, (name, _) in enumerate(labels)}
    for name, sign in (("aas", 1), ("c3", -1), ("c4", -1)):
        assert sign * np.corrcoef(x[:, at["serology"]], x[:, at[name]])[0, 1] > 0.3
    exact = measured(people, exact=True)[1]
    assert np.std(x[:, at["baff"]] - exact[:, at["baff"]]) == pytest.approx(0.15, abs=0.03)


def test_visits_on_treatment_are_before_benefit_is_counted() -> None:
    run = SimpleNamespace(days=np.array([-14.0, 0, 14, 28, 56, 84, 112]))
    assert early._visits(run, 16.0) == [4.0, 8.0, 12.0]  # type: ignore[arg-type]
    assert early._visits(run, 12.0) == [4.0, 8.0]  # type: ignore[arg-type]
    assert early._visits(run, 5.0) == []  # type: ignore[arg-type]


def test_a_planted_marker_is_found_and_noise_is_not() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(400, 4))
    course = np.stack([x[:, 1] + rng.normal(size=400), rng.normal(size=400)])
    ends = np.stack([course[0] + rng.normal(size=400), np.zeros(400)])
    table = ranked([(c, c) for c in "abcd"], x, Benefits(*course, ends, 1))
    assert table["marker"].iloc[0] == "b"
    assert list(table.loc[table["q"] < 0.05, "marker"]) == ["b"]
    score, null = combined(x, course[0], 1)
    assert score > 0.5 > null
    score, null = combined(x, rng.normal(size=400), 1)
    assert score < 0.15


def test_power_is_alpha_without_interaction_and_rises_with_size() -> None:
    rng = np.random.default_rng(2)
    x, course = rng.normal(size=(2000, 1)), rng.normal(size=(2, 2000))
    same = ranked([("a", "a")], x, Benefits(*course, np.zeros((2, 2000)) + np.arange(2000) % 2, 1))
    assert power(same, 100)[0] == pytest.approx(0.05, abs=0.01)
    ends = np.stack([0.5 * x[:, 0], np.zeros(2000)]) + rng.normal(size=(2, 2000))
    moved = ranked([("a", "a")], x, Benefits(*course, ends, 1))
    assert power(moved, 100)[0] < power(moved, 400)[0] <= 1


def test_too_few_patients_and_wrong_names_are_refused() -> None:
    with pytest.raises(InvalidValue, match="at least 200"):
        baxis.biomarkers("rituximab", "SLE", patients=50)
    with pytest.raises(UnknownName, match="did you mean 'belimumab'"):
        baxis.biomarkers("belimumap", "SLE")
